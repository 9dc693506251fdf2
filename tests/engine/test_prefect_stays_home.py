"""Prefect's server and the worker speak to this machine only: every connection of a whole run is watched."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from csirt.bootstrap import wire
from csirt.settings import Settings
from csirt.store.queries import work, workings
from tests.house.tree import ROOT
from tests.prefect_server import until
from tests.programs import find_program
from tests.world import World, found_world

pytestmark = [pytest.mark.prefect, pytest.mark.slow]
INET = re.compile(r"sa_family=AF_INET6?,.*?(?:sin_addr=inet_addr\(|inet_pton\(AF_INET6, )\"([^\"]+)\"")
HOME = ("127.", "::1", "::ffff:127.")


def test_server_and_worker_connect_to_loopback_only(tmp_path: Path) -> None:
    strace = find_program("strace")
    founded = found_world(tmp_path)
    data = founded.desk.settings.data
    founded.desk.close()
    watched = tmp_path / "connects"
    serve = [sys.executable, "-m", "csirt.cli.main", "serve", "--port", "0", "--data", str(data)]
    environment = {name: value for name, value in os.environ.items() if name not in {"DO_NOT_TRACK", "CI"}}
    process = subprocess.Popen(
        [str(strace), "-f", "-qq", "--seccomp-bpf", "-e", "trace=connect,sendto", "-o", str(watched), *serve],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    desk = wire(Settings(data=data), "web")
    world = World(desk, founded.clock)
    try:
        incident = world.open()
        until(lambda: desk.look(work.assignments, incident=incident), 120)
        until(lambda: (found := desk.look(workings.conditions).get("prefect")) and found.state == "ok", 120)
        world.answer("is_it_an_incident", "k.sato", "yes")
        until(lambda: "propose_level" in world.waiting(incident), 60)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)
        desk.close()
    reached = set(INET.findall(watched.read_text(errors="replace")))
    assert reached  # it did watch
    assert [address for address in reached if not address.startswith(HOME)] == []
    assert not (data / "run" / "prefect.url").exists()
    assert not (data / "run" / "prefect.secret").exists()
