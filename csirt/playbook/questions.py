"""The verbs that ask a person: a question is opened once, and replayed with its answer from then on."""

from dataclasses import replace
from datetime import datetime

from csirt.errors import Awaiting
from csirt.model.people import Role
from csirt.model.step import Answer, StepState
from csirt.playbook.place import Place
from csirt.response import assignments
from csirt.response.assignments import Question
from csirt.response.runs import RecordedStep


def party_of(who: Role | str) -> str:
    """A role or a post as assignments name it."""
    return f"role:{who.value}" if isinstance(who, Role) else who


def ask(place: Place, question: Question) -> Answer:
    """The answer of a question whose `at` has its key already; rests while there is none."""
    step = place.recorded(question.at.key, question.kind)
    if step and step.state is not StepState.OPEN:
        return answer_of(step)
    if step is None:
        asked = replace(question, not_by=place.keys(question.not_by), showing=place.keys(question.showing))
        place.commit(assignments.open_for, asked)
    raise Awaiting(question.at.key)


def answer_of(step: RecordedStep) -> Answer:
    """The recorded answer of a step that was asked."""
    value = step.value if isinstance(step.value, dict) else {"choice": step.state.value}
    fields = value.get("fields")
    at = value.get("at")
    return Answer(
        choice=str(value.get("choice", "")),
        reason=str(value.get("reason") or ""),
        fields=fields if isinstance(fields, dict) else {},
        by=str(value.get("by") or ""),
        at=datetime.fromisoformat(at) if isinstance(at, str) else None,
        defaulted=value.get("defaulted") is True,
    )
