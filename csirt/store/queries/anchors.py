"""When checkpoints were carried outside last, by each way. Nothing here writes."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from csirt.record.entry import EntryKind
from csirt.store.queries.timeline import parsed
from csirt.store.tables.record import LedgerRow
from csirt.store.tx import Look

MOST = 400  # entries looked at: a year of one way, months of several


@dataclass(frozen=True, slots=True)
class Anchored:
    """A checkpoint over `size` entries went outside by `way` (file, paper, mail, stamp); `to` counts addresses."""

    way: str
    to: int
    size: int
    at: datetime
    seq: int


def anchored(look: Look) -> list[Anchored]:
    """The newest ones, newest first. Raises `LedgerBroken` where a row is no entry of ours."""
    query = select(LedgerRow).where(LedgerRow.kind == EntryKind.CHECKPOINT_ANCHORED.value)
    rows = look.session.exec(query.order_by(col(LedgerRow.seq).desc()).limit(MOST))
    entries = [parsed(row) for row in rows]
    return [
        Anchored(str(one.out["way"]), int(str(one.out["to"])), int(str(one.out["size"])), one.ts, one.seq)
        for one in entries
    ]
