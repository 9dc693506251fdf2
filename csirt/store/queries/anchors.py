"""When checkpoints were carried outside last, by each way. Nothing here writes."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from csirt.model.message import DeliveryState
from csirt.record.entry import EntryKind
from csirt.store.queries.timeline import parsed
from csirt.store.tables.outbox import DeliveryRow
from csirt.store.tables.record import LedgerRow
from csirt.store.tx import Look

CHECKPOINT = "checkpoint"  # the template of the mail
MOST = 400  # entries looked at: a year of one way, months of several


@dataclass(frozen=True, slots=True)
class Anchored:
    """A checkpoint over `size` entries went outside by `way` (file, paper, mail, stamp); `to` counts addresses."""

    way: str
    to: int
    size: int
    at: datetime
    seq: int


@dataclass(frozen=True, slots=True)
class Mailed:
    """The newest mail with a checkpoint to one of several addresses, and what became of it."""

    state: DeliveryState
    queued_at: datetime
    finished_at: datetime | None


def mailed(look: Look) -> dict[int, Mailed]:
    """The newest mail with a checkpoint to each address, by its number among them (0: one given by hand)."""
    query = select(DeliveryRow).where(DeliveryRow.template == CHECKPOINT, col(DeliveryRow.incident).is_(None))
    rows = look.session.exec(query.order_by(col(DeliveryRow.queued_at).desc()).limit(MOST)).all()
    return {
        int(row.facts["to"]): Mailed(DeliveryState(row.state), row.queued_at, row.finished_at) for row in rows[::-1]
    }


def anchored(look: Look) -> list[Anchored]:
    """The newest ones, newest first. Raises `LedgerBroken` where a row is no entry of ours."""
    query = select(LedgerRow).where(LedgerRow.kind == EntryKind.CHECKPOINT_ANCHORED.value)
    rows = look.session.exec(query.order_by(col(LedgerRow.seq).desc()).limit(MOST))
    entries = [parsed(row) for row in rows]
    return [
        Anchored(str(one.out["way"]), int(str(one.out["to"])), int(str(one.out["size"])), one.ts, one.seq)
        for one in entries
    ]
