"""What the API takes and gives of reports to the authorities."""

from datetime import date, datetime

from csirt.model.approval import Act, ReportState
from csirt.model.report import Trust
from csirt.web.api.shapes import Code, Given, Line, Moment, Taken, Text


class DraftTaken(Taken):
    """Which form, and what the report is to be on it (`preliminary`, `final`); empty: the form's first."""

    form: Code
    kind: str = ""


class OpinionTaken(Taken):
    """A stamp, with an opinion or none."""

    text: str = ""


class ReturnTaken(Taken):
    """Why a draft goes back."""

    reason: Text


class OralTaken(Taken):
    """Who said yes (an opaque id), how, and when; empty: now."""

    who: Code
    text: Text
    at: Moment | None = None


class SendingTaken(Taken):
    """A report that a person sent: for a duty, to an office, or both."""

    duty: str = ""
    office: str = ""
    channel: Code
    at: Moment
    acknowledged_at: Moment | None = None
    receipt: Line = ""


class DispatchTaken(Taken):
    """An office that reads mail, on `mail` or `lgwan-mail`, and the duty that is met by it."""

    duty: str = ""
    office: Code
    channel: Code


class FormEditionGiven(Given):
    """An edition of a form."""

    name: str
    valid_from: date
    valid_to: date | None
    source: str


class FormKindGiven(Given):
    """What a report on a form may be."""

    code: str
    label: str
    duties: list[str]


class FormFieldGiven(Given):
    """One field. `trust`: how surely it stands so in the original."""

    name: str
    label: str
    trust: Trust
    source: str
    facts: list[str]
    required: bool
    editions: list[str]
    kinds: list[str]


class FormGiven(Given):
    """One form."""

    id: str
    label: str
    types: list[str]
    editions: list[FormEditionGiven]
    kinds: list[FormKindGiven]
    fields: list[FormFieldGiven]


class OfficialGiven(Given):
    """An official form of the city: `name` is that of its mapping file, `file` that of the form."""

    name: str
    title: str
    file: str


class ReportLineGiven(Given):
    """One field in words. `before` is what it said in the report before, where it says something else now."""

    field: str
    section: str
    label: str
    text: str
    trust: Trust
    source: str
    required: bool
    missing: bool
    changed: bool
    before: str


class StampGiven(Given):
    """One stamp. `person` gave it, `by` recorded it."""

    act: Act
    post: str
    person: str
    person_name: str
    at: datetime
    by: str
    text: str


class SendingGiven(Given):
    """One time that it went out. `sent_at` is empty while its message lies in the outbox."""

    id: str
    duty: str | None
    addressee: str
    channel: str
    delivery: str | None
    sent_at: datetime | None
    acknowledged_at: datetime | None
    receipt: str
    by: str


class ReportGiven(Given):
    """One draft of one report: 第`number`報, its `revision`-th draft. `lines` is empty once its texts were erased."""

    id: str
    incident: str
    form: str
    edition: str
    kind: str
    number: int
    revision: int
    title: str
    state: ReportState
    sha256: str
    council: list[str]
    decider: str
    waits_for: list[str]
    waits_for_review: bool
    drafted_by: str
    drafted_by_name: str
    drafted_at: datetime
    sent_at: datetime | None
    lines: list[ReportLineGiven]
    missing: list[str]
    stamps: list[StampGiven]
    sendings: list[SendingGiven]
