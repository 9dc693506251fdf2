"""The signer signs what continues what it signed, and nothing else, whatever lies in the database."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from csirt.checkpoints import CONSENT
from csirt.errors import Conflict, Invalid
from csirt.model.people import Actor
from csirt.record.checkpoint import open_note, verifier_line
from csirt.record.verify_record import LOG, QUANTUM, open_signed
from csirt.response import audit, incidents, sealing
from csirt.signer import NEXT_KEY, SignerLoop, make_keys
from tests.signer.signing import ORIGIN, Seal

LOCAL = Actor("local", "local")


def go_on(seal: Seal, times: int = 1) -> None:
    for _ in range(times):
        seal.world.desk.commit(LOCAL, incidents.add_note, seal.world.notes["incident"], "続報")


def test_it_signs_the_whole_record_and_then_what_is_new(seal: Seal) -> None:
    first = seal.sign()
    assert first is not None
    assert first.origin == ORIGIN
    sound = seal.world.desk.look(audit.verify, checkpoints=seal.published.kept())
    assert sound.ok
    assert sound.size == first.size
    with seal.signer() as one:
        assert one.round() == first
        go_on(seal, 3)
        assert one.waiting() == 3
        second = one.round()
    assert second is not None
    assert second.size == first.size + 3
    assert seal.published.head() == second
    assert seal.refusal() == ("", None)


def test_two_kinds_of_signature_and_both_keys_are_published(seal: Seal) -> None:
    head = seal.sign()
    note, keys = seal.published.latest(), seal.published.signed_by()
    assert note is not None
    assert [key.kind for key in keys] == [LOG, QUANTUM]
    assert open_signed(note, keys[0]) == (head, 0)
    assert open_signed(note, keys[1]) == (head, int(seal.world.clock.now().timestamp()))


def test_its_own_folder_is_its_own_and_what_is_published_is_for_all(seal: Seal) -> None:
    seal.sign()
    settings = seal.world.desk.settings
    assert settings.signer.stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o077 for path in settings.signer.iterdir()} == {0}
    assert {path.stat().st_mode & 0o777 for path in settings.checkpoints.iterdir()} == {0o644}
    secret = (settings.signer / "signing.key").read_text().split("+")[4].split("\n")[0]
    assert all(secret not in path.read_text() for path in settings.checkpoints.iterdir())


def test_only_one_works_in_a_folder(seal: Seal) -> None:
    with seal.signer(), pytest.raises(Conflict, match="signer_running"), seal.signer():
        pass
    assert seal.sign() is not None


def test_an_edit_of_what_is_new_is_refused_and_named(seal: Seal) -> None:
    before = seal.sign()
    assert before is not None
    go_on(seal, 3)
    seal.intrude("UPDATE ledger_entry SET actor = 'p-nobody' WHERE seq = :seq", seq=before.size + 1)
    assert seal.sign() is None
    assert seal.refusal() == ("column_differs", before.size + 1)
    assert seal.published.head() == before


def test_an_edit_of_what_is_old_is_found_by_the_hourly_walk(seal: Seal) -> None:
    with seal.signer() as one:
        assert one.round()
        seal.intrude("UPDATE ledger_entry SET leaf = canonical WHERE seq = 4")
        assert one.round() is not None  # a minute's delta does not see it
        assert one.round(full=True) is None
    assert seal.refusal() == ("entry_changed", 4)


def test_a_cut_tail_is_a_rollback(seal: Seal) -> None:
    """With the head and the incident's end rewritten to fit: only the signer's memory knows better."""
    folder = seal.world.desk.settings.data
    copy_database(folder, folder / "old")
    with seal.signer() as one:
        go_on(seal, 2)
        signed = one.round()
        assert signed is not None
    set_back(seal, folder / "old")
    assert seal.sign() is None
    code, seq = seal.refusal()
    assert code == "rolled_back"
    assert seq is not None
    assert seq < signed.size
    go_on(seal, 5)  # longer again, and another history
    assert seal.sign() is None
    assert seal.refusal()[0] == "history_changed"
    assert seal.published.head() == signed


def set_back(seal: Seal, old: Path) -> None:
    """Put an older database in place, as a restore does."""
    folder = seal.world.desk.settings.data
    database = seal.world.desk.door.database
    database.writer.dispose()
    database.reader.dispose()
    for path in folder.glob("csirt.sqlite*"):
        path.unlink()
    shutil.copyfile(old, folder / "csirt.sqlite")


def test_a_restore_begins_an_epoch_that_everybody_sees(seal: Seal) -> None:
    folder = seal.world.desk.settings.data
    seal.sign()
    backup = folder / "backup"
    copy_database(folder, backup)
    go_on(seal, 2)
    last = seal.sign()
    assert last is not None
    set_back(seal, backup)
    seal.world.desk.commit(LOCAL, sealing.begin_epoch, last)
    assert seal.sign() is None  # the record alone, which whoever writes to the database could say, is not enough
    (seal.world.desk.settings.signer / CONSENT).touch()
    head = seal.sign()
    assert head is not None
    assert head.origin == f"{ORIGIN}/epoch-2"
    assert (folder / "checkpoints" / "epoch-1-last.note").exists()
    assert [row["why"] for row in seal.published.history()] == ["first", "epoch"]
    assert not (seal.world.desk.settings.signer / CONSENT).exists()
    status = seal.published.status()
    assert status is not None
    assert status.epoch == 2
    assert seal.world.desk.look(audit.verify, checkpoints=seal.published.kept()).ok
    assert seal.sign() is not None


def copy_database(folder: Path, backup: Path) -> None:
    """SQLite's own backup of a database in use."""
    if not (folder / "csirt.sqlite").exists():
        pytest.skip("a database of SQLite is set back by its file")
    with closing(sqlite3.connect(folder / "csirt.sqlite")) as source, closing(sqlite3.connect(backup)) as target:
        source.backup(target)


def test_an_epoch_that_quotes_another_checkpoint_is_refused(seal: Seal) -> None:
    folder = seal.world.desk.settings.data
    first = seal.sign()
    assert first is not None
    copy_database(folder, folder / "backup")
    go_on(seal, 2)
    assert seal.sign()
    set_back(seal, folder / "backup")
    seal.world.desk.commit(LOCAL, sealing.begin_epoch, first)
    (seal.world.desk.settings.signer / CONSENT).touch()
    assert seal.sign() is None


def test_a_key_is_renewed_by_one_checkpoint_that_both_sign(seal: Seal) -> None:
    seal.sign()
    old = seal.published.key()
    assert old is not None
    keys = make_keys(ORIGIN)
    (seal.world.desk.settings.signer / NEXT_KEY).write_text("".join(f"{key.to_line()}\n" for key in keys))
    seal.sign()
    assert seal.published.key() == old  # nothing happens before the record announces it
    seal.world.desk.commit(LOCAL, sealing.announce_key, verifier_line(keys[0].verifier), keys[0].verifier)
    head = seal.sign()
    note = seal.published.latest()
    assert note is not None
    assert open_note(note, old) == open_note(note, keys[0].verifier) == head
    assert seal.published.key() == keys[0].verifier
    go_on(seal)
    later = seal.sign()
    assert later is not None
    note = seal.published.latest()
    assert note is not None
    assert open_note(note, keys[0].verifier) == later
    assert len(seal.published.kept()) >= 2
    assert [row["why"] for row in seal.published.history()] == ["first", "renewed"]


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE incident SET status = 'closed'", "status"),
        ("UPDATE incident SET level = 4", "level"),
        ("UPDATE incident SET disposition = 'false_positive'", "disposition"),
        ("UPDATE assignment SET who = 'role:auditor'", "who"),
        ("UPDATE assignment SET choice = 'no', answered_by = 'p-x'", "answered_by"),
        ("UPDATE incident SET proposed_level = 0", "proposed_level"),
        ("UPDATE step SET state = 'done' WHERE state = 'open'", "state"),
        ("UPDATE playbook_run SET version = 9", "version"),
        ("UPDATE note SET text_c = (SELECT title_c FROM incident LIMIT 1)", "text_c"),
        ("DELETE FROM note", "note"),
    ],
)
def test_what_is_changed_behind_the_records_back_is_found(seal: Seal, statement: str, what: str) -> None:
    with seal.signer() as one:
        one.round()
        assert seal.differs() == ()
        seal.intrude(statement)
        assert one.round() is not None  # the record itself is sound
        assert any(what in row.partition(":")[0] or row.endswith(f":{what}") for row in seal.differs())
    found = seal.world.desk.look(audit.verify)
    assert (found.ok, found.why in {"state_differs", "row_missing"}) == (False, True)
    assert found.where.split(":")[0] in statement


def test_a_row_that_no_entry_knows_of_is_found(seal: Seal) -> None:
    seal.sign()
    seal.intrude(
        "INSERT INTO note (id, incident, text_c, by, at) SELECT 'n-forged', incident, text_c, 'p-x', at FROM note"
    )
    seal.sign()
    assert seal.differs() == ("note:n-forged",)


@pytest.mark.parametrize(
    "statement",
    ["DELETE FROM ledger_head", "UPDATE ledger_head SET size = size - 1", "UPDATE ledger_head SET size = size + 1"],
)
def test_a_damaged_head_is_refused(seal: Seal, statement: str) -> None:
    seal.intrude(statement)
    assert seal.sign() is None
    assert seal.refusal()[0] in {"head_malformed", "entry_missing", "entry_beyond_head"}


def test_a_damaged_memory_and_a_lost_key_stop_it(seal: Seal) -> None:
    seal.sign()
    folder = seal.world.desk.settings.signer
    kept = (folder / "signing.key").read_text()
    (folder / "signing.key").unlink()
    with pytest.raises(Invalid, match="signing_key_missing"):
        seal.sign()
    (folder / "signing.key").write_text(kept)
    (folder / "state.json").write_text("{")
    with pytest.raises(Invalid, match="signer_state_malformed"):
        seal.sign()


def test_what_was_signed_is_remembered_before_it_is_published(seal: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Cut short in between, the next one still refuses whatever contradicts it."""
    with seal.signer() as one:
        monkeypatch.setattr("csirt.checkpoints.Checkpoints.publish", lambda *_args, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            one.round()
        monkeypatch.undo()
    assert seal.published.latest() is None
    state = json.loads((seal.world.desk.settings.signer / "state.json").read_text())
    assert state["size"] > 0
    assert seal.sign() is not None


def test_the_first_of_a_day_is_kept(seal: Seal) -> None:
    with seal.signer() as one:
        one.round()
        go_on(seal)
        one.round()
        seal.world.clock.forward(timedelta(days=1))
        go_on(seal)
        one.round()
    assert len(list(seal.published.folder.glob("[0-9]*.note"))) == 2


def test_the_loop_signs_when_asked_and_a_last_time(seal: Seal) -> None:
    with seal.signer() as one:
        loop = SignerLoop(one)
        loop.look()
        first = seal.published.head()
        go_on(seal)
        loop.look()
        assert seal.published.head() == first  # not due
        seal.published.order()
        loop.look()
        second = seal.published.head()
        assert first is not None
        assert second is not None
        assert second.size == first.size + 1
        go_on(seal)
        loop.stop.set()
        loop.run()
    last = seal.published.head()
    assert last is not None
    assert last.size == second.size + 1


def test_a_thousand_entries_are_not_left_for_a_minute(seal: Seal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("csirt.signer.MOST_ENTRIES", 5)
    with seal.signer() as one:
        loop = SignerLoop(one)
        loop.look()
        go_on(seal, 5)
        loop.looked_at = 0.0
        loop.look()
        head = seal.published.head()
        assert head is not None
        assert one.waiting() == 0


def test_a_database_that_does_not_answer_does_not_end_it(seal: Seal) -> None:
    with seal.signer() as one:
        seal.intrude("ALTER TABLE ledger_head RENAME TO away")
        loop = SignerLoop(one)
        loop.outlive(loop.look)
        seal.intrude("ALTER TABLE away RENAME TO ledger_head")
        loop.outlive(one.round)
    assert seal.published.head() is not None


def test_without_key_and_memory_it_does_not_go_on_as_if_nothing_had_been(seal: Seal) -> None:
    seal.sign()
    last = seal.published.head()
    assert last is not None
    shutil.rmtree(seal.world.desk.settings.signer)
    for _ in range(2):
        assert seal.sign() is None
        assert seal.refusal()[0] == "signer_memory_lost"
    seal.world.desk.commit(LOCAL, sealing.begin_epoch, last)
    assert seal.sign() is None
    (seal.world.desk.settings.signer / CONSENT).touch()
    head = seal.sign()
    assert head is not None
    assert head.origin == f"{ORIGIN}/epoch-2"
    assert [row["why"] for row in seal.published.history()] == ["first", "epoch"]
    assert seal.sign() is not None
