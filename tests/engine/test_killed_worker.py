"""A worker is killed at every commit of a playbook; another goes on, and nothing is missing or doubled."""

import os
import shutil
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import Session

from csirt.playbook import Disposition, Responder, Role, playbook, seconds
from csirt.store.queries import cases, work
from tests.plays import LEASE_IS_OVER, assert_sound, effects, entries, leave_mark, leave_slow_mark, start, steps, times
from tests.world import World, found_world

MARKS = {"first", "second", "third", "fourth", "leave_slow_mark", "last"}
STEPS = MARKS | {"inform", "agree", "pause", "inner"}
PERSONS = {"agree": "k.sato", "inner": "m.takahashi"}


@playbook(handles="drill", version=1)
def ten_steps(respond: Responder) -> Disposition:
    """Every kind of step that one process can do without the outside, branches in branches."""
    respond.do(leave_mark, name="first")
    respond.tell("inform", who=["post:poc"], by=["mail"])
    respond.ask("agree", who=Role.OFFICER, chain="municipal")
    respond.side_by_side(left, right)
    respond.do(leave_mark, name="last")
    return respond.close(Disposition.TRUE_POSITIVE)


def left(respond: Responder) -> None:
    respond.do(leave_mark, name="second")
    respond.wait("pause", duration=seconds(3))
    respond.do(leave_mark, name="third")


def right(respond: Responder) -> None:
    respond.side_by_side(slowly, inside)


def slowly(respond: Responder) -> None:
    respond.do(leave_slow_mark)


def inside(respond: Responder) -> None:
    respond.do(leave_mark, name="fourth")
    respond.ask("inner", who=Role.SYSTEM_MANAGER)


def open_world(folder: Path) -> World:
    world = found_world(folder)
    world.add_playbook(ten_steps)
    object.__setattr__(world.desk, "actions", {leave_slow_mark.name: leave_slow_mark})
    return world


def play_out(world: World) -> None:
    """The worker works and people answer until the case is closed."""
    for _ in range(20):
        world.work()
        waiting = world.waiting()
        for step, uid in PERSONS.items():
            if step in waiting:
                world.answer(step, uid, "yes")
        if world.desk.look(cases.counts)["open"] == 0:
            return
        world.clock.forward(timedelta(seconds=1))
    raise AssertionError("it never closed")


def ticks(world: World, tick: "Ticks") -> None:
    """Count the instant before and the instant after every commit."""
    event.listen(world.desk.door.database.writer, "commit", lambda _connection: tick())
    event.listen(Session, "after_commit", lambda _session: tick())


class Ticks:
    """Counts, and ends this process in the way of a power cut when the count is reached."""

    def __init__(self, deadly: int = 0) -> None:
        self.deadly = deadly
        self.count = 0
        self.lock = threading.Lock()

    def __call__(self) -> None:
        with self.lock:
            self.count += 1
            if self.count == self.deadly:
                os.kill(os.getpid(), signal.SIGKILL)


def child(folder: Path, deadly: int) -> int:
    """Play in another process, killed at a tick; returns the signal that ended it, or minus the ticks of a whole run."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # other tests may have left a thread; it takes no lock here
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            world = open_world(folder)
            tick = Ticks(deadly)
            ticks(world, tick)
            play_out(world)
            os.write(writing, str(tick.count).encode())
            code = 0
        finally:
            sys.stderr.flush()
            os._exit(code)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        return os.WTERMSIG(status)
    assert os.waitstatus_to_exitcode(status) == 0
    return -int(said)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A founded city with one open case, nothing done yet; to be copied."""
    folder = tmp_path_factory.mktemp("begun")
    world = open_world(folder)
    incident = start(world, ten_steps, leave_slow_mark)
    world.desk.close()
    yield folder, incident
    shutil.rmtree(folder)


def assert_whole(world: World, incident: str, folder: Path) -> None:
    """Everything happened, each thing once; only an effect may be repeated, and then with the same key."""
    found = steps(world, incident)
    assert set(found) == STEPS
    assert {step.state.value for step in found.values()} == {"done"}
    run = world.told(incident)[2].run
    done = effects(folder / "data")
    assert set(done) == {f"{run}:{step}" for step in MARKS}
    assert sum(done.values()) <= len(MARKS) + 1  # one kill repeats one effect at most
    assert len(list((folder / "data" / "tickets").glob("*.json"))) == len(MARKS)
    counted = times(world, incident)
    assert all(counted["STEP_DONE", step] == 1 for step in (*MARKS, "inform", "pause"))
    assert all(counted["STEP_OPENED", step] == counted["STEP_ANSWERED", step] == 1 for step in PERSONS)
    assert all(counted[kind, step] == 1 for kind, step in (("TIMER_SET", "pause"), ("STEP_ORDERED", "leave_slow_mark")))
    assert all(len(entries(world, incident, kind)) == 1 for kind in ("INCIDENT_CLOSED", "ESCALATION_STARTED"))
    pages = [call.delivery for call in [] ] or [
        (call.route, call.tier, call.party, call.channel) for call in world.desk.look(work.deliveries, incident=incident)
    ]
    assert len(pages) == len(set(pages))
    assert_sound(world)


def points(folder: Path) -> int:
    """How many instants there are in a whole run."""
    whole = -child(folder, 0)
    assert whole > 40
    return whole


@pytest.mark.slow
@pytest.mark.parametrize("part", range(4))
def test_killed_before_and_after_every_commit(begun: tuple[Path, str], tmp_path: Path, part: int) -> None:
    template, incident = begun
    shutil.copytree(template, tmp_path / "whole")
    for n in range(part + 1, points(tmp_path / "whole") + 1, 4):
        folder = tmp_path / str(n)
        shutil.copytree(template, folder)
        assert child(folder, n) == signal.SIGKILL, f"kill point {n}"
        world = open_world(folder)
        world.clock.forward(LEASE_IS_OVER)
        play_out(world)
        assert_whole(world, incident, folder)
        world.desk.close()
        shutil.rmtree(folder)


def test_killed_again_and_again_it_still_ends(begun: tuple[Path, str], tmp_path: Path) -> None:
    template, incident = begun
    folder = tmp_path / "again"
    shutil.copytree(template, folder)
