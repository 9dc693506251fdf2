"""Erases texts for good: what is left of a scope gets a new data key, and the old one is destroyed.

Works inside the caller's transaction. Afterwards the ring's old keys must be destroyed (`KeyRing.destroy`), once the
transaction is durable: then the wrapped bytes that may still lie in a page, a log or a copy open nothing.
"""

import secrets
from collections import defaultdict
from collections.abc import Collection

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlmodel import Session, col, select

from csirt.store.many import some_of
from csirt.store.queries.drafts import label_of
from csirt.store.tables.drafts import DraftRow
from csirt.store.tables.record import VaultKeyRow, VaultPayloadRow, VaultRingRow
from csirt.store.vault import Vault, drawn_file_key, files_of

_NONCE = 12
_AT_ONCE = 500  # texts that are read at once


def forget(session: Session, vault: Vault, commitments: Collection[str]) -> list[str]:
    """Destroy these texts; others of their scopes, and their files, stay. Returns the ids of the keys destroyed."""
    by_key: dict[str, set[str]] = defaultdict(set)
    for some in some_of(commitments):
        query = select(VaultPayloadRow.c, VaultPayloadRow.key).where(col(VaultPayloadRow.c).in_(some))
        for c, key in session.exec(query):
            by_key[key].add(c)
    gone = []
    for key, doomed in sorted(by_key.items()):
        row = session.get_one(VaultKeyRow, key, with_for_update=True)
        if row.wrapped is not None:
            _part(session, vault, row, doomed)
            gone.append(key)
    return gone


def forget_files(session: Session, vault: Vault, scope: str, new_key: bytes | None) -> list[str]:
    """Destroy the key of a scope's files; `new_key` is that of those that were sealed again, None if none is left."""
    gone = []
    old, new = vault.file_key(session, scope), new_key or secrets.token_bytes(32)
    row = session.exec(select(VaultKeyRow).where(VaultKeyRow.scope == files_of(scope))).first()
    if row is not None:
        _destroy(session, row)
        gone.append(row.id)
    else:  # it was drawn from the data key, which leads to it: that one is exchanged, too
        data = session.exec(select(VaultKeyRow).where(VaultKeyRow.scope == scope)).one()
        _part(session, vault, data, set(), with_files=False)
        gone.append(data.id)
    vault.new_key(session, files_of(scope), new)
    _carry_drafts(session, scope, AESGCM(old), AESGCM(new))
    return gone


def rotate(session: Session, vault: Vault) -> list[str]:
    """Wrap every data key with a new key of the ring. Returns the ids of the ring's keys that are to be destroyed."""
    if vault.ring is None:
        return []
    ring = session.exec(select(VaultRingRow).with_for_update()).one()
    new = vault.ring.make()
    old = {ring.current}
    for row in session.exec(select(VaultKeyRow).where(col(VaultKeyRow.wrapped).is_not(None)).with_for_update()):
        key = vault.data_key(row)
        old.add(row.ring)
        row.ring, row.wrapped = new, vault.wrap_data_key(new, key, row.id)
        session.add(row)
    ring.current = new
    session.add(ring)
    session.flush()
    return sorted(old - {"", new})


def _part(session: Session, vault: Vault, old: VaultKeyRow, doomed: set[str], *, with_files: bool = True) -> None:
    """Give what is not doomed a new data key, keep the files' key by itself, destroy the old data key."""
    scope, key = old.scope, vault.data_key(old)
    if with_files and session.exec(select(VaultKeyRow).where(VaultKeyRow.scope == files_of(scope))).first() is None:
        vault.new_key(session, files_of(scope), drawn_file_key(key))
    _destroy(session, old)
    fresh = secrets.token_bytes(32)
    id_ = vault.new_key(session, scope, fresh)
    opened, sealing = AESGCM(key), AESGCM(fresh)
    payloads = select(VaultPayloadRow).where(VaultPayloadRow.key == old.id)
    for payload in session.exec(payloads.execution_options(yield_per=_AT_ONCE)):
        if payload.c in doomed:
            payload.sealed = b""
        else:
            plain = opened.decrypt(payload.sealed[:_NONCE], payload.sealed[_NONCE:], payload.c.encode())
            nonce = secrets.token_bytes(_NONCE)
            payload.key, payload.sealed = id_, nonce + sealing.encrypt(nonce, plain, payload.c.encode())
        session.add(payload)
    session.flush()


def _carry_drafts(session: Session, scope: str, opened: AESGCM, sealing: AESGCM) -> None:
    """What people are typing just now lies under the key of the files: it goes along."""
    for draft in session.exec(select(DraftRow).where(DraftRow.incident == scope.removeprefix("incident:"))):
        label = label_of(draft.person, draft.place).encode()
        plain = opened.decrypt(draft.sealed[:_NONCE], draft.sealed[_NONCE:], label)
        nonce = secrets.token_bytes(_NONCE)
        draft.sealed = nonce + sealing.encrypt(nonce, plain, label)
        session.add(draft)


def _destroy(session: Session, row: VaultKeyRow) -> None:
    """Without `wrapped` a key is erased. Its scope is given free for the key that follows."""
    session.connection().info.get("keys", {}).pop(row.scope, None)
    row.scope, row.wrapped = f"{row.scope}/erased/{row.id}", None
    session.add(row)
    session.flush()
