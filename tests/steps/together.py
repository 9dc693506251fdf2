"""Sentences about working together: who has what in hand, and what cannot be done."""

from pytest_bdd import parsers, then, when

from csirt.response import holding
from tests.steps.story import Story


@when(parsers.re(r"(?P<who>\S+?)が (?P<step>\w+) を引き受ける"))
def claim(story: Story, who: str, step: str) -> None:
    story.attempt(story.who(who), holding.claim, story.world.waiting(story.incident)[step].id)


@when(parsers.re(r"(?P<who>\S+?)が (?P<step>\w+) を(?P<to>\S+?)に「(?P<note>.+)」と引き継ぐ"))
def hand_over(story: Story, who: str, step: str, to: str, note: str) -> None:
    waiting = story.world.waiting(story.incident)[step]
    story.attempt(story.who(who), holding.hand_over, waiting.id, story.who(to).id, note)


@when(parsers.re(r"(?P<who>\S+?)が (?P<step>\w+) を取り戻す"))
def take_back(story: Story, who: str, step: str) -> None:
    story.attempt(story.who(who), holding.take_back, story.world.waiting(story.incident)[step].id)


@when(parsers.re(r"(?P<who>\S+?)が (?P<step>\w+) は「(?P<why>.+)」のでできないと伝える"))
def refer(story: Story, who: str, step: str, why: str) -> None:
    story.attempt(story.who(who), holding.refer, story.world.waiting(story.incident)[step].id, why)


@when(parsers.re(r"(?P<who>\S+?)が (?P<step>\w+) を「(?P<how>.+)」と元の担当へ戻す"))
def send_back(story: Story, who: str, step: str, how: str) -> None:
    story.attempt(story.who(who), holding.send_back, story.world.waiting(story.incident)[step].id, how)


@then(parsers.re(r"(?P<step>\w+) は(?P<who>\S+?)が担当している"))
def in_hand(story: Story, step: str, who: str) -> None:
    assert story.world.waiting(story.incident)[step].taken_by == story.who(who).id


@then(parsers.re(r"(?P<step>\w+) は (?P<party>\S+) に求められている"))
def asked_of(story: Story, step: str, party: str) -> None:
    assert story.world.waiting(story.incident)[step].who == party
