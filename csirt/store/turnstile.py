"""The queue of those who want to write to SQLite: who came first writes next, whichever process it is in.

SQLite lets one write at a time and keeps no queue: who finds it busy sleeps, longer each time, and whoever happens to
come by goes first. Beside a worker that commits again and again, a page waited a second and more for its turn. So
whoever wants to write first takes hold of a turnstile, a lock on a file beside the database, and lets go of it as soon
as SQLite has let them begin: one stands there and is the next, all others wait behind.

It is a courtesy and no more. SQLite's own lock decides who writes, and a turnstile that does not move (its process was
stopped, its file cannot be made) is walked around.
"""

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

LONGEST = 15.0  # seconds that somebody waits to write, as long as PostgreSQL would have them wait for a lock
PATIENCE = 1.0  # seconds that somebody waits behind others; commits are far shorter
_PAUSE = 0.0005  # seconds between two attempts
LET_OTHERS = 3 * _PAUSE  # seconds between two threads of one process: other processes look once in every pause


class Turnstile:
    """Where the writers of one database queue."""

    def __init__(self, database: Path) -> None:
        """`database`: the file of SQLite; the turnstile's own is made beside it."""
        self._path = database.with_name(f"{database.name}-turn")
        self._threads = threading.Lock()  # those of this process queue among themselves

    def begin(self, attempt: Callable[[], object]) -> None:
        """Attempt until it holds, in turn with others.

        Raises:
            sqlite3.OperationalError: SQLite stays busy for `LONGEST` seconds, or has another reason.
        """
        end = time.monotonic() + LONGEST
        with self._next_to_write():
            while True:
                try:
                    attempt()
                except sqlite3.OperationalError as error:
                    if not _is_busy(error) or time.monotonic() > end:
                        raise
                else:
                    return
                time.sleep(_PAUSE)

    @contextmanager
    def _next_to_write(self) -> Iterator[None]:
        """Nobody else stands at the turnstile, or did not move for too long."""
        end, file = time.monotonic() + PATIENCE, None
        alone = self._threads.acquire(blocking=False) or self._wait_for_threads()
        try:
            # Opened each time: a file that a killed child shares with its parent would stay locked.
            with suppress(OSError):
                file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            while file is not None and not _takes_hold(file) and time.monotonic() < end:
                time.sleep(_PAUSE)
            yield
        finally:
            if file is not None:
                os.close(file)
            if alone:
                self._threads.release()

    def _wait_for_threads(self) -> bool:
        alone = self._threads.acquire(timeout=PATIENCE)
        time.sleep(LET_OTHERS)
        return alone


def _takes_hold(file: int) -> bool:
    """False while another process has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: then there is no queue
        return True
    return True


def _is_busy(error: sqlite3.OperationalError) -> bool:
    return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY  # the low byte: which kind of busy does not matter
