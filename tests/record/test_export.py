"""The verifier on whole exports, run as a user runs it, and on hostile folders."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from csirt.errors import Invalid
from csirt.record.checkpoint import SigningKey, paper_line, sign, verifier_line
from csirt.record.export import opening_line
from csirt.record.verify_record import MAX_ENTRIES, Checkpoint, main, verify
from tests.record.building import KEY, ORIGIN, Log, honest, write_export, write_manifest

PINNED = verifier_line(KEY.verifier)


def found(folder: Path, key: str | None = PINNED, old: str | None = None) -> list[tuple[str, int | None]]:
    return [(bad.code, bad.seq) for bad in verify(folder, key, old)[1]]


@pytest.fixture
def log() -> Log:
    return honest(11, 40)


@pytest.fixture
def folder(tmp_path: Path, log: Log) -> Path:
    return write_export(tmp_path / "export", log)


def test_the_shipped_file_runs_alone_and_passes(folder: Path, log: Log) -> None:
    command = [sys.executable, "-I", str(folder / "verify_record.py"), str(folder)]
    done = subprocess.run([*command, "--key", PINNED], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"PASS {paper_line(log.checkpoint())}\n"), done.stderr
    unpinned = subprocess.run(command, capture_output=True, text=True, check=False)
    assert unpinned.returncode == 0
    assert "The key came from the folder itself" in unpinned.stdout


def test_the_first_bad_entry_is_named_in_words_and_in_json(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = (folder / "entries.jsonl").read_bytes()
    (folder / "entries.jsonl").write_bytes(data.replace(b'"cid":"outbox:17"', b'"cid":"outbox:71"'))
    assert main([str(folder), "--key", PINNED]) == 1
    assert capsys.readouterr().out.startswith("FAIL seq=17 entry_changed\n")
    assert main([str(folder), "--json"]) == 1
    report = json.loads(capsys.readouterr().out)
    assert (report["result"], report["first_bad"], report["why"]) == ("FAIL", 17, "entry_changed")
    assert report["key_given"] is False


def test_an_empty_record_passes(tmp_path: Path) -> None:
    assert found(write_export(tmp_path / "export", Log())) == []


def test_documents_lie_aside(folder: Path) -> None:
    (folder / "documents").mkdir()
    (folder / "documents" / "timeline.pdf").write_bytes(b"%PDF")
    assert found(folder) == []
    write_manifest(folder, ["documents/timeline.pdf"])
    assert found(folder) == []


@pytest.mark.parametrize("size", [0, 1, 17, 39, 40])
def test_an_old_checkpoint_on_paper_or_as_a_file_is_continued(
    folder: Path, log: Log, size: int, tmp_path: Path
) -> None:
    (tmp_path / "old").write_bytes(sign(log.checkpoint(size), KEY))
    assert found(folder, old=paper_line(log.checkpoint(size))) == []
    assert found(folder, old=str(tmp_path / "old")) == []


def test_an_old_checkpoint_shows_a_cut_and_a_rewritten_record(tmp_path: Path, log: Log) -> None:
    other = honest(12, 40)
    contradicted = [("old_checkpoint_contradicted", None)]
    cut = write_export(tmp_path / "cut", Log(log.lines[:30]))
    assert found(cut, old=paper_line(log.checkpoint())) == contradicted
    assert found(write_export(tmp_path / "other", other), old=paper_line(log.checkpoint(20))) == contradicted
    elsewhere = Checkpoint("other.example", 20, log.checkpoint(20).root)
    assert found(write_export(tmp_path / "same", log), old=paper_line(elsewhere)) == contradicted


@pytest.mark.parametrize("old", ["", "a b c", "/nowhere/at/all", "x" * 5000, "a 1", "\u0661 \u0661 \u0661"])
def test_an_old_checkpoint_that_cannot_be_read_fails(folder: Path, old: str) -> None:
    assert found(folder, old=old)


def test_another_key_does_not_verify(folder: Path) -> None:
    assert ("signature_wrong", None) in found(folder, verifier_line(SigningKey.generate(ORIGIN).verifier))
    assert found(folder, "rubbish")
    assert found(folder, "") == [("key_malformed", None)]  # an unset variable in a script must not mean "any key"


def test_a_text_that_is_not_the_one_committed_to_names_its_entry(folder: Path, log: Log) -> None:
    c, salt, text, seq = log.openings[2]
    path = folder / "payloads.jsonl"
    line = opening_line(c, salt, text)
    path.write_bytes(path.read_bytes().replace(line, line.replace(b'"text":"', b'"text":"not ')))
    write_manifest(folder)
    assert found(folder) == [("opening_wrong", seq)]


def test_openings_must_belong_to_an_entry_and_come_once(folder: Path, log: Log) -> None:
    path, honest_bytes = folder / "payloads.jsonl", (folder / "payloads.jsonl").read_bytes()
    strange = honest(99, 40).openings[0]
    path.write_bytes(honest_bytes + opening_line(*strange[:3]))
    write_manifest(folder)
    assert found(folder) == [("opening_wrong", None)]
    path.write_bytes(honest_bytes + opening_line(*log.openings[0][:3]))
    write_manifest(folder)
    assert found(folder) == [("opening_wrong", None)]
    path.unlink()  # texts may be left out
    write_manifest(folder)
    assert found(folder) == []
    with pytest.raises(Invalid):
        opening_line(strange[0], strange[1], "another text")


def test_every_file_of_the_exact_set_must_be_there_and_listed(folder: Path) -> None:
    (folder / "README.txt").unlink()
    write_manifest(folder)
    assert found(folder) == [("file_added_or_removed", None)]


def test_a_rewritten_record_with_its_own_tree_has_another_root(folder: Path, log: Log) -> None:
    note = (folder / "checkpoint").read_bytes()
    write_export(folder, honest(12, 40), extra={"checkpoint": note})
    assert found(folder) == [("root_wrong", None)]
    write_export(folder, log, extra={"leaves.bin": bytes(32 * 40)})
    assert found(folder) == [("leaves_wrong", None)]


def test_a_root_over_fewer_entries_than_the_checkpoint_says(folder: Path, log: Log) -> None:
    note = sign(Checkpoint(ORIGIN, 40, log.checkpoint(30).root), KEY)
    write_export(folder, log, extra={"checkpoint": note, "leaves.bin": b"".join(log.leaves[:30])})
    assert found(folder) == [("root_wrong", None)]


HOSTILE_OPENINGS = [
    b"null\n",
    b"[]\n",
    b"{}\n",
    b"[" * 100_000 + b"\n",
    b'{"c":1,"salt":2,"text":3}\n',
    b'{"c":"a","salt":"\xff","text":""}\n',
    b'{"c":"a","salt":"AAAA","text":"\\ud800"}\n',
    b'{"c":"a","c":"a","text":""}\n',
    b'{"c":"a","salt":"AAAA","text":' + b"9" * 10_000 + b"}\n",
    b"\x00" * 1000,
]


@pytest.mark.parametrize("data", HOSTILE_OPENINGS)
def test_hostile_openings_fail(folder: Path, data: bytes) -> None:
    (folder / "payloads.jsonl").write_bytes(data)
    write_manifest(folder)
    assert found(folder) == [("opening_wrong", None)]


HOSTILE_MANIFESTS = [
    b"",
    b"null",
    b"[]",
    b"{}",
    b"[" * 200_000,
    b'{"a":' * 5000,
    b"9" * 10_000,
    b"\xff\xfe",
    b'{"aside":[],"files":[{"name":"../key.pub","sha256":"","size":0}],"format":"csirt-record-2","part":["","",""]}\n',
    b'{"aside":[],"files":[{"name":5,"sha256":"","size":0}],"format":"csirt-record-2","part":["","",""]}\n',
    b'{"aside":[],"files":[{"name":[],"sha256":"","size":0}],"format":"csirt-record-2","part":["","",""]}\n',
    b'{"aside":[],"files":7,"format":"csirt-record-2","part":["","",""]}\n',
    b'{"aside":[],"files":[],"format":"csirt-record-2","part":["","",""]}\n',
    b'{"aside":7,"files":[],"format":"csirt-record-2","part":["","",""]}\n',
    b'{"aside":[],"files":[],"files":[],"format":"csirt-record-2","part":["","",""]}\n',
]


@pytest.mark.parametrize("data", HOSTILE_MANIFESTS)
def test_hostile_manifests_fail(folder: Path, data: bytes) -> None:
    (folder / "manifest.json").write_bytes(data)
    assert found(folder)


def symlink(folder: Path) -> None:
    (folder / "README.txt").rename(folder.parent / "README.txt")
    (folder / "README.txt").symlink_to(folder.parent / "README.txt")


def pipe(folder: Path) -> None:
    (folder / "checkpoint").unlink()
    os.mkfifo(folder / "checkpoint")


def device(folder: Path) -> None:
    (folder / "entries.jsonl").unlink()
    (folder / "entries.jsonl").symlink_to("/dev/zero")


def sparse(folder: Path) -> None:
    for name in ("entries.jsonl", "README.txt", "leaves.bin", "payloads.jsonl", "key.pub", "checkpoint"):
        os.truncate(folder / name, 1 << 40)


def sparse_leaves(folder: Path) -> None:
    os.truncate(folder / "leaves.bin", 1 << 40)


def sparse_and_listed(folder: Path) -> None:
    write_manifest(folder)
    os.truncate(folder / "README.txt", 1 << 40)
    text = (folder / "manifest.json").read_text()
    size = len("How to verify this record.\n")
    (folder / "manifest.json").write_text(text.replace(f'"size":{size}}}', f'"size":{1 << 40}}}'))


def folder_as_file(folder: Path) -> None:
    (folder / "extra").mkdir()


def documents_elsewhere(folder: Path) -> None:
    (folder / "documents").symlink_to("/")


def strange_names(folder: Path) -> None:
    (folder / "\x1b[2Jx").write_text("x")
    (folder / os.fsdecode(b"\xff\xfe")).write_text("x")


def no_end(folder: Path) -> None:
    (folder / "entries.jsonl").write_bytes(b"{" * 3_000_000)


def nothing(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


@pytest.mark.parametrize(
    "spoil",
    [
        symlink,
        pipe,
        device,
        sparse,
        sparse_leaves,
        sparse_and_listed,
        folder_as_file,
        documents_elsewhere,
        strange_names,
        no_end,
        nothing,
    ],
)
def test_hostile_folders_fail_soon(
    folder: Path, spoil: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    spoil(folder)
    assert main([str(folder), "--key", PINNED]) == 1
    assert main([str(folder)]) == 1
    out = capsys.readouterr().out
    assert out.startswith("FAIL")
    assert out.isascii()
    assert "\x1b" not in out


def test_a_folder_that_is_not_there_fails(tmp_path: Path) -> None:
    assert found(tmp_path / "none") == [("unreadable", None)] * 3
    (tmp_path / "file").write_text("x")
    assert found(tmp_path / "file")


def test_a_forger_cannot_claim_more_entries_than_we_would_ever_read(folder: Path) -> None:
    other = SigningKey.generate(ORIGIN)
    claim = Checkpoint(ORIGIN, MAX_ENTRIES, bytes(32))
    (folder / "checkpoint").write_bytes(sign(claim, other))
    (folder / "key.pub").write_text(verifier_line(other.verifier))
    os.truncate(folder / "leaves.bin", 32)
    write_manifest(folder)
    assert found(folder, None) == [("entry_missing", 40)]
    with pytest.raises(Invalid):
        sign(Checkpoint(ORIGIN, MAX_ENTRIES + 1, bytes(32)), other)


def test_a_large_record_shows_progress(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("csirt.record.verify_record.PROGRESS_EVERY", 10)
    assert main([str(folder), "--key", PINNED]) == 0
    assert capsys.readouterr().err.splitlines() == [f"{count} of 40 entries read" for count in (10, 20, 30, 40)]
