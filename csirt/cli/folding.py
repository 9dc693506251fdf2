"""What a program that is not ours says, as events of our log: who said it, how grave it is, which error. Not its words.

Its sentences may hold anything, and nobody here vouches for them; they are read and let go.
"""

import re
import time
from collections.abc import Callable
from typing import BinaryIO

from csirt.logs import log

LONGEST_LINE = 4096
A_MINUTE = 60.0
AT_MOST = 30  # events in a minute; the others are counted
_SAID = re.compile(rb"\| (WARNING|ERROR|CRITICAL) *\| ([A-Za-z_][\w.]{0,79}) - ")
_RAISED = re.compile(
    rb"([A-Za-z_]\w{0,39}\.){0,8}([A-Z]\w{0,59}(?:Error|Exception|Timeout|Refused|Full|Interrupt))(?::|$)"
)


class Folder:
    """Reads one program's output. The same event again within a minute is counted, not repeated."""

    def __init__(self, name: str, now: Callable[[], float] = time.monotonic) -> None:
        """`name` begins each event; `now` gives seconds."""
        self._name = name
        self._now = now
        self._since = now()
        self._told: set[tuple[str, ...]] = set()
        self._more = 0

    def read(self, output: BinaryIO) -> None:
        """Read until the program has closed its output."""
        with output:
            while line := output.readline(LONGEST_LINE):
                self.take(line)
        self._count()

    def take(self, line: bytes) -> None:
        """One line, or a part of a long one."""
        if self._now() - self._since > A_MINUTE:
            self._count()
        if said := _SAID.search(line):
            self._tell("said", said[1].decode().lower(), said[2].decode(errors="replace"))
        elif raised := _RAISED.match(line.rstrip()):
            self._tell("raised", "error", raised[2].decode(errors="replace"))

    def _tell(self, what: str, level: str, by: str) -> None:
        if (what, level, by) in self._told or len(self._told) >= AT_MOST:
            self._more += 1
            return
        self._told.add((what, level, by))
        log().warning(f"{self._name}.{what}", grave=level, code=by)

    def _count(self) -> None:
        """A minute is over."""
        if self._more:
            log().warning(f"{self._name}.said_more", number=self._more)
        self._since, self._more = self._now(), 0
        self._told.clear()
