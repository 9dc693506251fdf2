"""Duties through pages, API and commands: what stands open for whom, and who is reminded."""

import re

from sqlalchemy import event

from csirt.model.fact import FactState, Statement, Value
from csirt.model.incident import IncidentType
from csirt.response import facts
from csirt.web.pages.obligations import DUTIES_A_PAGE
from tests.cli.calling import call
from tests.web.conftest import Someone
from tests.web.visitor import Visit, played, visit
from tests.world import WITHOUT_PLAYBOOK, World

__all__ = ["played", "visit"]


def case(world: World, type_: IncidentType = WITHOUT_PLAYBOOK, **said: Value) -> str:
    incident = world.open(type_, "宛先を取り違えて送信した")
    statements = [Statement(name, FactState.CONFIRMED, value) for name, value in said.items()]
    world.desk.commit(world.person("k.sato"), facts.state, incident, statements)
    return incident


def test_the_list_of_the_post_in_charge_and_of_the_post_that_decides_holds_the_duty(
    visit: Visit, played: World
) -> None:
    incident = case(played, crime="suspected")
    mine = visit("k.sato").text("/assignments")
    assert "期限のある報告等" in mine
    assert "警察への連絡・相談" in mine
    assert f"/incidents/{incident}/duties#" in mine
    assert "警察への連絡・相談" not in visit("o.sasaki").get("/assignments").text


def test_a_city_full_of_duties_is_listed_page_by_page_with_few_questions(visit: Visit, played: World) -> None:
    for _ in range(DUTIES_A_PAGE + 2):
        case(played, crime="suspected")
    me, asked = visit("k.sato"), list[str]()

    def note(_connection: object, _cursor: object, what: str, *_rest: object) -> None:
        asked.append(what)

    event.listen(played.desk.door.database.reader, "before_cursor_execute", note)
    first = me.text("/assignments")
    event.remove(played.desk.door.database.reader, "before_cursor_execute", note)
    assert len(asked) < 25
    assert first.count("/duties#") == DUTIES_A_PAGE
    assert f"全{DUTIES_A_PAGE + 2}件のうち1〜{DUTIES_A_PAGE}件目" in first
    assert 'href="/assignments?duties=2#duties"' in first
    second = me.text("/assignments?duties=2")
    assert second.count("/duties#") == 2
    assert not set(re.findall(r"/duties#[\w-]+", first)) & set(re.findall(r"/duties#[\w-]+", second))


def test_a_case_that_is_closed_has_nothing_on_the_list(visit: Visit, played: World) -> None:
    case(played, crime="no")
    assert "期限のある報告等" not in visit("k.sato").text("/assignments")


def test_the_api_lists_what_is_open_everywhere_or_for_the_reader(officer: Someone, played: World) -> None:
    case(played, crime="suspected", leak="yes", head_count=165)
    found = {one["rule"]: one for one in officer.get("/duties").json()}
    assert {"police", "ppc_preliminary", "publication_now"} <= set(found)
    assert found["police"]["in_charge"] == "poc"
    assert found["police"]["remind_at"] < found["police"]["due_at"]
    mine = {one["rule"] for one in officer.get("/duties?mine=true").json()}
    assert "police" in mine
    assert "publication_now" not in mine


def test_the_command_lists_them_with_the_number_of_the_case(played: World) -> None:
    case(played, crime="suspected", leak="yes", head_count=165)
    data = played.desk.settings.data
    rows = call("duties", "--data", data, "--json").rows
    assert {row["number"] for row in rows} == {"令和8年度 第1号"}
    mine = call("duties", "--mine", "k.sato", "--data", data, "--json").rows
    assert {row["in_charge"] for row in mine} == {"poc"}
    assert len(mine) < len(rows)
    assert len(call("duties", "R8-1", "--data", data, "--json").rows) == len(rows)


def test_the_level_is_explained_on_the_page_in_the_api_and_by_command(
    visit: Visit, officer: Someone, played: World
) -> None:
    incident = case(played, IncidentType.OUTAGE, leak="suspected")
    page = visit("k.sato").text(f"/incidents/{incident}")
    assert "漏えい等又はそのおそれ" in page
    assert "availability: outage" in page
    found = officer.get(f"/incidents/{incident}/level").json()
    assert (found["proposed_level"], found["because"], found["set_by_post"]) == (2, "leak", "director")
    assert {one["scheme"]: one["term"] for one in found["mapped"]}["nisc"] == "1–2"
    rows = call("levels", "R8-1", "--data", played.desk.settings.data, "--json").rows
    assert [row["because"] for row in rows] == ["leak", "report"]
