"""Playbook runs: who holds one, what its steps came to, and the timers that wake it. The database decides."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, or_, select

from csirt.errors import LeaseLost, NotFound
from csirt.model.incident import Disposition, Level
from csirt.model.step import At, Json, StepKind, StepState
from csirt.record.entry import EntryKind
from csirt.response import duties, incidents, locks
from csirt.store.leases import new_lease
from csirt.store.ledger import Code
from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.record import LedgerRow
from csirt.store.tables.runs import ActionDueRow, RunDueRow, RunRow, StepRow, TimerRow
from csirt.store.tx import Look, Tx

LEASE = timedelta(seconds=6)  # renewed every quarter; on one machine a dead holder is noticed earlier than that
_ENDED_BY = {
    EntryKind.STEP_FAILED: StepState.FAILED,
    EntryKind.STEP_SKIPPED: StepState.SKIPPED,
    EntryKind.STEP_CANCELLED: StepState.CANCELLED,
}


@dataclass(frozen=True, slots=True)
class Claim:
    """A run held under a lease. `wake` is the wake-up this pass answers."""

    run: str
    incident: str
    playbook: str
    version: int
    lease: str
    wake: int
    prefect_run: str | None
    sealed: bool = False  # Prefect is told no name of it


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """A step as recorded: what replay returns or waits for."""

    kind: StepKind
    state: StepState
    attempts: int
    value: Json
    retry_at: datetime | None = None


def claim(tx: Tx) -> Claim | None:
    """Take the lease of the run that has been due for longest and that nobody holds; None if there is none."""
    return next(iter(claim_some(tx, 1)), None)


def claim_some(tx: Tx, limit: int, *, pool: str = "", only: str | None = None) -> list[Claim]:
    """Take the leases of due runs that nobody holds: of those that no pool drives, or of one pool's.

    `only`: of this incident's run, if it is due.
    """
    query = (
        select(RunDueRow, RunRow)
        .join(RunRow, col(RunDueRow.run) == col(RunRow.id))
        .where(col(RunDueRow.wake) > col(RunDueRow.seen), col(RunDueRow.ended).is_(False))
        .where(or_(col(RunDueRow.lease_until).is_(None), col(RunDueRow.lease_until) < tx.lease_now))
        .where(RunDueRow.pool == pool if pool else col(RunDueRow.pool).is_(None))
        .order_by(col(RunDueRow.woken_at), col(RunDueRow.run))
        .limit(limit)
        .with_for_update(skip_locked=True, of=RunDueRow)
    )
    if only is not None:
        query = query.where(RunRow.incident == only)
    found = tx.session.exec(query).all()
    sealed = sealed_of(tx.session, {run.incident for _, run in found})
    return [_lease(tx, due, run, sealed=run.incident in sealed) for due, run in found]


def _lease(tx: Tx, due: RunDueRow, run: RunRow, *, sealed: bool) -> Claim:
    due.lease, due.lease_until = new_lease(), tx.lease_now + LEASE
    tx.session.add(due)
    return Claim(run.id, run.incident, run.playbook, run.version, due.lease, due.wake, due.prefect_run, sealed)


def renew(tx: Tx, held: Claim) -> None:
    """Hold the lease for longer. Raises `LeaseLost`."""
    due = _fenced(tx, held)
    due.lease_until = tx.lease_now + LEASE
    tx.session.add(due)


def release(tx: Tx, held: Claim) -> None:
    """Give the lease back; what woke the run before the pass began has been seen."""
    due = _fenced(tx, held)
    if due.wake > held.wake:  # woken meanwhile: it takes its place in the queue again
        due.woken_at = tx.now
    due.seen, due.lease, due.lease_until = held.wake, None, None
    tx.session.add(due)


def shown_by(tx: Tx, run: str, prefect_run: str) -> None:
    """Remember which flow run of Prefect shows this run."""
    due = tx.session.get_one(RunDueRow, run)
    due.prefect_run = prefect_run
    tx.session.add(due)


def mark_shown(tx: Tx, run: str) -> None:
    """Prefect's page shows the end of this run."""
    due = tx.session.get_one(RunDueRow, run)
    due.shown = True
    tx.session.add(due)


def _held(tx: Tx, held: Claim) -> RunDueRow:
    locks.hold(tx, held.incident)
    return _fenced(tx, held)


def _fenced(tx: Tx, held: Claim) -> RunDueRow:
    due = tx.session.get(RunDueRow, held.run, with_for_update=True, populate_existing=True)
    if due is None or due.lease != held.lease:
        raise LeaseLost("lease_lost", run=held.run)
    return due


def recorded_steps(look: Look, run: str) -> dict[str, RecordedStep]:
    """All steps of a run, values opened from the vault."""
    rows = look.session.exec(select(StepRow).where(StepRow.run == run).order_by(col(StepRow.position))).all()
    values = look.vault.texts(look.session, (row.value_c for row in rows))
    timers = look.session.exec(
        select(TimerRow).where(TimerRow.run == run, TimerRow.kind == "retry", col(TimerRow.done_at).is_(None))
    ).all()
    retries = {timer.step: timer.due_at for timer in timers}
    return {
        row.key: RecordedStep(
            StepKind(row.kind), StepState(row.state), row.attempts,
            json.loads(values[row.value_c]) if row.value_c in values else None, retries.get(row.key),
        )
        for row in rows
    }  # fmt: skip


def add_step(tx: Tx, held: Claim, at: At, kind: StepKind) -> StepRow:
    """A new open step at the end of its run, under the lease."""
    _held(tx, held)
    count = len(tx.session.exec(select(StepRow.key).where(StepRow.run == held.run)).all())
    row = StepRow(
        run=held.run, key=at.key, kind=kind.value, state=StepState.OPEN.value, opened_at=tx.now, position=count,
        branch=at.branch, mandatory=at.mandatory,
    )  # fmt: skip
    tx.session.add(row)
    tx.session.flush()
    return row


def _step(tx: Tx, run: str, key: str) -> StepRow:
    row = tx.session.get(StepRow, (run, key), with_for_update=True)
    if row is None:
        raise NotFound("step_unknown", step=key)
    return row


def start_attempt(tx: Tx, held: Claim, at: At) -> str | None:
    """Record the intent to act; returns the idempotency key, the same at every attempt of this step.

    None when somebody skipped or cancelled the step meanwhile.
    """
    _held(tx, held)
    row = tx.session.get(StepRow, (held.run, at.key)) or add_step(tx, held, at, StepKind.DO)
    if row.state != StepState.OPEN.value:
        return None
    row.attempts += 1
    tx.session.add(row)
    cid = f"{held.run}:{at.key}"
    out: dict[str, Code] = {"attempt": row.attempts, "key": cid, **at.said()}
    tx.record(EntryKind.STEP_STARTED, incident=held.incident, run=held.run, step=at.key, out=out)
    return cid


def order_slow(tx: Tx, held: Claim, at: At, arguments: Json) -> None:
    """Order a slow action: it is done apart, and its outcome wakes the run."""
    add_step(tx, held, at, StepKind.DO)
    sealed = tx.record(
        EntryKind.STEP_ORDERED,
        incident=held.incident,
        run=held.run,
        step=at.key,
        out=at.said(),
        raws={"arguments": json.dumps(arguments, ensure_ascii=False)},
    )
    tx.session.add(ActionDueRow(run=held.run, step=at.key, arguments_c=sealed["arguments"], not_before=tx.now))
    tx.woke = True


def finish_step(
    tx: Tx, held: Claim, key: str, value: Json, *, kind: EntryKind = EntryKind.STEP_DONE, out: Mapping[str, Code] = {}
) -> bool:
    """Record a step's outcome; it is recorded once: false for whoever comes second."""
    _held(tx, held)
    return settle(tx, held.run, held.incident, key, value, kind=kind, out=out, wake=False)  # the pass goes on by itself


def settle(
    tx: Tx,
    run: str,
    incident: str,
    key: str,
    value: Json,
    *,
    kind: EntryKind = EntryKind.STEP_DONE,
    out: Mapping[str, Code] = {},
    texts: Mapping[str, str] = {},
    wake: bool = True,
) -> bool:
    """Give an open step its outcome and wake its run; false, and nothing changes, if it has one already."""
    row = _step(tx, run, key)
    if row.state != StepState.OPEN.value:
        return False
    sealed = tx.record(
        kind, incident=incident, run=run, step=key, out=out, texts=texts,
        raws={"value": json.dumps(value, ensure_ascii=False)},
    )  # fmt: skip
    row.state, row.ended_at, row.value_c = _ENDED_BY.get(kind, StepState.DONE).value, tx.now, sealed["value"]
    tx.session.add(row)
    if wake:
        tx.wake(run)
    return True


def attempt_failed(tx: Tx, held: Claim, key: str, code: str, retry_at: datetime | None) -> bool:
    """An attempt failed. With `retry_at` a timer wakes the run then; without, the action gave up.

    False, and nothing changes, when somebody skipped or cancelled the step meanwhile.
    """
    _held(tx, held)
    return failed(tx, held.run, held.incident, key, code, retry_at)


def failed(tx: Tx, run: str, incident: str, key: str, code: str, retry_at: datetime | None) -> bool:
    """As `attempt_failed`, for who holds no lease on the run."""
    if retry_at is None:
        return settle(
            tx, run, incident, key, {"gave_up": code}, kind=EntryKind.STEP_FAILED,
            out={"code": code},
        )  # fmt: skip
    if _step(tx, run, key).state != StepState.OPEN.value:  # skipped or cancelled while it was tried
        return False
    tx.record(EntryKind.STEP_ATTEMPT_FAILED, incident=incident, run=run, step=key, out={"code": code})
    tx.session.add(TimerRow(run=run, step=key, kind="retry", due_at=retry_at))
    return True


def set_timer(tx: Tx, held: Claim, at: At, due_at: datetime) -> None:
    """Open a step that ends by itself at `due_at`."""
    add_step(tx, held, at, StepKind.WAIT)
    tx.session.add(TimerRow(run=held.run, step=at.key, kind="wait", due_at=due_at))
    out = {"timer": "wait", **at.said()}
    tx.record(EntryKind.TIMER_SET, incident=held.incident, run=held.run, step=at.key, out=out)


def end_timers(tx: Tx, run: str, step: str) -> None:
    """What was to happen to a step at some instant no longer happens."""
    query = select(TimerRow).where(TimerRow.run == run, TimerRow.step == step, col(TimerRow.done_at).is_(None))
    for timer in tx.session.exec(query):
        timer.done_at = tx.now
        tx.session.add(timer)


def set_level(tx: Tx, incident: str, key: str, level: Level, reason: str, by: str) -> None:
    """Set the level on behalf of an action; once for each idempotency `key`."""
    if tx.session.exec(select(LedgerRow.seq).where(LedgerRow.cid == f"level:{key}")).first() is not None:
        return
    row = incidents.incident_for_update(tx, incident)
    row.level = int(level)
    tx.session.add(row)
    tx.record(
        EntryKind.LEVEL_SET,
        incident=incident,
        cid=f"level:{key}",
        out={"level": int(level), "by": by},
        texts={"reason": reason},
    )
    duties.review(tx, row)


def close(tx: Tx, held: Claim, disposition: Disposition, because: str) -> None:
    """End the run with its incident, in one commit."""
    due = _held(tx, held)
    incidents.close(tx, held.incident, disposition, because)
    _end(tx, held, due)


def end(tx: Tx, held: Claim) -> None:
    """The playbook returned without closing: the run ends, the incident stays open for people."""
    _end(tx, held, _held(tx, held))
    tx.record(EntryKind.RUN_ENDED, incident=held.incident, run=held.run)


def _end(tx: Tx, held: Claim, due: RunDueRow) -> None:
    run = tx.session.get_one(RunRow, held.run)
    run.ended_at = tx.now
    due.ended, due.shown = True, False
    tx.session.add(run)
    tx.session.add(due)


def stop(tx: Tx, held: Claim, code: str, step: str = "") -> None:
    """Stop this run and nobody else's, after drift or a failure of its code; people go on by hand."""
    _held(tx, held)
    stop_now(tx, held.run, held.incident, code, step)


def stop_now(tx: Tx, run: str, incident: str, code: str, step: str = "") -> None:
    """As `stop`, for who holds no lease on the run: whoever holds one loses it."""
    row, due = tx.session.get_one(RunRow, run), tx.session.get_one(RunDueRow, run, with_for_update=True)
    row.stopped_by = code
    due.ended, due.shown, due.lease, due.lease_until = True, due.prefect_run is None, None, None
    tx.session.add(row)
    tx.session.add(due)
    tx.record(EntryKind.RUN_STOPPED, incident=incident, run=run, step=step or None, out={"code": code})
