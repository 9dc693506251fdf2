"""Rows of duties, and of the reports that met them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class DutyRow(Row, table=True):
    """One duty of one incident. `last_day` is the last day in time, `due_at` the instant at which it ends.

    `rung` counts the reminders that went out, `remind_at` is when the next one does; None: there is none.
    """

    __tablename__ = "duty"
    __table_args__ = (Index("ix_duty_rule", "incident", "rule", unique=True),)

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    rule: str
    edition: str
    state: str = Field(index=True)
    reasons: list[dict[str, Any]] = Field(sa_type=JSON)
    uncertain: bool
    clock: datetime | None = Field(default=None, sa_type=UtcDateTime)
    target_day: date | None = None
    last_day: date | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    arose_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_by: str | None = None
    reason_c: str | None = None
    rung: int = 0
    remind_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)


class DutyReportRow(Row, table=True):
    """One report to the addressee of a duty: version, channel, when it went out, when it was acknowledged."""

    __tablename__ = "duty_report"

    id: str = Field(primary_key=True)
    duty: str = Field(foreign_key="duty.id", index=True)
    version: int
    addressee: str
    channel: str
    sent_at: datetime = Field(sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    receipt_c: str | None = None
    document: str | None = None  # the report that was sent, where it was drafted here
    by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)
