"""検知元: what sends detections, and how each source is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from csirt.model.source import FLOOD_FROM, PER_MINUTE, Way
from csirt.response.trials import Fate
from csirt.trying import Trial
from csirt.web.views.frame import EMPTY_FORM, Form


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceRow:
    """One source: who answers for it, when it was heard last, what came in 24 hours, what is agreed with it.

    `silent_since`: it is missed.
    """

    name: str
    owner: str
    way: Way
    last_seen: datetime | None = None
    silent_since: datetime | None = None
    records: int = 0
    detections: int = 0
    quarantined: int = 0
    tokens: int = 0
    per_minute: int = PER_MINUTE
    flood_from: int = FLOOD_FROM
    silent_after: timedelta | None = None
    ignore_fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceList:
    """All declared sources."""

    template: ClassVar[str] = "sources.html"
    rows: tuple[SourceRow, ...]
    may_try: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedRow:
    """One record (`index` from 1) and, in words, what would become of it. `own_level`: before the asset raised it."""

    index: int
    fate: Fate
    text: str
    title: str = ""
    attacked: str = ""
    host: str = ""  # the same for people: empty where no host is known
    level: int = 0
    own_level: int | None = None
    asset: str = ""
    fingerprint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceTrial:
    """試し読み: fields `record` and `file`; after something was sent, what would become of it. `more`: not shown."""

    template: ClassVar[str] = "source_trial.html"
    name: str
    form: Form = EMPTY_FORM
    trial: Trial | None = None
    rows: tuple[TriedRow, ...] = ()
    more: int = 0
