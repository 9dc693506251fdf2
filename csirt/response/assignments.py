"""Steps that wait for people: opened by a run, answered once, by somebody who may."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

from sqlmodel import col, select

from csirt.errors import AlreadyAnswered, Forbidden, Invalid
from csirt.guard import refuse_my_number
from csirt.model.authority import Permission, may_answer, must, must_be_fresh
from csirt.model.form import FormField, FormKind
from csirt.model.step import DECLINING, At, AtDeadline, Choice, Consequence, Json, StepKind, StepState
from csirt.record.entry import EntryKind
from csirt.response import errands, escalations, forms, locks, reaching, reasons, reviewing, runs
from csirt.response.runs import Claim
from csirt.store.tables.evidence import EvidenceRow
from csirt.store.tables.runs import AssignmentRow, TimerRow
from csirt.store.tx import Tx, new_id


@dataclass(frozen=True, slots=True)
class Question:
    """What a run asks of a person: `who` is `role:…` or `post:…`, `not_by` names steps whose answerer may not."""

    at: At
    kind: StepKind
    who: str
    choices: tuple[Choice, ...]
    within: timedelta | None = None
    chain: str | None = None
    fields: tuple[str, ...] = ()
    form: tuple[FormField, ...] = ()
    not_by: tuple[str, ...] = ()
    showing: tuple[str, ...] = ()
    at_deadline: AtDeadline | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person answered."""

    choice: str
    reason: str = ""
    fields: Mapping[str, Json] = field(default_factory=dict)


def open_for(tx: Tx, held: Claim, question: Question) -> str:
    """Open an assignment, its escalation and its deadline in one commit; returns the assignment's id.

    Raises:
        Invalid: what is to follow at the deadline does not fit the question.
    """
    _check_deadline(question)
    at = question.at
    runs.add_step(tx, held, at, question.kind)
    due_at = tx.now + question.within if question.within else None
    row = AssignmentRow(
        id=new_id("a"), incident=held.incident, run=held.run, step=at.key, kind=question.kind.value,
        who=question.who, choices=[[c.code, c.needs_reason] for c in question.choices],
        fields=[*question.fields, *(one.name for one in question.form)],
        form=[one.to_plain() for one in question.form] or None,
        not_by=list(question.not_by), showing=list(question.showing), chain=question.chain, opened_at=tx.now,
        due_at=due_at, at_deadline=question.at_deadline.to_plain() if question.at_deadline else None,
    )  # fmt: skip
    tx.session.add(row)
    out: dict[str, str | bool | list[str]] = {
        "assignment": row.id, "who": question.who, "choices": [c.code for c in question.choices], **at.said(),
    }  # fmt: skip
    if question.at_deadline:
        out["at_deadline"] = question.at_deadline.consequence.value
    tx.record(EntryKind.STEP_OPENED, incident=held.incident, run=held.run, step=at.key, out=out)
    if due_at:
        tx.session.add(TimerRow(run=held.run, step=at.key, kind="deadline", due_at=due_at))
    if question.chain:
        tx.session.flush()
        reaching.call(tx, held.incident, held.run, at.key, question.chain, question.who)
    return row.id


def _check_deadline(question: Question) -> None:
    planned = question.at_deadline
    if planned is None:
        return
    if question.within is None:
        raise Invalid("deadline_without_time", step=question.at.key)
    if planned.consequence is Consequence.CHOOSE and planned.choice not in {one.code for one in question.choices}:
        raise Invalid("choice_unknown", step=question.at.key, choice=planned.choice[:40])


def answer(tx: Tx, assignment: str, reply: Reply) -> None:
    """Answer an assignment: the entry, the end of its escalation and "run is due" commit together.

    Raises:
        NotFound: no such assignment.
        AlreadyAnswered: someone was faster, the deadline decided, or the step was skipped or cancelled.
        Forbidden: the actor holds neither the role nor the post, or may not approve what they asked for.
        StepUpNeeded: they approve, and proved too long ago who they are.
        Invalid: no such choice, no reason where one is needed, or a 個人番号 in a text.
    """
    row = locks.assignment(tx, assignment)
    if row.closed_at is not None:
        raise AlreadyAnswered(why_closed(row), step=row.step)
    check_actor(tx, row)
    reply = _masked(tx, _checked(tx, row, reply))
    if row.kind == StepKind.APPROVE.value and reply.choice not in DECLINING:
        must_be_fresh(tx.actor)
    if row.kind == StepKind.CALL.value:
        escalations.record_call(tx, row, reply.choice, reply.reason, reply.fields)
        close_row(tx, row, reply.choice, None)
        return
    if row.kind == StepKind.ERRAND.value:
        close_row(tx, row, reply.choice, errands.done(tx, row, reply.reason))
        return
    if row.kind == StepKind.REVIEW.value:
        close_row(tx, row, reply.choice, reviewing.see(tx, row, reply.reason))
        return
    tx.note_declared({"reason": reply.reason, **_texts(reply)}, row.incident)
    value, post = _value(tx, reply), reviewing.post_by_deputy(tx, row)
    out: dict[str, str | bool] = {"choice": reply.choice, "assignment": row.id}
    if post:
        out |= reviewing.mark(tx, row, post)
    runs.settle(tx, row.run or "", row.incident, row.step, value, kind=EntryKind.STEP_ANSWERED, out=out)
    answer_c = tx.drafts[-1].sealed[0].c
    if post:
        reviewing.tell(tx, row, post, str(out["review"]))
    close_row(tx, row, reply.choice, answer_c)
    runs.end_timers(tx, row.run or "", row.step)
    escalations.answered(tx, row.run or "", row.step)


def _texts(reply: Reply) -> dict[str, str]:
    return {name: value for name, value in reply.fields.items() if isinstance(value, str)}


def _masked(tx: Tx, reply: Reply) -> Reply:
    """The reply without secrets: an answer is kept as a whole, and shown, exported and replayed as it was kept."""
    fields = {name: tx.masked(text) for name, text in _texts(reply).items()}
    return replace(reply, reason=tx.masked(reply.reason), fields={**reply.fields, **fields})


def _value(tx: Tx, reply: Reply) -> Json:
    return {
        "choice": reply.choice,
        "reason": reply.reason.strip(),
        "fields": dict(reply.fields),
        "by": tx.actor.id,
        "at": tx.now.isoformat(),
    }


def close_row(tx: Tx, row: AssignmentRow, choice: str, answer_c: str | None) -> None:
    """The assignment is no longer open."""
    row.closed_at, row.answered_by, row.choice, row.answer_c = tx.now, tx.actor.id, choice, answer_c
    tx.session.add(row)


def why_closed(row: AssignmentRow) -> str:
    """The code that says why an assignment is no longer open."""
    if row.choice in {StepState.SKIPPED.value, StepState.CANCELLED.value}:
        return "step_set_aside"
    return "deadline_passed" if row.at_deadline and not row.answered_by else "already_answered"


def check_actor(tx: Tx, row: AssignmentRow) -> None:
    """Raises `Forbidden` unless the actor may answer this: by role or post, and not against four eyes."""
    must(tx.actor, Permission.ANSWER_STEP if row.kind != StepKind.CALL.value else Permission.FILL_CALL_SHEET)
    if not may_answer(tx.actor, row.who):
        raise Forbidden("not_your_assignment", step=row.step, who=row.who)
    if row.not_by and tx.actor.id in answerers(tx, row.run or "", row.not_by):
        raise Forbidden("four_eyes", step=row.step)


def answerers(tx: Tx, run: str, steps: Sequence[str]) -> set[str | None]:
    """Who answered these steps of a run."""
    query = select(AssignmentRow.answered_by).where(AssignmentRow.run == run, col(AssignmentRow.step).in_(steps))
    return set(tx.session.exec(query))


def _checked(tx: Tx, row: AssignmentRow, reply: Reply) -> Reply:
    """The reply with its fields as they are recorded."""
    _check_choice(row, reply)
    if not row.form:
        _check_texts(row, reply)
        return reply
    form = [FormField.from_plain(one) for one in row.form]
    fields = forms.checked(form, reply.fields, declined=reply.choice in DECLINING)
    for one in form:
        if one.kind is FormKind.FILE and one.name in fields and not _is_evidence(tx, row.incident, fields[one.name]):
            raise Invalid("evidence_unknown", field=one.name)
    return replace(reply, fields=fields)


def _is_evidence(tx: Tx, incident: str, id_: Json) -> bool:
    query = select(EvidenceRow.id).where(EvidenceRow.id == id_, EvidenceRow.incident == incident)
    return tx.session.exec(query).first() is not None


def _check_choice(row: AssignmentRow, reply: Reply) -> None:
    choices = {str(code): bool(needs) for code, needs in row.choices}
    if reply.choice not in choices:
        raise Invalid("choice_unknown", field="choice", choice=reply.choice[:40])
    if choices[reply.choice] and not reply.reason.strip():
        raise Invalid("reason_missing", field="reason")
    if len(reply.reason) > reasons.MOST:
        raise Invalid("text_too_long", field="reason", limit=reasons.MOST)
    refuse_my_number(reply.reason, field="reason")


def _check_texts(row: AssignmentRow, reply: Reply) -> None:
    if unknown := set(reply.fields) - set(row.fields):
        raise Invalid("field_unknown", field=min(unknown)[:40])
    for name, value in reply.fields.items():
        _check_field(name, value)


def _check_field(name: str, value: Json) -> None:
    if isinstance(value, list | dict):  # no form of ours has such a field, and the guard reads texts only
        raise Invalid("field_invalid", field=name)
    if isinstance(value, str):
        if len(value) > reasons.MOST:
            raise Invalid("text_too_long", field=name, limit=reasons.MOST)
        refuse_my_number(value, field=name)
