"""Rows of notes that one shift leaves for the next."""

from datetime import datetime

from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class ShiftNoteRow(Row, table=True):
    """A note about one incident, or about all of them. It stands on the board until somebody else has seen it."""

    __tablename__ = "shift_note"

    id: str = Field(primary_key=True)
    incident: str | None = Field(default=None, foreign_key="incident.id", index=True)
    text_c: str
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
    seen_by: str | None = None
    seen_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
