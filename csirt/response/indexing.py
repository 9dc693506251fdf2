"""What was recorded becomes findable: a reader of the record with a cursor, which may be set back to begin anew."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from itertools import accumulate, chain

from sqlalchemy import bindparam
from sqlalchemy import select as sql_select
from sqlmodel import col, select

from csirt.record.entry import EntryKind
from csirt.store import search
from csirt.store.columns import table_of
from csirt.store.queries.timeline import TimelineEntry, parsed, read_entries
from csirt.store.tables.cases import NoteRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tables.record import CursorRow, LedgerHeadRow, LedgerRow
from csirt.store.tables.search import SearchDocRow
from csirt.store.tx import Look, Tx

NAME = "search"
BATCH = 200  # entries at once
MOST = 1000  # detections of theirs after which a commit takes no further entry: on SQLite nobody else writes meanwhile
_KINDS = (EntryKind.INCIDENT_OPENED.value, EntryKind.NOTE_ADDED.value, EntryKind.DETECTIONS_ACCEPTED.value)
Doc = tuple[str, str, str]
_DETECTION = table_of(DetectionRow)
_SAID = (
    sql_select(*_DETECTION.c["id", "batch", "title", "host", "user_name", "src_ip", "dst_ip", "attacked", "attacker"])
    .where(_DETECTION.c.batch.in_(bindparam("batches", expanding=True)))
    .order_by(_DETECTION.c.id)
)


def catch_up(tx: Tx) -> tuple[bool, int]:
    """Make the next entries findable. Returns whether there may be more, and how many entries search knows of."""
    cursor = tx.session.get(CursorRow, NAME, with_for_update=True) or CursorRow(name=NAME, seq=-1)
    size = tx.session.exec(select(LedgerHeadRow.size)).one()
    query = select(LedgerRow).where(col(LedgerRow.seq) > cursor.seq, col(LedgerRow.seq) < size)
    query = query.where(col(LedgerRow.kind).in_(_KINDS)).order_by(col(LedgerRow.seq)).limit(BATCH)
    rows = tx.session.exec(query).all()
    entries = _few(read_entries(Look(tx.session, tx.vault), rows))
    search.put(tx.session, tx.vault, _docs(tx, entries))
    more = len(entries) < len(rows) or len(rows) == BATCH
    cursor.seq = entries[-1].seq if more else size - 1
    tx.session.add(cursor)
    return more, cursor.seq + 1


def _few(entries: Sequence[TimelineEntry]) -> Sequence[TimelineEntry]:
    """As many of these, from the first on, as one commit makes findable."""
    detections = accumulate(int(str(one.out.get("detections", 0))) for one in entries)
    return [one for one, so_far in zip(entries, chain([0], detections), strict=False) if so_far < MOST]


def drop_erased(tx: Tx, incident: str, doomed: Collection[str], *, whole: bool) -> None:
    """Texts of an incident were erased: their words leave the index in the same commit.

    `doomed` are the commitments of the erased texts; with `whole` everything of the incident goes. What is left of a
    case whose opening was erased in part is made findable again from the record.
    """
    if whole:
        search.take_away_of(tx.session, incident)
        return
    notes = tx.session.exec(select(NoteRow.id, NoteRow.text_c).where(NoteRow.incident == incident))
    search.take_away(tx.session, "note", [id_ for id_, c in notes if c in doomed])
    opened = select(LedgerRow).where(LedgerRow.inc == incident, LedgerRow.kind == EntryKind.INCIDENT_OPENED.value)
    for row in tx.session.exec(opened):
        if not {one.c for one in parsed(row).pay} & set(doomed):
            continue
        if search.take_away(tx.session, "incident", [incident]):
            search.put(tx.session, tx.vault, _docs(tx, read_entries(Look(tx.session, tx.vault), [row])))


def _docs(tx: Tx, entries: Sequence[TimelineEntry]) -> list[Doc]:
    """What of these entries can be searched for, in their order: one question for all batches of detections."""
    told = _told_by(tx, [str(one.out["batch"]) for one in entries if one.kind is EntryKind.DETECTIONS_ACCEPTED])
    docs: list[Doc] = []
    for entry in entries:
        if entry.kind is EntryKind.DETECTIONS_ACCEPTED:
            docs += told.get(str(entry.out["batch"]), ())
        elif entry.kind is EntryKind.NOTE_ADDED:
            docs.append(("note", str(entry.out["note"]), "\n".join(entry.texts.values())))
        elif entry.incident:
            docs.append(("incident", entry.incident, "\n".join(entry.texts.values())))
    return docs


def _told_by(tx: Tx, batches: Sequence[str]) -> dict[str, list[Doc]]:
    """The detections of these batches; plain columns, since a storm brings them by the hundred thousand."""
    found: defaultdict[str, list[Doc]] = defaultdict(list)
    if batches:
        for id_, batch, *named in tx.session.connection().execute(_SAID, {"batches": batches}):
            said = "\n".join(dict.fromkeys(text for text in named if text))
            found[batch].append(("detection", str(id_), said))
    return found


def begin_anew(tx: Tx) -> None:
    """Forget the whole index, which is then made again from the record: after the vault's key was changed."""
    tx.session.connection().exec_driver_sql("DELETE FROM search_index")
    tx.session.connection().exec_driver_sql(f"DELETE FROM {SearchDocRow.__tablename__}")  # noqa: S608 - our own name
    tx.session.merge(CursorRow(name=NAME, seq=-1))
