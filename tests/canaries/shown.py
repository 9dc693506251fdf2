"""Cases full of canaries on a real Prefect server: the worker plays them, and everything that Prefect keeps is read."""

import asyncio
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from csirt.bootstrap import Desk
from csirt.chores import Chores
from csirt.clock import FixedClock
from csirt.store.tables.runs import RunDueRow
from csirt.store.tx import Look
from tests.canaries.searching import raw_files, tables

PATIENCE = 180.0
PAUSE, QUIET = timedelta(seconds=0.2), 5


def play(desk: Desk, seconds: float = PATIENCE) -> None:
    """Let a real worker do what is due, shown by the Prefect of the desk's settings, until every run rests."""
    from csirt.worker import Worker  # lazy: imports Prefect, which must see its settings first

    worker = Worker(desk)
    thread = threading.Thread(target=lambda: asyncio.run(worker.run()))
    thread.start()
    try:
        _wait_for_rest(desk, seconds)
    finally:
        worker.stop()
        thread.join(60)
        assert not thread.is_alive()


def _wait_for_rest(desk: Desk, seconds: float) -> None:
    """Until nothing is due and every run was shown. The clock goes on meanwhile, for leases and pauses."""
    assert isinstance(desk.clock, FixedClock)
    chores, end, quiet = Chores(desk), time.monotonic() + seconds, 0
    while quiet < QUIET:  # between two passes nothing is due for a moment
        assert time.monotonic() < end, "the worker never came to rest"
        time.sleep(PAUSE.total_seconds())
        desk.clock.forward(PAUSE)
        due = chores.due()
        quiet = 0 if due.runs or due.triage or due.actions or desk.look(_unshown) else quiet + 1


def _unshown(look: Look) -> int:
    query = select(func.count()).select_from(RunDueRow)
    return look.session.exec(query.where(col(RunDueRow.prefect_run).is_(None), col(RunDueRow.ended).is_(False))).one()


def kept_by(database: Path) -> Iterator[tuple[str, str]]:
    """Everything in Prefect's database: each table, and the bytes of its files, where what was deleted may lie."""
    yield from ((f"prefect table {name}", text) for name, text in tables(database))
    yield from ((f"prefect file {name}", text) for name, text in raw_files(database))


def flow_runs(database: Path) -> set[str]:
    """The names of the flow runs that Prefect shows."""
    with closing(sqlite3.connect(database)) as opened:
        return {name for (name,) in opened.execute("SELECT name FROM flow_run")}
