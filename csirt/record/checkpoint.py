"""Checkpoints: the head of the tree as a signed note (C2SP signed-note, tlog-checkpoint), Ed25519.

Reading and verifying lie in `verify_record`; here are writing and signing, and our own errors for what is wrong.
"""

from binascii import a2b_base64
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from csirt.errors import Invalid, Untrusted
from csirt.record import verify_record
from csirt.record.verify_record import Bad, Checkpoint, VerifierKey, b64

_ED25519 = b"\x01"  # the signature type of C2SP signed-note
_PRIVATE = "PRIVATE+KEY"  # the form of Go's golang.org/x/mod/sumdb/note


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A named Ed25519 key. The name is the log's origin. Keep it out of databases, backups and logs."""

    name: str
    private: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> "SigningKey":
        """A new key. Raises `Invalid` `key_name_malformed`: printable ASCII without blank and plus sign."""
        key = cls(name, Ed25519PrivateKey.generate())
        _checked_name(key)
        return key

    @classmethod
    def parse(cls, line: str) -> "SigningKey":
        """Read `to_line()` back. Raises `Invalid` `signing_key_malformed`, which never shows the key."""
        try:
            words = line.strip().split("+", 4)
            seed = a2b_base64(words[4])[1:]
            key = cls(words[2], Ed25519PrivateKey.from_private_bytes(seed))
            same = key.to_line() == line.strip()
        except (ValueError, IndexError):
            raise Invalid("signing_key_malformed") from None
        if not same:
            raise Invalid("signing_key_malformed")
        return key

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey.of(self.name, self.private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def to_line(self) -> str:
        """The secret key, as the signer's key file holds it."""
        seed = self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        return f"{_PRIVATE}+{self.name}+{self.verifier.id.hex()}+{b64(_ED25519 + seed).decode()}"


def _checked_name(key: SigningKey) -> None:
    try:
        parse_verifier_key(verifier_line(key.verifier))
    except (Invalid, UnicodeEncodeError):
        raise Invalid("key_name_malformed") from None


def verifier_line(key: VerifierKey) -> str:
    """The verifier key as it is published: `name+id+base64`, without a newline."""
    return f"{key.name}+{key.id.hex()}+{b64(_ED25519 + key.public).decode()}"


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


def sign(checkpoint: Checkpoint, *keys: SigningKey) -> bytes:
    """The checkpoint as a signed note; two keys while one replaces the other. The keys bear the origin as their name.

    Raises:
        Invalid: `checkpoint_malformed`, or `key_name_differs` where a key has another name than the origin.
    """
    text = body(checkpoint)
    parse_body(text)
    if not keys or any(key.name != checkpoint.origin for key in keys):
        raise Invalid("key_name_differs", origin=checkpoint.origin)
    lines = [f"\u2014 {key.name} {b64(key.verifier.id + key.private.sign(text.encode())).decode()}\n" for key in keys]
    return f"{text}\n{''.join(lines)}".encode()


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
