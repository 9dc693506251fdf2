"""The machine's clock was set forwards or back: whoever waits goes on waiting as long as the chain says.

The wall clock is compared with the one that is never set. What they differ by changes only when somebody, or NTP after
a wrong start, sets the wall clock; then the times of every open escalation are moved by as much, and those at which a
wait ends or a message, an action or a channel is tried again: none early, none late, none twice. The record says so.
Deadlines of steps stay: people were told them as times of the day.
"""

from dataclasses import replace
from datetime import timedelta

from sqlmodel import col, select

from csirt.model.progress import RouteProgress
from csirt.record.entry import EntryKind
from csirt.store.tables.outbox import CircuitRow, DeliveryDueRow, EscalationRow
from csirt.store.tables.record import CursorRow
from csirt.store.tables.runs import ActionDueRow, TimerRow
from csirt.store.tx import Tx

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
    moved = _move(tx, step)
    _move_tries(tx, step)
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


def _move_tries(tx: Tx, by: timedelta) -> None:
    timers = select(TimerRow).where(col(TimerRow.done_at).is_(None), col(TimerRow.kind).in_(("retry", "wait")))
    for timer in tx.session.exec(timers.order_by(col(TimerRow.id)).with_for_update()):
        timer.due_at += by
        tx.session.add(timer)
    for action in tx.session.exec(select(ActionDueRow).where(col(ActionDueRow.lease).is_(None)).with_for_update()):
        action.not_before += by
        tx.session.add(action)
    messages = select(DeliveryDueRow).where(col(DeliveryDueRow.lease).is_(None))
    for message in tx.session.exec(messages.order_by(col(DeliveryDueRow.delivery)).with_for_update()):
        message.not_before += by
        tx.session.add(message)
    for circuit in tx.session.exec(select(CircuitRow).with_for_update()):
        circuit.since = circuit.since + by if circuit.since else None
        circuit.until = circuit.until + by if circuit.until else None
        tx.session.add(circuit)


def _moved(route: RouteProgress, by: timedelta) -> RouteProgress:
    tier_at = route.tier_at + by if route.tier_at else None
    return replace(route, round_at=route.round_at + by, tier_at=tier_at)
