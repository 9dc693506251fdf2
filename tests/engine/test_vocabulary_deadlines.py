"""What follows when nobody answers in time, and steps that are not done after all."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from csirt.errors import AlreadyAnswered, Conflict, Forbidden, Invalid
from csirt.model.step import AtDeadline
from csirt.playbook import (
    Action,
    Answer,
    Disposition,
    Responder,
    Role,
    choose,
    escalate,
    minutes,
    seconds,
    stop_the_run,
)
from csirt.response import assignments, incidents, setting_aside
from csirt.response.assignments import Reply
from csirt.store.queries import work
from tests.plays import (
    agree,
    assert_sound,
    effects,
    entries,
    failing,
    leave_mark,
    leave_slow_mark,
    play_of,
    signed_in,
    start,
    steps,
    stopped_by,
)
from tests.world import World


@dataclass
class Deciding:
    """A question with a deadline, and what its answers were."""

    answers: list[Answer]
    incident: str


def decide(world: World, at_deadline: AtDeadline, chain: str | None = None) -> Deciding:
    """Open an incident whose playbook asks the officer something for ten seconds."""
    answers: list[Answer] = []

    def body(respond: Responder) -> Disposition:
        answers.append(
            respond.ask("decide", who=Role.OFFICER, within=seconds(10), at_deadline=at_deadline, chain=chain)
        )
        agree(respond)
        return respond.close(Disposition.BENIGN)

    made = Deciding(answers, start(world, play_of(body)))
    world.work()
    return made


def test_the_clock_chooses_the_default_and_says_that_nobody_did(world: World) -> None:
    made = decide(world, choose("no"), chain="municipal")
    asked = world.waiting(made.incident)["decide"]
    world.forward(seconds(9))
    assert made.answers == []
    world.forward(seconds(1))
    fired_at = world.clock.now()
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert made.answers == [Answer("no", by="", at=fired_at, defaulted=True)] * 2
    fired, chosen = entries(world, made.incident, "TIMER_FIRED")[0], entries(world, made.incident, "STEP_DEFAULTED")[0]
    assert (fired.out, fired.at) == ({"timer": "deadline", "at_deadline": "choose"}, chosen.at)
    assert (chosen.actor, chosen.out["choice"]) == ("system", "no")
    assert entries(world, made.incident, "STEP_ANSWERED")[0].step == "agree"
    assert all(climb.ended_at for climb in world.desk.look(work.escalations, incident=made.incident))
    with pytest.raises(AlreadyAnswered) as late:
        world.desk.commit(world.person("k.sato"), assignments.answer, asked.id, Reply("yes"))
    assert late.value.code == "deadline_passed"
    assert_sound(world)


def test_an_answer_in_time_leaves_the_clock_nothing_to_do(world: World) -> None:
    made = decide(world, choose("no"))
    world.answer("decide", "k.sato", "yes")
    world.forward(seconds(11))
    assert entries(world, made.incident, "TIMER_FIRED") == []
    assert [answer.choice for answer in made.answers] == ["yes"]


def test_a_question_is_handed_on_and_a_chain_is_called(world: World) -> None:
    made = decide(world, escalate(chain="municipal", to="post:ciso"))
    world.forward(seconds(10))
    handed = entries(world, made.incident, "STEP_HANDED_ON")
    assert [entry.out["who"] for entry in handed] == ["post:ciso"]
    assert [climb.chain for climb in world.desk.look(work.escalations, incident=made.incident)] == ["municipal"]
    asked = world.waiting(made.incident)["decide"].id
    with pytest.raises(Forbidden, match="not_your_assignment"):
        world.desk.commit(signed_in(world, "k.sato"), assignments.answer, asked, Reply("yes"))
    world.desk.commit(signed_in(world, "t.nakamura"), assignments.answer, asked, Reply("yes"))
    world.work()
    assert [answer.yes for answer in made.answers] == [True]
    world.forward(minutes(1))
    assert len(entries(world, made.incident, "STEP_HANDED_ON")) == 1


def test_whoever_a_question_is_handed_on_to_is_told_without_a_chain(world: World) -> None:
    made = decide(world, escalate(to="post:ciso"))
    world.forward(seconds(10))
    mails = [call.template for call in world.desk.look(work.deliveries, incident=made.incident)]
    assert mails == ["assignment"]


def test_a_run_stops_loudly_and_a_late_answer_is_a_clash(world: World) -> None:
    made = decide(world, stop_the_run())
    asked = world.waiting(made.incident)["decide"].id
    world.forward(seconds(10))
    assert stopped_by(world, made.incident) == "deadline_passed"
    assert world.waiting(made.incident) == {}
    mails = [call.template for call in world.desk.look(work.deliveries, incident=made.incident)]
    assert mails == ["run_stopped", "run_stopped"]
    with pytest.raises(AlreadyAnswered, match="deadline_passed"):
        world.desk.commit(world.person("k.sato"), assignments.answer, asked, Reply("yes"))
    assert_sound(world)


MISPLANNED: dict[str, Callable[[Responder], object]] = {
    "deadline_without_time": lambda r: r.ask("decide", who=Role.OFFICER, at_deadline=choose("no")),
    "choice_unknown": lambda r: r.ask("decide", who=Role.OFFICER, within=minutes(1), at_deadline=choose("perhaps")),
    "approval_by_clock": lambda r: r.approve(
        "decide", who="post:ciso", asked_in=["agree"], within=minutes(1), at_deadline=choose("approve")
    ),
    "escalation_to_nobody": lambda r: r.ask("decide", who=Role.OFFICER, within=minutes(1), at_deadline=escalate()),
}


def test_a_deadline_that_makes_no_sense_stops_the_run_at_once(world: World) -> None:
    for code, body in MISPLANNED.items():
        incident = start(world, play_of(body))
        world.work()
        assert (stopped_by(world, incident), world.waiting(incident)) == (code, {})


def test_a_chain_that_the_city_does_not_have_is_handed_to_a_person(world: World) -> None:
    reached: list[object] = []

    def body(respond: Responder) -> Disposition:
        reached.append(respond.reach("nowhere", template="notice"))
        respond.ask("decide", who=Role.OFFICER, chain="nowhere")
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    assert [entry.out["code"] for entry in entries(world, incident, "STEP_FAILED")] == ["chain_unknown"]
    world.answer("reach_nowhere_by_hand", "k.sato", "done")
    world.work()
    assert reached == [{"by_hand": "done"}]
    assert [entry.out["code"] for entry in entries(world, incident, "TIER_SKIPPED")] == ["chain_unknown"]
    assert [call.template for call in world.desk.look(work.deliveries, incident=incident)] == ["assignment"]
    world.answer("decide", "k.sato", "yes")
    world.work()
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"


# ---------------------------------------------------------------------------------------------- skipped and cancelled


def test_a_skipped_question_goes_on_as_neither_yes_nor_no(world: World) -> None:
    made = decide(world, choose("no"), chain="municipal")
    with pytest.raises(Forbidden, match="not_permitted"):
        world.desk.commit(signed_in(world, "k.sato"), setting_aside.skip, made.incident, "decide", "不要")
    head = signed_in(world, "s.watanabe")
    for reason, code in (
        (" ", "reason_missing"),
        ("あ" * 4001, "text_too_long"),
        ("123456789018", "my_number_refused"),
    ):
        with pytest.raises(Invalid, match=code):
            world.desk.commit(head, setting_aside.skip, made.incident, "decide", reason)
    asked = world.waiting(made.incident)["decide"].id
    world.desk.commit(head, setting_aside.skip, made.incident, "decide", "すでに電話で確かめた")
    world.forward(seconds(12))
    (answer,) = made.answers
    assert (answer.given, answer.yes, answer.no, answer.by) == (False, False, False, head.id)
    (told,) = entries(world, made.incident, "STEP_SKIPPED")
    assert (told.actor, told.texts["reason"]) == (head.id, "すでに電話で確かめた")
    assert entries(world, made.incident, "TIMER_FIRED") == []
    assert all(climb.ended_at for climb in world.desk.look(work.escalations, incident=made.incident))
    with pytest.raises(AlreadyAnswered, match="step_set_aside"):
        world.desk.commit(world.person("k.sato"), assignments.answer, asked, Reply("yes"))
    with pytest.raises(Conflict, match="step_not_open"):
        world.desk.commit(head, setting_aside.cancel, made.incident, "decide", "再度")
    assert_sound(world)


def test_every_kind_of_open_step_can_be_cancelled_but_an_approval(world: World) -> None:
    fetch = failing(lambda: OSError("away"), failures=9)

    def body(respond: Responder) -> Disposition:
        agree(respond)
        respond.side_by_side(
            lambda r: r.wait("pause", duration=minutes(5)),
            lambda r: r.reach("national", template="first_report"),
            lambda r: r.do(fetch),
            lambda r: r.do(leave_slow_mark),
            lambda r: r.approve("approve_it", who="post:ciso", asked_in=["agree"]),
        )
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body), leave_slow_mark, fetch)
    world.work()
    world.answer("agree", "k.sato", "yes")
    world.passes()
    officer = signed_in(world, "k.sato")
    for step in ("pause", "reach_national", "fetch", "leave_slow_mark"):
        world.desk.commit(officer, setting_aside.cancel, incident, step, "状況が変わった")
    with pytest.raises(Conflict, match="approval_not_set_aside"):
        world.desk.commit(officer, setting_aside.cancel, incident, "approve_it", "状況が変わった")
    world.forward(seconds(15))
    assert effects(world.desk.settings.data) == {}
    assert set(world.waiting(incident)) == {"approve_it"}
    world.answer("approve_it", "t.nakamura", "approve")  # a deputy: the holder is told of it
    world.work()
    assert world.kinds(incident)[-2:] == ["INCIDENT_CLOSED", "MESSAGE_DELIVERED"]
    assert len(entries(world, incident, "STEP_CANCELLED")) == 4
    assert_sound(world)


def test_a_mandatory_step_belongs_to_a_higher_post_and_blocks_closing(world: World) -> None:
    def body(respond: Responder) -> None:
        respond.reach("national", template="first_report", mandatory=True)

    incident = start(world, play_of(body))
    world.work()
    for sheet in list(world.waiting(incident)):
        if sheet.startswith("call:"):
            world.answer(sheet, "k.sato", "not_reached")
    head = signed_in(world, "s.watanabe")
    with pytest.raises(Conflict, match="steps_open") as refused:
        world.desk.commit(head, incidents.close, incident, Disposition.BENIGN, "終わり")
    assert refused.value.params["steps"] == "reach_national"
    with pytest.raises(Forbidden) as forbidden:
        world.desk.commit(head, setting_aside.skip, incident, "reach_national", "不要")
    assert forbidden.value.params["permission"] == "skip_mandatory_step"
    world.desk.commit(signed_in(world, "t.nakamura"), setting_aside.skip, incident, "reach_national", "電話で済ませた")
    world.desk.commit(head, incidents.close, incident, Disposition.BENIGN, "終わり")
    assert entries(world, incident, "STEP_SKIPPED")[0].out == {"mandatory": True}


def test_a_step_set_aside_while_it_is_tried_keeps_that_outcome(world: World) -> None:
    values: list[object] = []

    def body(respond: Responder) -> None:
        values.append(respond.do(act))
        agree(respond)

    def cancel_meanwhile(*_: object) -> object:
        world.desk.commit(world.person("t.nakamura"), setting_aside.skip, incident, "leave_mark", "手で済ませた")
        return {"done": True}

    act = Action(leave_mark.name, cancel_meanwhile, leave_mark.within, 1, False, Role.OFFICER)  # type: ignore[arg-type]
    incident = start(world, play_of(body))
    world.work()
    assert (values, steps(world, incident)["leave_mark"].state.value) == ([None, None], "skipped")
    assert entries(world, incident, "STEP_DONE") == []
