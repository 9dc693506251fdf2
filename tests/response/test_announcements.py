"""The announcement desk: other eyes decide, what was said meets what was owed, and a "no" has ground and reason."""

from datetime import date, timedelta

import pytest

from csirt.errors import Conflict, Forbidden, Invalid
from csirt.model.announcement import Ground, Outlet
from csirt.model.duty import DutyState
from csirt.model.fact import FactState, Statement
from csirt.model.incident import IncidentType
from csirt.model.people import Actor, Role
from csirt.response import announcements, facts
from csirt.response.announcements import Draft
from csirt.store.queries import duties as obligations
from csirt.store.queries.announcements import announcements as listed
from csirt.store.queries.announcements import hotline
from tests.world import World

SAID = Draft("漏えいのおそれについて", "調査中です。", "しらべています。", "問 口座は。 答 調査中です。")
CISO = Actor("p-ciso", "ldap", roles=frozenset({Role.CISO}), posts=frozenset({"ciso"}))
AUTHOR = Actor("p-pr", "ldap", roles=frozenset({Role.PUBLIC_RELATIONS}), posts=frozenset({"public-relations"}))


def case(world: World) -> str:
    incident = world.open(IncidentType.LEAK_MISSENT, "宛先欄に全員を入れて送信した")
    said = [Statement("leak", FactState.CONFIRMED, "yes"), Statement("head_count", FactState.ESTIMATED, 1780)]
    world.desk.commit(world.person("k.sato"), facts.state, incident, said)
    return incident


def standing(world: World, incident: str) -> dict[str, DutyState]:
    return {one.rule: one.state for one in world.desk.look(obligations.duties, incident)}


def test_other_eyes_decide_and_what_was_said_meets_what_was_owed(world: World) -> None:
    incident = case(world)
    made = world.desk.commit(AUTHOR, announcements.draft, incident, SAID, request_key="a")
    assert world.desk.commit(AUTHOR, announcements.draft, incident, SAID, request_key="a") == made
    now = world.clock.now()
    with pytest.raises(Conflict):
        world.desk.commit(AUTHOR, announcements.release, made, Outlet.WEB, now)
    with pytest.raises(Forbidden):
        world.desk.commit(AUTHOR, announcements.approve, made)
    world.desk.commit(CISO, announcements.approve, made)
    with pytest.raises(Conflict):
        world.desk.commit(CISO, announcements.approve, made)
    with pytest.raises(Invalid):
        world.desk.commit(AUTHOR, announcements.release, made, Outlet.WEB, now + timedelta(hours=1))
    world.desk.commit(AUTHOR, announcements.release, made, Outlet.PRESS_CLUB, now)
    found = standing(world, incident)
    assert (found["publication_now"], found["persons"]) == (DutyState.MET, DutyState.OPEN)
    world.desk.commit(AUTHOR, announcements.release, made, Outlet.LETTER, now)
    assert standing(world, incident)["persons"] is DutyState.MET
    (view,) = world.desk.look(listed, incident)
    assert [one.outlet for one in view.releases] == [Outlet.PRESS_CLUB, Outlet.LETTER]
    assert (view.plain, view.decided_by) == ("しらべています。", "p-ciso")


def test_nobody_decides_on_what_they_wrote_and_a_draft_gives_way_to_the_next(world: World) -> None:
    incident = case(world)
    first = world.desk.commit(CISO, announcements.draft, incident, SAID)
    with pytest.raises(Forbidden):
        world.desk.commit(CISO, announcements.approve, first)
    second = world.desk.commit(AUTHOR, announcements.draft, incident, SAID)
    with pytest.raises(Conflict):
        world.desk.commit(Actor("p-mayor", "ldap", posts=frozenset({"mayor"})), announcements.approve, first)
    with pytest.raises(Invalid):
        world.desk.commit(CISO, announcements.send_back, second, " ")
    world.desk.commit(CISO, announcements.send_back, second, "件数の根拠を書く。")
    world.desk.commit(AUTHOR, announcements.draft, incident, SAID)
    found = world.desk.look(listed, incident)
    assert [(one.number, one.state.value) for one in found] == [(3, "drafted"), (2, "returned"), (1, "replaced")]
    assert found[1].reason == "件数の根拠を書く。"


def test_not_to_publish_is_a_decision_of_the_post_with_ground_and_reason(world: World) -> None:
    incident = case(world)
    with pytest.raises(Forbidden):
        world.desk.commit(AUTHOR, announcements.withhold, incident, Ground.INVESTIGATION, "捜査のため。")
    with pytest.raises(Invalid):
        world.desk.commit(CISO, announcements.withhold, incident, Ground.INVESTIGATION, "")
    world.desk.commit(CISO, announcements.withhold, incident, Ground.INVESTIGATION, "捜査のため。")
    assert standing(world, incident)["publication_now"] is DutyState.WAIVED
    (view,) = world.desk.look(listed, incident)
    assert (view.ground, view.reason) == (Ground.INVESTIGATION, "捜査のため。")


@pytest.mark.parametrize("said", [Draft("", "本文"), Draft("表題", " "), Draft("表題", "あ" * 9000)])
def test_a_draft_without_its_texts_is_refused(world: World, said: Draft) -> None:
    with pytest.raises(Invalid):
        world.desk.commit(AUTHOR, announcements.draft, case(world), said)


def test_the_last_count_of_a_day_holds(world: World) -> None:
    incident, day = case(world), date(2026, 11, 23)
    for calls in (12, 34):
        world.desk.commit(AUTHOR, announcements.count_calls, incident, day, calls)
    world.desk.commit(AUTHOR, announcements.count_calls, incident, date(2026, 11, 24), 5)
    assert world.desk.look(hotline, incident) == {day: 34, date(2026, 11, 24): 5}
    for day_, calls in ((date(2027, 1, 1), 1), (day, -1)):
        with pytest.raises(Invalid):
            world.desk.commit(AUTHOR, announcements.count_calls, incident, day_, calls)
