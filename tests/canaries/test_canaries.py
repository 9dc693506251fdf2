"""Canaries are found in whatever spelling, and a few dozen fly through a city whose playbooks a real Prefect shows.

All 2,000, through every door: `python -m benchmarks.canaries`.
"""

import io
import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from urllib.parse import quote

import pytest
from fastapi import FastAPI

from csirt import logs
from csirt.bootstrap import Desk, wire
from csirt.clock import FixedClock
from csirt.settings import Settings
from tests.canaries.aviary import Aviary, found_at
from tests.canaries.planting import KINDS, SPELLINGS, canaries, found_in
from tests.canaries.shown import flow_runs, kept_by, play
from tests.cli.calling import call
from tests.prefect_server import Server
from tests.web.conftest import Someone
from tests.web.test_api_permissions import SAMPLES, a_case


def test_a_canary_is_found_in_whatever_spelling() -> None:
    planted = list(canaries(7, 200))
    assert len(SPELLINGS) == 12
    assert {one.kind for one in planted} == set(KINDS)
    for one in planted:
        for text in (f"前{one.text}後", json.dumps({"x": one.text}), f"/search?q={quote(one.text)}"):
            assert found_in(text, [one]) == [one], one
        assert found_in("何もない 12345 2026-11-22T05:00:00.000000Z", [one]) == []


@pytest.fixture
def log() -> io.StringIO:
    """What this process says in its log."""
    stream = io.StringIO()
    logs.configure("canaries", stream)
    return stream


@pytest.fixture
def desk(founded: Path, tmp_path: Path, clock: FixedClock, prefect_server: Server) -> Iterator[Desk]:
    """The sample city, its worker shown by a real Prefect, with a folder for answers to its mails."""
    shutil.copytree(founded, tmp_path / "data")
    settings = Settings(data=tmp_path / "data", reply_folder=tmp_path / "replies", prefect_url=prefect_server.url)
    made = wire(settings, "web", clock)
    yield made
    made.close()


@pytest.mark.prefect
def test_none_sits_in_logs_entries_mails_exports_errors_or_in_prefect(
    desk: Desk, log: io.StringIO, someone: Callable[..., Someone], app: FastAPI, prefect_server: Server, tmp_path: Path
) -> None:
    aviary = Aviary(desk, app, someone, SAMPLES, a_case(desk))
    aviary.through_smaller_doors(partial(play, desk))
    aviary.settle()
    assert call("export", tmp_path / "out", "--data", desk.settings.data, "--json").code == 0
    assert len(aviary.planted) > 60
    assert {one.kind for one in aviary.planted} == set(KINDS)
    assert {one.kind for one in aviary.arrived(tmp_path / "out")} == {"name"}  # what is no secret is not lost
    database = prefect_server.folder / "prefect" / "prefect.sqlite"
    assert set(aviary.opened) <= flow_runs(database)
    assert aviary.sitting(log.getvalue(), tmp_path / "out") == {}
    assert found_at((place, text, aviary.planted) for place, text in kept_by(database)) == {}
