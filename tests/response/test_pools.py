"""Runs of a work pool: who drives them, and when the pool is called for them."""

from datetime import timedelta

from csirt.model.people import SYSTEM
from csirt.response import pools, runs
from csirt.store.tx import Tx
from tests.plays import entries
from tests.world import World


def test_moving_a_run_that_has_begun_stands_in_the_record(world: World) -> None:
    incident = world.open()
    world.work()
    new = world.open(title="まだ始まっていない")
    assert world.desk.commit(SYSTEM, pools.take_over, "city", set()) == 2
    assert [entry.out for entry in entries(world, incident, "RUN_HANDED_OVER")] == [{"pool": "city", "before": "none"}]
    assert entries(world, new, "RUN_HANDED_OVER") == []
    assert world.desk.commit(SYSTEM, pools.take_over, "", {"city"}) == 0  # its workers live
    assert world.desk.commit(SYSTEM, pools.take_over, "", set()) == 2


def test_a_call_that_nobody_heard_is_made_again_each_time_after_twice_the_time(world: World) -> None:
    incident = world.open()
    world.desk.commit(SYSTEM, pools.take_over, "city", set())
    called_after = []
    for second in range(121):
        if calls := world.desk.commit(SYSTEM, pools.calls, "city"):
            assert [call.incident for call in calls] == [incident]
            called_after.append(second)
        world.clock.forward(timedelta(seconds=1))
    assert called_after == [0, 6, 13, 27, 55, 86, 117]  # the time waited so far, from 5 s to 30 s


def test_a_pool_is_called_for_the_longest_waiting_and_for_no_more_than_somebody_may_take(world: World) -> None:
    opened = []
    for _ in range(pools.CALLED_MOST + 3):
        opened.append(world.open())
        world.clock.forward(timedelta(milliseconds=10))
    world.desk.commit(SYSTEM, pools.take_over, "city", set())
    first = world.desk.commit(SYSTEM, pools.calls, "city")
    assert [call.incident for call in first] == opened[: pools.CALLED_MOST]
    assert world.desk.commit(SYSTEM, pools.calls, "city") == []
    assert len(world.desk.commit(SYSTEM, runs.claim_some, 2, pool="city")) == 2
    rest = world.desk.commit(SYSTEM, pools.calls, "city")
    assert [call.incident for call in rest] == opened[pools.CALLED_MOST :][:2]


def test_a_call_that_is_made_again_asks_first_where_its_flow_run_is(world: World) -> None:
    """Whoever called first may have died between its commit and its call, while the flow run was another pool's."""
    world.open()
    world.desk.commit(SYSTEM, pools.take_over, "city", set())

    def call() -> bool:
        (one,) = world.desk.commit(SYSTEM, pools.calls, "city")
        return one.is_ours

    assert not call()
    world.clock.forward(2 * pools.SOONEST)
    assert not call()
    (held,) = world.desk.commit(SYSTEM, runs.claim_some, 1, pool="city")
    world.desk.commit(SYSTEM, Tx.wake, held.run)
    world.clock.forward(2 * runs.LEASE)
    assert call()
    world.clock.forward(2 * pools.LATEST)
    assert not call()
