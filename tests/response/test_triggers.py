"""Chains that the rules call for: suggested, begun by a person, or by themselves; never twice for one case."""

from dataclasses import replace
from datetime import timedelta

import pytest

from csirt.errors import CsirtError
from csirt.model.contact import ContactChain, Route
from csirt.model.fact import FactState, Statement
from csirt.model.incident import Level
from csirt.model.trigger import CaseFact, Clause, Firing, TouchedSystem
from csirt.playbook import Disposition, Responder
from csirt.response import escalations, facts, incidents, triggers
from csirt.response.incidents import Report
from csirt.response.triggers import CalledFor
from csirt.store.queries import work
from csirt.store.queries.work import EscalationView
from tests.plays import assert_sound, entries, play_of, signed_in, start, steps
from tests.response.test_climbing_on import seconds, tier, use_chains
from tests.world import WITHOUT_PLAYBOOK, World

LEAK = Clause(facts=frozenset({CaseFact.LEAK_SUSPECTED}), automatic=True)
POLICE = ContactChain(
    "police", (Route("a", (tier(0, "post:poc"),), wait=seconds(60)),), tier(0, "post:ciso"), when=(LEAK,), code="C4"
)
BY_HAND = replace(POLICE, when=(replace(LEAK, automatic=False),))


def climbs(world: World, incident: str) -> list[EscalationView]:
    return world.desk.look(work.escalations, incident=incident)


def called_for(world: World, incident: str) -> list[CalledFor]:
    return world.desk.look(triggers.called_for, world.desk.door.city, incident)


def say(world: World, incident: str, fact: str, value: object) -> None:
    made = Statement(fact, FactState.CONFIRMED, value)  # type: ignore[arg-type]
    world.desk.commit(signed_in(world, "k.sato"), facts.state, incident, [made])


def test_an_automatic_rule_begins_its_chain_in_the_commit_that_made_it_true_and_never_again(world: World) -> None:
    use_chains(world, POLICE)
    incident = world.open(WITHOUT_PLAYBOOK)
    assert climbs(world, incident) == []
    say(world, incident, "leak", "suspected")
    (climb,) = climbs(world, incident)
    (stated,) = entries(world, incident, "FACT_STATED")
    (begun,) = entries(world, incident, "ESCALATION_STARTED")
    assert (begun.at, begun.out["because"], begun.out["rule"]) == (stated.at, "rule", "yes")
    assert [call.party for call in climb.calls] == ["post:poc"]
    for value in ("no", "yes"):
        say(world, incident, "leak", value)
    world.clock.forward(timedelta(hours=1))
    world.chores.decide()
    say(world, incident, "personal_data", "yes")
    assert len(climbs(world, incident)) == 1
    assert_sound(world)


def test_what_a_case_is_opened_with_counts_and_so_does_its_level(world: World) -> None:
    use_chains(world, POLICE, replace(BY_HAND, name="grave", when=(Clause(level_from=Level.GRAVE, automatic=True),)))
    report = Report(title="件名", type=WITHOUT_PLAYBOOK, personal_data="yes")
    incident = world.desk.commit(signed_in(world, "k.sato"), incidents.open_by_report, report)
    assert [one.chain for one in climbs(world, incident)] == ["police"]
    world.desk.commit(signed_in(world, "a.kobayashi"), incidents.set_level, incident, Level.GRAVE, "理由")
    assert sorted(one.chain for one in climbs(world, incident)) == ["grave", "police"]


def test_a_case_whose_kind_nobody_knows_calls_somebody_at_once(world: World) -> None:
    """No playbook leads it yet, so none calls anybody."""
    officer = signed_in(world, "k.sato")
    small, serious = (
        world.desk.commit(officer, incidents.open_by_report, Report(title="件名", level=level))
        for level in (Level.MINOR, Level.SERIOUS)
    )
    assert climbs(world, small) == []
    assert [one.chain for one in climbs(world, serious)] == ["municipal"]


def test_a_rule_that_is_not_automatic_suggests_and_a_person_begins_it_once(world: World) -> None:
    use_chains(world, BY_HAND)
    incident = world.open(WITHOUT_PLAYBOOK)
    assert called_for(world, incident) == [CalledFor("police", Firing.PERHAPS, False, 0, False)]
    say(world, incident, "leak", "yes")
    assert called_for(world, incident) == [CalledFor("police", Firing.YES, False, 0, False)]
    assert climbs(world, incident) == []
    with pytest.raises(CsirtError, match="not_permitted"):
        world.desk.commit(signed_in(world, "f.yamada"), triggers.start, incident, "police")
    world.desk.commit(signed_in(world, "k.sato"), triggers.start, incident, "police")
    (begun,) = entries(world, incident, "ESCALATION_STARTED")
    assert (begun.actor, begun.out["because"]) == (world.person("k.sato").id, "person")
    with pytest.raises(CsirtError, match="chain_begun"):
        world.desk.commit(signed_in(world, "s.watanabe"), triggers.start, incident, "police")
    assert called_for(world, incident) == [CalledFor("police", Firing.YES, False, 1, True)]
    for chain, code in (("none", "chain_unknown"), ("police", "incident_unknown")):
        with pytest.raises(CsirtError, match=code):
            world.desk.commit(
                signed_in(world, "k.sato"), triggers.start, incident if chain == "none" else "i-none", chain
            )


def test_a_commit_that_fails_begins_nothing(world: World) -> None:
    use_chains(world, POLICE)
    incident = world.open(WITHOUT_PLAYBOOK)
    made = Statement("leak", FactState.CONFIRMED, "yes")
    with pytest.raises(CsirtError, match="fact_twice"):
        world.desk.commit(signed_in(world, "k.sato"), facts.state, incident, [made, made])
    assert climbs(world, incident) == []


@pytest.mark.parametrize("first", ["under way", "ended"])
def test_a_step_takes_part_in_the_climb_that_a_rule_began(world: World, first: str) -> None:
    def body(respond: Responder) -> Disposition:
        respond.wait("until_then", duration=timedelta(seconds=5))
        respond.reach("police", template="first_report")
        return respond.close(Disposition.BENIGN)

    use_chains(world, POLICE)
    incident = start(world, play_of(body))
    world.work()
    say(world, incident, "leak", "yes")
    (climb,) = climbs(world, incident)
    if first == "ended":
        world.desk.commit(signed_in(world, "k.sato"), escalations.acknowledge, climb.id)
    world.forward(timedelta(seconds=6))
    if first == "under way":
        assert steps(world, incident)["reach_police"].state.value == "open"
        world.desk.commit(signed_in(world, "k.sato"), escalations.acknowledge, climb.id)
        world.work()
    assert len(climbs(world, incident)) == 1
    assert steps(world, incident)["reach_police"].value == {"a": "acknowledged"}
    assert len(entries(world, incident, "ESCALATION_JOINED")) == 1
    assert_sound(world)


def test_systems_come_from_the_fact_sheet(world: World) -> None:
    use_chains(world, replace(BY_HAND, when=(Clause(systems=frozenset({TouchedSystem.JUKI_NET})),)))
    incident = world.open(WITHOUT_PLAYBOOK)
    say(world, incident, "jlis_systems", ("juki_net",))
    assert [one.firing for one in called_for(world, incident)] == [Firing.YES]
