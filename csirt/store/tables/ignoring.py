"""Rows of rules by which detections are set aside for a time."""

from datetime import datetime

from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class IgnoreRuleRow(Row, table=True):
    """A rule. The column ending in `_c` names a text in the vault; `ended_at`: by hand, or when its time was over."""

    __tablename__ = "ignore_rule"

    id: str = Field(primary_key=True)
    kind: str
    from_at: datetime = Field(sa_type=UtcDateTime)
    until_at: datetime = Field(sa_type=UtcDateTime)
    source: str
    text: str
    host: str
    network: str
    passes_from: int
    reason_c: str
    made_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, index=True)
