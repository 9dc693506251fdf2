"""Kill worker, web page and Prefect's server at every commit point of the ransomware playbook, and count what is left.

    .venv/bin/python -m benchmarks.kill_engine [--database sqlite] [--kills 300] [--seed 1]

The worker and the page run under strace, which ends them by SIGKILL at their n-th durable write (SQLite: fdatasync;
PostgreSQL: the n-th message to the server), n = 1, 2, 3 … in turn; Prefect's server is killed at random moments.
Cases are opened and answered through the REST API all the while, each request repeated with its key until it is
answered. At the end every case must be closed, no step recorded twice, no order or call doubled, the record whole.
Prints one JSON object; exits 1 if something does not hold. Needs strace.
"""

import argparse
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import time
import tomllib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx
from sqlalchemy import text

from benchmarks.stand import Stand, quantile, show, stand, until
from csirt import founding
from csirt.cli.cast import Cast, answer_of, call_of
from csirt.era import at_in_era
from csirt.errors import Forbidden, Unavailable
from csirt.response import audit

LONGEST = 30.0  # seconds after which a victim that did not come to its n-th write is ended all the same
POINTS = 60  # n runs up to this, then begins again
WEB_SHARE = 0.2  # of the page's lives that end early; while it is away nobody can answer
PREFECT_LIVES = (15.0, 45.0)  # seconds until Prefect's server is killed again
AT_ONCE = 3  # cases open side by side
WRITES = {"sqlite": "fdatasync", "postgresql": "sendto"}
CSIRT = [sys.executable, "-m", "csirt.cli.main"]


@dataclass
class Victim:
    """A process of the product that is ended at its n-th write and started again at once."""

    name: str
    command: list[str]
    write: str
    points: Any = field(default_factory=lambda: itertools.cycle(range(1, POINTS + 1)))
    process: subprocess.Popen[bytes] | None = None
    deadly: int = 0
    born: float = 0.0
    died_at: list[int] = field(default_factory=list)

    def look_after(self, *, kill: bool) -> bool:
        """Start it if it does not run; true if it has just died of its n-th write."""
        if self.process is not None and self.process.poll() is None:
            if time.monotonic() - self.born > LONGEST:
                self.end()
            return False
        died = self.process is not None and self.deadly > 0
        if died:
            self.died_at.append(self.deadly)
        self.deadly = next(self.points) if kill else 0
        inject = ["-e", f"inject={self.write}:signal=KILL:when={self.deadly}"] if self.deadly else []
        strace = ["strace", "-f", "--seccomp-bpf", "-o", os.devnull, "-e", f"trace={self.write}", *inject]
        self.process = subprocess.Popen(
            [*strace, *self.command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
        )
        self.born = time.monotonic()
        return died

    def end(self) -> None:
        """SIGKILL to it and to the one who watches it."""
        if self.process is not None and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@dataclass
class Story:
    """What people do meanwhile: one case after another, every question answered as the sample city's script says."""

    at: Stand
    cast: Cast
    chance: random.Random
    script: dict[str, Any]
    opened: int = 0
    repeats: int = 0

    def act(self) -> None:
        """One act of a person; what the page did not answer is said again with the same key next time."""
        try:
            cases = self.cast.get("k.sato", "/incidents?status=open")
            if len(items(cases)) < AT_ONCE:
                body = {"title": f"計測 {self.opened}", "type": "ransomware"}
                self.cast.post("k.sato", "/incidents", body, key=f"open-{self.opened}")
                self.opened += 1
                return
            self.go_on(cases)
        except (httpx.HTTPError, Unavailable):  # another refusal is a fault of the script, and is shown
            self.repeats += 1
        except Forbidden as error:
            self.sign_in_again(error)

    def sign_in_again(self, error: Forbidden) -> None:
        """Some steps want to know anew who answers, after some minutes. Raises whatever else was refused."""
        if error.code != "step_up_needed":
            raise error
        self.cast = Cast(self.cast.base_url)

    def go_on(self, cases: Any) -> None:
        """Answer what waits; where nothing does, record the reports that the case still waits for."""
        asked = items(self.cast.get("k.sato", "/assignments"))
        for found in asked:
            self._answer(found)
        for case in items(cases):
            if all(found["incident"] != case["id"] for found in asked):
                self._report(case["id"])

    def _report(self, incident: str) -> None:
        for duty in self.cast.get("k.sato", f"/incidents/{incident}/duties"):
            if duty["state"] == "open":
                body = {"channel": "phone", "at": duty["arose_at"]}
                self.cast.post("k.sato", f"/duties/{duty['id']}/reports", body, key=f"report-{duty['id']}")

    def _answer(self, found: dict[str, Any]) -> None:
        at, sheet = at_in_era(self.at.desk.clock.now()), self.script["call_sheet"]
        part = next((one for one in self.script["answer"] if one["step"] == found["step"]), None)
        if part is None and found["kind"] != "call":
            raise AssertionError(found["step"])  # the script does not go with the playbook any more
        body = answer_of(part, at) if part else call_of(sheet, at)
        self.cast.post((part or sheet)["as"], f"/assignments/{found['id']}/answer", body, key=f"answer-{found['id']}")


def items(answer: Any) -> list[dict[str, Any]]:
    """The list in an answer."""
    return list(answer["items"] if isinstance(answer, dict) else answer)


def play(at: Stand, database: str, kills: int, chance: random.Random) -> dict[str, Any]:
    """Kill until `kills` were made, then let everything come to its end; returns what was seen on the way."""
    address = ["--data", str(at.data)]
    worker = Victim("worker", [*CSIRT, "worker", *address], WRITES[database])
    page = Victim("web", [*CSIRT, "serve", "--alone", "--port", str(at.port), *address], WRITES[database])
    script = tomllib.loads(founding.SAMPLE_CITY.with_name("script.toml").read_text())
    story = Story(at, Cast(f"http://127.0.0.1:{at.port}"), chance, script)
    prefect_kills, resumed, last_prefect = 0, [0.0], time.monotonic()
    owed: list[tuple[float, dict[str, int]]] = []
    try:
        while len(worker.died_at) + len(page.died_at) + prefect_kills < kills:
            page.look_after(kill=chance.random() < WEB_SHARE)
            if worker.look_after(kill=True) and (runs := due(at)):
                owed.append((time.monotonic(), runs))
            if time.monotonic() - last_prefect > chance.uniform(*PREFECT_LIVES):
                prefect_kills, last_prefect = prefect_kills + kill_prefect(at), time.monotonic()
            story.act()
            seen = [(since, runs) for since, runs in owed if not still(at, runs)]
            resumed += [time.monotonic() - since for since, _ in seen]
            owed = [one for one in owed if one not in seen]
            time.sleep(0.05)
        worker.end()
        page.end()
        closed = finish(worker, page, story)
    finally:
        worker.end()
        page.end()
    return {
        "kills": {"worker": len(worker.died_at), "web": len(page.died_at), "prefect": prefect_kills},
        "points": {"worker": sorted(set(worker.died_at)), "web": sorted(set(page.died_at))},
        "resumed_s": {"p50": quantile(resumed, 0.5), "p95": quantile(resumed, 0.95), "max": max(resumed)},
        "requests_repeated": story.repeats, "cases": story.opened, "last_closed_after_s": closed,
    }  # fmt: skip


def kill_prefect(at: Stand) -> bool:
    """End Prefect's server, which its supervisor starts again; False while it is between two lives."""
    prefect = at.children.children["prefect"].process
    if prefect is None or prefect.poll() is not None:
        return False
    os.kill(prefect.pid, signal.SIGKILL)
    return True


def finish(worker: Victim, page: Victim, story: Story) -> float:
    """No more kills: everything that was opened is closed; returns after how many seconds."""
    began = time.monotonic()

    def ended() -> bool:
        page.look_after(kill=False)
        worker.look_after(kill=False)
        story.opened += 1000  # nothing new is opened: the key of the next one is never reached
        try:
            cases = story.cast.get("k.sato", "/incidents?status=open")
            if not items(cases):
                return True
            story.go_on(cases)
        except (httpx.HTTPError, Unavailable):
            pass
        except Forbidden as error:
            story.sign_in_again(error)
        finally:
            story.opened -= 1000
        return False

    until(ended, 600, 0.1)
    return round(time.monotonic() - began, 1)


def due(at: Stand) -> dict[str, int]:
    """The runs that wait to be gone through, each with the wake-up it waits for."""
    with at.desk.read() as session:
        query = text("SELECT run, wake FROM run_due WHERE wake > seen AND NOT ended")
        return {str(run): int(wake) for run, wake in session.connection().execute(query)}


def still(at: Stand, runs: dict[str, int]) -> bool:
    """Has one of these wake-ups not been seen yet?"""
    with at.desk.read() as session:
        found = session.connection().execute(text("SELECT run, seen FROM run_due WHERE NOT ended"))
        return any(seen < runs.get(run, 0) for run, seen in found)


def findings(at: Stand) -> dict[str, Any]:
    """What does not hold at the end; empty when all does."""
    with at.desk.read() as session:
        connection = session.connection()
        entries = [json.loads(bytes(row[0])) for row in connection.execute(text("SELECT canonical FROM ledger_entry"))]
        pages = [tuple(row) for row in connection.execute(text(
            "SELECT escalation, page_key FROM delivery WHERE page_key IS NOT NULL"))]  # fmt: skip
        states = [row[0] for row in connection.execute(text("SELECT status FROM incident"))]
        numbers = [row[0] for row in connection.execute(text("SELECT ordinal FROM incident"))]
    ended = [(e["run"], e["step"]) for e in entries if e["kind"] in {"STEP_DONE", "STEP_ANSWERED", "STEP_FAILED"}]
    opened = [(e.get("run"), e["step"]) for e in entries if e["kind"] == "STEP_OPENED"]
    tickets = Counter(path.name.split("-")[0] for path in (at.data / "tickets").glob("*.json"))
    found = {
        "steps_recorded_twice": repeated(ended), "steps_opened_twice": repeated(opened), "calls_twice": repeated(pages),
        "not_closed": [state for state in states if state != "closed"], "numbers_twice": repeated(numbers),
        "tickets": {name: count for name, count in tickets.items() if count != len(states)},
        "record": [] if at.desk.look(audit.verify).ok else ["broken"],
    }  # fmt: skip
    return {name: value for name, value in found.items() if value}


def repeated(values: list[Any]) -> list[Any]:
    """What stands there more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def main() -> int:
    """Kill, finish, count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with stand(options.database) as at:
        at.start("prefect")
        seen = play(at, options.database, options.kills, random.Random(options.seed))
        wrong = findings(at)
    show(database=options.database, seed=options.seed, **seen, wrong=wrong, load=os.getloadavg()[0])
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
