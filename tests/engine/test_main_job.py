"""The main job as a user starts it: real processes, real Prefect, the plug pulled once on the way."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from benchmarks.pull_the_plug import findings, problems, rows
from csirt import founding

pytestmark = pytest.mark.prefect
CSIRT = [sys.executable, "-m", "csirt.cli.main"]


def run(*arguments: str, timeout: float = 170) -> subprocess.CompletedProcess[str]:
    """A command to its end."""
    return subprocess.run([*CSIRT, *arguments], capture_output=True, text=True, timeout=timeout, check=False)


def commands_of(group: int) -> list[str]:
    """The command lines of every process of a group that still lives."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            if os.getpgid(int(entry.name)) == group and "Z" not in (entry / "stat").read_text().split()[2]:
                found.append((entry / "cmdline").read_text().replace("\0", " "))
        except (OSError, ProcessLookupError):
            continue
    return found


def test_cut_short_it_goes_on_and_a_second_time_it_opens_nothing(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = subprocess.Popen(
        [*CSIRT, "demo", "--once", "--data", str(data)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + 60
    while time.monotonic() < end and not _answered(data):
        time.sleep(0.1)
    commands = commands_of(first.pid)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    assert any("prefect" in command for command in commands), "children stay in the session of whoever started them"
    assert any(" worker " in command for command in commands)

    second = run("demo", "--once", "--data", str(data))
    assert second.returncode == 0, second.stdout[-2000:] + second.stderr[-2000:]
    verified = run("verify", "--data", str(data), "--json")
    assert problems(findings(data), verified=verified.returncode == 0, exit_code=second.returncode) == []

    third = run("demo", "--once", "--data", str(data))
    assert third.returncode == 0
    assert len(rows(data, "SELECT id FROM incident")) == 2

    mine = run("open", "--title", "試しに", "--as", "k.sato", "--type", "ransomware", "--data", str(data), "--json")
    fourth = run("demo", "--once", "--data", str(data))
    assert fourth.returncode == 0
    answered = rows(data, "SELECT inc FROM ledger_entry WHERE kind = 'STEP_ANSWERED'")
    assert json.loads(mine.stdout)["id"] not in {inc for (inc,) in answered}, "what people try is theirs"
    _check_what_lies_there(data)


def _answered(data: Path) -> bool:
    """Has a person answered yet?"""
    if not (data / "csirt.sqlite").exists():
        return False
    try:
        return bool(rows(data, "SELECT 1 FROM ledger_entry WHERE kind = 'STEP_ANSWERED' AND step = 'propose_level'"))
    except Exception:  # noqa: BLE001 - the tables are still being made
        return False


def _check_what_lies_there(data: Path) -> None:
    lines = [json.loads(line) for line in (data / "record.log.jsonl").read_text().splitlines()]
    sequence: list[Any] = [line["event.sequence"] for line in lines]
    assert sequence == sorted(set(sequence))
    size = rows(data, "SELECT COUNT(*) FROM ledger_entry")[0][0]
    assert sequence[-1] <= size - 1
    assert list((data / "mail" / "mail").glob("*.eml"))
    assert list((data / "mail" / "lgwan-mail").glob("*.eml"))
    assert {path.suffix for path in (data / "documents").iterdir()} == {".pdf", ".xlsx"}
    assert (data / "keys").stat().st_mode & 0o777 == 0o700


def test_a_real_city_is_only_served(tmp_path: Path) -> None:
    data = tmp_path / "city"
    founding.found(data, founding.SAMPLE_CITY)  # not marked as made for play
    done = run("demo", "--once", "--data", str(data))
    assert done.returncode == 0, done.stderr[-1000:]
    assert rows(data, "SELECT COUNT(*) FROM incident") == [(0,)]
    assert not (data / "documents").exists()
