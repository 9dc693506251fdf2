"""状況一覧: what is open, what is due, and what waits for the reader."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup

from csirt.model.incident import IncidentStatus, IncidentType, Level
from csirt.web.views.frame import Window
from csirt.web.views.shifts import ShiftNote


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """One large figure of the board: `code` names it (`board.count.…`), `href` leads to what was counted."""

    code: str
    number: int
    href: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentRow:
    """One line of the board."""

    id: str
    fiscal_year: int
    ordinal: int
    title: str
    type: IncidentType
    level: Level | None
    proposed_level: Level
    status: IncidentStatus
    opened_at: datetime
    waiting_for: tuple[str, ...] = ()
    waiting_since: datetime | None = None
    due: datetime | None = None
    duty: str = ""
    duty_due: datetime | None = None
    sample: bool = False
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Urgent:
    """Something that is due within the hour, or overdue: what, of which case, and for whom it waits."""

    what: str
    href: str
    number: str
    incident_title: str
    at: datetime
    who: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Months:
    """Cases a month: the rows of the table, oldest first, and the same as a picture of our own making."""

    rows: tuple[tuple[str, int], ...]
    picture: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """状況一覧. `everything`: closed cases are listed as well; `levels`: the open cases of each level."""

    template: ClassVar[str] = "board.html"
    counts: tuple[Count, ...]
    incidents: tuple[IncidentRow, ...]
    window: Window | None = None
    may_open: bool = True
    broken: tuple[str, ...] = ()  # parts of the desk that are down
    silent: tuple[str, ...] = ()
    urgent: tuple[Urgent, ...] = ()
    levels: tuple[tuple[Level, int], ...] = ()
    months: Months | None = None
    everything: bool = False
    shift_notes: tuple[ShiftNote, ...] = ()  # what the last shift left, until somebody has seen it
