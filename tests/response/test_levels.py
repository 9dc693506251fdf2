"""The level that is proposed: by detections, by facts, and why; its history through page, API and command."""

import pytest

from csirt.model.fact import FactState, Statement, Value
from csirt.model.incident import IncidentType, Level
from csirt.model.people import SYSTEM, Actor, Role
from csirt.response import by_hand, facts, incidents
from csirt.response.incidents import Report
from csirt.store.queries import cases
from csirt.store.queries.levels import level_history, proposed_because
from tests.world import WITHOUT_PLAYBOOK, World


def state(world: World, incident: str, **said: Value) -> Level:
    statements = [Statement(name, FactState.CONFIRMED, value) for name, value in said.items()]
    world.desk.commit(world.person("k.sato"), facts.state, incident, statements)
    return world.desk.look(cases.incident, incident).proposed_level


def grave(world: World) -> str:
    """A case that a grave detection opened."""
    report = Report(title="検知", type=WITHOUT_PLAYBOOK, channel="sensor", level=Level.GRAVE)
    return world.desk.commit(SYSTEM, incidents.open_case, report, "rule")


def test_a_small_fact_does_not_hide_a_grave_detection(world: World) -> None:
    incident = grave(world)
    assert state(world, incident, machines=1) is Level.GRAVE
    assert state(world, incident, several_cities="yes") is Level.CRISIS
    assert state(world, incident, several_cities="no") is Level.GRAVE
    assert state(world, incident, harmless="yes") is Level.EVENT


def test_the_history_tells_who_proposed_and_set_what_and_why(world: World) -> None:
    incident = grave(world)
    state(world, incident, life_safety="suspected")
    director = Actor("p-4", "ldap", roles=frozenset({Role.DIRECTOR}), posts=frozenset({"director"}))
    world.desk.commit(director, incidents.set_level, incident, Level.SERIOUS, "一課の業務に限られる。")
    history = world.desk.look(level_history, incident)
    assert [(one.is_set, int(one.level), one.because) for one in history] == [
        (True, 2, ""),
        (False, 4, "life"),
        (False, 3, "rule"),
    ]
    assert (history[0].by, history[0].reason) == ("p-4", "一課の業務に限られる。")
    assert proposed_because(history) == "life"


@pytest.mark.parametrize(
    ("type_", "personal_data", "level", "because"),
    [
        (IncidentType.RANSOMWARE, "unknown", Level.GRAVE, "ransomware"),
        (IncidentType.RANSOMWARE, "yes", Level.GRAVE, "ransomware"),
        (IncidentType.MALWARE_MAIL, "yes", Level.SERIOUS, "personal_data"),
        (IncidentType.MALWARE_MAIL, "no", Level.MINOR, "report"),
        (IncidentType.UNDECIDED, "unknown", Level.MINOR, "report"),
    ],
)
def test_a_report_is_worth_what_its_kind_of_case_is_presumed_to_be(
    world: World, type_: IncidentType, personal_data: str, level: Level, because: str
) -> None:
    report = Report(title="通報", type=type_, personal_data=personal_data)
    incident = world.desk.commit(world.person("k.sato"), incidents.open_by_report, report)
    assert world.desk.look(cases.incident, incident).proposed_level is level
    assert proposed_because(world.desk.look(level_history, incident)) == because
    assert state(world, incident, harmless="yes") is Level.EVENT  # a presumption gives way to a finding


def test_saying_that_it_is_ransomware_proposes_as_much_as_opening_it_so(world: World) -> None:
    officer = world.person("k.sato")
    incident = world.desk.commit(officer, incidents.open_by_report, Report(title="通報"))
    world.desk.commit(officer, by_hand.set_type, incident, IncidentType.RANSOMWARE, "脅迫文がある。")
    assert world.desk.look(cases.incident, incident).proposed_level is Level.GRAVE
    assert proposed_because(world.desk.look(level_history, incident)) == "ransomware"


def test_detections_of_ransomware_are_worth_what_the_rules_for_detections_say(world: World) -> None:
    report = Report(title="検知", type=IncidentType.RANSOMWARE, channel="sensor", level=Level.MINOR)
    incident = world.desk.commit(SYSTEM, incidents.open_case, report, "rule")
    assert world.desk.look(cases.incident, incident).proposed_level is Level.MINOR
