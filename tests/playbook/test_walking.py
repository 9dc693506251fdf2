"""A dry run: every path, nothing done, and never another step than the real responder would take."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from csirt.bootstrap import load_playbooks
from csirt.errors import Invalid
from csirt.model.city import City
from csirt.model.incident import Disposition
from csirt.model.step import AtDeadline, Consequence
from csirt.playbook import Playbook, Responder, Role, days
from csirt.playbook.charts import chart_of
from csirt.playbook.walking import Fork, Walk, Way, walk
from csirt.playbook.words import YES_NO_UNKNOWN
from tests.plays import agree, leave_mark, leave_slow_mark, play_of, steps
from tests.world import World

NOWHERE = City("", "", "")
SHIPPED = load_playbooks()


def ends(walked: Walk) -> list[str]:
    return [way.end for way in walked.ways]


def all_ends(ways: tuple[Way, ...]) -> set[str]:
    found = {way.end for way in ways}
    for way in ways:
        for item in way.items:
            if isinstance(item, Fork):
                found |= set().union(*map(all_ends, item.branches))
    return found


@pytest.mark.parametrize("key", SHIPPED)
def test_every_path_of_every_shipped_playbook_comes_to_an_end(key: tuple[str, int]) -> None:
    walked = walk(SHIPPED[key], NOWHERE)
    assert {end.partition(":")[0] for end in ends(walked)} <= {"closed", "ended"}
    assert all_ends(walked.ways) <= {*ends(walked), "joined"}
    assert len(walked.ways) > 1
    assert walked.paths < 20_000


def test_an_answer_that_nobody_looks_at_leads_one_way() -> None:
    assert len(walk(play_of(agree), NOWHERE).ways) == 1


def test_a_look_at_no_parts_in_two_and_a_look_at_the_choice_in_each() -> None:
    def looks_at_no(respond: Responder) -> Disposition:
        answer = respond.ask("which", who=Role.OFFICER, choices=YES_NO_UNKNOWN)
        return respond.close(Disposition.BENIGN if answer.no else Disposition.TRUE_POSITIVE)

    def looks_at_each(respond: Responder) -> Disposition:
        answer = respond.ask("which", who=Role.OFFICER, choices=YES_NO_UNKNOWN)
        return respond.close(Disposition.BENIGN if answer.choice == "unknown" else Disposition.TRUE_POSITIVE)

    assert ends(walk(play_of(looks_at_no), NOWHERE)) == ["closed:true_positive", "closed:benign"]
    assert [way.items[0].outcomes for way in walk(play_of(looks_at_no), NOWHERE).ways] == [  # type: ignore[union-attr]
        ("yes", "unknown"), ("no",),
    ]  # fmt: skip
    assert len(walk(play_of(looks_at_each), NOWHERE).ways) == 3


def ask_twice(respond: Responder, name: str) -> None:
    if agree(respond, name).yes:
        agree(respond, f"{name}_again")


def test_branches_are_walked_each_for_itself() -> None:
    names = [f"branch_{number}" for number in range(12)]

    def body(respond: Responder) -> Disposition:
        respond.side_by_side(*(lambda r, name=name: ask_twice(r, name) for name in names))
        return respond.close(Disposition.BENIGN)

    walked = walk(play_of(body), NOWHERE)
    assert (len(walked.ways), walked.paths) == (1, 1 + 2 * 12)
    assert len(walked.steps) == 24


def test_what_follows_several_questions_is_walked_for_every_difference_it_sees() -> None:
    def body(respond: Responder) -> Disposition:
        first, second = respond.ask_all(lambda r: agree(r, "first"), lambda r: agree(r, "second"))
        if first.no:
            return respond.close(Disposition.FALSE_POSITIVE)
        return respond.close(Disposition.BENIGN if second.no else Disposition.TRUE_POSITIVE)

    assert sorted(ends(walk(play_of(body), NOWHERE))) == ["closed:benign", "closed:false_positive",
                                                         "closed:true_positive"]  # fmt: skip


def test_an_action_that_gives_up_is_done_by_hand_and_the_path_goes_on() -> None:
    def body(respond: Responder) -> Disposition:
        respond.do(leave_mark)
        respond.do(leave_slow_mark)
        return respond.close(Disposition.BENIGN)

    walked = walk(play_of(body), NOWHERE)
    assert len(walked.ways) == 1
    assert {"leave_mark", "leave_mark_by_hand", "leave_slow_mark", "leave_slow_mark_by_hand"} == set(walked.steps)
    assert chart_of(walked).steps() == ["leave_mark", "leave_slow_mark"]


def test_each_item_that_nobody_knows_yet_is_walked_for_two() -> None:
    def body(respond: Responder) -> None:
        hosts = respond.do(leave_mark)
        respond.for_each(hosts, lambda r, _item: agree(r, "isolate"))  # type: ignore[arg-type]

    walked = walk(play_of(body), NOWHERE)
    assert {"isolate[a]", "isolate[b]"} <= set(walked.steps)
    assert ends(walked) == ["ended"]


def test_a_section_repeated_without_end_is_cut() -> None:
    def body(respond: Responder) -> None:
        turn = 0
        while True:
            turn += 1
            agree(respond, f"turn_{turn}")

    assert ends(walk(play_of(body), NOWHERE)) == ["cut"]


def test_one_name_twice_on_a_path_is_found() -> None:
    def body(respond: Responder) -> None:
        agree(respond)
        agree(respond)

    assert ends(walk(play_of(body), NOWHERE)) == ["failed:playbook_drift"]


def test_choosing_settles_a_step_and_refuses_what_is_not_there() -> None:
    play = SHIPPED["ransomware", 1]
    assert ends(walk(play, NOWHERE, {"is_it_an_incident": "no"})) == ["closed:false_positive"]
    assert len(walk(play, NOWHERE, {"propose_level": "level_3", "confirm_level": "approve"}).ways) < 5
    for chosen in ({"is_it_an_incident": "perhaps"}, {"no_such_step": "yes"}):
        with pytest.raises(Invalid):
            walk(play, NOWHERE, chosen)


# ------------------------------------------------------------------------------------------- beside the real responder

CHOSEN: Mapping[str, tuple[tuple[str, int], Mapping[str, str]]] = {
    "ransomware_to_the_end": (("ransomware", 2), {
        "is_it_an_incident": "yes", "propose_level": "level_3", "confirm_level": "approve",
        "personal_data_touched": "unknown", "propose_reconnection": "propose", "send_report[report.2]": "sent",
        "send_report[report.3]": "sent_last", "agree_no_more_reports[report.3]": "approve",
    }),
    "ransomware_other_level": (("ransomware", 2), {
        "is_it_an_incident": "yes", "propose_level": "level_1", "confirm_level": "refuse",
        "set_level_instead": "level_2", "confirm_higher_level": "approve", "personal_data_touched": "no",
        "propose_reconnection": "do_not_propose", "send_report[report.2]": "sent_last",
        "agree_no_more_reports[report.2]": "approve",
    }),
    "mail_opened": (("malware_mail", 3), {
        "is_it_an_incident": "yes", "propose_level": "level_1", "confirm_level": "approve",
        "opened_or_received": "opened", "address_book_leaked": "unknown", "personal_data_touched": "no",
        "send_report[report.2]": "sent_last", "agree_no_more_reports[report.2]": "approve",
    }),
    "mail_spoofed": (("malware_mail", 3), {
        "is_it_an_incident": "yes", "propose_level": "level_0", "confirm_level": "approve",
        "opened_or_received": "spoofed_only",
    }),
}  # fmt: skip


def play_in_earnest(world: World, play: Playbook, chosen: Mapping[str, str]) -> str:
    """The same choices by people; whatever else is asked gets its first choice. Returns the incident."""
    incident = world.open(play.handles)
    for _ in range(60):
        world.work()
        for step, view in world.waiting(incident).items():
            world.answer_as_asked(view, chosen.get(step, view.choices[0].code))
        if "INCIDENT_CLOSED" in world.kinds(incident):
            return incident
        world.clock.forward(timedelta(minutes=5))
    raise AssertionError("it never ended")


@pytest.mark.parametrize("name", CHOSEN)
def test_a_dry_run_takes_the_very_steps_of_the_real_responder(world: World, name: str) -> None:
    key, chosen = CHOSEN[name]
    play = SHIPPED[key]
    walked = walk(play, world.desk.door.city, chosen)
    incident = play_in_earnest(world, play, chosen)
    real = steps(world, incident)
    dry = {key: step for key, step in walked.steps.items() if not key.endswith("_by_hand")}
    assert set(real) == set(dry)
    assert {key: step.kind for key, step in real.items()} == {key: step.kind for key, step in dry.items()}
    asked = {key: step.assignment for key, step in real.items() if step.assignment}
    for step, view in asked.items():
        assert (view.who, view.choices, view.not_by) == (dry[step].who, dry[step].choices, dry[step].not_by)
        assert (view.due_at - view.opened_at if view.due_at else None) == dry[step].within
        assert view.showing == dry[step].showing
    assert {f"closed:{disposition_of(world, incident)}"} == set(ends(walked))


def disposition_of(world: World, incident: str) -> str:
    closed = [entry for entry in world.told(incident) if entry.kind.value == "INCIDENT_CLOSED"]
    return str(closed[0].out["disposition"])


def test_a_wait_is_told_with_its_length() -> None:
    walked = walk(play_of(lambda respond: respond.wait("rest", duration=days(2))), NOWHERE)
    assert walked.steps["rest"].within == timedelta(days=2)


def test_deadlines_repeats_and_facts_are_walked() -> None:
    def body(respond: Responder) -> Disposition:
        late = AtDeadline(Consequence.STOP)
        respond.ask("in_time", who=Role.OFFICER, within=days(1), at_deadline=late)
        respond.known("persons")
        respond.repeat("report", lambda r, _number: agree(r, "was_it_the_last").yes)
        return respond.close(Disposition.BENIGN)

    walked = walk(play_of(body), NOWHERE)
    assert set(ends(walked)) == {"closed:benign", "failed:deadline_passed"}
    assert {"in_time", "known_persons", "was_it_the_last[report.1]", "was_it_the_last[report.2]"} == set(walked.steps)
