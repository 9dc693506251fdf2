"""The vault: free text and personal data, encrypted per incident, erasable; the record holds commitments only.

A text is sealed with AES-256-GCM under the data key of its scope, which is wrapped by the key-encrypting key outside
the database. The commitment is HMAC-SHA256(salt, text), its salt inside the ciphertext, so that destroying the data
key takes text and salt alike, backups included, while the record still verifies.
"""

import base64
import hmac
import json
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import bindparam
from sqlalchemy import select as plain_select
from sqlmodel import Session, col, select

from csirt.errors import Untrusted
from csirt.record.entry import commitment
from csirt.store.columns import table_of
from csirt.store.key_ring import KeyRing
from csirt.store.many import Into
from csirt.store.sight import note_opened
from csirt.store.tables.record import VaultKeyRow, VaultPayloadRow, VaultRingRow

_NONCE = 12
_LETTERS, _WORDS = 12, 100_000
_PAYLOADS = Into(table_of(VaultPayloadRow))
_KEY = table_of(VaultKeyRow)
_KEY_OF = plain_select(_KEY.c.id, _KEY.c.scope, _KEY.c.ring, _KEY.c.wrapped).where(_KEY.c.scope == bindparam("scope"))
_TEXT, _OF = VaultPayloadRow, VaultKeyRow
_SEALED: Any = (  # made once, and columns instead of rows: most pages open texts
    plain_select(col(_TEXT.c), col(_TEXT.name), col(_TEXT.inc), col(_TEXT.sealed),
                 col(_OF.id), col(_OF.scope), col(_OF.ring), col(_OF.wrapped))
    .join(_OF, col(_TEXT.key) == col(_OF.id))
    .where(col(_TEXT.c).in_(bindparam("wanted", expanding=True)))
)  # fmt: skip
Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Sealed:
    """What the record keeps of a text: the commitment, its class (`personal`, `text`, `raw`), its name."""

    c: str
    cls: str
    name: str


@dataclass(frozen=True, slots=True)
class Opened:
    """A text taken out of the vault, with the salt that proves it against its commitment."""

    c: str
    name: str
    salt: bytes
    text: str


def files_of(scope: str) -> str:
    """The scope in which the key of a scope's files is kept by itself."""
    return f"{scope}/files"


def drawn_file_key(key: bytes) -> bytes:
    """What the keys of files are derived from; HKDF-SHA256 (RFC 5869) leads from the data key to it and not back."""
    return HKDF(SHA256(), 32, None, b"csirt files").derive(key)


class Vault:
    """Seals and opens texts. Holds the key-encrypting key; every call works inside the caller's transaction."""

    def __init__(self, kek: bytes, ring: KeyRing | None = None) -> None:
        """`kek`: 32 bytes from outside the database, for small secrets; `ring` wraps the data keys of texts.

        Without a ring the desk's own key wraps them, too; then an erased key is as gone as the last copy of its row.
        """
        self._kek = AESGCM(kek)
        self.ring = ring
        self._blind = hmac.digest(kek, b"words to search for", "sha256")
        self._known: dict[str, str] = {}  # pairs of signs come again and again

    def blind(self, word: str) -> str:
        """What stands for a word in the index of words: twelve letters that say nothing without the key."""
        if (known := self._known.get(word)) is None:
            if len(self._known) > _WORDS:
                self._known.clear()
            digest = hmac.digest(self._blind, word.encode(), "sha256")
            known = self._known[word] = "".join(chr(97 + byte % 26) for byte in digest[:_LETTERS])
        return known

    def _data_key(self, session: Session, scope: str) -> tuple[str, AESGCM]:
        """Opened once a transaction; outside of one nobody keeps it, so that erasing it erases it."""
        known: dict[str, tuple[str, AESGCM]] = session.connection().info.setdefault("keys", {})
        if scope not in known:
            key_id, key = self._opened_or_made(session, scope)
            known[scope] = key_id, AESGCM(key)
        return known[scope]

    def _opened_or_made(self, session: Session, scope: str) -> tuple[str, bytes]:
        row = session.connection().execute(_KEY_OF, {"scope": scope}).first()
        if row is None:
            key = secrets.token_bytes(32)
            return self.new_key(session, scope, key), key
        return row.id, self._data_key_in(row.id, row.scope, row.ring, row.wrapped)

    def new_key(self, session: Session, scope: str, key: bytes) -> str:
        """Keep this data key for a scope that has none; returns its id."""
        id_ = secrets.token_hex(8)
        ring = self._current(session)
        session.add(VaultKeyRow(id=id_, scope=scope, ring=ring, wrapped=self.wrap_data_key(ring, key, id_)))
        session.flush()
        return id_

    def data_key(self, row: VaultKeyRow) -> bytes:
        """The data key of a row. Raises `Untrusted` `vault_key_erased`, `vault_key_wrong`."""
        return self._data_key_in(row.id, row.scope, row.ring, row.wrapped)

    def _data_key_in(self, id_: str, scope: str, ring: str, wrapped: bytes | None) -> bytes:
        if wrapped is None:
            raise Untrusted("vault_key_erased", scope=scope)
        return self.ring.unwrap(ring, wrapped, id_) if ring and self.ring else self.unwrap(wrapped, id_)

    def wrap_data_key(self, ring: str, key: bytes, label: str) -> bytes:
        """Wrap with a key of the ring, or with the desk's own where `ring` is empty."""
        return self.ring.wrap(ring, key, label) if self.ring and ring else self.wrap(key, label)

    def _current(self, session: Session) -> str:
        """The ring's key for new data keys. Its row is held, so that nobody exchanges it before this commit."""
        if self.ring is None:
            return ""
        row = session.exec(select(VaultRingRow).with_for_update()).one()
        if not row.current:
            row.current = self.ring.first()
            session.add(row)
        return row.current

    def file_key(self, session: Session, scope: str) -> bytes:
        """The key of a scope from which those of its files are derived; erased with it.

        It is drawn from the scope's data key and leads to no text. Once texts of the scope were erased one by one, it
        is kept by itself, because the data key is another one then.

        Raises:
            Untrusted: `vault_key_erased`: it was destroyed, or there never was one.
        """
        for name in (files_of(scope), scope):
            row = session.exec(select(VaultKeyRow).where(VaultKeyRow.scope == name)).first()
            if row is not None:
                return self.data_key(row) if name != scope else drawn_file_key(self.data_key(row))
        raise Untrusted("vault_key_erased", scope=scope)

    def wrap(self, secret: bytes, label: str) -> bytes:
        """Encrypt a small secret under the key-encrypting key, bound to its label."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._kek.encrypt(nonce, secret, label.encode())

    def unwrap(self, wrapped: bytes, label: str) -> bytes:
        """The reverse of `wrap`. Raises `Untrusted` if the bytes were changed or the key is another one."""
        try:
            return self._kek.decrypt(wrapped[:_NONCE], wrapped[_NONCE:], label.encode())
        except InvalidTag as error:
            raise Untrusted("vault_key_wrong", label=label) from error

    def seal_aside(self, session: Session, text: str, scope: str | None, label: str) -> bytes:
        """Encrypt something that is in no record, such as a draft, bound to its label.

        Under the data key of `scope`, so that it is erased with it; without one, or where there is none yet, under the
        key-encrypting key. Raises `Untrusted` `vault_key_erased`.
        """
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._key_aside(session, scope).encrypt(nonce, text.encode(), label.encode())

    def open_aside(self, session: Session, sealed: bytes, scope: str | None, label: str) -> str:
        """The reverse of `seal_aside`. Raises `Untrusted` if the key is gone, or the bytes were changed."""
        try:
            key = self._key_aside(session, scope)
            return key.decrypt(sealed[:_NONCE], sealed[_NONCE:], label.encode()).decode()
        except InvalidTag as error:
            raise Untrusted("vault_text_changed", name=label) from error

    def _key_aside(self, session: Session, scope: str | None) -> AESGCM:
        return AESGCM(self.file_key(session, scope)) if scope else self._kek

    def seal(
        self, session: Session, text: str, *, scope: str, inc: str | None, cls: str, name: str
    ) -> tuple[Sealed, Row]:
        """Encrypt a text under the data key of `scope` (one key each incident or day of intake).

        Returns what the record keeps of it, and the row that is to be given to `keep`.
        """
        salt = secrets.token_bytes(32)
        c = commitment(salt, text)
        key_id, key = self._data_key(session, scope)
        nonce = secrets.token_bytes(_NONCE)
        plain = orjson.dumps({"s": base64.b64encode(salt).decode(), "t": text})
        sealed = nonce + key.encrypt(nonce, plain, c.encode())
        return Sealed(c, cls, name), {"c": c, "key": key_id, "inc": inc, "kind": cls, "name": name, "sealed": sealed}

    def keep(self, session: Session, rows: Sequence[Row]) -> None:
        """Store sealed texts, all by one statement."""
        if rows:
            _PAYLOADS.put(session.connection(), rows)

    def open_all(self, session: Session, commitments: Iterable[str | None]) -> dict[str, Opened]:
        """The texts of these commitments; those whose key was destroyed are left out.

        Raises:
            Untrusted: a stored text does not fit its commitment.
        """
        wanted = {c for c in commitments if c}
        if not wanted:
            return {}
        keys: dict[str, AESGCM] = {}
        opened: dict[str, Opened] = {}
        for c, name, inc, sealed, id_, scope, ring, wrapped in session.execute(_SEALED, {"wanted": list(wanted)}):
            if wrapped is None:
                continue
            if id_ not in keys:
                keys[id_] = AESGCM(self._data_key_in(id_, scope, ring, wrapped))
            opened[c] = _open(c, name, sealed, keys[id_])
            note_opened(session, inc)
        return opened

    def texts(self, session: Session, commitments: Iterable[str | None]) -> dict[str, str]:
        """As `open_all`, texts only."""
        return {c: opened.text for c, opened in self.open_all(session, commitments).items()}


def _open(c: str, name: str, sealed: bytes, key: AESGCM) -> Opened:
    try:
        plain = json.loads(key.decrypt(sealed[:_NONCE], sealed[_NONCE:], c.encode()))
    except InvalidTag as error:
        raise Untrusted("vault_text_changed", name=name) from error
    salt = base64.b64decode(plain["s"])
    if commitment(salt, plain["t"]) != c:
        raise Untrusted("vault_text_changed", name=name)
    return Opened(c, name, salt, plain["t"])
