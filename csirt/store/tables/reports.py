"""Rows of reports: each draft a frozen snapshot in the vault, the stamps on it, and where it was sent."""

from datetime import datetime

from sqlalchemy import JSON, Index
from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class ReportRow(Row, table=True):
    """One draft of one report. `snapshot_c` names its text in the vault, `sha256` is the hash of that text.

    `number` is that of the report (第n報), `revision` that of its draft. `council` and `decider` are posts, as the
    city's rules were when it was drafted.
    """

    __tablename__ = "report"
    __table_args__ = (Index("ix_report_number", "incident", "form", "number", "revision", unique=True),)

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    form: str
    edition: str
    kind: str
    number: int
    revision: int
    state: str = Field(index=True)
    sha256: str
    snapshot_c: str
    council: list[str] = Field(sa_type=JSON)
    decider: str
    oral: bool
    drafted_by: str
    drafted_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ReportStampRow(Row, table=True):
    """One stamp. `person` gave it, `by` recorded it: two people where a yes by phone was written down."""

    __tablename__ = "report_stamp"

    id: str = Field(primary_key=True)
    report: str = Field(foreign_key="report.id", index=True)
    act: str
    post: str
    person: str
    at: datetime = Field(sa_type=UtcDateTime)
    by: str
    text_c: str | None = None


class ReportSendingRow(Row, table=True):
    """One time that a report went out. `sent_at` is empty while a message with it lies in the outbox (`delivery`)."""

    __tablename__ = "report_sending"

    id: str = Field(primary_key=True)
    report: str = Field(foreign_key="report.id", index=True)
    duty: str | None = Field(default=None, foreign_key="duty.id")
    addressee: str
    channel: str
    delivery: str | None = Field(default=None, index=True)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    receipt_c: str | None = None
    by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)
