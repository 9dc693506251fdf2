"""Reminders before a duty ends: the post in charge, then up, then a chain; nobody once it is met."""

from datetime import timedelta
from typing import Any

from sqlmodel import col, select

from csirt.model.fact import FactState, Statement, Value
from csirt.model.people import SYSTEM
from csirt.response import duties, facts, merging, reminders, triggers
from csirt.response.duties import Sent
from csirt.store.queries import duties as questions
from csirt.store.queries import work
from csirt.store.tables.duties import DutyRow
from csirt.store.tables.outbox import DeliveryRow
from tests.plays import entries
from tests.world import WITHOUT_PLAYBOOK, World

H = timedelta(hours=1)


def case(world: World, **said: Value) -> str:
    incident = world.open(WITHOUT_PLAYBOOK, "サーバー室に侵入の跡がある")
    statements = [Statement(name, FactState.CONFIRMED, value) for name, value in said.items()]
    world.desk.commit(world.person("k.sato"), facts.state, incident, statements)
    return incident


def go_to(world: World, hours: float) -> None:
    """So many hours after ten o'clock, and let the worker decide what is due then."""
    world.clock.forward(hours * H)
    while world.chores.decide():
        pass


def reminded(world: World, incident: str) -> list[dict[str, Any]]:
    return [dict(entry.out) for entry in entries(world, incident, "DUTY_REMINDED")]


def letters(world: World, incident: str) -> list[DeliveryRow]:
    with world.desk.read() as session:
        query = select(DeliveryRow).where(DeliveryRow.incident == incident, DeliveryRow.template == reminders.TEMPLATE)
        return list(session.exec(query.order_by(col(DeliveryRow.queued_at))))


def test_the_post_in_charge_hears_first_then_the_head_then_a_chain_is_climbed(world: World) -> None:
    incident = case(world, crime="suspected")
    go_to(world, 7.9)
    assert reminded(world, incident) == []
    go_to(world, 0.2)  # six hours before midnight
    assert [(one["rung"], one["parties"]) for one in reminded(world, incident)] == [(1, ("post:poc",))]
    (letter,) = letters(world, incident)
    assert (letter.party, letter.facts["step"]) == ("post:poc", "duty[police]")
    assert letter.facts["due"] == "2026-11-24T14:59:00+00:00"  # 23:59 in Japan
    go_to(world, 3)
    assert reminded(world, incident)[-1]["parties"] == ("post:poc", "post:csirt-head")
    go_to(world, 2)
    assert reminded(world, incident)[-1]["chain"] == "municipal"
    (climb,) = world.desk.look(work.escalations, incident=incident)
    assert (climb.chain, climb.step, climb.ended_at) == ("municipal", "duty[police]", None)
    go_to(world, 1)
    assert reminded(world, incident)[-1]["parties"] == ("post:director", "post:ciso")
    go_to(world, 48)
    assert len(reminded(world, incident)) == 4


def test_a_report_ends_reminders_and_calls_in_its_own_commit(world: World) -> None:
    incident = case(world, crime="suspected")
    go_to(world, 13.5)
    (climb,) = world.desk.look(work.escalations, incident=incident)
    assert climb.ended_at is None
    (police,) = world.desk.look(questions.duties, incident)
    world.desk.commit(world.person("k.sato"), duties.report, police.id, Sent("phone", world.clock.now()))
    (climb,) = world.desk.look(work.escalations, incident=incident)
    assert climb.ended_at is not None
    told = len(reminded(world, incident))
    go_to(world, 100)
    assert len(reminded(world, incident)) == told


def test_a_climb_for_a_duty_is_none_of_the_case(world: World) -> None:
    incident = case(world, crime="suspected")
    go_to(world, 13.5)
    found = world.desk.look(triggers.called_for, world.desk.door.city, incident)
    assert {one.chain: one.climbs for one in found}["municipal"] == 0
    world.desk.commit(world.person("k.sato"), triggers.start, incident, "municipal")


def test_what_was_decided_against_or_lapsed_is_not_reminded_of(world: World) -> None:
    first, second = case(world, crime="suspected"), case(world, crime="suspected")
    (police,) = world.desk.look(questions.duties, first)
    world.desk.commit(world.person("k.sato"), duties.waive, police.id, "所轄と協議済み。")
    gone = [Statement("crime", FactState.CONFIRMED, "no")]
    world.desk.commit(world.person("k.sato"), facts.state, second, gone)
    go_to(world, 14)
    assert reminded(world, first) == reminded(world, second) == []


def test_another_last_day_starts_the_reminders_anew(world: World) -> None:
    incident = case(world, leak="yes", head_count=165)
    go_to(world, 74)  # within two days of the end of the preliminary report
    told = [one["rule"] for one in reminded(world, incident)]
    assert told.count("ppc_preliminary") == 1
    known = [Statement("known", FactState.CONFIRMED, (world.clock.now() - 2 * H).isoformat())]
    world.desk.commit(world.person("k.sato"), facts.state, incident, known)
    with world.desk.read() as session:
        row = session.exec(select(DutyRow).where(DutyRow.rule == "ppc_preliminary")).one()
        assert (row.rung, row.due_at and row.remind_at and row.due_at - row.remind_at) == (0, 48 * H)


def test_a_chain_that_the_city_does_not_have_gives_way_to_mail(world: World) -> None:
    object.__setattr__(world.desk.door.city, "chains", {})
    incident = case(world, crime="suspected")
    go_to(world, 13.5)
    assert {"post:csirt-head", "post:director"} <= {one.party for one in letters(world, incident)}
    assert "TIER_SKIPPED" in world.kinds(incident)


def test_a_merged_case_has_nobody_to_tell_until_it_stands_alone_again(world: World) -> None:
    gone, kept = case(world, crime="suspected"), world.open(WITHOUT_PLAYBOOK, "同じ侵入の別の報告")
    me = world.person("k.sato")
    world.desk.commit(me, merging.merge, gone, kept, "同じ事案")
    assert [one.state for one in world.desk.look(questions.duties, gone)] == ["lapsed"]
    world.desk.commit(me, merging.unmerge, gone, "別の事案だった")
    assert [one.state for one in world.desk.look(questions.duties, gone)] == ["open"]


def test_a_reminder_that_breaks_keeps_no_other_from_its_turn(world: World) -> None:
    first, second = case(world, crime="suspected"), case(world, crime="suspected")
    world.clock.forward(8.5 * H)
    with world.desk.read() as session:
        ids = list(session.exec(select(DutyRow.id).where(DutyRow.rule == "police")))
    assert len(ids) == 2
    assert world.desk.commit(SYSTEM, reminders.fire, only=ids[0]) == 1
    assert world.desk.commit(SYSTEM, reminders.fire) == 1
    assert len(reminded(world, first)) == len(reminded(world, second)) == 1
