"""Rows of who is away, so that a deputy is called instead."""

from datetime import datetime

from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class AbsenceRow(Row, table=True):
    """From when until when somebody is not to be called. Ended early, or entered by mistake: `ended_at`."""

    __tablename__ = "absence"

    id: str = Field(primary_key=True)
    person: str = Field(index=True)
    from_at: datetime = Field(sa_type=UtcDateTime)
    until_at: datetime = Field(sa_type=UtcDateTime, index=True)
    entered_by: str
    entered_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
