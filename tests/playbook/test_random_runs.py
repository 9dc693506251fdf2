"""Chance drives a case: answers, time, crashes at a commit, moved versions, replays, against what must always hold."""

import shutil
import tempfile
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import event

from csirt.errors import Conflict, CsirtError
from csirt.model.people import SYSTEM
from csirt.playbook import Disposition, Responder, seconds
from csirt.playbook.performance import perform
from csirt.playbook.replaying import must_fit, replay
from csirt.response import moving, runs
from tests.plays import agree, assert_sound, effects, leave_mark, leave_slow_mark, play_of
from tests.world import World, found_world

MOST = 40  # commits that a crash is chosen among
LEASE_IS_OVER = timedelta(minutes=10)


def first(respond: Responder) -> Disposition:
    respond.do(leave_mark, name="begin")
    respond.side_by_side(technical, reporting)
    respond.do(leave_mark, name="end")
    return respond.close(Disposition.BENIGN)


def technical(respond: Responder) -> None:
    if agree(respond, "cut").yes:
        respond.do(leave_mark, name="cut_off")
    respond.wait("watch", duration=seconds(30))
    respond.do(leave_slow_mark)


def reporting(respond: Responder) -> None:
    agree(respond, "report")
    agree(respond, "report_again")


def second(respond: Responder) -> Disposition:
    respond.do(leave_mark, name="begin")
    respond.side_by_side(technical, reporting)
    agree(respond, "look_back")
    respond.do(leave_mark, name="end")
    return respond.close(Disposition.BENIGN)


class PulledPlugError(BaseException):
    """The process is gone at this instant: nothing of ours may catch it."""


class RandomRuns(RuleBasedStateMachine):
    """One case on one of two versions, and people and crashes at random."""

    template: Path

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="random-runs-"))
        shutil.copytree(self.template, self.folder, dirs_exist_ok=True)
        self.deadly = 0
        self.moves = 0
        self.crashes = 0
        self.world = self.awake()

    def awake(self) -> World:
        """A worker that has just been started on the same data."""
        world = found_world(self.folder)
        for play in (play_of(first), play_of(second, 2)):
            world.add_playbook(play)
        object.__setattr__(world.desk, "actions", {leave_slow_mark.name: leave_slow_mark})
        event.listen(world.desk.door.database.writer, "commit", self.tick)
        return world

    def tick(self, _connection: object) -> None:
        """Just before a commit."""
        if self.deadly:
            self.deadly -= 1
            if not self.deadly:
                raise PulledPlugError

    @initialize(version=st.sampled_from([1, 2]))
    def open(self, version: int) -> None:
        handles = play_of(first).handles
        object.__setattr__(self.world.desk.door.city, "playbooks", {handles: ("play", version)})
        self.incident = self.world.open(handles)

    @rule()
    def work(self) -> None:
        self.world.work()

    @rule(choice=st.sampled_from(["yes", "no"]), which=st.integers(0, 3))
    def answer(self, choice: str, which: int) -> None:
        waiting = sorted(self.world.waiting(self.incident).items())
        if waiting:
            self.world.answer_as_asked(waiting[which % len(waiting)][1], choice)

    @rule(passed=st.sampled_from([1, 20, 40, 4000]))
    def wait(self, passed: int) -> None:
        self.world.clock.forward(timedelta(seconds=passed))

    @rule(deadly=st.integers(1, MOST))
    def crash(self, deadly: int) -> None:
        """The worker dies just before one of its commits; another begins when its lease is over."""
        self.deadly = deadly
        try:
            self.world.work()
        except PulledPlugError:
            self.crashes += 1
            at = self.world.clock.now()
            self.world.desk.close()
            self.world = self.awake()
            self.world.clock.forward(at - self.world.clock.now() + LEASE_IS_OVER)
        self.deadly = 0

    @rule(version=st.sampled_from([1, 2]))
    def move(self, version: int) -> None:
        fits = must_fit(self.world.desk.playbooks, self.world.desk.door.city)
        with suppress(Conflict):
            self.world.desk.commit(SYSTEM, moving.move, self.incident, version, "試験", fits)
            self.moves += 1

    @rule()
    def lose_the_lease(self) -> None:
        """A pass under way is moved away from: it may write nothing more."""
        held = self.world.desk.commit(SYSTEM, runs.claim)
        if held is None:
            return
        self.world.clock.forward(LEASE_IS_OVER)
        self.world.work()
        play = self.world.desk.playbooks[held.playbook, held.version]
        with suppress(CsirtError):
            perform(play, self.world.desk.door, held, self.world.desk.hands)

    @rule()
    def replay(self) -> None:
        found = self.world.desk.look(moving.standing, self.incident)
        if found.stopped_by is None:
            play = self.world.desk.playbooks["play", found.version]
            assert replay(play, found.steps, self.world.desk.door.city).drifting == ()

    @invariant()
    def holds(self) -> None:
        if not hasattr(self, "incident"):
            return
        counted: dict[tuple[str, str], int] = {}
        for entry in self.world.told(self.incident):
            key = (entry.kind.value, entry.step or "")
            counted[key] = counted.get(key, 0) + 1
        once = {"STEP_OPENED", "STEP_ANSWERED", "STEP_DONE", "STEP_ORDERED", "TIMER_SET", "INCIDENT_CLOSED"}
        assert {key: times for key, times in counted.items() if key[0] in once and times > 1} == {}
        assert counted.get(("TIMER_FIRED", "watch"), 0) <= 1
        assert counted.get(("RUN_MOVED", ""), 0) == self.moves
        assert not any(kind == "RUN_STOPPED" for kind, _ in counted)
        done = effects(self.world.desk.settings.data)
        steps = [key.split(":", 1)[1] for key in done]
        assert set(steps) <= {"begin", "cut_off", "leave_slow_mark", "end"}
        assert len(steps) == len(set(steps))  # an effect is repeated under its own key only
        assert sum(done.values()) <= len(done) + self.crashes

    def teardown(self) -> None:
        """People answer to the end: whatever happened, the case closes and the record is sound."""
        if hasattr(self, "incident"):
            for _ in range(12):
                self.world.work()
                for view in self.world.waiting(self.incident).values():
                    self.world.answer_as_asked(view, "yes")
                self.world.clock.forward(LEASE_IS_OVER)
            assert "INCIDENT_CLOSED" in self.world.kinds(self.incident)
            assert_sound(self.world)
        self.world.desk.close()
        shutil.rmtree(self.folder)


def test_whatever_chance_does_the_record_holds(tmp_path: Path) -> None:
    world = found_world(tmp_path)
    world.desk.close()

    class Here(RandomRuns):
        template = tmp_path

    Here.TestCase.settings = settings(
        max_examples=5, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
    )
    case: Any = Here.TestCase()
    case.runTest()
