"""A long stream of lines: an answer for each, memory that does not grow, nothing twice after an interruption."""

import asyncio
import json
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from itertools import repeat

import httpx
import pytest
from fastapi import FastAPI
from starlette.types import Message

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.model.people import Actor
from csirt.model.source import PER_MINUTE
from csirt.response import access
from csirt.store.queries.timeline import explore
from tests.web.conftest import HOST, Someone

Make = Callable[..., Someone]
Send = Callable[..., httpx.Response]
ADDRESS = "/api/v1/detections/stream"
GRAVE = b'{"schema": "csirt.detection.v1", "title": "grave %d", "host": "pc", "level": 4}\n'
GOOD = b'{"schema": "csirt.detection.v1", "title": "t%d", "host": "pc"}\n'


@pytest.fixture
def token(desk: Desk) -> str:
    return desk.commit(Actor("p-test", "local"), access.issue_token, "ids-1")


@pytest.fixture
def send(someone: Make, token: str) -> Send:
    client = someone().client

    def post(data: bytes, key: str = "") -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"} | ({"Idempotency-Key": key} if key else {})
        answer: httpx.Response = client.post(ADDRESS, content=data, headers=headers)
        return answer

    return post


def rows(answer: httpx.Response) -> list[dict[str, object]]:
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.text.splitlines()]


def test_each_line_has_its_answer(send: Send) -> None:
    *lines, sums = rows(send(GOOD % 1 + b"\n" + b"{broken\n" + GOOD % 1 + b'{"title": "x", "no_such": 1}'))
    assert [(one["line"], one["detections"], one["quarantined"]) for one in lines] == [
        (1, 1, 0), (3, 0, 1), (4, 1, 0), (5, 0, 1),
    ]  # fmt: skip
    assert lines[1]["code"] == "not_json"
    assert sums == {"records": 4, "detections": 1, "duplicates": 1, "not_detections": 0, "quarantined": 2}


def test_a_stream_sent_again_stores_nothing_twice(send: Send, desk: Desk) -> None:
    lines = [GOOD % n for n in range(2500)]
    data, first = b"".join(lines), send(b"".join(lines[:500]), key="k")  # cut short in the first batch
    assert rows(first)[-1]["records"] == 500
    whole = send(data, key="k")
    assert rows(whole)[-1]["duplicates"] == 500
    entries = len(desk.look(explore, kind="DETECTIONS_ACCEPTED"))
    assert send(data, key="k").text == whole.text
    assert len(desk.look(explore, kind="DETECTIONS_ACCEPTED")) == entries


def test_memory_does_not_grow_with_the_stream(app: FastAPI, desk: Desk) -> None:
    """Asked past the test client, which holds a whole body itself."""
    line = json.dumps({"schema": "csirt.detection.v1", "title": "t", "host": "x" * 20_000}).encode() + b"\n"
    token = desk.commit(Actor("p-test", "local"), access.issue_token, "ids-1")
    chunks, last = repeat(line, 4500), bytearray()

    async def receive() -> Message:
        chunk = next(chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Message) -> None:
        last[:] = (last + message.get("body", b""))[-1000:]

    headers = {"host": HOST, "authorization": f"Bearer {token}", "transfer-encoding": "chunked"}
    scope = {
        "type": "http", "asgi": {"version": "3.0", "spec_version": "2.4"}, "http_version": "1.1", "method": "POST",
        "path": ADDRESS, "raw_path": ADDRESS.encode(), "query_string": b"", "root_path": "", "scheme": "http",
        "server": ("127.0.0.1", 8765), "client": ("127.0.0.1", 1), "state": {},
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
    }  # fmt: skip
    tracemalloc.start()
    try:
        asyncio.run(app(scope, receive, send))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert json.loads(last.splitlines()[-1])["records"] == 4500  # 90 MB
    assert peak < 30 * 1024 * 1024  # one batch, and what its commit makes of it


def test_a_sensor_that_is_not_declared_is_bound_and_what_is_grave_passes_both_doors(
    send: Send, token: str, someone: Make, clock: FixedClock
) -> None:
    assert rows(send(GOOD % 1 * PER_MINUTE))[-1]["records"] == PER_MINUTE == 60_000

    def at_the_single_door(data: bytes) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}"}
        answer: httpx.Response = someone().client.post("/api/v1/detections", content=data, headers=headers)
        return answer

    for answer in (send(GOOD % 2), at_the_single_door(GOOD % 2), send(GOOD % 2 + GRAVE % 2)):
        assert (answer.status_code, answer.json()["error"]) == (429, "source_too_fast")
        assert (answer.json()["params"]["limit"], int(answer.headers["Retry-After"])) == (60_000, 1)
    *lines, sums = rows(send(GRAVE % 2 + GRAVE % 3))  # the first was kept out of the mixed stream
    assert [one["detections"] for one in lines] == [1, 1]
    assert (sums["records"], sums["detections"], sums["duplicates"]) == (2, 1, 1)
    assert at_the_single_door(GRAVE % 4).json()["detections"] == 1
    clock.forward(timedelta(seconds=1))
    assert rows(send(GOOD % 2))[-1]["detections"] == 1  # as many as flow off in a second


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (GOOD % 1 + b"x" * (3 * 1024 * 1024) + b"\n" + GOOD % 2, "record_too_large"),
        (GOOD % 1 + b"\xff\x00\n" + GOOD % 2, "not_utf8"),
        (GOOD % 1 + b'{"a":' * 5000 + b"\n" + GOOD % 2, "too_deep"),
    ],
)
def test_a_hostile_line_spoils_no_other(send: Send, data: bytes, code: str) -> None:
    *lines, sums = rows(send(data))
    assert [one.get("code") for one in lines] == [None, code, None]
    assert (sums["detections"], sums["quarantined"]) == (2, 1)


def test_what_nobody_knows_is_refused_and_nothing_is_nothing(send: Send) -> None:
    assert send(b"\x00\x01\n").json()["error"] == "format_unknown"
    assert rows(send(b"")) == [{"records": 0, "detections": 0, "duplicates": 0, "not_detections": 0, "quarantined": 0}]
