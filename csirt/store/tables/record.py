"""Rows of the record and the vault."""

from datetime import datetime

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field

from csirt.store.columns import BigId, Row, UtcDateTime, index_of_filled

_STEP = text("step IS NOT NULL")  # of a city's entries most have none


class LedgerRow(Row, table=True):
    """One sealed entry. `canonical` is what counts; the other columns repeat parts of it so that one can search.

    `leaf` is its leaf hash: it pins a change to its entry, where links and the root alone name a range.
    """

    __tablename__ = "ledger_entry"
    __table_args__ = (
        Index("ix_ledger_entry_inc", "inc", "inc_seq", unique=True),
        Index("ix_ledger_entry_inc_kind", "inc", "kind", "seq"),
        Index("ix_ledger_entry_step", "step", "seq", sqlite_where=_STEP, postgresql_where=_STEP,
              postgresql_ops={"step": "text_pattern_ops"}),
    )  # fmt: skip

    seq: int = Field(primary_key=True, sa_type=BigId, sa_column_kwargs={"autoincrement": False})
    canonical: bytes = Field(sa_type=LargeBinary)
    at: datetime = Field(sa_type=UtcDateTime, index=True)
    kind: str = Field(index=True)
    actor: str = Field(index=True)
    inc: str | None = None
    inc_seq: int | None = None
    step: str | None = None
    cid: str | None = Field(default=None, unique=True)
    leaf: bytes | None = Field(default=None, sa_type=LargeBinary)


class LedgerHeadRow(Row, table=True):
    """The tree's head: how many entries, and the frontier that the next one is appended to. One row."""

    __tablename__ = "ledger_head"

    id: int = Field(primary_key=True)
    size: int = Field(sa_type=BigId)
    frontier: bytes = Field(sa_type=LargeBinary)


class LedgerIncidentRow(Row, table=True):
    """The last entry of each incident, which its next one links to."""

    __tablename__ = "ledger_incident"

    inc: str = Field(primary_key=True)
    inc_seq: int
    leaf: bytes = Field(sa_type=LargeBinary)


class VaultRingRow(Row, table=True):
    """Which key of the ring wraps new data keys. One row; empty until the first one is needed."""

    __tablename__ = "vault_ring"

    id: int = Field(primary_key=True)
    current: str = ""


class VaultKeyRow(Row, table=True):
    """A data key of one scope, wrapped by a key outside the database. Without `wrapped`: erased.

    `ring` names the key that wraps it; empty in tables from before there was a ring: the desk's own key.
    """

    __tablename__ = "vault_key"

    id: str = Field(primary_key=True)
    scope: str = Field(unique=True)
    ring: str = Field(default="", sa_column_kwargs={"server_default": ""})
    wrapped: bytes | None = Field(default=None, sa_type=LargeBinary)
    erased_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class VaultPayloadRow(Row, table=True):
    """An encrypted text; `c` is the commitment that the entry holds."""

    __tablename__ = "vault_payload"
    __table_args__ = (index_of_filled("ix_vault_payload_inc", "inc"),)

    c: str = Field(primary_key=True)
    key: str = Field(foreign_key="vault_key.id", index=True)
    inc: str | None = None
    kind: str
    name: str
    sealed: bytes = Field(sa_type=LargeBinary)


class CursorRow(Row, table=True):
    """How far a reader of the record has come, such as the structured log."""

    __tablename__ = "cursor"

    name: str = Field(primary_key=True)
    seq: int = Field(sa_type=BigId)
