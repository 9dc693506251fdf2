"""What the API takes and gives about one step that waits for a person."""

from typing import Any

from csirt.model.form import FormKind
from csirt.web.api.shapes import AssignmentGiven, Given, Taken, Text


class StepSetAsideTaken(Taken):
    """Why a step is skipped or cancelled."""

    reason: Text


class ChoiceGiven(Given):
    """One way to answer."""

    code: str
    text: str
    needs_reason: bool


class FieldGiven(Given):
    """One field of an answer's form."""

    name: str
    text: str
    kind: FormKind
    required: bool
    options: list[str]
    least: int | None
    most: int | None


class CallGiven(Given):
    """Whom to phone, for a call sheet."""

    party: str
    name: str
    channel: str
    address: str


class AssignmentInFullGiven(AssignmentGiven):
    """An assignment with its texts, what is shown with it, and its answer once it has one."""

    instruction: str
    choices: list[ChoiceGiven]
    fields: list[FieldGiven]
    not_by: list[str]
    shown: dict[str, Any]
    answer: Any
    call: CallGiven | None
