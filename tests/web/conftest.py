"""The sample city behind the real application, and people who speak to it."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.model.people import SYSTEM
from csirt.playbook.performance import perform
from csirt.response import people, runs
from csirt.settings import Settings
from csirt.web.app import create_app

BEGIN = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)
HOST = "127.0.0.1:8765"


class Someone:
    """Somebody with a browser or a program: keeps cookies, and sends the session's token once signed in."""

    def __init__(self, client: TestClient) -> None:
        self.client = client
        self.csrf = ""
        self.id = ""

    def sign_in(self, uid: str, password: str | None = None, **more: str) -> httpx.Response:
        typed = {"uid": uid, "password": f"{uid}-naruto" if password is None else password, **more}
        answer: httpx.Response = self.client.post("/api/v1/session", json=typed)
        if answer.status_code == 200:
            self.csrf = answer.json()["csrf"]
            self.id = answer.json()["person"]["id"]
        return answer

    def get(self, path: str, **more: Any) -> httpx.Response:
        answer: httpx.Response = self.client.get(f"/api/v1{path}", **more)
        return answer

    def post(self, path: str, json: Any = None, headers: dict[str, str] | None = None, **more: Any) -> httpx.Response:
        sent = {"X-CSRF-Token": self.csrf, **(headers or {})}
        answer: httpx.Response = self.client.post(f"/api/v1{path}", json=json, headers=sent, **more)
        return answer

    def delete(self, path: str) -> httpx.Response:
        answer: httpx.Response = self.client.delete(f"/api/v1{path}", headers={"X-CSRF-Token": self.csrf})
        return answer


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder to copy: city, keys, an empty database, the roster."""
    folder = tmp_path_factory.mktemp("city") / "data"
    founding.found(folder, founding.SAMPLE_CITY)
    desk = wire(Settings(data=folder), "web", FixedClock(BEGIN))
    desk.commit(SYSTEM, people.refresh, desk.directory.people(), desk.directory.posts())
    desk.close()
    return folder


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(BEGIN)


@pytest.fixture
def desk(founded: Path, tmp_path: Path, clock: FixedClock) -> Iterator[Desk]:
    shutil.copytree(founded, tmp_path / "data")
    made = wire(Settings(data=tmp_path / "data"), "web", clock)
    yield made
    made.close()


@pytest.fixture
def app(desk: Desk) -> FastAPI:
    return create_app(desk)


@pytest.fixture
def someone(app: FastAPI) -> Iterator[Callable[..., Someone]]:
    """Make somebody: `someone()` is nobody yet, `someone("k.sato")` is signed in."""
    with ExitStack() as stack:

        def make(uid: str = "") -> Someone:
            made = Someone(stack.enter_context(TestClient(app, base_url=f"http://{HOST}")))
            if uid:
                assert made.sign_in(uid).status_code == 200
            return made

        yield make


@pytest.fixture
def officer(someone: Callable[..., Someone]) -> Someone:
    return someone("k.sato")


def drive(desk: Desk) -> None:
    """Let every due run go as far as it can, without Prefect."""
    while held := desk.commit(SYSTEM, runs.claim):
        perform(desk.playbooks[held.playbook, held.version], desk.door, held, desk.hands)
