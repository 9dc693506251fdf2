"""監査, 連絡網 and the pages of errors."""

import re
import sqlite3
from contextlib import closing

import pytest
from fastapi import FastAPI

from csirt.bootstrap import Desk
from csirt.errors import Untrusted
from csirt.response import incidents
from csirt.store.queries.timeline import WINDOW
from tests.web.visitor import Visit, lead, played, visit
from tests.world import World

__all__ = ["played", "visit"]


def test_the_record_is_read_through_filters(visit: Visit, played: World) -> None:
    first, second = played.open(title="一件目"), played.open(title="二件目")
    me = visit("f.yamada")
    page = me.text("/audit")
    assert "一件目" in page
    assert "閲覧のみ" in page
    one = me.text("/audit?incident=R8-1")
    assert ("一件目" in one, "二件目" in one) == (True, False)
    assert f"/incidents/{first}/timeline.pdf" in one
    assert f"/incidents/{second}" not in one
    kinds = me.text("/audit?kind=RUN_ORDERED")
    assert "一件目" not in kinds
    assert "全2件のうち" in kinds
    person = played.person("k.sato").id
    assert f'value="{person}" selected' in me.text(f"/audit?person={person}")
    assert "条件に合う記録はありません" in me.text("/audit?since=R8.11.23")
    assert "一件目" in me.text("/audit?since=2026-11-22&until=令和8年11月22日")
    assert "一件目" not in me.text("/audit?until=2026-11-21")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("incident=R99-1", "incident"),
        ("incident=令和", "incident"),
        ("since=x", "since"),
        ("until=9999-12-31", "until"),
    ],
)
def test_a_faulty_filter_is_told(visit: Visit, played: World, query: str, field: str) -> None:
    answer = visit("f.yamada").get(f"/audit?{query}")
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text


def test_the_windows_of_the_record_keep_the_filter(visit: Visit, played: World) -> None:
    incident = played.open()
    for number in range(WINDOW + 5):
        played.desk.commit(played.person("k.sato"), incidents.add_note, incident, f"記録 {number:03}")
    me = visit("f.yamada")
    page = me.text("/audit?kind=NOTE_ADDED")
    older = re.search(r'href="([^"]+)">古いほうへ', page)
    assert older
    second = me.text(older[1].replace("&amp;", "&"))
    assert "全105件のうち101〜105件目" in second
    assert "記録 000" in second
    assert 'value="NOTE_ADDED" selected' in second
    newer = re.search(r'href="([^"]+)">新しいほうへ', second)
    assert newer
    assert newer[1] == "/audit?kind=NOTE_ADDED#entries"


def test_checking_the_record_says_what_was_found(visit: Visit, played: World) -> None:
    played.open()
    me = visit("f.yamada")
    assert "まだ検証していません" in me.text("/audit")
    assert lead(me.send("/audit", "/audit/check")) == "/audit"
    assert "改ざんなし" in me.text("/audit")


@pytest.mark.parametrize(
    "change", ["cast(replace(canonical, 'ransomware', 'rans0mware') as blob)", "'a text'", "cast('{}' as blob)"]
)
def test_a_changed_entry_is_named(visit: Visit, played: World, change: str) -> None:
    played.open()
    # Past our own connection, which may not drop a trigger: as somebody does who has the file.
    with closing(sqlite3.connect(played.desk.settings.data / "csirt.sqlite")) as database, database:
        for (trigger,) in database.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            database.execute(f'drop trigger "{trigger}"')
        database.execute("update ledger_entry set canonical = " + change + " where seq = 1")  # noqa: S608
    me = visit("f.yamada")
    me.send("/audit", "/audit/check")
    page = me.text("/audit")
    assert "検証失敗" in page
    assert "記録番号 1 から後を信用しないでください" in page
    assert 'role="alert"' in page


def test_one_check_at_a_time(visit: Visit, app: FastAPI) -> None:
    me = visit("f.yamada")
    with app.state.checking:
        answer = me.send("/audit", "/audit/check")
    assert answer.status_code == 503
    assert "記録の検証中です" in answer.text


def test_who_may_not_read_the_record_is_refused(visit: Visit) -> None:
    me = visit("r.kato")
    assert 'href="/audit"' not in me.text("/")
    assert me.get("/audit").status_code == 403
    assert me.post("/audit/check", {"csrf": me.form("/", "/sign-out")["csrf"]}).status_code == 403


def test_chains_show_posts_holders_times_and_channels(visit: Visit) -> None:
    page = visit("k.sato").text("/chains")
    for words in (
        "庁内の情報セキュリティインシデントの連絡体制", "CSIRT責任者", "渡辺 慎一（情報戦略課長）", "すぐに", "4秒後",
        "088-555-0106", "総務省", "連絡先の確認日", "最後の連絡先", "閉庁時間",
    ):  # fmt: skip
        assert words in page
    assert page.count('<svg class="drawing"') >= 10
    assert "After 4 s" in visit("k.sato", language="en").text("/chains")


def test_an_unknown_page_has_the_navigation_of_who_is_signed_in(visit: Visit) -> None:
    answer = visit("k.sato").get("/nowhere")
    assert answer.status_code == 404
    assert "このページはありません。" in answer.text
    assert 'href="/assignments"' in answer.text
    answer = visit().get("/nowhere")
    assert answer.status_code == 404
    assert 'href="/assignments"' not in answer.text
    assert visit("k.sato").get("/sign-out").status_code == 405


def test_what_breaks_is_told_by_a_reference_only(visit: Visit, app: FastAPI, monkeypatch: pytest.MonkeyPatch) -> None:
    me = visit("k.sato")

    def break_down(*_: object, **__: object) -> None:
        raise RuntimeError("secret-detail")

    monkeypatch.setattr(Desk, "look", break_down)
    answer = me.get("/")
    assert answer.status_code == 500
    assert "secret-detail" not in answer.text
    assert re.search(r"問い合わせ番号: <code>[0-9a-f]{8}</code>", answer.text)

    def distrust(*_: object, **__: object) -> None:
        raise Untrusted("vault_text_changed")

    monkeypatch.setattr(Desk, "look", distrust)
    answer = me.get("/")
    assert answer.status_code == 500
    assert "封をした内容が、記録と一致しません。" in answer.text


@pytest.mark.parametrize("body", [b"%FF%FE=%ED%A0%80&csrf=%00", b"=&&&==", b"csrf=" + b"x" * 5000, b"\x00\xff"])
def test_hostile_forms_are_refused_like_any_other(visit: Visit, body: bytes) -> None:
    me = visit("k.sato")
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    for path in ("/incidents", "/waiting", "/assignments/a-1", "/call-sheets/a-1", "/measures/m", "/sign-in"):
        assert me.client.post(path, content=body, headers=kind).status_code in {403, 422}
