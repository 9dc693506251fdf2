"""Rows of people as last seen, sessions and tokens."""

from datetime import datetime

from sqlalchemy import JSON, LargeBinary
from sqlmodel import Field

from csirt.store.columns import Row, UtcDateTime


class RosterPersonRow(Row, table=True):
    """A person as last read from the directory, sealed. `gone_at` marks one who is no longer in it."""

    __tablename__ = "roster_person"

    id: str = Field(primary_key=True)
    sealed: bytes = Field(sa_type=LargeBinary)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RosterPostRow(Row, table=True):
    """A post with its holder and deputies, as opaque ids."""

    __tablename__ = "roster_post"

    id: str = Field(primary_key=True)
    name_ja: str
    name_en: str
    holder: str | None = None
    deputies: list[str] = Field(default_factory=list, sa_type=JSON)
    seen_at: datetime = Field(sa_type=UtcDateTime)


class SessionRow(Row, table=True):
    """A signed-in person. `id` is the hash of what the cookie holds.

    `stage`: `full`; before that `code` (the second factor is still to come) or `enrol` (they have none yet and need
    one). `proved_at`: when they last showed who they are. `roles`: those that an identity provider told for it.
    """

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
    stage: str = "full"
    proved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    roles: list[str] | None = Field(default=None, sa_type=JSON)


class SecondFactorRow(Row, table=True):
    """A person's second factor: its secret, wrapped, and the last step of time whose code was used (RFC 6238, 5.2)."""

    __tablename__ = "second_factor"

    person: str = Field(primary_key=True)
    wrapped: bytes = Field(sa_type=LargeBinary)
    made_at: datetime = Field(sa_type=UtcDateTime)
    enrolled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    last_step: int = 0


class FactorResetRow(Row, table=True):
    """Somebody asked that a person's second factor be taken away; another one agrees or not."""

    __tablename__ = "factor_reset"

    id: str = Field(primary_key=True)
    person: str = Field(index=True)
    asked_by: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    agreed: bool | None = None


class SealedAccountRow(Row, table=True):
    """The one account that the directory does not know; its password lies on paper, in an envelope."""

    __tablename__ = "sealed_account"

    id: str = Field(primary_key=True)
    hash: str
    made_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class TokenRow(Row, table=True):
    """A sensor's token, hashed."""

    __tablename__ = "token"

    id: str = Field(primary_key=True)
    name: str = Field(unique=True)
    hash: str = Field(unique=True)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ApiTokenRow(Row, table=True):
    """A token of a program, hashed: what it is good for, from where, until when."""

    __tablename__ = "api_token"

    id: str = Field(primary_key=True)
    name: str = Field(index=True)
    hash: str = Field(unique=True)
    scopes: list[str] = Field(default_factory=list, sa_type=JSON)
    addresses: list[str] = Field(default_factory=list, sa_type=JSON)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class SignInTryRow(Row, table=True):
    """Failed tries per account and per address, for the back-off."""

    __tablename__ = "sign_in_try"

    key: str = Field(primary_key=True)
    failures: int
    last_at: datetime = Field(sa_type=UtcDateTime)
