"""Rows of announcements, of when they were said where, and of calls to the hotline. `…_c` names a sealed text."""

from datetime import date, datetime

from sqlalchemy import Index
from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class AnnouncementRow(Row, table=True):
    """One announcement of an incident; a correction is a new one with the next number."""

    __tablename__ = "announcement"
    __table_args__ = (Index("ix_announcement_number", "incident", "number", unique=True),)

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    number: int
    state: str
    title_c: str | None = None
    body_c: str | None = None
    plain_c: str | None = None  # やさしい日本語
    qa_c: str | None = None
    ground: str | None = None
    reason_c: str | None = None
    drafted_by: str
    drafted_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReleaseRow(Row, table=True):
    """An approved announcement was said on one outlet."""

    __tablename__ = "announcement_release"

    id: str = Field(primary_key=True)
    announcement: str = Field(foreign_key="announcement.id", index=True)
    outlet: str
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)


class HotlineRow(Row, table=True):
    """How many calls the hotline took on one day; a later count of the same day takes the place of the earlier."""

    __tablename__ = "hotline_count"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    day: date
    calls: int
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
