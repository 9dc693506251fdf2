"""Rows of escalations and of messages on their way out."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlmodel import Field, Relationship

from csirt.store.columns import Row, UtcDateTime


class EscalationRow(Row, table=True):
    """A chain being climbed; `routes` is the state of each of its routes."""

    __tablename__ = "escalation"

    id: str = Field(primary_key=True)
    incident: str = Field(foreign_key="incident.id", index=True)
    run: str | None = Field(default=None, index=True)
    step: str
    chain: str
    template: str
    routes: list[dict[str, Any]] = Field(sa_type=JSON)
    started_at: datetime = Field(sa_type=UtcDateTime)
    next_due: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class DeliveryRow(Row, table=True):
    """One message to one addressee on one channel. Name and address are kept here only, never in the record.

    Without `incident` it is about no case, such as the daily checkpoint.
    """

    __tablename__ = "delivery"
    __table_args__ = (Index("ix_delivery_page", "escalation", "page_key", unique=True),)

    id: str = Field(primary_key=True)
    incident: str | None = Field(default=None, foreign_key="incident.id", index=True)
    escalation: str | None = Field(default=None, index=True)
    page_key: str | None = None
    route: str | None = None
    tier: int | None = None
    channel: str
    party: str
    person: str | None = None
    name: str
    address: str
    template: str
    facts: dict[str, str] = Field(default_factory=dict, sa_type=JSON)
    state: str = Field(index=True)
    attempts: int = 0
    queued_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reply: str = ""
    instead_of: str | None = None  # the delivery on another channel whose failure made this one


class DeliveryDueRow(Row, table=True):
    """When a message is tried next and who holds it. Bookkeeping; gone once the delivery has ended.

    `bundle` names the one mail in which it went out with others; `passed_on` says that the next channel was asked
    already; `called_off` that there is no reason to send it any more, found while somebody was sending it.
    """

    __tablename__ = "delivery_due"

    delivery: str = Field(primary_key=True, foreign_key="delivery.id")
    not_before: datetime = Field(sa_type=UtcDateTime, index=True)
    lease: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0
    channel: str = Field(index=True)
    address: str
    lane: int = 0
    bundle: str | None = Field(default=None, index=True)
    passed_on: bool = False
    called_off: bool = False
    message: DeliveryRow = Relationship()


class CircuitRow(Row, table=True):
    """How a channel is: whether its server is left alone for a while. Changes of state are in the record."""

    __tablename__ = "circuit"

    channel: str = Field(primary_key=True)
    state: str
    failures: int = 0
    since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AckTokenRow(Row, table=True):
    """What lets somebody who was called say so without signing in: the hash of it, and for which call."""

    __tablename__ = "ack_token"

    hash: str = Field(primary_key=True)
    delivery: str = Field(foreign_key="delivery.id", index=True)
    expires_at: datetime = Field(sa_type=UtcDateTime)
