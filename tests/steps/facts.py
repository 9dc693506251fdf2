"""What people find out and state of a case, and what the fact sheet then says."""

from pytest_bdd import parsers, then, when

from csirt.model.fact import FactState, Statement
from csirt.model.step import StepKind
from csirt.response import assignments, facts
from csirt.response.assignments import Reply
from csirt.store.tx import Look
from tests.plays import steps
from tests.steps.story import Story

STATES = {"推定": FactState.ESTIMATED, "確定": FactState.CONFIRMED}


@when(parsers.re(r"(?P<who>\S+)が (?P<step>\S+) に「(?P<words>[^」]*)」と答え、人数は書かない"))
def answer_without_count(story: Story, who: str, step: str, words: str) -> None:
    waiting = story.world.waiting(story.incident)[step]
    story.attempt(story.who(who), assignments.answer, waiting.id, Reply(story.choice(waiting, words), "調査中。"))


@when(parsers.re(r"(?P<who>\S+)が、本人の数を(?P<state>推定|確定)で(?P<count>\d+)人とする"))
def state_head_count(story: Story, who: str, state: str, count: str) -> None:
    story.attempt(story.who(who), facts.state, story.incident, [Statement("head_count", STATES[state], int(count))])


@then(parsers.re(r"事実 (?P<name>\S+) は(?P<state>推定|確定)で「(?P<value>[^」]*)」である"))
def fact_is(story: Story, name: str, state: str, value: str) -> None:
    def sheet(look: Look) -> tuple[FactState, str]:
        found = facts.current(look, story.incident)[name]
        return found.state, str(found.value)

    assert story.world.desk.look(sheet) == (STATES[state], value)
    taken = steps(story.world, story.incident)
    assert {step.kind for key, step in taken.items() if key.startswith("note_")} == {StepKind.DO}
