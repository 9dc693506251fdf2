"""代決 and 後閲: a deputy answers for an absent holder, it is marked, and stays with the holder until seen."""

from datetime import timedelta

import pytest

from csirt.errors import CsirtError
from csirt.model.incident import Disposition
from csirt.model.people import Actor, parties_of
from csirt.playbook import Responder, Role
from csirt.response import absences, assignments, holding
from csirt.response.assignments import Reply
from csirt.store.queries import work
from csirt.store.queries.work import AssignmentView
from tests.plays import entries, play_of, signed_in, start
from tests.world import World

DAY = timedelta(days=1)


def body(respond: Responder) -> Disposition:
    respond.ask("propose", who=Role.OFFICER)
    respond.approve("agree", who="post:ciso", asked_in=["propose"])
    return respond.close(Disposition.BENIGN)


def acting(world: World) -> tuple[Actor, Actor]:
    """The holder of the post, and a first deputy who may decide."""
    post = world.desk.directory.posts()["ciso"]
    uids = {one.id: one.uid for one in world.desk.directory.people().values()}
    assert post.holder
    return signed_in(world, uids[post.holder]), signed_in(world, uids[post.deputies[0]])


def to_see(world: World, holder: Actor) -> list[AssignmentView]:
    found = world.desk.look(work.assignments, who=parties_of(holder))
    return [one for one in found if one.kind == "review"]


def decided(world: World, by: Actor) -> str:
    incident = start(world, play_of(body))
    world.work()
    world.answer("propose", "k.sato", "yes")
    world.work()
    world.desk.commit(by, assignments.answer, world.waiting()["agree"].id, Reply("approve", "急を要する。"))
    world.work()
    return incident


def test_the_holder_decides_and_nothing_is_left_to_see(world: World) -> None:
    holder, _ = acting(world)
    incident = decided(world, holder)
    assert to_see(world, holder) == []
    assert "proxy" not in entries(world, incident, "STEP_ANSWERED")[-1].out


def test_a_deputy_decides_it_is_marked_and_stays_until_the_holder_has_seen_it(world: World) -> None:
    holder, deputy = acting(world)
    now = world.clock.now()
    world.desk.commit(holder, absences.enter, holder.id, now, now + DAY)
    incident = decided(world, deputy)
    said = entries(world, incident, "STEP_ANSWERED")[-1].out
    assert (said["proxy"], said["away"]) == ("ciso", True)
    assert "INCIDENT_CLOSED" in world.kinds(incident)  # it holds up nobody, and stays after the end
    (seen,) = to_see(world, holder)
    assert to_see(world, deputy) == []
    with pytest.raises(CsirtError, match="not_your_assignment"):
        world.desk.commit(deputy, assignments.answer, seen.id, Reply("seen"))
    with pytest.raises(CsirtError, match="not_your_assignment"):
        world.desk.commit(holder, holding.claim, seen.id)
    world.desk.commit(holder, assignments.answer, seen.id, Reply("seen", "了解した。"))
    assert to_see(world, holder) == []
    assert entries(world, incident, "STEP_REVIEWED")[0].texts["text"] == "了解した。"


def test_a_holder_who_is_there_is_told_by_mail(world: World) -> None:
    holder, deputy = acting(world)
    incident = decided(world, deputy)
    told = [one for one in world.desk.look(work.deliveries, incident=incident) if one.party == holder.id]
    assert [one.facts["assignment"] for one in told] == [to_see(world, holder)[0].id]
