"""Rows of people as last seen, sessions and tokens."""

from datetime import datetime

from sqlalchemy import JSON, LargeBinary
from sqlmodel import Field, SQLModel

from csirt.store.columns import UtcDateTime


class RosterPersonRow(SQLModel, table=True):
    """A person as last read from the directory, sealed. `gone_at` marks one who is no longer in it."""

    __tablename__ = "roster_person"

    id: str = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RosterPostRow(SQLModel, table=True):
    """A post with its holder and deputies, as opaque ids."""

    __tablename__ = "roster_post"

    id: str = Field(primary_key=True)
    name_ja: str
    name_en: str
    holder: str | None = None
    deputies: list[str] = Field(default_factory=list, sa_type=JSON)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class SessionRow(SQLModel, table=True):
    """A signed-in person. `id` is the hash of what the cookie holds."""

    __tablename__ = "session"

    id: str = Field(primary_key=True)
    sid: str = Field(index=True)
    person: str = Field(index=True)
    auth: str
    csrf: str
    language: str = "ja"
    opened_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TokenRow(SQLModel, table=True):
    """A sensor's token, hashed."""

    __tablename__ = "token"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    hash: str = Field(unique=True)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignInTryRow(SQLModel, table=True):
    """Failed tries per account and per address, for the back-off."""

    __tablename__ = "sign_in_try"

    key: str = Field(primary_key=True)
    failures: int
    last_at: datetime = Field(sa_type=UtcDateTime)
