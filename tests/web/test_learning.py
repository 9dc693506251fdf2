"""Measures and reviews through pages, API and commands."""

from pathlib import Path

from csirt.model.incident import Disposition
from csirt.response import incidents
from tests.cli.calling import call
from tests.web.conftest import Someone
from tests.web.visitor import Visit, lead, played, visit
from tests.world import WITHOUT_PLAYBOOK, World

__all__ = ["played", "visit"]

MEASURE = {"text": "VPN装置を更新する", "owner": "system-manager", "due": "2026-11-01"}


def closed(world: World) -> str:
    incident = world.open(WITHOUT_PLAYBOOK)
    world.desk.commit(world.person("k.sato"), incidents.close, incident, Disposition.TRUE_POSITIVE, "")
    return incident


def test_the_list_is_filtered_ended_and_checked_on_its_page(visit: Visit, officer: Someone, played: World) -> None:
    incident = closed(played)
    measure = officer.post(f"/incidents/{incident}/measures", MEASURE).json()["id"]
    me, head = visit("k.sato"), visit("s.watanabe")
    assert "期限超過" in (page := me.text("/measures?overdue=1")) or "期限" in page
    assert "VPN装置を更新する" in page
    assert "VPN装置を更新する" not in me.text("/measures?state=checked")
    assert me.get("/measures?state=odd").status_code == 422
    answer = me.send("/measures", f"/measures/{measure}", state="dropped", reason="")
    assert answer.status_code == 422
    assert lead(me.send("/measures", f"/measures/{measure}", state="done", reason="更新した。"))
    assert f"/measures/{measure}/check" not in me.text("/measures")
    assert lead(head.send("/measures", f"/measures/{measure}/check", effective="yes", reason="新しい版だった。"))
    assert "新しい版だった。" in me.text("/measures?state=checked")
    file = me.get("/measures.xlsx?state=checked")
    assert file.content[:2] == b"PK"


def test_the_api_changes_and_checks_and_the_command_lists(officer: Someone, played: World, tmp_path: Path) -> None:
    incident = closed(played)
    measure = officer.post(f"/incidents/{incident}/measures", MEASURE).json()["id"]
    moved = {"owner": "director", "due": "2027-03-31", "reason": "予算"}
    assert officer.post(f"/measures/{measure}/change", moved).status_code == 204
    assert officer.get("/measures?overdue=1").json() == []
    assert officer.post(f"/measures/{measure}/check", {"effective": True, "found": "x"}).json()["error"] == (
        "measure_not_done"
    )
    data = played.desk.settings.data
    rows = call("measures", "--owner", "director", "--data", data, "--json").rows
    assert [(row["id"], row["due"]) for row in rows] == [(measure, "2027-03-31")]
    done = ("measure", "end", measure, "--as", "k.sato", "--reason", "済", "--data", data, "--json")
    assert call(*done).row["state"] == "done"
    path = tmp_path / "list.xlsx"
    assert call("measures", "--xlsx", path, "--data", data, "--json").code == 0
    assert path.read_bytes()[:2] == b"PK"


def test_a_review_is_written_on_its_page_in_the_api_and_by_command(
    visit: Visit, officer: Someone, played: World
) -> None:
    incident = closed(played)
    me, page = visit("k.sato"), f"/incidents/{incident}/review"
    assert "まだ記録されていません。" in me.text(page)
    assert me.send(page, page, held_on="2026-11-22", well="", cause="更新漏れ").status_code == 422
    assert lead(me.send(page, page, held_on="令和8年11月22日", well="早かった。", cause="更新漏れ"))
    assert "早かった。" in me.text(page)
    again = {"held_on": "2026-11-22", "well": "早かった。", "cause": "設定の誤り"}
    assert officer.post(page, again).json() == {"version": 2}
    assert [one["version"] for one in officer.get(page).json()] == [2, 1]
    rows = call("review", "R8-1", "--data", played.desk.settings.data, "--json").rows
    assert [row["cause"] for row in rows] == ["設定の誤り", "更新漏れ"]
    assert page in me.text(f"/incidents/{incident}")
