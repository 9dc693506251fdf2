"""What the API takes and gives about one step that waits for a person."""

from typing import Annotated, Any

from pydantic import Field

from csirt.model.form import FormKind
from csirt.web.api.shapes import AssignmentGiven, Given, Taken, Text

PersonId = Annotated[str, Field(max_length=64)]


class StepSetAsideTaken(Taken):
    """Why a step is skipped or cancelled."""

    reason: Text


class ClaimTaken(Taken):
    """A claim; `instead_of` is from whom it is taken over, as the caller saw it."""

    instead_of: PersonId = ""


class HandOverTaken(Taken):
    """To whom an assignment is handed, with a note."""

    to: PersonId
    note: Text = ""


class ReasonTaken(Taken):
    """Why something cannot be done, or how it can after all."""

    reason: Text


class CandidateGiven(Given):
    """Somebody whom an assignment may be handed to."""

    id: str
    name: str


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
    handed_by: str | None
    handed_note: str
    referred_by: str | None
    referred_reason: str
    candidates: list[CandidateGiven]
