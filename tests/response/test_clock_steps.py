"""The clock is set forwards and back: nobody is called early, twice, or never."""

from datetime import datetime, timedelta

import pytest

from csirt.chores import Chores
from csirt.errors import Unavailable
from csirt.model.contact import ContactChain, Route
from csirt.model.people import SYSTEM
from csirt.playbook import Responder
from csirt.response import circuits
from csirt.store.tables.outbox import CircuitRow
from csirt.store.tx import Look
from tests.plays import assert_sound, failing, play_of, start, steps
from tests.response.test_climbing_on import called, climb, decide_for, seconds, tier
from tests.response.test_outbox import A_MINUTE, busy, queue, use
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


@pytest.mark.parametrize("step", [timedelta(hours=1), -timedelta(hours=1)])
def test_a_message_that_waits_for_its_next_try_waits_no_longer_and_no_shorter(world: World, step: timedelta) -> None:
    world.chores.decide()
    line = use(world, busy)
    queue(world)
    world.chores.send()
    world.clock.at += step
    world.chores.keep_house()  # nothing is due: nobody else would look
    world.chores.send()
    assert len(line.seen) == 1
    world.clock.forward(A_MINUTE)
    world.chores.send()
    assert len(line.seen) == 2


@pytest.mark.parametrize("step", [timedelta(hours=1), -timedelta(hours=1)])
def test_waits_and_tries_of_a_run_and_a_pause_of_a_channel_last_as_long_as_they_were_meant_to(
    world: World, step: timedelta
) -> None:
    world.chores.decide()
    fetch = failing(lambda: Unavailable("outside_down"), failures=1)

    def body(respond: Responder) -> None:
        respond.side_by_side(lambda r: r.do(fetch), lambda r: r.wait("rest", duration=seconds(20)))

    incident = start(world, play_of(body))
    world.work()
    for _ in range(5):
        world.desk.commit(SYSTEM, circuits.note, "mail", "mail_server_unreachable", is_down=True)
    before = world.desk.look(until_of)
    world.clock.at += step
    world.chores.keep_house()
    world.work()
    assert {key: one.state for key, one in steps(world, incident).items()} == {"fetch": "open", "rest": "open"}
    assert before is not None
    assert world.desk.look(until_of) == before + step
    world.forward(seconds(3))
    assert {key: one.state for key, one in steps(world, incident).items()} == {"fetch": "done", "rest": "open"}
    world.forward(seconds(18))
    assert steps(world, incident)["rest"].state == "done"
    assert_sound(world)


def until_of(look: Look) -> datetime | None:
    row = look.session.get(CircuitRow, "mail")
    return row.until if row else None
