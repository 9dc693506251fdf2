"""What the worker does, and how it dies."""

from datetime import timedelta

import pytest
from pytest_bdd import given, parsers, then, when

from csirt.errors import LeaseLost
from csirt.model.people import SYSTEM
from csirt.model.step import Json
from csirt.playbook.performance import perform
from csirt.response import assignments, runs, slow
from csirt.response.assignments import Reply
from tests.steps.plays import NEXT_VERSION, PLAYS
from tests.steps.story import Story


class PowerCut(BaseException):
    """No error: the process is gone, and nothing of it runs any more."""


@given("作業者が案件を引き受けたまま倒れている")
@when("作業者が案件を引き受けたまま倒れる")
def dies_with_a_run(story: Story) -> None:
    story.held = story.world.desk.commit(SYSTEM, runs.claim)
    assert story.held is not None


@when(parsers.parse("{who}が答えた直後、作業者が案件を引き受けたまま倒れる"))
def dies_after_an_answer(story: Story, who: str) -> None:
    waiting = story.world.waiting(story.incident)["agree"]
    story.world.desk.commit(story.who(who), assignments.answer, waiting.id, Reply("yes"))
    dies_with_a_run(story)


@when("作業者が処理の直後に倒れる")
def dies_after_an_effect(story: Story) -> None:
    dies_with_a_run(story)
    held = story.held
    assert held is not None

    def cut(_step: str, attempt: object) -> Json:
        assert callable(attempt)
        attempt()
        raise PowerCut

    desk = story.world.desk
    with pytest.raises(PowerCut):
        perform(desk.playbooks[held.playbook, held.version], desk.door, held, desk.hands, cut)


@when("作業者が遅い処理を引き受けたまま倒れる")
def dies_with_a_slow_action(story: Story) -> None:
    assert story.world.desk.commit(SYSTEM, slow.claim) is not None


@when("倒れた作業者が戻って続きを書こうとする")
def comes_back(story: Story) -> None:
    held, desk = story.held, story.world.desk
    assert held is not None
    try:
        perform(desk.playbooks[held.playbook, held.version], desk.door, held, desk.hands)
    except LeaseLost as error:
        story.refusal = error.code


@then("別の作業者はまだ引き受けられない")
def nobody_else_may(story: Story) -> None:
    assert story.world.passes() == []
    story.world.clock.forward(runs.LEASE - timedelta(seconds=1))
    assert story.world.passes() == []


@given("作業者が手順書を一度進めている")
@when("作業者が手順書を一度進める")
def one_pass(story: Story) -> None:
    assert len(story.world.passes()) == 1


@given(parsers.parse("{n:d}秒たっている"))
@when(parsers.parse("{n:d}秒たつ"))
def seconds_pass(story: Story, n: int) -> None:
    story.world.forward(timedelta(seconds=n))


@when(parsers.parse("{n:d}分たつ"))
def minutes_pass(story: Story, n: int) -> None:
    story.world.clock.forward(timedelta(minutes=n))
    story.world.work()


@when(parsers.parse("手順書が、版を変えずに「{name}」に書き換えられる"))
def rewritten(story: Story, name: str) -> None:
    story.world.add_playbook(PLAYS[name]()[0])


@when(parsers.parse("手順書「{name}」の版2が置かれる"))
def next_version(story: Story, name: str) -> None:
    story.world.add_playbook(NEXT_VERSION[name])


@when(parsers.parse("{who}が同じ種類の案件をもう一つ開く"))
def one_more(story: Story, who: str) -> None:
    story.open(who, "もう一つ", "drill")
