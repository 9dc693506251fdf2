"""The announcement desk through pages, API and commands."""

from csirt.model.fact import FactState, Statement
from csirt.response import facts
from tests.cli.calling import call
from tests.web.conftest import Someone
from tests.web.visitor import Visit, lead, played, visit
from tests.world import WITHOUT_PLAYBOOK, World

__all__ = ["played", "visit"]


def case(world: World) -> str:
    incident = world.open(WITHOUT_PLAYBOOK, "誤送信")
    said = [Statement("leak", FactState.CONFIRMED, "yes"), Statement("head_count", FactState.ESTIMATED, 1780)]
    world.desk.commit(world.person("k.sato"), facts.state, incident, said)
    return incident


def test_it_is_drafted_decided_and_said_on_its_page(visit: Visit, played: World) -> None:
    incident = case(played)
    page = f"/incidents/{incident}/announcements"
    author, ciso = visit("k.sato"), visit("a.kobayashi")
    assert "まだ起案されていません。" in author.text(page)
    assert author.send(page, page, title="第1報", body="").status_code == 422
    assert lead(author.send(page, page, title="第1報", body="調査中です。", plain="しらべています。"))
    shown = author.text(page)
    assert "しらべています。" in shown
    assert "/decision" not in shown
    made = call("announcements", "R8-1", "--data", played.desk.settings.data, "--json").row["id"]
    assert ciso.send(page, f"/announcements/{made}/decision", decision="return", reason="").status_code == 422
    assert lead(ciso.send(page, f"/announcements/{made}/decision", decision="approve"))
    assert lead(author.send(page, f"/announcements/{made}/releases", outlet="web", at=""))
    assert "市のウェブサイト" in author.text(page)
    assert lead(author.send(page, f"/incidents/{incident}/hotline", day="令和8年11月22日", calls="12"))
    assert author.send(page, f"/incidents/{incident}/hotline", day="", calls="x").status_code == 422
    assert "12件" in author.text(page)


def test_the_api_and_commands_go_the_same_way(officer: Someone, played: World) -> None:
    incident, data = case(played), played.desk.settings.data
    made = officer.post(f"/incidents/{incident}/announcements", {"title": "第1報", "body": "調査中です。"}).json()["id"]
    assert officer.post(f"/announcements/{made}/approve").json()["error"] == "not_your_duty"
    assert call("announce", "approve", made, "--as", "a.kobayashi", "--data", data, "--json").row["state"] == "approved"
    said = {"outlet": "press_club", "at": "2026-11-22T13:30+09:00"}
    assert officer.post(f"/announcements/{made}/releases", said).status_code == 201
    (view,) = officer.get(f"/incidents/{incident}/announcements").json()
    assert [one["outlet"] for one in view["releases"]] == ["press_club"]
    rows = call("duties", "R8-1", "--data", data, "--json").rows
    assert {row["rule"]: row["state"] for row in rows}["publication_now"] == "met"
    assert (
        call(
            "announce", "calls", "R8-1", "--number", 7, "--day", "R8.11.22", "--as", "k.sato", "--data", data, "--json"
        ).code
        == 0
    )
    assert officer.get(f"/incidents/{incident}/hotline").json() == [{"day": "2026-11-22", "calls": 7}]


def test_the_post_decides_not_to_publish(visit: Visit, played: World) -> None:
    incident = case(played)
    page = f"/incidents/{incident}/announcements"
    ciso = visit("a.kobayashi")
    action = f"/incidents/{incident}/withholding"
    assert ciso.send(page, action, ground="", reason="x").status_code == 422
    assert lead(ciso.send(page, action, ground="investigation", reason="捜査のため。"))
    assert "捜査への支障" in ciso.text(page)
