"""Timers fire, each once: a wait ends its step, a retry wakes its run, a deadline has the consequence it was given.

The consequence commits with the entry that says that the time came.
"""

from sqlmodel import col, select

from csirt.model.step import AtDeadline, Consequence, Json
from csirt.record.entry import EntryKind
from csirt.response import escalations, locks, reaching, runs
from csirt.store.tables.runs import AssignmentRow, RunRow, TimerRow
from csirt.store.tx import Tx

CODE = "deadline_passed"


def fire(tx: Tx, limit: int = 200, only: int | None = None) -> int:
    """Fire what is due, or `only` this timer if it is; returns how many.

    What belongs to a case that somebody works on just now waits for a moment.
    """
    is_due = (col(TimerRow.done_at).is_(None), col(TimerRow.due_at) <= tx.now)
    oldest = select(TimerRow.id, RunRow.incident).join(RunRow, col(RunRow.id) == col(TimerRow.run)).where(*is_due)
    if only is not None:
        oldest = oldest.where(TimerRow.id == only)
    found = tx.session.exec(oldest.order_by(col(TimerRow.due_at)).limit(limit)).all()
    free = locks.hold_free(tx, {incident for _, incident in found})
    ids = [id_ for id_, incident in found if incident in free]
    due = tx.session.exec(
        select(TimerRow).where(col(TimerRow.id).in_(ids), *is_due).order_by(col(TimerRow.due_at), col(TimerRow.id))
        .with_for_update()
    ).all()  # fmt: skip
    for timer in due:
        _fire(tx, timer)
    return len(due)


def _fire(tx: Tx, timer: TimerRow) -> None:
    timer.done_at = tx.now
    tx.session.add(timer)
    run = tx.session.get_one(RunRow, timer.run)
    asked = _asked(tx, timer) if timer.kind == "deadline" else None
    planned = AtDeadline.from_plain(asked.at_deadline) if asked and asked.at_deadline else None
    if planned and planned.consequence is not Consequence.ESCALATE and (run.stopped_by or run.ended_at):
        planned = None  # nobody would read the answer: people go on by hand, and the question stays theirs
    out = {"timer": timer.kind}
    if planned:
        out["at_deadline"] = planned.consequence.value
    tx.record(
        EntryKind.TIMER_FIRED, incident=run.incident, run=timer.run, step=timer.step, cid=f"timer:{timer.id}", out=out
    )
    if timer.kind == "wait":
        runs.settle(tx, timer.run, run.incident, timer.step, None)
    elif timer.kind == "retry":
        tx.wake(timer.run)
    if asked and planned:
        _CONSEQUENCES[planned.consequence](tx, asked, planned)


def _asked(tx: Tx, timer: TimerRow) -> AssignmentRow | None:
    query = select(AssignmentRow).where(
        AssignmentRow.run == timer.run, AssignmentRow.step == timer.step, col(AssignmentRow.closed_at).is_(None)
    )
    return tx.session.exec(query.with_for_update()).first()


def _escalate(tx: Tx, asked: AssignmentRow, planned: AtDeadline) -> None:
    """The question stays open: it is handed on, and others are called for it."""
    run = asked.run or ""
    if planned.to:
        asked.who = planned.to
        asked.taken_by = asked.taken_at = asked.handed_by = asked.handed_c = None
        tx.session.add(asked)
        out = {"assignment": asked.id, "who": planned.to}
        tx.record(EntryKind.STEP_HANDED_ON, incident=asked.incident, run=run, step=asked.step, out=out)
    tx.session.flush()
    if planned.chain:
        reaching.call(tx, asked.incident, run, asked.step, planned.chain, asked.who)
    else:
        reaching.notify(tx, asked.incident, run, asked.step, (asked.who,), ("mail",), "assignment")


def _choose(tx: Tx, asked: AssignmentRow, planned: AtDeadline) -> None:
    """The clock answers; the record says that no person did."""
    run = asked.run or ""
    value: Json = {
        "choice": planned.choice, "reason": "", "fields": {}, "by": "", "at": tx.now.isoformat(), "defaulted": True,
    }  # fmt: skip
    out = {"choice": planned.choice, "assignment": asked.id}
    runs.settle(tx, run, asked.incident, asked.step, value, kind=EntryKind.STEP_DEFAULTED, out=out)
    _close(tx, asked, planned.choice)


def _stop(tx: Tx, asked: AssignmentRow, _planned: AtDeadline) -> None:
    """The run stops and people are told."""
    run = asked.run or ""
    runs.settle(
        tx, run, asked.incident, asked.step, {"gave_up": CODE}, kind=EntryKind.STEP_FAILED,
        out={"code": CODE}, wake=False,
    )  # fmt: skip
    _close(tx, asked, "expired")
    reaching.stop_now(tx, run, asked.incident, CODE, asked.step)


def _close(tx: Tx, asked: AssignmentRow, choice: str) -> None:
    asked.closed_at, asked.choice = tx.now, choice
    asked.answer_c = tx.drafts[-1].sealed[0].c
    tx.session.add(asked)
    escalations.answered(tx, asked.run or "", asked.step)


_CONSEQUENCES = {Consequence.ESCALATE: _escalate, Consequence.CHOOSE: _choose, Consequence.STOP: _stop}
