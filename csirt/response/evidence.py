"""Evidence and its chain of custody: collected, accessed, handed over, exported, checked; each an entry.

The content is on the disk before `collect` is called (`csirt.response.custody`); here it becomes a fact.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlmodel import col, select

from csirt.errors import LeaseLost, NotFound, Unavailable
from csirt.model.authority import Permission, must
from csirt.model.evidence import EvidenceState, checked_name, checked_receiver
from csirt.record.entry import EntryKind
from csirt.response import repeats
from csirt.store.evidence_files import Kept, address_of
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.evidence import EvidenceDueRow, EvidenceRow
from csirt.store.tx import Tx, new_id

LEASE = timedelta(hours=1)  # a terabyte is hashed within that; whoever died is taken over from then on


@dataclass(frozen=True, slots=True)
class ToCheck:
    """A piece of evidence to be hashed now."""

    evidence: str
    incident: str
    lease: str


def collect(
    tx: Tx, incident: str, kept: Kept, name: str, *, via: str = "upload", run: str | None = None,
    step: str | None = None, request_key: str | None = None,
) -> str:  # fmt: skip
    """Attach a file that is already kept to an incident, open or closed; returns the id of the evidence.

    May stand inside another use case, such as an answer. `via` says how it came: `upload`, `api`, `cli`, `action`. The
    same `request_key` again adds nothing.

    Raises:
        Forbidden: this actor may not collect evidence.
        NotFound: `incident_unknown`.
        Invalid: a 個人番号 in the name.
        Unavailable: `evidence_key_changed`: it must be sent again.
    """
    must(tx.actor, Permission.COLLECT_EVIDENCE)
    if known := repeats.recorded(tx, request_key):
        return str(known["evidence"])
    if tx.session.get(IncidentRow, incident, with_for_update=True) is None:
        raise NotFound("incident_unknown", incident=incident[:40])
    if kept.address != address_of(tx.vault.file_key(tx.session, f"incident:{incident}"), kept.sha256):
        raise Unavailable("evidence_key_changed")  # an erasure came between: sealed under a key that is gone
    id_ = new_id("v")
    sealed = tx.record(
        EntryKind.EVIDENCE_COLLECTED, incident=incident, run=run, step=step, cid=repeats.cid_of(request_key),
        out={"evidence": id_, "size": kept.size, "address": kept.address, "via": via},
        texts={"name": checked_name(name)}, raws={"sha256": kept.sha256},
    )  # fmt: skip
    tx.session.add(
        EvidenceRow(
            id=id_, incident=incident, name_c=sealed["name"], sha256_c=sealed["sha256"], size=kept.size,
            address=kept.address, by=tx.actor.id, at=tx.now, via=via, step=step, state=EvidenceState.WHOLE.value,
        )
    )  # fmt: skip
    tx.session.flush()
    tx.session.add(EvidenceDueRow(evidence=id_, not_before=tx.now + timedelta(days=1)))
    return id_


def access(tx: Tx, evidence: str) -> None:
    """Somebody is about to be given the content. Raises `Forbidden`, `NotFound`."""
    must(tx.actor, Permission.READ_EVIDENCE)
    row = _row(tx, evidence)
    tx.record(EntryKind.EVIDENCE_ACCESSED, incident=row.incident, out={"evidence": evidence})


def export(tx: Tx, evidence: str) -> None:
    """A copy of the content is about to leave the house as a file. Raises `Forbidden`, `NotFound`."""
    must(tx.actor, Permission.READ_EVIDENCE)
    row = _row(tx, evidence)
    tx.record(EntryKind.EVIDENCE_EXPORTED, incident=row.incident, out={"evidence": evidence})


def hand_over(tx: Tx, evidence: str, to: str, reason: str, *, request_key: str | None = None) -> None:
    """A piece was given to somebody outside, such as the police, with a reason or a receipt's number.

    Raises:
        Forbidden: this actor may not hand evidence over.
        Invalid: nobody or no reason named, or a 個人番号 in a text.
    """
    must(tx.actor, Permission.HAND_OVER_EVIDENCE)
    if repeats.recorded(tx, request_key):
        return
    row = _row(tx, evidence)
    receiver, why = checked_receiver(to, reason)
    tx.record(
        EntryKind.EVIDENCE_HANDED_OVER, incident=row.incident, cid=repeats.cid_of(request_key),
        out={"evidence": evidence}, texts={"to": receiver, "reason": why},
    )  # fmt: skip


def claim_check(tx: Tx) -> ToCheck | None:
    """Take one piece that is due to be hashed again; None if there is none."""
    due = tx.session.exec(
        select(EvidenceDueRow)
        .where(col(EvidenceDueRow.not_before) <= tx.now)
        .order_by(col(EvidenceDueRow.not_before))
        .limit(1)
        .with_for_update(skip_locked=True)
    ).first()
    if due is None:
        return None
    due.lease, due.not_before = new_id("l"), tx.now + LEASE
    tx.session.add(due)
    return ToCheck(due.evidence, tx.session.get_one(EvidenceRow, due.evidence).incident, due.lease)


def checked(tx: Tx, held: ToCheck, found: EvidenceState, again_in: timedelta) -> bool:
    """Record what hashing found. A piece that stays damaged is recorded once. Returns whether this is news of damage.

    Raises `LeaseLost` when somebody else checks it by now.
    """
    row = _row(tx, held.evidence)
    due = tx.session.get(EvidenceDueRow, held.evidence, with_for_update=True, populate_existing=True)
    if due is None or due.lease != held.lease:
        raise LeaseLost("lease_lost", evidence=held.evidence)
    due.lease, due.not_before = None, tx.now + again_in
    tx.session.add(due)
    damaged = found is not EvidenceState.WHOLE
    if damaged and row.state == found.value:
        return False
    row.state, row.checked_at = found.value, tx.now
    tx.session.add(row)
    out = {"evidence": held.evidence, "found": found.value}
    tx.record(EntryKind.EVIDENCE_CHECKED, incident=row.incident, out=out)
    return damaged


def forget_check(tx: Tx, held: ToCheck) -> None:
    """Its key was destroyed: there is nothing left to hash."""
    if due := tx.session.get(EvidenceDueRow, held.evidence, with_for_update=True):
        tx.session.delete(due)


def _row(tx: Tx, evidence: str) -> EvidenceRow:
    """The row, after that of its incident was locked. Raises `NotFound`."""
    row = tx.session.get(EvidenceRow, evidence)
    if row is None:
        raise NotFound("evidence_unknown", evidence=evidence[:40])
    tx.session.get_one(IncidentRow, row.incident, with_for_update=True)
    tx.session.refresh(row, with_for_update=True)
    return row
