"""System calls that kill or fail while the record is written and signed: a sample of `benchmarks/faults.py`."""

import tempfile
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.faults import BAD, CUT, FULL, KILL, READ_ONLY, sweep, trial_in
from tests.programs import find_program

SAMPLE = [
    ("append", "sqlite", "pwrite64", KILL, [2, 7]),
    ("append", "sqlite", "fdatasync", BAD, [1]),
    ("append", "sqlite", "pwrite64", FULL, [5]),
    ("append", "sqlite", "pwrite64", READ_ONLY, [9]),
    ("begin", "sqlite", "write", KILL, [2, 5]),
    ("sign", "sqlite", "rename", KILL, [2]),
    ("sign", "sqlite", "write", FULL, [1]),
    ("append", "postgresql", "sendto", KILL, [9]),
    ("append", "postgresql", "message", CUT, [12, 18]),
    ("sign", "postgresql", "sendto", KILL, [6]),
]


@pytest.mark.parametrize(("who", "database", "call", "fault", "points"), SAMPLE)
def test_nothing_that_was_acknowledged_is_lost_and_nothing_is_torn(
    request: pytest.FixtureRequest, who: str, database: str, call: str, fault: str, points: list[int]
) -> None:
    find_program("strace")
    server = request.getfixturevalue("postgres_server") if database == "postgresql" else None
    with tempfile.TemporaryDirectory(prefix="faults-") as folder, closing(trial_in(Path(folder), server)) as trial:
        hurt = sweep(trial, who, call, fault, points)
    assert trial.wrong == []
    assert hurt == len(points)
