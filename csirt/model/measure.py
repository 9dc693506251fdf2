"""Recurrence prevention (再発防止策): it has an owner and a due date, and outlives its incident."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class MeasureState(StrEnum):
    """Where a measure stands. Done is not the end: somebody else looks whether it had the effect that was meant."""

    OPEN = "open"
    DONE = "done"
    CHECKED = "checked"  # its effect was confirmed
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class MeasureFilter:
    """Which measures are asked for; empty means all. `overdue`: open ones whose due date lies before `today`."""

    incident: str = ""
    state: MeasureState | None = None
    owner: str = ""
    overdue: bool = False
    today: date = date.min
