"""Whether somebody works on the record, and with which playbooks. Nothing here writes."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, func, or_, select

from csirt.store.tables.outbox import DeliveryDueRow, EscalationRow
from csirt.store.tables.record import LedgerIncidentRow, LedgerRow
from csirt.store.tables.runs import ActionDueRow, RunDueRow, RunRow, TimerRow
from csirt.store.tables.workings import ConditionRow, HeartbeatRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class Beat:
    """A process that lived when last heard of, at `at`."""

    process: str
    kind: str
    host: str
    pool: str
    began_at: datetime
    at: datetime


@dataclass(frozen=True, slots=True)
class Condition:
    """How a part was found last. `state`: ok, late, down; `code` says why."""

    part: str
    state: str
    code: str
    since: datetime
    at: datetime


def last_beat(look: Look, kind: str = "worker") -> datetime | None:
    """When any process of a kind was last alive, if one ever was."""
    return look.session.exec(select(func.max(HeartbeatRow.at)).where(HeartbeatRow.kind == kind)).one()


def beats(look: Look) -> list[Beat]:
    """All processes heard of, the oldest first."""
    rows = look.session.exec(select(HeartbeatRow).order_by(col(HeartbeatRow.began_at), col(HeartbeatRow.process)))
    return [Beat(row.process, row.kind, row.host, row.pool, row.began_at, row.at) for row in rows]


def conditions(look: Look) -> dict[str, Condition]:
    """How each part was found last, by its name."""
    rows = look.session.exec(select(ConditionRow))
    return {row.part: Condition(row.part, row.state, row.code, row.since, row.at) for row in rows}


def playbooks_of(look: Look, incidents: Iterable[str]) -> dict[str, str]:
    """The playbook of each of these incidents that has one."""
    query = select(RunRow.incident, RunRow.playbook).where(col(RunRow.incident).in_(set(incidents)))
    return dict(look.session.exec(query).all())


def oldest_due(look: Look, now: datetime) -> datetime | None:
    """Since when the oldest work waits that is due and that nobody has taken; None: nothing waits."""
    free = or_(col(RunDueRow.lease_until).is_(None), col(RunDueRow.lease_until) < now)
    runs = (
        select(func.min(LedgerRow.at))
        .join(LedgerIncidentRow, col(LedgerIncidentRow.inc) == col(LedgerRow.inc))
        .join(RunRow, col(RunRow.incident) == col(LedgerRow.inc))
        .join(RunDueRow, col(RunDueRow.run) == col(RunRow.id))
        .where(col(LedgerRow.inc_seq) == col(LedgerIncidentRow.inc_seq))
        .where(col(RunDueRow.wake) > col(RunDueRow.seen), col(RunDueRow.ended).is_(False), free)
    )
    untaken = or_(col(DeliveryDueRow.lease_until).is_(None), col(DeliveryDueRow.lease_until) < now)
    unheld = or_(col(ActionDueRow.lease_until).is_(None), col(ActionDueRow.lease_until) < now)
    asked = (
        runs,
        select(func.min(TimerRow.due_at)).where(col(TimerRow.done_at).is_(None)),
        select(func.min(EscalationRow.next_due)).where(col(EscalationRow.ended_at).is_(None)),
        select(func.min(DeliveryDueRow.not_before)).where(untaken),
        select(func.min(ActionDueRow.not_before)).where(unheld),
    )
    query: Any = select(*(one.scalar_subquery() for one in asked))
    instants = look.session.execute(query).one()
    return min((instant for instant in instants if instant is not None and instant <= now), default=None)


def oldest_lost_lease(look: Look) -> datetime | None:
    """When the oldest lease ran out, or will, of those under which somebody drives a run; None: nobody does."""
    query = select(func.min(RunDueRow.lease_until)).where(col(RunDueRow.ended).is_(False))
    return look.session.exec(query).one()
