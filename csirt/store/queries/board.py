"""What the board asks: what is open, gravest first, what is due, and how many cases each month brought."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlalchemy import bindparam, case, func
from sqlmodel import col, select

from csirt.model.duty import DutyState
from csirt.model.incident import IncidentStatus
from csirt.store.columns import UtcDateTime
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.duties import DutyRow
from csirt.store.tables.runs import AssignmentRow, RunRow
from csirt.store.tx import Look

MOST_URGENT = 20
_IS_OPEN = IncidentRow.status == IncidentStatus.OPEN.value


@dataclass(frozen=True, slots=True)
class Waiting:
    """A step of an incident that waits for a person: for whom (`role:…`, `post:…`), since when, until when."""

    incident: str
    who: str
    opened_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Due:
    """Something that has to be done by an instant: a step (`assignment`, with its playbook) or a duty (`rule`)."""

    incident: str
    at: datetime
    step: str = ""
    assignment: str = ""
    playbook: str | None = None
    who: str = ""
    rule: str = ""


def waiting_in(look: Look, incidents: Iterable[str]) -> list[Waiting]:
    """The steps of these incidents that wait for a person."""
    row = AssignmentRow
    query = select(row.incident, row.who, row.opened_at, row.due_at).where(
        col(row.incident).in_(set(incidents)), col(row.closed_at).is_(None)
    )
    return [Waiting(*found) for found in look.session.exec(query.order_by(col(row.opened_at)))]


def count_waiting(look: Look, who: Sequence[str], now: datetime) -> tuple[int, int]:
    """How many steps wait for any of these parties, and how many of them are overdue."""
    over = func.coalesce(func.sum(case((col(AssignmentRow.due_at) < now, 1), else_=0)), 0)
    query = select(func.count(), over).select_from(AssignmentRow)
    number, late = look.session.exec(
        query.where(col(AssignmentRow.who).in_(who), col(AssignmentRow.closed_at).is_(None))
    ).one()
    return int(number), int(late)


def due_until(look: Look, until: datetime) -> list[Due]:
    """Open steps and duties of open cases, drills left out, that end by an instant; the soonest first."""
    real: Any = (_IS_OPEN, col(IncidentRow.drill).is_(False))
    steps = (
        select(AssignmentRow, RunRow.playbook)
        .join(IncidentRow, col(IncidentRow.id) == col(AssignmentRow.incident))
        .join(RunRow, col(RunRow.incident) == col(AssignmentRow.incident), isouter=True)
        .where(col(AssignmentRow.closed_at).is_(None), col(AssignmentRow.due_at) <= until, *real)
        .order_by(col(AssignmentRow.due_at))
        .limit(MOST_URGENT)
    )
    duties = (
        select(DutyRow.incident, DutyRow.due_at, DutyRow.rule)
        .join(IncidentRow, col(IncidentRow.id) == col(DutyRow.incident))
        .where(DutyRow.state == DutyState.OPEN.value, col(DutyRow.due_at) <= until, *real)
        .order_by(col(DutyRow.due_at))
        .limit(MOST_URGENT)
    )
    found = [
        Due(row.incident, row.due_at, step=row.step, assignment=row.id, playbook=playbook, who=row.who)
        for row, playbook in look.session.exec(steps)
        if row.due_at
    ]
    found += [Due(incident, at, rule=rule) for incident, at, rule in look.session.exec(duties) if at]
    return sorted(found, key=lambda one: one.at)[:MOST_URGENT]


def open_by_level(look: Look) -> dict[int, int]:
    """How many open cases there are of each level, set or else proposed; drills left out."""
    level = func.coalesce(col(IncidentRow.level), col(IncidentRow.proposed_level))
    query = select(level, func.count()).where(_IS_OPEN, col(IncidentRow.drill).is_(False)).group_by(level)
    return {int(found): number for found, number in look.session.exec(query)}


def opened_between(look: Look, edges: Sequence[datetime]) -> list[int]:
    """How many cases were received between each two of these instants; drills left out."""
    told = {f"edge{number}": edge for number, edge in enumerate(edges)}
    return [int(number) for number in look.session.execute(_by_month(len(edges) - 1), told).one()]


@lru_cache
def _by_month(months: int) -> Any:
    """The question for so many months, made once: each of its parts goes by an index."""
    at, real = col(IncidentRow.received), col(IncidentRow.drill).is_(False)
    count = select(func.count()).select_from(IncidentRow)
    edges = [bindparam(f"edge{number}", type_=UtcDateTime) for number in range(months + 1)]
    return select(*(count.where(real, at >= start, at < end).scalar_subquery() for start, end in pairwise(edges)))
