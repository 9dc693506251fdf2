"""Rows of what people have typed and not sent yet."""

from datetime import datetime

from sqlalchemy import LargeBinary
from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class DraftRow(Row, table=True):
    """A form that somebody is filling in, sealed. Bookkeeping: nothing is decided by it, and nobody else reads it."""

    __tablename__ = "draft"

    person: str = Field(primary_key=True)
    place: str = Field(primary_key=True)  # the address that the form is sent to
    incident: str | None = Field(default=None, index=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    saved_at: datetime = Field(sa_type=UtcDateTime, index=True)
