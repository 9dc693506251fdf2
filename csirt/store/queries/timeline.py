"""The record as people read it: entries with their texts opened. Nothing here writes."""

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import col, select

from csirt.errors import Invalid, LedgerBroken
from csirt.record.entry import EntryKind, LedgerEntry, parse
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


def pane(look: Look, incident: str, before: int | None = None) -> Pane:
    """The newest entries of an incident, or those below the entry `before`.

    An incident numbers its own entries without a gap, so that places are counted by that number and no long case has
    to be read through.
    """
    row = LedgerRow
    last = look.session.exec(select(LedgerIncidentRow.inc_seq).where(LedgerIncidentRow.inc == incident)).first()
    total = below = 0 if last is None else last + 1
    if before is not None:
        place = select(func.max(row.inc_seq)).where(row.inc == incident)
        exact = look.session.exec(place.where(row.seq == before)).one()
        lower = look.session.exec(place.where(col(row.seq) < before)).one() if exact is None else None
        below = exact if exact is not None else 0 if lower is None else lower + 1
    query = select(row).where(row.inc == incident, col(row.inc_seq) < below, col(row.inc_seq) >= below - WINDOW)
    rows = look.session.exec(query.order_by(col(row.inc_seq).desc())).all()
    next_above = select(row.seq).where(row.inc == incident, row.inc_seq == below + WINDOW)
    newer = look.session.exec(next_above).first() if below + WINDOW < total else None
    return Pane(read_entries(look, rows), total - below, total, newer)


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


def explore(
    look: Look, *, incident: str | None = None, kind: str | None = None, actor: str | None = None,
    since: datetime | None = None, until: datetime | None = None, before: int | None = None, limit: int = WINDOW,
) -> list[TimelineEntry]:  # fmt: skip
    """Entries of the whole record that fit every filter, newest first, one window."""
    query = _filtered(
        select(LedgerRow), incident=incident, kind=kind, actor=actor, since=since, until=until, before=before
    )
    rows = look.session.exec(query.order_by(col(LedgerRow.seq).desc()).limit(limit)).all()
    return read_entries(look, rows)


def count_entries(
    look: Look, *, incident: str | None = None, kind: str | None = None, actor: str | None = None,
    since: datetime | None = None, until: datetime | None = None, before: int | None = None,
) -> int:  # fmt: skip
    """How many entries of the record fit every filter."""
    query = select(func.count()).select_from(LedgerRow)
    found: int = look.session.exec(
        _filtered(query, incident=incident, kind=kind, actor=actor, since=since, until=until, before=before)
    ).one()
    return found


def newer_window(
    look: Look, seq: int, *, incident: str | None = None, kind: str | None = None, actor: str | None = None,
    since: datetime | None = None, until: datetime | None = None, limit: int = WINDOW,
) -> int | None:  # fmt: skip
    """The `before` of the window that lies next above the entry `seq`; None if that is the newest."""
    query = _filtered(select(LedgerRow.seq), incident=incident, kind=kind, actor=actor, since=since, until=until)
    query = query.where(col(LedgerRow.seq) > seq).order_by(col(LedgerRow.seq)).limit(limit + 1)
    above = look.session.exec(query).all()
    return above[limit] if len(above) > limit else None


def _filtered(
    query: Any, *, incident: str | None = None, kind: str | None = None, actor: str | None = None,
    since: datetime | None = None, until: datetime | None = None, before: int | None = None,
) -> Any:  # fmt: skip
    filters: tuple[tuple[Any, Any, Any], ...] = (  # comparing with nothing is an error, so it is not done before
        (incident, col(LedgerRow.inc), operator.eq),
        (kind, col(LedgerRow.kind), operator.eq),
        (actor, col(LedgerRow.actor), operator.eq),
        (since, col(LedgerRow.at), operator.ge),
        (until, col(LedgerRow.at), operator.le),
        (before, col(LedgerRow.seq), operator.lt),
    )
    for given, column, compare in filters:
        if given is not None:
            query = query.where(compare(column, given))
    return query


def read_entries(look: Look, rows: Sequence[LedgerRow]) -> list[TimelineEntry]:
    """Rows as entries, texts opened. Raw payloads of batches stay closed: they are evidence, not reading.

    Raises:
        LedgerBroken: `record_broken`: a row is no entry of ours.
    """
    entries = [parsed(row) for row in rows]
    wanted = [one.c for entry in entries if entry.kind is not EntryKind.DETECTIONS_ACCEPTED for one in entry.pay]
    texts = look.vault.texts(look.session, wanted)
    return [_entry(entry, texts) for entry in entries]


def parsed(row: LedgerRow) -> LedgerEntry:
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
