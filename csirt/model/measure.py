"""Recurrence prevention (再発防止策): it has an owner and a due date, and outlives its incident."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class MeasureState(StrEnum):
    """Where a measure stands."""

    OPEN = "open"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Measure:
    """One measure. `owner` is a post; `text` is opened from the vault."""

    id: str
    incident: str
    text: str
    owner: str
    due: date
    state: MeasureState
    created_at: datetime
    ended_at: datetime | None = None
