"""The board, the form that opens an incident, and detections that wait for a decision."""

from datetime import timedelta

import pytest

from csirt.bootstrap import Desk
from csirt.model.incident import IncidentType
from csirt.model.people import Actor, Role
from csirt.response import escalations, incidents
from csirt.store.queries import cases, work
from csirt.taking import take_in
from csirt.web.pages.board import PAGE
from tests.web.visitor import Visit, Visitor, lead, played, visit
from tests.world import WITHOUT_PLAYBOOK, World

__all__ = ["played", "visit"]

REPORT = {
    "channel": "phone", "title": "税務課の端末で脅迫文の画面が表示された",
    "account": "赤い画面に英文。\n電源は入れたまま。", "host": "TAX-PC-017", "noticed": "2026-11-22T13:45",
    "personal_data": "unknown", "type": "ransomware",
}  # fmt: skip
FORM = "/incidents/report"


def report(me: Visitor, **other: str) -> dict[str, str | list[str]]:
    return me.form(FORM, "/incidents") | REPORT | other


def test_an_incident_is_opened_by_one_form(visit: Visit, desk: Desk) -> None:
    me = visit("k.sato")
    way = lead(me.post("/incidents", report(me)))
    page = me.text(way)
    assert "起票しました。" in page
    assert "令和8年度 第1号" in page
    assert "TAX-PC-017\n赤い画面に英文。" in page
    assert "13時45分" in page
    view = desk.look(cases.incidents)[0]
    assert (way, view.type, view.title) == (f"/incidents/{view.id}", IncidentType.RANSOMWARE, REPORT["title"])


def test_a_drill_is_marked_wherever_it_is_shown(visit: Visit, desk: Desk) -> None:
    me = visit("k.sato")
    page = me.text(lead(me.post("/incidents", report(me, drill="yes"))))
    assert "訓練-2026-001" in page
    assert "mark-drill" in page
    assert "mark-drill" in me.text("/")
    assert desk.look(cases.counts)["open"] == 0


def test_a_form_sent_twice_opens_one_incident(visit: Visit, desk: Desk) -> None:
    me = visit("k.sato")
    typed = report(me)
    assert lead(me.post("/incidents", typed)) == lead(me.post("/incidents", typed))
    assert desk.look(cases.counts)["incidents"] == 1
    assert lead(me.post("/incidents", report(me))) != lead(me.post("/incidents", typed))


def test_another_person_is_never_led_to_an_incident_by_a_known_key(visit: Visit, desk: Desk) -> None:
    me, other = visit("k.sato"), visit("s.watanabe")
    typed = report(me)
    me.post("/incidents", typed)
    other.post("/incidents", report(other) | {"key": typed["key"]})
    assert desk.look(cases.counts)["incidents"] == 2


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("title", " ", "件名を入力してください。"),
        ("account", "", "内容を入力してください。"),
        ("account", "番号は 1234 5678 9018 です", "12桁の数字があります"),
        ("title", "個人番号123456789018", "12桁の数字があります"),
        ("host", "x" * 201, "長すぎます。"),
        ("noticed", "きのう", "日時の書き方が分かりません。"),
        ("noticed", "0001-01-01T00:00", "日時の書き方が分かりません。"),
        ("noticed", "2026-11-23T00:00", "これから先の日時です。"),
        ("channel", "letter", "どれか1つを選んでください。"),
        ("personal_data", "", "どれか1つを選んでください。"),
        ("type", "earthquake", "選択肢の中から選んでください。"),
    ],
)
def test_a_faulty_report_comes_back_with_all_it_held(
    visit: Visit, desk: Desk, field: str, value: str, sentence: str
) -> None:
    me = visit("k.sato")
    typed = report(me, **{field: value})
    answer = me.post("/incidents", typed)
    assert answer.status_code == 422
    assert sentence in answer.text
    assert f'name="key" value="{typed["key"]}"' in answer.text
    for name in {"title", "host", "noticed"} - {field}:
        assert f'value="{REPORT[name]}"' in answer.text
    assert desk.look(cases.counts)["incidents"] == 0


def test_who_may_not_open_incidents_gets_no_button_and_no_form(visit: Visit) -> None:
    me = visit("r.kato")
    assert FORM not in me.text("/")
    assert me.get(FORM).status_code == 403
    assert me.post("/incidents", {"csrf": me.form("/", "/sign-out")["csrf"], **REPORT}).status_code == 403


def test_the_board_counts_what_waits_and_leads_there(visit: Visit, played: World) -> None:
    played.open()
    played.work()
    page = visit("k.sato").text("/")
    assert "拡張子が変わった" in page
    assert "情報セキュリティ担当" in page
    assert 'href="/assignments#calls"' in page
    assert "急ぎ" in page
    played.desk.commit(played.person("k.sato"), escalations.acknowledge, played.desk.look(work.escalations)[0].id)
    assert "急ぎ" not in visit("k.sato").text("/")


def test_the_board_shows_one_page_at_a_time(visit: Visit, played: World) -> None:
    for number in range(PAGE + 1):
        played.open(WITHOUT_PLAYBOOK, f"停電 {number:02}")
        played.clock.forward(timedelta(seconds=1))
    me = visit("k.sato")
    first, second = me.text("/"), me.text("/?page=2")
    assert (f"停電 {PAGE}" in first, "停電 00" in first, "停電 00" in second) == (True, False, True)
    assert 'href="/?page=2#incidents"' in first
    assert 'href="/?page=1#incidents"' in second
    assert me.get("/?page=0").status_code == 422
    assert "対応中のインシデントはありません" in me.text("/?page=9")


def test_an_administrator_comes_to_the_record_and_reads_no_case(visit: Visit, played: World) -> None:
    incident = played.open(title="秘密の件名")
    me = visit("o.sasaki")
    assert lead(me.get("/")) == "/audit"
    assert "秘密の件名" not in me.text("/audit")
    assert me.get(f"/incidents/{incident}").status_code == 403


# ---------------------------------------------------------------------------------------------- decisions

ALERT = (
    '{"timestamp":"2026-11-22T13:58:00+0900","event_type":"alert","src_ip":"10.1.2.3","dest_ip":"10.9.9.%d","alert":'
    '{"signature":"ET POLICY Lookup","signature_id":%d,"severity":3,"category":"Misc activity"}}\n'
)
SENSOR = Actor("sensor:suricata", "token", "", frozenset({Role.SENSOR}))


def sense(world: World, *hosts: int) -> None:
    lines = "".join(ALERT % (host, number) for number, host in enumerate(hosts)) + '{"event_type": broken\n'
    take_in(world.desk, SENSOR, lines.encode(), "suricata-eve", None)
    world.work()


def keys(me: Visitor) -> list[str]:
    return [part.partition('"')[0] for part in me.text("/waiting").split('name="detection" value="')[1:]]


def test_detections_of_one_host_are_decided_together(visit: Visit, played: World) -> None:
    sense(played, 1, 1, 2)
    me = visit("k.sato")
    page = me.text("/waiting")
    assert page.count('name="detection"') == 2
    assert "検知元「suricata」" in page
    assert "JSONとして読めません。" in page
    way = lead(me.send("/waiting", "/waiting", detection=keys(me), choice="open", title="", type="unauth_access"))
    assert "ET POLICY Lookup" in me.text(way)
    assert len(played.desk.look(cases.detections, way.rpartition("/")[2])) == 3
    assert keys(me) == []


def test_detections_that_need_no_case_are_dismissed_once_with_a_reason(visit: Visit, played: World) -> None:
    sense(played, 1, 2)
    me = visit("k.sato")
    typed = me.form("/waiting", "/waiting") | {"detection": keys(me)[:1], "choice": "dismiss"}
    faulty = me.post("/waiting", typed)
    assert faulty.status_code == 422
    assert "理由を入力してください。" in faulty.text
    assert " checked>" in faulty.text
    for _ in range(2):
        assert lead(me.post("/waiting", typed | {"reason": "点検による通信"})) == "/waiting"
    assert played.kinds().count("DETECTION_IGNORED") == 1
    assert len(keys(me)) == 1


def test_detections_that_wait_join_an_open_case_once(visit: Visit, played: World) -> None:
    sense(played, 1, 1, 2)
    case = played.open(title="進行中の件")
    me = visit("k.sato")
    assert "同じ端末「" in me.text("/waiting")
    typed = me.form("/waiting", "/waiting") | {"detection": keys(me)[:1], "choice": "join"}
    faulty = me.post("/waiting", typed)
    assert faulty.status_code == 422
    assert "進行中の件" in faulty.text
    for _ in range(2):  # a double click puts nothing in twice
        assert lead(me.post("/waiting", typed | {"incident": case})) == f"/incidents/{case}#detections"
    found = played.desk.look(cases.detections, case)
    assert {one.joined_by for one in found} == {"officer"}
    assert played.kinds(case).count("DETECTIONS_JOINED") == 1
    assert len(keys(me)) == 1


def test_nothing_joins_a_closed_case_or_one_that_does_not_exist(visit: Visit, played: World) -> None:
    sense(played, 1)
    me = visit("k.sato")
    case = played.open(title="終わった件")
    me.send("/waiting", "/waiting", detection=keys(me), choice="join", incident="i-none")
    report = incidents.Report(title="訓練の件", drill=True)
    drill = played.desk.commit(played.person("k.sato"), incidents.open_by_report, report)
    answer = me.send("/waiting", "/waiting", detection=keys(me), choice="join", incident=drill)
    assert answer.status_code == 422
    assert len(keys(me)) == 1
    assert played.kinds(case).count("DETECTIONS_JOINED") == 0


def test_a_decision_without_anything_ticked_or_with_a_made_up_key_comes_back(visit: Visit, played: World) -> None:
    sense(played, 1)
    me = visit("k.sato")
    for chosen in ([], ["1 or 1=1"], ["9" * 400], ["-"]):
        answer = me.send("/waiting", "/waiting", detection=chosen, choice="open")
        assert answer.status_code == 422
    gone = me.send("/waiting", "/waiting", detection=["999999"], choice="open")
    assert "もう判断を待っていません" in gone.text


def test_who_may_not_decide_sees_no_form(visit: Visit, played: World) -> None:
    sense(played, 1)
    me = visit("f.yamada")
    page = me.text("/waiting")
    assert "ET POLICY Lookup" in page
    assert 'type="checkbox"' not in page
    assert lead(me.get("/quarantine")) == "/waiting#quarantine"
    typed = {"csrf": me.form("/", "/sign-out")["csrf"], "detection": "1", "choice": "dismiss", "reason": "x"}
    assert me.post("/waiting", typed).status_code == 403
