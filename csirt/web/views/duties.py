"""Duties of an incident: the strip on each of its pages, and the page where reports are recorded."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from csirt.model.duty import DutyState
from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One report to an addressee."""

    version: int
    channel: str
    at: datetime
    acknowledged_at: datetime | None
    receipt: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyRow:
    """One duty in words. `due` is the instant at which its last day ends; None where it is "without delay"."""

    id: str
    label: str
    addressee: str
    state: DutyState
    reasons: tuple[str, ...]
    binding: str
    basis: str
    edition: str
    doubt: str = ""
    uncertain: bool = False
    clock: datetime | None = None
    target: date | None = None
    last_day: date | None = None
    due: datetime | None = None
    waived_by: str = ""
    in_charge: str = ""
    reason: str = ""
    reports: tuple[ReportRow, ...] = ()
    drafts: tuple[Option, ...] = ()  # forms to draft a report on; `value` is form and kind
    may_report: bool = False
    may_waive: bool = False
    report_form: Form = EMPTY_FORM
    waive_form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingRow:
    """A rule that is not yet in force."""

    label: str
    start: date | None
    latest: date | None
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyPage:
    """報告等の義務と期限."""

    template: ClassVar[str] = "duties.html"
    id: str
    fiscal_year: int
    ordinal: int
    title: str
    duties: tuple[DutyRow, ...]
    channels: tuple[Option, ...]
    upcoming: tuple[UpcomingRow, ...] = ()
    drill: bool = False
