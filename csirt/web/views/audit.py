"""監査: the record, read through a filter, and what checking it found."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from csirt.web.views.frame import EMPTY_FORM, NOTHING, Fact, Form, Option, Window


class Verdict(StrEnum):
    """What checking the record found."""

    INTACT = "intact"
    BROKEN = "broken"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """The last check of the record: up to which entry, under which root, against how many earlier `checkpoints`.

    `bad_seq` is the first entry that failed, `why` the code of the reason.
    """

    verdict: Verdict
    at: datetime | None = None
    size: int = 0
    root: str = ""
    bad_seq: int | None = None
    why: str = ""
    checkpoints: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One entry of the record, told in `what`; `details` are captions and values, as far as the reader may see them."""

    seq: int
    href: str
    at: datetime
    kind: str
    who: str
    incident: str = ""
    incident_href: str = ""
    step: str = ""
    what: str = ""
    details: tuple[Fact, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """監査. Filters (GET): `incident`, `kind`, `person`, `step`, `since`, `until`.

    `exports` maps a format to its address; `timelines` the same for the incident that is filtered for.
    """

    template: ClassVar[str] = "audit.html"
    rows: tuple[AuditRow, ...]
    window: Window
    verification: Verification
    kinds: tuple[str, ...] = ()
    people: tuple[Option, ...] = ()
    steps: tuple[Option, ...] = ()
    form: Form = EMPTY_FORM
    exports: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    timelines: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    read_only: bool = False
