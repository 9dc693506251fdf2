"""How long chance may drive a case before something that must always hold does not.

    .venv/bin/python -m benchmarks.random_runs [--cases 200] [--steps 40] [--seed 7]

The cases of `tests/playbook/test_random_runs.py`, more of them and longer: answers, time, crashes at a commit, moved
versions, lost leases, replays. What fails is printed in its shortest form; one JSON object tells what was tried.
"""

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, seed, settings

from benchmarks.stand import show
from tests.playbook.test_random_runs import RandomRuns
from tests.world import found_world


def drive(cases: int, steps: int, number: int) -> None:
    """Drive so many cases for at most so many steps each. Raises what did not hold, in its shortest form."""
    tried: dict[str, int] = {"cases": 0, "crashes": 0, "moves": 0}
    with tempfile.TemporaryDirectory(prefix="random-runs-template-") as folder:
        found_world(Path(folder)).desk.close()

        class Counted(RandomRuns):
            template = Path(folder)

            def teardown(self) -> None:
                tried["cases"] += 1
                tried["crashes"] += self.crashes
                tried["moves"] += self.moves
                super().teardown()

        Counted.TestCase.settings = settings(
            max_examples=cases, stateful_step_count=steps, deadline=None, database=None,
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        case: Any = Counted.TestCase
        began = time.monotonic()
        seed(number)(case)().runTest()
    seconds = round(time.monotonic() - began, 1)
    show(steps_at_most=steps, seed=number, **tried, seconds=seconds, load=os.getloadavg()[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seed", type=int, default=7)
    given = parser.parse_args()
    drive(given.cases, given.steps, given.seed)
