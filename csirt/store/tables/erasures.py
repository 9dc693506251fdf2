"""Rows of erasures: proposed by one person, decided by another."""

from datetime import datetime

from sqlalchemy import JSON
from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class ErasureRow(Row, table=True):
    """What is to be erased of an incident: texts by their commitments, pieces of evidence by their ids, or all of it.

    `state`: proposed, done, rejected. `basis`: a code of `ErasureBasis`.
    """

    __tablename__ = "erasure"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    texts: list[str] = Field(default_factory=list, sa_type=JSON)
    evidence: list[str] = Field(default_factory=list, sa_type=JSON)
    whole: bool = False
    basis: str
    reason_c: str
    state: str
    proposed_by: str
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
