"""Files of evidence on the disk: streamed in and out, encrypted piece by piece, found again by their content.

A file is sealed under a key of its own, derived (HKDF-SHA256, RFC 5869) from the data key of its incident: AES-256-GCM
in pieces whose nonces count up and mark the last one (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
Vizár, 2015), so that no piece can be exchanged, repeated or cut off, and memory stays bounded. Its name is a keyed hash
of its SHA-256: the same content of one incident lies there once, and neither a listing nor a backup of the folder tells
whether a known file is among them. Nothing is ever unpacked or looked into.
"""

import errno
import hashlib
import hmac
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from csirt.errors import Invalid, Unavailable, Untrusted

PIECE = 256 * 1024  # bytes of content in one sealed piece
RESERVE = 256 * 1024 * 1024  # bytes that evidence leaves free on its disk: the record goes first
_MAGIC = b"csirt evidence 1\n"
_SALT = 32
_TAG = 16
_LOOK_EVERY = 64 * PIECE  # bytes between two looks at the free space
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that lies in the folder whole and synced. `size` in bytes, `sha256` in hex."""

    address: str
    size: int
    sha256: str


def _derived(key: bytes, salt: bytes, use: bytes) -> bytes:
    return HKDF(hashes.SHA256(), 32, salt, b"csirt evidence 1 " + use).derive(key)


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def address_of(key: bytes, sha256: str) -> str:
    """Where content with this hash lies among the files of the incident that `key` belongs to."""
    return hmac.digest(_derived(key, b"", b"address"), bytes.fromhex(sha256), "sha256").hex()[:40]


class EvidenceFiles:
    """The folder of evidence, one folder below for each incident."""

    def __init__(self, folder: Path, most: int) -> None:
        """`most`: bytes that one file may have."""
        self.folder = folder
        self.most = most

    def begin(self, incident: str, key: bytes) -> "Writer":
        """A new file of an incident, to be written inside `with`; what is not kept by then leaves nothing behind.

        Raises:
            Unavailable: `disk_full`, `evidence_not_written`.
        """
        try:
            return Writer(_made(self.folder, incident), key, self.most)
        except OSError as error:
            raise _refusal(error) from error

    def read(self, incident: str, address: str, key: bytes) -> Iterator[bytes]:
        """The content, piece by piece; every piece is genuine and in its place.

        Raises:
            Untrusted: `evidence_changed`, `evidence_missing`.
            Unavailable: `evidence_unreadable`.
        """
        try:
            with (self.folder / incident / address).open("rb") as file:
                yield from _opened(file, key)
        except FileNotFoundError:
            raise Untrusted("evidence_missing") from None
        except InvalidTag:
            raise Untrusted("evidence_changed") from None
        except OSError as error:
            raise Unavailable("evidence_unreadable") from error

    def listed(self, incident: str) -> set[str]:
        """The addresses at which files of an incident lie."""
        folder = self.folder / incident
        return {path.name for path in folder.iterdir() if not path.name.startswith(".")} if folder.is_dir() else set()

    def remove(self, incident: str, addresses: Iterable[str]) -> None:
        """Take files away that were erased; those that are gone already are passed over."""
        for address in addresses:
            (self.folder / incident / address).unlink(missing_ok=True)

    def sweep(self, before: float) -> int:
        """Take away what interrupted uploads left before this time (seconds since 1970); returns how many.

        Whole files stay, also those that no entry speaks of: after a database was restored they may be the last copy.
        """
        swept = 0
        for part in self.folder.glob("*/.part-*"):
            with suppress(OSError):
                if part.stat().st_mtime < before:
                    part.unlink()
                    swept += 1
        return swept


class Writer:
    """One file on its way in."""

    def __init__(self, folder: Path, key: bytes, most: int) -> None:
        """Made by `EvidenceFiles.begin`."""
        self._folder = folder
        self._key = key
        self._most = most
        salt = secrets.token_bytes(_SALT)
        self._cipher = AESGCM(_derived(key, salt, b"file"))
        self._hash = hashlib.sha256()
        self._rest = bytearray()
        self._pieces = 0
        self.size = 0
        self._look_at = 0
        handle, name = tempfile.mkstemp(dir=folder, prefix=".part-")  # mode 0600
        self._part = Path(name)
        self._file = os.fdopen(handle, "wb")
        self._file.write(_MAGIC + salt)

    def __enter__(self) -> Self:
        """Use as a context."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _t: TracebackType | None) -> None:
        """Close, and take away what was not kept."""
        with suppress(OSError):
            self._file.close()
        self._part.unlink(missing_ok=True)

    def write(self, some: bytes) -> None:
        """Take in some bytes.

        Raises:
            Invalid: `evidence_too_large`.
            Unavailable: `disk_full`, `evidence_not_written`.
        """
        self.size += len(some)
        if self.size > self._most:
            raise Invalid("evidence_too_large", limit=self._most)
        self._hash.update(some)
        self._rest += some
        try:
            if self.size >= self._look_at:
                self._look_at = self.size + _LOOK_EVERY
                if shutil.disk_usage(self._folder).free < RESERVE:
                    raise Unavailable("disk_full")
            while len(self._rest) > PIECE:  # the last piece is only known at the end
                self._seal(bytes(self._rest[:PIECE]), last=False)
                del self._rest[:PIECE]
        except OSError as error:
            raise _refusal(error) from error

    def keep(self) -> Kept:
        """Put the file where it belongs, synced to the disk: an entry may speak of it from now on.

        Raises:
            Unavailable: `disk_full`, `evidence_not_written`.
        """
        sha256 = self._hash.hexdigest()
        address = address_of(self._key, sha256)
        try:
            self._seal(bytes(self._rest), last=True)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            # Over an equal one, too: that one may have been damaged since.
            self._part.replace(self._folder / address)
            _sync(self._folder)
        except OSError as error:
            raise _refusal(error) from error
        return Kept(address, self.size, sha256)

    def _seal(self, piece: bytes, *, last: bool) -> None:
        self._file.write(self._cipher.encrypt(_nonce(self._pieces, last=last), piece, None))
        self._pieces += 1


def _opened(file: BinaryIO, key: bytes) -> Iterator[bytes]:
    head = file.read(len(_MAGIC) + _SALT)
    if len(head) < len(_MAGIC) + _SALT or not head.startswith(_MAGIC):
        raise InvalidTag
    cipher = AESGCM(_derived(key, head[len(_MAGIC) :], b"file"))
    number, ahead = 0, file.read(PIECE + _TAG)
    while True:
        sealed, ahead = ahead, file.read(PIECE + _TAG)
        if len(sealed) < _TAG:
            raise InvalidTag
        yield cipher.decrypt(_nonce(number, last=not ahead), sealed, None)
        number += 1
        if not ahead:
            return


def _made(folder: Path, incident: str) -> Path:
    """The incident's folder, on the disk before a file lies in it."""
    inner = folder / incident
    if not inner.is_dir():
        inner.mkdir(mode=0o700, parents=True, exist_ok=True)
        _sync(folder)
        _sync(folder.parent)
    return inner


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _refusal(error: OSError) -> Unavailable:
    return Unavailable("disk_full" if error.errno in _FULL else "evidence_not_written")
