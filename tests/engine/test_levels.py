"""Who sets the level: the post that the level asks for, also when it is not the proposed one."""

import pytest

from csirt.errors import Forbidden, Invalid
from csirt.model.incident import Level
from csirt.response import assignments
from csirt.response.assignments import Reply
from csirt.store.queries import cases
from tests.plays import signed_in
from tests.world import World


def agreed(world: World, proposed: str) -> str:
    """An incident whose level was proposed and refused by the post that it asks for."""
    incident = world.open()
    world.work()
    world.answer("is_it_an_incident", "k.sato", "yes")
    world.work()
    world.answer("propose_level", "k.sato", proposed)
    world.work()
    return incident


def test_a_post_may_lower_what_was_proposed(world: World) -> None:
    incident = agreed(world, "level_3")
    world.answer("confirm_level", "a.kobayashi", "refuse")
    world.work()
    world.answer("set_level_instead", "a.kobayashi", "level_1")
    world.work()
    assert world.desk.look(cases.incident, incident).level is Level.MINOR


@pytest.mark.parametrize(("words", "level"), [("approve", Level.CRISIS), ("refuse", Level.GRAVE)])
def test_a_higher_level_belongs_to_the_post_above(world: World, words: str, level: Level) -> None:
    incident = agreed(world, "level_3")
    world.answer("confirm_level", "a.kobayashi", "refuse")
    world.work()
    world.answer("set_level_instead", "a.kobayashi", "level_4")
    world.work()
    assert world.desk.look(cases.incident, incident).level is None
    assert world.waiting()["confirm_higher_level"].who == "post:mayor"
    world.answer("confirm_higher_level", "t.uzushio", words)
    world.work()
    assert world.desk.look(cases.incident, incident).level is level


def test_whoever_chose_the_higher_level_may_not_confirm_it(world: World) -> None:
    agreed(world, "level_3")
    world.answer("confirm_level", "a.kobayashi", "refuse")
    world.work()
    world.answer("set_level_instead", "a.kobayashi", "level_4")
    world.work()
    waiting = world.waiting()["confirm_higher_level"]
    with pytest.raises(Forbidden, match="four_eyes"):  # the CISO deputises for the mayor, and asked for it
        signed_in_answer(world, "a.kobayashi", waiting.id)


def signed_in_answer(world: World, uid: str, assignment: str) -> None:
    """Somebody answers as themselves, not by local administration."""
    world.desk.commit(signed_in(world, uid), assignments.answer, assignment, Reply("approve", "理由"))


def test_a_field_that_no_form_has_is_refused(world: World) -> None:
    incident = agreed(world, "level_3")
    world.answer("confirm_level", "a.kobayashi", "approve")
    world.work()
    with pytest.raises(Invalid, match="field_invalid"):
        world.answer("isolate_terminal", "m.takahashi", "done", done_at={"番号": "123456789018"})
    assert "isolate_terminal" in world.waiting(incident)
