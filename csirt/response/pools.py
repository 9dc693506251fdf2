"""Which workers drive a run: those of one machine, or those of a work pool of Prefect, on any host."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, or_, select

from csirt.record.entry import EntryKind
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.runs import RunDueRow, RunRow
from csirt.store.tx import Tx

# After which a pool is called once more for the same wake-up: soon, as a call may be lost, then after twice the time
# each time. Else a pool with more work than it can do is kept busy with calls, and every call moves a run to the end.
SOONEST, LATEST = timedelta(seconds=5), timedelta(seconds=30)
AT_ONCE = 100
CALLS_AT_ONCE = 20  # between two of these a worker takes runs


@dataclass(frozen=True, slots=True)
class Call:
    """A wake-up that a pool is to be called for."""

    run: str
    incident: str
    playbook: str
    version: int
    prefect_run: str | None
    sealed: bool = False


def take_over(tx: Tx, pool: str, alive: Collection[str]) -> int:
    """Move runs that nobody holds to a pool, or with an empty name to the workers of one machine.

    Taken are runs of no pool and of pools that have no living worker. Moving a run that has begun stands in the record.
    """
    others = col(RunDueRow.pool).is_not(None) & col(RunDueRow.pool).not_in([*alive, pool])
    wanted = others | col(RunDueRow.pool).is_(None) if pool else others
    found = tx.session.exec(
        select(RunDueRow, RunRow)
        .join(RunRow, col(RunDueRow.run) == col(RunRow.id))
        .where(col(RunDueRow.ended).is_(False), wanted)
        .where(or_(col(RunDueRow.lease_until).is_(None), col(RunDueRow.lease_until) < tx.lease_now))
        .limit(AT_ONCE)
        .with_for_update(skip_locked=True, of=RunDueRow)
    ).all()
    for due, run in found:
        before, due.pool, due.called = due.pool, pool or None, 0
        tx.session.add(due)
        if due.seen:
            out = {"pool": pool or "none", "before": before or "none"}
            tx.record(EntryKind.RUN_HANDED_OVER, incident=run.incident, run=run.id, out=out)
    return len(found)


def calls(tx: Tx, pool: str) -> list[Call]:
    """The next wake-ups that a pool must be called for, each for one caller at a time; again if nobody took it."""
    found = tx.session.exec(
        select(RunDueRow, RunRow)
        .join(RunRow, col(RunDueRow.run) == col(RunRow.id))
        .where(RunDueRow.pool == pool, col(RunDueRow.ended).is_(False), col(RunDueRow.wake) > col(RunDueRow.seen))
        .where(or_(col(RunDueRow.lease_until).is_(None), col(RunDueRow.lease_until) < tx.lease_now))
        .where(or_(col(RunDueRow.called) < col(RunDueRow.wake), col(RunDueRow.call_again_at) < tx.now))
        .order_by(col(RunDueRow.woken_at), col(RunDueRow.run))
        .limit(CALLS_AT_ONCE)
        .with_for_update(skip_locked=True, of=RunDueRow)
    ).all()
    for due, _ in found:
        waited = tx.now - (due.woken_at or tx.now)
        due.called, due.call_again_at = due.wake, tx.now + min(max(waited, SOONEST), LATEST)
        tx.session.add(due)
    sealed = sealed_of(tx.session, {run.incident for _, run in found})
    return [
        Call(run.id, run.incident, run.playbook, run.version, due.prefect_run, run.incident in sealed)
        for due, run in found
    ]
