"""Slow actions: ordered by a run, done apart under a lease of their own, their outcome wakes the run."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import col, or_, select

from csirt.errors import LeaseLost
from csirt.model.step import Json
from csirt.record.entry import EntryKind
from csirt.response import runs
from csirt.store.ledger import Code
from csirt.store.tables.runs import ActionDueRow, RunRow, StepRow
from csirt.store.tx import Tx, new_id

MARGIN = timedelta(seconds=30)
WITHIN = timedelta(minutes=5)


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
    due = tx.session.exec(
        select(ActionDueRow)
        .where(col(ActionDueRow.not_before) <= tx.now)
        .where(or_(col(ActionDueRow.lease_until).is_(None), col(ActionDueRow.lease_until) < tx.now))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if due is None:
        return None
    due.lease, due.lease_until = new_id("l"), tx.now + within + MARGIN
    step = tx.session.get_one(StepRow, (due.run, due.step))
    step.attempts += 1
    tx.session.add(due)
    tx.session.add(step)
    incident = tx.session.get_one(RunRow, due.run).incident
    key = f"{due.run}:{due.step}"
    out: dict[str, Code] = {"attempt": step.attempts, "key": key}
    tx.record(EntryKind.STEP_STARTED, incident=incident, run=due.run, step=due.step, out=out)
    name, *arguments = json.loads(tx.vault.texts(tx.session, [due.arguments_c])[due.arguments_c])
    return SlowAction(due.run, incident, due.step, name, tuple(arguments), key, due.lease, step.attempts)


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
    due = tx.session.get(ActionDueRow, (held.run, held.step), with_for_update=True, populate_existing=True)
    if due is None or due.lease != held.lease:
        raise LeaseLost("lease_lost", run=held.run)
    return due
