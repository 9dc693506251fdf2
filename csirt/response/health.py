"""How the desk itself is: processes say that they live, and how they found what they depend on."""

from datetime import timedelta

from sqlmodel import col, delete, select

from csirt.store.tables.workings import ConditionRow, HeartbeatRow
from csirt.store.tx import Tx

FORGOTTEN = timedelta(days=1)  # after which nobody looks for a process any more


def beat(tx: Tx, process: str, kind: str, host: str, pool: str = "") -> None:
    """Say that a process lives. One that begins anew takes the place of those on its host that died."""
    row = tx.session.get(HeartbeatRow, process)
    if row is None:
        row = HeartbeatRow(process=process, kind=kind, host=host, pool=pool, began_at=tx.now, at=tx.now)
    row.at = tx.now
    tx.session.add(row)
    tx.session.exec(delete(HeartbeatRow).where(col(HeartbeatRow.at) < tx.now - FORGOTTEN))


def replace(tx: Tx, kind: str, host: str, pool: str, before: timedelta) -> None:
    """A new process of this kind stands on this host: those that have not beaten for `before` are its forerunners."""
    dead = select(HeartbeatRow).where(
        HeartbeatRow.kind == kind, HeartbeatRow.host == host, HeartbeatRow.pool == pool,
        col(HeartbeatRow.at) < tx.now - before,
    )  # fmt: skip
    for row in tx.session.exec(dead):
        tx.session.delete(row)


def rest(tx: Tx, process: str) -> None:
    """A process ends in order: nobody need look for it."""
    if row := tx.session.get(HeartbeatRow, process):
        tx.session.delete(row)


def found(tx: Tx, part: str, state: str, code: str = "") -> None:
    """Keep how a part was found, and since when it has been so. `state`: ok, late, down; `code` says why."""
    row = tx.session.get(ConditionRow, part) or ConditionRow(part=part, state="", since=tx.now, at=tx.now)
    if row.state != state:
        row.since = tx.now
    row.state, row.code, row.at = state, code, tx.now
    tx.session.add(row)
