"""Kill a sender of mail at its system calls before a real SMTP server, let another one go on, and count.

    .venv/bin/python benchmarks/kill_sender.py [--kills 500]

What must hold: no message lost, at most one repeat for each kill and that one labelled, the record sound. Needs
`strace`. The points are every use of every system call that a sender of three messages makes on the line and on the
disk, gone through again from the start until there were enough kills.
"""

import argparse
import itertools
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.engine.killing_sender import (
    DISK,
    LINE,
    Outcome,
    Point,
    kill_and_go_on,
    make_template,
    points_of_a_whole_run,
)
from tests.notifications.worlds import mail_server


def sweep(folder: Path, kills: int) -> Iterator[tuple[Point, Outcome]]:
    """Kill after kill."""
    with mail_server() as server:
        template = folder / "template"
        make_template(template, server)
        points = points_of_a_whole_run(template, folder / "whole", server, (*LINE, *DISK))
        print(f"{len(points)} points")
        done = 0
        for place, point in enumerate(itertools.cycle(points)):
            if done >= kills:
                return
            outcome = kill_and_go_on(template, folder / str(place), server, point)
            done += outcome.killed
            yield point, outcome


def main() -> int:
    """0 when nothing was lost and nothing repeated in silence."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--kills", type=int, default=500)
    kills = arguments.parse_args().kills
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        found = list(sweep(Path(folder), kills))
    killed = [(point, outcome) for point, outcome in found if outcome.killed]
    bad = [
        (point, outcome)
        for point, outcome in found
        if outcome.lost or outcome.repeats > 1 or outcome.unlabelled or not outcome.sound
    ]
    repeats = sum(outcome.repeats for _, outcome in killed)
    print(f"{len(killed)} kills in {time.monotonic() - began:.0f} s: {repeats} repeats, all labelled but those below")
    for point, outcome in bad:
        print(f"  BAD at {point}: {outcome}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
