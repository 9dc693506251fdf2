"""Lines to servers that are kept between questions: opening one, with TLS, costs more than all that is asked on it.

A kept line begins every question anew as the reading account, so that nothing is ever read as the person who signed in
on it last; where that fails the line is thrown away and another one opened. None is kept for long: a certificate, an
authority or an address that changes is noticed with the next one.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import ldap

MOST = 8  # for each server
IDLE = 60.0  # seconds without a question; servers end idle lines by themselves later than that
OLDEST = 600.0  # seconds

Connection = Any  # python-ldap comes without type information
HUNG_UP = (ldap.SERVER_DOWN, ldap.CONNECT_ERROR)  # what a question on a line finds whose other end is gone


def close(connection: Connection) -> None:
    """Close a line, whatever became of it."""
    with suppress(ldap.LDAPError):
        connection.unbind_s()


@dataclass(frozen=True, slots=True)
class Kept:
    """A line, when it was opened and when it was used last."""

    connection: Connection
    opened: float
    used: float


@dataclass
class KeptLines:
    """The lines to all servers that nobody uses just now. `now` counts seconds."""

    now: Callable[[], float] = time.monotonic
    _kept: dict[str, list[Kept]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, url: str) -> Kept | None:
        """A line to this server, the one used last, or None. It belongs to who took it until it is given back."""
        with self._lock:
            found = self._kept.get(url, [])
            line = found.pop() if found else None
        if line is not None and not self._is_good(line):
            close(line.connection)
            return self.take(url)
        return line

    def give(self, url: str, connection: Connection, opened: float) -> None:
        """Keep a line whose question was answered; of too many the one that was used longest ago is closed."""
        line = Kept(connection, opened, self.now())
        with self._lock:
            found = self._kept.setdefault(url, [])
            found.append(line)
            over = found.pop(0) if len(found) > MOST else None
        if over is not None:
            close(over.connection)

    def _is_good(self, line: Kept) -> bool:
        now = self.now()
        return now - line.used <= IDLE and now - line.opened <= OLDEST
