"""Sentences about working together: who has what in hand, and what cannot be done."""

from pytest_bdd import parsers, then, when

from csirt.model.people import Actor, parties_of
from csirt.response import asking, assignments, errands, holding
from csirt.response.assignments import Reply
from csirt.store.queries import cases, work
from csirt.store.queries.work import AssignmentView
from tests.plays import entries, signed_in
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


def acting(story: Story, post: str, place: int) -> Actor:
    """The holder of a post (0), or a deputy."""
    of = story.world.desk.directory.posts()[post].acting_order[place]
    return signed_in(story.world, next(one.uid for one in story.world.desk.directory.people().values() if one.id == of))


def to_see(story: Story, post: str) -> list[AssignmentView]:
    found = story.world.desk.look(work.assignments, who=parties_of(acting(story, post, 0)))
    return [one for one in found if one.kind == "review"]


@when(parsers.re(r"(?P<post>\w+) の代理が (?P<step>\w+) に「(?P<choice>\w+)」と答える"))
def by_deputy(story: Story, post: str, step: str, choice: str) -> None:
    waiting = story.world.waiting(story.incident)[step]
    story.attempt(acting(story, post, 1), assignments.answer, waiting.id, Reply(choice, "急を要する。"))


@when(parsers.re(r"(?P<post>\w+) の職にある人が (?P<step>\w+) を後閲する"))
def see(story: Story, post: str, step: str) -> None:
    (one,) = to_see(story, post)
    assert one.step == step
    story.attempt(acting(story, post, 0), assignments.answer, one.id, Reply("seen"))


@then(parsers.re(r"最後の回答は (?P<post>\w+) の代決と記録されている"))
def by_proxy(story: Story, post: str) -> None:
    assert entries(story.world, story.incident, "STEP_ANSWERED")[-1].out["proxy"] == post


@then(parsers.re(r"(?P<post>\w+) の職にある人に、(?P<step>\w+) の後閲が残っている"))
def left_to_see(story: Story, post: str, step: str) -> None:
    assert [one.step for one in to_see(story, post)] == [step]


@then(parsers.re(r"(?P<post>\w+) の職にある人に、後閲は残っていない"))
def nothing_to_see(story: Story, post: str) -> None:
    assert to_see(story, post) == []


def errand(story: Story, text: str) -> AssignmentView:
    (found,) = [one for one in story.world.desk.look(work.assignments, incident=story.incident) if one.text == text]
    return found


@when(parsers.re(r"(?P<who>\S+?)が(?P<of>\S+?)に「(?P<text>.+)」を終結に必要なこととして依頼する"))
def ask(story: Story, who: str, of: str, text: str) -> None:
    to = story.who(of).id
    story.attempt(story.who(who), asking.ask, story.incident, text, to, None, necessary=True)


@when(parsers.re(r"(?P<who>\S+?)が「(?P<text>.+)」を済ませる"))
def do_errand(story: Story, who: str, text: str) -> None:
    story.attempt(story.who(who), assignments.answer, errand(story, text).id, Reply("done"))


@when(parsers.re(r"(?P<who>\S+?)が「(?P<text>[^」]+)」を「(?P<why>.+)」として取りやめる"))
def waive(story: Story, who: str, text: str, why: str) -> None:
    story.attempt(story.who(who), errands.waive, errand(story, text).id, why)


@then(parsers.re(r"(?P<who>\S+?)の作業に「(?P<text>.+)」がある"))
def on_the_list(story: Story, who: str, text: str) -> None:
    found = story.world.desk.look(work.assignments, who=parties_of(story.who(who)))
    assert text in {one.text for one in found}


@then("案件は開いている")
def still_open(story: Story) -> None:
    assert story.world.desk.look(cases.incident, story.incident).status == "open"
