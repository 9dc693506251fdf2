"""Rows of incidents and what belongs to them."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field

from csirt.store.columns import BigId, Row, UtcDateTime, index_of_filled

_NUMBER = ("fiscal_year", "ordinal")


class IncidentRow(Row, table=True):
    """A case. Columns ending in `_c` name a text in the vault."""

    __tablename__ = "incident"
    __table_args__ = (
        Index("ix_incident_number", "fiscal_year", "drill", "ordinal", unique=True),
        # All that the board asks for, and the id: where cases are hidden, each question names it.
        Index("ix_incident_received", "drill", "received", "id"),
        Index("ix_incident_status", "status", "drill", "level", "proposed_level", "received", *_NUMBER, "id"),
        index_of_filled("ix_incident_merged_into", "merged_into"),
    )

    id: str = Field(primary_key=True)
    fiscal_year: int
    ordinal: int
    drill: bool = False
    type: str
    title_c: str
    status: str
    level: int | None = None
    proposed_level: int
    sensed_level: int = 0  # the gravest that a detection, the report or a merged case said
    occurred: datetime | None = Field(default=None, sa_type=UtcDateTime)
    noticed: datetime | None = Field(default=None, sa_type=UtcDateTime)
    known: datetime | None = Field(default=None, sa_type=UtcDateTime)
    received: datetime = Field(sa_type=UtcDateTime)
    opened_by: str
    report_channel: str = "sensor"
    personal_data: str = "unknown"
    disposition: str | None = None
    closing_c: str | None = None
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    request_key: str | None = Field(default=None, unique=True)
    merged_into: str | None = None


class MergeRow(Row, table=True):
    """An incident (`gone`) became one with another. `cause`: `rule` or `officer`. Undone, it stays as history."""

    __tablename__ = "incident_merge"

    id: str = Field(primary_key=True)
    gone: str = Field(foreign_key="incident.id", index=True)
    into_incident: str = Field(foreign_key="incident.id", index=True)
    cause: str
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
    reason_c: str | None = None
    undone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MergeDetectionRow(Row, table=True):
    """A detection that a merged incident brought along."""

    __tablename__ = "incident_merge_detection"

    merge: str = Field(primary_key=True, foreign_key="incident_merge.id")
    detection: int = Field(primary_key=True, foreign_key="detection.id", sa_type=BigId)


class IncidentCounterRow(Row, table=True):
    """The last number given in a fiscal year; drills count apart."""

    __tablename__ = "incident_counter"

    fiscal_year: int = Field(primary_key=True)
    drill: bool = Field(primary_key=True)
    last: int


class NoteRow(Row, table=True):
    """A remark on a case."""

    __tablename__ = "note"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    text_c: str
    by: str
    at: datetime = Field(sa_type=UtcDateTime)


class MeasureRow(Row, table=True):
    """A recurrence-prevention measure. `rung` counts its reminders, `remind_at` is when the next one goes out."""

    __tablename__ = "measure"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    text_c: str
    owner: str
    due: date
    state: str = Field(default="open", index=True)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
    ended_c: str | None = None  # what was done, or why it was dropped
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    checked_by: str | None = None
    effect_c: str | None = None  # what the look at its effect found
    rung: int = 0
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class ReviewRow(Row, table=True):
    """One version of the review (振り返り) of a closed case; a correction is a new version."""

    __tablename__ = "review"
    __table_args__ = (Index("ix_review_version", "incident", "version", unique=True),)

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    version: int
    held_on: date
    well_c: str
    badly_c: str | None = None
    cause_c: str
    lessons_c: str | None = None
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
