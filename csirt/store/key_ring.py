"""The keys that wrap data keys: files outside the database, each used until it is destroyed.

Whoever erases something makes a new key, wraps every data key that is left with it, and destroys the old one. Then no
stale page, log or copy of the database anywhere gives the erased data key back, although it may still hold its wrapped
bytes.
"""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from csirt.errors import Untrusted
from csirt.store.secret_files import load_or_make_key

_NONCE = 12


class KeyRing:
    """The files `ring-ID.key` of a folder. An id is 16 hex digits and never comes again."""

    def __init__(self, folder: Path) -> None:
        """The folder need not be there yet."""
        self._folder = folder
        self._open: dict[str, AESGCM] = {}

    def make(self) -> str:
        """A new key, on the disk before this returns; gives its id."""
        id_ = secrets.token_hex(8)
        load_or_make_key(self._path(id_))
        return id_

    def first(self) -> str:
        """The key that a desk begins with: the one that its folder was founded with, so that copies of it share it."""
        there = sorted(path.stem.removeprefix("ring-") for path in self._folder.glob("ring-*.key"))
        return there[0] if there else self.make()

    def wrap(self, id_: str, secret: bytes, label: str) -> bytes:
        """Encrypt a small secret, bound to its label."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._key(id_).encrypt(nonce, secret, label.encode())

    def unwrap(self, id_: str, wrapped: bytes, label: str) -> bytes:
        """The reverse of `wrap`. Raises `Untrusted` `vault_key_wrong` if the bytes or the key are not the same."""
        try:
            return self._key(id_).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], label.encode())
        except InvalidTag as error:
            raise Untrusted("vault_key_wrong", label=label) from error

    def destroy(self, id_: str) -> None:
        """Overwrite the file and take it away; nothing that was wrapped with it can be opened any more."""
        self._open.pop(id_, None)
        with suppress(FileNotFoundError):
            with self._path(id_).open("r+b") as file:
                file.write(secrets.token_bytes(self._path(id_).stat().st_size))
                file.flush()
                os.fsync(file.fileno())
            self._path(id_).unlink()

    def sweep(self, used: set[str], before: float) -> int:
        """Destroy files that nothing names and that are older than `before` (seconds since 1970); returns how many.

        One may be left after a fall between a commit and `destroy`; a young one may belong to a commit being made.
        """
        named = {self._path(id_).name for id_ in used}
        left = [
            path for path in self._folder.glob("ring-*.key") if path.name not in named and path.stat().st_mtime < before
        ]
        for path in left:
            self.destroy(path.stem.removeprefix("ring-"))
        return len(left)

    def _path(self, id_: str) -> Path:
        return self._folder / f"ring-{id_}.key"

    def _key(self, id_: str) -> AESGCM:
        if id_ not in self._open:
            path = self._path(id_)
            if not path.exists():  # another host's, or destroyed: never made anew under the same name
                raise Untrusted("vault_key_wrong", label=path.name)
            self._open[id_] = AESGCM(load_or_make_key(path))
        return self._open[id_]
