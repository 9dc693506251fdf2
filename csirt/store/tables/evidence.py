"""Rows of evidence: what was collected, and when it is looked at again."""

from datetime import datetime

from sqlmodel import Field

from csirt.store.columns import BigId, Row, UtcDateTime


class EvidenceRow(Row, table=True):
    """One piece of evidence; its content lies in the folder of evidence, its name and hash in the vault."""

    __tablename__ = "evidence"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    name_c: str
    sha256_c: str
    size: int = Field(sa_type=BigId)
    address: str
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
    via: str
    step: str | None = None
    state: str = Field(index=True)
    checked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class EvidenceDueRow(Row, table=True):
    """When a piece of evidence is hashed again, and who does it just now. Bookkeeping."""

    __tablename__ = "evidence_due"

    evidence: str = Field(primary_key=True, foreign_key="evidence.id")
    not_before: datetime = Field(sa_type=UtcDateTime, index=True)
    lease: str | None = None
