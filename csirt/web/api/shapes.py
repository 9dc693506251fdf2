"""What the API takes and gives. Inputs name every field and refuse others; outputs are apart from what is stored."""

from datetime import UTC, date, datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from csirt.model.incident import Disposition, IncidentStatus, IncidentType, Level
from csirt.model.step import StepKind, StepState

Line = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=10_000)]
Code = Annotated[str, StringConstraints(max_length=64)]
Key = Annotated[int, Field(ge=0, lt=2**63)]
# What a calendar of ours can hold and show; beyond that it is a slip of the pen.
Moment = Annotated[AwareDatetime, Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2200, 1, 1, tzinfo=UTC))]
Day = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2200, 1, 1))]
Scalar = str | int | float | bool | None


class Taken(BaseModel):
    """An input."""

    model_config = ConfigDict(extra="forbid", strict=False, frozen=True, allow_inf_nan=False)


class Given(BaseModel):
    """An output; made from any value with the same attributes."""

    model_config = ConfigDict(from_attributes=True, frozen=True)


# ------------------------------------------------------------------------------------------------------------- inputs


class SignInTaken(Taken):
    """Who signs in."""

    uid: Annotated[str, StringConstraints(min_length=1, max_length=256)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]
    language: Literal["ja", "en"] | None = None
    code: Annotated[str, StringConstraints(max_length=20)] = ""  # of the second factor


class ReportTaken(Taken):
    """What a person says happened."""

    title: Line
    type: IncidentType = IncidentType.UNDECIDED
    channel: Literal["phone", "counter", "staff", "mail"] = "phone"
    account: Text = ""
    host: Line = ""
    personal_data: Literal["yes", "no", "unknown"] = "unknown"
    occurred: Moment | None = None
    noticed: Moment | None = None
    drill: bool = False
    sealed: bool = False
    readers: list[Code] = Field(default=[], max_length=50)


class NoteTaken(Taken):
    """A remark."""

    text: Text


class AnswerTaken(Taken):
    """The answer to an assignment."""

    choice: Code
    reason: Text = ""
    fields: dict[Code, Scalar] = Field(default_factory=dict, max_length=50)


class WaitingOpenTaken(Taken):
    """Detections that are to become an incident."""

    keys: list[Key] = Field(min_length=1, max_length=500)
    title: Line = ""
    type: IncidentType = IncidentType.UNDECIDED


class WaitingJoinTaken(Taken):
    """Detections that belong to an open incident."""

    keys: list[Key] = Field(min_length=1, max_length=500)
    incident: Line


class WaitingIgnoreTaken(Taken):
    """Detections that need no incident."""

    keys: list[Key] = Field(min_length=1, max_length=500)
    reason: Text


# ------------------------------------------------------------------------------------------------------------ outputs


class ErrorGiven(Given):
    """An error: its stable code, its parameters, and a sentence in the reader's language."""

    error: str
    params: dict[str, Scalar]
    message: str


class PersonGiven(Given):
    """Who is signed in."""

    id: str
    uid: str
    name: str
    title: str
    roles: list[str]
    posts: list[str]


class SessionGiven(Given):
    """A session; unsafe requests carry `csrf` in the header `X-CSRF-Token`."""

    person: PersonGiven
    csrf: str
    language: str


class AcceptedGiven(Given):
    """What became of the records of an input. The four below add up to `records`."""

    records: int
    detections: int
    duplicates: int
    not_detections: int
    quarantined: int


class ClocksGiven(Given):
    """発生 occurred, 発覚 noticed, 知った known, 受付 received."""

    received: datetime
    occurred: datetime | None
    noticed: datetime | None
    known: datetime | None


class IncidentGiven(Given):
    """An incident. `number` is how people call it; `level` is None until it is set."""

    id: str
    number: str
    fiscal_year: int
    ordinal: int
    title: str
    type: IncidentType
    status: IncidentStatus
    level: Level | None
    proposed_level: Level
    clocks: ClocksGiven
    opened_by: str
    opened_by_name: str
    playbook: str | None
    playbook_version: int | None
    disposition: Disposition | None
    closed_at: datetime | None
    sample: bool
    drill: bool
    merged_into: str | None


class MergeTaken(Taken):
    """Into which incident, by its id or number, and why."""

    into: Line
    reason: Text


class UnmergeTaken(Taken):
    """Why a merge is undone."""

    reason: Text


class AssignmentGiven(Given):
    """A step that waits for a person, or waited. `may_answer`: may the reader, as far as role and post go?"""

    id: str
    incident: str
    number: str
    step: str
    title: str
    kind: StepKind
    who: str
    who_name: str
    opened_at: datetime
    due_at: datetime | None
    closed_at: datetime | None
    answered_by: str | None
    choice: str | None
    may_answer: bool
    text: str
    necessary: bool
    taken_by: str | None
    taken_by_name: str
    taken_at: datetime | None
    referred_from: str | None


class StepGiven(Given):
    """One step of a run."""

    key: str
    title: str
    kind: StepKind
    state: StepState
    branch: str
    mandatory: bool
    attempts: int
    opened_at: datetime
    ended_at: datetime | None
    value: Any
    assignment: str | None


class IncidentInFullGiven(IncidentGiven):
    """An incident with the steps of its run and the assignments that stand open."""

    steps: list[StepGiven]
    assignments: list[AssignmentGiven]


class EntryGiven(Given):
    """One entry of the record; `text` says it in the reader's language."""

    seq: int
    at: datetime
    kind: str
    incident: str | None
    step: str | None
    actor: str
    actor_name: str
    text: str
    out: dict[str, Any]


class DeliveryGiven(Given):
    """One call. The address is not given here; a call sheet has it."""

    id: str
    route: str | None
    tier: int | None
    channel: str
    party: str
    name: str
    state: str
    attempts: int
    queued_at: datetime
    finished_at: datetime | None
    acknowledged_at: datetime | None


class EscalationGiven(Given):
    """A chain that is climbed, or was. `called_me`: may the reader acknowledge it?"""

    id: str
    incident: str
    step: str
    chain: str
    routes: list[dict[str, Any]]
    started_at: datetime
    next_due: datetime | None
    ended_at: datetime | None
    called_me: bool
    calls: list[DeliveryGiven]


class NoteGiven(Given):
    """A remark."""

    id: str
    text: str
    by: str
    by_name: str
    at: datetime


class CalledForGiven(Given):
    """A chain that the rules call for, `yes` or `perhaps`. `climbs`: how often it was begun for the incident."""

    chain: str
    firing: str
    automatic: bool
    climbs: int
    under_way: bool


class QuarantineGiven(Given):
    """A record that could not be read."""

    id: int
    batch: str
    batch_index: int
    format: str
    code: str
    reason: str
    received_at: datetime


class PostGiven(Given):
    """A post and who holds it today."""

    id: str
    name_ja: str
    name_en: str
    holder: str | None
    holder_name: str | None


class IdGiven(Given):
    """The id of what was made."""

    id: str


class CountGiven(Given):
    """How many were meant."""

    count: int


class SoundnessGiven(Given):
    """What checking the record found; `root` is base64."""

    sound: bool
    size: int
    root: str
    first_bad: int | None
    why: str | None
