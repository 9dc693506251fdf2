"""Carries an approved erasure out to the last copy: evidence that stays is sealed again, then keys and files go."""

import secrets

from sqlmodel import select

from csirt.bootstrap import Desk
from csirt.model.authority import Permission, must
from csirt.model.evidence import EvidenceState
from csirt.model.people import Actor
from csirt.response import erasing
from csirt.response.erasing import Erased, Resealed
from csirt.store.queries.erasures import Erasure, erasure
from csirt.store.queries.evidence import evidence_of
from csirt.store.tables.record import VaultKeyRow, VaultRingRow
from csirt.store.tx import Look


def approve(desk: Desk, actor: Actor, id_: str) -> Erased:
    """Erase what was proposed; when this returns, nobody can read it any more. Raises what `erasing.approve` raises."""
    must(actor, Permission.APPROVE_ERASURE)  # before anything is looked up: who may not learns nothing
    done = desk.commit(actor, erasing.approve, id_, _resealed(desk, desk.look(erasure, id_)))
    _destroy(desk, done.ring)
    desk.custody.files.remove(done.incident, done.addresses)
    return done


def _resealed(desk: Desk, proposed: Erasure) -> Resealed:
    """Sealed before the commit, since that takes as long as the files are large; left behind if the commit fails."""
    if proposed.whole or not proposed.evidence:
        return Resealed()
    key = secrets.token_bytes(32)
    pieces = desk.look(evidence_of, proposed.incident)
    stay = [one for one in pieces if one.id not in proposed.evidence and one.state is not EvidenceState.ERASED]
    return Resealed(key, desk.custody.seal_again(stay, key))


def rotate_keys(desk: Desk, actor: Actor) -> int:
    """Exchange the key that wraps all data keys; returns how many keys were destroyed."""
    old = desk.commit(actor, erasing.rotate_keys)
    _destroy(desk, old)
    return len(old)


def _destroy(desk: Desk, ring: tuple[str, ...]) -> None:
    if keys := desk.door.vault.ring:
        for id_ in ring:
            keys.destroy(id_)


def sweep(desk: Desk, before: float) -> int:
    """Destroy keys that a process left when it fell between a commit and this; `before`: seconds since 1970."""
    return desk.door.vault.ring.sweep(desk.look(_used), before) if desk.door.vault.ring else 0


def _used(look: Look) -> set[str]:
    return {*look.session.exec(select(VaultKeyRow.ring)), *look.session.exec(select(VaultRingRow.current))}
