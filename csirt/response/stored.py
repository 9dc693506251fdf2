"""Rows of the record as they really lie in the database, whatever somebody has put there.

Columns are read as bytes without conversion, since a tampered row may hold any type and any encoding.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import orjson
from sqlalchemy import Connection, text
from sqlmodel import Session

from csirt.record.verify_record import Bad, leaf_hash

_SEARCHED = ("kind", "actor", "inc", "inc_seq", "step", "cid", "at")


def row_query(dialect: str, *, after: bool = False) -> str:
    """The statement that reads every row in order, or those from `:start` on.

    SQLite keeps any type in any column: there all come as bytes.
    """
    names = ("canonical", "leaf", *_SEARCHED)
    columns = (f"CAST({name} AS BLOB)" for name in names) if dialect == "sqlite" else names
    since = " WHERE seq >= :start" if after else ""
    return f"SELECT seq, {', '.join(columns)} FROM ledger_entry{since} ORDER BY seq"  # noqa: S608 - names of our own


@dataclass
class StoredRow:
    """One row; ask for `fields` only once the bytes were found canonical."""

    seq: int
    canonical: bytes
    leaf: bytes
    columns: tuple[Any, ...]

    @classmethod
    def of(cls, row: Sequence[Any]) -> "StoredRow":
        """From a result of `row_query`; what is no bytes becomes empty, which no entry is."""
        return cls(row[0], as_bytes(row[1]), as_bytes(row[2]), tuple(row[3:]))

    @cached_property
    def fields(self) -> dict[str, Any]:
        """The entry's fields."""
        fields: dict[str, Any] = orjson.loads(self.canonical)
        return fields


def as_bytes(value: object) -> bytes:
    """Stored bytes; empty for anything else."""
    return bytes(value) if isinstance(value, bytes | memoryview) else b""


def columns_fit(row: StoredRow, dialect: str) -> bool:
    """Do the columns that people search by say what the sealed bytes say?"""
    fields = row.fields
    *said, at = (
        fields["kind"],
        fields["actor"]["id"],
        fields.get("inc"),
        fields.get("inc_seq"),
        fields.get("step"),
        fields.get("cid"),
        fields["ts"],
    )
    if dialect != "sqlite":
        return row.columns == (*said, datetime.fromisoformat(at))
    # SQLite holds an instant as text without its offset: 2026-11-22 05:00:00.000000
    expected = (*said, at.replace("T", " ").removesuffix("Z"))
    return row.columns == tuple(None if value is None else str(value).encode() for value in expected)


class IncidentEnds:
    """The last entry of each incident, to compare with the link that its next entry would continue from."""

    def __init__(self) -> None:
        """Nothing was seen yet."""
        self._last: dict[str, tuple[int, int, bytes]] = {}

    def note(self, row: StoredRow) -> None:
        """An entry was good."""
        if inc := row.fields.get("inc"):
            self._last[inc] = (row.seq, row.fields["inc_seq"], leaf_hash(row.canonical))

    def check(self, session: Session | Connection) -> list[Bad]:
        """The incidents whose stored end is another one."""
        rows = session.execute(text("SELECT inc, inc_seq, leaf FROM ledger_incident"))
        kept = {inc: (inc_seq, as_bytes(leaf)) for inc, inc_seq, leaf in rows}
        return [
            Bad("incident_end_differs", seq)
            for inc, (seq, inc_seq, leaf) in self._last.items()
            if kept.get(inc) != (inc_seq, leaf)
        ]
