"""自分の作業, the page of one step and the call sheet: answering once, clashes, what a decision is shown."""

from dataclasses import replace
from datetime import timedelta

import pytest

from csirt.store.queries import work
from csirt.web.pages import climbs
from tests.web.test_pages_incident import contained
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_the_list_holds_what_waits_for_my_roles_and_posts(visit: Visit, played: World) -> None:
    contained(played)
    mine = visit("t.nakamura").text("/assignments")
    assert "いま待たれている作業はありません" not in visit("m.takahashi").text("/assignments")
    assert "端末の隔離" not in mine
    played.answer("isolate_terminal", "m.takahashi", "done")
    played.work()
    assert "セグメント切断の判断" in visit("t.nakamura").text("/assignments")


def test_a_call_that_waits_for_me_is_confirmed_from_the_list(visit: Visit, played: World) -> None:
    played.open()
    played.work()
    me = visit("k.sato")
    climb = played.desk.look(work.escalations)[0].id
    me.send("/assignments", f"/escalations/{climb}/acknowledge")
    assert "確認待ちの連絡" not in me.text("/assignments")
    assert played.kinds().count("CALL_ACKNOWLEDGED") == 1


def test_a_route_that_goes_on_after_a_confirmation_asks_nobody_twice(played: World) -> None:
    played.open()
    played.work()
    view, officer = played.desk.look(work.escalations)[0], played.person("k.sato")
    assert climbs.asks(view, officer)
    heard = tuple(route | {"acknowledged": [officer.id]} for route in view.routes)
    assert not climbs.asks(replace(view, routes=heard), officer)
    assert climbs.asks(replace(view, routes=heard), played.person("s.watanabe"))


def test_a_step_is_answered_by_who_is_asked(visit: Visit, played: World) -> None:
    incident = played.open()
    played.work()
    page = f"/assignments/{played.waiting()['is_it_an_incident'].id}"
    me = visit("k.sato")
    assert "端末の電源は切らないでください" in me.text(page)
    assert lead(me.send(page, page, choice="yes", reason="見た。")) == f"/incidents/{incident}"
    assert "回答を記録しました。" in me.text(f"/incidents/{incident}")
    again = me.text(page)
    assert "記録された回答" in again
    assert "見た。" in again
    assert '<form method="post" action="/assignments' not in again


def test_pressing_twice_answers_once(visit: Visit, played: World) -> None:
    incident = played.open()
    played.work()
    page = f"/assignments/{played.waiting()['is_it_an_incident'].id}"
    me = visit("k.sato")
    typed = me.form(page, page) | {"choice": "no", "reason": "誤報。"}
    for _ in range(2):
        assert lead(me.post(page, typed)) == f"/incidents/{incident}"
    assert played.kinds().count("STEP_ANSWERED") == 1


def test_who_was_slower_sees_the_answer_and_keeps_the_text(visit: Visit, played: World) -> None:
    contained(played)
    page = f"/assignments/{played.waiting()['isolate_terminal'].id}"
    first, second = visit("m.takahashi"), visit("n.ito")
    typed = second.form(page, page) | {
        "choice": "cannot",
        "reason": "鍵が\nない。",
        "field.done_at": "2026-11-22T13:50",
    }
    first.send(page, page, choice="done", reason="抜いた。", **{"field.done_at": "令和8年11月22日 13時40分"})
    for answer in (second.post(page, typed), second.post(page, typed | {"choice": ""})):
        assert answer.status_code == 409
        assert "先に別の人が回答しました" in answer.text
        assert "高橋 誠" in answer.text
        assert "抜いた。" in answer.text
        assert "鍵が\nない。</textarea>" in answer.text
        assert "2026-11-22T13:50</textarea>" in answer.text
    assert played.kinds().count("STEP_ANSWERED") == 4


@pytest.mark.parametrize(
    ("typed", "field", "sentence"),
    [
        ({"choice": "", "reason": "理由"}, "choice", "どれか1つを選んでください。"),
        ({"choice": "explode", "reason": "理由"}, "choice", "どれか1つを選んでください。"),
        ({"choice": "cannot", "reason": " "}, "reason", "理由を入力してください。"),
        ({"choice": "done", "reason": "番号 1234 5678 9018"}, "reason", "12桁の数字があります"),
        ({"choice": "done", "reason": "x" * 4001}, "reason", "長すぎます。"),
        ({"choice": "done", "field.done_at": "いま"}, "field.done_at", "日時の書き方が分かりません。"),
    ],
)
def test_a_faulty_answer_comes_back_with_all_it_held(
    visit: Visit, played: World, typed: dict[str, str], field: str, sentence: str
) -> None:
    contained(played)
    page = f"/assignments/{played.waiting()['isolate_terminal'].id}"
    answer = visit("m.takahashi").send(page, page, **typed)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert sentence in answer.text
    if typed["choice"] == "done":
        assert 'value="done" required checked' in answer.text
    assert played.kinds().count("STEP_ANSWERED") == 3


def test_a_time_is_japans_and_is_told_so(visit: Visit, played: World) -> None:
    incident = contained(played)
    page = f"/assignments/{played.waiting()['isolate_terminal'].id}"
    me = visit("m.takahashi")
    me.send(page, page, choice="done", **{"field.done_at": "2026-11-22T13:50"})
    view = next(one for one in played.desk.look(work.steps, incident) if one.key == "isolate_terminal")
    assert isinstance(view.value, dict)
    assert view.value["fields"] == {"done_at": "2026-11-22T13:50+09:00"}
    assert "実施した日時: 令和8年11月22日(日) 13時50分" in me.text(f"/incidents/{incident}")
    played.work()
    shown = visit("t.nakamura").text(f"/assignments/{played.waiting()['cut_segment'].id}")
    assert "実施した日時: 令和8年11月22日(日) 13時50分" in shown
    assert "高橋 誠（情報システム管理者（課長補佐））" in shown


def test_somebody_else_reads_the_question_and_is_refused_the_answer(visit: Visit, played: World) -> None:
    contained(played)
    page = f"/assignments/{played.waiting()['personal_data_touched'].id}"
    me = visit("m.takahashi")
    assert "この作業は 個人情報担当 が回答します。" in me.text(page)
    answer = me.post(page, {"csrf": me.form("/", "/sign-out")["csrf"], "choice": "yes", "reason": "x"})
    assert answer.status_code == 403
    assert "この作業は別の担当者が回答します。" in answer.text
    assert me.get("/assignments/a-nothing").status_code == 404


def test_nobody_approves_what_they_proposed(visit: Visit, played: World) -> None:
    contained(played)
    for step, uid, choice in (
        ("isolate_terminal", "m.takahashi", "done"), ("cut_segment", "t.nakamura", "do_not_cut"),
        ("shield_backups", "m.takahashi", "done"), ("secure_evidence", "m.takahashi", "done"),
        ("personal_data_touched", "r.kato", "no"),
    ):  # fmt: skip
        played.answer(step, uid, choice)
        played.work()
    for sheet in [view for name, view in played.waiting().items() if name.startswith("call:office:")]:
        me = visit("k.sato")
        page = f"/call-sheets/{sheet.id}"
        if "結果の記録" in me.text(page):
            me.send(page, page, choice="reached", spoke_with="当直", read_back="復唱あり")
    played.work()
    played.answer("rebuild_terminal", "m.takahashi", "done")
    played.work()
    played.answer("propose_reconnection", "e.yamamoto", "propose")
    played.work()
    page = f"/assignments/{played.waiting()['approve_reconnection'].id}"
    answer = visit("e.yamamoto").send(page, page, choice="approve")
    assert answer.status_code == 403
    assert "同じ人が依頼と承認の両方をすることはできません" in answer.text
    assert lead(visit("a.kobayashi").send(page, page, choice="approve")).startswith("/incidents/")


# -------------------------------------------------------------------------------------------- call sheets


def sheet_of(world: World, party: str) -> str:
    incident = world.open()
    world.forward(timedelta(seconds=5))
    return f"/call-sheets/{world.waiting(incident)[f'call:{party}'].id}"


def test_a_call_sheet_says_whom_to_phone_and_what_to_say(visit: Visit, played: World) -> None:
    page = sheet_of(played, "post:poc#1")
    me = visit("k.sato")
    assert lead(me.get(page.replace("call-sheets", "assignments"))) == page
    text = me.text(page)
    assert "田中 陽子" in text
    assert "088-555-0102" in text
    assert "読み上げる文" in text
    assert "整理番号は、令和8年度 第1号。" in text
    assert "話さないこと" in text
    assert "■" not in text
    english = visit("k.sato", language="en").text(page)
    assert "Do not say" in english
    assert "FY2026 No. 1" in english


def test_a_recorded_call_stops_the_chain(visit: Visit, played: World) -> None:
    page = sheet_of(played, "post:poc#1")
    me = visit("k.sato")
    faulty = me.send(page, page, choice="reached", spoke_with=" ", read_back="")
    assert faulty.status_code == 422
    assert faulty.text.count("この項目を入力してください。") == 4
    typed = me.form(page, page) | {
        "choice": "reached", "spoke_with": "田中", "read_back": "第1号、レベル1", "number": "088-555-0102",
        "spoke_at": "2026-11-22T14:00",
    }  # fmt: skip
    way = lead(me.post(page, typed))
    assert "電話の結果を記録しました。" in me.text(way)
    assert "令和8年11月22日(日) 14時00分" in me.text(way)
    assert lead(me.post(page, typed)) == way
    assert played.kinds().count("CALL_RECORDED") == 1
    assert "記録された回答" in me.text(page)


def test_not_reached_needs_a_reason_and_lets_the_chain_climb(visit: Visit, played: World) -> None:
    page = sheet_of(played, "post:poc#1")
    me = visit("k.sato")
    assert me.send(page, page, choice="not_reached").status_code == 422
    assert lead(me.send(page, page, choice="not_reached", reason="呼出音のまま")).startswith("/incidents/")


def test_a_sheet_is_for_those_only_who_may_phone(visit: Visit, played: World) -> None:
    page = sheet_of(played, "post:poc#1")
    assert visit("f.yamada").get(page).status_code == 403
    other = visit("m.takahashi")
    assert "この作業は 情報セキュリティ担当 が回答します。" in other.text(page)
    step = played.waiting()["is_it_an_incident"].id
    me = visit("k.sato")
    assert me.get(f"/call-sheets/{step}").status_code == 404
    token = me.form("/", "/sign-out")["csrf"]
    assert me.post(f"/call-sheets/{step}", {"csrf": token}).status_code == 404
    assert lead(me.post(page.replace("call-sheets", "assignments"), {"csrf": token})) == page


def test_whoever_chooses_a_level_reads_what_each_one_means(visit: Visit, played: World) -> None:
    """Nobody who is asked twice a year knows by heart what a level 3 is."""
    incident = played.open()
    played.work()
    me = visit("k.sato")
    assert "迷うときは高いほう" not in me.text(f"/assignments/{played.waiting(incident)['is_it_an_incident'].id}")
    played.answer("is_it_an_incident", "k.sato", "yes", "脅迫文を確認した。")
    played.work()
    page = me.text(f"/assignments/{played.waiting(incident)['propose_level'].id}")
    assert "迷うときは高いほうを選んでください。" in page
    for meaning in (
        "端末1台まで、漏えいなし",
        "ランサムウェア、LGWAN・個人番号利用事務系への侵入",
        "生命・安全にかかわる",
    ):
        assert meaning in page
