"""What of an incident can be erased, and which erasures there were."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import col, select

from csirt.errors import NotFound
from csirt.model.erasure import ErasureBasis, ErasureState
from csirt.record.entry import EntryKind
from csirt.store.queries.timeline import parsed
from csirt.store.tables.erasures import ErasureRow
from csirt.store.tables.record import LedgerRow
from csirt.store.tables.runs import ActionDueRow, RunRow, StepRow
from csirt.store.tx import Look


@dataclass(frozen=True, slots=True)
class ErasableText:
    """One text of an incident's record. `needed`: a run that has not ended would not find its way without it."""

    c: str
    seq: int
    at: datetime
    kind: EntryKind
    actor: str
    name: str
    text: str
    needed: bool


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure as it was proposed. `reason` is empty where it was erased itself."""

    id: str
    incident: str
    texts: tuple[str, ...]
    evidence: tuple[str, ...]
    whole: bool
    basis: ErasureBasis
    reason: str
    state: ErasureState
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None


def erasable(look: Look, incident: str) -> list[ErasableText]:
    """The texts of an incident that are still there, in the order in which they were recorded; raw records too."""
    rows = look.session.exec(select(LedgerRow).where(LedgerRow.inc == incident).order_by(col(LedgerRow.seq)))
    entries = [parsed(row) for row in rows]
    texts = look.vault.texts(look.session, (one.c for entry in entries for one in entry.pay))
    needed = still_needed(look, incident)
    return [
        ErasableText(one.c, entry.seq, entry.ts, entry.kind, entry.actor.id, one.name, texts[one.c], one.c in needed)
        for entry in entries
        for one in entry.pay
        if one.c in texts
    ]


def still_needed(look: Look, incident: str) -> frozenset[str]:
    """The texts that a run of this incident reads when it goes on."""
    going_on = select(RunRow.id).where(RunRow.incident == incident, col(RunRow.ended_at).is_(None))
    outcomes = look.session.exec(select(StepRow.value_c).where(col(StepRow.run).in_(going_on)))
    arguments = look.session.exec(select(ActionDueRow.arguments_c).where(col(ActionDueRow.run).in_(going_on)))
    return frozenset(c for c in (*outcomes, *arguments) if c)


def erasure(look: Look, id_: str) -> Erasure:
    """One erasure. Raises `NotFound` `erasure_unknown`."""
    row = look.session.get(ErasureRow, id_)
    if row is None:
        raise NotFound("erasure_unknown", erasure=id_[:40])
    return _erasure(row, look.vault.texts(look.session, [row.reason_c]))


def of_incident(look: Look, incident: str) -> list[Erasure]:
    """Newest first."""
    query = select(ErasureRow).where(ErasureRow.incident == incident).order_by(col(ErasureRow.proposed_at).desc())
    rows = look.session.exec(query).all()
    reasons = look.vault.texts(look.session, (row.reason_c for row in rows))
    return [_erasure(row, reasons) for row in rows]


def _erasure(row: ErasureRow, reasons: Mapping[str, str]) -> Erasure:
    return Erasure(
        id=row.id,
        incident=row.incident,
        texts=tuple(row.texts),
        evidence=tuple(row.evidence),
        whole=row.whole,
        basis=ErasureBasis(row.basis),
        reason=reasons.get(row.reason_c, ""),
        state=ErasureState(row.state),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
    )
