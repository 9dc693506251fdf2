"""Texts: every template in both languages, and what hostile facts and broken templates come to."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, meta

from csirt.errors import Invalid
from csirt.guard import mask
from notifications.call_sheet import call_script
from notifications.render import FACTS, TEMPLATES, TemplateRenderer

NAMES = [
    "page",
    "first_report",
    "notice",
    "closed",
    "call_sheet",
    "assignment",
    "run_stopped",
    "sealed_account",
    "duty_reminder",
    "measure_reminder",
]
LANGUAGES = ["ja", "en"]
RENDERER = TemplateRenderer()
FULL = {
    "number": "令和8年度 第12号",
    "level": "3",
    "type": "ransomware",
    "state": "investigating",
    "leak": "suspected",
    "disposition": "true_positive",
    "report_no": "2",
    "code": "playbook_drift",
    "step_title": "回線を切断するか",
    "called_as": "CSIRT責任者",
    "callee": "見本県 デジタル政策課",
    "phone": "000-0000-0101",
    "channel": "phone",
    "city": "見本市",
    "link": "https://desk.city.example/incidents/8-12",
    "ack_link": "https://desk.city.example/ack/1234567890123456789012345678",
    **dict.fromkeys(
        ("at", "deadline", "occurred", "noticed", "known", "received", "closed"), "2026-11-22T05:05:00+00:00"
    ),
}

every = pytest.mark.parametrize(("name", "language"), [(name, language) for name in NAMES for language in LANGUAGES])


def render(name: str, language: str, facts: Mapping[str, str]) -> tuple[str, str]:
    return RENDERER.render(name, language, facts)


@every
def test_every_template_is_there_and_names_the_case_and_the_reading_place(name: str, language: str) -> None:
    subject, body = render(name, language, FULL)
    assert FULL["number"] in subject
    assert FULL["number"] in body
    assert FULL["link"] in body
    assert "定型文" not in body
    assert "standing text" not in body
    assert "{" not in body
    assert "None" not in body
    assert "\n\n\n" not in body
    assert not body.startswith("\n")


@every
def test_a_template_does_with_what_little_is_known(name: str, language: str) -> None:
    subject, body = render(name, language, {"number": "12"})
    assert "12" in subject
    assert body.strip()
    assert "None" not in body
    if name == "first_report":
        assert body.count({"ja": "調査中", "en": "under investigation"}[language]) >= 6


@every
def test_a_template_uses_known_facts_only(name: str, language: str) -> None:
    source = (TEMPLATES / f"{name}.{language}.txt.j2").read_text("utf-8")
    used = meta.find_undeclared_variables(Environment(autoescape=True).parse(source))
    assert used <= set(FACTS)
    assert {"drill", "sample", "repeat", "number", "link"} <= used


@every
def test_drills_samples_and_repeats_are_stamped(name: str, language: str) -> None:
    plain = "".join(render(name, language, FULL))
    drill, sample, repeat = (render(name, language, {**FULL, flag: "1"}) for flag in ("drill", "sample", "repeat"))
    marks = {"ja": ("【訓練】", "【サンプル】"), "en": ("[DRILL]", "[SAMPLE]")}[language]
    assert drill[0].startswith(marks[0])
    assert sample[0].startswith(marks[1])
    assert render(name, language, {**FULL, "drill": "1", "sample": "1"})[0].startswith(
        marks[0] + (" " if language == "en" else "") + marks[1]
    )
    assert not any(mark in plain for mark in marks)
    assert {"ja": "これは訓練です", "en": "this is a drill"}[language] in drill[1]
    assert {"ja": "重ねて届く", "en": "may be a repeat"}[language] in repeat[1]
    assert render(name, language, {**FULL, "drill": "", "sample": ""}) == render(name, language, FULL)


@every
def test_the_guard_finds_nothing_in_our_own_words(name: str, language: str) -> None:
    for text in render(name, language, {**FULL, "link": "https://a.example/", "ack_link": "https://a.example/"}):
        assert mask(text) == text


def test_times_are_shown_as_a_city_hall_writes_them() -> None:
    assert "令和8年11月22日(日) 14時05分" in render("page", "ja", FULL)[1]
    assert "2026-11-22 14:05 JST" in render("page", "en", FULL)[1]
    for odd in ("soon", "2026-11-22T05:05:00", "0001-01-01T00:00:00+23:00", "9999-12-31T23:59:59-23:00"):
        for language in LANGUAGES:
            assert odd in render("page", language, {**FULL, "deadline": odd})[1]


def test_the_first_report_says_what_it_is_and_no_more() -> None:
    subject, body = render("first_report", "ja", {**FULL, "report_no": "1"})
    assert subject.startswith("情報セキュリティインシデント報告書（第1報）見本市")
    for phrase in ("ランサムウェア", "レベル　　　3（深刻）", "調査中", "おそれあり", "復唱"):
        assert phrase in body
    assert FULL["callee"] not in body
    assert "県の共有フォルダー" in render("first_report", "ja", {**FULL, "place": "県の共有フォルダー"})[1]
    assert FULL["step_title"] not in body


def test_a_page_tells_how_to_acknowledge() -> None:
    body = render("page", "ja", FULL)[1]
    assert FULL["ack_link"] in body
    assert "ack" not in render("page", "ja", {k: v for k, v in FULL.items() if k != "ack_link"})[1]


def test_a_call_sheet_says_whom_to_call_and_what_to_have_read_back() -> None:
    facts = {k: v for k, v in FULL.items() if k not in {"callee", "phone", "channel"}}
    title, script = call_script(
        RENDERER, "ja", facts, channel="phone", callee="見本県 危機管理課", number="000-0000-0111"
    )
    assert title == "【電話連絡票】令和8年度 第12号 見本県 危機管理課"
    for phrase in ("000-0000-0111", "読み上げる文", "復唱", "レベルは、3（深刻）"):
        assert phrase in script
    title, script = call_script(RENDERER, "en", facts, channel="fax", callee="Prefecture", number="000-0000-0112")
    assert title.startswith("[FAX SHEET]")
    assert "number of pages" in script


def test_personal_numbers_and_secrets_do_not_leave_in_a_text() -> None:
    facts = {**FULL, "step_title": "確認 123456789018 password=hunter2", "city": "1234 5678 9018"}
    for name in NAMES:
        for language in LANGUAGES:
            text = "".join(render(name, language, facts))
            assert "123456789018" not in text
            assert "1234 5678 9018" not in text
            assert "hunter2" not in text


def test_links_and_numbers_of_the_wrong_form_are_left_out() -> None:
    facts = {**FULL, "link": "javascript:alert(1)", "ack_link": "https://a.example/ b", "phone": "000; rm -rf"}
    text = "".join(render("page", "ja", facts)) + "".join(render("call_sheet", "ja", facts))
    for wrong in ("javascript", "a.example", "rm -rf"):
        assert wrong not in text


HOSTILE = [
    "a\nBcc: x@y.example",
    "".join("\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"),
    "\udcff\ud800",
    "\x00\x1b[31m",
    "\u202e\u2066evil",
    "{{ 7*7 }}{% for x in range(10**9) %}{% endfor %}{{ ''.__class__.__mro__ }}",
    "\ue000link\ue001\ue000x\ue001",
    "x" * 1_000_000,
    "${number}$link%s{0}",
]


@pytest.mark.parametrize("hostile", HOSTILE, ids=range(len(HOSTILE)))
@every
def test_a_hostile_fact_is_data_and_nothing_else(name: str, language: str, hostile: str) -> None:
    for fact in FULL:
        subject, body = render(name, language, {**FULL, fact: hostile})
        assert subject.isprintable() or "\u3000" in subject
        assert len(subject) <= 200
        assert "49" not in subject.replace(hostile, "")
        assert (subject + body).encode("utf-8")
        assert "\nBcc" not in body
        assert len(body) < 20_001
        if fact != "number":
            assert FULL["number"] in subject + body


@given(
    facts=st.dictionaries(st.sampled_from([*FACTS, "self", "words", "__class__"]), st.text(max_size=60), max_size=12)
)
@settings(max_examples=100, deadline=None)
def test_rendering_never_fails(facts: dict[str, str]) -> None:
    for name in (*NAMES, "no_such_template", "../page", ""):
        subject, body = render(name, "en", facts)
        assert subject.splitlines() == [subject]
        assert body.strip()


# --------------------------------------------------------------------------------------------------- broken templates


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(TEMPLATES, tmp_path / "templates")
    return tmp_path / "templates"


@pytest.mark.parametrize(
    "source",
    [
        "{{ number",
        "{% include 'nothing' %}",
        "{{ 1 / 0 }}",
        "{{ number.__class__.__mro__ }}",
        "{{ number.nothing.more }}",
        "{{ number + 1 }}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for x in range(10**9) %}x{% endfor %}",
        "{{ number | nofilter }}",
        "only a subject {{ number }}",
        "\n\n\n",
        "no number\n\nin this text",
        "{{ link | upper }} {{ number }}\n\nbody {{ link | replace('link', 'x') }}",
    ],
)
def test_a_broken_template_gives_way_to_the_standing_text(folder: Path, source: str) -> None:
    for language in LANGUAGES:
        (folder / f"page.{language}.txt.j2").write_text(source, "utf-8")
    renderer = TemplateRenderer(folder)
    for language, banner in (("ja", "【訓練】【サンプル】"), ("en", "[DRILL] [SAMPLE] ")):
        subject, body = renderer.render("page", language, {**FULL, "drill": "1", "sample": "1"})
        assert subject.startswith(banner)
        assert FULL["number"] in subject
        assert FULL["number"] in body
        assert FULL["link"] in body


def test_an_unknown_language_falls_back_to_japanese() -> None:
    assert render("page", "tlh", FULL) == render("page", "ja", FULL)


@pytest.mark.parametrize("broken", ["", "[ja]\nsubject = 'x'", "not toml", "ja = 3\nen = 3"])
def test_without_a_standing_text_nothing_starts(folder: Path, broken: str) -> None:
    (folder / "fallback.toml").write_text(broken, "utf-8")
    with pytest.raises(Invalid, match="templates_unreadable"):
        TemplateRenderer(folder)


def test_a_missing_folder_is_found_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="templates_unreadable"):
        TemplateRenderer(tmp_path / "nothing")
