"""Who may read a sealed incident, and the form of break-glass."""

from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from csirt.web.views.frame import EMPTY_FORM, Form, Option


@dataclass(frozen=True, slots=True, kw_only=True)
class SealReader:
    """A reader of a sealed incident, with who named them."""

    person: str
    name: str
    named_by: str
    named_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """Somebody who opened it without having been named."""

    name: str
    at: datetime
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """The page of a seal. `people` are those who may be named; fields: `act`, `person`, `reason`.

    `missing` are roles that an open step waits for and that no reader has.
    """

    template: ClassVar[str] = "seal.html"
    incident_id: str
    incident: str
    title: str
    drill: bool = False
    sealed: bool = False
    sealed_by: str = ""
    sealed_at: datetime | None = None
    readers: tuple[SealReader, ...] = ()
    openings: tuple[Opening, ...] = ()
    people: tuple[Option, ...] = ()
    may: bool = False
    missing: tuple[str, ...] = ()
    form: Form = EMPTY_FORM


@dataclass(frozen=True, slots=True, kw_only=True)
class Glass:
    """Break-glass. Fields: `incident`, `reason`."""

    template: ClassVar[str] = "glass.html"
    form: Form = EMPTY_FORM
