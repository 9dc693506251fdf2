"""Plants 2,000 canaries (My Numbers in twelve spellings, tokens, passwords, names) in every door, and looks for them.

`python -m benchmarks.canaries [--number 2000] [--seed 1]`. City after city until so many are planted, each with a real
worker, all of them shown by one real Prefect. Prints a JSON object; exits 1 where one sits in a log, an entry, a mail,
an export, an error page or Prefect's database, and where the search would have been blind: no text arrived, or Prefect
was shown no case.
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
from functools import partial
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.cli.children import prefect_client_environment
from csirt.clock import FixedClock
from csirt.logs import configure
from csirt.model.people import SYSTEM
from csirt.response import people
from csirt.settings import Settings
from csirt.web.app import create_app
from tests.canaries.aviary import Aviary, found_at
from tests.canaries.planting import Canary
from tests.canaries.shown import flow_runs, kept_by, play
from tests.cli.calling import call
from tests.prefect_server import Server
from tests.web.conftest import BEGIN, HOST, Someone
from tests.web.test_api_permissions import SAMPLES, a_case


def one_city(folder: Path, seed: int, prefect_url: str) -> tuple[Aviary, int, dict[str, list[str]]]:
    """Every door of one city; how many arrived as texts, and where one sits that must not."""
    founding.found(folder / "data", founding.SAMPLE_CITY)
    settings = Settings(data=folder / "data", reply_folder=folder / "replies", prefect_url=prefect_url)
    desk: Desk = wire(settings, "web", FixedClock(BEGIN))
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
        aviary.through_every_door(partial(play, desk))
        aviary.settle()
        call("export", folder / "out", "--data", folder / "data", "--json")
        found = aviary.sitting(log.getvalue(), folder / "out")
        arrived = len(aviary.arrived(folder / "out"))
    desk.close()
    return aviary, arrived, found


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="canaries-") as folder:
        server = Server(Path(folder) / "prefect-home")
        server.children.start()
        try:
            server.wait_until_up()
            os.environ |= prefect_client_environment(server.folder, server.url)
            told = fly(Path(folder), wanted.number, wanted.seed, server)
        finally:
            server.client.close()
            server.children.stop()
    sys.stdout.write(json.dumps(told, ensure_ascii=False) + "\n")
    return 1 if told["sitting"] or not (told["arrived"] and told["shown_by_prefect"]) else 0


def fly(folder: Path, number: int, first: int, server: Server) -> dict[str, Any]:
    """City after city; what was planted and what was found."""
    planted: list[Canary] = []
    arrived, cases, sitting, began, seed = 0, set[str](), dict[str, list[str]](), time.monotonic(), first
    while len(planted) < number:
        aviary, came, found = one_city(folder / f"city-{seed}", seed, server.url)
        shutil.rmtree(folder / f"city-{seed}")
        planted += aviary.planted
        arrived, cases, sitting, seed = arrived + came, cases | set(aviary.opened), sitting | found, seed + 1
        sys.stderr.write(f"{len(planted)} of {number} planted, {len(found)} places\n")
    database = server.folder / "prefect" / "prefect.sqlite"
    sitting |= found_at((place, text, planted) for place, text in kept_by(database))
    return {
        "planted": len(planted), "kinds": dict(Counter(one.kind for one in planted)), "cities": seed - first,
        "arrived": arrived, "shown_by_prefect": len(flow_runs(database) & cases), "sitting": sitting,
        "seconds": round(time.monotonic() - began, 1), "load": os.getloadavg()[0], "seed": first,
    }  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
