"""Work beside the playbook: asked of somebody by a time, answered like a step, reminded of; it may hold the case."""

from datetime import timedelta

import pytest

from csirt.errors import CsirtError
from csirt.model.incident import Disposition, IncidentType
from csirt.model.people import parties_of
from csirt.playbook import Responder
from csirt.response import asking, assignments, errands, holding, incidents
from csirt.response.assignments import Reply
from csirt.store.queries import cases, work
from csirt.store.queries.work import AssignmentView
from tests.plays import agree, entries, play_of, signed_in, start
from tests.world import World

HOUR = timedelta(hours=1)


def opened(world: World) -> str:
    return world.open(IncidentType.UNDECIDED, "様子がおかしい")


def ask(world: World, incident: str, who: str, *, necessary: bool = False) -> str:
    until = world.clock.now() + HOUR
    officer = signed_in(world, "k.sato")
    return world.desk.commit(officer, asking.ask, incident, "鍵を借りる", who, until, necessary=necessary)


def view(world: World, id_: str) -> AssignmentView:
    return world.desk.look(work.assignment, id_)


def test_a_named_person_has_it_on_their_list_and_answers_it(world: World) -> None:
    incident, ito = opened(world), signed_in(world, "n.ito")
    id_ = ask(world, incident, ito.id)
    (one,) = [one for one in world.desk.look(work.assignments, who=parties_of(ito)) if one.incident == incident]
    assert (one.id, one.text, one.kind) == (id_, "鍵を借りる", "errand")
    with pytest.raises(CsirtError, match="not_your_assignment"):
        world.desk.commit(signed_in(world, "m.takahashi"), assignments.answer, id_, Reply("done"))
    world.desk.commit(ito, assignments.answer, id_, Reply("done", "借りた。"))
    assert view(world, id_).choice == "done"
    assert entries(world, incident, "ERRAND_DONE")[0].texts["reason"] == "借りた。"


def test_only_those_who_assign_work_ask_and_only_of_those_who_may_answer(world: World) -> None:
    incident = opened(world)
    auditor = world.person("f.yamada").id
    for uid, who, code in (
        ("m.takahashi", "role:officer", "not_permitted"),
        ("k.sato", auditor, "person_may_not"),
        ("k.sato", "role:auditor", "party_malformed"),
        ("k.sato", "post:nobody", "party_malformed"),
    ):
        with pytest.raises(CsirtError, match=code):
            world.desk.commit(signed_in(world, uid), asking.ask, incident, "x", who, None)
    with pytest.raises(CsirtError, match="time_past"):
        world.desk.commit(signed_in(world, "k.sato"), asking.ask, incident, "x", "role:officer", world.clock.now())


def test_what_is_necessary_holds_the_case_until_it_is_waived_with_a_reason(world: World) -> None:
    incident, officer = opened(world), signed_in(world, "k.sato")
    needed, other = ask(world, incident, "role:system_manager", necessary=True), ask(world, incident, "role:officer")
    with pytest.raises(CsirtError, match="errands_open"):
        world.desk.commit(officer, incidents.close, incident, Disposition.BENIGN, "誤報")
    with pytest.raises(CsirtError, match="reason_missing"):
        world.desk.commit(officer, errands.waive, needed, " ")
    world.desk.commit(officer, errands.waive, needed, "別の方法で済んだ。")
    world.desk.commit(officer, incidents.close, incident, Disposition.BENIGN, "誤報")
    assert (view(world, needed).choice, view(world, other).choice) == ("cancelled", "cancelled")


def test_a_playbook_waits_for_it_and_closes_once_it_is_done(world: World) -> None:
    def body(respond: Responder) -> Disposition:
        agree(respond)
        return respond.close(Disposition.BENIGN)

    incident = start(world, play_of(body))
    world.work()
    id_ = ask(world, incident, "role:officer", necessary=True)
    world.answer("agree", "k.sato", "yes")
    world.work()
    assert world.desk.look(cases.incident, incident).status == "open"
    world.desk.commit(signed_in(world, "k.sato"), assignments.answer, id_, Reply("done"))
    world.work()
    assert world.desk.look(cases.incident, incident).status == "closed"


def test_it_is_reminded_of_before_its_time_and_at_it(world: World) -> None:
    incident, ito = opened(world), signed_in(world, "n.ito")
    ask(world, incident, ito.id)
    world.clock.forward(timedelta(minutes=31))
    world.work()
    (first,) = entries(world, incident, "ERRAND_REMINDED")
    assert (list(first.out["parties"]), first.out["overdue"]) == ([ito.id], False)
    world.clock.forward(timedelta(minutes=30))
    world.work()
    world.work()
    *_, last = entries(world, incident, "ERRAND_REMINDED")
    assert (list(last.out["parties"]), last.out["overdue"]) == ([ito.id, "role:officer"], True)
    assert world.kinds().count("ERRAND_REMINDED") == 2


def test_what_a_person_cannot_do_goes_back_to_the_officers(world: World) -> None:
    incident, ito = opened(world), signed_in(world, "n.ito")
    id_ = ask(world, incident, ito.id)
    world.desk.commit(ito, holding.refer, id_, "出張中である。")
    assert (view(world, id_).who, view(world, id_).referred_from) == ("role:officer", ito.id)
