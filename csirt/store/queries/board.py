"""What the board asks: what is open, gravest first, what is due, and how many cases each month brought."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlalchemy import bindparam, case, func
from sqlalchemy import select as plain_select
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
    return [Waiting(*found) for found in look.session.execute(_WAITING, {"incidents": list(set(incidents))})]


_step = AssignmentRow
_WAITING: Any = (
    select(_step.incident, _step.who, _step.opened_at, _step.due_at)
    .where(col(_step.incident).in_(bindparam("incidents", expanding=True)), col(_step.closed_at).is_(None))
    .order_by(col(_step.opened_at))
)


def count_waiting(look: Look, who: Sequence[str], now: datetime) -> tuple[int, int]:
    """How many steps wait for any of these parties, and how many of them are overdue."""
    number, late = look.session.execute(_COUNTED, {"who": list(who), "now": now}).one()
    return int(number), int(late)


_late = col(_step.due_at) < bindparam("now", type_=UtcDateTime)
_COUNTED: Any = (
    select(func.count(), func.coalesce(func.sum(case((_late, 1), else_=0)), 0))
    .select_from(_step)
    .where(col(_step.who).in_(bindparam("who", expanding=True)), col(_step.closed_at).is_(None))
)


def due_until(look: Look, until: datetime) -> list[Due]:
    """Open steps and duties of open cases, drills left out, that end by an instant; the soonest first."""
    found = [Due(*one) for one in look.session.execute(_DUE_STEPS, {"until": until})]
    found += [Due(case_, at, rule=rule) for case_, at, rule in look.session.execute(_DUE_DUTIES, {"until": until})]
    return sorted(found, key=lambda one: one.at)[:MOST_URGENT]


_until = bindparam("until", type_=UtcDateTime)
_real: Any = (_IS_OPEN, col(IncidentRow.drill).is_(False))
_DUE_STEPS: Any = (
    plain_select(col(_step.incident), col(_step.due_at), col(_step.step), col(_step.id), col(RunRow.playbook),
                 col(_step.who))
    .join(IncidentRow, col(IncidentRow.id) == col(_step.incident))
    .join(RunRow, col(RunRow.incident) == col(_step.incident), isouter=True)
    .where(col(_step.closed_at).is_(None), col(_step.due_at) <= _until, *_real)
    .order_by(col(_step.due_at))
    .limit(MOST_URGENT)
)  # fmt: skip
_DUE_DUTIES: Any = (
    select(DutyRow.incident, DutyRow.due_at, DutyRow.rule)
    .join(IncidentRow, col(IncidentRow.id) == col(DutyRow.incident))
    .where(DutyRow.state == DutyState.OPEN.value, col(DutyRow.due_at) <= _until, *_real)
    .order_by(col(DutyRow.due_at))
    .limit(MOST_URGENT)
)


def open_by_level(look: Look) -> dict[int, int]:
    """How many open cases there are of each level, set or else proposed; drills left out."""
    return {int(found): number for found, number in look.session.execute(_BY_LEVEL)}


_level = func.coalesce(col(IncidentRow.level), col(IncidentRow.proposed_level))
_BY_LEVEL: Any = select(_level, func.count()).where(*_real).group_by(_level)


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
