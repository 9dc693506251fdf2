"""What would become of records: they are taken in and sorted as ever, and nothing of it is kept.

It is imagined by the very use cases that would do it (`Door.imagine`), so that a trial cannot say anything else than
what would happen. Who asks is told of no incident that is hidden from them: there a record is told as if by itself.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import col, or_, select

from csirt.model.authority import Permission, may
from csirt.model.detection import Detection, NotADetection, SourceRecord, Unreadable, fingerprint
from csirt.model.likeness import likeness
from csirt.model.linking import Because
from csirt.model.people import Actor
from csirt.model.source import Source
from csirt.response import intake, triage
from csirt.store.sight import hidden_from
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tx import Tx


class Fate(StrEnum):
    """What would become of a record. The value is also the text key."""

    OPENS = "opens"  # an incident of its own
    JOINS = "joins"  # an incident that is open
    WAITS = "waits"  # for the officer's decision
    SET_ASIDE = "set_aside"  # by a rule
    REPEATS = "repeats"  # counted with one that is there, or with one before it in the file
    NO_DETECTION = "no_detection"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Tried:
    """One record. `why`: the code of why it is no detection or cannot be read, else empty.

    `number` of the incident that it joins or repeats; `opens` counts the incidents that the file opens, from 1: those
    with the same number are one. `rule` is what sets it aside.
    """

    index: int
    fate: Fate
    why: str = ""
    reason: str = ""
    title: str = ""
    fingerprint: str = ""
    attacked: str = ""
    level: int = 0
    own_level: int | None = None
    type: str = ""
    asset: str | None = None
    number: tuple[int, int, bool] | None = None
    opens: int | None = None
    joined_by: str | None = None
    joined_over: str | None = None
    count: int = 0
    rule: str | None = None


def try_records(tx: Tx, records: Sequence[SourceRecord], source: Source, form: str, asker: Actor) -> list[Tried]:
    """What would become of at most a batch of records of a source; for `Door.imagine` only.

    Raises:
        Invalid: more records than one batch may hold.
    """
    found = {one.index: one.result for one in records if isinstance(one.result, Detection)}
    prints = {index: fingerprint(one) for index, one in found.items()}
    alike = {prints[index]: likeness(one, source.ignore_fields, tx.now) for index, one in found.items()}
    before = set(_rows(tx, alike, source))
    intake.accept(tx, records, source=source.actor, form=form)
    tx.session.flush()
    fresh = {row.id for row in _rows(tx, alike, source).values() if row.state == "new" and row.id is not None}
    opened = triage.triage(tx, fresh)
    tx.session.flush()
    return _Told(tx, source, asker, before, opened, _rows(tx, alike, source)).all(records, prints, alike)


def _rows(tx: Tx, alike: Mapping[str, str], source: Source) -> dict[str, DetectionRow]:
    """The stored detections of these, by fingerprint, and by likeness where the source has a list; the newest."""
    query = select(DetectionRow).where(col(DetectionRow.fingerprint).in_(alike))
    if source.ignore_fields:
        wanted = or_(col(DetectionRow.fingerprint).in_(alike), col(DetectionRow.likeness).in_(alike.values()))
        query = select(DetectionRow).where(wanted)
    rows = tx.session.exec(query.order_by(col(DetectionRow.id)).execution_options(populate_existing=True)).all()
    return {row.likeness: row for row in rows if row.likeness} | {row.fingerprint: row for row in rows}


class _Told:
    """Tells record by record, in the order of the file."""

    def __init__(
        self, tx: Tx, source: Source, asker: Actor, before: set[str], opened: Sequence[str],
        rows: Mapping[str, DetectionRow],
    ) -> None:  # fmt: skip
        self._tx, self._source, self._rows = tx, source, rows
        self._opened = {incident: number for number, incident in enumerate(opened, start=1)}
        self._hidden = hidden_from(tx.session, asker, tx.now)
        self._sees_cases = may(asker, Permission.READ_INCIDENTS)
        self._seen = before

    def all(self, records: Sequence[SourceRecord], prints: Mapping[int, str], alike: Mapping[str, str]) -> list[Tried]:
        """What becomes of each."""
        return [self._one(record, prints, alike) for record in records]

    def _one(self, record: SourceRecord, prints: Mapping[int, str], alike: Mapping[str, str]) -> Tried:
        result = record.result
        if isinstance(result, Unreadable):
            return Tried(record.index, Fate.QUARANTINED, why=result.code, reason=result.reason)
        if isinstance(result, NotADetection):
            return Tried(record.index, Fate.NO_DETECTION, why=result.why)
        print_ = prints[record.index]
        like = alike[print_]
        row = self._rows.get(print_) or self._rows[like]
        repeats = bool({print_, like} & self._seen) and row.incident not in self._hidden
        self._seen |= {print_, like} if self._source.ignore_fields else {print_}
        fate = Fate.REPEATS if repeats else self._fate(row)
        own = row.incident in self._hidden
        return Tried(
            record.index, fate, title=row.title, fingerprint=row.fingerprint, attacked=row.attacked, level=row.level,
            own_level=row.own_level, type=row.type, asset=row.asset, number=self._number(row),
            opens=self._opened.get(row.incident or ""), joined_by=Because.NEW.value if own else row.joined_by,
            joined_over=None if own else row.joined_over, count=1 if own else row.count, rule=row.ignored_by,
        )  # fmt: skip

    def _fate(self, row: DetectionRow) -> Fate:
        if row.state == "ignored":
            return Fate.SET_ASIDE
        if row.incident in self._hidden:
            return Fate.OPENS if row.level >= self._tx.city.rules.opens_from else Fate.WAITS
        if row.incident in self._opened:
            return Fate.OPENS
        return Fate.JOINS if row.incident else Fate.WAITS

    def _number(self, row: DetectionRow) -> tuple[int, int, bool] | None:
        """Of an incident that is there already, for whoever may read incidents."""
        if not row.incident or row.incident in self._opened or row.incident in self._hidden or not self._sees_cases:
            return None
        case = self._tx.session.get(IncidentRow, row.incident)
        return (case.fiscal_year, case.ordinal, case.drill) if case else None
