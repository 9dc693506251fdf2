"""管理: the overview for administrators, channels, directory and calendar."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from csirt.directory.probing import Probe
from csirt.web.views.frame import EMPTY_FORM, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One thing to look after: its text code, where its page is, how it stands in words, and whether all is well."""

    code: str
    href: str
    said: str
    is_well: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Administration:
    """Everything to look after, in one list."""

    template: ClassVar[str] = "administration.html"
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelRow:
    """One way out of the house. `state` is empty where nothing was sent yet; `mine`: the reader's own address on it."""

    name: str
    to: str
    state: str = ""
    since: datetime | None = None
    why: str = ""
    mine: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """What came of a test: the channel, and the code of the error or nothing; `reply` is the server's."""

    channel: str
    code: str = ""
    reply: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """All channels, and what came of the test just made."""

    template: ClassVar[str] = "channels.html"
    rows: tuple[ChannelRow, ...]
    tested: Tested | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryPage:
    """Which directory is in use, and what a test found: each server, and what the mapping gives, by label and value.

    Field: `uid`, empty for everybody.
    """

    template: ClassVar[str] = "directory.html"
    name: str
    probes: tuple[Probe, ...] | None = None
    found: tuple[tuple[str, str], ...] = ()
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeDay:
    """A day on which the city hall is closed: its name, and the code of where that comes from."""

    day: date
    name: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPage:
    """Office hours and closed days; `year_end` is the closure in words, `next_opening` now if it is open."""

    template: ClassVar[str] = "calendar.html"
    opens: str
    closes: str
    year_end: str
    is_open: bool
    next_opening: datetime
    days: tuple[FreeDay, ...]
    covered: tuple[int, int] | None
    source: str
    wants_renewal: bool
