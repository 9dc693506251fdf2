"""The same form sent twice counts once: the key of a request goes into the entry that it caused."""

import hashlib
from collections.abc import Mapping

from sqlmodel import select

from csirt.record.entry import Out, parse
from csirt.store.tables.record import LedgerRow
from csirt.store.tx import Tx


def cid_of(request_key: str | None) -> str | None:
    """What stands for a request in its entry; unique in the record. None for a request without a key."""
    return f"request:{hashlib.sha256(request_key.encode()).hexdigest()[:32]}" if request_key else None


def recorded(tx: Tx, request_key: str | None) -> Mapping[str, Out] | None:
    """The `out` of the entry that this request caused before; None if it is new."""
    if not request_key:
        return None
    row = tx.session.exec(select(LedgerRow).where(LedgerRow.cid == cid_of(request_key))).first()
    return parse(row.canonical).out if row else None
