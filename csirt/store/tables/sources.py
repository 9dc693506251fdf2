"""Rows of sources: their tokens, and whether they are heard."""

from datetime import datetime

from sqlalchemy import JSON, LargeBinary
from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class SourceTokenRow(Row, table=True):
    """A token of a source, hashed. One that signs is also kept wrapped, for a signature is checked with the secret."""

    __tablename__ = "source_token"

    id: str = Field(primary_key=True)
    source: str = Field(index=True)
    hash: str = Field(unique=True)
    wrapped: bytes | None = Field(default=None, sa_type=LargeBinary)
    addresses: list[str] = Field(default_factory=list, sa_type=JSON)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SourceWatchRow(Row, table=True):
    """Whether a source that must not be silent is heard. `state`: heard, silent; `since` when it became so."""

    __tablename__ = "source_watch"

    source: str = Field(primary_key=True)
    state: str
    since: datetime = Field(sa_type=UtcDateTime)
    watched_at: datetime = Field(sa_type=UtcDateTime)
