"""The structured log of the record: each committed entry once, in order, with a cursor that survives a crash."""

import json
from typing import Any

from sqlmodel import col, select

from csirt.store.queries.sealing import sealed_of
from csirt.store.tables.record import CursorRow, LedgerHeadRow, LedgerRow
from csirt.store.tx import Look, Tx

NAME = "structured_log"
BATCH = 200


def cursor(look: Look) -> int:
    """The last entry that was written out, or -1."""
    row = look.session.get(CursorRow, NAME)
    return row.seq if row else -1


def resume(look: Look, in_file: int) -> int:
    """The last entry that need not be written out again, where the file says that it holds `in_file`.

    A file that is ahead of the record is of another record: the database was restored, or is another one.
    """
    size = look.session.exec(select(LedgerHeadRow.size)).one()
    return max(cursor(look), in_file) if in_file < size else cursor(look)


def entries_after(look: Look, seq: int) -> list[dict[str, Any]]:
    """The next entries as lines with Elastic Common Schema names where one exists."""
    rows = look.session.exec(
        select(LedgerRow.canonical).where(col(LedgerRow.seq) > seq).order_by(col(LedgerRow.seq)).limit(BATCH)
    ).all()
    entries = [json.loads(raw) for raw in rows]
    sealed = sealed_of(look.session, {entry["inc"] for entry in entries if "inc" in entry})
    return [line_of(_neutral(entry) if entry.get("inc") in sealed else entry) for entry in entries]


def _neutral(entry: dict[str, Any]) -> dict[str, Any]:
    """Of a sealed incident the log says that something happened, and when: neither what, nor who did it."""
    kept = {name: entry[name] for name in ("ts", "seq", "inc", "inc_seq")}
    return {**kept, "kind": "SEALED", "actor": {"id": "sealed"}}


def move(tx: Tx, seq: int) -> None:
    """Everything up to `seq` is written out."""
    tx.session.merge(CursorRow(name=NAME, seq=seq))


def line_of(entry: dict[str, Any]) -> dict[str, Any]:
    """One entry as a log line. It holds what the entry holds: codes, numbers and opaque ids."""
    line = {
        "@timestamp": entry["ts"],
        "event.kind": "event",
        "event.action": entry["kind"].lower(),
        "event.sequence": entry["seq"],
        "event.outcome": entry.get("out", {}).get("choice") or entry.get("out", {}).get("code"),
        "user.id": entry["actor"]["id"],
        "service.name": "csirt",
        "event.module": entry.get("src"),
        "csirt.incident": entry.get("inc"),
        "csirt.incident_sequence": entry.get("inc_seq"),
        "csirt.run": entry.get("run"),
        "csirt.step": entry.get("step"),
        "csirt.auth": entry["actor"].get("auth"),
        "csirt.session": entry["actor"].get("sid"),
        "csirt.out": entry.get("out"),
    }
    return {name: value for name, value in line.items() if value not in (None, "", {})}
