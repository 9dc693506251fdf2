"""Children are watched for years: whatever fails, watching goes on, and nobody is told what they need not know."""

import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from csirt.cli.children import Child, Children, prefect_child


def until(question: Callable[[], object], seconds: float = 10) -> None:
    """Wait for something that must come soon."""
    end = time.monotonic() + seconds
    while not question():
        assert time.monotonic() < end
        time.sleep(0.02)


def child(name: str, code: str) -> Child:
    return Child(name, lambda: [sys.executable, "-c", code], dict)


def test_a_child_that_failed_a_thousand_times_is_still_started(tmp_path: Path) -> None:
    children = Children(tmp_path)
    poor = child("poor", "import time; time.sleep(60)")
    poor.failures = 5000
    dying = child("dying", "raise SystemExit(3)")
    dying.failures = 5000
    children.add(dying)
    children.add(poor)
    children.start()
    try:
        until(lambda: dying.failures > 5000)
        assert poor.process is not None
        assert poor.process.poll() is None
    finally:
        children.stop()


def test_a_child_that_cannot_be_started_ends_no_other(tmp_path: Path) -> None:
    children = Children(tmp_path)
    missing = Child("missing", lambda: [str(tmp_path / "no-such-program")], dict)
    well = child("well", "import time; time.sleep(60)")
    children.add(missing)
    children.add(well)
    children.start()
    try:
        until(lambda: missing.failures > 0)
        until(lambda: well.process is not None and well.process.poll() is None)
        (tmp_path / "no-such-program").write_text("#!/bin/sh\nexec sleep 60\n")
        (tmp_path / "no-such-program").chmod(0o700)
        until(lambda: missing.process is not None)
    finally:
        children.stop()


def test_pausing_a_child_that_has_just_died_returns(tmp_path: Path) -> None:
    children = Children(tmp_path)
    brief = child("brief", "pass")
    children.add(brief)
    brief.wanted = True
    (tmp_path / "log").mkdir()
    children._begin(brief)  # noqa: SLF001 - the moment between its end and the next look
    assert brief.process is not None
    brief.process.wait()
    brief.wanted = False
    children.start()
    try:
        until(lambda: brief.process is None)
    finally:
        children.stop()


def test_prefect_is_given_none_of_our_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CSIRT_SMTP_PASSWORD", "canary-of-this-test")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "prefect.secret").write_text("")
    (tmp_path / "run" / "prefect.secret").chmod(0o644)
    ours = prefect_child(tmp_path)
    assert (tmp_path / "run" / "prefect.secret").stat().st_mode & 0o777 == 0o600
    code = "import os, sys; open(sys.argv[1], 'w').write(str(dict(os.environ)))"
    shows = Child("shows", lambda: [sys.executable, "-c", code, str(tmp_path / "shown")], dict)
    shows.is_ours = ours.is_ours
    (tmp_path / "log").mkdir()
    Children(tmp_path)._begin(shows)  # noqa: SLF001 - one start, without watching
    assert shows.process is not None
    shows.process.wait()
    said = (tmp_path / "shown").read_text()
    assert "PATH" in said
    assert "canary-of-this-test" not in said
