"""Thousands of chains climbed at once, and thousands of rehearsals: is anybody called late because others are?

    .venv/bin/python benchmarks/escalation.py [--open 10000] [--due 1000] [--url postgresql+psycopg://…]

Opens so many escalations of a five-tier chain, each in a case of its own, of which `--due` fall due within one second;
then lets the worker's own use case advance them, on SQLite with every commit synced to disk. Prints one JSON object;
exits 1 if it took longer than 2 s, needed more than 300 MB, missed one or advanced one twice, or if fewer than 5,000
rehearsals of the chain are played in a second.
"""

import argparse
import json
import random
import resource
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func
from sqlmodel import col, select

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.model import escalation as climb
from csirt.model.contact import ContactChain, Route, Tier
from csirt.model.incident import IncidentType
from csirt.model.people import SYSTEM, Roster
from csirt.model.rehearsal import Scene, rehearse_often
from csirt.record.entry import EntryKind
from csirt.response import escalations, people
from csirt.settings import Settings
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.outbox import DeliveryRow, EscalationRow
from csirt.store.tx import Tx

SECONDS, MEGABYTES, RUNS_A_SECOND = 2.0, 300, 5_000
RUNS = 20_000
T0 = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
BATCH = 500


def five_tiers() -> ContactChain:
    """A chain of five tiers, each a post called by mail and by phone."""
    posts = ("poc", "csirt-head", "director", "ciso", "mayor")
    tiers = tuple(
        Tier(timedelta(minutes=10 * number), (f"post:{post}",), ("mail", "phone")) for number, post in enumerate(posts)
    )
    return ContactChain("five", (Route("up", tiers),), Tier(timedelta(0), ("post:ciso",), ("phone",)), "five.toml")


def open_some(tx: Tx, chain: ContactChain, numbers: range, due: int) -> None:
    """So many cases whose chain stands on its first tier; the first `due` go on at T0, the others an hour later."""
    for number in numbers:
        at = T0 - timedelta(minutes=10) + (timedelta(0) if number < due else timedelta(hours=1))
        incident = IncidentRow(
            id=f"i-{number:012d}", fiscal_year=2026, ordinal=number + 1, type=IncidentType.RANSOMWARE.value, title_c="",
            status="open", proposed_level=2, received=at, opened_by="system",
        )  # fmt: skip
        tx.session.add(incident)
        begun = climb.begin(
            chain, escalation_id=f"e-{number:012d}", incident=incident.id, step="reach", template="page", now=at
        )
        known, city = people.roster(tx.session, tx.vault), tx.city
        stands = climb.next_pages(chain, begun, known, city.offices, city.calendar, at)
        tx.session.flush()
        row = EscalationRow(
            id=begun.id, incident=incident.id, step="reach", chain=chain.name, template="page",
            routes=[route.to_plain() for route in stands.escalation.routes], started_at=at, next_due=stands.next_due,
        )  # fmt: skip
        tx.session.add(row)
        tx.record(EntryKind.ESCALATION_STARTED, incident=incident.id, step="reach", out={"escalation": row.id})


def desk_of(folder: Path, url: str, chain: ContactChain) -> tuple[Desk, FixedClock]:
    """The sample city with one more chain."""
    founding.found(folder / "data", founding.SAMPLE_CITY)
    clock = FixedClock(T0 - timedelta(minutes=10))
    desk = wire(Settings(data=folder / "data", database_url=url), "worker", clock)
    object.__setattr__(desk.door.city, "chains", {chain.name: chain})
    desk.commit(SYSTEM, people.refresh, desk.directory.people(), desk.directory.posts())
    return desk, clock


def advance_all(desk: Desk, clock: FixedClock) -> tuple[float, float, int]:
    """Advance until nothing is due; seconds in all, the longest commit, and how many moved."""
    clock.at = T0
    moved, longest, begun = 0, 0.0, time.perf_counter()
    while True:
        before = time.perf_counter()
        count = desk.commit(SYSTEM, escalations.advance)
        longest = max(longest, time.perf_counter() - before)
        moved += count
        if not count:
            return time.perf_counter() - begun, longest, moved


def called(desk: Desk) -> tuple[int, int]:
    """How many escalations called their second tier, and how many calls there were of it."""
    with desk.read() as session:
        calls = session.exec(select(func.count()).select_from(DeliveryRow).where(DeliveryRow.tier == 1)).one()
        who = session.exec(select(func.count(func.distinct(col(DeliveryRow.escalation))))).one()
    return who, calls


def rehearsals_a_second(desk: Desk, chain: ContactChain) -> float:
    """How many runs of the chain are played in a second, its standings worked out on the way."""
    city = desk.door.city
    known = Roster(desk.directory.people(), desk.directory.posts())
    assert city.rates is not None
    scene = Scene(chain, known, city.offices, city.calendar, T0, city.rates, random.Random)
    begun = time.perf_counter()
    rehearse_often(scene, runs=RUNS, seed=1)
    return RUNS / (time.perf_counter() - begun)


def main() -> int:
    """Measure, print, judge."""
    asked = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    asked.add_argument("--open", type=int, default=10_000)
    asked.add_argument("--due", type=int, default=1_000)
    asked.add_argument("--url", default="")
    given = asked.parse_args()
    chain = five_tiers()
    with tempfile.TemporaryDirectory() as folder:
        desk, clock = desk_of(Path(folder), given.url, chain)
        for first in range(0, given.open, BATCH):
            numbers = range(first, min(first + BATCH, given.open))
            desk.commit(SYSTEM, open_some, chain, numbers, given.due)
        seconds, longest, moved = advance_all(desk, clock)
        who, calls = called(desk)
        rehearsed = rehearsals_a_second(desk, chain)
        desk.close()
    found = {
        "open": given.open,
        "due": given.due,
        "advanced": moved,
        "seconds": round(seconds, 3),
        "longest_commit": round(longest, 3),
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "rehearsals_a_second": round(rehearsed),
        "missed": given.due - who,
        "twice": calls - 2 * who,
    }
    sys.stdout.write(json.dumps(found) + "\n")
    sound = found["missed"] == 0 and found["twice"] == 0 and moved == given.due
    quick = seconds <= SECONDS and rehearsed >= RUNS_A_SECOND
    return 0 if sound and quick and int(found["megabytes"]) <= MEGABYTES else 1


if __name__ == "__main__":
    sys.exit(main())
