"""Rows about whom to call, besides the directory and the offices' file: hand-overs of posts, and confirmed data."""

from datetime import date, datetime

from sqlalchemy import JSON
from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class HandoverRow(Row, table=True):
    """From `begins_at` on a post is somebody else's; `deputies` None: they stay. Over or cancelled: `ended_at`."""

    __tablename__ = "handover"

    id: str = Field(primary_key=True)
    post: str = Field(index=True)
    begins_at: datetime = Field(sa_type=UtcDateTime)
    holder: str
    deputies: list[str] | None = Field(default=None, sa_type=JSON)
    entered_by: str
    entered_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ContactConfirmationRow(Row, table=True):
    """The latest confirmation of an office's contact data; `of` marks the data that were confirmed."""

    __tablename__ = "contact_confirmation"

    office: str = Field(primary_key=True)
    day: date
    of: str
    confirmed_by: str
    confirmed_at: datetime = Field(sa_type=UtcDateTime)
