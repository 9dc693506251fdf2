"""The level that is proposed: by detections, by facts, and why; its history through page, API and command."""

from csirt.model.fact import FactState, Statement, Value
from csirt.model.incident import Level
from csirt.model.people import SYSTEM, Actor, Role
from csirt.response import facts, incidents
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
