"""Pull the plug: SIGKILL every process of the main job at random moments, then let it finish, and count.

    .venv/bin/python benchmarks/pull_the_plug.py [--kills 10] [--seed 1]

What must hold at the end: the same two incidents, both closed; no step recorded twice, no page and no order doubled,
every mail one file; the record verifies. Prints one JSON object; exits 1 if something does not hold.
"""

import argparse
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

CSIRT = [sys.executable, "-m", "csirt.cli.main"]


def start(data: Path, out: Any) -> subprocess.Popen[bytes]:
    """The main job in a process group of its own, so that one signal ends all of it."""
    command = [*CSIRT, "demo", "--once", "--data", str(data)]
    return subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)


def pull(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL the whole group."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def repeated(values: list[Any]) -> list[Any]:
    """What stands there more than once."""
    return [value for value, count in Counter(values).items() if count > 1]


def findings(data: Path) -> dict[str, Any]:
    """What the folder holds at the end, as facts to compare."""
    entries = [json.loads(row[0]) for row in rows(data, "SELECT canonical FROM ledger_entry ORDER BY seq")]
    ended = [
        (entry["run"], entry["step"])
        for entry in entries
        if entry["kind"] in {"STEP_DONE", "STEP_ANSWERED", "STEP_FAILED"}
    ]
    opened = [(entry.get("run"), entry["step"]) for entry in entries if entry["kind"] == "STEP_OPENED"]
    return {
        "entries": len(entries),
        "incidents": rows(data, "SELECT type, status FROM incident ORDER BY ordinal"),
        "steps_recorded_twice": repeated(ended),
        "steps_opened_twice": repeated(opened),
        "pages_twice": repeated(rows(data, "SELECT escalation, page_key FROM delivery WHERE page_key IS NOT NULL")),
        "detections": rows(data, "SELECT COUNT(*), SUM(count) FROM detection")[0],
        "measures": rows(data, "SELECT COUNT(*) FROM measure")[0][0],
        "tickets": sorted(path.name.split("-")[0] for path in (data / "tickets").glob("*.json")),
        "attempts_above_one": sum(
            1 for entry in entries if entry["kind"] == "STEP_STARTED" and entry["out"]["attempt"] > 1
        ),
    }


def rows(data: Path, query: str) -> list[tuple[Any, ...]]:
    """Rows of the domain database."""
    with sqlite3.connect(data / "csirt.sqlite") as connection:
        return connection.execute(query).fetchall()


def problems(found: dict[str, Any], *, verified: bool, exit_code: int) -> list[str]:
    """What does not hold."""
    expected = {
        "incidents": [("ransomware", "closed"), ("malware_mail", "closed")],
        "steps_recorded_twice": [],
        "steps_opened_twice": [],
        "pages_twice": [],
        "detections": (6, 9),
        "measures": 1,
        "tickets": ["block_request", "hold_logs"],
    }
    wrong = [f"{name}: {found[name]!r}" for name, value in expected.items() if found[name] != value]
    return wrong + ([] if verified else ["record"]) + ([] if exit_code == 0 else [f"exit {exit_code}"])


def play(data: Path, kills: int, longest: float, chance: random.Random, log: Path) -> dict[str, Any]:
    """Kill the main job in one folder until it ended by itself or `kills` were made, then let it finish."""
    moments: list[float] = []
    with log.open("ab") as out:
        while len(moments) < kills:
            process = start(data, out)
            moment = chance.uniform(0.5, longest)
            try:
                process.wait(moment)
                break  # it came to its end before the plug was pulled
            except subprocess.TimeoutExpired:
                pull(process)
                moments.append(round(moment, 2))
        began = time.monotonic()
        exit_code = start(data, out).wait(600)
        last = time.monotonic() - began
    verified = subprocess.run(
        [*CSIRT, "verify", "--data", str(data), "--json"], check=False, stdout=subprocess.DEVNULL
    ).returncode
    found = findings(data)
    wrong = problems(found, verified=verified == 0, exit_code=exit_code)
    return {"killed_after_s": moments, "last_run_s": round(last, 1), **found, "wrong": wrong}


def main() -> int:
    """Kill, finish, count; a new folder whenever the job came to its end first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--longest", type=float, default=15.0, help="seconds until the latest kill of each run")
    options = parser.parse_args()
    chance = random.Random(options.seed)
    played: list[dict[str, Any]] = []
    kills = 0
    with tempfile.TemporaryDirectory(prefix="plug-") as folder:
        log = Path(folder) / "out.log"
        while kills < options.kills:
            data = Path(folder) / f"data-{len(played)}"
            played.append(play(data, options.kills - kills, options.longest, chance, log))
            kills += len(played[-1]["killed_after_s"])
        wrong = [problem for one in played for problem in one["wrong"]]
        print(json.dumps({"load": os.getloadavg(), "kills": kills, "played": played, "wrong": wrong}, indent=1))
        if wrong:
            print(log.read_text()[-4000:], file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
