"""Reports of an incident: the list with the form to draft one, and the page of one draft."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.model.approval import ReportState
from csirt.model.report import Trust
from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRow:
    """One draft in short. `waits_for` are posts in words; `paper_due` and `review_due` are what is still to come."""

    id: str
    title: str
    form: str
    revision: int
    state: ReportState
    at: datetime
    by: str
    missing: int
    waits_for: tuple[str, ...] = ()
    sent_at: datetime | None = None
    paper_due: bool = False
    review_due: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FormOption:
    """A form that may be drafted now: `value` is form and kind, `served` the open duties that it would meet."""

    value: str
    label: str
    edition: str
    served: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportList:
    """報告書の一覧."""

    template: ClassVar[str] = "reports.html"
    id: str
    fiscal_year: int
    ordinal: int
    title: str
    rows: tuple[ReportRow, ...]
    forms: tuple[FormOption, ...] = ()
    form: Form = EMPTY_FORM
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LineRow:
    """One field of a draft."""

    label: str
    text: str
    trust: Trust
    source: str
    required: bool
    missing: bool
    changed: bool
    before: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionRow:
    """A heading with its fields."""

    title: str
    lines: tuple[LineRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StampRow:
    """One stamp, given or still to come (then without `at`). `by` wrote it down, where that was somebody else."""

    act: str
    post: str
    name: str = ""
    at: datetime | None = None
    by: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingRow:
    """One time that it went out, or its message that lies in the outbox."""

    addressee: str
    channel: str
    at: datetime | None
    acknowledged_at: datetime | None
    receipt: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What this reader may do to the draft now."""

    consent: bool = False
    decide: bool = False
    send_back: bool = False
    oral: bool = False
    review: bool = False
    send: bool = False
    own_draft: bool = False  # four eyes: they drafted it


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One draft of one report. `sections` is empty once its texts were erased."""

    template: ClassVar[str] = "report.html"
    id: str
    incident: str
    fiscal_year: int
    ordinal: int
    title: str
    form_label: str
    edition: str
    edition_source: str
    revision: int
    state: ReportState
    sha256: str
    sections: tuple[SectionRow, ...]
    stamps: tuple[StampRow, ...]
    sendings: tuple[SendingRow, ...]
    missing: tuple[str, ...] = ()
    waits_for: tuple[str, ...] = ()
    paper_due: bool = False
    review_due: bool = False
    newer: str = ""  # the draft that took its place
    may: Allowed = Allowed()
    deciders: tuple[Option, ...] = ()
    duties: tuple[Option, ...] = ()
    offices: tuple[Option, ...] = ()
    channels: tuple[Option, ...] = ()
    mail_channels: tuple[Option, ...] = ()
    official: tuple[Option, ...] = ()
    stamp_form: Form = EMPTY_FORM
    return_form: Form = EMPTY_FORM
    oral_form: Form = EMPTY_FORM
    send_form: Form = EMPTY_FORM
    mail_form: Form = EMPTY_FORM
    drill: bool = False
