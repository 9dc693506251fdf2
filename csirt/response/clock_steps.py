"""The machine's clock was set forwards or back: whoever waits goes on waiting as long as the chain says.

The wall clock is compared with the one that is never set. What they differ by changes only when somebody, or NTP after
a wrong start, sets the wall clock; then the times of every open escalation are moved by as much: none early, none late,
none twice. The record says so.
"""

from dataclasses import replace
from datetime import timedelta

from sqlmodel import col, select

from csirt.model.progress import RouteProgress
from csirt.record.entry import EntryKind
from csirt.store.tables.outbox import EscalationRow
from csirt.store.tables.record import CursorRow
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


def _moved(route: RouteProgress, by: timedelta) -> RouteProgress:
    tier_at = route.tier_at + by if route.tier_at else None
    return replace(route, round_at=route.round_at + by, tier_at=tier_at)
