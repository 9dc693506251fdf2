"""Requests of the web process share a commit: each holds by itself, and nobody is told before it is durable."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from csirt.errors import Invalid, Unavailable, UnrecordedChange
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.record.verify_record import check_entries
from csirt.response import incidents
from csirt.response.incidents import Report
from csirt.store import batch
from csirt.store.queries import cases, timeline
from csirt.store.sequencer import ByItself
from csirt.store.tx import Tx
from tests.world import World, found_world


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def web(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A city whose desk writes as the web process does, with time for whole batches on a busy machine."""
    monkeypatch.setattr(batch, "MOST_SECONDS", 60)
    url = request.getfixturevalue("fresh_postgres")() if request.param == "postgresql" else ""
    made = found_world(tmp_path, url, source="web")
    yield made
    made.desk.close()


def order(web: World, use_case: Callable[..., Any], *args: Any) -> Future[Any]:
    door = web.desk.door
    return door.database.order(use_case, door.city, web.person("k.sato"), *args)


@contextmanager
def gathering(web: World) -> Iterator[None]:
    """Hold the writer, so that what is ordered meanwhile makes one batch."""
    begun, go = threading.Event(), threading.Event()

    def hold(_tx: Tx) -> None:
        begun.set()
        assert go.wait(20)

    held = order(web, hold)
    assert begun.wait(20)
    try:
        yield
    finally:
        go.set()
        held.exception(20)


@contextmanager
def commits(web: World) -> Iterator[list[str]]:
    """What was begun and committed."""
    seen: list[str] = []
    engine = web.desk.door.database.writer

    def note_commit(_connection: object) -> None:
        seen.append("commit")

    def note_savepoint(_connection: object, _name: object) -> None:
        seen.append("savepoint")

    event.listen(engine, "commit", note_commit)
    event.listen(engine, "savepoint", note_savepoint)
    try:
        yield seen
    finally:
        event.remove(engine, "commit", note_commit)
        event.remove(engine, "savepoint", note_savepoint)


def note(tx: Tx) -> None:
    tx.record(EntryKind.NOTE_ADDED, texts={"text": "メモ"})


def size(web: World) -> int:
    """Entries in the record, all of them sound."""
    result = check_entries(web.desk.look(lambda look: list(timeline.canonical_rows(look))))
    assert result.first_bad is None
    return result.size


def test_what_waits_together_is_made_durable_by_one_commit(web: World) -> None:
    before = size(web)
    with commits(web) as seen:
        with gathering(web):
            orders = [order(web, note) for _ in range(20)]
        wait(orders, 20)
    assert [one.result() for one in orders] == [None] * 20
    # First the one that held the writer: it asked the database nothing, so it needed no savepoint.
    assert seen == ["commit", *["savepoint"] * 20, "commit"]
    assert size(web) == before + 20


def test_one_that_fails_is_undone_alone(web: World) -> None:
    def fail(tx: Tx) -> None:
        incidents.open_by_report(tx, Report(title="途中で失敗"))
        raise Invalid("title_missing")

    with gathering(web):
        first = order(web, incidents.open_by_report, Report(title="一件目"))
        failing = order(web, fail)
        unrecorded = order(web, lambda tx: tx.session.execute(text("UPDATE incident SET level = 4")))
        last = order(web, incidents.open_by_report, Report(title="二件目"))
    with pytest.raises(Invalid, match="title_missing"):
        failing.result(20)
    with pytest.raises(UnrecordedChange):
        unrecorded.result(20)
    assert {first.result(20), last.result(20)} == {case.id for case in web.desk.look(cases.incidents)}
    assert sorted(case.ordinal for case in web.desk.look(cases.incidents)) == [1, 2]
    assert {case.level for case in web.desk.look(cases.incidents)} == {None}
    assert size(web) == len(web.kinds())


def test_an_entry_that_cannot_be_sealed_costs_nobody_else_theirs(web: World) -> None:
    before = size(web)

    def malformed(tx: Tx) -> None:
        tx.record(EntryKind.NOTE_ADDED, out={"with blanks": "and more"})

    with gathering(web):
        good, bad = order(web, note), order(web, malformed)
    with pytest.raises(ByItself):
        bad.result(20)
    with pytest.raises(ByItself):  # nothing of the batch was done: `commit` goes on by itself
        good.result(20)
    web.desk.commit(SYSTEM, note)
    with pytest.raises(Invalid, match="entry_field_malformed"):
        web.desk.commit(SYSTEM, malformed)
    assert size(web) == before + 1


def test_what_one_changed_the_next_one_sees_and_a_taken_key_is_no_error(web: World) -> None:
    report = Report(title="二度押し")
    with gathering(web):
        orders = [order(web, lambda tx: incidents.open_by_report(tx, report, request_key="k")) for _ in range(5)]
    assert len({one.result(20) for one in orders}) == 1


def test_whoever_gives_up_before_the_turn_changes_nothing_and_afterwards_too(web: World) -> None:
    before = size(web)
    with gathering(web):
        gone, stays = order(web, note), order(web, note)
        assert gone.cancel()
    stays.result(20)
    assert not stays.cancel()
    assert size(web) == before + 1


def test_closing_makes_durable_what_waits(web: World) -> None:
    before = size(web)
    with gathering(web):
        orders = [order(web, note) for _ in range(10)]
        closing = threading.Thread(target=web.desk.door.database.close)
        closing.start()
    closing.join(20)
    assert all(one.done() for one in orders)
    assert size(web) == before + 10
    web.desk.commit(SYSTEM, note)  # as the last words of a process that ends
    assert size(web) == before + 11


def test_the_other_processes_write_in_between(web: World) -> None:
    before = size(web)
    other = found_world(web.desk.settings.data.parent, web.desk.settings.database_url)
    failures: list[BaseException] = []

    def write(world: World) -> None:
        try:
            for _ in range(20):
                world.desk.commit(SYSTEM, note)
        except BaseException as error:  # noqa: BLE001 - reported below, in the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=write, args=(world,)) for world in (web, web, web, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    other.desk.close()
    assert failures == []
    assert size(web) >= before + 80


def test_a_commit_that_fails_is_told_to_all_and_never_tried_again(web: World) -> None:
    before = size(web)
    engine = web.desk.door.database.writer

    def break_down(_connection: object) -> None:
        message = "the disk is gone"
        raise OSError(message)

    with gathering(web):
        orders = [order(web, note) for _ in range(3)]
        event.listen(engine, "commit", break_down)
    for one in orders:
        with pytest.raises(Unavailable):
            one.result(20)
    event.remove(engine, "commit", break_down)
    assert size(web) == before
