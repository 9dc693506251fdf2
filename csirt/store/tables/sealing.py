"""Rows of sealed incidents: which, who may read them, and who opened one without having been named."""

from datetime import datetime

from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class SealRow(Row, table=True):
    """An incident that named people only may see. `lifted_at`: everybody may see it again."""

    __tablename__ = "seal"

    incident: str = Field(primary_key=True, foreign_key="incident.id")
    sealed_by: str
    sealed_at: datetime = Field(sa_type=UtcDateTime)
    lifted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SealReaderRow(Row, table=True):
    """Somebody who was named as a reader of a sealed incident. `ended_at`: no longer."""

    __tablename__ = "seal_reader"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    person: str = Field(index=True)
    named_by: str
    named_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SealGlassRow(Row, table=True):
    """Break-glass: somebody who was not named opened a sealed incident, until `until`. `auth` says how they came."""

    __tablename__ = "seal_glass"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    person: str = Field(index=True)
    auth: str
    opened_at: datetime = Field(sa_type=UtcDateTime)
    until: datetime = Field(sa_type=UtcDateTime)
    reason_c: str
