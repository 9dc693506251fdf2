"""What the API takes and gives of measures and reviews."""

from datetime import date, datetime
from typing import Literal

from csirt.web.api.shapes import Code, Day, Given, Taken, Text


class MeasureTaken(Taken):
    """A measure against recurrence; `owner` is a post."""

    text: Text
    owner: Code
    due: Day


class MeasureChangeTaken(Taken):
    """Another owner or due date of an open measure."""

    owner: Code
    due: Day
    reason: Text


class MeasureEndTaken(Taken):
    """How a measure ended; `reason` says what was done, or why it was dropped."""

    state: Literal["done", "dropped"]
    reason: Text = ""


class MeasureCheckTaken(Taken):
    """What a look at the effect of a measure found."""

    effective: bool
    found: Text


class MeasureGiven(Given):
    """A measure with its texts."""

    id: str
    incident: str
    number: str
    text: str
    owner: str
    owner_name: str
    due: date
    state: str
    created_at: datetime
    ended_at: datetime | None
    ended_text: str
    checked_at: datetime | None
    effect: str
    remind_at: datetime | None


class ReviewTaken(Taken):
    """What the review of a closed incident found."""

    held_on: Day
    well: Text
    cause: Text
    badly: Text = ""
    lessons: Text = ""


class ReviewGiven(Given):
    """One version of a review."""

    version: int
    held_on: date
    well: str
    badly: str
    cause: str
    lessons: str
    by: str
    at: datetime


class VersionGiven(Given):
    """The number of the version that was recorded."""

    version: int
