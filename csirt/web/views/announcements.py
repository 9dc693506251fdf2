"""広報: what is to be said in public of an incident, where it was said, and calls to the hotline."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from csirt.model.announcement import AnnouncementState
from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRow:
    """Said on one outlet."""

    outlet: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementRow:
    """One announcement. `may_…` says which forms stand below it."""

    id: str
    number: int
    state: AnnouncementState
    title: str = ""
    body: str = ""
    plain: str = ""
    qa: str = ""
    ground: str = ""
    reason: str = ""
    drafted_by: str = ""
    drafted_at: datetime
    decided_by: str = ""
    decided_at: datetime | None = None
    releases: tuple[ReleaseRow, ...] = ()
    may_decide: bool = False
    may_release: bool = False
    form: Form = EMPTY_FORM
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementPage:
    """公表・広報."""

    template: ClassVar[str] = "announcements.html"
    id: str
    fiscal_year: int
    ordinal: int
    title: str
    rows: tuple[AnnouncementRow, ...] = ()
    outlets: tuple[Option, ...] = ()
    grounds: tuple[Option, ...] = ()
    calls: tuple[tuple[date, int], ...] = ()
    calls_sum: int = 0
    may_draft: bool = False
    may_withhold: bool = False
    drill: bool = False
    draft_form: Form = EMPTY_FORM
    withhold_form: Form = EMPTY_FORM
    calls_form: Form = EMPTY_FORM
