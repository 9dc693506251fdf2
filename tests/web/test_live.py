"""Streams are told as their reader sees the record: what happens in a sealed case is news to those named only."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable

import pytest
from fastapi import FastAPI, Request

from csirt.bootstrap import Desk
from csirt.response import incidents, secrecy
from csirt.response.incidents import Report
from csirt.web.live import ALL
from csirt.web.pages.streams import events
from csirt.web.session import Visit, open_visit
from tests.response.seals import who
from tests.web.conftest import Someone
from tests.world import WITHOUT_PLAYBOOK

Make = Callable[..., Someone]


class Deeds:
    """Does one thing after the other, and says each time that something may have changed."""

    def __init__(self, *deeds: Callable[[], object]) -> None:
        self.deeds: Iterable[Callable[[], object]] = deeds

    async def changes(self, _name: str) -> AsyncIterator[bool]:
        for deed in self.deeds:
            deed()
            yield True


def visit_of(app: FastAPI, one: Someone) -> Visit:
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in one.client.cookies.jar)
    headers = [(b"cookie", cookies.encode()), (b"host", b"127.0.0.1")]
    scope = {"type": "http", "app": app, "method": "GET", "path": "/live", "query_string": b"", "headers": headers}
    return open_visit(Request(scope))


def told(reader: Visit, name: str, *deeds: Callable[[], object]) -> list[str]:
    """What a stream says after each deed: `changed`, `ended`, or nothing."""

    async def listen() -> list[str]:
        lines = [line async for line in events(Deeds(*deeds), reader, name)]
        return [line.partition("event: ")[2].partition("\n")[0] for line in lines[1:]]

    return asyncio.run(listen())


@pytest.fixture
def sealed(desk: Desk) -> str:
    report = Report(title="人事の件", type=WITHOUT_PLAYBOOK, sealed=True, readers=(who(desk, "a.kobayashi").id,))
    return desk.commit(who(desk, "k.sato"), incidents.open_by_report, report)


def test_only_those_named_hear_of_a_sealed_case(app: FastAPI, desk: Desk, someone: Make, sealed: str) -> None:
    officer = who(desk, "k.sato")

    def note() -> None:
        desk.commit(officer, incidents.add_note, sealed, "聴取した。")

    def other() -> None:
        desk.commit(officer, incidents.open_by_report, Report(title="だれでも見られる"))

    named, outside = visit_of(app, someone("a.kobayashi")), visit_of(app, someone("s.watanabe"))
    assert told(named, ALL, note, other) == ["changed", "changed"]
    assert told(outside, ALL, note, other) == ["", "changed"]
    assert told(named, sealed, note, other) == ["changed", ""]


def test_a_stream_ends_once_its_case_is_sealed_from_the_reader(app: FastAPI, desk: Desk, someone: Make) -> None:
    officer, ciso = who(desk, "k.sato"), who(desk, "a.kobayashi")
    incident = desk.commit(officer, incidents.open_by_report, Report(title="だれでも見られる"))

    def note() -> None:
        desk.commit(officer, incidents.add_note, incident, "聴取した。")

    def seal() -> None:
        desk.commit(officer, secrecy.seal, incident, [ciso.id], "人事の件")

    outside, named = visit_of(app, someone("s.watanabe")), visit_of(app, someone("a.kobayashi"))
    assert told(outside, incident, note, seal, note) == ["changed", "ended"]
    assert told(named, incident, note) == ["changed"]


def test_a_stream_ends_with_the_session(app: FastAPI, desk: Desk, someone: Make) -> None:
    one = someone("s.watanabe")
    reader = visit_of(app, one)

    def leave() -> None:
        one.client.delete("/api/v1/session", headers={"X-CSRF-Token": reader.csrf})

    assert told(reader, ALL, leave) == ["ended"]
