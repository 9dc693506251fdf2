"""The figures of a year by page, API and command say the same."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from csirt.response import incidents
from tests.cli.calling import call
from tests.cli.conftest import data, lived_in
from tests.web.conftest import Someone
from tests.web.visitor import Visit, played, visit
from tests.world import World

__all__ = ["data", "lived_in", "played", "visit"]


def test_the_page_and_the_api_count_the_same_and_leave_drills_out(
    visit: Visit, played: World, someone: Callable[..., Someone]
) -> None:
    first = played.open(title="誤送信")
    played.forward(timedelta(hours=2))
    played.desk.commit(played.person("k.sato"), incidents.add_note, first, "連絡を受けた。")
    officer = someone("k.sato")
    drill = officer.post("/incidents", {"title": "訓練", "drill": True})
    assert drill.status_code == 201
    found = officer.get("/statistics").json()
    assert (found["fiscal_year"], found["number"], found["open"]) == (2026, 1, 1)
    assert found["by_month"]["2026-11"] == 1
    spans = {one["span"]: one for one in found["spans"]}
    assert (spans["acknowledge"]["number"], spans["acknowledge"]["median_hours"]) == (1, 2.0)
    assert spans["close"]["median_hours"] is None
    page = visit("k.sato").text("/statistics")
    assert "令和8年度" in page
    assert "中央値: 2時間" in page
    assert "/statistics" in visit("k.sato").text("/")
    assert officer.get("/statistics?fiscal_year=2025").json()["number"] == 0
    assert officer.get("/statistics?fiscal_year=1").status_code == 422


def test_nobody_sees_them_without_signing_in(visit: Visit) -> None:
    assert visit().get("/statistics").status_code == 303


def test_the_command_tells_the_same(data: Path) -> None:
    told = call("statistics", "--data", data, "--json").row
    assert told["number"] == len(call("incidents", "--data", data, "--json").rows)
    assert call("statistics", "--data", data).code == 0
