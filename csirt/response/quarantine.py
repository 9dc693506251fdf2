"""What lies in quarantine: its bytes as they came, and reading them again once a mapping is mended."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import col, select

from csirt.errors import Conflict, NotFound
from csirt.model.authority import Permission, must
from csirt.model.detection import SourceRecord, Unreadable
from csirt.record.entry import EntryKind
from csirt.response import intake
from csirt.store.tables.intake import BatchRow, QuarantineRow
from csirt.store.tx import Look, Tx


@dataclass(frozen=True, slots=True)
class Held:
    """One record in quarantine: where it came from, as what it was to be read, and its bytes."""

    id: int
    source: str
    format: str
    raw: bytes


def held(look: Look, ids: Sequence[int] = (), *, after: int = 0, limit: int = 100) -> list[Held]:
    """Records in quarantine, oldest first: those with these ids, or all beyond the id `after`.

    What was erased from the vault is left out.
    """
    query = select(QuarantineRow, BatchRow).join(BatchRow, col(BatchRow.id) == col(QuarantineRow.batch))
    query = query.where(col(QuarantineRow.read_at).is_(None), col(QuarantineRow.id) > after)
    if ids:
        query = query.where(col(QuarantineRow.id).in_(ids))
    rows = look.session.exec(query.order_by(col(QuarantineRow.id)).limit(limit)).all()
    opened = look.vault.texts(look.session, {batch.sealed_c for _, batch in rows})
    records = {c: json.loads(text)["records"] for c, text in opened.items()}
    return [
        Held(row.id or 0, batch.source, row.format, base64.b64decode(records[batch.sealed_c][row.batch_index]))
        for row, batch in rows
        if row.batch_index < len(records.get(batch.sealed_c, ()))
    ]


def read_again(tx: Tx, id_: int, records: Sequence[SourceRecord], form: str) -> bool:
    """Take in what one record in quarantine is read as now; False: it still cannot be read, and stays.

    Raises:
        Forbidden: this actor may not.
        NotFound: `quarantine_unknown`.
        Conflict: `quarantine_read_already`: somebody was faster.
    """
    must(tx.actor, Permission.INGEST)
    row = tx.session.get(QuarantineRow, id_, with_for_update=True)
    batch = tx.session.get(BatchRow, row.batch) if row is not None else None
    if row is None or batch is None:
        raise NotFound("quarantine_unknown")
    if row.read_at is not None:
        raise Conflict("quarantine_read_already")
    if not records or all(isinstance(one.result, Unreadable) for one in records):
        return False
    row.read_at = tx.now
    tx.session.add(row)
    tx.record(EntryKind.QUARANTINE_READ, out={"batch": row.batch, "index": row.batch_index, "code": row.code})
    intake.accept(tx, records, source=batch.source, form=form)
    return True
