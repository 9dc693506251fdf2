"""Faults that a worker outlives: names that no entry takes, actions that break, logs that cannot be written."""

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from csirt.errors import DirectoryUnavailable, Untrusted
from csirt.logs import RecordLines
from csirt.model.contact import ContactChain, Route
from csirt.model.people import SYSTEM
from csirt.playbook import Disposition, Responder, seconds
from csirt.record.entry import EntryKind
from csirt.response import people, tail
from csirt.store.queries import workings
from csirt.store.secret_files import load_or_make_key
from csirt.store.tables.access import RosterPersonRow
from csirt.store.tables.outbox import EscalationRow
from csirt.store.tx import Tx
from csirt.store.vault import Vault
from tests.plays import failing, play_of, start, steps, stopped_by
from tests.response.test_climbing_on import called, climb, tier
from tests.world import World


def test_a_step_name_that_no_entry_takes_stops_the_run(world: World) -> None:
    def body(respond: Responder) -> Disposition:
        respond.ask("名前 with blanks", who="role:officer")
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    assert stopped_by(world, incident) == "step_key_malformed"


def test_a_recorded_value_that_was_tampered_with_stops_the_run(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    incident = start(world, play_of(lambda respond: respond.close(Disposition.BENIGN)))

    def refuse(*_any: object) -> dict[str, str]:
        raise Untrusted("vault_text_changed", name="value")

    monkeypatch.setattr(Vault, "texts", refuse)
    world.passes()
    monkeypatch.undo()
    assert stopped_by(world, incident) == "vault_text_changed"


def test_a_slow_action_whose_code_breaks_is_given_up_and_told(world: World) -> None:
    fetch = failing(lambda: KeyError("鳴門太郎"), failures=9, tries=2, slow=True)
    incident = start(world, play_of(lambda respond: respond.do(fetch)), fetch)
    world.forward(seconds(5))
    assert steps(world, incident)["fetch"].state == "failed"
    assert "fetch_by_hand" in world.waiting(incident)


def test_the_heart_beats_while_the_log_cannot_be_written(world: World) -> None:
    folder = world.desk.settings.data / "record.log.jsonl"
    folder.mkdir()
    world.open()
    with pytest.raises(OSError, match="record"):
        world.chores.write_lines()
    world.chores.keep_house()
    assert world.desk.look(workings.last_beat) == world.clock.now()
    folder.rmdir()
    world.chores.write_lines()
    assert len(folder.read_text().splitlines()) == len(world.kinds())


def test_a_log_that_is_taken_away_or_cut_goes_on_where_it_was(world: World) -> None:
    log = world.desk.settings.data / "record.log.jsonl"
    world.open()
    world.chores.write_lines()
    first = len(world.kinds())
    log.rename(log.with_suffix(".1"))
    world.open()
    world.chores.write_lines()
    assert len(log.read_text().splitlines()) == len(world.kinds()) - first
    os.truncate(log, 10)
    world.open()
    world.chores.write_lines()
    assert log.read_text().splitlines()[-1].startswith("{")


def test_a_log_that_is_ahead_of_a_restored_record_loses_no_line(world: World) -> None:
    log = world.desk.settings.data / "record.log.jsonl"
    log.write_text('{"event.sequence": 100000}\n')
    world.open()
    world.chores.write_lines()
    assert len(log.read_text().splitlines()) == 1 + len(world.kinds())
    assert world.desk.look(tail.cursor) == len(world.kinds()) - 1


def test_a_machine_without_syslog_loses_no_line(tmp_path: Path) -> None:
    if Path("/dev/log").exists():
        pytest.skip("this machine has one")
    lines = RecordLines("syslog", tmp_path / "unused")
    with pytest.raises(OSError, match="No such file"):
        lines.write([{"event.sequence": 0}])


def test_an_emptied_directory_takes_nobody_away(world: World) -> None:
    with pytest.raises(DirectoryUnavailable):
        world.desk.commit(SYSTEM, people.refresh, {}, {})
    assert world.person("k.sato").id


def test_people_who_did_not_change_are_not_sealed_anew(world: World) -> None:
    with world.desk.read() as session:
        before = {row.id: row.sealed for row in session.exec(select(RosterPersonRow))}
    known = dict(world.desk.directory.people())
    world.desk.commit(SYSTEM, people.refresh, known, world.desk.directory.posts())
    with world.desk.read() as session:
        after = {row.id: row.sealed for row in session.exec(select(RosterPersonRow))}
    assert after == before


def test_half_a_key_is_refused_and_a_new_one_is_whole(tmp_path: Path) -> None:
    (tmp_path / "vault.key").touch()
    with pytest.raises(Untrusted, match="vault_key_wrong"):
        load_or_make_key(tmp_path / "vault.key")
    (tmp_path / "vault.key").unlink()
    key = load_or_make_key(tmp_path / "vault.key")
    assert load_or_make_key(tmp_path / "vault.key") == key
    assert [path.name for path in tmp_path.iterdir()] == ["vault.key"]
    assert (tmp_path / "vault.key").stat().st_mode & 0o777 == 0o600


def test_a_report_that_breaks_triage_keeps_nobody_from_being_called(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.chores.decide()
    chain = ContactChain("one", (Route("a", (tier(0, "post:poc"), tier(8, "post:director")), wait=seconds(60)),))
    escalation = climb(world, chain)

    def broken(_tx: Tx) -> list[str]:
        raise RuntimeError("no triage")

    monkeypatch.setattr("csirt.chores.triage.triage", broken)
    world.clock.forward(seconds(9))
    due = replace(world.chores.due(), triage=True)
    monkeypatch.setattr(world.chores, "due", lambda: due)
    with pytest.raises(RuntimeError, match="no triage"):
        world.chores.decide()
    assert sorted(called(world, escalation)) == ["post:director", "post:poc"]


def test_the_heart_beats_on_after_the_clock_was_set_back(world: World) -> None:
    world.chores.keep_house()
    world.clock.at -= timedelta(days=3)
    world.chores.keep_house()
    assert world.desk.look(workings.last_beat) == world.clock.now()
    assert world.kinds().count("CLOCK_STEPPED") == 1


def test_an_escalation_that_cannot_be_read_keeps_nobody_else_from_being_called(world: World) -> None:
    world.chores.decide()
    chain = ContactChain("one", (Route("a", (tier(0, "post:poc"), tier(8, "post:director")), wait=seconds(60)),))
    broken, whole = climb(world, chain), climb(world, chain)
    incident = start(world, play_of(lambda respond: respond.wait("rest", duration=seconds(5))))
    world.passes()

    def spoil(tx: Tx) -> None:
        row = tx.session.get_one(EscalationRow, broken)
        row.routes = [{**row.routes[0], "state": "?"}]
        tx.session.add(row)
        tx.record(EntryKind.NOTE_ADDED, incident=row.incident, texts={"note": "試験"})

    world.desk.commit(SYSTEM, spoil)
    world.clock.forward(seconds(9))
    with pytest.raises(Untrusted, match="route_progress_malformed"):
        world.chores.decide()
    assert sorted(called(world, whole)) == ["post:director", "post:poc"]
    assert steps(world, incident)["rest"].state == "done"
