"""Every verb of a playbook: done once, replayed by its name from then on, whatever stands beside it."""

from datetime import timedelta
from typing import Any

import pytest

from csirt.errors import Forbidden, Invalid
from csirt.model.step import DONE_OR_CANNOT, Choice, Json, StepKind
from csirt.playbook import Answer, Disposition, Responder, Role, minutes, seconds
from csirt.store.queries import cases, work
from tests.plays import (
    agree,
    assert_sound,
    effects,
    entries,
    leave_mark,
    leave_slow_mark,
    play_of,
    start,
    steps,
    stopped_by,
    times,
)
from tests.world import World


def test_do_acts_once_and_gives_the_same_value_in_every_pass(world: World) -> None:
    seen: list[Json] = []

    def body(respond: Responder) -> Disposition:
        seen.append(respond.do(leave_mark))
        seen.append(respond.do(leave_mark, name="again"))
        agree(respond)
        agree(respond, "agree_again")
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    for step in ("agree", "agree_again"):
        world.work()
        world.answer(step, "k.sato", "yes")
    world.work()
    assert seen == seen[:2] * 3
    assert list(effects(world.desk.settings.data).values()) == [1, 1]
    assert times(world, incident)["STEP_DONE", "leave_mark"] == 1
    assert times(world, incident)["STEP_DONE", "again"] == 1
    assert_sound(world)


def test_ask_gives_back_what_was_answered_and_by_whom(world: World) -> None:
    answers: list[Answer] = []

    def body(respond: Responder) -> Disposition:
        choices = (Choice("opened"), Choice("unknown", needs_reason=True))
        answers.append(respond.ask("which", who=Role.RESPONDER, choices=choices, fields=["done_at"]))
        agree(respond)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    world.clock.forward(minutes(3))
    answered_at = world.clock.now()
    world.answer("which", "y.tanaka", "unknown", "調べている", done_at="10:03")
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert (
        answers
        == [
            Answer("unknown", "調べている", {"done_at": "10:03"}, world.person("y.tanaka").id, answered_at),
        ]
        * 2
    )
    assert times(world, incident)["STEP_OPENED", "which"] == 1


def test_ask_all_stands_open_together_and_keeps_its_order(world: World) -> None:
    answers: list[list[Answer]] = []

    def body(respond: Responder) -> Disposition:
        names = ("first", "second", "third")
        answers.append(respond.ask_all(*(lambda r, name=name: agree(r, name) for name in names)))
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    assert set(world.waiting(incident)) == {"first", "second", "third"}
    for step in ("third", "first", "second"):
        assert answers == []
        world.answer(step, "k.sato", "yes", step)
        world.work()
    assert [answer.reason for answer in answers[0]] == ["first", "second", "third"]
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"


def test_approve_refuses_whoever_asked_and_is_replayed(world: World) -> None:
    choices: list[str] = []

    def body(respond: Responder) -> Disposition:
        respond.ask("propose", who="post:ciso", choices=DONE_OR_CANNOT)
        choices.append(respond.approve("approve_it", who="post:ciso", asked_in=["propose"]).choice)
        agree(respond)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    world.answer("propose", "t.nakamura", "done")
    world.work()
    with pytest.raises(Forbidden, match="four_eyes"):
        world.answer("approve_it", "t.nakamura", "approve")
    world.answer("approve_it", "a.kobayashi", "refuse", "まだ早い")
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert choices == ["refuse", "refuse"]
    assert steps(world, incident)["approve_it"].kind is StepKind.APPROVE


def test_an_approval_of_nothing_stops_the_run(world: World) -> None:
    incident = start(world, play_of(lambda respond: respond.approve("alone", who="post:ciso", asked_in=[])))
    world.work()
    assert stopped_by(world, incident) == "approval_of_nothing"


def test_tell_sends_once_and_says_to_how_many(world: World) -> None:
    told: list[Json] = []

    def body(respond: Responder) -> Disposition:
        told.append(respond.tell("inform", who=["post:poc", "post:ciso", "post:nobody"], by=["mail", "phone"]))
        agree(respond)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert told == [{"told": 4}] * 2
    assert times(world, incident)["MESSAGE_QUEUED", "inform"] == 4
    assert [entry.out["code"] for entry in entries(world, incident, "TIER_SKIPPED")] == ["post_unknown"]


def test_reach_ends_with_its_chain_and_gives_how_each_route_ended(world: World) -> None:
    ended: list[Json] = []

    def body(respond: Responder) -> Disposition:
        ended.append(respond.reach("national", template="first_report", name="report"))
        agree(respond)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    assert ended == []
    for office in ("pref-security", "mic-cyber", "soc"):
        world.answer(f"call:office:{office}", "k.sato", "reached", spoke_with="当直", read_back="復唱")
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert ended == [dict.fromkeys(("ladder", "direct", "soc"), "acknowledged")] * 2
    assert times(world, incident)["ESCALATION_STARTED", "report"] == 1


def test_for_each_adds_the_item_to_every_name(world: World) -> None:
    results: list[list[str]] = []

    def one(respond: Responder, host: str) -> str:
        respond.do(leave_mark)
        return respond.ask("isolate", who=Role.SYSTEM_MANAGER, showing=["leave_mark", "agree"]).choice

    def body(respond: Responder) -> Disposition:
        agree(respond)
        results.append(respond.for_each(["pc-2", "pc-1"], one))
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    open_now = world.waiting(incident)
    assert set(open_now) == {"isolate[pc-1]", "isolate[pc-2]"}
    assert open_now["isolate[pc-1]"].showing == ("leave_mark[pc-1]", "agree")  # its own step, and the one outside
    world.answer("isolate[pc-1]", "m.takahashi", "no")
    world.work()
    world.answer("isolate[pc-2]", "m.takahashi", "yes")
    world.work()
    assert results == [["yes", "no"]]
    assert len(effects(world.desk.settings.data)) == 2


def test_four_eyes_hold_within_an_item(world: World) -> None:
    def one(respond: Responder, host: str) -> None:
        respond.ask("propose", who="post:ciso", choices=DONE_OR_CANNOT)
        respond.approve("approve_it", who="post:ciso", asked_in=["propose"])

    def body(respond: Responder) -> Disposition:
        respond.for_each(["pc-1", "pc-2"], one)
        return respond.close(Disposition.BENIGN)

    start(world, play_of(body))
    world.work()
    world.answer("propose[pc-1]", "t.nakamura", "done")
    world.answer("propose[pc-2]", "a.kobayashi", "done")
    world.work()
    with pytest.raises(Forbidden, match="four_eyes"):
        world.answer("approve_it[pc-1]", "t.nakamura", "approve")
    world.answer("approve_it[pc-2]", "t.nakamura", "approve")


def test_wait_rests_until_its_time_and_no_pass_sets_it_again(world: World) -> None:
    def body(respond: Responder) -> Disposition:
        respond.side_by_side(lambda r: r.wait("pause", duration=seconds(30)), agree)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    world.forward(seconds(10))
    world.answer("agree", "k.sato", "yes")
    world.forward(seconds(19))
    assert "INCIDENT_CLOSED" not in world.kinds(incident)
    world.forward(seconds(1))
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"
    set_, fired = entries(world, incident, "TIMER_SET"), entries(world, incident, "TIMER_FIRED")
    assert [fired[0].at - set_[0].at, len(set_), len(fired)] == [timedelta(seconds=30), 1, 1]


def test_close_ends_run_and_case_in_one_commit(world: World) -> None:
    incident = start(world, play_of(lambda respond: respond.close(Disposition.FALSE_POSITIVE, because="誤検知")))
    world.work()
    last = world.told(incident)[-1]
    assert (last.kind.value, last.out["disposition"], last.texts["because"]) == (
        "INCIDENT_CLOSED",
        "false_positive",
        "誤検知",
    )
    assert world.passes() == []


def test_nothing_follows_after_close(world: World) -> None:
    def body(respond: Responder) -> Disposition:
        respond.close(Disposition.BENIGN)
        agree(respond)
        return Disposition.BENIGN

    incident = start(world, play_of(body))
    world.work()
    assert world.waiting(incident) == {}
    assert stopped_by(world, incident) == "playbook_drift"


def test_a_playbook_that_does_not_close_leaves_the_case_to_people(world: World) -> None:
    incident = start(world, play_of(lambda _: None))
    world.work()
    assert world.kinds(incident)[-1] == "RUN_ENDED"
    assert world.desk.look(cases.incident, incident).status.value == "open"


# -------------------------------------------------------------------------------------------------------- side by side


def test_branches_within_branches_each_go_as_far_as_they_can(world: World) -> None:
    results: list[list[Any]] = []

    def inner(respond: Responder) -> list[Json]:
        return respond.side_by_side(
            lambda r: r.do(leave_slow_mark), lambda r: r.do(leave_mark), lambda r: agree(r, "inner").choice
        )

    def body(respond: Responder) -> Disposition:
        results.append(respond.side_by_side(inner, lambda r: agree(r, "outer").choice))
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body), leave_slow_mark)
    world.passes()
    assert set(world.waiting(incident)) == {"inner", "outer"}  # while the slow action has not even begun
    assert times(world, incident)["STEP_DONE", "leave_mark"] == 1
    assert times(world, incident)["STEP_STARTED", "leave_slow_mark"] == 0
    world.answer("outer", "k.sato", "no")
    world.answer("inner", "k.sato", "yes")
    world.work()
    run = entries(world, incident, "RUN_ORDERED")[0].run
    slow, quick = ({"ticket": f"mark-{run}-{name}.json"} for name in ("leave_slow_mark", "leave_mark"))
    assert results == [[[slow, quick, "yes"], "no"]]
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"


def test_a_branch_that_fails_does_not_hold_up_the_others(world: World) -> None:
    def fail(respond: Responder) -> None:
        raise Invalid("value_malformed", step="decide")

    def go_on(respond: Responder) -> None:
        respond.do(leave_mark)
        agree(respond)

    def body(respond: Responder) -> None:
        respond.side_by_side(lambda r: r.side_by_side(fail, go_on), lambda r: agree(r, "beside"))

    incident = start(world, play_of(body))
    beside = world.open(title="別の案件")
    world.work()
    assert stopped_by(world, incident) == "value_malformed"
    assert set(world.waiting(incident)) == {"agree", "beside"}
    assert len(effects(world.desk.settings.data)) == 1
    world.answer("agree", "k.sato", "yes")  # people go on by hand; the run does not come back
    world.work()
    assert len(entries(world, incident, "RUN_STOPPED")) == 1
    assert "is_it_an_incident" in world.waiting(beside)
    mails = [call.template for call in world.desk.look(work.deliveries, incident=incident)]
    assert mails == ["run_stopped", "run_stopped"]
