"""Duties arise, change and lapse with the facts, are met or decided against, and keep a case from closing."""

from datetime import timedelta

import pytest

from csirt.errors import Conflict, Forbidden, Invalid
from csirt.model.duty import DutyState
from csirt.model.fact import FactState, Statement, Value
from csirt.model.incident import Disposition, IncidentType, Level
from csirt.model.people import Actor, Role
from csirt.response import duties, facts, incidents
from csirt.response.duties import Sent
from csirt.store.queries import cases
from csirt.store.queries import duties as questions
from csirt.store.queries.duties import DutyView
from tests.world import WITHOUT_PLAYBOOK, World


def state(world: World, incident: str, **said: Value) -> None:
    statements = [Statement(name, FactState.CONFIRMED, value) for name, value in said.items()]
    world.desk.commit(world.person("k.sato"), facts.state, incident, statements)


def standing(world: World, incident: str) -> dict[str, DutyView]:
    return {one.rule: one for one in world.desk.look(questions.duties, incident)}


def case(world: World) -> str:
    return world.open(IncidentType.LEAK_MISSENT, "あて先を全員に見せて送信した")


def test_duties_arise_change_and_lapse_in_the_commit_of_the_fact(world: World) -> None:
    incident = case(world)
    state(world, incident, leak="suspected", head_count=70)
    assert "ppc_preliminary" not in standing(world, incident)
    state(world, incident, head_count=165)
    found = standing(world, incident)["ppc_preliminary"]
    assert (found.state, str(found.last_day)) == (DutyState.OPEN, "2026-11-28")
    state(world, incident, head_count=166)
    assert standing(world, incident)["ppc_preliminary"].reasons[0]["params"]["head_count"] == 166
    state(world, incident, leak="no")
    assert {one.state for one in standing(world, incident).values()} == {DutyState.LAPSED}
    kinds = world.kinds(incident)
    assert {"DUTY_AROSE", "DUTY_CHANGED", "DUTY_LAPSED"} <= set(kinds)


def test_an_earlier_knowing_moves_every_deadline(world: World) -> None:
    incident = case(world)
    state(world, incident, leak="yes", head_count=165)
    state(world, incident, known=(world.clock.now() - timedelta(days=2)).isoformat())
    assert str(standing(world, incident)["ppc_preliminary"].last_day) == "2026-11-26"


def test_a_recorded_report_meets_a_duty_and_later_ones_are_versions(world: World) -> None:
    incident = case(world)
    state(world, incident, leak="yes", head_count=165)
    found = standing(world, incident)["ppc_preliminary"]
    me, now = world.person("k.sato"), world.clock.now()
    first = world.desk.commit(me, duties.report, found.id, Sent("web_form", now, now, "R-17"), request_key="a")
    assert world.desk.commit(me, duties.report, found.id, Sent("web_form", now), request_key="a") == first
    world.desk.commit(me, duties.report, found.id, Sent("phone", now))
    met = standing(world, incident)["ppc_preliminary"]
    assert met.state is DutyState.MET
    assert [(one.version, one.addressee, one.channel, one.receipt) for one in met.reports] == [
        (1, "ppc", "web_form", "R-17"),
        (2, "ppc", "phone", ""),
    ]
    state(world, incident, head_count=200)
    assert standing(world, incident)["ppc_preliminary"].state is DutyState.MET


def test_a_wrong_report_is_refused(world: World) -> None:
    incident = case(world)
    state(world, incident, leak="yes", head_count=165)
    found, now, me = standing(world, incident)["persons"], world.clock.now(), world.person("k.sato")
    hour = timedelta(hours=1)
    for sent in (Sent("pigeon", now), Sent("mail", now + hour), Sent("mail", now, now - hour)):
        with pytest.raises(Invalid):
            world.desk.commit(me, duties.report, found.id, sent)


def test_only_the_post_of_the_rule_decides_against_a_duty_and_gives_a_reason(world: World) -> None:
    incident = case(world)
    state(world, incident, leak="yes", head_count=165)
    found = standing(world, incident)["publication_now"]
    head = Actor("p-1", "ldap", roles=frozenset({Role.CSIRT_HEAD}), posts=frozenset({"csirt-head"}))
    with pytest.raises(Forbidden):
        world.desk.commit(head, duties.waive, found.id, "理由")
    ciso = Actor("p-2", "ldap", roles=frozenset({Role.CISO}), posts=frozenset({"ciso"}))
    with pytest.raises(Invalid):
        world.desk.commit(ciso, duties.waive, found.id, " ")
    world.desk.commit(ciso, duties.waive, found.id, "捜査に支障がある。")
    assert standing(world, incident)["publication_now"].reason == "捜査に支障がある。"
    state(world, incident, sensitive_data="yes")  # a ground that nobody decided on
    assert standing(world, incident)["publication_now"].state is DutyState.OPEN


def test_closing_is_refused_while_a_duty_stands_open(world: World) -> None:
    incident = world.open(WITHOUT_PLAYBOOK)
    state(world, incident, crime="suspected")
    me = world.person("k.sato")
    with pytest.raises(Conflict) as caught:
        world.desk.commit(me, incidents.close, incident, Disposition.TRUE_POSITIVE, "")
    assert (caught.value.code, caught.value.params["duties"]) == ("duties_open", "police")
    world.desk.commit(me, duties.report, standing(world, incident)["police"].id, Sent("phone", world.clock.now()))
    world.desk.commit(me, incidents.close, incident, Disposition.TRUE_POSITIVE, "")


def test_what_was_no_incident_has_nobody_to_tell(world: World) -> None:
    incident = world.open(WITHOUT_PLAYBOOK)
    state(world, incident, crime="suspected")
    world.desk.commit(world.person("k.sato"), incidents.close, incident, Disposition.FALSE_POSITIVE, "誤報")
    assert standing(world, incident)["police"].state is DutyState.LAPSED


def test_a_small_case_closes_without_a_word_to_anybody(world: World) -> None:
    incident = world.open(WITHOUT_PLAYBOOK)
    state(world, incident, cause="failure", machines=1, personal_data="no", leak="no")
    world.desk.commit(world.person("k.sato"), incidents.close, incident, Disposition.TRUE_POSITIVE, "")
    assert standing(world, incident) == {}


def test_a_ground_that_is_gone_keeps_no_case_open(world: World) -> None:
    incident = case(world)
    state(world, incident, leak="suspected", head_count=165)
    assert standing(world, incident) != {}
    state(world, incident, leak="no")
    world.desk.commit(world.person("k.sato"), incidents.close, incident, Disposition.TRUE_POSITIVE, "")
    assert "INCIDENT_CLOSED" in world.kinds(incident)


def test_a_level_is_set_by_its_post_and_brings_the_first_reports(world: World) -> None:
    incident = world.open(WITHOUT_PLAYBOOK)
    officer = Actor("p-3", "ldap", roles=frozenset({Role.OFFICER}), posts=frozenset({"poc"}))
    with pytest.raises(Forbidden):
        world.desk.commit(officer, incidents.set_level, incident, Level.SERIOUS, "理由")
    director = Actor("p-4", "ldap", roles=frozenset({Role.DIRECTOR}), posts=frozenset({"director"}))
    world.desk.commit(director, incidents.set_level, incident, Level.SERIOUS, "業務が半日を超えて止まる。")
    assert {"prefecture_first_report", "ministry_first_report"} == set(standing(world, incident))


def test_the_nightly_look_changes_nothing_without_cause_and_finds_what_changed(world: World) -> None:
    incident = case(world)
    state(world, incident, leak="yes", head_count=165)
    local = world.person("k.sato")
    assert world.desk.commit(local, duties.review_all) == 0
    city = world.desk.door.city
    object.__setattr__(city, "law", type(city.law)((), ()))
    assert world.desk.commit(local, duties.review_all) > 0
    assert {one.state for one in standing(world, incident).values()} == {DutyState.LAPSED}


def test_facts_propose_a_level_and_a_post_sets_it(world: World) -> None:
    incident = case(world)
    state(world, incident, leak="yes", confidentiality="3B")
    view = world.desk.look(cases.incident, incident)
    assert (view.proposed_level, view.level) == (Level.SERIOUS, None)
    state(world, incident, data_on_net="yes")
    assert world.desk.look(cases.incident, incident).proposed_level is Level.GRAVE
