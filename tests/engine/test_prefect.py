"""Playbooks on a real Prefect server: it shows every run, and never decides."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from csirt.bootstrap import wire
from csirt.cli.children import Children, prefect_child, prefect_client_environment
from csirt.settings import Settings
from csirt.store.queries import cases
from tests.world import World, found_world

pytestmark = pytest.mark.prefect


class Server:
    """One real Prefect server for the tests of this file."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.children = Children(folder)
        self.children.add(prefect_child(folder))
        self.url = (folder / "run" / "prefect.url").read_text().strip()
        user, _, secret = (folder / "run" / "prefect.secret").read_text().partition(":")
        self.client = httpx.Client(base_url=self.url, auth=(user, secret), timeout=10)

    def ask(self, what: str) -> list[dict[str, Any]]:
        """All flow runs or task runs."""
        found: list[dict[str, Any]] = self.client.post(f"/{what}/filter", json={}).json()
        return found

    def wait_until_up(self) -> None:
        """Patience: a cold server migrates first."""
        until(lambda: _healthy(self.url), 90)


def _healthy(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=2).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def until(question: Callable[[], Any], seconds: float = 30) -> Any:
    """Ask until the answer is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := question():
            return found
        time.sleep(0.05)
    raise AssertionError("it never came true")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started once, since that takes seconds."""
    folder = tmp_path_factory.mktemp("prefect")
    made = Server(folder)
    made.children.start()
    made.wait_until_up()
    before = dict(os.environ)
    os.environ |= prefect_client_environment(folder, made.url)
    yield made
    os.environ.clear()
    os.environ.update(before)
    made.client.close()
    made.children.stop()


@pytest.fixture
def city(tmp_path: Path, server: Server) -> Iterator[World]:
    """A city whose worker uses that server; time is real here."""
    found = found_world(tmp_path)
    settings = Settings(data=found.desk.settings.data, prefect_url=server.url)
    found.desk.close()
    made = World(wire(settings, "worker"), found.clock)
    yield made
    made.desk.close()


@asynccontextmanager
async def working(city: World) -> AsyncIterator[None]:
    """A worker, in this process, until the story is told."""
    from csirt.worker import Worker  # lazy: imports Prefect, which must see its settings first

    task = asyncio.create_task(Worker(city.desk).run())
    try:
        yield
    finally:
        os.kill(os.getpid(), signal.SIGTERM)  # the worker listens to it, as it does in its own process
        await asyncio.wait_for(task, 15)


async def open_step(city: World, step: str) -> None:
    """Wait until a step stands open."""
    await asyncio.to_thread(until, lambda: step in city.waiting())


def test_one_flow_run_shows_the_incident_and_what_it_waits_for(city: World, server: Server) -> None:
    async def story() -> str:
        async with working(city):
            incident = city.open()
            await open_step(city, "is_it_an_incident")
            city.answer("is_it_an_incident", "k.sato", "yes")
            await open_step(city, "propose_level")
            await asyncio.to_thread(until, lambda: _run(server, incident)["state_name"] == "Waiting")
        return incident

    incident = asyncio.run(story())
    shown = _run(server, incident)
    assert shown["parameters"] == {"incident": incident}
    assert shown["state"]["message"] == "waits for: propose_level"
    assert [run["name"] for run in server.ask("flow_runs")].count(incident) == 1


def test_a_run_deleted_in_prefect_is_made_anew_and_nothing_is_repeated(city: World, server: Server) -> None:
    async def story() -> str:
        async with working(city):
            incident = city.open()
            await open_step(city, "is_it_an_incident")
            await asyncio.to_thread(until, lambda: _run(server, incident)["state_name"] == "Waiting")
            server.client.delete(f"/flow_runs/{_run(server, incident)['id']}").raise_for_status()
            city.answer("is_it_an_incident", "k.sato", "yes")
            await open_step(city, "propose_level")
            await asyncio.to_thread(until, lambda: _run(server, incident)["state_name"] == "Waiting")
        return incident

    incident = asyncio.run(story())
    started = [entry.step for entry in city.told(incident) if entry.kind == "STEP_STARTED"]
    assert started.count("gather_facts") == 1


def test_a_false_alarm_ends_completed(city: World, server: Server) -> None:
    async def story() -> str:
        async with working(city):
            incident = city.open()
            await open_step(city, "is_it_an_incident")
            city.answer("is_it_an_incident", "k.sato", "no", "誤報")
            closed = lambda: city.desk.look(cases.incident, incident).disposition is not None  # noqa: E731
            await asyncio.to_thread(until, closed)
            await asyncio.to_thread(until, lambda: _run(server, incident)["state_type"] == "COMPLETED")
        return incident

    assert _run(server, asyncio.run(story()))["state"]["message"] == "closed"


def test_an_incident_goes_on_while_prefect_is_down_and_is_shown_afterwards(city: World, server: Server) -> None:
    async def story() -> str:
        async with working(city):
            incident = city.open()
            await open_step(city, "is_it_an_incident")
            process = server.children.children["prefect"].process
            assert process is not None
            process.kill()
            began = time.monotonic()
            city.answer("is_it_an_incident", "k.sato", "no", "誤報")
            closed = lambda: city.desk.look(cases.incident, incident).disposition is not None  # noqa: E731
            await asyncio.to_thread(until, closed, 30)
            assert time.monotonic() - began < 20
            await asyncio.to_thread(server.wait_until_up)
            await asyncio.to_thread(until, lambda: _run(server, incident)["state_type"] == "COMPLETED", 60)
        return incident

    incident = asyncio.run(story())
    assert city.kinds(incident)[-1] == "INCIDENT_CLOSED"


def test_prefect_holds_no_text_and_no_name(city: World, server: Server) -> None:
    async def story() -> None:
        async with working(city):
            city.open(title="鳴門太郎の端末が暗号化された")
            await open_step(city, "is_it_an_incident")
            await asyncio.sleep(1)

    asyncio.run(story())
    everything = b"".join(path.read_bytes() for path in server.folder.glob("prefect/prefect.sqlite*"))
    assert "鳴門太郎".encode() not in everything
    assert b"k.sato" not in everything


def test_prefect_asks_for_its_secret(server: Server) -> None:
    assert httpx.post(f"{server.url}/flow_runs/filter", json={}).status_code == httpx.codes.UNAUTHORIZED


def _run(server: Server, incident: str) -> dict[str, Any]:
    found = [run for run in server.ask("flow_runs") if run["name"] == incident]
    return found[-1] if found else {"state_name": "", "state_type": ""}
