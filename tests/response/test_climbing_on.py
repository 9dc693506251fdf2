"""Climbs that must go on: after an acknowledgement, a silent round, a chain taken away, a tier that all know."""

from collections.abc import Mapping
from datetime import timedelta

from sqlmodel import select

from csirt.model.contact import ContactChain, Need, Route, StopOn, Tier
from csirt.model.people import SYSTEM
from csirt.response import escalations
from csirt.store.queries import work
from csirt.store.queries.work import EscalationView
from csirt.store.tables.outbox import EscalationRow
from tests.plays import assert_sound
from tests.world import World


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


def tier(after: float, *call: str, by: tuple[str, ...] = ("mail",), need: Need = Need.ANY) -> Tier:
    return Tier(seconds(after), call, by, need)


def use_chains(world: World, *chains: ContactChain) -> None:
    """Give the city these chains and no others."""
    found: Mapping[str, ContactChain] = {chain.name: chain for chain in chains}
    object.__setattr__(world.desk.door.city, "chains", found)


def climb(world: World, chain: ContactChain) -> str:
    """Begin to climb a chain for a case; returns the escalation."""
    use_chains(world, chain)
    incident = world.open()
    return world.desk.commit(SYSTEM, escalations.start, incident, None, "is_it_an_incident", chain.name, "page")


def view(world: World, escalation: str) -> EscalationView:
    """How far it has come."""
    return next(one for one in world.desk.look(work.escalations) if one.id == escalation)


def called(world: World, escalation: str) -> list[str]:
    """The parties called so far, in order."""
    return [call.party for call in view(world, escalation).calls]


def decide_for(world: World, span: float) -> None:
    """Nothing but decisions, second by second; any fault of them fails the test."""
    for _ in range(int(span)):
        world.clock.forward(seconds(1))
        world.chores.decide()


def test_one_route_is_acknowledged_and_the_other_goes_on(world: World) -> None:
    both = ContactChain(
        "both",
        (
            Route("a", (tier(0, "post:poc"), tier(2, "post:director")), wait=seconds(60)),
            Route("b", (tier(0, "post:csirt-head"), tier(8, "post:ciso")), wait=seconds(60)),
        ),
    )
    escalation = climb(world, both)
    world.desk.commit(world.person("k.sato"), escalations.acknowledge, escalation)
    decide_for(world, 4)
    assert "post:director" not in called(world, escalation)
    decide_for(world, 5)
    assert "post:ciso" in called(world, escalation)
    assert "ESCALATION_ADVANCED" not in world.kinds()


def test_a_second_round_whose_first_tier_waits_begins(world: World) -> None:
    patient = ContactChain("patient", (Route("a", (tier(3, "post:poc"),), repeat=2, wait=seconds(5)),))
    escalation = climb(world, patient)
    decide_for(world, 12)
    assert called(world, escalation) == ["post:poc", "post:poc"]
    assert_sound(world)


def test_a_tier_that_knows_already_is_passed(world: World) -> None:
    again = ContactChain(
        "again",
        (
            Route(
                "a",
                (
                    tier(0, "post:poc", "post:director", need=Need.ALL),
                    tier(2, "post:poc", need=Need.ALL),
                    tier(4, "post:ciso"),
                ),
                wait=seconds(60),
            ),
        ),
    )
    escalation = climb(world, again)
    world.desk.commit(world.person("k.sato"), escalations.acknowledge, escalation)
    # One of two has acknowledged; the second tier names only that one, who alone does not satisfy the first.
    decide_for(world, 5)
    assert view(world, escalation).next_due != world.clock.now() - seconds(3)


def test_silence_alone_moves_a_climb_and_says_so(world: World) -> None:
    waits_for_answer = ContactChain(
        "slow", (Route("a", (tier(0, "post:poc"), tier(2, "post:poc")), stop_on=StopOn.ANSWER, wait=seconds(9)),)
    )
    escalation = climb(world, waits_for_answer)
    edited = ContactChain(
        "slow", (Route("a", (tier(0, "post:poc"), tier(7, "post:poc")), stop_on=StopOn.ANSWER, wait=seconds(9)),)
    )
    use_chains(world, edited)  # somebody gives the tier more time while it is being climbed
    decide_for(world, 3)
    assert called(world, escalation) == ["post:poc"]
    decide_for(world, 5)
    assert called(world, escalation) == ["post:poc", "post:poc"]


def test_the_last_resort_of_one_route_outlives_the_acknowledgement_of_another(world: World) -> None:
    chain = ContactChain(
        "two",
        (
            Route("short", (tier(0, "post:director"),), wait=seconds(2)),
            Route("long", (tier(0, "post:poc"),), wait=seconds(60)),
        ),
        exhausted=tier(0, "post:ciso", by=("phone",)),
    )
    escalation = climb(world, chain)
    decide_for(world, 3)
    assert "call:post:ciso" in world.waiting()
    world.desk.commit(world.person("k.sato"), escalations.acknowledge, escalation)
    assert "call:post:ciso" in world.waiting()


def test_a_call_is_written_down_although_its_chain_was_taken_away(world: World) -> None:
    phone = ContactChain("phone", (Route("a", (tier(0, "post:ciso", by=("phone",)),), wait=seconds(60)),))
    escalation = climb(world, phone)
    use_chains(world)
    world.answer("call:post:ciso", "k.sato", "reached", "", spoke_with="本人", read_back="了解")
    assert view(world, escalation).ended_at == world.clock.now()
    assert world.kinds()[-2:] == ["CALL_ACKNOWLEDGED", "ESCALATION_ENDED"]
    with world.desk.read() as session:
        assert session.exec(select(EscalationRow.next_due)).all() == [None]
