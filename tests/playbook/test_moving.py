"""A run is moved to another version by a person who may, with a reason; refused where what is recorded would drift."""

import pytest

from csirt.errors import Conflict, Forbidden, Invalid, LeaseLost, NotFound
from csirt.model.people import SYSTEM
from csirt.playbook import Disposition, Responder
from csirt.playbook.replaying import must_fit
from csirt.response import incidents, moving, runs
from csirt.response.incidents import Report
from tests.plays import agree, assert_sound, effects, entries, leave_mark, play_of, signed_in, start, stopped_by, times
from tests.world import WITHOUT_PLAYBOOK, World


def first(respond: Responder) -> Disposition:
    respond.do(leave_mark)
    agree(respond)
    return respond.close(Disposition.BENIGN)


def second(respond: Responder) -> Disposition:
    respond.do(leave_mark)
    agree(respond)
    agree(respond, "agree_once_more")
    return respond.close(Disposition.BENIGN)


def drifting(respond: Responder) -> Disposition:
    respond.do(leave_mark, name="another_mark")
    agree(respond)
    return respond.close(Disposition.BENIGN)


def forgetful(respond: Responder) -> None:
    agree(respond)


VERSIONS = (play_of(first), play_of(second, 2), play_of(drifting, 3))


def begin(world: World) -> str:
    """An open incident on version 1, with versions 2 and 3 beside it."""
    incident = start(world, VERSIONS[0])
    world.work()
    for play in VERSIONS[1:]:
        world.add_playbook(play)
    return incident


def move(world: World, incident: str, version: int, reason: str = "新しい手順に合わせる", uid: str = "k.sato") -> None:
    fits = must_fit(world.desk.playbooks, world.desk.door.city)
    world.desk.commit(signed_in(world, uid), moving.move, incident, version, reason, fits)


def version_of(world: World, incident: str) -> int:
    return world.desk.look(moving.standing, incident).version


def test_a_moved_run_goes_on_with_the_new_version_and_repeats_nothing(world: World) -> None:
    incident = begin(world)
    neighbour = world.open(VERSIONS[0].handles)
    move(world, incident, 2)
    moved = entries(world, incident, "RUN_MOVED")
    assert (len(moved), moved[0].out["before"], moved[0].out["version"]) == (1, 1, 2)
    assert moved[0].texts["reason"] == "新しい手順に合わせる"
    world.work()
    for view in world.waiting(incident).values():
        world.answer_as_asked(view, "yes")
    world.work()
    assert set(world.waiting(incident)) == {"agree_once_more"}
    assert times(world, incident)["STEP_DONE", "leave_mark"] == 1
    assert max(effects(world.desk.settings.data).values()) == 1
    assert version_of(world, neighbour) == 3
    assert_sound(world)


def test_a_version_that_would_drift_is_refused_and_nothing_changes(world: World) -> None:
    incident = begin(world)
    before = world.kinds()
    with pytest.raises(Conflict, match="move_drifts") as refused:
        move(world, incident, 3)
    assert refused.value.params["step"] == "leave_mark"
    assert (world.kinds(), version_of(world, incident)) == (before, 1)


def test_who_may_not_has_no_reason_or_names_nothing_is_refused(world: World) -> None:
    incident = begin(world)
    with pytest.raises(Forbidden):
        move(world, incident, 2, uid="y.tanaka")
    with pytest.raises(Invalid, match="reason_missing"):
        move(world, incident, 2, " \n")
    with pytest.raises(Invalid, match="my_number"):
        move(world, incident, 2, "1234-5678-9018 のため")
    with pytest.raises(Conflict, match="playbook_version_not_here"):
        move(world, incident, 9)
    with pytest.raises(Conflict, match="run_has_version"):
        move(world, incident, 1)
    other = world.desk.commit(world.person("k.sato"), incidents.open_by_report, Report("x", WITHOUT_PLAYBOOK))
    with pytest.raises(NotFound, match="run_unknown"):
        move(world, other, 2)


def test_whoever_drove_the_old_version_writes_no_more(world: World) -> None:
    incident = begin(world)
    world.answer("agree", "k.sato", "yes")
    held = world.desk.commit(SYSTEM, runs.claim)
    assert held is not None
    move(world, incident, 2)
    with pytest.raises(LeaseLost):
        world.desk.commit(SYSTEM, runs.release, held)
    world.work()
    assert set(world.waiting(incident)) == {"agree_once_more"}


def test_drift_stops_one_run_only_and_a_move_takes_it_up_again(world: World) -> None:
    incident = begin(world)
    neighbour = start(world, VERSIONS[1])
    world.work()
    held_by_first = dict(world.desk.playbooks)
    object.__setattr__(world.desk, "playbooks", {**held_by_first, ("play", 1): play_of(forgetful)})
    view = world.waiting(incident)["agree"]
    world.answer_as_asked(view, "yes")
    world.work()
    assert stopped_by(world, incident) == "playbook_drift"
    for _ in range(2):
        for view in world.waiting(neighbour).values():
            world.answer_as_asked(view, "yes")
        world.work()
    assert world.kinds(neighbour)[-1] == "INCIDENT_CLOSED"
    move(world, incident, 2)
    world.work()
    assert set(world.waiting(incident)) == {"agree_once_more"}
    world.answer_as_asked(world.waiting(incident)["agree_once_more"], "yes")
    world.work()
    assert "INCIDENT_CLOSED" in world.kinds(incident)
    assert_sound(world)
