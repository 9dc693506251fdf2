"""Rows of facts: every statement stays, the newest version of each name is the sheet."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field

from csirt.store.columns import BigId, Row, UtcDateTime


class FactRow(Row, table=True):
    """One version of one fact. `value` holds codes, counts and instants; `text_c` names a text in the vault."""

    __tablename__ = "fact"
    __table_args__ = (Index("ix_fact_version", "incident", "name", "version", unique=True),)

    id: int | None = Field(default=None, primary_key=True, sa_type=BigId)
    incident: str = Field(foreign_key="incident.id", index=True)
    name: str
    version: int
    state: str
    value: Any = Field(default=None, sa_type=JSON)
    text_c: str | None = None
    source: str
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    stated_at: datetime = Field(sa_type=UtcDateTime)
