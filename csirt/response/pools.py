"""Which workers drive a run: those of one machine, or those of a work pool of Prefect, on any host."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import and_, col, func, or_, select

from csirt.record.entry import EntryKind
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.runs import RunDueRow, RunRow
from csirt.store.tx import Tx

# After which a pool is called once more for the same wake-up: soon, as a call may be lost, then after twice the time
# each time. Else a pool with more work than it can do is kept busy with calls, and every call moves a run to the end.
SOONEST, LATEST = timedelta(seconds=5), timedelta(seconds=30)
AT_ONCE = 100
CALLED_MOST = 20  # runs that a pool was called for and nobody has taken: until somebody does, more calls help nobody


@dataclass(frozen=True, slots=True)
class Call:
    """A wake-up that a pool is to be called for."""

    run: str
    incident: str
    playbook: str
    version: int
    prefect_run: str | None
    sealed: bool = False
    is_ours: bool = False  # the pool drove it before, so its flow run belongs there; when called again, that is asked


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
    due_now = (
        RunDueRow.pool == pool,
        col(RunDueRow.ended).is_(False),
        col(RunDueRow.wake) > col(RunDueRow.seen),
        or_(col(RunDueRow.lease_until).is_(None), col(RunDueRow.lease_until) < tx.lease_now),
    )
    is_called = and_(col(RunDueRow.called) == col(RunDueRow.wake), col(RunDueRow.call_again_at) >= tx.now)
    waiting = tx.session.exec(select(func.count()).select_from(RunDueRow).where(*due_now, is_called)).one()
    if waiting >= CALLED_MOST:
        return []
    found = tx.session.exec(
        select(RunDueRow, RunRow)
        .join(RunRow, col(RunDueRow.run) == col(RunRow.id))
        .where(*due_now, or_(col(RunDueRow.called) < col(RunDueRow.wake), col(RunDueRow.call_again_at) < tx.now))
        .order_by(col(RunDueRow.woken_at), col(RunDueRow.run))
        .limit(CALLED_MOST - waiting)
        .with_for_update(skip_locked=True, of=RunDueRow)
    ).all()
    sealed = sealed_of(tx.session, {run.incident for _, run in found})
    made = [
        Call(
            run.id, run.incident, run.playbook, run.version, due.prefect_run, run.incident in sealed,
            is_ours=0 < due.called < due.wake,
        )
        for due, run in found
    ]  # fmt: skip
    for due, _ in found:
        waited = tx.now - (due.woken_at or tx.now)
        due.called, due.call_again_at = due.wake, tx.now + min(max(waited, SOONEST), LATEST)
        tx.session.add(due)
    return made
