"""The page that a link in a message leads to: one call, and "I have seen it"."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.model.incident import IncidentType, Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """Somebody who has acknowledged: their post or office, and when."""

    name: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """A call as its addressee sees it without signing in: number, level and type, nothing of what happened.

    `mine` is when they said that they have seen it. `over`: nobody is called any more. `may_read`: they have pages of
    ours to read on.
    """

    template: ClassVar[str] = "acknowledge.html"
    token: str
    number: str
    called_as: str
    level: Level
    type: IncidentType
    called_at: datetime
    step: str = ""
    due: datetime | None = None
    mine: datetime | None = None
    others: tuple[Heard, ...] = ()
    over: bool = False
    expired: bool = False
    href: str = ""
    drill: bool = False
    sealed: bool = False  # then the page says no level, no type, no step
