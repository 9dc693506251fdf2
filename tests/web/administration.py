"""Sample pages for administrators: overview, channels, directory, calendar."""

from collections.abc import Iterator
from datetime import date

from csirt.directory.probing import Probe
from csirt.web.look import View
from csirt.web.views import administration, frame
from tests.web.cast import MINUTE, NOW, Words, a_frame

HERE = "administration"


def administration_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Each page, also after a test that went well or not."""
    say = Words(language)
    yield "administration", a_frame(language, HERE), _overview(say)
    yield "channels", a_frame(language, HERE), administration.Channels(rows=_channels(say))
    sent = administration.Tested(channel="mail", reply="250")
    yield "channels_sent", a_frame(language, HERE), administration.Channels(rows=_channels(say), tested=sent)
    failed = administration.Tested(channel="lgwan-mail", code="mail_not_possible")
    yield "channels_failed", a_frame(language, HERE), administration.Channels(rows=_channels(say), tested=failed)
    yield "channels_empty", a_frame(language, HERE), administration.Channels(rows=())
    yield "directory", a_frame(language, HERE), administration.DirectoryPage(name="ldap")
    yield "directory_tested", a_frame(language, HERE), _tested(say)
    wrong = frame.Form(errors={"uid": "person_unknown"}, typed={"uid": "n.body"})
    yield "directory_wrong", a_frame(language, HERE), administration.DirectoryPage(name="ldif", form=wrong)
    yield "calendar", a_frame(language, HERE), _calendar(say)


def _overview(say: Words) -> administration.Administration:
    quiet = say("7件の検知元のうち1件が途絶えています。", "1 of 7 sources are silent.")
    return administration.Administration(
        areas=(
            administration.Area(code="sources", href="/sources", said=quiet, is_well=False),
            administration.Area(code="channels", href="/channels", said=say("3通りの連絡手段", "3 channels")),
            administration.Area(code="directory", href="/directory", said=say("412人の職員", "412 people")),
            administration.Area(code="calendar", href="/calendar", said=say("いま閉庁しています", "Closed now")),
            administration.Area(code="tokens", href="/access/tokens", said=say("連携プログラムのトークン", "Tokens")),
            administration.Area(code="health", href="/health", said=say("すべて動いています", "All is well")),
        )
    )


def _channels(say: Words) -> tuple[administration.ChannelRow, ...]:
    mine = "hanako@city.naruto.example"
    return (
        administration.ChannelRow(
            name="mail", to=say("メールサーバー mail.city.naruto.example", "Mail server mail.city.naruto.example"),
            state="ok", since=NOW - 90 * MINUTE, mine=mine, key="k-1",
        ),
        administration.ChannelRow(
            name="lgwan-mail", to=say("メールサーバー 10.1.2.3:25", "Mail server 10.1.2.3:25"), state="down",
            since=NOW - 9 * MINUTE, why=say("メールサーバーにつながりません。", "No answer."), mine=mine, key="k-2",
        ),
        administration.ChannelRow(name="apprise", to=say("keys/apprise.toml のあて先へ", "To keys/apprise.toml")),
    )  # fmt: skip


def _tested(say: Words) -> administration.DirectoryPage:
    return administration.DirectoryPage(
        name="ldap",
        probes=(
            Probe("ldaps://dc1.city.naruto.example", milliseconds=12),
            Probe("ldaps://dc2.city.naruto.example", "directory_unreachable", "Can't contact LDAP server", 3000),
        ),
        found=(
            (say("ユーザーID", "Account"), "k.sato"),
            (say("氏名", "Name"), say("佐藤 和也 サトウ カズヤ", "Kazuya Sato")),
            (
                say("グループと役割", "Group and role"),
                "csirt → CSIRT ⇒ " + say("情報セキュリティ担当", "Officer"),
            ),
        ),
        form=frame.Form(typed={"uid": "k.sato"}),
    )


def _calendar(say: Words) -> administration.CalendarPage:
    day = administration.FreeDay
    return administration.CalendarPage(
        opens="08:30",
        closes="17:15",
        year_end=say("12月29日から1月3日まで", "12-29 to 01-03"),
        is_open=False,
        next_opening=NOW + 2000 * MINUTE,
        days=(
            day(day=date(2026, 11, 23), name=say("勤労感謝の日", "Labour Thanksgiving Day"), origin="law"),
            day(day=date(2026, 12, 29), name=say("年末年始の閉庁", "Closed at the year's end"), origin="city"),
            day(day=date(2028, 1, 1), name=say("祝日", "Holiday"), origin="forecast"),
        ),
        covered=(2020, 2027),
        source=say("内閣府「国民の祝日について」令和8年2月", "Cabinet Office, February 2026"),
        wants_renewal=True,
    )
