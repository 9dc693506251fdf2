"""Measures outlive their incident, are checked by somebody else, and are reminded of; reviews are versions."""

from datetime import date, timedelta

import pytest
from openpyxl import load_workbook

from csirt.documents import measures_document
from csirt.errors import Conflict, Forbidden, Invalid
from csirt.model.incident import Disposition
from csirt.model.measure import MeasureFilter, MeasureState
from csirt.model.people import Actor, Role
from csirt.reports.measures_xlsx import measures_xlsx
from csirt.response import incidents, measures, reviews
from csirt.response.reviews import Review
from csirt.store.queries.measures import measures as listed
from csirt.store.queries.measures import reviews as versions
from tests.plays import entries
from tests.world import WITHOUT_PLAYBOOK, World

DUE = date(2026, 12, 20)


def closed(world: World) -> str:
    incident = world.open(WITHOUT_PLAYBOOK)
    world.desk.commit(world.person("k.sato"), incidents.close, incident, Disposition.TRUE_POSITIVE, "")
    return incident


def head() -> Actor:
    return Actor("p-head", "ldap", roles=frozenset({Role.CSIRT_HEAD}), posts=frozenset({"csirt-head"}))


def add(world: World, incident: str, text: str = "VPN装置を更新する") -> str:
    return world.desk.commit(world.person("k.sato"), measures.add, incident, text, "system-manager", DUE)


def test_a_measure_outlives_its_incident_and_its_effect_is_looked_at_by_somebody_else(world: World) -> None:
    measure = add(world, closed(world))
    me = world.person("k.sato")
    with pytest.raises(Conflict):
        world.desk.commit(head(), measures.check, measure, "早すぎる", effective=True)
    world.desk.commit(me, measures.end, measure, MeasureState.DONE, "更新した。")
    with pytest.raises(Forbidden):
        world.desk.commit(me, measures.check, measure, "効いた。", effective=True)
    with pytest.raises(Invalid):
        world.desk.commit(head(), measures.check, measure, " ", effective=True)
    world.desk.commit(head(), measures.check, measure, "別の装置が残っている。", effective=False)
    (view,) = world.desk.look(listed)
    assert (view.state, view.effect, view.ended_text) == ("open", "別の装置が残っている。", "")
    world.desk.commit(me, measures.end, measure, MeasureState.DONE, "残りも更新した。")
    world.desk.commit(head(), measures.check, measure, "すべて新しい。", effective=True)
    (view,) = world.desk.look(listed)
    assert (view.state, view.ended_text, view.checked_by) == ("checked", "残りも更新した。", "p-head")


def test_an_open_measure_is_reminded_of_and_climbs_after_its_date(world: World) -> None:
    measure = add(world, incident := closed(world))
    told: list[tuple[int, tuple[str, ...]]] = []
    for _ in range(70):
        world.clock.forward(timedelta(days=1))
        while world.chores.decide():
            pass
    told = [(entry.out["rung"], entry.out["parties"]) for entry in entries(world, incident, "MEASURE_REMINDED")]
    assert told == [
        (1, ("post:system-manager",)),
        (2, ("post:system-manager", "post:csirt-head")),
        (3, ("post:system-manager", "post:csirt-head", "post:director")),
        (4, ("post:director", "post:ciso")),
    ]
    (late,) = world.desk.look(listed, MeasureFilter(overdue=True, today=date(2027, 1, 30)))
    assert late.id == measure


def test_another_date_begins_the_reminders_anew_and_what_is_done_has_none(world: World) -> None:
    measure = add(world, closed(world))
    me = world.person("k.sato")
    with pytest.raises(Invalid):
        world.desk.commit(me, measures.change, measure, "nobody", DUE, "担当が変わった")
    world.desk.commit(me, measures.change, measure, "director", date(2027, 3, 31), "予算の都合")
    (view,) = world.desk.look(listed)
    assert (view.owner, str(view.due), str(view.remind_at)[:10]) == ("director", "2027-03-31", "2027-03-17")
    world.desk.commit(me, measures.end, measure, MeasureState.DONE, "")
    assert world.desk.look(listed)[0].remind_at is None


def test_the_file_for_the_committee_holds_what_the_filter_asks_and_no_formula(world: World) -> None:
    incident = closed(world)
    add(world, incident, "=HYPERLINK(1)")
    done = add(world, incident, "手順を見直す")
    world.desk.commit(world.person("k.sato"), measures.end, done, MeasureState.DONE, "見直した。")
    path = world.desk.settings.data / "measures.xlsx"
    wanted = MeasureFilter(state=MeasureState.OPEN)
    path.write_bytes(measures_xlsx(world.desk.look(measures_document, world.desk, wanted, "ja")))
    sheet = load_workbook(path).worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    assert [row[1] for row in rows[2:]] == ["=HYPERLINK(1)"]
    assert sheet["B3"].data_type == "s"


def test_a_review_is_written_after_closing_and_a_correction_is_a_new_version(world: World) -> None:
    incident = world.open(WITHOUT_PLAYBOOK)
    me, today = world.person("k.sato"), date(2026, 11, 24)
    with pytest.raises(Conflict):
        world.desk.commit(me, reviews.record, incident, Review(today, "早い", "原因"))
    world.desk.commit(me, incidents.close, incident, Disposition.TRUE_POSITIVE, "")
    for wrong in (
        Review(today, " ", "原因"),
        Review(date(2027, 1, 1), "早い", "原因"),
        Review(today, "x" * 9000, "原因"),
    ):
        with pytest.raises(Invalid):
            world.desk.commit(me, reviews.record, incident, wrong)
    first = Review(today, "切離しが早かった。", "更新漏れ", "番号が古い", "4月に確かめる")
    assert world.desk.commit(me, reviews.record, incident, first, request_key="a") == 1
    assert world.desk.commit(me, reviews.record, incident, first, request_key="a") == 1
    assert world.desk.commit(me, reviews.record, incident, Review(today, "切離しが早かった。", "設定の誤り")) == 2
    assert [(one.version, one.cause, one.badly) for one in world.desk.look(versions, incident)] == [
        (2, "設定の誤り", ""),
        (1, "更新漏れ", "番号が古い"),
    ]
    told = [entry.texts for entry in entries(world, incident, "REVIEW_RECORDED")]
    assert told[0]["lessons"] == "4月に確かめる"
