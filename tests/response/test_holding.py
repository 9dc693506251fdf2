"""Who has an assignment in hand: claimed, handed over, taken back, given back, sent up. Rights do not move with it."""

from datetime import timedelta

import pytest

from csirt.errors import AlreadyAnswered, CsirtError
from csirt.model.step import DONE_OR_CANNOT
from csirt.playbook import Responder, Role
from csirt.response import absences, assignments, holding
from csirt.response.assignments import Reply
from csirt.store.queries import work
from csirt.store.queries.work import AssignmentView
from tests.plays import play_of, signed_in, start
from tests.world import World

DAY = timedelta(days=1)


def body(respond: Responder) -> None:
    respond.ask("isolate", who=Role.SYSTEM_MANAGER, choices=DONE_OR_CANNOT)
    respond.approve("agree", who=Role.SYSTEM_MANAGER, asked_in=["isolate"])


def asked(world: World, step: str = "isolate") -> str:
    start(world, play_of(body))
    world.work()
    return world.waiting()[step].id


def view(world: World, id_: str) -> AssignmentView:
    return world.desk.look(work.assignment, id_)


def refused(world: World, uid: str, use_case: object, *said: str) -> str:
    with pytest.raises(CsirtError) as raised:
        world.desk.commit(signed_in(world, uid), use_case, *said)  # type: ignore[arg-type]
    return raised.value.code


def test_a_claim_shows_who_has_it_and_the_second_is_told_who_was_faster(world: World) -> None:
    id_ = asked(world)
    me = signed_in(world, "m.takahashi")
    for _ in range(2):  # pressed twice
        world.desk.commit(me, holding.claim, id_)
    assert view(world, id_).taken_by == me.id
    assert world.kinds().count("STEP_CLAIMED") == 1
    other = "n.ito"
    with pytest.raises(CsirtError) as raised:
        world.desk.commit(signed_in(world, other), holding.claim, id_)
    assert (raised.value.code, raised.value.params["by"]) == ("assignment_taken", me.id)
    world.desk.commit(signed_in(world, other), holding.claim, id_, me.id)  # knowingly, instead of them
    assert view(world, id_).taken_by == world.person(other).id


def test_who_may_not_answer_may_not_claim(world: World) -> None:
    id_ = asked(world)
    assert refused(world, "k.sato", holding.claim, id_) == "not_your_assignment"
    assert refused(world, "f.yamada", holding.claim, id_) == "not_permitted"


def test_a_hand_over_tells_the_other_and_gives_no_right(world: World) -> None:
    id_ = asked(world)
    me, to = signed_in(world, "m.takahashi"), world.person("n.ito").id
    assert refused(world, "m.takahashi", holding.hand_over, id_, world.person("k.sato").id) == "person_may_not"
    assert refused(world, "h.suzuki", holding.hand_over, id_, to) == "not_your_assignment"
    for _ in range(2):
        world.desk.commit(me, holding.hand_over, id_, to, "受付票は机の上です。")
    found = view(world, id_)
    assert (found.taken_by, found.handed_by, found.handed_note) == (to, me.id, "受付票は机の上です。")
    assert world.kinds().count("STEP_HANDED_OVER") == 1
    told = [one for one in world.desk.look(work.deliveries, incident=found.incident) if one.party == to]
    assert [one.template for one in told] == ["assignment"]
    world.desk.commit(me, holding.take_back, id_)
    assert view(world, id_).taken_by == me.id
    world.desk.commit(me, holding.give_back, id_)
    assert view(world, id_).taken_by is None


def test_an_approval_is_not_handed_to_who_may_not_approve(world: World) -> None:
    asked(world)
    world.answer("isolate", "m.takahashi", "done")
    world.work()
    approval = world.waiting()["agree"].id
    assert refused(world, "k.sato", holding.hand_over, approval, world.person("k.sato").id) == "person_may_not"
    assert refused(world, "n.ito", holding.hand_over, approval, world.person("m.takahashi").id) == "four_eyes"
    assert refused(world, "m.takahashi", holding.claim, approval) == "four_eyes"
    assert [one.uid for one in world.desk.look(holding.candidates, approval)] == ["n.ito"]


def test_nobody_hands_over_to_who_is_away(world: World) -> None:
    id_ = asked(world)
    other = signed_in(world, "n.ito")
    world.desk.commit(other, absences.enter, other.id, world.clock.now(), world.clock.now() + DAY)
    assert refused(world, "k.sato", holding.hand_over, id_, other.id) == "person_away"


def test_what_cannot_be_done_goes_up_with_its_reason_and_comes_back(world: World) -> None:
    id_ = asked(world)
    takahashi = signed_in(world, "m.takahashi")
    assert refused(world, "m.takahashi", holding.refer, id_, " ") == "reason_missing"
    for _ in range(2):
        world.desk.commit(takahashi, holding.refer, id_, "機器室の鍵がない。")
    found = view(world, id_)
    assert (found.who, found.referred_from) == ("role:officer", "role:system_manager")
    assert (found.referred_by, found.referred_reason) == (takahashi.id, "機器室の鍵がない。")
    assert world.kinds().count("STEP_REFERRED") == 1
    assert refused(world, "m.takahashi", holding.claim, id_) == "not_your_assignment"
    world.desk.commit(signed_in(world, "k.sato"), holding.send_back, id_, "守衛室で借りられる。")
    assert (view(world, id_).who, view(world, id_).referred_from) == ("role:system_manager", None)
    world.answer("isolate", "m.takahashi", "done")


def test_nothing_goes_up_beyond_the_ciso(world: World) -> None:
    id_ = asked(world)
    for uid in ("m.takahashi", "k.sato", "s.watanabe", "t.nakamura"):
        world.desk.commit(signed_in(world, uid), holding.refer, id_, "判断できない。")
    assert view(world, id_).who == "post:ciso"
    assert refused(world, "a.kobayashi", holding.refer, id_, "判断できない。") == "nobody_above"


def test_an_answered_step_is_in_nobodys_hands(world: World) -> None:
    id_ = asked(world)
    world.desk.commit(signed_in(world, "m.takahashi"), assignments.answer, id_, Reply("done"))
    with pytest.raises(AlreadyAnswered):
        world.desk.commit(signed_in(world, "m.takahashi"), holding.claim, id_)


def test_the_note_is_refused_with_a_my_number_in_it(world: World) -> None:
    id_ = asked(world)
    other = world.person("n.ito")
    assert refused(world, "k.sato", holding.hand_over, id_, other.id, "983205673214") == "my_number_refused"
