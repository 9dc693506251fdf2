"""Rows that say how the desk itself is. Bookkeeping, not part of the record."""

from datetime import datetime

from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class HeartbeatRow(Row, table=True):
    """When a process was last alive. `process` is its own id; a process that ends in order takes its row along."""

    __tablename__ = "heartbeat"

    process: str = Field(primary_key=True)
    kind: str = "worker"
    host: str = ""
    pool: str = ""  # the work pool of Prefect that a worker takes runs from; empty: by itself
    began_at: datetime = Field(sa_type=UtcDateTime)
    at: datetime = Field(sa_type=UtcDateTime)


class ConditionRow(Row, table=True):
    """How one part of the desk was found last, and since when it is so. `state`: ok, late, down."""

    __tablename__ = "condition"

    part: str = Field(primary_key=True)
    state: str
    code: str = ""
    since: datetime = Field(sa_type=UtcDateTime)
    at: datetime = Field(sa_type=UtcDateTime)
