"""A real Prefect server for tests, a city whose worker uses it, and a worker that runs while a story is told."""

import asyncio
import contextlib
import os
import threading
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
from tests.world import World, found_world

BUSY = 20  # seconds that its server may be busy


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
        found: list[dict[str, Any]] = self.tell("POST", f"/{what}/filter").json()
        return found

    def tell(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response:
        """One request, made again while the server says that it is busy: its database has one writer."""
        end = time.monotonic() + BUSY
        while True:
            answer = self.client.request(method, path, json=body or {})
            if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE or time.monotonic() > end:
                return answer.raise_for_status()
            time.sleep(1)

    def run(self, incident: str) -> dict[str, Any]:
        """The flow run that shows an incident."""
        found = [run for run in self.ask("flow_runs") if run["name"] == incident]
        return found[-1] if found else {"state_name": "", "state_type": "", "id": ""}

    def delete(self, incident: str) -> None:
        """Delete the run that shows an incident, once its tasks are written down, if that is soon.

        Else Prefect's server goes on trying to write them together with those of others, and drops all in the end.
        """
        run = self.run(incident)["id"]
        with contextlib.suppress(AssertionError):
            until(lambda: [one for one in self.ask("task_runs") if one["flow_run_id"] == run and one["end_time"]], 10)
        self.tell("DELETE", f"/flow_runs/{run}")

    def restart(self, change: Callable[[Path], object]) -> None:
        """End the server, change its database while it is down, and start it again."""
        self.children.pause("prefect")
        change(self.folder / "prefect" / "prefect.sqlite")
        self.children.resume("prefect")
        self.wait_until_up()

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


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Started once: that takes seconds, and Prefect's client reads its address only once in a process."""
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
def city(tmp_path: Path, prefect_server: Server) -> Iterator[World]:
    """A city whose worker uses that server; time is real here."""
    found = found_world(tmp_path)
    settings = Settings(data=found.desk.settings.data, prefect_url=prefect_server.url)
    found.desk.close()
    made = World(wire(settings, "worker"), found.clock)
    yield made
    made.desk.close()


@asynccontextmanager
async def working(city: World) -> AsyncIterator[None]:
    """A worker, in this process, until the story is told."""
    from csirt.worker import Worker  # lazy: imports Prefect, which must see its settings first

    worker = Worker(city.desk)
    thread = threading.Thread(target=lambda: asyncio.run(worker.run()))
    thread.start()
    try:
        yield
    finally:
        worker.stop()
        await asyncio.to_thread(thread.join, 30)
        assert not thread.is_alive()


async def open_step(city: World, step: str) -> None:
    """Wait until a step stands open."""
    await asyncio.to_thread(until, lambda: step in city.waiting())


async def shown_as(server: Server, incident: str, state: str, seconds: float = 30) -> None:
    """Wait until Prefect shows the incident's run in a state of this name."""
    await asyncio.to_thread(until, lambda: server.run(incident)["state_name"] == state, seconds)
