"""What was recorded becomes findable: a reader of the record with a cursor, which may be set back to begin anew."""

from collections.abc import Collection

from sqlmodel import col, select

from csirt.record.entry import EntryKind
from csirt.store import search
from csirt.store.queries.timeline import TimelineEntry, parsed, read_entries
from csirt.store.tables.cases import NoteRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tables.record import CursorRow, LedgerHeadRow, LedgerRow
from csirt.store.tables.search import SearchDocRow
from csirt.store.tx import Look, Tx

NAME = "search"
BATCH = 200  # entries at once; a batch of detections may hold a thousand, so that few of those
_KINDS = (EntryKind.INCIDENT_OPENED.value, EntryKind.NOTE_ADDED.value, EntryKind.DETECTIONS_ACCEPTED.value)
Doc = tuple[str, str, str]


def catch_up(tx: Tx) -> tuple[bool, int]:
    """Make the next entries findable. Returns whether there may be more, and how many entries search knows of."""
    cursor = tx.session.get(CursorRow, NAME, with_for_update=True) or CursorRow(name=NAME, seq=-1)
    size = tx.session.exec(select(LedgerHeadRow.size)).one()
    query = select(LedgerRow).where(col(LedgerRow.seq) > cursor.seq, col(LedgerRow.seq) < size)
    query = query.where(col(LedgerRow.kind).in_(_KINDS)).order_by(col(LedgerRow.seq)).limit(BATCH)
    rows = tx.session.exec(query).all()
    docs: list[Doc] = []
    for entry in read_entries(Look(tx.session, tx.vault), rows):
        docs += _docs(tx, entry)
    search.put(tx.session, tx.vault, docs)
    cursor.seq = rows[-1].seq if len(rows) == BATCH else size - 1
    tx.session.add(cursor)
    return len(rows) == BATCH, cursor.seq + 1


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
            (left,) = read_entries(Look(tx.session, tx.vault), [row])
            search.put(tx.session, tx.vault, _docs(tx, left))


def _docs(tx: Tx, entry: TimelineEntry) -> list[Doc]:
    if entry.kind is EntryKind.INCIDENT_OPENED and entry.incident:
        return [("incident", entry.incident, "\n".join(entry.texts.values()))]
    if entry.kind is EntryKind.NOTE_ADDED:
        return [("note", str(entry.out["note"]), "\n".join(entry.texts.values()))]
    row = DetectionRow
    found = tx.session.exec(select(row).where(row.batch == str(entry.out["batch"])).order_by(col(row.id)))
    return [("detection", str(one.id), _said(one)) for one in found]


def _said(row: DetectionRow) -> str:
    named = (row.title, row.host, row.user, row.src_ip, row.dst_ip, row.attacked, row.attacker)
    return "\n".join(dict.fromkeys(text for text in named if text))


def begin_anew(tx: Tx) -> None:
    """Forget the whole index, which is then made again from the record: after the vault's key was changed."""
    tx.session.connection().exec_driver_sql("DELETE FROM search_index")
    tx.session.connection().exec_driver_sql(f"DELETE FROM {SearchDocRow.__tablename__}")  # noqa: S608 - our own name
    tx.session.merge(CursorRow(name=NAME, seq=-1))
