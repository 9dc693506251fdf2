"""引継ぎ書: what is open, who is waited for, and what one shift leaves for the next."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.model.incident import Level
from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftNote:
    """A note for the next shift. `may_see`: the reader is somebody else, and may say that they have seen it."""

    id: str
    text: str
    by: str
    at: datetime
    incident: str = ""
    href: str = ""
    may_see: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingLine:
    """A step that waits."""

    title: str
    who: str
    taken_by: str = ""
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DutyLine:
    """A duty that stands open."""

    label: str
    due: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCase:
    """An open incident, as the next shift needs to know it."""

    href: str
    number: str
    title: str
    level: Level | None
    proposed_level: Level
    waiting: tuple[WaitingLine, ...]
    duties: tuple[DutyLine, ...]
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftSheet:
    """The sheet, of one incident or of all that are open. Fields: `incident`, `text`."""

    template: ClassVar[str] = "shift_sheet.html"
    cases: tuple[OpenCase, ...]
    notes: tuple[ShiftNote, ...]
    more: bool = False  # there are more cases than stand here
    may_leave: bool = False
    incidents: tuple[Option, ...] = ()
    form: Form = EMPTY_FORM
