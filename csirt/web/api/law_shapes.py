"""What the API takes and gives of facts and duties."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from csirt.model.duty import DutyState
from csirt.model.fact import FactKind, FactSource, FactState
from csirt.model.incident import Disposition, IncidentType, Level
from csirt.web.api.shapes import Code, Given, Line, Moment, Taken, Text


class FactTaken(Taken):
    """One statement. `value` is a code, a count, an instant (ISO 8601), several codes, or a text, as the fact asks."""

    fact: Code
    state: FactState
    value: int | Text | list[Code] | None = None
    source: FactSource = FactSource.STAFF
    at: Moment | None = None


class FactsTaken(Taken):
    """What is known."""

    facts: Annotated[list[FactTaken], Field(min_length=1, max_length=100)]


class FactGiven(Given):
    """One version of one fact, with the words of the reader's language."""

    fact: str
    label: str
    version: int
    state: FactState
    state_text: str
    value: int | str | list[str] | None
    value_text: str
    source: FactSource
    source_text: str
    at: datetime
    by: str
    by_name: str
    stated_at: datetime


class FactOptionGiven(Given):
    """One code that a fact may have."""

    code: str
    label: str


class FactDefinitionGiven(Given):
    """One fact of the catalogue."""

    name: str
    group: str
    kind: FactKind
    label: str
    hint: str
    unit: str
    options: list[FactOptionGiven]
    valid_from: str
    source: str


class StatedGiven(Given):
    """How many statements said something new."""

    stated: int


class ReportTaken(Taken):
    """A report that went out to the addressee of a duty."""

    channel: Code
    at: Moment
    acknowledged_at: Moment | None = None
    receipt: Line = ""


class WaiverTaken(Taken):
    """A decision against a duty."""

    reason: Text


class LevelTaken(Taken):
    """A level that a post sets."""

    level: Level
    reason: Text


class TypeTaken(Taken):
    """What kind of case it is, said by a person."""

    type: IncidentType
    reason: Text


class ClosingTaken(Taken):
    """How a case ended that no playbook led."""

    disposition: Disposition
    reason: Text


class DutyReportGiven(Given):
    """One report."""

    id: str
    version: int
    addressee: str
    channel: str
    sent_at: datetime
    acknowledged_at: datetime | None
    receipt: str
    by: str


class DutyGiven(Given):
    """One duty: until when, why, on what rule. `uncertain`: the rule is to be verified, `doubt` says what."""

    id: str
    incident: str
    rule: str
    label: str
    addressee: str
    binding: str
    basis: str
    edition: str
    state: DutyState
    reasons: list[str]
    reason_codes: list[str]
    uncertain: bool
    doubt: str
    clock: datetime | None
    target_day: date | None
    last_day: date | None
    due_at: datetime | None
    arose_at: datetime
    ended_at: datetime | None
    reason: str
    waived_by: str
    in_charge: str
    remind_at: datetime | None
    reports: list[DutyReportGiven]


class UpcomingGiven(Given):
    """A rule that is decided and not yet in force."""

    id: str
    label: str
    start: date | None
    latest: date | None
    source: str
