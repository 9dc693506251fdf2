"""`csirt export`: a folder that proves the record elsewhere, with the verifier that goes with it."""

import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from csirt.record.verify_record import b64, leaf_hash
from tests.cli.calling import Called, call

FILES = {"README.txt", "checkpoint", "documents", "entries.jsonl", "key.pub", "leaves.bin", "manifest.json",
         "payloads.jsonl", "tlog", "verify_record.py"}  # fmt: skip


def export(data: Path, folder: Path, *more: str) -> Called:
    return call("export", folder, "--data", data, "--json", *more)


def check(folder: Path, *more: str) -> tuple[int, dict[str, object]]:
    """What the shipped verifier says, run as an auditor runs it: by itself."""
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "verify_record.py"), str(folder), "--json", *more],
        capture_output=True, text=True, check=False, cwd=folder.parent, env={},
    )  # fmt: skip
    assert done.stderr == ""
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def out(data: Path, tmp_path: Path) -> Path:
    assert export(data, tmp_path / "out").code == 0
    return tmp_path / "out"


def lines(folder: Path) -> list[bytes]:
    return (folder / "entries.jsonl").read_bytes().splitlines()


def test_it_passes_and_holds_its_own_entry(data: Path, tmp_path: Path) -> None:
    before = call("verify", "--data", data, "--json").row["size"]
    made = export(data, tmp_path / "out").row
    assert made["size"] == before + 1
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert json.loads(lines(tmp_path / "out")[-1])["kind"] == "RECORD_EXPORTED"
    key = (tmp_path / "out" / "key.pub").read_text().splitlines()[0]
    code, said = check(tmp_path / "out", "--key", key)
    assert (code, said["result"], said["key_given"]) == (0, "PASS", True)
    assert str(said["checkpoint"]).endswith(made["root"])
    after = call("verify", "--data", data, "--json").row
    assert (after["size"], after["root"]) == (made["size"], made["root"])


def test_people_find_documents_and_a_note_in_both_languages(data: Path, out: Path) -> None:
    ids = {row["id"] for row in call("incidents", "--data", data, "--json").rows}
    forms = {"pdf": b"%PDF", "xlsx": b"PK"}
    assert {path.name for path in (out / "documents").iterdir()} == {f"timeline-{i}.{f}" for i in ids for f in forms}
    assert all(path.read_bytes().startswith(forms[path.suffix[1:]]) for path in (out / "documents").iterdir())
    note = (out / "README.txt").read_text()
    assert "改ざん" in note
    assert "tampered" in note
    assert out.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in out.iterdir()} == {0}


def test_texts_open_their_commitments(out: Path) -> None:
    texts = [json.loads(line)["text"] for line in (out / "payloads.jsonl").read_bytes().splitlines()]
    assert "端末を隔離した。" in texts
    assert all(line.isascii() for line in lines(out))
    assert "端末".encode() not in (out / "entries.jsonl").read_bytes()


def test_one_incident_brings_its_own_texts_only(data: Path, tmp_path: Path) -> None:
    mine, other = call("incidents", "--data", data, "--json").rows
    made = export(data, tmp_path / "one", "--incident", mine["number"]).row
    assert made["incident"] == mine["id"]
    opened = {json.loads(line)["c"] for line in (tmp_path / "one" / "payloads.jsonl").read_bytes().splitlines()}
    entries = [json.loads(line) for line in lines(tmp_path / "one")]
    assert opened == {one["c"] for entry in entries for one in entry.get("pay", ())}
    assert {entry["inc"] for entry in entries} == {mine["id"]}
    assert [entry["inc_seq"] for entry in entries] == list(range(len(entries)))
    assert other["id"] not in {path.stem.removeprefix("timeline-") for path in (tmp_path / "one/documents").iterdir()}
    assert entries[-1]["inc"] == mine["id"]
    assert other["id"].encode() not in (tmp_path / "one" / "entries.jsonl").read_bytes()
    code, said = check(tmp_path / "one")
    assert (code, said["part"]) == (0, f"incident {mine['id']}")
    assert export(data, tmp_path / "none", "--incident", "R8-999").code == 4
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("seq", [0, 5, -1])
def test_a_changed_entry_fails_and_is_named(out: Path, seq: int) -> None:
    changed = lines(out)
    changed[seq] = changed[seq].replace(b'"src":"cli"', b'"src":"web"')
    (out / "entries.jsonl").write_bytes(b"".join(line + b"\n" for line in changed))
    code, said = check(out)
    assert (code, said["result"], said["first_bad"]) == (1, "FAIL", seq % len(changed))


def test_a_missing_end_fails_and_is_named(out: Path) -> None:
    left = lines(out)[:-2]
    (out / "entries.jsonl").write_bytes(b"".join(line + b"\n" for line in left))
    assert check(out)[1]["first_bad"] == len(left)


def test_a_well_made_checkpoint_of_another_key_fails(data: Path, out: Path, tmp_path: Path) -> None:
    key = (out / "key.pub").read_text().splitlines()[0]
    shutil.rmtree(data / "signer")
    shutil.rmtree(data / "checkpoints")
    assert export(data, tmp_path / "second").code == 0
    assert check(tmp_path / "second")[0] == 0
    code, said = check(tmp_path / "second", "--key", key)
    assert (code, said["why"]) == (1, "signature_wrong")


def test_an_older_export_is_the_beginning_of_a_newer_one(data: Path, out: Path, tmp_path: Path) -> None:
    assert export(data, tmp_path / "newer").code == 0
    assert check(tmp_path / "newer", "--checkpoint", str(out / "checkpoint"))[0] == 0


@pytest.mark.parametrize("name", ["payloads.jsonl", "leaves.bin", "checkpoint", "README.txt", "manifest.json"])
def test_any_other_changed_file_fails(out: Path, name: str) -> None:
    content = bytearray((out / name).read_bytes())
    content[len(content) // 2] ^= 1
    (out / name).write_bytes(content)
    assert check(out)[0] == 1


def test_a_folder_with_something_in_it_is_refused_and_nothing_is_recorded(data: Path, tmp_path: Path) -> None:
    before = call("verify", "--data", data, "--json").row
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("keep")
    called = export(data, tmp_path / "full")
    assert (called.code, called.error["error"]) == (5, "folder_not_empty")
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]
    assert export(data, tmp_path / "full" / "mine.txt").code == 5
    assert call("verify", "--data", data, "--json").row == before


def test_a_broken_record_is_not_signed(data: Path, tmp_path: Path) -> None:
    with closing(sqlite3.connect(data / "csirt.sqlite", isolation_level=None)) as database:
        database.execute("DROP TRIGGER ledger_no_update")
        database.execute("UPDATE ledger_entry SET kind = 'NOTE_ADDED' WHERE seq = 3")
    called = export(data, tmp_path / "out")
    assert (called.code, called.error["error"]) == (70, "record_broken")
    assert called.error["params"] == {"seq": 3, "why": "column_differs"}
    assert not (tmp_path / "out").exists()


def test_the_signing_key_is_secret_and_stays(data: Path, out: Path, tmp_path: Path) -> None:
    key = data / "signer" / "signing.key"
    assert key.stat().st_mode & 0o777 == 0o600
    assert export(data, tmp_path / "again").code == 0
    assert (tmp_path / "again" / "key.pub").read_text() == (out / "key.pub").read_text()
    seed = key.read_text().splitlines()[0].split("+", 4)[4]
    assert all(seed not in path.read_text("utf-8", "replace") for path in out.rglob("*") if path.is_file())


def test_leaf_hashes_are_those_of_the_entries(out: Path) -> None:
    leaves = (out / "leaves.bin").read_bytes()
    assert [b64(leaf_hash(line)) for line in lines(out)] == [
        b64(leaves[at : at + 32]) for at in range(0, len(leaves), 32)
    ]


def test_a_stretch_of_time_brings_its_neighbours_along(data: Path, tmp_path: Path) -> None:
    """Everything of the sample happened on one day, and the export itself today."""
    made = export(data, tmp_path / "then", "--since", "2026-11-24", "--until", "2026-11-24").row
    code, said = check(tmp_path / "then")
    assert (code, str(said["part"])[:15]) == (0, "from 2026-11-23")
    assert 20 < len(lines(tmp_path / "then")) <= made["size"]
    made = export(data, tmp_path / "never", "--until", "2020-01-01").row
    assert check(tmp_path / "never")[0] == 0
    assert len(lines(tmp_path / "never")) == 1  # the first entry shows that there was nothing before it


def test_a_key_pinned_long_ago_still_verifies_after_the_key_was_renewed(data: Path, out: Path, tmp_path: Path) -> None:
    old = (out / "key.pub").read_text().splitlines()[0]
    call("signer", "renew-key", "--data", data)
    call("signer", "once", "--data", data)
    assert export(data, tmp_path / "newer").code == 0
    new = (tmp_path / "newer" / "key.pub").read_text().splitlines()[0]
    assert new != old
    for key in (old, new):
        assert check(tmp_path / "newer", "--key", key, "--checkpoint", str(out / "checkpoint"))[0] == (key == new)
    assert check(tmp_path / "newer", "--key", old)[0] == 0
    (tmp_path / "newer" / "handovers.jsonl").unlink()
    assert check(tmp_path / "newer", "--key", old)[0] == 1
