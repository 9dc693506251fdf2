"""Somebody with a browser that has no script: opens pages, fills in forms, follows where they lead."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from html import unescape

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from tests.web.conftest import HOST
from tests.world import World

_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


class Visitor:
    """One browser. Nothing is followed by itself, so that tests see where a form leads."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    def get(self, path: str) -> httpx.Response:
        answer: httpx.Response = self.client.get(path)
        return answer

    def text(self, path: str) -> str:
        """A page that must be there."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code)
        return answer.text

    def send(self, page: str, action: str, **typed: str | list[str]) -> httpx.Response:
        """Open a page, fill in its form with this action, and send it."""
        return self.post(action, self.form(page, action) | typed)

    def form(self, page: str, action: str) -> dict[str, str | list[str]]:
        """What a form carries before anything is typed."""
        return hidden(self.text(page), action)

    def post(self, action: str, typed: dict[str, str | list[str]]) -> httpx.Response:
        answer: httpx.Response = self.client.post(action, data=typed)
        return answer

    def sign_in(self, uid: str, password: str = "") -> httpx.Response:
        return self.send("/sign-in", "/sign-in", uid=uid, password=password or f"{uid}-naruto")


def hidden(page: str, action: str) -> dict[str, str | list[str]]:
    """The hidden fields of the form with this action. There must be one."""
    found = re.search(rf'<form method="post" action="{re.escape(action)}".*?</form>', page, re.DOTALL)
    assert found, action
    return {name: unescape(value) for name, value in _HIDDEN.findall(found[0])}


def lead(answer: httpx.Response) -> str:
    """Where an answer leads to."""
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


Visit = Callable[..., Visitor]


@pytest.fixture
def visit(app: FastAPI) -> Iterator[Visit]:
    """`visit()` is somebody at the door, `visit("k.sato")` is signed in."""
    with ExitStack() as stack:

        def make(uid: str = "", language: str = "ja") -> Visitor:
            client = TestClient(
                app, base_url=f"http://{HOST}", follow_redirects=False, headers={"Accept-Language": language}
            )
            made = Visitor(stack.enter_context(client))
            if uid:
                assert made.sign_in(uid).status_code == 303
            return made

        yield make


@pytest.fixture
def played(desk: Desk, clock: FixedClock) -> World:
    """The city of the application, to be played through use cases."""
    return World(desk, clock)
