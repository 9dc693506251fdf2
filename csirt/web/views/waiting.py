"""判断待ち: detections that opened no incident by themselves, and records that could not be read."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.model.incident import IncidentType, Level
from csirt.web.views.frame import EMPTY_FORM, Form, Hint, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingRow:
    """Detections of one host that wait for a decision; `key` names them all and is what the form sends back."""

    key: str
    at: datetime
    title: str
    level: Level
    type: IncidentType
    format: str
    host: str = ""
    repeats: int = 1
    asset: str = ""
    observables: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()  # why they are one group
    candidates: tuple[Hint, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineRow:
    """One record that could not be read: why (an error code), and where in the input."""

    at: datetime
    code: str
    place: str
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Decisions and quarantine.

    Fields: `detection` (several), `choice` (`open`, `join`, `dismiss`), `title`, `type`, `incident`, `reason`. `chosen`
    holds the keys that were ticked when a form came back with errors; `cases` are those that may take them in.
    """

    template: ClassVar[str] = "waiting.html"
    rows: tuple[WaitingRow, ...]
    quarantine: tuple[QuarantineRow, ...] = ()
    may_decide: bool = False
    may_retry: bool = False
    form: Form = EMPTY_FORM
    chosen: frozenset[str] = frozenset()
    types: tuple[IncidentType, ...] = tuple(IncidentType)
    cases: tuple[Option, ...] = ()
