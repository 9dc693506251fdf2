"""Steps that wait for a person: the to-do list, the page of one step, and the call sheet."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from csirt.model.step import StepKind
from csirt.web.views.frame import EMPTY_FORM, Fact, Form, Option, Window
from csirt.web.views.holding import InHand


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentRow:
    """One line of the to-do list. `href` leads to the step page, or to the call sheet for a call."""

    href: str
    title: str
    incident: str
    incident_title: str
    who: str
    opened_at: datetime
    due: datetime | None = None
    kind: StepKind = StepKind.ASK
    drill: bool = False
    taken_by: str = ""
    mine: bool = False  # the reader has it in hand
    referred: bool = False  # somebody below said that it cannot be done


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One escalation that called the reader and waits to be acknowledged."""

    id: str
    about: str
    incident: str
    incident_title: str
    href: str
    at: datetime
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyTodo:
    """One duty that stands open and that the reader's post sees to, or may decide against."""

    label: str
    incident: str
    incident_title: str
    href: str
    in_charge: str
    due: datetime | None = None
    uncertain: bool = False
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignments:
    """自分の作業, in order of deadline, below the calls that wait for "I have seen it"."""

    template: ClassVar[str] = "assignments.html"
    rows: tuple[AssignmentRow, ...]
    calls: tuple[CallRow, ...] = ()
    duties: tuple[DutyTodo, ...] = ()
    duties_window: Window | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerChoice:
    """One way to answer."""

    code: str
    label: str
    needs_reason: bool = False


class FieldKind(StrEnum):
    """How an extra field is asked for."""

    TEXT = "text"
    LONG = "long"
    NUMBER = "number"
    DATE = "date"
    TIME = "datetime-local"
    CHOICE = "choice"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerField:
    """One extra field of a step's form; it is sent as `field.<name>`."""

    name: str
    label: str
    kind: FieldKind = FieldKind.TEXT
    hint: str = ""
    required: bool = False
    options: tuple[Option, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The answer that stands."""

    choice: str
    by: str
    at: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignmentPage:
    """One step that waits for a person. `given` is set once it has its answer; with `conflict`, while one was typed."""

    template: ClassVar[str] = "assignment.html"
    id: str
    incident_id: str
    incident: str
    incident_title: str
    title: str
    who: str
    opened_at: datetime
    choices: tuple[AnswerChoice, ...]
    instruction: str = ""
    facts: tuple[Fact, ...] = ()
    fields: tuple[AnswerField, ...] = ()
    due: datetime | None = None
    form: Form = EMPTY_FORM
    given: Given | None = None
    conflict: bool = False
    may_answer: bool = True
    drill: bool = False
    may_collect: bool = False
    evidence_key: str = ""
    set_aside: str = ""  # where the step is skipped or cancelled, for a reader who may
    hand: InHand | None = None
    step_up: str = ""  # where to prove again who one is, before one may approve


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSheet:
    """A call that a person makes. `script` is the sheet in parts, each a heading and its lines.

    Fields: `choice` (`reached`, `not_reached`), `spoke_with`, `spoke_at`, `number`, `read_back`, `reason`.
    """

    template: ClassVar[str] = "call_sheet.html"
    id: str
    incident_id: str
    incident: str
    party: str
    number: str
    script: tuple[Fact, ...]
    person: str = ""
    due: datetime | None = None
    form: Form = EMPTY_FORM
    given: Given | None = None
    conflict: bool = False
    who: str = ""
    may_answer: bool = True
    drill: bool = False
    hand: InHand | None = None
    same_call: tuple[Option, ...] = ()
