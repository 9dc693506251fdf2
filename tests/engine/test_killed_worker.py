"""A worker is killed at every commit of a playbook; another goes on, and nothing is missing or doubled."""

import os
import shutil
import signal
import traceback
import warnings
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlmodel import Session

from csirt.playbook import Disposition, Responder, Role, playbook, seconds
from csirt.store.queries import cases, work
from tests.plays import LEASE_IS_OVER, assert_sound, effects, entries, leave_mark, leave_slow_mark, start, steps, times
from tests.postgres import PostgresServer
from tests.world import World, found_world

MARKS = {"first", "second", "third", "fourth", "fifth", "leave_slow_mark", "last"}
STEPS = MARKS | {"inform", "agree", "pause", "inner", "look_back"}
PEOPLE = {"agree": "k.sato", "inner": "m.takahashi", "look_back": "k.sato"}
KILLS = 60  # at least so many, over the two sweeps


@playbook(handles="drill", version=1)
def twelve_steps(respond: Responder) -> Disposition:
    """Every kind of step that one process can do without the outside, branches in branches."""
    respond.do(leave_mark, name="first")
    respond.tell("inform", who=["post:poc"], by=["mail"])
    respond.ask("agree", who=Role.OFFICER, chain="municipal")
    respond.side_by_side(left, right)
    respond.ask("look_back", who=Role.OFFICER)
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
    respond.do(leave_mark, name="fifth")


def open_world(folder: Path, url: str = "") -> World:
    """The city with the playbook of this file and its slow action in the wing."""
    world = found_world(folder, url)
    world.add_playbook(twelve_steps)
    object.__setattr__(world.desk, "actions", {leave_slow_mark.name: leave_slow_mark})
    return world


def play_out(world: World) -> None:
    """The worker works and people answer until the case is closed."""
    for _ in range(20):
        world.work()
        waiting = world.waiting()
        for step, uid in PEOPLE.items():
            if step in waiting:
                world.answer(step, uid, "yes")
        if world.desk.look(cases.counts)["open"] == 0:
            return
        world.clock.forward(timedelta(seconds=1))
    raise AssertionError("it never closed")


class Ticks:
    """Counts the instants just before and just after a commit; ends this process, as a power cut would, at one."""

    def __init__(self, world: World, deadly: int = 0) -> None:
        self.deadly = deadly
        self.count = 0
        event.listen(world.desk.door.database.writer, "commit", self)
        event.listen(Session, "after_commit", self)

    def __call__(self, _where: object) -> None:
        self.count += 1
        if self.count == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)


def play_in_a_child(folder: Path, deadly: int, *, url: str = "", later: timedelta = timedelta()) -> int:
    """Play in a process of its own that dies at tick `deadly`; returns 0 if it did, else the ticks of a whole run."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a thread that another test left holds nothing we need
        pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        try:
            world = open_world(folder, url)
            world.clock.forward(later)
            ticks = Ticks(world, deadly)
            play_out(world)
            os.write(writing, str(ticks.count).encode())
        except BaseException:  # noqa: BLE001 - this process must not come back into pytest
            traceback.print_exc()
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read()
    _, status = os.waitpid(pid, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return 0
    return int(said)


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """A founded city with one open case, nothing done yet; to be copied."""
    folder = tmp_path_factory.mktemp("begun")
    world = open_world(folder)
    with closing(world.desk):
        incident = start(world, twelve_steps, leave_slow_mark)
    yield folder, incident
    shutil.rmtree(folder)


def assert_whole(world: World, incident: str, folder: Path, *, kills: int = 1) -> None:
    """Everything happened, each thing once; only an effect may be repeated, and then under the same key."""
    found = steps(world, incident)
    assert set(found) == STEPS
    assert {step.state.value for step in found.values()} == {"done"}
    run = next(entry.run for entry in world.told(incident) if entry.run)
    done = effects(folder / "data")
    assert set(done) == {f"{run}:{step}" for step in MARKS}
    assert sum(done.values()) <= len(MARKS) + kills
    assert len(list((folder / "data" / "tickets").glob("*.json"))) == len(MARKS)
    counted = times(world, incident)
    once = [("STEP_DONE", step) for step in (*MARKS, "inform", "pause")]
    once += [(kind, step) for kind in ("STEP_OPENED", "STEP_ANSWERED") for step in PEOPLE]
    once += [("TIMER_SET", "pause"), ("TIMER_FIRED", "pause"), ("STEP_ORDERED", "leave_slow_mark")]
    once += [("MESSAGE_QUEUED", "inform"), ("ESCALATION_STARTED", "agree"), ("ESCALATION_ENDED", "agree")]
    assert {key: counted[key] for key in once} == dict.fromkeys(once, 1)
    assert len(entries(world, incident, "INCIDENT_CLOSED")) == 1
    calls = world.desk.look(work.deliveries, incident=incident)
    assert len(calls) == len({(call.route, call.tier, call.party, call.channel) for call in calls})
    assert_sound(world)


def kill_and_go_on(template: Path, incident: str, folder: Path, tick: int, url: str = "") -> None:
    """One kill: play until it, look at what is left, and let another worker go on."""
    shutil.copytree(template, folder)
    assert play_in_a_child(folder, tick, url=url) == 0, f"kill point {tick} was not reached"
    world = open_world(folder, url)
    with closing(world.desk):
        assert_sound(world)
        world.clock.forward(LEASE_IS_OVER)
        play_out(world)
        assert_whole(world, incident, folder)
    shutil.rmtree(folder)


def before(whole: int) -> range:
    """The instants just before each commit."""
    return range(1, whole, 2)


def after(whole: int) -> range:
    """Every third of those just after one: between a commit and the next one lies an effect outside, or nothing."""
    return range(2, whole, 6)


def ticks_of_a_whole_run(template: Path, folder: Path) -> int:
    shutil.copytree(template, folder)
    whole = play_in_a_child(folder, 0)
    assert len(before(whole)) + len(after(whole)) >= KILLS
    return whole


@pytest.mark.slow
def test_killed_before_every_commit(begun: tuple[Path, str], tmp_path: Path) -> None:
    template, incident = begun
    for tick in before(ticks_of_a_whole_run(template, tmp_path / "whole")):
        kill_and_go_on(template, incident, tmp_path / str(tick), tick)


@pytest.mark.slow
def test_killed_after_commits_before_what_follows_them(begun: tuple[Path, str], tmp_path: Path) -> None:
    template, incident = begun
    for tick in after(ticks_of_a_whole_run(template, tmp_path / "whole")):
        kill_and_go_on(template, incident, tmp_path / str(tick), tick)


@pytest.mark.slow
@pytest.mark.postgres
def test_killed_on_postgresql(postgres_server: PostgresServer, tmp_path: Path) -> None:
    kept = postgres_server.fresh_database()
    world = open_world(tmp_path / "begun", kept)
    with closing(world.desk):
        incident = start(world, twelve_steps, leave_slow_mark)
    whole = tmp_path / "whole"
    shutil.copytree(tmp_path / "begun", whole)
    ticks = play_in_a_child(whole, 0, url=postgres_server.copy_of(kept))
    for tick in range(1, ticks, 17):  # before and after commits in turn
        url = postgres_server.copy_of(kept)
        kill_and_go_on(tmp_path / "begun", incident, tmp_path / str(tick), tick, url)


def test_killed_again_and_again_it_still_ends(begun: tuple[Path, str], tmp_path: Path) -> None:
    template, incident = begun
    folder = tmp_path / "again"
    shutil.copytree(template, folder)
    kills = 0
    while play_in_a_child(folder, 15, later=kills * LEASE_IS_OVER) == 0:
        kills += 1
        assert kills < 40
    assert kills > 3
    world = open_world(folder)
    with closing(world.desk):
        world.clock.forward((kills + 1) * LEASE_IS_OVER)
        found = steps(world, incident)
        assert set(found) == STEPS
        assert all(times(world, incident)["STEP_DONE", step] == 1 for step in MARKS)
        assert sum(effects(folder / "data").values()) <= len(MARKS) + kills
        assert_sound(world)
