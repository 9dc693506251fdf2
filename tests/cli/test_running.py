"""The console entry as a process: start-up, the worker's life, nothing imported that a command does not need."""

import json
import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path

from csirt.cli.main import COMMANDS
from tests.cli.calling import call, city, run, start
from tests.house.tree import ROOT


def test_a_process_of_its_own_says_the_same(data: Path) -> None:
    called = run("incidents", "--data", data, "--json")
    assert (called.code, called.err) == (0, "")
    assert called.rows == call("incidents", "--data", data, "--json").rows


def test_an_error_leaves_by_the_exit_code_of_its_family(tmp_path: Path) -> None:
    called = run("incidents", "--data", tmp_path / "none", "--json")
    assert (called.code, called.out, called.error["error"]) == (4, "", "city_missing")


def test_words_survive_a_terminal_that_cannot_show_them(data: Path) -> None:
    called = run("incidents", "--data", data, "--json", PYTHONIOENCODING="ascii", PYTHONUTF8="0", LC_ALL="C")
    assert called.code == 0
    assert {row["status"] for row in called.rows} == {"open"}


def test_prefect_is_imported_by_the_worker_only_and_only_when_it_works() -> None:
    modules = ", ".join(sorted({place.partition(":")[0] for place in COMMANDS.values()}))
    code = f"import sys, {modules}; sys.exit(bool({{'prefect', 'csirt.worker'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_list_of_incidents_starts_quickly(tmp_path: Path) -> None:
    """CPU time, not time: other tests run beside. The bound is generous where byte code is not kept."""
    data = city(tmp_path)
    run("incidents", "--data", data, "--json")
    spent = []
    for _ in range(2):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        assert run("incidents", "--data", data, "--json").code == 0
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    assert min(spent) < (6.0 if os.environ.get("PYTHONDONTWRITEBYTECODE") else 3.0)


def test_the_worker_works_until_it_is_told_to_stop(tmp_path: Path) -> None:
    data = city(tmp_path)
    assert call("open", "--title", "暗号化", "--as", "k.sato", "--type", "ransomware", "--data", data).code == 0
    log = data / "record.log.jsonl"
    process = start("worker", "--data", data)
    try:
        end = time.monotonic() + 60
        while time.monotonic() < end and not (call("assignments", "--data", data, "--json").rows and log.exists()):
            time.sleep(0.2)
        assert call("assignments", "--data", data, "--json").rows
    finally:
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 0
    actions = [json.loads(line)["event.action"] for line in err.splitlines()]
    assert (actions[0], actions[-1]) == ("worker.started", "worker.stopped")
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["event.sequence"] for line in lines] == list(range(len(lines)))
    assert call("verify", "--data", data, "--json").row["ok"]
