"""The page of one incident: what waits, who was called, what happened; notes, measures and documents."""

import re
from datetime import timedelta

import pytest

from csirt.model.incident import IncidentType
from csirt.response import incidents
from csirt.store.queries import cases, work
from csirt.store.queries.measures import measures as measures_of
from csirt.web.pages.climbs import cut, window_of
from csirt.web.pages.incident import WINDOW
from csirt.web.views.escalation import Call
from tests.web.conftest import BEGIN
from tests.web.visitor import Visit, lead, played, visit
from tests.world import WITHOUT_PLAYBOOK, World

__all__ = ["played", "visit"]


def contained(world: World) -> str:
    """An incident in which several people are waited for at once."""
    incident = world.open()
    world.work()
    world.answer("is_it_an_incident", "k.sato", "yes", "脅迫文を確認した。")
    world.work()
    world.answer("propose_level", "k.sato", "level_3", "基幹業務に及ぶおそれ。")
    world.work()
    world.answer("confirm_level", "a.kobayashi", "approve", "対策本部を置く。")
    world.work()
    return incident


def test_what_waits_stands_side_by_side_above_what_ended(visit: Visit, played: World) -> None:
    incident = contained(played)
    page = visit("m.takahashi").text(f"/incidents/{incident}")
    steps = page[page.index('id="steps"') : page.index('id="escalations"')]
    assert steps.index("並行して進める手順") < steps.index("インシデントかどうかの判断")
    assert steps.index("端末の隔離") < steps.index("レベルの決定") < steps.index("レベルの提案")
    assert steps.index("技術の対応") < steps.index("端末・回線の切離し") < steps.index("端末の隔離")
    assert "脅迫文を確認した。" in steps
    assert "インシデントである" in steps
    mine, other = (played.waiting(incident)[step].id for step in ("isolate_terminal", "personal_data_touched"))
    assert re.search(rf'class="button" href="/assignments/{mine}">対応する', steps)
    assert re.search(rf'class="button button-second" href="/assignments/{other}">内容を見る', steps)


def test_between_an_answer_and_the_next_step_the_page_says_that_it_comes(visit: Visit, played: World) -> None:
    incident, coming = played.open(), "次の手順を準備しています"
    played.work()
    me = visit("k.sato")
    assert coming not in me.text(f"/incidents/{incident}")
    played.answer("is_it_an_incident", "k.sato", "yes", "脅迫文を確認した。")
    assert coming in me.text(f"/incidents/{incident}")
    played.work()
    assert coming not in me.text(f"/incidents/{incident}")


def test_the_header_says_who_decided_on_the_level_and_why(visit: Visit, played: World) -> None:
    page = visit("k.sato").text(f"/incidents/{contained(played)}")
    assert "レベル3 深刻" in page
    assert "レベルを決めた人: 小林 明（副市長） (対策本部を置く。)" in page
    assert re.search(r'対応手順: <a href="/playbooks/[^"]+">ランサムウェア</a> \(第\d+版\)', page)


def test_an_incident_is_found_by_its_number_too(visit: Visit, played: World) -> None:
    played.open(title="番号で探す")
    me = visit("k.sato")
    for name in ("R8-1", "FY2026-1", "令和8年度 第1号"):
        assert "番号で探す" in me.text(f"/incidents/{name}")
    for name in ("R8-2", "nothing", "..%2f..", "令和"):
        assert me.get(f"/incidents/{name}").status_code == 404


def test_an_incident_without_a_playbook_says_so(visit: Visit, played: World) -> None:
    page = visit("k.sato").text(f"/incidents/{played.open(WITHOUT_PLAYBOOK)}")
    assert "この種別の対応手順はまだありません。" in page


def test_the_timeline_is_told_in_windows_newest_first(visit: Visit, played: World) -> None:
    incident = played.open()
    me = visit("k.sato")
    for number in range(2 * WINDOW + 20):
        played.desk.commit(played.person("k.sato"), incidents.add_note, incident, f"記録 {number:03}")
    first = table(me.text(f"/incidents/{incident}"))
    total = len(played.kinds(incident))
    assert first.index("記録 119") < first.index("記録 118")
    assert "記録 069" not in first
    assert f"全{total}件のうち1〜50件目" in first
    second = table(me.text(link(first, "古いほうへ")))
    assert "記録 069" in second
    assert "記録 070" not in second
    assert f"全{total}件のうち51〜100件目" in second
    third = table(me.text(link(second, "古いほうへ")))
    assert "インシデントを起票した" in third
    assert "古いほうへ" not in third
    assert table(me.text(link(third, "新しいほうへ"))) == second
    assert "記録 119" in table(me.text(link(second, "新しいほうへ")))


def test_notes_come_in_pages_the_newest_first(visit: Visit, played: World) -> None:
    incident = played.open()
    me = visit("k.sato")
    for number in range(cases.PAGE + 3):
        played.desk.commit(played.person("k.sato"), incidents.add_note, incident, f"メモ {number:03}。")
        played.clock.forward(timedelta(seconds=1))

    def notes(page: str) -> str:
        return page[page.index('id="notes"') : page.index('id="evidence"')]

    newest = notes(me.text(f"/incidents/{incident}"))
    assert newest.index("メモ 003。") < newest.index("メモ 052。")
    assert "メモ 002。" not in newest
    older = notes(me.text(link(newest, "古いほうへ")))
    assert ("メモ 002。" in older, "メモ 003。" in older, "古いほうへ" in older) == (True, False, False)


def table(page: str) -> str:
    start = page.index('<section aria-labelledby="timeline"')
    return page[start : page.index('<section aria-labelledby="escalations"', start)]


def test_the_strip_tells_clocks_answers_and_what_is_due_in_order_of_time(visit: Visit, played: World) -> None:
    incident = played.open()
    played.work()
    strip = table(visit("k.sato").text(f"/incidents/{incident}")).partition("</ol>")[0]
    assert strip.index("知った") < strip.index("現在") < strip.index("インシデントかどうかの判断")
    assert "あと" in strip
    played.clock.forward(timedelta(hours=9))
    late = table(visit("k.sato").text(f"/incidents/{incident}")).partition("</ol>")[0]
    assert "超過" in late
    assert late.index("インシデントかどうかの判断") < late.index("現在")


def test_a_long_ladder_shows_the_rungs_around_the_last_one_reached() -> None:
    call = Call(name="撫養 花子", channel="mail", at=BEGIN, state=None)
    numbers, calls = list(range(20)), {number: [call] * (30 if number == 11 else 1) for number in range(12)}
    assert cut(numbers, calls) == 14 + 22
    assert numbers == [9, 10, 11, 12, 13, 14]
    assert len(calls[11]) == 8
    short = [0, 1]
    assert (cut(short, {0: [call]}), short) == (0, [0, 1])


def test_many_escalations_come_in_pages() -> None:
    assert window_of("i-1", 5, 1) is None
    window = window_of("i-1", 12, 2)
    assert window is not None
    assert (window.first, window.last, window.total) == (6, 10, 12)
    assert (window.newer, window.older) == (
        "/incidents/i-1?climbs=1#escalations",
        "/incidents/i-1?climbs=3#escalations",
    )


def link(page: str, words: str) -> str:
    found = re.search(rf'href="([^"]+)">{words}', page)
    assert found, words
    return found[1].replace("&amp;", "&")


def test_ladders_show_who_was_called_who_saw_it_and_who_comes_next(visit: Visit, played: World) -> None:
    incident = played.open()
    played.forward(timedelta(seconds=5))
    page = visit("y.tanaka").text(f"/incidents/{incident}")
    ladder = page[page.index('id="escalations"') : page.index('id="detections"')]
    assert "連絡中" in ladder
    assert "佐藤 和也（情報担当係長）" in ladder
    assert "まだ連絡していません" in ladder
    assert "これから連絡" in ladder
    assert "電話連絡票を開く" in ladder
    assert "電話連絡票を開く" not in visit("f.yamada").text(f"/incidents/{incident}")


def test_who_was_called_confirms_with_one_button_and_pressing_twice_changes_nothing(
    visit: Visit, played: World
) -> None:
    incident = played.open()
    played.forward(timedelta(seconds=5))
    climb = played.desk.look(work.escalations, incident=incident)[0].id
    action, me = f"/escalations/{climb}/acknowledge", visit("y.tanaka")
    typed = me.form(f"/incidents/{incident}", action)
    for _ in range(2):
        assert lead(me.post(action, typed)) == f"/incidents/{incident}"
    page = me.text(f"/incidents/{incident}")
    assert "確認したことを記録しました。" in page
    assert "確認: <span" in page
    assert "まだ連絡していません" not in page
    assert action not in page
    assert played.kinds(incident).count("CALL_ACKNOWLEDGED") == 1


def test_who_was_not_called_cannot_confirm(visit: Visit, played: World) -> None:
    incident = played.open()
    played.work()
    climb = played.desk.look(work.escalations, incident=incident)[0].id
    me = visit("m.takahashi")
    assert "/acknowledge" not in me.text(f"/incidents/{incident}")
    token = me.form("/", "/sign-out")["csrf"]
    answer = me.post(f"/escalations/{climb}/acknowledge", {"csrf": token})
    assert answer.status_code == 403
    assert "この連絡では、あなたは呼び出されていません。" in answer.text
    assert me.post("/escalations/e-nothing/acknowledge", {"csrf": token}).status_code == 404


# ------------------------------------------------------------------------------------ notes and measures


def test_a_note_is_added_once_however_often_it_is_sent(visit: Visit, played: World) -> None:
    incident = played.open()
    page, action, me = f"/incidents/{incident}", f"/incidents/{incident}/notes", visit("k.sato")
    typed = me.form(page, action) | {"text": "窓口は紙に切り替えた。\r\n周知済み。"}
    for _ in range(2):
        assert lead(me.post(action, typed)) == f"{page}#notes"
    assert [note.text for note in played.desk.look(cases.notes, incident)] == ["窓口は紙に切り替えた。\n周知済み。"]
    assert "窓口は紙に切り替えた。\n周知済み。</p>" in me.text(page)


@pytest.mark.parametrize("text", ["", " \n ", "個人番号 123456789018", "x" * 4001])
def test_a_faulty_note_comes_back(visit: Visit, played: World, text: str) -> None:
    incident = played.open()
    answer = visit("k.sato").send(f"/incidents/{incident}", f"/incidents/{incident}/notes", text=text)
    assert answer.status_code == 422
    assert f"\n{text.strip() and text}</textarea>" in answer.text.replace(" \n </textarea>", "\n</textarea>")
    assert 'href="#note-text"' in answer.text


def test_a_measure_has_owner_and_due_date(visit: Visit, played: World) -> None:
    incident = played.open()
    page, action, me = f"/incidents/{incident}", f"/incidents/{incident}/measures", visit("k.sato")
    typed = me.form(page, action) | {"text": "多要素認証を必須にする", "owner": "system-manager", "due": "2027-01-22"}
    for _ in range(2):
        assert lead(me.post(action, typed)) == f"{page}#measures"
    assert "令和9年1月22日(金)" in me.text(page)
    assert len(played.desk.look(measures_of)) == 1
    found = played.desk.look(measures_of)[0]
    end = f"/measures/{found.id}"
    assert "多要素認証を必須にする" in me.text("/measures")
    ended = me.form("/measures", end) | {"state": "done"}
    for _ in range(2):
        assert lead(me.post(end, ended)) == "/measures"
    assert "再発防止策を完了にしました。" in me.text("/measures")
    assert end not in me.text("/measures")
    assert me.post(end, ended | {"state": "dropped", "reason": "x"}).status_code == 409
    assert me.post(end, ended | {"state": "open"}).status_code == 422


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"owner": ""}, "owner"),
        ({"owner": "no-such-post"}, "owner"),
        ({"due": ""}, "due"),
        ({"due": "2027-13-99"}, "due"),
        ({"due": "9999-12-31"}, "due"),
        ({"text": " "}, "text"),
    ],
)
def test_a_faulty_measure_comes_back(visit: Visit, played: World, typed: dict[str, str], field: str) -> None:
    incident = played.open()
    whole = {"text": "対策", "owner": "ciso", "due": "2027-01-22"} | typed
    answer = visit("k.sato").send(f"/incidents/{incident}", f"/incidents/{incident}/measures", **whole)
    assert answer.status_code == 422
    assert f'href="#measure-{field}"' in answer.text
    assert played.desk.look(measures_of) == []


def test_an_auditor_reads_and_changes_nothing(visit: Visit, played: World) -> None:
    incident = contained(played)
    me = visit("f.yamada")
    page = me.text(f"/incidents/{incident}")
    assert "閲覧のみ" in page
    assert re.findall(r'method="post" action="([^"]+)"', page) == ["/language", "/sign-out"]
    token = me.form("/", "/sign-out")["csrf"]
    for path, typed in (
        (f"/incidents/{incident}/notes", {"text": "x"}),
        (f"/incidents/{incident}/measures", {"text": "x", "owner": "ciso", "due": "2027-01-22"}),
        (f"/assignments/{played.waiting(incident)['isolate_terminal'].id}", {"choice": "done", "reason": "x"}),
    ):
        assert me.post(path, {"csrf": token, **typed}).status_code == 403, path


def test_the_timeline_can_be_taken_along(visit: Visit, played: World) -> None:
    incident = played.open()
    me = visit("k.sato")
    page = me.text(f"/incidents/{incident}")
    for form, begins in (("pdf", b"%PDF"), ("xlsx", b"PK"), ("csv", b"\xef\xbb\xbf")):
        address = f"/incidents/{incident}/timeline.{form}"
        assert address in page
        assert me.get(address).content.startswith(begins)
    assert me.get(f"/incidents/{incident}/timeline.exe").status_code == 404
    assert lead(visit().get(f"/incidents/{incident}/timeline.pdf")).startswith("/sign-in")


def test_what_was_typed_is_text_and_nothing_else(visit: Visit, played: World) -> None:
    hostile = "<script>alert(1)</script>\"'{{7*7}}%(x)s"
    incident = played.open(title=hostile)
    me = visit("k.sato")
    me.send(f"/incidents/{incident}", f"/incidents/{incident}/notes", text=hostile)
    for path in ("/", f"/incidents/{incident}", "/assignments", "/audit"):
        page = me.text(path)
        assert page.count("<script") == page.count('<script src="/static/desk.js" defer></script>')
        assert "{{7*7}}" in page or path == "/assignments"


def test_a_level_that_the_officer_proposed_stands_in_the_header_beside_what_the_rules_propose(
    visit: Visit, played: World
) -> None:
    incident = played.open(IncidentType.MALWARE_MAIL, title="あとで分かる")
    me = visit("k.sato")
    played.work()
    by_rule = "レベル1 軽微 （提案）"
    assert by_rule in tags(me.text(f"/incidents/{incident}"))
    played.answer("is_it_an_incident", "k.sato", "yes", "脅迫文を確認した。")
    played.work()
    played.answer("propose_level", "k.sato", "level_3", "基幹業務に及ぶおそれ。")
    for _ in range(2):  # also before the playbook has asked for the decision
        page = me.text(f"/incidents/{incident}")
        assert "レベル1 軽微 （規則の提案）" in tags(page)
        assert "レベル3 深刻 （佐藤 和也（情報担当係長）の提案）" in tags(page)
        told = re.sub(r"<[^>]+>", "", page)
        assert "決まるまでは、規則が提案するレベル1 軽微として扱います。" in told
        assert "最高情報セキュリティ責任者（CISO）の決定を待っています。" in told
        assert "基幹業務に及ぶおそれ。" in page[page.index("レベルの経過") :][:1500]
        played.work()
    played.answer("confirm_level", "a.kobayashi", "refuse", "根拠が足りない。")
    played.work()
    assert "（規則の提案）" not in tags(me.text(f"/incidents/{incident}"))
    played.answer("set_level_instead", "a.kobayashi", "level_2", "業務は続いている。")
    played.work()
    assert tags(me.text(f"/incidents/{incident}")).strip().startswith("対応中 レベル2 重大 標的型メール・マルウェア")


def tags(page: str) -> str:
    """What stands in signs under the title, in words."""
    start = page.index('data-part="tags"')
    return " ".join(re.sub(r"<[^>]+>", " ", page[start : page.index("</ul>", start)].partition(">")[2]).split())


def test_the_calls_of_a_climb_are_one_line_that_unfolds_and_names_whom_they_were_for(
    visit: Visit, played: World
) -> None:
    incident = played.open()
    played.work()
    played.forward(timedelta(hours=2))
    played.work()
    page = table(visit("k.sato").text(f"/incidents/{incident}"))
    rows = re.findall(r'<tr role="row" data-row="(\d+)">(.*?)</tr>', page, re.DOTALL)
    folded = [text for _, text in rows if "<details" in text]
    assert folded
    each = [int(seq) for text in folded for seq in re.findall(r'<li><span class="figure">(\d+)<', text)]
    alone = [int(seq) for seq, text in rows if "<details" not in text]
    assert sorted([*each, *alone]) == [one.seq for one in played.told(incident)][-WINDOW:]
    assert len(rows) < len(each)
    line = re.sub(r"<[^>]+>", " ", folded[-1])
    assert "「インシデントかどうかの判断」の連絡" in line
    tiers = [re.findall(r"の連絡 (\d+)段目</strong>", text) for text in folded]
    assert all(len(one) <= 1 for one in tiers)
    assert len({one[0] for one in tiers if one}) > 2  # each tier has a line of its own
    assert re.search(r"連絡の手配 \d+件", line)
    assert re.search(r"送信済み \d+件", line)
    assert "相手: 最高情報セキュリティ責任者（CISO）" in re.sub(r"<[^>]+>", "", folded[0])
    assert re.search(r"への電話での連絡（「インシデントかどうかの判断」）を、情報セキュリティ担当に依頼した。", page)
