"""People from an LDIF file (RFC 2849): the embedded default, and what works while every server is down.

The file is read anew for every question, so an edited file counts at once. Passwords are salted hashes as directory
servers keep them ({SSHA}, {SSHA256}, {SSHA512}); one in clear is never accepted.
"""

import base64
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from pathlib import Path

import ldif

from csirt.clock import Clock, SystemClock
from csirt.directory.attributes import Entry, dn_key
from csirt.directory.entries import Listing, Opaque, account_name, password_bytes, read_entries
from csirt.directory.probing import Probe
from csirt.directory.roles import Grants
from csirt.directory.schema import Schema
from csirt.errors import DirectoryUnavailable
from csirt.model.people import Person, Post

_SCHEMES = {b"{SSHA}": "sha1", b"{SSHA256}": "sha256", b"{SSHA512}": "sha512"}


def hashed(password: str, salt: bytes) -> str:
    """A value for `userPassword`: {SSHA512} of the password with this salt (at least 8 random bytes)."""
    digest = hashlib.sha512(password.encode() + salt).digest()
    return "{SSHA512}" + base64.b64encode(digest + salt).decode()


_DECOY = hashed("nobody", b"nobody!!").encode()


class LdifDirectory:
    """The directory in one file. `grants` says what groups give, `opaque` maps account names to ids."""

    name = "ldif"

    def __init__(
        self, path: Path, grants: Grants, opaque: Opaque, schema: Schema | None = None, clock: Clock | None = None
    ) -> None:
        self._path = path
        self._grants = grants
        self._opaque = opaque
        self._schema = schema or Schema()
        self._clock = clock or SystemClock()

    def authenticate(self, uid: str, password: str) -> Person | None:
        """The person if the password is theirs, else None; what cannot be an account or a password is None too.

        Raises:
            DirectoryUnavailable: the file cannot be read.
        """
        account, given = account_name(uid), password_bytes(password)
        if account is None or given is None:
            return None
        entries = self._entries()
        listing = self._listing(entries)
        person = listing.by_uid(account)
        stored = _passwords_of(entries, listing, person)
        if not stored:
            _matches(given, _DECOY)  # an account that does not exist takes as long as one that does
        return person if any(_matches(given, value) for value in stored) else None

    def people(self) -> Mapping[str, Person]:
        """All people, by opaque id. Raises `DirectoryUnavailable` when the file cannot be read."""
        return self._listing(self._entries()).people

    def posts(self) -> Mapping[str, Post]:
        """All posts, by id. Raises `DirectoryUnavailable` when the file cannot be read."""
        return self._listing(self._entries()).posts

    def listing(self) -> Listing:
        """Everything that the file says. Raises `DirectoryUnavailable` when it cannot be read."""
        return self._listing(self._entries())

    def probe(self) -> list[Probe]:
        """Can the file be read?"""
        try:
            self._entries()
        except DirectoryUnavailable as error:
            return [Probe(self._path.name, error.code)]
        return [Probe(self._path.name)]

    def _listing(self, entries: Sequence[Entry]) -> Listing:
        return read_entries(entries, self._grants, self._opaque, self._clock.now(), self._schema)

    def _entries(self) -> Sequence[Entry]:
        try:
            with self._path.open("rb") as file:
                records = ldif.LDIFRecordList(file)
                records.parse()
        except OSError:
            raise DirectoryUnavailable("directory_file_unreadable", file=self._path.name) from None
        except (ValueError, LookupError, EOFError, TypeError, AttributeError):  # what the parser raises on nonsense
            raise DirectoryUnavailable("directory_file_malformed", permanent=True, file=self._path.name) from None
        return [(dn, _present(attributes)) for dn, attributes in records.all_records]


def _present(attributes: Mapping[str, Sequence[bytes | None]]) -> Mapping[str, Sequence[bytes]]:
    """Without values that the file only points to (`:<`), which are never fetched."""
    return {name: [value for value in values if value is not None] for name, values in attributes.items()}


def _passwords_of(entries: Sequence[Entry], listing: Listing, person: Person | None) -> tuple[bytes, ...]:
    return tuple(
        value
        for dn, attributes in entries
        if person is not None and listing.ids.get(dn_key(dn)) == person.id
        for name, values in attributes.items()
        if name.lower() == "userpassword"
        for value in values
    )


def _matches(given: bytes, stored: bytes) -> bool:
    scheme, _, encoded = stored.partition(b"}")
    algorithm = _SCHEMES.get(scheme.upper() + b"}")
    if algorithm is None:
        return False
    try:
        raw = base64.b64decode(encoded, validate=True)
    except ValueError:
        return False
    size = hashlib.new(algorithm, usedforsecurity=False).digest_size
    digest, salt = raw[:size], raw[size:]
    return hmac.compare_digest(hashlib.new(algorithm, given + salt).digest(), digest)
