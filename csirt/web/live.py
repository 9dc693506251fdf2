"""What happens, told to pages that are open: one look a second for all of them, however many there are.

A page is told only that something changed, never what: it then asks for itself again, with all rights checked anew.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from sqlmodel import col, select
from starlette.concurrency import run_in_threadpool

from csirt.bootstrap import Desk
from csirt.errors import CsirtError
from csirt.store.tables.record import LedgerHeadRow, LedgerIncidentRow
from csirt.store.tx import Look

EVERY = 1.0  # seconds between two looks
SILENCE = 15.0  # seconds after which a line without meaning keeps proxies and browsers from hanging up
MOST = 500  # pages that listen at once; the next one is told to come again later
ALL = ""  # the name under which the whole record is watched

Stamps = dict[str, int]


def stamps_of(look: Look, names: frozenset[str]) -> Stamps:
    """How far the record has come: of each incident that is named, and under `ALL` as a whole."""
    row = LedgerIncidentRow
    found: Stamps = dict(look.session.exec(select(row.inc, row.inc_seq).where(col(row.inc).in_(names))).all())
    if ALL in names:
        found[ALL] = look.session.exec(select(LedgerHeadRow.size)).one()
    return found


class Live:
    """The pages that listen, and the one task that looks for all of them. Lives in the loop of the web process."""

    def __init__(self, desk: Desk) -> None:
        """Nobody listens yet."""
        self._desk = desk
        self._listening: dict[str, set[asyncio.Event]] = {}
        self._task: asyncio.Task[None] | None = None

    @property
    def number(self) -> int:
        """How many pages listen."""
        return sum(len(found) for found in self._listening.values())

    async def changes(self, name: str) -> AsyncIterator[bool]:
        """True whenever something happened in an incident (or anywhere, `ALL`), False after some silence."""
        event = asyncio.Event()
        self._listening.setdefault(name, set()).add(event)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._watch())
        try:
            while True:
                event.clear()
                try:
                    await asyncio.wait_for(event.wait(), SILENCE)
                except TimeoutError:
                    yield False
                else:
                    yield True
        finally:
            self._forget(name, event)

    def _forget(self, name: str, event: asyncio.Event) -> None:
        self._listening[name].discard(event)
        if not self._listening[name]:
            del self._listening[name]

    async def _watch(self) -> None:
        """Look as long as anybody listens."""
        seen: Stamps = {}
        while self._listening:
            names = frozenset(self._listening)
            found: Stamps = {}
            with suppress(CsirtError):  # a database that is down for a moment has no news
                found = await run_in_threadpool(self._desk.look, stamps_of, names)
            for name, stamp in found.items():
                if name in seen and seen[name] != stamp:
                    for event in self._listening.get(name, ()):
                        event.set()
            seen = {name: found.get(name, seen.get(name, -1)) for name in names if name in found or name in seen}
            await asyncio.sleep(EVERY)
