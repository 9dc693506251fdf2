"""One entry as a sentence: every kind, both languages, whatever the entry holds."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.contact import ContactChain, Route
from csirt.model.people import Office, Person, Post, Roster
from csirt.record.entry import EntryKind
from csirt.store.queries.calls import Called
from csirt.store.queries.timeline import TimelineEntry
from csirt.texts.catalogs import catalog
from csirt.texts.chains import ChainWords
from csirt.texts.naming import Naming
from csirt.texts.steps import StepText
from csirt.texts.telling import Books, tell

AT = datetime(2026, 11, 22, 5, 5, tzinfo=UTC)
KNOWN = Roster(
    {"p-1": Person("p-1", "k.sato", "佐藤 和也", title="係長"), "p-2": Person("p-2", "x", "伊藤 直美")},
    {"ciso": Post("ciso", "CISO", "the CISO", "p-1")},
)
OFFICES = {"mic": Office("mic", "総務省", "the Ministry", (), date(2026, 4, 1))}
ISOLATE = StepText("端末の隔離", choices={"done": "実施した"}, fields={"count": "台数"})


def entry(kind: EntryKind, out: Mapping[str, Any] | None = None, **more: Any) -> TimelineEntry:
    made = TimelineEntry(1, AT, kind, "i-1", "r-1", "isolate", "p-1", "ldif", dict(out or {}))
    return replace(made, **more)


def said(one: TimelineEntry, language: str = "ja", *, with_texts: bool = True) -> str:
    names = Naming(KNOWN, OFFICES, catalog(language))
    return tell(
        one, language, names, lambda step: ISOLATE.title if step else "", lambda _: ISOLATE, with_texts=with_texts
    )


def answered(**value: Any) -> TimelineEntry:
    sealed = {"value": json.dumps({"choice": "done", "reason": "", "fields": {}, "by": "p-1", **value})}
    return entry(EntryKind.STEP_ANSWERED, {"choice": "done"}, texts=sealed)


def test_an_answer_says_choice_reason_and_fields() -> None:
    assert said(answered()) == "「端末の隔離」に回答: 実施した"
    assert said(answered(reason="LANを抜いた")) == "「端末の隔離」に回答: 実施した（理由: LANを抜いた）"
    told = said(answered(reason="済", fields={"count": 3, "all": True, "none": "", "hosts": ["a", "b"]}))
    assert told == "「端末の隔離」に回答: 実施した（理由: 済）（台数: 3）（all: はい）（hosts: a、b）"


def test_what_was_erased_is_said_to_be() -> None:
    gone = replace(answered(), texts={})
    assert said(gone) == "「端末の隔離」に回答: 実施した（回答の詳細は消去されています）"
    assert said(entry(EntryKind.NOTE_ADDED, erased=("text",))) == "メモ: ［消去済み］"
    assert said(entry(EntryKind.LEVEL_SET, {"level": 3}, erased=("reason",))).endswith("（理由は消去されています）")


def test_without_texts_nothing_from_the_vault_is_told() -> None:
    assert said(answered(reason="秘密"), with_texts=False) == "「端末の隔離」に回答: 実施した"
    assert said(entry(EntryKind.NOTE_ADDED, texts={"text": "秘密"}), with_texts=False) == "メモ: –"
    opened = entry(EntryKind.INCIDENT_OPENED, {"level": 1}, texts={"title": "秘密"})
    assert "秘密" not in said(opened, with_texts=False)


@pytest.mark.parametrize(
    ("kind", "out", "texts", "ja", "en"),
    [
        (
            EntryKind.INCIDENT_OPENED,
            {"type": "ddos", "level": 1, "year": 2026, "ordinal": 12, "cause": "report", "channel": "phone"},
            {"title": "件"},
            "電話での申告により、令和8年度 第12号として起票した。種別はDDoS、提案レベルはレベル1 軽微。（件名: 件）",
            "Opened as FY2026 No. 12 from a report (By phone). Type: DDoS; proposed level: Level 1 minor. (title: 件)",
        ),
        (
            EntryKind.PERSON_CALLED,
            {"party": "post:ciso#1", "person": "p-2", "channel": "mail", "tier": 0},
            {},
            "CISO 代理1（伊藤 直美）への連絡をメールで手配した（1段目）。",
            "Arranged to call the CISO, deputy 1 (伊藤 直美): Mail, tier 1.",
        ),
        (
            EntryKind.ESCALATION_ENDED,
            {"routes": ("ladder:acknowledged", "direct:exhausted")},
            {},
            "「端末の隔離」の連絡を終えた（ladder: 確認済み、direct: 全員応答なし）。",
            "Calling for “端末の隔離” has ended (ladder: Acknowledged, direct: Nobody answered).",
        ),
        (
            EntryKind.CALL_RECORDED,
            {"party": "office:mic", "channel": "phone", "choice": "reached"},
            {"read_back": "第1報、受領", "spoke_with": "当直"},
            "総務省に電話で連絡した結果: つながった（電話に出た人: 当直）（相手の復唱: 第1報、受領）",
            "Result of calling the Ministry (Phone): Reached (spoke with: 当直) (read back: 第1報、受領)",
        ),
        (
            EntryKind.MEASURE_ADDED,
            {"owner": "ciso", "due": "2027-03-31"},
            {"text": "訓練"},
            "再発防止策を登録した: 訓練（担当 CISO、期限 令和9年3月31日(水)）",
            "Added a measure: 訓練 (owner the CISO, due 2027-03-31)",
        ),
        (
            EntryKind.TIMER_FIRED,
            {"timer": "deadline"},
            {},
            "「端末の隔離」の回答期限を過ぎた。",
            "“端末の隔離” has not been answered in time.",
        ),
        (
            EntryKind.SIGN_IN_REFUSED,
            {"code": "sign_in_failed"},
            {},
            "サインインを拒否した。理由: ユーザーIDまたはパスワードが違います。",
            "Refused a sign-in. Reason: " + catalog("en").error("sign_in_failed"),
        ),
    ],
)
def test_a_sentence(kind: EntryKind, out: Mapping[str, Any], texts: dict[str, str], ja: str, en: str) -> None:
    one = entry(kind, out, texts=texts)
    assert (said(one), said(one, "en")) == (ja, en)


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("kind", list(EntryKind))
def test_every_kind_has_a_sentence(kind: EntryKind, language: str) -> None:
    assert catalog(language).has(f"tell.{kind.value}")
    told = said(entry(kind), language)
    assert told
    assert not re.search(r"%\(|tell\.|kind\.", told)


def test_both_languages_ask_for_the_same_values() -> None:
    ja, en = catalog("ja"), catalog("en")
    codes = [code for code in ja.texts if code.startswith("tell.")]
    assert codes == [code for code in en.texts if code.startswith("tell.")]
    for code in codes:
        assert set(re.findall(r"%\((\w+)\)s", ja.gettext(code))) == set(re.findall(r"%\((\w+)\)s", en.gettext(code)))


CODES = st.text(alphabet="abc%(){}:#1-", max_size=12)
VALUES = st.one_of(CODES, st.integers(), st.booleans(), st.lists(CODES, max_size=3).map(tuple))
NAMES = st.sampled_from(
    ["party", "routes", "tier", "level", "choice", "due", "code", "by", "told", "year", "ordinal", "x"]
)


@given(
    st.sampled_from(list(EntryKind)),
    st.dictionaries(NAMES, VALUES),
    st.dictionaries(st.sampled_from(["value", "title", "reason", "text"]), st.text(max_size=20)),
    st.sampled_from(["ja", "en"]),
)
def test_telling_never_fails(kind: EntryKind, out: dict[str, Any], texts: dict[str, str], language: str) -> None:
    told = said(entry(kind, out, texts=texts), language)
    for name in ("title", "reason", "text"):
        if kind is not EntryKind.NOTE_ADDED and texts.get(name, "").strip():
            assert texts[name].strip() in told


def chain(name: str, **routes: str) -> ContactChain:
    """A chain with titled routes that call nobody."""
    made = tuple(Route(route, (), title={"ja": title}) for route, title in routes.items())
    return ContactChain(name, made, title={"ja": f"{name}の連絡網"})


def test_chains_and_routes_are_called_by_their_titles() -> None:
    known = {"national": chain("national", ladder="県を経て国へ", soc="監視"), "own": chain("own", soc="遮断依頼")}
    climbs = {"e-1": "own", "i-1/isolate": "national"}

    def told(kind: EntryKind, out: Mapping[str, Any], **texts: str) -> str:
        words = ChainWords(known, "ja", climbs)
        names = Naming(KNOWN, OFFICES, catalog("ja"))
        return tell(entry(kind, out, texts=texts), "ja", names, lambda _: "隔離", books=Books(chains=words))

    assert "連絡網「nationalの連絡網」" in told(EntryKind.ESCALATION_STARTED, {"chain": "national"})
    ended = told(EntryKind.ESCALATION_ENDED, {"escalation": "e-1", "routes": ("soc:acknowledged",)})
    assert "（遮断依頼: 確認済み）" in ended
    done = told(EntryKind.STEP_DONE, {"routes": 2}, value='{"ladder": "acknowledged", "soc": "exhausted"}')
    assert "県を経て国へ: 確認済み、監視: 全員応答なし" in done
    gone = told(EntryKind.ESCALATION_ENDED, {"escalation": "e-9", "chain": "gone", "routes": ("soc:x", "ladder:x")})
    assert "（soc: x、県を経て国へ: x）" in gone  # two chains call `soc` differently


def test_names() -> None:
    name = Naming(KNOWN, OFFICES, catalog("ja"))
    assert [name(code) for code in ("p-1", "p-2", "p-9", "system", "role:ciso", "role:nobody", "office:none")] == [
        "佐藤 和也（係長）", "伊藤 直美", "p-9", "システム", catalog("ja").gettext("role.ciso"), "nobody", "none",
    ]  # fmt: skip
    assert name("sensor:ids-1") == "検知元「ids-1」"
    assert (name("post:ciso"), name("post:none"), name("ciso"), name("a b")) == ("CISO", "none", "CISO", "a b")


@pytest.mark.parametrize(
    ("kind", "out", "ja"),
    [
        (EntryKind.CALL_SHEET_OPENED, {"who": "role:officer"}, "総務省へのファクスでの連絡（「端末の隔離」）を、"),
        (EntryKind.CALL_SHEET_CALLED_OFF, {"who": "role:officer"}, "用件が済んだため、総務省へのファクスでの連絡"),
        (EntryKind.MESSAGE_DELIVERED, {"channel": "fax"}, "総務省への通知をファクスで送信した"),
        (EntryKind.DELIVERY_FAILED, {"channel": "fax", "code": "x"}, "総務省への通知をファクスで送信できなかった"),
        (EntryKind.DELIVERY_FAILED, {"code": "x", "final": True}, "総務省への通知をファクスで送信できず、断念した"),
        (EntryKind.MESSAGE_DELIVERED, {"bundle": "b-1", "together": 3}, "総務省への通知をファクスで、ほかの通知と"),
    ],
)
def test_a_delivery_is_told_with_whom_it_went_to_where_the_state_knows(
    kind: EntryKind, out: Mapping[str, Any], ja: str
) -> None:
    books = Books(called={"d-1": Called("office:mic", None, "fax", "isolate", "e-1")})
    one = entry(kind, {"delivery": "d-1", **out})
    names = Naming(KNOWN, OFFICES, catalog("ja"))
    told = tell(one, "ja", names, lambda step: ISOLATE.title if step else "", books=books)
    assert told.startswith(ja)
    assert "総務省" not in said(one)  # the record itself does not know


def test_who_was_called_stands_behind_the_post() -> None:
    books = Books(called={"d-1": Called("post:ciso", "p-2", "phone", "isolate", "e-1")})
    one, names = (
        entry(EntryKind.CALL_SHEET_OPENED, {"delivery": "d-1", "who": "p-1"}),
        Naming(KNOWN, OFFICES, catalog("en")),
    )
    told = tell(one, "en", names, lambda _: "Isolate", books=books)
    assert told == "Asked 佐藤 和也 (係長) to call the CISO (伊藤 直美) (Phone) for “Isolate”."
