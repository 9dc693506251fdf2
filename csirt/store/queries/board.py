"""What the board asks: what is open, gravest first, what is due, and how many cases each month brought."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Any

from sqlalchemy import String, bindparam, func, literal, null, union_all
from sqlalchemy import select as plain_select
from sqlmodel import col, select

from csirt.model.duty import DutyState
from csirt.model.incident import IncidentStatus
from csirt.store.columns import UtcDateTime
from csirt.store.queries.cases import WAITING
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.duties import DutyRow
from csirt.store.tables.runs import AssignmentRow, RunRow
from csirt.store.tx import Look

MOST_URGENT = 20
_IS_OPEN: Any = IncidentRow.status == IncidentStatus.OPEN.value


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


def count_waiting(look: Look, who: Sequence[str]) -> int:
    """How many steps wait for any of these parties."""
    return int(look.session.execute(_MINE, {"who": list(who)}).scalar_one())


_MINE: Any = (
    select(func.count())
    .select_from(_step)
    .where(col(_step.who).in_(bindparam("who", expanding=True)), col(_step.closed_at).is_(None))
)


@dataclass(frozen=True, slots=True)
class Open:
    """The open cases: `listed` are all of them, `number` those that are no drills, `levels` how many of these each has.

    A case counts by its level that was set, or else by the proposed one.
    """

    listed: int
    number: int
    levels: dict[int, int]


def open_cases(look: Look) -> Open:
    """How many cases are open."""
    rows = look.session.execute(_OPEN).all()
    levels = {int(level): number for level, drill, number in rows if not drill}
    return Open(sum(number for _, _, number in rows), sum(levels.values()), levels)


def waits_for(look: Look, who: Sequence[str], now: datetime, *, listing: bool) -> dict[str, int]:
    """What waits: `waiting` detections, `quarantined` records, steps for these parties (`mine`, of them `late`).

    `listing`: also how many cases there are at all (`listed`), which the list of all has to count.
    """
    names, query = _waits(listing=listing)
    found = look.session.execute(query, {"who": list(who), "now": now}).one()
    return dict(zip(names, map(int, found), strict=True))


@lru_cache
def _waits(*, listing: bool) -> tuple[tuple[str, ...], Any]:
    late = _MINE.where(col(_step.due_at) < bindparam("now", type_=UtcDateTime))
    asked = {**WAITING, "mine": _MINE.scalar_subquery(), "late": late.scalar_subquery()}
    if listing:
        asked["listed"] = select(func.count()).select_from(IncidentRow).scalar_subquery()
    return tuple(asked), select(*asked.values())


def due_until(look: Look, until: datetime) -> list[Due]:
    """Open steps and duties of open cases, drills left out, that end by an instant; the soonest first."""
    found = [Due(*one) for one in look.session.execute(_DUE, {"until": until})]
    return sorted(found, key=lambda one: one.at)[:MOST_URGENT]


_nothing = literal("", String)
_until = bindparam("until", type_=UtcDateTime)
_real: Any = (_IS_OPEN, col(IncidentRow.drill).is_(False))
_DUE_STEPS: Any = (
    plain_select(col(_step.incident), col(_step.due_at).label("at"), col(_step.step), col(_step.id),
                 col(RunRow.playbook), col(_step.who), _nothing.label("rule"))
    .join(IncidentRow, col(IncidentRow.id) == col(_step.incident))
    .join(RunRow, col(RunRow.incident) == col(_step.incident), isouter=True)
    .where(col(_step.closed_at).is_(None), col(_step.due_at) <= _until, *_real)
    .order_by(col(_step.due_at))
    .limit(MOST_URGENT)
)  # fmt: skip
_DUE_DUTIES: Any = (
    plain_select(col(DutyRow.incident), col(DutyRow.due_at).label("at"), _nothing.label("step"), _nothing.label("id"),
                 null().label("playbook"), _nothing.label("who"), col(DutyRow.rule))
    .join(IncidentRow, col(IncidentRow.id) == col(DutyRow.incident))
    .where(col(DutyRow.state) == DutyState.OPEN.value, col(DutyRow.due_at) <= _until, *_real)
    .order_by(col(DutyRow.due_at))
    .limit(MOST_URGENT)
)  # fmt: skip
_both = union_all(*(plain_select(one.subquery()) for one in (_DUE_STEPS, _DUE_DUTIES))).subquery()
_DUE: Any = plain_select(_both)
_level = func.coalesce(col(IncidentRow.level), col(IncidentRow.proposed_level))
_OPEN: Any = (
    plain_select(_level, col(IncidentRow.drill), func.count()).where(_IS_OPEN).group_by(_level, col(IncidentRow.drill))
)


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
