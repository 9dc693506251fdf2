"""検索: what was found, by kind, the newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.model.incident import IncidentStatus, IncidentType, Level
from csirt.web.views.frame import EMPTY_FORM, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundCase:
    """A case that was found by its title or its account."""

    href: str
    number: str
    title: str
    type: IncidentType
    level: Level | None
    proposed_level: Level
    status: IncidentStatus
    opened_at: datetime
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundText:
    """A remark or a detection; `number` and `href` are empty for a detection without a case."""

    text: str
    at: datetime
    who: str = ""
    host: str = ""
    number: str = ""
    title: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPage:
    """Fields: `q`. `most` is how many of each kind are shown; `asked`: something was searched for."""

    template: ClassVar[str] = "found.html"
    form: Form = EMPTY_FORM
    asked: bool = False
    incidents: tuple[FoundCase, ...] = ()
    notes: tuple[FoundText, ...] = ()
    detections: tuple[FoundText, ...] = ()
    most: int = 25
