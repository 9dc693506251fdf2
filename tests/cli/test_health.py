"""`csirt health`: sentences for people, lines for programs, an exit code for whoever watches."""

from pathlib import Path

import pytest

from csirt.bootstrap import wire
from csirt.chores import Chores
from csirt.settings import Settings
from tests.cli.calling import call, city


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return city(tmp_path)


def test_nobody_working_ends_with_six(folder: Path) -> None:
    called = call("health", "--json", "--data", folder)
    assert called.code == 6
    states = {row["part"]: row["state"] for row in called.rows}
    assert (states["worker"], states["database"], states["disk"]) == ("down", "ok", "ok")
    assert all(row["todo"] for row in called.rows if row["state"] != "ok")
    assert "ワーカー" in call("health", "--data", folder).out


def test_with_a_worker_all_goes_on(folder: Path) -> None:
    desk = wire(Settings(data=folder), "worker")
    Chores(desk).keep_house()
    desk.close()
    called = call("health", "--data", folder, "--lang", "en")
    assert called.code == 0
    assert "Something needs a look. Cases go on." in called.out


def test_a_checked_record_is_remembered(folder: Path) -> None:
    call("verify", "--data", folder)
    states = {row["part"]: row["state"] for row in call("health", "--json", "--data", folder).rows}
    assert states["record"] == "ok"
