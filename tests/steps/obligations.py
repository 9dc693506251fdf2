"""Facts are stated, duties follow, reports are recorded: the words of stories about whom a city must tell by when."""

from datetime import UTC, date, datetime
from typing import Any

from pytest_bdd import given, parsers, then, when

from csirt.clock import JST
from csirt.model.duty import DutyState
from csirt.model.fact import FactKind, FactState, Statement, value_from
from csirt.response import duties, facts
from csirt.response.duties import Sent
from csirt.store.queries import duties as questions
from csirt.store.queries.duties import DutyView
from tests.steps.story import Story

STATES = {
    "確定": FactState.CONFIRMED,
    "推定": FactState.ESTIMATED,
    "調査中": FactState.INVESTIGATING,
    "不明": FactState.UNKNOWN,
}
FINDINGS = {"あり": "yes", "おそれ": "suspected", "なし": "no"}


def moment(text: str) -> datetime:
    """An instant on the clock of Japan."""
    return datetime.fromisoformat(text).replace(tzinfo=JST).astimezone(UTC)


@given(parsers.parse("時計は {at} を指している"))
@when(parsers.parse("{at} になる"))
def clock_shows(story: Story, at: str) -> None:
    story.world.clock.at = moment(at)


@given(parsers.parse("{who}が{type_}の案件「{title}」を起票している"))
def case_is_open(story: Story, who: str, type_: str, title: str) -> None:
    story.open(who, title, type_)


@given(parsers.parse("{who}が次の事実を記録している"))
@when(parsers.parse("{who}が次の事実を記録する"))
def facts_are_stated(story: Story, who: str, datatable: list[list[str]]) -> None:
    said = [_statement(story, *row) for row in datatable[1:]]
    story.attempt(story.who(who), facts.state, story.incident, said)
    assert not story.refusal


def _statement(story: Story, name: str, text: str, certainty: str) -> Statement:
    definition = story.world.desk.door.city.facts.definition(name)
    given: Any = FINDINGS.get(text, text)
    if not text:
        return Statement(name, STATES[certainty])
    if definition.kind is FactKind.TIME:
        given = moment(text).isoformat()
    elif definition.kind is FactKind.CHOICES:
        given = text.split("、")
    return Statement(name, STATES[certainty], value_from(definition, given))


def standing(story: Story) -> dict[str, DutyView]:
    """The duties of the case by rule."""
    return {one.rule: one for one in story.world.desk.look(questions.duties, story.incident)}


@then("次の義務が生じている")
def duties_stand(story: Story, datatable: list[list[str]]) -> None:
    found = standing(story)
    for rule, last_day, reason in datatable[1:]:
        assert found[rule].state is DutyState.OPEN, rule
        assert found[rule].last_day == (date.fromisoformat(last_day) if last_day != "速やかに" else None), rule
        assert reason in {one["code"] for one in found[rule].reasons}, rule


@then(parsers.parse("義務 {rules} はない"))
def duties_do_not_stand(story: Story, rules: str) -> None:
    found = {rule for rule, one in standing(story).items() if one.state is not DutyState.LAPSED}
    assert not found & set(rules.split("、"))


@then(parsers.parse("義務 {rule} は済んでいる"))
def duty_is_met(story: Story, rule: str) -> None:
    assert standing(story)[rule].state is DutyState.MET


@when(parsers.parse("{who}が {rule} の報告を{channel}で行ったと記録する"))
def report_is_recorded(story: Story, who: str, rule: str, channel: str) -> None:
    sent = Sent(channel, story.world.clock.now())
    story.attempt(story.who(who), duties.report, standing(story)[rule].id, sent)


@when(parsers.parse("{who}が、残っている報告を電話で行ったと記録する"))
def everything_is_reported(story: Story, who: str) -> None:
    for one in standing(story).values():
        if one.state is DutyState.OPEN:
            story.attempt(story.who(who), duties.report, one.id, Sent("phone", story.world.clock.now()))
    story.world.work()


@then(parsers.parse("{name} は第{versions}版まであり、前の値 {values} も残っている"))
def versions_stay(story: Story, name: str, versions: str, values: str) -> None:
    told = story.world.desk.look(facts.history, story.incident, name)
    assert [str(one.value) for one in told] == values.split("、")
    assert told[-1].version == int(versions)
