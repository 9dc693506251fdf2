"""The pages for administrators: the overview, channels with a test, the directory with a test, the calendar."""

from pathlib import Path

import pytest

from csirt.bootstrap import Desk
from csirt.store.queries.timeline import explore
from tests.web.visitor import Visit, visit

__all__ = ["visit"]
ADMIN = "o.sasaki"


def test_the_overview_leads_to_every_part(visit: Visit) -> None:
    page = visit(ADMIN).text("/administration")
    for path in (
        "/sources",
        "/channels",
        "/directory",
        "/calendar",
        "/absences",
        "/chains",
        "/access",
        "/access/tokens",
        "/health",
    ):
        assert f'href="{path}"' in page
    assert 'href="/administration" aria-current="page"' in page
    assert 'href="/administration"' not in visit("k.sato").text("/")


@pytest.mark.parametrize("path", ["/administration", "/channels", "/directory"])
def test_nobody_else_gets_there(visit: Visit, path: str) -> None:
    assert visit("k.sato").get(path).status_code == 403
    assert visit("f.yamada").get(path).status_code == 403


def test_a_test_message_goes_to_oneself_once_and_stands_in_the_record(visit: Visit, desk: Desk) -> None:
    me = visit(ADMIN)
    typed = me.form("/channels", "/channels/mail/test")
    page = me.post("/channels/mail/test", typed).text
    assert "試しの連絡を送りました" in page
    again = me.post("/channels/mail/test", typed).text
    assert "試しの連絡を送りました" not in again
    mails = [path for path in Path(desk.settings.data / "mail" / "mail").rglob("*") if path.is_file()]
    assert len(mails) == 1
    assert b"o.sasaki" in mails[0].read_bytes()
    (entry,) = desk.look(explore, kind="CHANNEL_TESTED")
    assert entry.out == {"channel": "mail"}


def test_nobody_else_sends_a_test_and_no_unknown_channel_is_tried(visit: Visit, desk: Desk) -> None:
    me, officer = visit(ADMIN), visit("k.sato")
    typed = me.form("/channels", "/channels/mail/test")
    assert me.post("/channels/nothing/test", typed | {"key": "k" * 20}).status_code == 404
    forged = {"csrf": officer.form("/", "/sign-out")["csrf"], "key": "k" * 20}
    assert officer.post("/channels/mail/test", forged).status_code == 403
    assert desk.look(explore, kind="CHANNEL_TESTED") == []


def test_the_directory_says_what_the_mapping_gives_one_account(visit: Visit) -> None:
    me = visit(ADMIN)
    page = me.send("/directory", "/directory", uid="k.sato").text
    assert "応答しました" in page
    assert "佐藤 和也" in page
    assert "⇒ 情報セキュリティ担当" in page
    everybody = me.send("/directory", "/directory", uid="").text
    assert "使える職員" in everybody
    unknown = me.send("/directory", "/directory", uid="n.body")
    assert unknown.status_code == 422
    assert "応答しました" in unknown.text


def test_the_calendar_names_each_closed_day_and_where_it_comes_from(visit: Visit) -> None:
    page = visit("k.sato").text("/calendar")
    assert "平日 08:30〜17:15" in page
    assert "12月29日から1月3日まで" in page
    assert "勤労感謝の日" in page
    assert "年末年始の閉庁" in page
    assert "国民の祝日に関する法律（holidays.toml）" in page
