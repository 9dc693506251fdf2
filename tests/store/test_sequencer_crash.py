"""The web process dies, or its disk is full, in the middle of a batch: only what nobody was promised is lost."""

import os
import resource
import signal
import threading
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import select

from csirt.errors import Unavailable
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.record.verify_record import check_entries
from csirt.store.queries import timeline
from csirt.store.tables.record import LedgerRow
from csirt.store.tx import Tx
from tests.world import World, found_world

THREADS, EACH = 4, 5
POINTS = ("savepoint", "release_savepoint", "commit", "checkin")  # `checkin`: committed, and nobody told yet


class Death:
    """Counts the points of all batches and kills this process, as a power cut would, at one of them."""

    def __init__(self, world: World, deadly: int) -> None:
        self.left = deadly
        for point in POINTS:
            event.listen(world.desk.door.database.writer, point, self)

    def __call__(self, *_what: object) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def note(tx: Tx, name: str, text: str) -> None:
    tx.record(EntryKind.NOTE_ADDED, cid=name, texts={"text": text})


def write_notes(world: World, told: int, prefix: str, text: str = "メモ") -> None:
    """Four at once, five each; each name that was acknowledged goes down the pipe."""

    def write(number: int) -> None:
        for turn in range(EACH):
            name = f"{prefix}-{number}-{turn}"
            try:
                world.desk.commit(SYSTEM, note, name, text)
            except Unavailable:
                os.write(told, b"!\n")
            else:
                os.write(told, f"{name}\n".encode())

    threads = [threading.Thread(target=write, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def in_a_child(work: Callable[[int], None]) -> tuple[list[str], int]:
    """Do something in a process of its own; returns what it told, and how it ended."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a thread that another test left holds nothing we need
        pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        try:
            work(writing)
        except BaseException:  # noqa: BLE001 - this process must not come back into pytest
            traceback.print_exc()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        told = pipe.read().split()
    return told, os.waitpid(pid, 0)[1]


def stored(world: World) -> list[str]:
    """The names of all notes in the record, which is sound."""
    result = check_entries(world.desk.look(lambda look: list(timeline.canonical_rows(look))))
    assert result.first_bad is None
    with world.desk.read() as session:
        return [row.cid or "" for row in session.exec(select(LedgerRow)) if row.kind == "NOTE_ADDED"]


@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_death_in_the_middle_loses_nothing_that_was_acknowledged(
    database: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = request.getfixturevalue("fresh_postgres")() if database == "postgresql" else ""
    found_world(tmp_path, url).desk.close()
    killed, promised = 0, set[str]()
    for deadly in range(1, 40, 3):

        def work(told: int, deadly: int = deadly) -> None:
            world = found_world(tmp_path, url, source="web")
            Death(world, deadly)
            write_notes(world, told, f"round-{deadly}")

        told, status = in_a_child(work)
        killed += os.WIFSIGNALED(status)
        promised |= set(told)
        found = names_of(tmp_path, url)
        assert promised <= set(found)
        assert len(set(found)) == len(found)
    assert killed > 8
    assert promised


def names_of(folder: Path, url: str) -> list[str]:
    """The notes, as another process finds them."""
    world = found_world(folder, url)
    try:
        return stored(world)
    finally:
        world.desk.close()


def test_a_full_disk_is_told_and_nothing_that_was_acknowledged_is_lost(tmp_path: Path) -> None:
    found_world(tmp_path).desk.close()

    def work(told: int) -> None:
        world = found_world(tmp_path, source="web")
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        size = (tmp_path / "data" / "csirt.sqlite").stat().st_size
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 400_000, resource.RLIM_INFINITY))
        write_notes(world, told, "full", "長い文" * 10_000)
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        world.desk.commit(SYSTEM, note, "afterwards", "また書ける")
        os.write(told, b"afterwards\n")
        os._exit(0)

    told, status = in_a_child(work)
    acknowledged = [name for name in told if name != "!"]
    assert (status, told.count("!") > 0, len(acknowledged) > 1, told[-1]) == (0, True, True, "afterwards")
    assert sorted(names_of(tmp_path, "")) == sorted(acknowledged)
