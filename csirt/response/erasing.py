"""Erasure of personal data: proposed with a ground, decided by a second person, final for every copy.

The entries stay, their commitments too, so the record verifies as before; what they committed to can be opened by
nobody. 個人情報の保護に関する法律 61条 (no longer than needed), 90条, 98条.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, update
from sqlmodel import col, select

from csirt.errors import Conflict, Forbidden, Invalid, NotFound
from csirt.model.authority import Permission, must
from csirt.model.erasure import ErasureBasis, ErasureState
from csirt.model.evidence import EvidenceState
from csirt.record.entry import EntryKind
from csirt.response import indexing, reasons, repeats
from csirt.store.erasing import forget, forget_files, rotate
from csirt.store.evidence_files import Kept
from csirt.store.queries.erasures import still_needed
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.drafts import DraftRow
from csirt.store.tables.erasures import ErasureRow
from csirt.store.tables.evidence import EvidenceDueRow, EvidenceRow
from csirt.store.tables.intake import DetectionRow, ObservableRow
from csirt.store.tables.outbox import DeliveryRow
from csirt.store.tables.record import VaultPayloadRow
from csirt.store.tx import Look, Tx, new_id

MOST_AT_ONCE = 5000


@dataclass(frozen=True, slots=True)
class Resealed:
    """Files of evidence that stay, sealed again under `key` beforehand: where each lies now, by its id."""

    key: bytes | None = None
    files: Mapping[str, Kept] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Erased:
    """What was destroyed: keys of the ring and files of evidence that are to be taken away once this is durable."""

    ring: tuple[str, ...]
    incident: str
    addresses: tuple[str, ...]


def propose(
    tx: Tx, incident: str, texts: Sequence[str], evidence: Sequence[str], basis: ErasureBasis, reason: str,
    *, whole: bool = False, request_key: str | None = None,
) -> str:  # fmt: skip
    """Propose to erase texts (by commitment) and evidence (by id) of an incident, or all of it. Returns the id.

    Raises:
        Forbidden: this actor may not.
        NotFound: no such incident, text or piece.
        Invalid: nothing chosen, no reason, or a 個人番号 in it.
        Conflict: `erasure_still_needed`: a run that goes on reads one of the texts.
    """
    must(tx.actor, Permission.PROPOSE_ERASURE)
    if known := repeats.recorded(tx, request_key):
        return str(known["erasure"])
    if tx.session.get(IncidentRow, incident, with_for_update=True) is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    _refuse_empty(texts, evidence, reason, whole=whole)
    _refuse_foreign(tx, incident, texts, evidence)
    _refuse_needed(tx, incident, None if whole else texts)
    id_ = new_id("x")
    sealed = tx.record(
        EntryKind.ERASURE_PROPOSED, incident=incident, cid=repeats.cid_of(request_key),
        out={"erasure": id_, "basis": basis.value, "texts": len(texts), "evidence": len(evidence), "whole": whole},
        texts={"reason": reason.strip()},
    )  # fmt: skip
    tx.session.add(
        ErasureRow(
            id=id_, incident=incident, texts=sorted(set(texts)), evidence=sorted(set(evidence)), whole=whole,
            basis=basis.value, reason_c=sealed["reason"], state=ErasureState.PROPOSED.value,
            proposed_by=tx.actor.id, proposed_at=tx.now,
        )
    )  # fmt: skip
    return id_


def reject(tx: Tx, erasure: str, reason: str) -> None:
    """Nothing is erased. Raises `Forbidden`, `NotFound`, `Conflict` `erasure_decided`, `Invalid` `reason_missing`."""
    row = _open_row(tx, erasure)
    reasons.given(reason)
    _decide(tx, row, ErasureState.REJECTED)
    tx.record(
        EntryKind.ERASURE_REJECTED, incident=row.incident, out={"erasure": row.id}, texts={"reason": reason.strip()}
    )


def approve(tx: Tx, erasure: str, resealed: Resealed) -> Erased:
    """Erase what was proposed, by a second person. The caller destroys what is given back once this is durable.

    Raises:
        Forbidden: this actor may not, or proposed it (`four_eyes`).
        NotFound: there is no such proposal.
        Conflict: it was decided already, or a text is needed by now.
    """
    row = _open_row(tx, erasure)
    _refuse_needed(tx, row.incident, None if row.whole else row.texts)
    scope = f"incident:{row.incident}"
    pieces = _doomed_pieces(tx, row)
    left = _addresses(tx, row.incident) if pieces else ()
    _refuse_changed(tx, row.incident, pieces, resealed)
    doomed = _doomed_texts(tx, row, pieces)
    keys = forget_files(tx.session, tx.vault, scope, resealed.key) if pieces else []
    keys = [*forget(tx.session, tx.vault, doomed), *keys]
    _forget_pieces(tx, pieces)
    for id_, kept in resealed.files.items():
        tx.session.get_one(EvidenceRow, id_).address = kept.address
    if row.whole:
        _blank(tx, row.incident)
    indexing.drop_erased(tx, row.incident, doomed, whole=row.whole)
    ring = rotate(tx.session, tx.vault)
    _decide(tx, row, ErasureState.DONE)
    number = {"texts": len(doomed), "evidence": len(pieces)}
    tx.record(
        EntryKind.PERSONAL_DATA_ERASED,
        incident=row.incident,
        out={"erasure": row.id, "basis": row.basis, **number, "keys": sorted(keys)},
    )
    return Erased(tuple(ring), row.incident, left)


def rotate_keys(tx: Tx) -> tuple[str, ...]:
    """Exchange the key that wraps all data keys. Returns the ring's keys to be destroyed once this is durable."""
    must(tx.actor, Permission.ADMINISTER)
    old = rotate(tx.session, tx.vault)
    tx.record(EntryKind.KEYS_ROTATED, out={"keys": len(old)})
    return tuple(old)


def _open_row(tx: Tx, erasure: str) -> ErasureRow:
    must(tx.actor, Permission.APPROVE_ERASURE)
    row = tx.session.get(ErasureRow, erasure)
    if row is None:
        raise NotFound("erasure_unknown", erasure=erasure[:40])
    tx.session.get_one(IncidentRow, row.incident, with_for_update=True)
    tx.session.refresh(row, with_for_update=True)
    if row.state != ErasureState.PROPOSED.value:
        raise Conflict("erasure_decided", erasure=erasure)
    if row.proposed_by == tx.actor.id:
        raise Forbidden("four_eyes", step="erasure")
    return row


def _decide(tx: Tx, row: ErasureRow, state: ErasureState) -> None:
    row.state, row.decided_by, row.decided_at = state.value, tx.actor.id, tx.now
    tx.session.add(row)


def _refuse_empty(texts: Sequence[str], evidence: Sequence[str], reason: str, *, whole: bool) -> None:
    if not (whole or texts or evidence):
        raise Invalid("erasure_empty", field="texts")
    if len(texts) + len(evidence) > MOST_AT_ONCE:
        raise Invalid("too_many", field="texts", limit=MOST_AT_ONCE)
    reasons.given(reason)


def _refuse_foreign(tx: Tx, incident: str, texts: Collection[str], evidence: Collection[str]) -> None:
    """Who may erase in one case may not reach into another one."""
    if texts and set(texts) - set(_texts_of(tx, incident)):
        raise NotFound("erasure_text_unknown", entry=incident[:40])
    known = tx.session.exec(select(EvidenceRow.id).where(EvidenceRow.incident == incident))
    if evidence and (missing := set(evidence) - set(known)):
        raise NotFound("evidence_unknown", evidence=min(missing)[:40])


def _refuse_needed(tx: Tx, incident: str, texts: Collection[str] | None) -> None:
    needed = still_needed(Look(tx.session, tx.vault), incident)
    if needed if texts is None else needed & set(texts):
        raise Conflict("erasure_still_needed", incident=incident)


def _texts_of(tx: Tx, incident: str) -> list[str]:
    return list(tx.session.exec(select(VaultPayloadRow.c).where(VaultPayloadRow.inc == incident)))


def _doomed_pieces(tx: Tx, row: ErasureRow) -> list[EvidenceRow]:
    query = select(EvidenceRow).where(EvidenceRow.incident == row.incident)
    chosen = query if row.whole else query.where(col(EvidenceRow.id).in_(row.evidence))
    return [one for one in tx.session.exec(chosen) if one.state != EvidenceState.ERASED.value]


def _addresses(tx: Tx, incident: str) -> tuple[str, ...]:
    """Where the incident's files lie now: all of them, since what stays was sealed again and lies elsewhere."""
    return tuple(sorted(set(tx.session.exec(select(EvidenceRow.address).where(EvidenceRow.incident == incident)))))


def _refuse_changed(tx: Tx, incident: str, pieces: Sequence[EvidenceRow], resealed: Resealed) -> None:
    """A piece that came in while the others were sealed again would be lost with the old key."""
    stay = select(EvidenceRow.id).where(
        EvidenceRow.incident == incident, EvidenceRow.state != EvidenceState.ERASED.value
    )
    staying = set(tx.session.exec(stay)) - {one.id for one in pieces}
    if pieces and staying != set(resealed.files):
        raise Conflict("erasure_evidence_changed", incident=incident)


def _doomed_texts(tx: Tx, row: ErasureRow, pieces: Sequence[EvidenceRow]) -> set[str]:
    """All but the reasons of erasures themselves, which say why nothing is left."""
    if not row.whole:
        return {*row.texts, *(c for one in pieces for c in (one.name_c, one.sha256_c))}
    reasons = set(tx.session.exec(select(ErasureRow.reason_c).where(ErasureRow.incident == row.incident)))
    return set(_texts_of(tx, row.incident)) - reasons


def _forget_pieces(tx: Tx, pieces: Sequence[EvidenceRow]) -> None:
    for one in pieces:
        one.state = EvidenceState.ERASED.value
        tx.session.add(one)
        if due := tx.session.get(EvidenceDueRow, one.id, with_for_update=True):
            tx.session.delete(due)


def _blank(tx: Tx, incident: str) -> None:
    """What lies beside the record: who was logged in, who was called where, what somebody is typing."""
    tx.session.execute(delete(DraftRow).where(col(DraftRow.incident) == incident))
    members = select(DetectionRow.fingerprint).where(DetectionRow.incident == incident)
    tx.session.execute(delete(ObservableRow).where(col(ObservableRow.detection).in_(members)))
    tx.session.execute(
        update(DetectionRow)
        .where(col(DetectionRow.incident) == incident)
        .values(title="", user=None, reported_as=None, joined_over=None)
    )
    tx.session.execute(
        update(DeliveryRow).where(col(DeliveryRow.incident) == incident).values(name="", address="", facts={})
    )
