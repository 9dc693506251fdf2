"""Assignments: what waits for whom, one in full, and its answer."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Query

from csirt.model.authority import Permission, may
from csirt.model.form import FormField
from csirt.model.people import Actor, parties_of
from csirt.response import assignments, holding
from csirt.response.assignments import Reply
from csirt.store.queries import work
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.work import AssignmentView
from csirt.store.tx import Look
from csirt.web.addresses import API
from csirt.web.api.shapes import AnswerTaken, AssignmentGiven
from csirt.web.api.step_shapes import (
    AssignmentInFullGiven,
    CallGiven,
    CandidateGiven,
    ChoiceGiven,
    ClaimTaken,
    FieldGiven,
    HandOverTaken,
    ReasonTaken,
)
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix=f"{API}/assignments", tags=["assignments"])


@router.get("")
def list_assignments(
    reader: IncidentReader,
    mine: bool = False,  # noqa: FBT001, FBT002 - a switch of the address
    incident: Annotated[str | None, Query(max_length=64)] = None,
) -> list[AssignmentGiven]:
    """Open assignments, soonest due first: everybody's, or the reader's own, or those of an incident."""

    def question(look: Look) -> list[AssignmentGiven]:
        words = Words(reader.desk, look, reader)
        found = work.assignments(
            look,
            who=parties_of(reader.actor) if mine else None,
            incident=resolve_incident(look, incident) if incident else None,
        )
        return [words.assignment(view) for view in found]

    return reader.desk.look(question)


@router.get("/{id}")
def show_assignment(id: str, reader: IncidentReader) -> AssignmentInFullGiven:  # noqa: A002 - the word of the address
    """One assignment: its texts, what is shown with it, and its answer if it has one."""
    return reader.desk.look(_in_full, reader, id)


@router.post("/{id}/answer")
def answer_assignment(id: str, taken: AnswerTaken, who: SignedIn) -> AssignmentInFullGiven:  # noqa: A002 - as above
    """Answer an assignment, once; whoever comes second gets 409 `already_answered`."""
    reply = Reply(taken.choice, taken.reason, taken.fields)
    who.desk.commit(who.actor, assignments.answer, id, reply)
    return who.desk.look(_in_full, who, id)


@router.post("/{id}/claim")
def claim_assignment(id: str, taken: ClaimTaken, who: SignedIn) -> AssignmentInFullGiven:  # noqa: A002 - as above
    """Take an assignment in hand, so that others see who: 409 `assignment_taken` names (`by`) who was faster."""
    return _done(who, id, holding.claim, taken.instead_of)


@router.post("/{id}/hand-over")
def hand_over_assignment(id: str, taken: HandOverTaken, who: SignedIn) -> AssignmentInFullGiven:  # noqa: A002 - as above
    """Hand an assignment to a named person who may answer it themselves; they are told by mail."""
    return _done(who, id, holding.hand_over, taken.to, taken.note)


@router.post("/{id}/take-back")
def take_back_assignment(id: str, who: SignedIn) -> AssignmentInFullGiven:  # noqa: A002 - as above
    """Take back what one handed over."""
    return _done(who, id, holding.take_back)


@router.post("/{id}/give-back")
def give_back_assignment(id: str, who: SignedIn) -> AssignmentInFullGiven:  # noqa: A002 - as above
    """Lay down what one has in hand, so that it is anybody's again."""
    return _done(who, id, holding.give_back)


@router.post("/{id}/cannot")
def refer_assignment(id: str, taken: ReasonTaken, who: SignedIn) -> AssignmentInFullGiven:  # noqa: A002 - as above
    """Say that it cannot be done, and why: it goes up to whoever decides what now."""
    return _done(who, id, holding.refer, taken.reason)


@router.post("/{id}/send-back")
def send_back_assignment(id: str, taken: ReasonTaken, who: SignedIn) -> AssignmentInFullGiven:  # noqa: A002 - as above
    """Give what came up back down, with a note on how it can be done after all."""
    return _done(who, id, holding.send_back, taken.reason)


def _done(visit: Visit, id_: str, use_case: Callable[..., None], *said: str) -> AssignmentInFullGiven:
    visit.desk.commit(visit.actor, use_case, id_, *said)
    return visit.desk.look(_in_full, visit, id_)


def _in_full(look: Look, visit: Visit, id_: str) -> AssignmentInFullGiven:
    words = Words(visit.desk, look, visit)
    view = work.assignment(look, id_)
    text = words.step_text(view.playbook, view.step)
    return AssignmentInFullGiven.model_validate(
        {
            **words.assignment_fields(view),
            "instruction": text.instruction,
            "choices": [
                ChoiceGiven(code=one.code, text=text.choices.get(one.code, one.code), needs_reason=one.needs_reason)
                for one in view.choices
            ],
            "fields": [_field(view, name, text.fields.get(name, name)) for name in view.fields],
            "shown": work.step_values(look, view.run, view.showing) if view.run else {},
            "call": _call(look, visit.actor, view),
            "candidates": _candidates(look, visit, words, view),
        }
    )


def _candidates(look: Look, visit: Visit, words: Words, view: AssignmentView) -> list[CandidateGiven]:
    """Whom it may be handed to; only for those who act on steps at all."""
    if view.closed_at is not None or not may(visit.actor, Permission.ANSWER_STEP):
        return []
    return [CandidateGiven(id=one.id, name=words.name.person(one.id)) for one in holding.candidates(look, view.id)]


def _field(view: AssignmentView, name: str, text: str) -> FieldGiven:
    one = next((one for one in view.form if one.name == name), FormField(name))
    return FieldGiven.model_validate({**one.to_plain(), "text": text})


def _call(look: Look, actor: Actor, view: AssignmentView) -> CallGiven | None:
    """Whom to phone; only for those who may."""
    if not view.delivery or not may(actor, Permission.FILL_CALL_SHEET):
        return None
    calls = work.deliveries(look, ids=[view.delivery])
    return CallGiven.model_validate(calls[0]) if calls else None
