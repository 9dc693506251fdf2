"""How work beside the playbook ends: done, waived with a reason, or with its case.

What is marked as necessary keeps the case from closing until it is done or waived. How it is asked for: `asking`.
"""

import json

from sqlmodel import col, select

from csirt.errors import AlreadyAnswered, Conflict, NotFound
from csirt.model.authority import Permission, must
from csirt.model.step import Choice, StepKind, StepState
from csirt.record.entry import EntryKind
from csirt.response import duties, locks, reasons
from csirt.store.tables.runs import AssignmentRow
from csirt.store.tx import Tx

STEP = "errand"
DONE = Choice("done")


def done(tx: Tx, row: AssignmentRow, reason: str) -> str:
    """It was done; returns the commitment of the answer. Who asked for it is told."""
    value = {"choice": DONE.code, "reason": reason.strip(), "fields": {}, "by": tx.actor.id, "at": tx.now.isoformat()}
    sealed = tx.record(
        EntryKind.ERRAND_DONE, incident=row.incident, step=STEP, out={"assignment": row.id},
        texts={"reason": reason.strip()} if reason.strip() else None, raws={"value": json.dumps(value)},
    )  # fmt: skip
    row.remind_at = None
    duties.wake(tx, row.incident)  # the case may close now
    return sealed["value"]


def waive(tx: Tx, assignment: str, reason: str) -> None:
    """It need not be done after all.

    Raises:
        NotFound: no such assignment, or it is a step of a playbook.
        AlreadyAnswered: it was done or waived.
        Forbidden: this actor may not.
        Invalid: no reason, or a 個人番号 in it.
    """
    must(tx.actor, Permission.CANCEL_STEP)
    row = locks.assignment(tx, assignment)
    if row.kind != StepKind.ERRAND.value:
        raise NotFound("assignment_unknown", assignment=assignment[:40])
    if row.closed_at is not None:
        raise AlreadyAnswered("already_answered", step=row.step)
    reasons.given(reason)
    _waive(tx, row, reason.strip())
    duties.wake(tx, row.incident)


def _waive(tx: Tx, row: AssignmentRow, reason: str) -> None:
    choice, reason = StepState.CANCELLED.value, tx.masked(reason)
    value = {"choice": choice, "reason": reason, "fields": {}, "by": tx.actor.id, "at": tx.now.isoformat()}
    sealed = tx.record(
        EntryKind.ERRAND_WAIVED, incident=row.incident, step=STEP, out={"assignment": row.id},
        texts={"reason": reason} if reason else None, raws={"value": json.dumps(value, ensure_ascii=False)},
    )  # fmt: skip
    row.closed_at, row.answered_by, row.choice, row.answer_c = tx.now, tx.actor.id, choice, sealed["value"]
    row.remind_at = None
    tx.session.add(row)


def _open(tx: Tx, incident: str) -> list[AssignmentRow]:
    query = select(AssignmentRow).where(
        AssignmentRow.incident == incident,
        AssignmentRow.kind == StepKind.ERRAND.value,
        col(AssignmentRow.closed_at).is_(None),
    )
    return list(tx.session.exec(query.with_for_update()).all())


def end(tx: Tx, incident: str) -> None:
    """The case is being closed: what was not necessary ends with it.

    Raises:
        Conflict: `errands_open`, with how many that are necessary are neither done nor waived.
    """
    rows = _open(tx, incident)
    if left := sum(row.necessary for row in rows):
        raise Conflict("errands_open", incident=incident, count=left)
    for row in rows:
        _waive(tx, row, "")
