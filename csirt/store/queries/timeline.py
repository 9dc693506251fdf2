"""The record as people read it: entries with their texts opened. Nothing here writes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Row, bindparam, func, or_, union_all
from sqlmodel import col, select

from csirt.errors import Invalid, LedgerBroken
from csirt.record.entry import EntryKind, LedgerEntry, parse
from csirt.record.tree import leaf_hash
from csirt.store.columns import begins_with
from csirt.store.many import some_of
from csirt.store.sight import UNHIDDEN, unseen
from csirt.store.tables.record import LedgerHeadRow, LedgerIncidentRow, LedgerRow
from csirt.store.tx import Look

WINDOW = 100


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry of the record. `texts` are what could be opened from the vault, by name; `erased` names the rest."""

    seq: int
    at: datetime
    kind: EntryKind
    incident: str | None
    run: str | None
    step: str | None
    actor: str
    auth: str
    out: dict[str, Any] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    erased: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Pane:
    """One window on the entries of an incident, newest first.

    `above` entries are newer than it, of `total` ones; `newer` is the `before` of the window next above, None where
    that is the newest.
    """

    entries: list[TimelineEntry]
    above: int
    total: int
    newer: int | None = None


def pane(look: Look, incident: str, before: int | None = None, size: int = WINDOW) -> Pane:
    """The newest `size` entries of an incident, or those below the entry `before`.

    An incident numbers its own entries without a gap, so that places are counted by that number and no long case has
    to be read through.
    """
    if before is None:
        return _newest(look, incident, size)
    row = LedgerRow
    last = look.session.execute(_LAST, {"inc": incident}).scalar()
    total = 0 if last is None else last + 1
    place = select(func.max(row.inc_seq)).where(row.inc == incident)
    exact = look.session.exec(place.where(row.seq == before)).one()
    lower = look.session.exec(place.where(col(row.seq) < before)).one() if exact is None else None
    below = exact if exact is not None else 0 if lower is None else lower + 1
    rows = look.session.execute(_PANE, {"inc": incident, "first": below - size, "below": below}).all()
    next_above = select(row.seq).where(row.inc == incident, row.inc_seq == below + size)
    newer = look.session.exec(next_above).first() if below + size < total else None
    return Pane(read_entries(look, rows), total - below, total, newer)


def _newest(look: Look, incident: str, size: int) -> Pane:
    """The first window, by one question: how many there are follows from the number of the newest."""
    rows = look.session.execute(_FIRST_PANE, {"inc": incident, "size": size}).all()
    return Pane(read_entries(look, rows), 0, rows[0].inc_seq + 1 if rows else 0)


_FIRST_PANE: Any = (
    select(LedgerRow.seq, LedgerRow.canonical, LedgerRow.inc_seq)
    .where(col(LedgerRow.inc) == bindparam("inc"))
    .order_by(col(LedgerRow.inc_seq).desc())
    .limit(bindparam("size"))
)
_LAST: Any = select(LedgerIncidentRow.inc_seq).where(col(LedgerIncidentRow.inc) == bindparam("inc"))
_BYTES: Any = select(LedgerRow.seq, LedgerRow.canonical)  # of a row an entry is made of these
_PANE: Any = _BYTES.where(
    col(LedgerRow.inc) == bindparam("inc"),
    col(LedgerRow.inc_seq) < bindparam("below"),
    col(LedgerRow.inc_seq) >= bindparam("first"),
).order_by(col(LedgerRow.inc_seq).desc())


def timeline(
    look: Look, incident: str, *, after: int = -1, before: int | None = None, limit: int | None = None
) -> list[TimelineEntry]:
    """The entries of an incident in order of `seq`; with `before` the last `limit` ones below it."""
    query = select(LedgerRow).where(LedgerRow.inc == incident, col(LedgerRow.seq) > after)
    if before is not None:
        query = query.where(col(LedgerRow.seq) < before).order_by(col(LedgerRow.seq).desc())
    else:
        query = query.order_by(col(LedgerRow.seq))
    rows = list(look.session.exec(query.limit(limit) if limit else query))
    return read_entries(look, sorted(rows, key=lambda row: row.seq))


@dataclass(frozen=True, slots=True)
class EntryFilter:
    """What is looked for in the whole record; what is empty narrows nothing. `step` also finds its items: `a[1]`."""

    incident: str = ""
    kind: str = ""
    actor: str = ""
    step: str = ""
    since: datetime | None = None
    until: datetime | None = None

    def narrow(self, query: Any, *, before: int | None = None) -> Any:
        """The same query, over the entries that fit; `before`: those below this one."""
        exact = (
            (col(LedgerRow.inc), self.incident),
            (col(LedgerRow.kind), self.kind),
            (col(LedgerRow.actor), self.actor),
        )
        for column, wanted in exact:
            if wanted:
                query = query.where(column == wanted)
        if self.step:
            query = query.where(or_(*self.of_step()))
        if self.since is not None:
            query = query.where(col(LedgerRow.at) >= self.since)
        if self.until is not None:
            query = query.where(col(LedgerRow.at) <= self.until)
        return query if before is None else query.where(col(LedgerRow.seq) < before)

    @property
    def parts_of_step(self) -> bool:
        """Is a step asked for through the whole record? Then the step itself and its items are asked for apart."""
        return bool(self.step) and not self.incident

    def of_step(self) -> tuple[Any, Any]:
        """That an entry is of the step itself, and that it is of one of its items."""
        step = col(LedgerRow.step)
        return step == self.step, begins_with(step, f"{self.step}[")


EVERYTHING = EntryFilter()


def explore(
    look: Look, wanted: EntryFilter = EVERYTHING, *, incident: str = "", kind: str = "", before: int | None = None,
    limit: int = WINDOW,
) -> list[TimelineEntry]:  # fmt: skip
    """Entries of the whole record that fit, newest first, one window. `incident` and `kind` narrow the filter more."""
    wanted = replace(wanted, incident=incident or wanted.incident, kind=kind or wanted.kind)
    # In the order of an incident's own numbers where it alone is named: PostgreSQL may read through the whole record
    # else. Of one kind of its entries the index is in the order of the record: SQLite would read through them all.
    newest = col(LedgerRow.inc_seq if wanted.incident and not wanted.kind else LedgerRow.seq).desc()
    if wanted.parts_of_step:
        query = _of_a_step(_BYTES, wanted, limit, newest=True, before=before)
    else:
        query = wanted.narrow(_BYTES, before=before).order_by(newest).limit(limit)
    return read_entries(look, look.session.execute(query).all())


def _of_a_step(columns: Any, wanted: EntryFilter, limit: int, *, newest: bool, before: int | None = None) -> Any:
    """The newest or oldest of a step itself and of its items: each by the index of steps, in its order."""

    def first(query: Any, seq: Any) -> Any:
        return query.order_by(seq.desc() if newest else seq).limit(limit)

    rest = replace(wanted, step="").narrow(columns, before=before)
    parts = (first(rest.where(one), col(LedgerRow.seq)).subquery() for one in wanted.of_step())
    found = union_all(*(select(*part.c) for part in parts)).subquery()
    return first(select(*found.c), found.c.seq)


def newest_of(look: Look, incident: str, wanted: Mapping[EntryKind, int]) -> list[TimelineEntry]:
    """The newest entries of an incident of some kinds, of each so many, newest first."""
    told: dict[str, Any] = {"inc": incident}
    for number, (kind, most) in enumerate(wanted.items()):
        told |= {f"kind{number}": kind.value, f"most{number}": most}
    rows = look.session.execute(_of_kinds(len(wanted)), told).all()
    return read_entries(look, sorted(rows, key=lambda row: -row.seq))


@lru_cache
def _of_kinds(number: int) -> Any:
    """The question for so many kinds, made once: each of its parts goes by the index and stops."""
    parts = (
        _BYTES.where(col(LedgerRow.inc) == bindparam("inc"), col(LedgerRow.kind) == bindparam(f"kind{at}"))
        .order_by(col(LedgerRow.seq).desc())
        .limit(bindparam(f"most{at}"))
        .subquery()
        for at in range(number)
    )
    found = union_all(*(select(part.c.seq, part.c.canonical) for part in parts)).subquery()
    return select(found.c.seq, found.c.canonical)


def count_entries(look: Look, wanted: EntryFilter = EVERYTHING, *, before: int | None = None) -> int:
    """How many entries of the record fit; without a filter that is known, as they are numbered without a gap."""
    if wanted == EVERYTHING:
        return _count_all(look, before)
    counted = select(func.count()).select_from(LedgerRow)
    if not wanted.parts_of_step:
        found: int = look.session.exec(wanted.narrow(counted, before=before)).one()
        return found
    # Each of the two by the index alone; asked for either, a database reads the entries themselves.
    counted = replace(wanted, step="").narrow(counted, before=before)
    itself, items = (counted.where(one).scalar_subquery() for one in wanted.of_step())
    both: int = look.session.exec(select(itself + items)).one()
    return both


def _count_all(look: Look, before: int | None) -> int:
    """All entries, or those below one, but for those of incidents that are hidden from the reader."""
    size = look.session.exec(select(LedgerHeadRow.size)).one()
    below = size if before is None else min(before, size)
    if hidden := unseen(look.session):
        row = LedgerRow
        query = select(func.count()).select_from(row).where(col(row.inc).in_(sorted(hidden)), col(row.seq) < below)
        below -= look.session.exec(query, execution_options=UNHIDDEN).one()
    return below


def leaves_of(look: Look, seqs: Sequence[int]) -> dict[int, bytes]:
    """The leaf hashes of these entries, of their bytes as they are stored."""
    found: dict[int, bytes] = {}
    for some in some_of(seqs):
        query = select(LedgerRow.seq, LedgerRow.canonical).where(col(LedgerRow.seq).in_(some))
        found |= {seq: leaf_hash(raw) for seq, raw in look.session.exec(query)}
    return found


def newer_window(look: Look, seq: int, wanted: EntryFilter = EVERYTHING, *, limit: int = WINDOW) -> int | None:
    """The `before` of the window that lies next above the entry `seq`; None if that is the newest."""
    asked: Any = select(LedgerRow.seq).where(col(LedgerRow.seq) > seq)
    if wanted.parts_of_step:
        query = _of_a_step(asked, wanted, limit + 1, newest=False)
    else:
        query = wanted.narrow(asked).order_by(col(LedgerRow.seq)).limit(limit + 1)
    above = list(look.session.execute(query).scalars())
    return above[limit] if len(above) > limit else None


def read_entries(look: Look, rows: Sequence[LedgerRow | Row[Any]]) -> list[TimelineEntry]:
    """Rows as entries, texts opened. Raw payloads of batches stay closed: they are evidence, not reading.

    Raises:
        LedgerBroken: `record_broken`: a row is no entry of ours.
    """
    entries = [parsed(row) for row in rows]
    wanted = [one.c for entry in entries if entry.kind is not EntryKind.DETECTIONS_ACCEPTED for one in entry.pay]
    texts = look.vault.texts(look.session, wanted)
    return [_entry(entry, texts) for entry in entries]


def parsed(row: LedgerRow | Row[Any]) -> LedgerEntry:
    """The entry of a row. Raises `LedgerBroken` `record_broken` where it is none of ours."""
    try:
        return parse(row.canonical)
    except (Invalid, TypeError) as error:  # a tampered row may hold any type
        raise LedgerBroken("record_broken", seq=row.seq) from error


def _entry(entry: LedgerEntry, texts: dict[str, str]) -> TimelineEntry:
    return TimelineEntry(
        seq=entry.seq,
        at=entry.ts,
        kind=entry.kind,
        incident=entry.inc,
        run=entry.run,
        step=entry.step,
        actor=entry.actor.id,
        auth=entry.actor.auth,
        out=dict(entry.out),
        texts={one.name: texts[one.c] for one in entry.pay if one.c in texts},
        erased=tuple(one.name for one in entry.pay if one.c not in texts and one.cls != "raw"),
    )


def canonical_rows(look: Look) -> Iterator[tuple[int, bytes]]:
    """Every entry's place and exact bytes, in order, streamed."""
    query = select(LedgerRow.seq, LedgerRow.canonical).order_by(col(LedgerRow.seq))
    yield from ((seq, raw) for seq, raw in look.session.exec(query.execution_options(yield_per=2000)))


def head(look: Look) -> tuple[int, bytes]:
    """The size of the record and its frontier, as the head row says."""
    row = look.session.exec(select(LedgerHeadRow)).one()
    return row.size, row.frontier
