"""The machine's clock was set forwards or back: whoever waits goes on waiting as long as the chain says.

The wall clock is compared with the one that is never set. What they differ by changes only when somebody, or NTP after
a wrong start, sets the wall clock; then what waits for a span of time is moved by as much: open escalations, the waits,
retries and deadlines of playbooks with the due times shown for them, slow actions, messages and channels that are
tried again.
Legal time limits are instants of the law, counted from the fact sheet, and are never moved. The record says so.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from sqlmodel import SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from csirt.model.incident import IncidentStatus
from csirt.model.progress import RouteProgress
from csirt.record.entry import EntryKind
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.outbox import CircuitRow, DeliveryDueRow, EscalationRow
from csirt.store.tables.record import CursorRow
from csirt.store.tables.runs import ActionDueRow, AssignmentRow, TimerRow
from csirt.store.tx import Tx

Row = TypeVar("Row", bound=SQLModel)
STEP = timedelta(seconds=2)  # less is drift, which NTP mends by itself


def notice(tx: Tx) -> bool:
    """Compare the clocks, once for each boot and step whoever asks; was the clock set?"""
    name, base = f"clock:{tx.boot}", int(tx.now.timestamp() * 1000) - tx.mono
    seen = tx.session.get(CursorRow, name, with_for_update=True, populate_existing=True)
    if seen is None:
        tx.session.add(CursorRow(name=name, seq=base))
        return False
    step = timedelta(milliseconds=base - seen.seq)
    if abs(step) <= STEP:
        return False
    seen.seq = base
    tx.session.add(seen)
    open_ = select(IncidentRow.id).where(IncidentRow.status != IncidentStatus.CLOSED.value)
    tx.session.exec(open_.order_by(col(IncidentRow.id)).with_for_update()).all()  # the cases first, then what is theirs
    moved = _move(tx, step)
    _move_spans(tx, step)
    out = {"seconds": round(step.total_seconds()), "escalations": moved}
    tx.record(EntryKind.CLOCK_STEPPED, out=out)
    return True


def _move(tx: Tx, by: timedelta) -> int:
    open_ = select(EscalationRow).where(col(EscalationRow.ended_at).is_(None)).order_by(col(EscalationRow.id))
    rows = tx.session.exec(open_.with_for_update().execution_options(populate_existing=True)).all()
    for row in rows:
        row.next_due = row.next_due + by if row.next_due else None
        row.routes = [_moved(RouteProgress.from_plain(route), by).to_plain() for route in row.routes]
        tx.session.add(row)
    return len(rows)


def _move_spans(tx: Tx, by: timedelta) -> None:
    """Whatever else waits for a span: the same for all of it, so that due times and their timers stay together."""
    for timer in _open(tx, select(TimerRow).where(col(TimerRow.done_at).is_(None)).order_by(col(TimerRow.id))):
        timer.due_at += by
        tx.session.add(timer)
    waiting = select(AssignmentRow).where(
        col(AssignmentRow.closed_at).is_(None), col(AssignmentRow.due_at).is_not(None)
    )
    for asked in _open(tx, waiting.order_by(col(AssignmentRow.id))):
        asked.due_at = asked.due_at + by if asked.due_at else None
        tx.session.add(asked)
    for due in _open(tx, select(DeliveryDueRow).order_by(col(DeliveryDueRow.delivery))):
        due.not_before += by
        tx.session.add(due)
    for action in _open(tx, select(ActionDueRow).order_by(col(ActionDueRow.run), col(ActionDueRow.step))):
        action.not_before += by
        tx.session.add(action)
    for circuit in _open(tx, select(CircuitRow)):
        circuit.since = circuit.since + by if circuit.since else None
        circuit.until = circuit.until + by if circuit.until else None
        tx.session.add(circuit)


def _open(tx: Tx, query: SelectOfScalar[Row]) -> Sequence[Row]:
    return tx.session.exec(query.with_for_update().execution_options(populate_existing=True)).all()


def _moved(route: RouteProgress, by: timedelta) -> RouteProgress:
    tier_at = route.tier_at + by if route.tier_at else None
    return replace(route, round_at=route.round_at + by, tier_at=tier_at)
