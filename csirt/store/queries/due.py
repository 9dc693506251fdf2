"""What is due now, asked by one read, so that an idle worker writes nothing."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlmodel import Session, col, or_

from csirt.store.tables.cases import MeasureRow
from csirt.store.tables.duties import DutyRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tables.outbox import DeliveryDueRow, EscalationRow
from csirt.store.tables.record import LedgerHeadRow
from csirt.store.tables.runs import ActionDueRow, AssignmentRow, RunDueRow, TimerRow

AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class DueNow:
    """Which kinds of work wait; `entries` is how many the record holds."""

    triage: bool
    runs: bool
    timers: bool
    escalations: bool
    reminders: bool
    deliveries: bool
    actions: bool
    entries: int


def due_now(session: Session, now: datetime, pool: str = "") -> DueNow:
    """Which kinds of work are due at `now`; of the runs those that no pool drives, or those of one pool."""
    of_none = col(RunDueRow.pool).is_(None)
    of_pool = or_(col(RunDueRow.pool) == pool, of_none) if pool else of_none  # a pool takes what is nobody's
    free_run = or_(col(RunDueRow.lease_until).is_(None), col(RunDueRow.lease_until) < now)
    free_mail = or_(col(DeliveryDueRow.lease_until).is_(None), col(DeliveryDueRow.lease_until) < now)
    free_action = or_(col(ActionDueRow.lease_until).is_(None), col(ActionDueRow.lease_until) < now)
    waiting = (
        exists().where(col(DetectionRow.state) == "new"),
        exists().where(col(RunDueRow.wake) > col(RunDueRow.seen), col(RunDueRow.ended).is_(False), of_pool, free_run),
        exists().where(col(TimerRow.done_at).is_(None), col(TimerRow.due_at) <= now),
        exists().where(col(EscalationRow.ended_at).is_(None), col(EscalationRow.next_due) <= now),
        or_(*(exists().where(col(row.remind_at) <= now) for row in (DutyRow, MeasureRow, AssignmentRow))),
        exists().where(col(DeliveryDueRow.not_before) <= now, free_mail),
        exists().where(col(ActionDueRow.not_before) <= now, free_action),
    )
    size = session.execute(select(col(LedgerHeadRow.size))).scalar_one_or_none()
    triage, runs, timers, escalations, reminders, deliveries, actions = (
        bool(one) for one in session.execute(select(*waiting)).one()
    )
    return DueNow(triage, runs, timers, escalations, reminders, deliveries, actions, size or 0)


def escalations_due(session: Session, now: datetime) -> list[str]:
    """The escalations in which somebody is to be called at `now`, the oldest first; at most 1,000."""
    query = select(col(EscalationRow.id)).where(
        col(EscalationRow.ended_at).is_(None), col(EscalationRow.next_due) <= now
    )
    return list(session.scalars(query.order_by(col(EscalationRow.next_due)).limit(AT_ONCE)))


def timers_due(session: Session, now: datetime) -> list[int]:
    """The timers that are due at `now`, the oldest first; at most 1,000."""
    query = select(col(TimerRow.id)).where(col(TimerRow.done_at).is_(None), col(TimerRow.due_at) <= now)
    return [id_ for id_ in session.scalars(query.order_by(col(TimerRow.due_at)).limit(AT_ONCE)) if id_ is not None]


def reminders_due(session: Session, now: datetime) -> list[str]:
    """The duties of which somebody is to be reminded at `now`, the oldest first; at most 1,000."""
    query = select(col(DutyRow.id)).where(col(DutyRow.remind_at) <= now)
    return list(session.scalars(query.order_by(col(DutyRow.remind_at)).limit(AT_ONCE)))


def errands_due(session: Session, now: datetime) -> list[str]:
    """The errands of which somebody is to be reminded at `now`, the oldest first; at most 1,000."""
    query = select(col(AssignmentRow.id)).where(col(AssignmentRow.remind_at) <= now)
    return list(session.scalars(query.order_by(col(AssignmentRow.remind_at)).limit(AT_ONCE)))


def measures_due(session: Session, now: datetime) -> list[str]:
    """The measures of which somebody is to be reminded at `now`, the oldest first; at most 1,000."""
    query = select(col(MeasureRow.id)).where(col(MeasureRow.remind_at) <= now)
    return list(session.scalars(query.order_by(col(MeasureRow.remind_at)).limit(AT_ONCE)))


def channels_due(session: Session, now: datetime) -> list[str]:
    """The channels on which a message is due at `now` that nobody is sending."""
    free = or_(col(DeliveryDueRow.lease_until).is_(None), col(DeliveryDueRow.lease_until) < now)
    query = select(col(DeliveryDueRow.channel)).where(col(DeliveryDueRow.not_before) <= now, free).distinct()
    return sorted(session.scalars(query))
