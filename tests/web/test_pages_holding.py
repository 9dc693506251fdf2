"""Who has a step in hand, on its page: claims, hand-overs, and what was typed by who was slower."""

from datetime import timedelta

from csirt.model.people import Actor, Role
from csirt.response import escalations, holding
from csirt.store.queries import work
from csirt.store.queries.work import AssignmentView
from tests.plays import signed_in
from tests.web.test_pages_incident import contained
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def isolating(played: World) -> AssignmentView:
    contained(played)
    return played.waiting()["isolate_terminal"]


def test_a_step_is_claimed_and_others_see_who(visit: Visit, played: World) -> None:
    step = isolating(played)
    page = f"/assignments/{step.id}"
    assert "まだだれも引き受けていません" in visit("n.ito").text(page)
    assert lead(visit("m.takahashi").send(page, f"{page}/claim")) == page
    other = visit("n.ito").text(page)
    assert "高橋" in other
    assert "代わって引き受ける" in other
    assert "高橋" in visit("n.ito").text(f"/incidents/{step.incident}")
    assert "あなたが担当" in visit("m.takahashi").text("/assignments")


def test_who_was_slower_sees_who_was_faster_and_keeps_what_they_typed(visit: Visit, played: World) -> None:
    step = isolating(played)
    page = f"/assignments/{step.id}"
    slower = visit("n.ito")
    typed = slower.form(page, f"{page}/hand-over") | {"to": played.person("n.ito").id, "note": "鍵は守衛室です。"}
    claim = slower.form(page, f"{page}/claim")
    played.desk.commit(signed_in(played, "m.takahashi"), holding.claim, step.id)
    for action, sent in (("hand-over", typed), ("claim", claim)):
        answer = slower.post(f"{page}/{action}", sent)
        assert answer.status_code == 409
        assert "高橋" in answer.text
        assert action == "claim" or "鍵は守衛室です。" in answer.text


def test_a_hand_over_without_a_person_comes_back_with_its_note(visit: Visit, played: World) -> None:
    page = f"/assignments/{isolating(played).id}"
    me = visit("m.takahashi")
    answer = me.send(page, f"{page}/hand-over", to="", note="あとは鍵だけ。")
    assert (answer.status_code, "あとは鍵だけ。" in answer.text) == (422, True)
    assert (
        lead(me.send(page, f"{page}/hand-over", to=played.person("n.ito").id, note="あとは鍵だけ。")) == "/assignments"
    )
    assert "あとは鍵だけ。" in visit("n.ito").text(page)
    assert lead(me.send(page, f"{page}/take-back")) == page


def test_what_cannot_be_done_stands_with_its_reason_before_the_officer(visit: Visit, played: World) -> None:
    step = isolating(played)
    page = f"/assignments/{step.id}"
    me = visit("m.takahashi")
    assert me.send(page, f"{page}/cannot", reason="").status_code == 422
    typed = me.form(page, f"{page}/cannot") | {"reason": "機器室の鍵がない。"}
    for _ in range(2):
        assert lead(me.post(f"{page}/cannot", typed)) == "/assignments"
    assert played.kinds().count("STEP_REFERRED") == 1
    officer = visit("k.sato")
    assert "「できない」との申出あり" in officer.text("/assignments")
    assert "機器室の鍵がない。" in officer.text(page)
    assert lead(officer.send(page, f"{page}/send-back", reason="守衛室にある。")) == "/assignments"
    assert played.desk.look(work.assignment, step.id).who == "role:system_manager"


def test_a_call_is_taken_on_its_sheet_so_that_nobody_is_phoned_twice(visit: Visit, played: World) -> None:
    sheets = call_sheets(played)
    sheet, place = f"/call-sheets/{sheets[0].id}", f"/assignments/{sheets[0].id}"
    first, second = visit("k.sato"), visit("k.sato")
    slow = second.form(sheet, f"{place}/claim")
    assert "かける前に引き受けると" in second.text(sheet)
    assert lead(first.send(sheet, f"{place}/claim")) == sheet
    assert "かける前に引き受けると" not in first.text(sheet)
    assert "あなたが担当" in first.text("/assignments")
    assert lead(second.post(f"{place}/claim", slow)) == sheet  # the same person twice counts once
    assert lead(first.send(sheet, f"{place}/give-back")) == sheet
    assert played.kinds(sheets[0].incident).count("STEP_CLAIMED") == 1


def test_who_is_slower_to_take_a_call_is_told_on_the_sheet(visit: Visit, played: World) -> None:
    sheet = call_sheets(played)[0]
    page, place = f"/call-sheets/{sheet.id}", f"/assignments/{sheet.id}"
    slower = visit("k.sato")
    typed = slower.form(page, f"{place}/claim")
    other = Actor(played.person("y.tanaka").id, "test", "s-other", frozenset({Role.OFFICER}))
    played.desk.commit(other, holding.claim, sheet.id)
    answer = slower.post(f"{place}/claim", typed)
    assert (answer.status_code, "読み上げる文" in answer.text) == (409, True)
    assert "がこの電話を引き受けています" in answer.text
    assert "田中 陽子" in answer.text
    taken = slower.text(page)
    assert taken.index("がこの電話を引き受けています") < taken.index('class="call-number"')
    assert lead(slower.send(page, f"{place}/claim")) == page  # taken over, knowing from whom
    assert "がこの電話を引き受けています" not in slower.text(page)


def test_who_phones_sees_what_else_the_same_person_is_to_hear(visit: Visit, played: World) -> None:
    first = next(one for one in call_sheets(played) if played.called(one).startswith("post:poc"))
    alone = visit("k.sato").text(f"/call-sheets/{first.id}")
    assert "この人への電話連絡票がほかにもあります" not in alone
    step = "settle_the_level"
    played.desk.commit(played.person("k.sato"), escalations.start, first.incident, None, step, "municipal", "page")
    played.forward(timedelta(seconds=5))
    (other,) = (
        one
        for one in played.desk.look(work.assignments, incident=first.incident)
        if one.delivery and one.step == step and played.called(one) == played.called(first)
    )
    for one, another in ((first, other), (other, first)):
        page = visit("k.sato").text(f"/call-sheets/{one.id}")
        assert "この人への電話連絡票がほかにもあります" in page
        assert f'<li><a href="/call-sheets/{another.id}">' in page


def call_sheets(played: World) -> list[AssignmentView]:
    """The calls that wait for somebody who phones."""
    incident = played.open()
    played.forward(timedelta(seconds=5))
    return [view for name, view in played.waiting(incident).items() if name.startswith("call:")]
