"""Where a story begins."""

from dataclasses import replace
from datetime import timedelta

from pytest_bdd import given, parsers

from csirt.model.people import SYSTEM, Role
from csirt.response import people
from tests.plays import start
from tests.steps.plays import PLAYS
from tests.steps.story import TITLE, Story


@given(parsers.parse("{who}がランサムウェアの案件を開いている"))
def ransomware_case(story: Story, who: str) -> None:
    story.open(who, TITLE)


@given(parsers.parse("{who}が「{title}」という案件を開いている"))
def titled_case(story: Story, who: str, title: str) -> None:
    story.open(who, title)


@given("ランサムウェアの案件も開いている")
def another_case(story: Story) -> None:
    story.beside = story.world.open()
    story.world.work()


@given(parsers.parse("「{name}」手順書の案件が、まだ手つかずで開いている"))
def untouched_case(story: Story, name: str) -> None:
    play, actions = PLAYS[name]()
    story.incident = start(story.world, play, *actions)


@given(parsers.parse("「{name}」手順書の案件が開いている"))
def case_of(story: Story, name: str) -> None:
    untouched_case(story, name)
    story.world.work()


@given("ランサムウェアの案件が、再接続の提案まで進んでいる")
def case_before_reconnection(story: Story) -> None:
    story.open("窓口の佐藤")
    story.answer("窓口の佐藤", "is_it_an_incident", "yes")
    contained(story)
    story.phone_every_office("窓口の佐藤")
    reported(story)
    story.answer("情報システム管理者の高橋", "rebuild_terminal", "done")


@given("案件が、連絡先の応答を除いて終結の同意まで進んでいる")
def case_before_closing(story: Story) -> None:
    contained(story)
    story.world.forward(timedelta(seconds=40))
    assert "call:office:mic-cyber" in story.world.waiting(story.incident)
    reported(story)
    story.answer("情報システム管理者の高橋", "rebuild_terminal", "done")
    story.answer("CSIRT責任者の渡辺", "propose_reconnection", "do_not_propose")
    story.answer("CSIRT責任者の渡辺", "set_measures", "done")


def contained(story: Story) -> None:
    """From the decision that it is an incident to where the terminal is safe."""
    for who, step, words in (
        ("窓口の佐藤", "propose_level", "level_3"),
        ("CISOの小林", "confirm_level", "approve"),
        ("情報システム管理者の高橋", "isolate_terminal", "done"),
        ("部長の中村", "cut_segment", "do_not_cut"),
        ("情報システム管理者の高橋", "shield_backups", "done"),
        ("情報システム管理者の高橋", "secure_evidence", "done"),
        ("個人情報担当の加藤", "personal_data_touched", "no"),
        ("窓口の佐藤", "consult_police", "done"),
    ):
        story.answer(who, step, words)


def reported(story: Story) -> None:
    """Prefecture and ministry were told all there is."""
    story.answer("窓口の佐藤", "send_report[report.2]", "sent_last")
    story.answer("CSIRT責任者の渡辺", "agree_no_more_reports[report.2]", "approve")


@given(parsers.parse("職 {post} に就いている人がいない"))
def vacant_post(story: Story, post: str) -> None:
    known, posts = story.world.desk.directory.people(), dict(story.world.desk.directory.posts())
    posts[post] = replace(posts[post], holder=None, deputies=())
    story.world.desk.commit(SYSTEM, people.refresh, known, posts)


@given("窓口の佐藤と同じ係の鈴木も窓口である")
def second_officer(story: Story) -> None:
    known, posts = dict(story.world.desk.directory.people()), story.world.desk.directory.posts()
    for uid, person in known.items():
        if person.uid == "h.suzuki":
            known[uid] = replace(person, roles=frozenset({Role.OFFICER}))
    story.world.desk.commit(SYSTEM, people.refresh, known, posts)
