"""Steps that are not done after all: skipped or cancelled by a person who may, with a reason.

Skipped: the work is left out, by decision of whoever answers for the case. Cancelled: the step is no longer needed, or
was asked in error. Both end the step in the record, and the playbook goes on behind it.
"""

from sqlmodel import col, select

from csirt.errors import Conflict, NotFound
from csirt.model.authority import Permission, must
from csirt.model.step import Json, StepKind, StepState
from csirt.record.entry import EntryKind
from csirt.response import escalations, incidents, reasons, runs
from csirt.store.tables.runs import ActionDueRow, AssignmentRow, RunRow, StepRow
from csirt.store.tx import Tx


def skip(tx: Tx, incident: str, step: str, reason: str) -> None:
    """Go on without an open step.

    Raises:
        NotFound: no such case or step.
        Forbidden: this actor may not, or not for a mandatory step.
        Conflict: the step is not open, the case is closed, or it is an approval, which nobody goes around.
        Invalid: no reason, or a 個人番号 in it.
    """
    _set_aside(tx, incident, step, reason, StepState.SKIPPED)


def cancel(tx: Tx, incident: str, step: str, reason: str) -> None:
    """Take an open step back. Raises as `skip`."""
    _set_aside(tx, incident, step, reason, StepState.CANCELLED)


_PERMISSIONS = {StepState.SKIPPED: Permission.SKIP_STEP, StepState.CANCELLED: Permission.CANCEL_STEP}
_KINDS = {StepState.SKIPPED: EntryKind.STEP_SKIPPED, StepState.CANCELLED: EntryKind.STEP_CANCELLED}


def _set_aside(tx: Tx, incident: str, step: str, reason: str, state: StepState) -> None:
    must(tx.actor, _PERMISSIONS[state])
    incidents.incident_for_update(tx, incident)
    row = _open_step(tx, incident, step)
    if row.mandatory:
        must(tx.actor, Permission.SKIP_MANDATORY_STEP)
    if row.kind == StepKind.APPROVE.value:  # whoever could skip it would need no second pair of eyes
        raise Conflict("approval_not_set_aside", step=step)
    reasons.given(reason)
    _end(tx, incident, row, tx.masked(reason.strip()), state)


def _open_step(tx: Tx, incident: str, step: str) -> StepRow:
    run = tx.session.exec(select(RunRow.id).where(RunRow.incident == incident)).first()
    row = tx.session.get(StepRow, (run, step), with_for_update=True) if run else None
    if row is None:
        raise NotFound("step_unknown", step=step[:80])
    if row.state != StepState.OPEN.value:
        raise Conflict("step_not_open", step=step)
    return row


def _end(tx: Tx, incident: str, row: StepRow, reason: str, state: StepState) -> None:
    asked = tx.session.exec(
        select(AssignmentRow)
        .where(AssignmentRow.run == row.run, AssignmentRow.step == row.key, col(AssignmentRow.closed_at).is_(None))
        .with_for_update()
    ).first()
    value: Json = None
    if asked:
        value = {"choice": state.value, "reason": reason, "fields": {}, "by": tx.actor.id, "at": tx.now.isoformat()}
    out = {"mandatory": True} if row.mandatory else {}
    runs.settle(tx, row.run, incident, row.key, value, kind=_KINDS[state], out=out, texts={"reason": reason})
    sealed = {one.name: one.c for one in tx.drafts[-1].sealed}
    if asked:
        asked.closed_at, asked.answered_by, asked.choice = tx.now, tx.actor.id, state.value
        asked.answer_c = sealed["value"]
        tx.session.add(asked)
    runs.end_timers(tx, row.run, row.key)
    if slow := tx.session.get(ActionDueRow, (row.run, row.key), with_for_update=True):
        tx.session.delete(slow)
    escalations.call_off(tx, incident, row.key)
