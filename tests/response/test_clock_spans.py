"""The clock is set: waits, deadlines and messages to be tried again keep their span, none early, twice or never."""

from datetime import timedelta

import pytest

from csirt.model.step import StepState
from csirt.playbook import Disposition, Responder, Role, choose, seconds
from tests.plays import assert_sound, play_of, start, steps
from tests.response.test_outbox import busy, queue, use
from tests.world import World

STEPS = [timedelta(hours=1), -timedelta(hours=1), timedelta(days=3650), -timedelta(days=3)]


def waiting(respond: Responder) -> Disposition:
    respond.wait("a_while", duration=timedelta(seconds=10))
    return respond.close(Disposition.BENIGN)


def asking(respond: Responder) -> Disposition:
    respond.ask("agree", who=Role.OFFICER, within=seconds(10), at_deadline=choose("yes"))
    return respond.close(Disposition.BENIGN)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(("body", "key"), [(waiting, "a_while"), (asking, "agree")])
def test_a_wait_and_a_deadline_keep_their_span(world: World, step: timedelta, body: object, key: str) -> None:
    world.chores.decide()
    incident = start(world, play_of(body))  # type: ignore[arg-type]
    world.work()
    world.forward(timedelta(seconds=4))
    due = world.waiting(incident)[key].due_at if key == "agree" else None
    world.clock.at += step
    world.forward(timedelta(seconds=5))
    assert steps(world, incident)[key].state is StepState.OPEN
    if due:
        assert world.waiting(incident)[key].due_at == due + step  # what people are shown moves with it
    world.forward(timedelta(seconds=1))
    assert steps(world, incident)[key].state is StepState.DONE
    assert world.kinds(incident).count("TIMER_FIRED") == 1
    assert_sound(world)


@pytest.mark.parametrize("step", STEPS)
def test_a_message_that_is_tried_again_keeps_its_span(world: World, step: timedelta) -> None:
    line = use(world, busy)
    world.chores.decide()
    queue(world)
    world.chores.send()
    assert len(line.seen) == 1
    world.clock.at += step
    world.chores.decide()
    world.chores.send()
    assert len(line.seen) == 1  # not early
    world.clock.forward(timedelta(minutes=5))
    world.chores.decide()
    world.chores.send()
    assert len(line.seen) == 2
    assert_sound(world)
