"""A step's name is its key in the record; an answer is taken only if it fits the question."""

from collections.abc import Callable

import pytest

from csirt.errors import Invalid
from csirt.playbook import Responder, Role, seconds
from tests.plays import agree, entries, leave_mark, play_of, start, stopped_by
from tests.world import World


def test_another_kind_of_step_under_a_recorded_name_is_drift(world: World) -> None:
    def later(respond: Responder) -> None:
        respond.wait("agree", duration=seconds(1))

    incident = start(world, play_of(agree))
    world.work()
    world.add_playbook(play_of(later))
    world.answer("agree", "k.sato", "yes")
    world.work()
    stop = entries(world, incident, "RUN_STOPPED")[0]
    assert (stop.out["code"], stop.step) == ("playbook_drift", "agree")


AGAIN: dict[str, Callable[[Responder], object]] = {
    "the same kind": lambda respond: respond.do(leave_mark),
    "a question": lambda respond: respond.ask("leave_mark", who=Role.OFFICER),
    "a pause": lambda respond: respond.wait("leave_mark", duration=seconds(1)),
    "the same item": lambda respond: respond.for_each(["a", "a"], lambda r, _: r.do(leave_mark)),
}


def test_a_name_used_twice_is_never_given_another_steps_outcome(world: World) -> None:
    for case, again in AGAIN.items():

        def body(respond: Responder, again: Callable[[Responder], object] = again) -> None:
            respond.do(leave_mark)
            again(respond)

        incident = start(world, play_of(body))
        world.work()
        assert (stopped_by(world, incident), world.waiting(incident)) == ("playbook_drift", {}), case


def test_a_name_that_is_no_name_stops_the_run(world: World) -> None:
    for name in ("", "Große", "判断", "a b", "x" * 65, "1st", "a[b c]"):
        incident = start(world, play_of(lambda respond, name=name: agree(respond, name)))  # type: ignore[misc]
        world.work()
        assert stopped_by(world, incident) == "step_key_malformed", name


def test_a_step_that_the_code_no_longer_reaches_is_drift(world: World) -> None:
    def later(respond: Responder) -> None:
        agree(respond, "another")

    incident = start(world, play_of(agree))
    world.work()
    world.add_playbook(play_of(later))
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert stopped_by(world, incident) == "playbook_drift"


MISFITS: list[tuple[str, str, dict[str, str], str]] = [
    ("perhaps", "理由", {}, "choice_unknown"),
    ("approve", "理由", {}, "choice_unknown"),
    ("no", " \n", {}, "reason_missing"),
    ("no", "あ" * 4001, {}, "text_too_long"),
    ("yes", "", {"other": "x"}, "field_unknown"),
    ("yes", "", {"done_at": "あ" * 4001}, "text_too_long"),
    ("yes", "番号は 1234-5678-9018", {}, "my_number_refused"),
    ("yes", "", {"done_at": "123456789018"}, "my_number_refused"),
]


def test_an_answer_that_does_not_fit_is_refused_and_the_step_stays_open(world: World) -> None:
    body = play_of(lambda respond: respond.ask("agree", who=Role.OFFICER, fields=["done_at"]))
    incident = start(world, body)
    world.work()
    before = world.kinds()
    for choice, reason, fields, code in MISFITS:
        with pytest.raises(Invalid) as refused:
            world.answer("agree", "k.sato", choice, reason, **fields)
        assert refused.value.code == code
    assert (world.kinds(), set(world.waiting(incident))) == (before, {"agree"})
