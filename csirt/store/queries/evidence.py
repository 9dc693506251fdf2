"""Questions about evidence. Nothing here writes."""

from collections.abc import Sequence

from sqlmodel import col, select

from csirt.errors import NotFound
from csirt.model.evidence import Evidence, EvidenceState
from csirt.store.queries.timeline import TimelineEntry, read_entries
from csirt.store.tables.evidence import EvidenceRow
from csirt.store.tables.record import LedgerRow
from csirt.store.tx import Look

PREFIX = "EVIDENCE_"


def evidence_of(look: Look, incident: str | None = None) -> list[Evidence]:
    """The evidence of an incident, or of all, in the order in which it was collected."""
    query = select(EvidenceRow).order_by(col(EvidenceRow.at), col(EvidenceRow.id))
    return _views(look, look.session.exec(query.where(EvidenceRow.incident == incident) if incident else query).all())


def piece(look: Look, id_: str) -> Evidence:
    """One piece of evidence. Raises `NotFound`."""
    row = look.session.get(EvidenceRow, id_)
    if row is None:
        raise NotFound("evidence_unknown", evidence=id_[:40])
    return _views(look, [row])[0]


def custody(look: Look, one: Evidence) -> list[TimelineEntry]:
    """The chain of custody of a piece: its entries, in order."""
    query = select(LedgerRow).where(LedgerRow.inc == one.incident, col(LedgerRow.kind).startswith(PREFIX))
    entries = read_entries(look, look.session.exec(query.order_by(col(LedgerRow.seq))).all())
    return [entry for entry in entries if entry.out.get("evidence") == one.id]


def _views(look: Look, rows: Sequence[EvidenceRow]) -> list[Evidence]:
    texts = look.vault.texts(look.session, (c for row in rows for c in (row.name_c, row.sha256_c)))
    return [
        Evidence(
            id=row.id, incident=row.incident, name=texts.get(row.name_c, ""), size=row.size,
            sha256=texts.get(row.sha256_c, ""), address=row.address, by=row.by, at=row.at, via=row.via, step=row.step,
            state=EvidenceState(row.state), checked_at=row.checked_at,
        )
        for row in rows
    ]  # fmt: skip
