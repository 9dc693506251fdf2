"""The clock is set forwards and back: nobody is called early, twice, or never."""

from datetime import timedelta

import pytest

from csirt.chores import Chores
from csirt.model.contact import ContactChain, Route
from tests.plays import assert_sound
from tests.response.test_climbing_on import called, climb, decide_for, seconds, tier
from tests.world import World

CHAIN = ContactChain("one", (Route("a", (tier(0, "post:poc"), tier(8, "post:director")), wait=seconds(60)),))


@pytest.mark.parametrize("step", [timedelta(hours=1), -timedelta(hours=1), timedelta(days=3650), -timedelta(days=3)])
def test_whoever_waits_goes_on_waiting_as_long_as_the_chain_says(world: World, step: timedelta) -> None:
    world.chores.decide()
    escalation = climb(world, CHAIN)
    decide_for(world, 4)
    world.clock.at += step  # the other clock does not move
    decide_for(world, 3)
    assert called(world, escalation) == ["post:poc"]
    decide_for(world, 1)
    assert sorted(called(world, escalation)) == ["post:director", "post:poc"]
    decide_for(world, 30)
    assert sorted(called(world, escalation)) == ["post:director", "post:poc"]
    assert world.kinds().count("CLOCK_STEPPED") == 1
    assert_sound(world)


def test_a_worker_that_starts_after_the_step_finds_it_and_a_second_one_does_not_find_it_again(world: World) -> None:
    world.chores.decide()
    escalation = climb(world, CHAIN)
    world.clock.at -= timedelta(hours=2)
    for _ in range(2):
        Chores(world.desk).decide()
    decide_for(world, 7)
    assert called(world, escalation) == ["post:poc"]
    decide_for(world, 1)
    assert sorted(called(world, escalation)) == ["post:director", "post:poc"]
    assert world.kinds().count("CLOCK_STEPPED") == 1


def test_drift_is_no_step(world: World) -> None:
    world.chores.decide()
    for _ in range(5):
        world.clock.at += timedelta(seconds=0.3)
        world.chores.decide()
    assert "CLOCK_STEPPED" not in world.kinds()
