"""The three kinds of signatures, each built a second time by hand from its specification; and an older library."""

import importlib.util
import runpy
import sys
from base64 import b64decode
from types import ModuleType
from typing import Any

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey

from csirt.errors import Invalid, Untrusted
from csirt.record import checkpoint, verify_record
from csirt.record.checkpoint import SigningKey, body, cosign, open_note, parse_verifier_key, sign, verifier_line
from csirt.record.verify_record import LOG, QUANTUM, WITNESS, Bad, Checkpoint, VerifierKey, open_signed

ORIGIN, AT = "record.example.lg.jp", 1_795_000_000
HEAD = Checkpoint(ORIGIN, 42, bytes(range(32)))
KEY = SigningKey.generate(ORIGIN)


def raw_of(note: bytes, line: int) -> bytes:
    """What stands behind the key's id in a signature line of a note."""
    return b64decode(note.decode().split("\n\n")[1].splitlines()[line].split(" ")[2])[4:]


def test_a_witness_signs_time_and_body() -> None:
    witness = SigningKey.generate("witness.example.lg.jp", WITNESS)
    note = cosign(sign(HEAD, KEY), witness, AT)
    raw = raw_of(note, 1)
    assert raw[:8] == AT.to_bytes(8, "big")
    public = Ed25519PublicKey.from_public_bytes(witness.verifier.public)
    public.verify(raw[8:], f"cosignature/v1\ntime {AT}\n{body(HEAD)}".encode())
    assert open_signed(note, witness.verifier) == (HEAD, AT)
    assert open_note(note, KEY.verifier) == HEAD  # the log's own signature stands beside it


def test_the_latest_time_of_a_witness_counts_and_a_new_signature_replaces_the_old() -> None:
    witness = SigningKey.generate("witness.example.lg.jp", WITNESS)
    once = cosign(sign(HEAD, KEY), witness, AT)
    twice = cosign(once, witness, AT + 60)
    assert len(twice) == len(once)
    assert open_signed(twice, witness.verifier) == (HEAD, AT + 60)
    both = once + twice.splitlines(keepends=True)[-1]
    assert open_signed(both, witness.verifier) == (HEAD, AT + 60)
    bent = once.replace(b"\n42\n", b"\n43\n")
    with pytest.raises(Untrusted, match="signature_wrong"):
        open_note(bent, witness.verifier)
    with pytest.raises(Invalid, match="checkpoint_malformed"):
        cosign(b"no checkpoint", witness, AT)


def test_the_second_signature_covers_name_time_origin_size_and_root() -> None:
    second = SigningKey.generate(ORIGIN, QUANTUM)
    note = sign(HEAD, KEY, second, at=AT)
    raw = raw_of(note, 1)
    name = ORIGIN.encode()
    said = b"subtree/v1\n\0" + bytes([len(name)]) + name + AT.to_bytes(8, "big") + bytes([len(name)]) + name
    said += (0).to_bytes(8, "big") + (42).to_bytes(8, "big") + HEAD.root
    public = MLDSA44PublicKey.from_public_bytes(second.verifier.public)
    public.verify(raw[8:], said)
    for other in (said[:-1] + b"x", said.replace(bytes([42]), bytes([43]))):
        with pytest.raises(InvalidSignature):
            public.verify(raw[8:], other)
    assert open_signed(note, second.verifier) == (HEAD, AT)
    assert open_signed(note, KEY.verifier) == (HEAD, 0)  # Ed25519 of a log carries no time


@pytest.mark.parametrize("kind", [LOG, WITNESS, QUANTUM])
def test_every_kind_of_key_comes_back_from_its_lines(kind: int) -> None:
    key = SigningKey.generate(ORIGIN, kind)
    again = SigningKey.parse(key.to_line())
    assert (again.kind, again.verifier) == (kind, key.verifier)
    assert parse_verifier_key(verifier_line(key.verifier)) == key.verifier
    signed = cosign(sign(HEAD, KEY), again, AT)
    assert open_signed(signed, key.verifier)[0] == HEAD


def test_a_key_under_another_name_is_another_key_of_the_same_secret() -> None:
    other = KEY.renamed(f"{ORIGIN}/epoch-2")
    assert other.verifier.public == KEY.verifier.public
    assert other.verifier.id != KEY.verifier.id
    head = Checkpoint(other.name, 1, HEAD.root)
    assert open_note(sign(head, other), other.verifier) == head
    with pytest.raises(Untrusted):
        open_note(sign(head, other), KEY.verifier)


def test_a_secret_key_whose_parts_disagree_is_refused() -> None:
    words = KEY.to_line().split("+", 4)
    for place, word in ((2, "other.example"), (3, "00000000")):
        bent = [*words[:place], word, *words[place + 1 :]]
        with pytest.raises(Invalid, match="signing_key_malformed") as refused:
            SigningKey.parse("+".join(bent))
        assert words[4] not in str(refused.value.params)
    strange = words[4].replace(words[4][:2], "Ag", 1)  # no kind that a log signs by
    with pytest.raises(Invalid, match="signing_key_malformed"):
        SigningKey.parse("+".join([*words[:4], strange]))


@pytest.mark.parametrize(
    "line",
    [
        f"{ORIGIN}+00000000+{'A' * 45}",  # no base64 at all
        f"{ORIGIN}+00000000+{'A' * 44}",  # the kind is 0
        f"{ORIGIN}+00000000+AQ{'A' * 42}",  # the right length, another id
        f"{ORIGIN}+00000000+Bg{'A' * 42}",  # too short for its kind
        "",
    ],
)
def test_public_keys_that_are_none_are_refused(line: str) -> None:
    with pytest.raises(Bad, match="key_malformed"):
        VerifierKey.parse(line)


@pytest.mark.parametrize(("kind", "size"), [(LOG, 31), (LOG, 33), (WITNESS, 33), (QUANTUM, 1311), (5, 32), (0, 0)])
def test_a_key_with_its_right_id_has_a_known_kind_and_that_kinds_size(kind: int, size: int) -> None:
    with pytest.raises(Bad, match="key_malformed"):
        VerifierKey.parse(verifier_line(VerifierKey.of(ORIGIN, bytes(size), kind)))


# ------------------------------------------------------------------------------------------------------- older library


@pytest.fixture
def older(monkeypatch: pytest.MonkeyPatch) -> None:
    """A `cryptography` from before ML-DSA."""
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.asymmetric.mldsa", None)


def loaded_anew(module: ModuleType) -> Any:
    assert module.__file__
    spec = importlib.util.spec_from_file_location(f"older_{module.__name__}", module.__file__)
    assert spec
    assert spec.loader
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


@pytest.mark.usefixtures("older")
def test_with_an_older_library_a_log_has_one_signature() -> None:
    old = loaded_anew(checkpoint)
    assert checkpoint.HAS_QUANTUM
    assert not old.HAS_QUANTUM
    key = old.SigningKey.generate(ORIGIN)
    assert open_note(old.sign(HEAD, key), key.verifier) == HEAD


def test_with_an_older_library_the_second_signature_is_unknown_and_the_first_still_verifies(older: None) -> None:
    second = SigningKey.generate(ORIGIN, QUANTUM)
    note = sign(HEAD, KEY, second, at=AT)
    found = runpy.run_path(verify_record.__file__, run_name="older")
    parse, open_checkpoint = found["VerifierKey"].parse, found["open_checkpoint"]
    assert tuple(open_checkpoint(note, parse(verifier_line(KEY.verifier)))) == tuple(HEAD)
    with pytest.raises(found["Bad"], match="signature_kind_unknown"):
        open_checkpoint(note, parse(verifier_line(second.verifier)))
