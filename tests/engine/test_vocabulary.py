"""Every verb of a playbook: done once, replayed by its name from then on, whatever stands beside it."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from csirt.errors import Conflict, Invalid, Unavailable
from csirt.model.step import DONE_OR_CANNOT, Choice, Json, StepKind
from csirt.playbook import Act, Answer, Disposition, Playbook, Responder, Role, action, minutes, playbook, seconds
from csirt.store.queries import cases, work
from tests.plays import assert_sound, effects, entries, failing, leave_mark, leave_slow_mark, start, steps, times
from tests.world import World

Body = Callable[[Responder], Disposition | None]


def play_of(body: Body, version: int = 1) -> Playbook:
    """A playbook named as the function `play`, whatever its body is."""

    def play(respond: Responder) -> Disposition | None:
        return body(respond)

    return playbook(handles="drill", version=version)(play)


def agree(respond: Responder, name: str = "agree") -> Answer:
    """A question that makes another pass follow."""
    return respond.ask(name, who=Role.OFFICER)


def stopped_by(world: World, incident: str) -> str:
    """The code in the one entry that says why a run stopped."""
    found = entries(world, incident, "RUN_STOPPED")
    assert len(found) == 1
    return str(found[0].out["code"])


# ------------------------------------------------------------------------------------------------- each verb, replayed


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
    assert answers == [
        Answer("unknown", "調べている", {"done_at": "10:03"}, world.person("y.tanaka").id, answered_at),
    ] * 2
    assert times(world, incident)["STEP_OPENED", "which"] == 1


def test_ask_all_stands_open_together_and_keeps_its_order(world: World) -> None:
    answers: list[list[Answer]] = []

    def body(respond: Responder) -> Disposition:
        names = ("first", "second", "third")
        answers.append(respond.ask_all(*(lambda r, name=name: agree(r, name) for name in names)))  # type: ignore[misc]
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
    with pytest.raises(Exception, match="four_eyes"):
        world.answer("approve_it", "t.nakamura", "approve")
    world.answer("approve_it", "a.kobayashi", "refuse", "まだ早い")
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert choices == ["refuse", "refuse"]
    assert steps(world, incident)["approve_it"].kind is StepKind.APPROVE


def test_an_approval_of_nothing_stops_the_run(world: World) -> None:
    incident = start(world, play_of(lambda respond: respond.approve("alone", who="post:ciso", asked_in=[]) and None))
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


def test_an_unknown_chain_stops_the_run(world: World) -> None:
    incident = start(world, play_of(lambda respond: respond.reach("nowhere", template="notice") and None))
    world.work()
    assert stopped_by(world, incident) == "chain_unknown"


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
    with pytest.raises(Exception, match="four_eyes"):
        world.answer("approve_it[pc-1]", "t.nakamura", "approve")
    world.answer("approve_it[pc-2]", "t.nakamura", "approve")


def test_wait_rests_until_its_time_and_no_pass_sets_it_again(world: World) -> None:
    def body(respond: Responder) -> Disposition:
        respond.side_by_side(lambda r: r.wait("pause", duration=seconds(30)), agree)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
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
    incident = start(world, play_of(lambda respond: None))
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
        results.append(respond.side_by_side(inner, lambda r: agree(r, "outer").choice))  # type: ignore[list-item]
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
        respond.side_by_side(lambda r: r.side_by_side(fail, go_on), lambda r: agree(r, "beside"))  # type: ignore[arg-type, return-value]

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


# ------------------------------------------------------------------------------------------------------------- actions


def test_an_action_is_tried_again_after_a_while_and_nobody_is_held_up(world: World) -> None:
    fetch = failing(lambda: Unavailable("directory_unavailable"), failures=2)

    def body(respond: Responder) -> Disposition:
        respond.side_by_side(lambda r: r.do(fetch), agree)  # type: ignore[arg-type, return-value]
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.forward(seconds(11))
    assert len(entries(world, incident, "STEP_ATTEMPT_FAILED")) == 2
    world.forward(seconds(1))  # 2 s after the first failure, 10 s after the second
    assert steps(world, incident)["fetch"].value == {"attempts": 3}
    keys = {entry.out["key"] for entry in entries(world, incident, "STEP_STARTED")}
    assert len(keys) == 1
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize(
    ("error", "attempts", "code"),
    [
        (lambda: Unavailable("outside_down"), 3, "outside_down"),
        (lambda: Unavailable("refused", permanent=True), 1, "refused"),
        (lambda: PermissionError("/secret/path"), 3, "system_error"),
    ],
)
def test_an_action_gives_up_and_a_person_takes_it_over(
    world: World, slow: bool, error: Callable[[], Exception], attempts: int, code: str
) -> None:
    values: list[Json] = []
    fetch = failing(error, failures=9, slow=slow)

    def body(respond: Responder) -> Disposition:
        values.append(respond.do(fetch))
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body), fetch)
    world.forward(seconds(13))
    failed = entries(world, incident, "STEP_FAILED")
    assert [entry.out["code"] for entry in failed] == [code]
    assert steps(world, incident)["fetch"].attempts == attempts
    assert world.waiting(incident)["fetch_by_hand"].showing == ("fetch",)
    world.answer("fetch_by_hand", "m.takahashi", "done", "手で行った")
    world.work()
    assert values == [{"by_hand": "done"}]
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"
    assert_sound(world)


def test_an_action_that_hangs_is_cut_off(world: World) -> None:
    @action(within=seconds(0.05), tries=1)
    def hang(act: Act) -> Json:
        time.sleep(0.3)
        return None

    incident = start(world, play_of(lambda respond: respond.do(hang) and None))
    world.work()
    assert [entry.out["code"] for entry in entries(world, incident, "STEP_FAILED")] == ["action_timed_out"]
    assert "hang_by_hand" in world.waiting(incident)


# --------------------------------------------------------------------------------------------------------------- names


def test_another_kind_of_step_under_a_recorded_name_is_drift(world: World) -> None:
    def later(respond: Responder) -> None:
        respond.wait("agree", duration=seconds(1))

    incident = start(world, play_of(lambda respond: agree(respond) and None))
    world.work()
    world.add_playbook(play_of(later))
    world.answer("agree", "k.sato", "yes")
    world.work()
    stop = entries(world, incident, "RUN_STOPPED")[0]
    assert (stop.out["code"], stop.step) == ("playbook_drift", "agree")


@pytest.mark.parametrize(
    "again",
    [
        lambda respond: respond.do(leave_mark),
        lambda respond: respond.ask("leave_mark", who=Role.OFFICER),
        lambda respond: respond.wait("leave_mark", duration=seconds(1)),
        lambda respond: respond.for_each(["a", "a"], lambda r, item: r.do(leave_mark)),
    ],
    ids=["same_kind", "ask", "wait", "same_item"],
)
def test_a_name_used_twice_is_never_given_another_steps_outcome(
    world: World, again: Callable[[Responder], object]
) -> None:
    def body(respond: Responder) -> None:
        respond.do(leave_mark)
        again(respond)

    incident = start(world, play_of(body))
    world.work()
    assert stopped_by(world, incident) == "playbook_drift"
    assert world.waiting(incident) == {}


@pytest.mark.parametrize("name", ["", "Große", "判断", "a b", "x" * 65, "1st", "a[b]"])
def test_a_name_that_is_no_name_stops_the_run(world: World, name: str) -> None:
    incident = start(world, play_of(lambda respond: agree(respond, name) and None))
    world.work()
    assert stopped_by(world, incident) in {"step_key_malformed"}


def test_a_step_that_the_code_no_longer_reaches_is_drift(world: World) -> None:
    def later(respond: Responder) -> None:
        agree(respond, "another")

    incident = start(world, play_of(lambda respond: agree(respond) and None))
    world.work()
    world.add_playbook(play_of(later))
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert stopped_by(world, incident) == "playbook_drift"


@pytest.mark.parametrize(
    ("choice", "reason", "fields", "code"),
    [
        ("perhaps", "理由", {}, "choice_unknown"),
        ("approve", "理由", {}, "choice_unknown"),
        ("no", " \n", {}, "reason_missing"),
        ("no", "あ" * 4001, {}, "text_too_long"),
        ("yes", "", {"other": "x"}, "field_unknown"),
        ("yes", "番号は 1234-5678-9018", {}, "my_number_refused"),
    ],
)
def test_an_answer_that_does_not_fit_is_refused_and_the_step_stays_open(
    world: World, choice: str, reason: str, fields: dict[str, str], code: str
) -> None:
    incident = start(world, play_of(lambda respond: agree(respond) and None))
    world.work()
    before = world.kinds()
    with pytest.raises(Invalid) as refused:
        world.answer("agree", "k.sato", choice, reason, **fields)
    assert refused.value.code == code
    assert (world.kinds(), set(world.waiting(incident))) == (before, {"agree"})


def test_an_answered_step_takes_no_second_answer(world: World) -> None:
    incident = start(world, play_of(lambda respond: agree(respond) and None))
    world.work()
    found = world.waiting(incident)["agree"]
    world.answer("agree", "k.sato", "yes")
    with pytest.raises(Conflict, match="already_answered"):
        world.answer_again(found, "k.sato", "no")  # type: ignore[attr-defined]
