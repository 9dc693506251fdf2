"""Questions about who is away. Nothing here writes."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from csirt.store.tables.absences import AbsenceRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class AbsenceView:
    """An absence; `person` and `entered_by` are opaque ids."""

    id: str
    person: str
    from_at: datetime
    until_at: datetime
    entered_by: str
    entered_at: datetime


def absences(look: Look, now: datetime) -> list[AbsenceView]:
    """Those under way and to come, soonest first."""
    return [
        AbsenceView(row.id, row.person, row.from_at, row.until_at, row.entered_by, row.entered_at)
        for row in look.session.exec(_open(now).order_by(col(AbsenceRow.from_at), col(AbsenceRow.id)))
    ]


def away_at(session: Session, at: datetime) -> frozenset[str]:
    """The people who are away at this instant."""
    return frozenset(row.person for row in session.exec(_open(at).where(col(AbsenceRow.from_at) <= at)))


def away_between(session: Session, begins: datetime, until: datetime) -> frozenset[str]:
    """The people who are away at any time from `begins` until just before `until`."""
    return frozenset(row.person for row in session.exec(_open(begins).where(col(AbsenceRow.from_at) < until)))


def _open(at: datetime) -> SelectOfScalar[AbsenceRow]:
    return select(AbsenceRow).where(col(AbsenceRow.ended_at).is_(None), col(AbsenceRow.until_at) > at)
