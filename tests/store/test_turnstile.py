"""Who came first writes next, whichever process it is in; and no turnstile keeps anybody from writing."""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from csirt.store import turnstile
from csirt.store.database import engine_for
from csirt.store.turnstile import Turnstile


def a_writer(file: Path) -> sqlite3.Connection:
    """A connection as the product has them: whoever reads keeps no commit waiting, and it does not wait by itself."""
    made = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    made.execute("PRAGMA journal_mode=WAL")
    made.execute("PRAGMA busy_timeout=0")
    return made


def began(queue: Turnstile, writer: sqlite3.Connection) -> None:
    queue.begin(lambda: writer.execute("BEGIN IMMEDIATE"))


def until(question: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not question():
        assert time.monotonic() < end
        time.sleep(0.001)


def is_held(file: Path) -> bool:
    """Does somebody stand at the turnstile?"""
    with file.with_name(f"{file.name}-turn").open("rb") as turn:
        try:
            fcntl.flock(turn, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        return False


def test_who_commits_again_and_again_lets_in_who_waits(tmp_path: Path) -> None:
    """Each has a turnstile of its own, as two processes have; the greedy one never pauses."""
    file, order = tmp_path / "c.sqlite", list[str]()
    greedy, patient = a_writer(file), a_writer(file)
    began(mine := Turnstile(file), greedy)

    def wait() -> None:
        began(Turnstile(file), patient)
        order.append("patient")
        patient.execute("COMMIT")

    waiting = threading.Thread(target=wait)
    waiting.start()
    until(lambda: is_held(file))
    greedy.execute("COMMIT")
    began(mine, greedy)
    order.append("greedy")
    greedy.execute("COMMIT")
    waiting.join()
    assert order == ["patient", "greedy"]


def test_a_process_with_many_writers_is_one_in_the_queue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its second thread stands at the turnstile first; before its third one, others are let in."""
    monkeypatch.setattr(turnstile, "LET_OTHERS", 0.5)
    file, order = tmp_path / "c.sqlite", list[str]()
    mine = Turnstile(file)
    began(mine, first := a_writer(file))

    def write(queue: Turnstile, name: str) -> None:
        began(queue, writer := a_writer(file))
        order.append(name)
        writer.execute("COMMIT")

    waiting = [threading.Thread(target=write, args=(mine, name)) for name in ("second", "third")]
    waiting.append(threading.Thread(target=write, args=(Turnstile(file), "other")))
    waiting[0].start()
    until(lambda: is_held(file))
    for thread in waiting[1:]:
        thread.start()
    time.sleep(0.05)  # both are in the queue
    first.execute("COMMIT")
    for thread in waiting:
        thread.join()
    assert order == ["second", "other", "third"]


def test_a_turnstile_that_does_not_move_is_walked_around(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its process was stopped, or hangs: everybody goes on writing."""
    monkeypatch.setattr(turnstile, "PATIENCE", 0.05)
    file = tmp_path / "c.sqlite"
    with (tmp_path / "c.sqlite-turn").open("wb") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_EX)
        writer = a_writer(file)
        began(Turnstile(file), writer)
        assert writer.in_transaction


def test_where_no_turnstile_can_be_made_everybody_writes(tmp_path: Path) -> None:
    """A disk without an inode left is no reason not to write."""
    file = tmp_path / "c.sqlite"
    (tmp_path / "c.sqlite-turn").mkdir()
    began(Turnstile(file), writer := a_writer(file))
    assert writer.in_transaction


def test_a_database_that_stays_busy_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an error that says so; and whoever stood at the turnstile stands there no more."""
    monkeypatch.setattr(turnstile, "LONGEST", 0.1)
    file = tmp_path / "c.sqlite"
    (busy := a_writer(file)).execute("BEGIN IMMEDIATE")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        began(Turnstile(file), a_writer(file))
    assert not is_held(file)
    busy.close()


def test_another_error_is_told_at_once(tmp_path: Path) -> None:
    """A file that is no database will not become one by waiting."""
    file = tmp_path / "c.sqlite"
    file.write_bytes(os.urandom(4096))
    began_at = time.monotonic()
    with pytest.raises(sqlite3.DatabaseError):
        began(Turnstile(file), sqlite3.connect(file, timeout=0))
    assert time.monotonic() - began_at < turnstile.PATIENCE


def test_an_engine_that_writes_goes_through_it(tmp_path: Path) -> None:
    """While somebody else writes, it stands there."""
    file = tmp_path / "c.sqlite"
    engine = engine_for(f"sqlite:///{file}")
    with engine.begin() as first:
        other = threading.Thread(target=lambda: engine_for(f"sqlite:///{file}").begin().__enter__())
        other.start()
        until(lambda: is_held(file))
        first.exec_driver_sql("CREATE TABLE one (id INTEGER)")
    other.join()
    assert not is_held(file)
