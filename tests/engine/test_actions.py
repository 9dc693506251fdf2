"""Actions that fail, hang or are slow: tried again by timer, given up, taken over by a person."""

import time
from collections.abc import Callable

import pytest

from csirt.errors import Unavailable
from csirt.model.people import SYSTEM
from csirt.model.step import Json
from csirt.playbook import Act, Action, Disposition, Responder, action, seconds
from csirt.playbook.acting import Acting
from csirt.response import runs, setting_aside
from tests.plays import LEASE_IS_OVER, agree, assert_sound, entries, failing, leave_mark, play_of, start, steps
from tests.world import World


def test_an_action_is_tried_again_after_a_while_and_nobody_is_held_up(world: World) -> None:
    fetch = failing(lambda: Unavailable("directory_unavailable"), failures=2)

    def body(respond: Responder) -> Disposition:
        respond.side_by_side(lambda r: r.do(fetch), agree)
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


FAULTS: list[tuple[Callable[[], Exception], int, str]] = [
    (lambda: Unavailable("outside_down"), 3, "outside_down"),
    (lambda: Unavailable("refused", permanent=True), 1, "refused"),
    (lambda: PermissionError("/a/path/that/no/record/shows"), 3, "system_error"),
]


@pytest.mark.parametrize("slow", [False, True])
def test_an_action_gives_up_and_a_person_takes_it_over(world: World, slow: bool) -> None:
    for error, attempts, code in FAULTS:
        values: list[Json] = []
        fetch = failing(error, failures=9, slow=slow)

        def body(respond: Responder, fetch: Action = fetch, values: list[Json] = values) -> Disposition:
            values.append(respond.do(fetch))
            return respond.close(Disposition.BENIGN)

        incident = start(world, play_of(body), fetch)
        world.forward(seconds(13))
        assert [entry.out["code"] for entry in entries(world, incident, "STEP_FAILED")] == [code]
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

    incident = start(world, play_of(lambda respond: respond.do(hang)))
    world.work()
    assert [entry.out["code"] for entry in entries(world, incident, "STEP_FAILED")] == ["action_timed_out"]
    assert "hang_by_hand" in world.waiting(incident)


def test_an_outcome_is_recorded_once_whoever_comes_second(world: World) -> None:
    def body(respond: Responder) -> None:
        respond.do(leave_mark)
        agree(respond)

    incident = start(world, play_of(body))
    world.work()
    before, run = steps(world, incident)["leave_mark"].value, entries(world, incident, "STEP_DONE")[0].run
    world.desk.commit(SYSTEM, runs.settle, str(run), incident, "leave_mark", {"ticket": "another"})
    assert steps(world, incident)["leave_mark"].value == before
    assert len(entries(world, incident, "STEP_DONE")) == 1


@pytest.mark.parametrize("tries", [1, 3])
def test_a_step_skipped_while_its_attempt_fails_stays_skipped(world: World, tries: int) -> None:
    @action(within=seconds(5), tries=tries)
    def fetch(act: Act) -> Json:
        assert isinstance(act, Acting)
        world.desk.commit(world.person("t.nakamura"), setting_aside.skip, act.incident, "fetch", "別の方法で取得した")
        raise Unavailable("outside_down")

    def body(respond: Responder) -> Disposition:
        respond.do(fetch)
        agree(respond)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    assert "fetch_by_hand" not in world.waiting(incident)
    world.answer("agree", "m.takahashi", "yes")
    world.forward(seconds(3))
    assert not entries(world, incident, "RUN_STOPPED")
    assert world.kinds(incident)[-1] == "INCIDENT_CLOSED"


def nested(depth: int) -> Json:
    value: Json = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("slow", [False, True])
@pytest.mark.parametrize("outcome", [nested(5000), "\ud800"], ids=["deep", "surrogate"])
def test_an_outcome_that_no_record_takes_is_not_worked_for_again(world: World, slow: bool, outcome: Json) -> None:
    calls: list[str] = []

    @action(within=seconds(5), slow=slow)
    def fetch(act: Act) -> Json:
        calls.append(act.incident)
        return outcome

    incident = start(world, play_of(lambda respond: respond.do(fetch)), fetch)
    world.work()
    world.clock.forward(LEASE_IS_OVER)
    world.work()
    assert len(calls) == 1
    assert [entry.out["code"] for entry in entries(world, incident, "STEP_FAILED")] == ["outcome_unrecordable"]
    assert "fetch_by_hand" in world.waiting(incident)
