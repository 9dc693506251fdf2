"""One entry with its proof as a file: whoever has the key checks it without us, and nothing else passes for it."""

from pathlib import Path

import pytest

from csirt.record import verify_record
from csirt.record.checkpoint import SigningKey, sign, verifier_line
from csirt.record.proof import proof_bytes
from csirt.record.tree import Tree
from csirt.record.verify_record import Bad, open_proof
from tests.record.building import KEY, honest

SIZES = (1, 2, 3, 7, 8, 12)


def a_proof(size: int, seq: int) -> bytes:
    log = honest(size, size)
    leaves = log.leaves
    path = Tree(lambda start, end: leaves[start:end]).inclusion(seq, size)
    return proof_bytes(log.lines[seq], seq, path, sign(log.checkpoint(size), KEY))


@pytest.mark.parametrize("size", SIZES)
def test_every_entry_is_proven(size: int) -> None:
    for seq in range(size):
        head, line = open_proof(a_proof(size, seq), KEY.verifier)
        assert head.size == size
        assert line == honest(size, size).lines[seq]


def test_no_changed_byte_passes() -> None:
    good = a_proof(7, 3)
    for place in range(len(good)):
        changed = good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :]
        try:
            head, line = open_proof(changed, KEY.verifier)
        except (Bad, *verify_record.HOSTILE):
            continue
        # A signature line of another key may be anything; what is proven stays what it was.
        assert (head, line) == open_proof(good, KEY.verifier), place


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: raw.replace(b"tlog-proof@v1", b"tlog-proof@v2"), "proof_malformed"),
        (lambda raw: raw.replace(b"index 3", b"index 03"), "proof_malformed"),
        (lambda raw: raw.replace(b"index 3", b"index 4"), "proof_malformed"),
        (lambda raw: raw.replace(b"\nindex 3\n", b"\nindex 3\nAAAA\n"), "proof_malformed"),
    ],
)
def test_what_is_wrong_is_named(change: object, code: str) -> None:
    with pytest.raises(Bad) as refused:
        open_proof(change(a_proof(7, 3)), KEY.verifier)  # type: ignore[operator]
    assert refused.value.code == code


def test_too_short_and_too_long_a_path_prove_nothing() -> None:
    lines = a_proof(8, 3).split(b"\n")
    for path in (lines[3:5], [*lines[3:6], lines[3]]):
        with pytest.raises(Bad, match="entry_changed"):
            open_proof(b"\n".join((*lines[:3], *path, *lines[6:])), KEY.verifier)


def test_the_command_line_says_pass_or_fail(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "entry-3.tlog-proof"
    file.write_bytes(a_proof(7, 3))
    own, other = verifier_line(KEY.verifier), verifier_line(SigningKey.generate("another.example").verifier)
    assert verify_record.main([str(file), "--key", own]) == 0
    assert capsys.readouterr().out.startswith(f"PASS {KEY.name} 7 ")
    assert verify_record.main([str(file)]) == 1
    assert "key_missing" in capsys.readouterr().out
    assert verify_record.main([str(file), "--key", other]) == 1
    assert "signature_wrong" in capsys.readouterr().out
    file.write_bytes(b"\xff\xfe")
    assert verify_record.main([str(file), "--key", own]) == 1
    assert "proof_malformed" in capsys.readouterr().out
