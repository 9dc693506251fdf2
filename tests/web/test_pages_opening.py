"""Opening an incident in four short steps, and drafts that outlive the session."""

from datetime import timedelta
from html import unescape

import pytest

from csirt.bootstrap import Desk
from csirt.clock import FixedClock
from csirt.errors import Conflict, Forbidden, Invalid
from csirt.model.incident import IncidentType
from csirt.model.people import SYSTEM, Actor, Role
from csirt.response import drafts
from csirt.store.queries import cases, work
from csirt.store.queries.drafts import draft
from csirt.store.tables.drafts import DraftRow
from tests.web.visitor import Visit, Visitor, hidden, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]

WHAT = {
    "channel": "phone", "title": "二階の端末に脅迫文が出た", "account": "赤い画面に英文。",
    "type": "ransomware",
}  # fmt: skip


def begin(me: Visitor, **other: str) -> str:
    """The first step; returns where it leads."""
    page = me.text("/incidents/new")
    action = "/incidents/new/" + page.partition('<form method="post" action="/incidents/new/')[2].partition('"')[0]
    return lead(me.post(action, {**hidden(page, action), **WHAT, **other}))


def go_on(me: Visitor, way: str, **typed: str) -> str:
    return lead(me.post(way, {**me.form(way, way), **typed}))


def test_four_steps_open_an_incident_and_foretell_what_follows(visit: Visit, desk: Desk) -> None:
    me = visit("k.sato")
    where = begin(me)
    assert where.endswith("/where")
    data = go_on(me, where, host="TAX-PC-017", noticed="2026-11-22T13:45")
    confirm = go_on(me, data, personal_data="unknown")
    page = me.text(confirm)
    for said in ("TAX-PC-017", "13時45分", "ランサムウェア", "統一的な窓口", "佐藤", "県への第1報", "あと ", "<svg"):
        assert said in page
    assert desk.look(cases.counts)["incidents"] == 0
    typed = me.form(confirm, confirm)
    way = lead(me.post(confirm, typed))
    assert "起票しました。" in me.text(way)
    # The same form again, the back button and a bookmark lead to the one incident.
    assert {lead(me.post(confirm, typed)), lead(me.get(confirm)), lead(me.get(where))} == {way}
    view = desk.look(cases.incidents)
    assert [(one.type, one.title) for one in view] == [(IncidentType.RANSOMWARE, WHAT["title"])]


@pytest.mark.parametrize(
    ("personal_data", "prefecture", "commission"),
    [
        ("unknown", "レベル2以上と決まった場合、又は漏えいのおそれがある場合", "漏えいのおそれがある場合"),
        ("no", "レベル2以上と決まった場合", ""),
    ],
)
def test_what_may_begin_is_told_with_what_it_takes_and_not_as_if_it_were_so(
    visit: Visit, personal_data: str, prefecture: str, commission: str
) -> None:
    me = visit("k.sato")
    data = go_on(me, begin(me), host="TAX-PC-017", noticed="")
    page = me.text(go_on(me, data, personal_data=personal_data))
    told = " ".join(page.partition("始まる期限")[2].split())
    assert "と決められた" not in told
    first = told.partition("<strong>県への第1報</strong>")[2].partition("<strong>")[0]
    assert prefecture in first
    assert ("又は" in first) == ("又は" in prefecture)
    second = told.partition("<strong>個人情報保護委員会への速報</strong>")[2].partition("<strong>")[0]
    assert (commission in second) if commission else not second


def test_a_step_that_is_faulty_comes_back_and_one_left_out_is_asked_for(visit: Visit) -> None:
    me = visit("k.sato")
    where = begin(me)
    answer = me.post(where, me.form(where, where) | {"noticed": "2026-11-23T00:00", "host": "PC-1"})
    assert answer.status_code == 422
    assert "これから先の日時です。" in answer.text
    assert 'value="PC-1"' in me.text(where)
    go_on(me, where, noticed="", host="PC-2")
    key = where.rpartition("/")[0]
    assert lead(me.get(f"{key}/confirm")) == f"{key}/data"
    assert me.get(f"{key}/other").status_code == 404
    assert me.get("/incidents/new/x/what").status_code == 422


def test_what_was_begun_is_offered_again_to_its_person_only(visit: Visit) -> None:
    where = begin(visit("k.sato"))
    assert WHAT["title"] in visit("k.sato").text("/incidents/new")
    other = visit("s.watanabe")
    assert WHAT["title"] not in other.text("/incidents/new")
    assert lead(other.get(where)) == "/incidents/new"
    me = visit("k.sato")
    assert me.send("/incidents/new", "/drafts/drop").status_code == 303
    assert WHAT["title"] not in me.text("/incidents/new")


def test_a_draft_is_announced_only_to_who_comes_back_to_it(visit: Visit, clock: FixedClock) -> None:
    me, restored = visit("k.sato"), "前に入力した下書き"
    where = begin(me)
    assert restored not in me.text(where)
    assert "/drafts/drop" in me.text(where)  # it can be thrown away all the same
    data = go_on(me, where, host="TAX-PC-017", noticed="")
    assert restored not in me.text(data)
    assert restored not in me.text(where)  # a step back is no return either
    listed = me.text("/incidents/new")
    href = unescape(listed.partition('id="unfinished"')[2].partition('href="')[2].partition('"')[0])
    assert restored in me.text(href)
    assert restored not in me.text(go_on(me, href.partition("?")[0], host="TAX-PC-018", noticed=""))
    clock.forward(timedelta(minutes=20))
    again = visit("k.sato")  # signed out meanwhile, by the clock, and led back by the address
    assert restored in again.text(data)


def test_who_may_open_nothing_gets_no_step(visit: Visit) -> None:
    me = visit("r.kato")
    assert me.get("/incidents/new").status_code == 403
    typed = {"csrf": me.form("/", "/sign-out")["csrf"], **WHAT}
    assert me.post("/incidents/new/k-12345678/what", typed).status_code == 403


# ---------------------------------------------------------------------------------------------------------- drafts


def step_of(played: World) -> tuple[str, str]:
    """An incident, and the page of its open step."""
    incident = played.open()
    played.work()
    return incident, f"/assignments/{played.desk.look(work.assignments, incident=incident)[0].id}"


def test_a_draft_outlives_a_session_that_ran_out(visit: Visit, played: World, clock: FixedClock) -> None:
    _, step = step_of(played)
    me = visit("k.sato")
    typed = me.form(step, step) | {"choice": "yes", "reason": "脅迫文を確認した。"}
    clock.forward(timedelta(minutes=20))
    answer = me.post(step, typed)
    assert answer.status_code == 401
    assert "脅迫文を確認した。" in answer.text
    again = visit("k.sato").text(step)
    assert "脅迫文を確認した。</textarea>" in again
    assert "前に入力した下書き" in again
    assert "脅迫文" not in visit("s.watanabe").text(step)


def test_a_draft_that_a_script_sends_too_late_is_kept_and_a_form_says_so(
    visit: Visit, played: World, clock: FixedClock
) -> None:
    incident, step = step_of(played)
    me, place = visit("k.sato"), f"/incidents/{incident}/notes"
    note = me.form(f"/incidents/{incident}", place) | {"text": "業者の折り返しを待つ。"}
    typed = me.form(step, step) | {"choice": "yes", "reason": "脅迫文を確認した。"}
    clock.forward(timedelta(minutes=20))
    late = me.client.post("/drafts", data=note, headers={"Accept": "application/json"})
    assert late.status_code == 401
    assert "下書きとして保存しました" in me.post(step, typed).text
    assert "業者の折り返しを待つ。</textarea>" in visit("k.sato").text(f"/incidents/{incident}")
    lost = me.post("/incidents/i-unknown/notes", note)
    assert "下書きとして保存しました" not in lost.text, "only where it is true"


def test_nobody_writes_into_anothers_draft_with_an_old_cookie(visit: Visit, played: World, clock: FixedClock) -> None:
    _, step = step_of(played)
    me, other = visit("k.sato"), visit("s.watanabe")
    typed = me.form(step, step) | {"reason": "他人の下書き"}
    clock.forward(timedelta(minutes=20))
    other.post(step, typed)  # her cookie, his token
    me.post(step, typed | {"csrf": "x"})
    assert played.desk.look(draft, played.person("s.watanabe").id, step) is None
    assert played.desk.look(draft, played.person("k.sato").id, step) is None


def test_a_script_keeps_a_draft_and_a_button_does_without_one(visit: Visit, played: World) -> None:
    incident, _ = step_of(played)
    me, place = visit("k.sato"), f"/incidents/{incident}/notes"
    typed = me.form(f"/incidents/{incident}", place) | {"text": "業者に電話した。"}
    said = me.client.post("/drafts", data=typed, headers={"Accept": "application/json"})
    assert "下書きを保存しました（14時00分）" in said.json()["said"]
    assert lead(me.post("/drafts", typed)) == f"/incidents/{incident}#notes"
    assert "業者に電話した。</textarea>" in me.text(f"/incidents/{incident}")
    me.post(place, typed)
    assert "業者に電話した。</textarea>" not in me.text(f"/incidents/{incident}")


def test_a_faulty_form_is_kept_but_never_an_individual_number(visit: Visit, played: World) -> None:
    _, step = step_of(played)
    me = visit("k.sato")
    typed = me.form(step, step) | {"choice": "", "reason": "確認中"}
    assert me.post(step, typed).status_code == 422
    assert "確認中</textarea>" in me.text(step)
    me.post(step, typed | {"reason": "1234 5678 9018"})
    assert "9018" not in me.text(step)


def test_a_draft_is_sealed_and_swept_after_two_weeks(played: World, clock: FixedClock) -> None:
    incident, step = step_of(played)
    actor = played.person("k.sato")
    played.desk.commit(actor, drafts.keep, step, {"reason": "秘密の理由"})
    with played.desk.read() as session:
        row = session.get(DraftRow, (actor.id, step))
        assert row is not None
        assert row.incident == incident
        assert "秘密".encode() not in row.sealed
    clock.forward(drafts.KEPT + timedelta(minutes=1))
    assert played.desk.commit(SYSTEM, drafts.sweep) == 1


def test_a_draft_has_a_place_and_a_measure(played: World) -> None:
    _, step = step_of(played)
    officer, auditor = played.person("k.sato"), Actor("p-1", "ldif", "", frozenset({Role.AUDITOR}))
    with pytest.raises(Invalid, match="draft_place_unknown"):
        played.desk.commit(officer, drafts.keep, "/sign-in", {"uid": "x"})
    with pytest.raises(Invalid, match="draft_place_unknown"):
        played.desk.commit(officer, drafts.keep, "/assignments/a-000000000000", {"reason": "x"})
    with pytest.raises(Invalid, match="input_too_large"):
        played.desk.commit(officer, drafts.keep, step, {"reason": "あ" * drafts.MOST_BYTES})
    with pytest.raises(Forbidden):
        played.desk.commit(auditor, drafts.keep, "/incidents/new/k-12345678", {"title": "x"})
    for number in range(drafts.MOST_OF_A_PERSON):
        played.desk.commit(officer, drafts.keep, f"/incidents/new/k-{number:08}", {"title": "x"})
    with pytest.raises(Conflict, match="drafts_full"):
        played.desk.commit(officer, drafts.keep, step, {"reason": "x"})
