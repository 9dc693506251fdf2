"""What Prefect says becomes events of our log: bounded, and without a word of its sentences."""

import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from csirt.cli.children import Child, Children
from csirt.cli.folding import AT_MOST, Folder
from csirt.logs import configure
from tests.prefect_server import until

SAID = b"18:19:22.265 | ERROR   | sqlalchemy.pool.impl.AsyncAdaptedQueuePool - Exception for taro@city.example.jp\n"
TRACE = (
    b'Traceback (most recent call last):\n  File "x.py", line 1, in taro\nsqlite3.OperationalError: taro is locked\n'
)


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """What the log says, from here on."""
    stream, root = io.StringIO(), logging.getLogger()
    before, level = list(root.handlers), root.level
    configure("web", stream)
    yield stream
    root.handlers = before
    root.setLevel(level)
    structlog.reset_defaults()


def told(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_of_a_line_the_source_and_the_error_are_told_and_no_word(lines: io.StringIO) -> None:
    Folder("prefect").read(io.BytesIO(b"Check out the dashboard\n" + SAID + TRACE))
    said, raised = told(lines)
    assert (said["event.action"], said["grave"]) == ("prefect.said", "error")
    assert said["code"] == "sqlalchemy.pool.impl.AsyncAdaptedQueuePool"
    assert (raised["event.action"], raised["code"]) == ("prefect.raised", "OperationalError")
    assert "taro" not in lines.getvalue()


def test_a_flood_is_counted_not_repeated(lines: io.StringIO) -> None:
    seconds = [0.0]
    folder = Folder("prefect", lambda: seconds[0])
    for number in range(1000):
        folder.take(f"18:19:22.265 | WARNING | prefect.server.n{number} - x\n".encode())
    assert len(told(lines)) == AT_MOST
    seconds[0] = 61.0
    folder.take(SAID)
    assert [line["event.action"] for line in told(lines)[AT_MOST:]] == ["prefect.said_more", "prefect.said"]
    assert told(lines)[AT_MOST]["number"] == 1000 - AT_MOST


@given(st.binary(max_size=300))
def test_no_output_breaks_the_reader(output: bytes) -> None:
    Folder("prefect").read(io.BytesIO(output))


def test_a_child_that_is_not_ours_writes_no_file_but_events(lines: io.StringIO, tmp_path: Path) -> None:
    children = Children(tmp_path)
    code = f"import sys, time; sys.stderr.buffer.write({SAID!r}); sys.stderr.flush(); time.sleep(60)"
    children.add(Child("prefect", lambda: [sys.executable, "-c", code], dict, is_ours=False))
    children.start()
    try:
        until(lambda: "prefect.said" in lines.getvalue())
    finally:
        children.stop()
    assert list((tmp_path / "log").iterdir()) == []
