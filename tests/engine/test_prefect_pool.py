"""Workers of a Prefect work pool on two hosts, each with a data folder of its own; one of them is killed."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from csirt.bootstrap import wire
from csirt.model.step import StepKind
from csirt.response import assignments
from csirt.response.assignments import Reply
from csirt.settings import Settings
from csirt.store.queries import cases, work, workings
from tests.house.tree import ROOT
from tests.plays import assert_sound, entries
from tests.prefect_server import Server, until
from tests.world import World, found_world

pytestmark = [pytest.mark.prefect, pytest.mark.postgres, pytest.mark.slow]
FIRST = "is_it_an_incident"


def host(data: Path, url: str, server: Server) -> subprocess.Popen[bytes]:
    """One host's worker, in a process group of its own."""
    (data / "run").mkdir(exist_ok=True)
    shutil.copy(server.folder / "run" / "prefect.secret", data / "run")
    ours = {"CSIRT_DATABASE_URL": url, "CSIRT_PREFECT_URL": server.url, "CSIRT_PASSES_AT_ONCE": "2"}
    with (data / "worker.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "csirt.cli.main", "worker", "--pool", "city", "--data", str(data)],
            cwd=ROOT, env={**os.environ, **ours}, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip


@contextmanager
def hosts(folders: list[Path], url: str, server: Server) -> Iterator[list[subprocess.Popen[bytes]]]:
    started = [host(folder, url, server) for folder in folders]
    try:
        yield started
    finally:
        for process in started:
            if process.poll() is None:
                process.terminate()
                process.wait(30)


def test_one_host_of_two_is_killed_and_nothing_is_lost_or_doubled(
    tmp_path: Path, fresh_postgres: Callable[[], str], prefect_server: Server
) -> None:
    url = fresh_postgres()
    founded = found_world(tmp_path, url)
    data = founded.desk.settings.data
    founded.desk.close()
    shutil.copytree(data, tmp_path / "other")
    with closing(wire(Settings(data=data, database_url=url), "web")) as desk:
        world = World(desk, founded.clock)
        with hosts([data, tmp_path / "other"], url, prefect_server) as (first, second):
            until(lambda: len(desk.look(workings.beats)) == 2, 60)
            opened = [world.open(title=f"{number}件目") for number in range(6)]
            until(lambda: len(_asked(world)) == 6, 120)
            assert {_pool_of(prefect_server, incident) for incident in opened} == {"city"}
            for number, incident in enumerate(opened):
                if number == 2:
                    os.killpg(first.pid, signal.SIGKILL)
                _answer(world, incident)
                time.sleep(0.2)
            until(lambda: all(_closed(world, incident) for incident in opened), 120)
            assert second.poll() is None
        for incident in opened:
            done = [entry.step for entry in entries(world, incident, "STEP_DONE")]
            assert len(done) == len(set(done))
            assert len(entries(world, incident, "INCIDENT_CLOSED")) == 1
        assert_sound(world)


def _asked(world: World) -> list[str]:
    questions = world.desk.look(work.assignments, kind=StepKind.ASK)  # call sheets bear the step's name as well
    return [view.incident for view in questions if view.step == FIRST]


def _answer(world: World, incident: str) -> None:
    (found,) = world.desk.look(work.assignments, incident=incident, kind=StepKind.ASK)
    world.desk.commit(world.person("k.sato"), assignments.answer, found.id, Reply("no", "誤報", {}))


def _closed(world: World, incident: str) -> bool:
    return world.desk.look(cases.incident, incident).disposition is not None


def _pool_of(server: Server, incident: str) -> str:
    return str(server.run(incident).get("work_pool_name"))
