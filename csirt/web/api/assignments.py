"""Assignments: what waits for whom, one in full, and its answer."""

from typing import Annotated

from fastapi import APIRouter, Query

from csirt.model.authority import Permission, may
from csirt.model.form import FormField
from csirt.model.people import Actor
from csirt.response import assignments
from csirt.response.assignments import Reply
from csirt.store.queries import work
from csirt.store.queries.cases import resolve_incident
from csirt.store.queries.work import AssignmentView
from csirt.store.tx import Look
from csirt.web.api.shapes import AnswerTaken, AssignmentGiven
from csirt.web.api.step_shapes import AssignmentInFullGiven, CallGiven, ChoiceGiven, FieldGiven
from csirt.web.api.words import Words
from csirt.web.session import IncidentReader, SignedIn, Visit

router = APIRouter(prefix="/assignments", tags=["assignments"])


def parties_of(actor: Actor) -> list[str]:
    """The parties that an actor stands for: their roles and posts, as assignments name them."""
    return [f"role:{role.value}" for role in sorted(actor.roles)] + [f"post:{post}" for post in sorted(actor.posts)]


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
        }
    )


def _field(view: AssignmentView, name: str, text: str) -> FieldGiven:
    one = next((one for one in view.form if one.name == name), FormField(name))
    return FieldGiven.model_validate({**one.to_plain(), "text": text})


def _call(look: Look, actor: Actor, view: AssignmentView) -> CallGiven | None:
    """Whom to phone; only for those who may."""
    if not view.delivery or not may(actor, Permission.FILL_CALL_SHEET):
        return None
    calls = work.deliveries(look, ids=[view.delivery])
    return CallGiven.model_validate(calls[0]) if calls else None
