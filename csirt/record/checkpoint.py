"""Checkpoints: the head of the tree as a signed note (C2SP signed-note, tlog-checkpoint, tlog-cosignature).

A log signs by Ed25519, and a second time by ML-DSA-44, which a quantum computer does not forge. A witness adds its
cosignature, which carries a time. Reading and verifying lie in `verify_record`; here are writing and signing, and our
own errors for what is wrong.
"""

from binascii import a2b_base64
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

try:  # an older library knows Ed25519 only: then there is no second signature
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
except ImportError:
    MLDSA44PrivateKey = None  # type: ignore[assignment,misc]

from csirt.errors import Invalid, Untrusted
from csirt.record import verify_record
from csirt.record.verify_record import LOG, QUANTUM, WITNESS, Bad, Checkpoint, VerifierKey, b64

HAS_QUANTUM = MLDSA44PrivateKey is not None
_PRIVATE = "PRIVATE+KEY"  # the form of Go's golang.org/x/mod/sumdb/note


def _private(kind: int, seed: bytes | None = None) -> Any:
    """A private key of this kind, new or from its 32 bytes."""
    if kind == QUANTUM:
        return MLDSA44PrivateKey.generate() if seed is None else MLDSA44PrivateKey.from_seed_bytes(seed)
    return Ed25519PrivateKey.generate() if seed is None else Ed25519PrivateKey.from_private_bytes(seed)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A named key. A log's name is its origin. Keep it out of databases, backups and logs.

    `kind`: `LOG` (Ed25519), `WITNESS` (Ed25519 with a time) or `QUANTUM` (ML-DSA-44 with a time).
    """

    name: str
    private: Any = field(repr=False)
    kind: int = LOG

    @classmethod
    def generate(cls, name: str, kind: int = LOG) -> "SigningKey":
        """A new key. Raises `Invalid` `key_name_malformed`: printable ASCII without blank and plus sign."""
        key = cls(name, _private(kind), kind)
        _checked_name(key)
        return key

    @classmethod
    def parse(cls, line: str) -> "SigningKey":
        """Read `to_line()` back. Raises `Invalid` `signing_key_malformed`, which never shows the key."""
        try:
            words = line.strip().split("+", 4)
            raw = a2b_base64(words[4])
            key = cls(words[2], _private(raw[0], raw[1:]), raw[0])
            same = raw[0] in {LOG, WITNESS, QUANTUM} and key.to_line() == line.strip()
        except (ValueError, IndexError):
            raise Invalid("signing_key_malformed") from None
        if not same:
            raise Invalid("signing_key_malformed")
        return key

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey.of(self.name, self.private.public_key().public_bytes_raw(), self.kind)

    def to_line(self) -> str:
        """The secret key, as the signer's key file holds it."""
        raw = bytes([self.kind]) + self.private.private_bytes_raw()
        return f"{_PRIVATE}+{self.name}+{self.verifier.id.hex()}+{b64(raw).decode()}"

    def renamed(self, name: str) -> "SigningKey":
        """The same secret under another name, which makes another key of it for whoever verifies."""
        return SigningKey(name, self.private, self.kind)

    def signature_line(self, text: str, at: int) -> str:
        """The line of a note that signs a checkpoint's body; `at`: seconds since 1970, for kinds that carry a time."""
        time = b"" if self.kind == LOG else at.to_bytes(8, "big")
        signature = self.private.sign(self.verifier.covers(text, at))
        return f"\u2014 {self.name} {b64(self.verifier.id + time + signature).decode()}\n"


def _checked_name(key: SigningKey) -> None:
    try:
        parse_verifier_key(verifier_line(key.verifier))
    except (Invalid, UnicodeEncodeError):
        raise Invalid("key_name_malformed") from None


def verifier_line(key: VerifierKey) -> str:
    """The verifier key as it is published: `name+id+base64`, without a newline."""
    return f"{key.name}+{key.id.hex()}+{b64(bytes([key.kind]) + key.public).decode()}"


def parse_verifier_key(line: str) -> VerifierKey:
    """Read `verifier_line()` back. Raises `Invalid` `key_malformed`."""
    try:
        return VerifierKey.parse(line)
    except Bad as bad:
        raise Invalid(bad.code) from None


def body(checkpoint: Checkpoint) -> str:
    """The signed text: origin, size, base64 root, one a line."""
    return f"{checkpoint.origin}\n{checkpoint.size}\n{b64(checkpoint.root).decode()}\n"


def paper_line(checkpoint: Checkpoint) -> str:
    """The same on one line, `origin size root`, to be printed and later typed into the verifier."""
    return body(checkpoint).strip().replace("\n", " ")


def parse_body(text: str) -> Checkpoint:
    """Read a body. Raises `Invalid` `checkpoint_malformed`."""
    try:
        return Checkpoint.parse(text)
    except Bad as bad:
        raise Invalid(bad.code) from None


def sign(checkpoint: Checkpoint, *keys: SigningKey, at: int = 0) -> bytes:
    """The checkpoint as a signed note; two keys while one replaces the other. A log's keys bear its origin as name.

    `at`: seconds since 1970, for signatures that carry a time.

    Raises:
        Invalid: `checkpoint_malformed`, or `key_name_differs` where a log's key has another name than the origin.
    """
    text = body(checkpoint)
    parse_body(text)
    if not keys or any(key.kind != WITNESS and key.name != checkpoint.origin for key in keys):
        raise Invalid("key_name_differs", origin=checkpoint.origin)
    return f"{text}\n{''.join(key.signature_line(text, at) for key in keys)}".encode()


def cosign(note: bytes, key: SigningKey, at: int) -> bytes:
    """A note with the cosignature of a witness, who has checked it. Raises `Invalid` `checkpoint_malformed`."""
    text, blank, lines = note.decode("utf-8", "replace").partition("\n\n")
    parse_body(text + "\n")
    kept = "".join(line for line in lines.splitlines(keepends=True) if not line.startswith(f"\u2014 {key.name} "))
    return f"{text}{blank}{kept}{key.signature_line(text + chr(10), at)}".encode()


def open_note(note: bytes, key: VerifierKey) -> Checkpoint:
    """Read a signed checkpoint.

    Raises:
        Invalid: `checkpoint_malformed`.
        Untrusted: `signature_wrong`, not signed by this key.
    """
    try:
        return verify_record.open_checkpoint(note, key)
    except Bad as bad:
        family = Untrusted if bad.code == "signature_wrong" else Invalid
        raise family(bad.code) from None
