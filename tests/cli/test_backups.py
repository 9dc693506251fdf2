"""Backups of the desk: taken while cases are open, proven when restored, and the way to PostgreSQL."""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from csirt.store.copies import LEFT_OUT
from tests.cli.calling import Called, call
from tests.postgres import PostgresServer


def back_up(data: Path, place: Path) -> tuple[Path, Path]:
    """A backup and its keys."""
    made = call("backup", place / "backups", "--keys", place / "keys", "--data", data, "--json")
    assert made.code == 0, made.err
    (keys,) = (place / "keys").iterdir()
    return Path(made.row["folder"]), keys


def restore(folder: Path, keys: Path, data: Path, *more: object) -> Called:
    return call("restore", folder, "--keys", keys, "--data", data, "--json", *more)


def what_is_seen(data: Path) -> list[object]:
    """What people see of the cases: lists, steps, texts of the timeline."""
    cases = call("incidents", "--data", data, "--json").rows
    asked = sorted(call("assignments", "--data", data, "--json").rows, key=lambda one: str(one["id"]))
    return [cases, asked, *(call("timeline", one["id"], "--data", data, "--json").rows for one in cases)]


def verified(data: Path) -> dict[str, object]:
    found = call("verify", "--data", data, "--json")
    assert found.code == 0, found.err
    return found.row


def test_a_desk_comes_back_whole_with_its_texts(data: Path, tmp_path: Path) -> None:
    folder, keys = back_up(data, tmp_path)
    before = what_is_seen(data)
    there = tmp_path / "there"
    back = restore(folder, keys, there)
    assert back.code == 0, back.err
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert (back.row["size"], back.row["root"]) == (manifest["size"], manifest["root"])
    assert what_is_seen(there) == before
    assert any("端末を隔離した。" in json.dumps(one, ensure_ascii=False) for one in before)
    assert verified(there)["size"] == int(back.row["size"]) + 1  # that it was restored
    with closing(sqlite3.connect(there / "csirt.sqlite")) as database:  # search is made again from the record
        assert database.execute("SELECT seq FROM cursor WHERE name = 'search'").fetchone() == (-1,)
    ours = [path for path in there.rglob("*") if not path.name.startswith("csirt.sqlite")]  # the process makes that one
    assert {path.stat().st_mode & 0o077 for path in ours} == {0}


def test_every_table_goes_along_but_those_of_one_machine_and_day(data: Path, tmp_path: Path) -> None:
    folder, _ = back_up(data, tmp_path)
    with closing(sqlite3.connect(data / "csirt.sqlite")) as database:
        there = {name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    copied = {path.stem for path in (folder / "tables").iterdir()}
    made_again = {name for name in there if name.startswith(("sqlite_", "search_index"))}
    assert copied == there - made_again - LEFT_OUT


def test_the_record_tells_of_backups_tests_and_restores(data: Path, tmp_path: Path) -> None:
    folder, keys = back_up(data, tmp_path)
    tested = restore(folder, keys, data, "--test")
    assert tested.code == 0, tested.err
    restore(folder, keys, tmp_path / "there")
    assert last_kinds(data)[-2:] == ["BACKUP_TAKEN", "RESTORE_TESTED"]
    assert last_kinds(tmp_path / "there")[-1] == "DESK_RESTORED"
    verified(data)


def test_a_restored_record_goes_on_under_another_name(data: Path, tmp_path: Path) -> None:
    assert call("signer", "once", "--data", data).code == 0
    key = (data / "checkpoints" / "key.pub").read_text().splitlines()[0]
    folder, keys = back_up(data, tmp_path)
    call("token", "later", "--data", data)
    later = call("signer", "once", "--data", data, "--json").row
    there = tmp_path / "there"
    told = call("restore", folder, "--keys", keys, "--data", there)
    assert "csirt signer begin-epoch" in told.out
    assert last_kinds(there)[-2:] == ["DESK_RESTORED", "EPOCH_BEGAN"]
    signed = call("signer", "once", "--data", there, "--json")
    assert signed.code == 0, signed.err
    assert signed.row["line"].split()[0] == f"{later['line'].split()[0]}/epoch-2"
    renewed = (there / "checkpoints" / "key.pub").read_text().splitlines()[0]
    assert renewed != key
    verified(there)
    assert call("export", tmp_path / "out", "--data", there, "--json").code == 0
    assert (tmp_path / "out" / "key.pub").read_text().startswith(renewed)


def test_a_record_set_back_by_hand_is_not_signed_in_silence(data: Path, tmp_path: Path) -> None:
    """The signer's folder is gone as well, as after a disk was exchanged."""
    assert call("signer", "once", "--data", data).code == 0
    shutil.rmtree(data / "signer")
    refused = call("signer", "once", "--data", data, "--json")
    assert (refused.code, json.loads(refused.err.splitlines()[-1])["params"]["why"]) == (70, "signer_memory_lost")
    assert call("signer", "begin-epoch", "--data", data).code == 0
    signed = call("signer", "once", "--data", data, "--json")
    assert signed.row["line"].split()[0].endswith("/epoch-2")


def last_kinds(data: Path) -> list[str]:
    with closing(sqlite3.connect(data / "csirt.sqlite")) as database:
        return [kind for (kind,) in database.execute("SELECT kind FROM ledger_entry ORDER BY seq")]


def test_a_backup_holds_no_key_and_no_sealed_text(data: Path, tmp_path: Path) -> None:
    """Who finds it reads no text; and a key destroyed where keys are kept is destroyed for every backup."""
    folder, keys = back_up(data, tmp_path)
    rows = [json.loads(line) for line in (folder / "tables" / "vault_key.jsonl").read_bytes().splitlines()]
    assert rows
    assert {row["wrapped"] for row in rows} == {None}
    assert not list(folder.rglob("*.key"))
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert "端末を隔離した。".encode() not in everything
    kept = json.loads((keys / "data-keys.json").read_bytes())
    (keys / "data-keys.json").write_text(json.dumps({name: kept[name] for name in list(kept)[1:]}))
    there = tmp_path / "there"
    assert restore(folder, keys, there).code == 0
    with closing(sqlite3.connect(there / "csirt.sqlite")) as database:
        (empty,) = database.execute("SELECT count(*) FROM vault_key WHERE wrapped IS NULL").fetchone()
        (last,) = database.execute("SELECT canonical FROM ledger_entry ORDER BY seq DESC LIMIT 1").fetchone()
    assert empty == 1
    assert json.loads(last)["out"]["keys"] == [next(iter(kept))]  # the record says which key was gone already
    verified(there)


@pytest.mark.parametrize("change", ["byte", "gone", "added", "manifest"])
def test_a_changed_backup_is_refused_and_leaves_nothing(data: Path, tmp_path: Path, change: str) -> None:
    folder, keys = back_up(data, tmp_path)
    file = folder / "tables" / "note.jsonl"
    if change == "byte":
        file.write_bytes(file.read_bytes().replace(b'"', b"'", 1))
    elif change == "gone":
        file.unlink()
    elif change == "added":
        (folder / "files" / "more.toml").write_text("")
    else:
        (folder / "manifest.json").write_text("{}")
    refused = restore(folder, keys, tmp_path / "there")
    expected = ("backup_malformed", 2) if change == "manifest" else ("backup_changed", 70)
    assert (refused.error["error"], refused.code) == expected
    assert not (tmp_path / "there").exists()


def test_nothing_is_overwritten(data: Path, tmp_path: Path) -> None:
    folder, keys = back_up(data, tmp_path)
    assert restore(folder, keys, data).error["error"] == "city_exists"
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "something").touch()
    assert restore(folder, keys, tmp_path / "there").code == 5
    (tmp_path / "no").mkdir()
    assert restore(folder, tmp_path / "no", tmp_path / "new").error["error"] == "backup_keys_missing"
    assert restore(tmp_path / "no", keys, tmp_path / "new").error["error"] == "backup_missing"


def test_keys_must_be_spoken_of_and_old_backups_may_be_thinned_out(data: Path, tmp_path: Path) -> None:
    unsaid = call("backup", tmp_path / "backups", "--data", data, "--json")
    assert (unsaid.code, unsaid.error["error"]) == (2, "backup_keys_unsaid")
    folder, _ = back_up(data, tmp_path)
    (tmp_path / "backups" / "csirt-of-somebody").mkdir()
    older = folder.rename(folder.with_name("csirt-20200101T000000Z"))
    made = call("backup", tmp_path / "backups", "--without-keys", "--keep", 1, "--data", data, "--json")
    assert made.row["removed"] == [older.name]
    assert {path.name for path in (tmp_path / "backups").iterdir()} == {
        Path(str(made.row["folder"])).name, "csirt-of-somebody",
    }  # fmt: skip


def test_evidence_goes_along_and_lies_in_two_backups_once(data: Path, tmp_path: Path) -> None:
    sheet = tmp_path / "memory.raw"
    sheet.write_bytes(b"\x00" * 700_000)
    incident = call("incidents", "--data", data, "--json").rows[0]["number"]
    collected = call("evidence", "add", incident, sheet, "--data", data, "--json", "--as", "k.sato")
    assert collected.code == 0, collected.err
    folder, _ = back_up(data, tmp_path / "one")
    (first,) = (path for path in (folder / "evidence").rglob("*") if path.is_file())
    shutil.copytree(folder.parent, tmp_path / "two" / "backups", copy_function=lambda a, b: Path(b).hardlink_to(a))
    renamed = tmp_path / "two" / "backups" / folder.name
    renamed.rename(renamed.with_name("csirt-20200101T000000Z"))
    again, keys = back_up(data, tmp_path / "two")
    (second,) = (path for path in (again / "evidence").rglob("*") if path.is_file())
    assert second.samefile(first)
    there = tmp_path / "there"
    assert restore(again, keys, there).code == 0
    listed = call("evidence", "list", incident, "--data", there, "--json").rows
    out = tmp_path / "out.raw"
    assert call("evidence", "get", listed[0]["id"], out, "--as", "k.sato", "--data", there).code == 0
    assert out.read_bytes() == sheet.read_bytes()


@pytest.mark.postgres
def test_open_cases_move_to_postgresql_and_go_on(data: Path, postgres_server: PostgresServer, tmp_path: Path) -> None:
    before, said = what_is_seen(data), verified(data)
    url = postgres_server.fresh_database()
    moved = call("move", "--to", url, "--data", data, "--json")
    assert moved.code == 0, moved.err
    assert what_is_seen(data) == before
    after = verified(data)
    assert int(str(after["size"])) == int(str(said["size"])) + 1  # that it was moved
    assert not (data / "csirt.sqlite").exists()
    assert (data / "moved-csirt.sqlite").exists()
    number = before[0][0]["number"]  # type: ignore[index]
    assert call("note", number, "--as", "k.sato", "--data", data, "--text", "続ける。").code == 0
    assert call("move", "--to", url, "--data", data, "--json").error["error"] == "database_already_there"
    folder, keys = back_up(data, tmp_path)
    there = tmp_path / "there"
    assert restore(folder, keys, there).code == 0  # and back into SQLite
    assert (there / "csirt.toml.from-backup").read_text().count("postgresql") == 1
    assert len(what_is_seen(there)) == len(before)


@pytest.mark.postgres
def test_a_database_in_use_is_not_written_into(data: Path, postgres_server: PostgresServer, tmp_path: Path) -> None:
    folder, keys = back_up(data, tmp_path)
    url = postgres_server.fresh_database()
    assert restore(folder, keys, tmp_path / "there", "--database-url", url).code == 0
    again = restore(folder, keys, tmp_path / "elsewhere", "--database-url", url)
    assert (again.code, again.error["error"]) == (5, "database_not_empty")
