"""The nightly look at the duties of many open incidents: is it done before anybody notices?

    .venv/bin/python benchmarks/duties.py [--open 10000]

Puts so many open incidents with eight facts each beside the sample city, on SQLite with every commit synced, lets the
first look bring their duties about, then times the same look again, as every night finds it. Prints one JSON object;
exits 1 if that look took longer than 2 s or changed anything.
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import insert

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.model.people import SYSTEM
from csirt.record.entry import EntryKind
from csirt.response import duties
from csirt.settings import Settings
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.facts import FactRow
from csirt.store.tx import Tx

SECONDS = 2.0
T0 = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)
FACTS: dict[str, object] = {
    "known": T0.isoformat(), "received": T0.isoformat(), "personal_data": "yes", "leak": "suspected",
    "sensitive_data": "no", "wrongful_purpose": "no", "cause": "missent",
}  # fmt: skip


def fill(tx: Tx, number: int) -> None:
    """Open incidents with their facts, under one entry."""
    cases, facts = [], []
    for n in range(number):
        name = f"i-{n:06}"
        cases.append(
            {"id": name, "fiscal_year": 2026, "ordinal": n + 1, "drill": False, "type": "leak_missent", "title_c": "",
             "status": "open", "proposed_level": 2, "received": T0, "known": T0, "opened_by": "system",
             "report_channel": "phone", "personal_data": "yes"}
        )  # fmt: skip
        for fact, value in {**FACTS, "head_count": n % 200}.items():
            facts.append(
                {"incident": name, "name": fact, "version": 1, "state": "confirmed", "value": value,
                 "source": "staff", "at": T0, "by": "system", "stated_at": T0}
            )  # fmt: skip
    tx.session.execute(insert(IncidentRow), cases)
    tx.session.execute(insert(FactRow), facts)
    tx.record(EntryKind.RECORD_VERIFIED, out={"cases": number})


def look(desk: Desk) -> tuple[int, float, float]:
    """One nightly look: how many duties changed, the seconds it took, and those of the processor."""
    begun, worked = time.perf_counter(), time.process_time()
    changed = desk.commit(SYSTEM, duties.review_all, 1_000_000)
    return changed, time.perf_counter() - begun, time.process_time() - worked


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--open", type=int, default=10_000)
    number = parser.parse_args().open
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        founding.found(data, founding.SAMPLE_CITY)
        desk = wire(Settings(data=data), "cli", FixedClock(T0))
        desk.commit(SYSTEM, fill, number)
        arose, first, _ = look(desk)
        changed, again, cpu = look(desk)
        desk.close()
    found = {"open": number, "arose": arose, "first_seconds": round(first, 2), "again_seconds": round(again, 2)}
    print(json.dumps({**found, "again_cpu_seconds": round(cpu, 2), "changed": changed}))
    return 0 if again <= SECONDS and not changed and arose else 1


if __name__ == "__main__":
    sys.exit(main())
