"""Slow actions: ordered by a run, done apart under a lease of their own, their outcome wakes the run."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, or_, select

from csirt.errors import LeaseLost
from csirt.model.step import Json
from csirt.record.entry import EntryKind
from csirt.response import locks, runs
from csirt.store.leases import new_lease
from csirt.store.ledger import Code
from csirt.store.tables.runs import ActionDueRow, RunRow, StepRow
from csirt.store.tx import Tx

MARGIN = timedelta(seconds=30)
WITHIN = timedelta(minutes=5)
AT_ONCE = 20  # how many are looked at to find one whose case nobody works on just now


@dataclass(frozen=True, slots=True)
class SlowAction:
    """A slow action to be done now. `key` is its idempotency key, the same at every attempt."""

    run: str
    incident: str
    step: str
    action: str
    arguments: tuple[Json, ...]
    key: str
    lease: str
    attempt: int


def claim(tx: Tx, within: timedelta = WITHIN) -> SlowAction | None:
    """Take one slow action that is due and record the intent to do it; None if there is none.

    `within`: no action takes longer, so that nobody else begins what is still being done.
    """
    now = tx.lease_now
    free = or_(col(ActionDueRow.lease_until).is_(None), col(ActionDueRow.lease_until) < now)
    ready = select(ActionDueRow.run, ActionDueRow.step, RunRow.incident).join(RunRow)
    ready = ready.where(col(ActionDueRow.not_before) <= tx.now, free).order_by(col(ActionDueRow.not_before))
    for run, key, incident in tx.session.exec(ready.limit(AT_ONCE)).all():
        if locks.hold_free(tx, [incident]):
            due = tx.session.exec(
                select(ActionDueRow).where(ActionDueRow.run == run, ActionDueRow.step == key, free).with_for_update()
            ).first()
            if due is not None:
                due.lease, due.lease_until = new_lease(), now + within + MARGIN
                return _begun(tx, due, due.lease, incident)
    return None


def _begun(tx: Tx, due: ActionDueRow, lease: str, incident: str) -> SlowAction:
    step = tx.session.get_one(StepRow, (due.run, due.step))
    step.attempts += 1
    tx.session.add(due)
    tx.session.add(step)
    key = f"{due.run}:{due.step}"
    out: dict[str, Code] = {"attempt": step.attempts, "key": key}
    tx.record(EntryKind.STEP_STARTED, incident=incident, run=due.run, step=due.step, out=out)
    name, *arguments = json.loads(tx.vault.texts(tx.session, [due.arguments_c])[due.arguments_c])
    return SlowAction(due.run, incident, due.step, name, tuple(arguments), key, lease, step.attempts)


def done(tx: Tx, held: SlowAction, value: Json) -> None:
    """Record the outcome. Raises `LeaseLost` when somebody else took the action over."""
    tx.session.delete(_held(tx, held))
    runs.settle(tx, held.run, held.incident, held.step, value)


def failed(tx: Tx, held: SlowAction, code: str, retry_at: datetime | None) -> None:
    """Record a failed attempt, and when the next follows; without `retry_at` it gave up."""
    due = _held(tx, held)
    if retry_at is None:
        tx.session.delete(due)
        runs.failed(tx, held.run, held.incident, held.step, code, None)
        return
    due.not_before, due.lease, due.lease_until = retry_at, None, None
    tx.session.add(due)
    out = {"code": code}
    tx.record(EntryKind.STEP_ATTEMPT_FAILED, incident=held.incident, run=held.run, step=held.step, out=out)


def _held(tx: Tx, held: SlowAction) -> ActionDueRow:
    locks.hold(tx, held.incident)
    due = tx.session.get(ActionDueRow, (held.run, held.step), with_for_update=True, populate_existing=True)
    if due is None or due.lease != held.lease:
        raise LeaseLost("lease_lost", run=held.run)
    return due
