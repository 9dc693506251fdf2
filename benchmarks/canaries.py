"""Plants 2,000 canaries (My Numbers in twelve spellings, tokens, passwords, names) in every door, and looks for them.

`python -m benchmarks.canaries [--number 2000] [--seed 1]`. City after city until so many are planted. Prints a JSON
object; exits 1 where one sits in a log, an entry, a mail, an export or an error page.
"""

import argparse
import io
import json
import os
import shutil
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

from starlette.testclient import TestClient

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.logs import configure
from csirt.model.people import SYSTEM
from csirt.response import people
from csirt.settings import Settings
from csirt.web.app import create_app
from tests.canaries.aviary import Aviary
from tests.canaries.planting import Canary
from tests.cli.calling import call
from tests.web.conftest import BEGIN, HOST, Someone
from tests.web.test_api_permissions import SAMPLES, a_case


def one_city(folder: Path, seed: int) -> tuple[list[Canary], dict[str, list[str]]]:
    """Every door of one city; what was planted, and where some of it sits."""
    founding.found(folder / "data", founding.SAMPLE_CITY)
    desk: Desk = wire(Settings(data=folder / "data", reply_folder=folder / "replies"), "web", FixedClock(BEGIN))
    desk.commit(SYSTEM, people.refresh, desk.directory.people(), desk.directory.posts())
    log = io.StringIO()
    configure("canaries", log)
    with ExitStack() as stack:
        app = create_app(desk)

        def someone(uid: str = "") -> Someone:
            made = Someone(stack.enter_context(TestClient(app, base_url=f"http://{HOST}")))
            if uid:
                made.sign_in(uid)
            return made

        aviary = Aviary(desk, app, someone, SAMPLES, a_case(desk), seed)
        aviary.through_every_door()
        aviary.settle()
        call("export", folder / "out", "--data", folder / "data", "--json")
        found = aviary.sitting(log.getvalue(), folder / "out")
    desk.close()
    return aviary.planted, found


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    planted, sitting, began, seed = Counter[str](), dict[str, list[str]](), time.monotonic(), wanted.seed
    while planted.total() < wanted.number:
        folder = Path(tempfile.mkdtemp(prefix="canaries-"))
        try:
            some, found = one_city(folder, seed)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        planted.update(one.kind for one in some)
        sitting |= found
        seed += 1
        sys.stderr.write(f"{planted.total()} of {wanted.number} planted, {len(found)} places\n")
    told = {
        "planted": planted.total(), "kinds": dict(planted), "cities": seed - wanted.seed, "sitting": sitting,
        "seconds": round(time.monotonic() - began, 1), "load": os.getloadavg()[0], "seed": wanted.seed,
    }  # fmt: skip
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    return 1 if sitting else 0


if __name__ == "__main__":
    sys.exit(main())
