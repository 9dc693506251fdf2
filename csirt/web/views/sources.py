"""検知元: what sends detections, and how each source is."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from csirt.model.source import FLOOD_FROM, PER_MINUTE, Way


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
