"""A worker that is killed leaves leases behind: the next one on the same machine does not wait until they run out."""

import os
import signal
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlmodel import select

from csirt.errors import LeaseLost
from csirt.model.people import SYSTEM
from csirt.playbook import Disposition, Responder, playbook
from csirt.response import runs, slow, takeover
from csirt.store.leases import held_here, is_proven_dead, new_lease
from csirt.store.tables.runs import ActionDueRow, RunDueRow
from csirt.store.tx import Tx
from tests.house.tree import ROOT
from tests.plays import LEASE_IS_OVER, agree, effects, leave_mark, leave_slow_mark, start
from tests.prefect_server import until
from tests.world import World, found_world


@playbook(handles="drill", version=1)
def one_mark(respond: Responder) -> Disposition:
    agree(respond)
    respond.do(leave_slow_mark)
    return respond.close(Disposition.TRUE_POSITIVE)


@contextmanager
def holder(folder: Path) -> Iterator[int]:
    """Another process, which claims the run that is due and then hangs; gives its number, kills it in the end."""
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # a thread that another test left holds nothing we need
        pid = os.fork()
    if pid == 0:
        signal.alarm(60)
        world = found_world(folder)
        os.write(writing, b"y" if world.desk.commit(SYSTEM, runs.claim) else b"n")
        time.sleep(60)
        os._exit(0)
    os.close(writing)
    try:
        with os.fdopen(reading, "rb") as pipe:
            assert pipe.read(1) == b"y"
        yield pid
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_the_lease_of_a_killed_process_is_free_at_the_next_look_and_a_living_ones_never(tmp_path: Path) -> None:
    world = found_world(tmp_path)
    with closing(world.desk):
        world.open()
        with holder(tmp_path) as pid:
            world.chores.keep_house()
            assert world.desk.commit(SYSTEM, runs.claim) is None
            os.kill(pid, signal.SIGSTOP)  # hanging is not dead
            world.chores.keep_house()
            assert world.desk.commit(SYSTEM, runs.claim) is None
            os.kill(pid, signal.SIGKILL)  # dead, though its parent has not asked for it yet
            until(lambda: world.desk.look(takeover.orphaned, world.clock.now()), 5)
            world.chores.keep_house()
            assert world.desk.commit(SYSTEM, runs.claim) is not None


def held_by(world: World, lease: str) -> None:
    """Let the due run be held under this lease."""

    def write(tx: Tx) -> None:
        row = tx.session.exec(select(RunDueRow)).one()
        row.lease, row.lease_until = lease, tx.lease_now + LEASE_IS_OVER
        tx.session.add(row)

    world.desk.commit(SYSTEM, write)


def another_start() -> str:
    """The lease of a process that had our number before us."""
    return new_lease().rpartition(".")[0] + ".1"


def test_only_who_is_proven_dead_loses_a_lease_on_both_databases(world: World) -> None:
    world.open()
    elsewhere = new_lease().replace(held_here(), "@0123456789abcdef.")
    for alive in (new_lease(), elsewhere, "l-0123456789ab"):
        held_by(world, alive)
        world.chores.keep_house()
        assert world.desk.commit(SYSTEM, runs.claim) is None
    held_by(world, another_start())
    world.chores.keep_house()
    assert world.desk.commit(SYSTEM, runs.claim) is not None


def test_who_was_thought_dead_can_write_no_more_once_another_took_over(world: World) -> None:
    world.open()
    first = world.desk.commit(SYSTEM, runs.claim)
    assert first
    assert world.desk.commit(SYSTEM, takeover.free, [first.lease]) == 1
    world.desk.commit(SYSTEM, runs.renew, first)  # nobody took it: it goes on
    assert world.desk.commit(SYSTEM, takeover.free, [first.lease]) == 1
    second = world.desk.commit(SYSTEM, runs.claim)
    assert second
    assert second.lease != first.lease
    with pytest.raises(LeaseLost):
        world.desk.commit(SYSTEM, runs.renew, first)


def test_a_slow_action_of_a_dead_worker_is_done_again_at_once_under_its_key(tmp_path: Path) -> None:
    world = found_world(tmp_path)
    with closing(world.desk):
        start(world, one_mark, leave_mark, leave_slow_mark)
        world.work()
        world.answer("agree", "k.sato", "yes")
        for _ in world.passes():
            pass
        taken = world.desk.commit(SYSTEM, takeover_slow)
        assert taken
        assert not world.chores.due().actions
        world.chores.keep_house()
        world.work()
        assert effects(world.desk.settings.data) == {taken: 1}


def takeover_slow(tx: Tx) -> str:
    """Take the slow action as a process would that is dead by now; its key."""
    held = slow.claim(tx)
    assert held
    row = tx.session.exec(select(ActionDueRow)).one()
    row.lease = another_start()
    tx.session.add(row)
    return held.key


@given(st.text())
def test_whatever_stands_in_a_lease_only_a_process_seen_from_here_is_proven_dead(text: str) -> None:
    assert not is_proven_dead(text)
    assert not is_proven_dead(f"l-1{held_here()}{text}.") or "." in text
    assert not is_proven_dead(new_lease())


def test_a_process_that_has_ended_is_proven_dead() -> None:
    said = subprocess.run(
        [sys.executable, "-c", "from csirt.store.leases import new_lease; print(new_lease())"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    )  # fmt: skip
    assert is_proven_dead(said.stdout.strip())
