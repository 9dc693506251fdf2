"""再発防止策: measures with owner and due date, and the review of a closed case."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from csirt.model.duty import DutyState
from csirt.model.measure import MeasureState
from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureRow:
    """One measure. `incident` is a caption for the list; `may_…` says which forms stand below it."""

    id: str
    text: str
    owner: str
    due: date
    state: MeasureState
    incident: str = ""
    incident_href: str = ""
    ended: str = ""
    effect: str = ""
    checked_by: str = ""
    late: bool = False
    may_end: bool = False
    may_check: bool = False
    key: str = ""
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureList:
    """再発防止策, open ones first by due date. `query` is that of the filter, for the file."""

    template: ClassVar[str] = "measures.html"
    rows: tuple[MeasureRow, ...]
    posts: tuple[Option, ...] = ()
    state: str = ""
    owner: str = ""
    overdue: bool = False
    query: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRow:
    """One version of a review."""

    version: int
    held_on: date
    well: str
    badly: str
    cause: str
    lessons: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MetDuty:
    """A duty as the review looks back on it: until when it was due and when it was met."""

    label: str
    state: DutyState
    last_day: date | None
    ended_at: datetime | None
    late: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage:
    """振り返り: the course of a closed case, and what is learned from it."""

    template: ClassVar[str] = "review.html"
    id: str
    fiscal_year: int
    ordinal: int
    title: str
    course: tuple[tuple[str, datetime], ...]
    duties: tuple[MetDuty, ...] = ()
    measures: tuple[MeasureRow, ...] = ()
    versions: tuple[ReviewRow, ...] = ()
    closed: bool = True
    may_record: bool = False
    drill: bool = False
    form: Form = EMPTY_FORM
