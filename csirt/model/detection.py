"""A detection: one sensor's or person's report, whatever its format was."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Detection:
    """What a reader understood of one record.

    `severity_native` is in the source's own words; `level` is ours (0 to 4). `time_raw` is as written, `time_utc` is
    None where the source gives no offset. `category` is the source's own class. `state` is what a source may change
    about a report that keeps its id (its severity, its verdict). `observables` maps a kind (`sha256`, `domain`, `url`,
    …) to values.
    """

    format: str
    title: str
    severity_native: str
    level: int
    id: str | None = None
    time_raw: str | None = None
    time_utc: datetime | None = None
    src_ip: str | None = None
    dst_ip: str | None = None
    host: str | None = None
    user: str | None = None
    category: str | None = None
    signature: str | None = None
    state: str | None = None
    observables: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NotADetection:
    """A record that was read but reports no event worth a case: a flow, an audit row, a passed check."""

    format: str
    why: str


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A record that could not be read: stable code, and a reason that names the place, never the content."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One record of an input: its index (from 0), its bytes as they arrived, and what a reader made of it."""

    index: int
    raw: bytes
    result: Detection | NotADetection | Unreadable


def fingerprint(detection: Detection) -> str:
    """What makes two detections the same event seen again: 32 hex digits.

    The source's own id, or the instant where it has none, goes in, so that two events of one kind stay two; how often
    the sensor repeats itself does not. A report whose `state` has changed under the same id is told again.
    """
    parts = (
        detection.format,
        detection.signature or detection.title,
        detection.src_ip or "",
        detection.dst_ip or "",
        detection.host or "",
        detection.user or "",
        detection.id or detection.time_raw or "",
        *((detection.state,) if detection.state else ()),
    )
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]
