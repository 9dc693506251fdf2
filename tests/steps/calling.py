"""Who is called in whose place, and when: absences, missing contact points, nights and holidays."""

from dataclasses import replace
from datetime import timedelta

from pytest_bdd import given, parsers, then, when

from csirt.model.people import SYSTEM
from csirt.response import absences, people
from csirt.store.queries import work
from tests.steps.story import Story


@given(parsers.parse("{who}が今日から{days:d}日間不在である"))
def is_away(story: Story, who: str, days: int) -> None:
    actor, now = story.who(who), story.world.clock.now()
    story.world.desk.commit(actor, absences.enter, actor.id, now, now + timedelta(days=days))


@given(parsers.parse("{who}には連絡手段がない"))
def has_no_contact_point(story: Story, who: str) -> None:
    known, posts = dict(story.world.desk.directory.people()), story.world.desk.directory.posts()
    person = story.who(who).id
    known[person] = replace(known[person], points=())
    story.world.desk.commit(SYSTEM, people.refresh, known, posts)


@when(parsers.parse("{who}がランサムウェアの案件を開く"))
def opens_case(story: Story, who: str) -> None:
    story.open(who)


@then(parsers.parse("最初の連絡は、{nobody}ではなく{somebody}に届いている"))
def first_call_goes_to(story: Story, nobody: str, somebody: str) -> None:
    calls = story.world.desk.look(work.escalations, incident=story.incident)[0].calls
    called = {call.person for call in calls}
    assert story.who(somebody).id in called
    assert story.who(nobody).id not in called
