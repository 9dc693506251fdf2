"""Triage rules: what they suggest, the shipped file, and the errors of a file that is wrong."""

import tomllib
from datetime import date
from importlib import resources
from typing import Any

import pytest

from csirt.errors import Invalid
from csirt.model.city import TriageRules, TypeRule
from csirt.model.detection import Detection
from csirt.model.incident import IncidentType, Level
from csirt.model.triage import rules_from, suggest

SHIPPED: dict[str, Any] = tomllib.loads(
    resources.files("csirt").joinpath("city_data", "triage.toml").read_text("utf-8")
)
GOOD: dict[str, Any] = {
    "source": "ours",
    "opens_from": 3,
    "rule": [{"type": "ddos", "pattern": "flood", "level": 2, "source": "s", "valid_from": date(2026, 4, 1)}],
}


def seen(title: str, category: str | None = None, level: int = 1) -> Detection:
    return Detection("cef", title, "", level, category=category)


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("ET MALWARE WannaCry Ransomware Beacon", "ransomware"),
        ("ランサムウェアの疑い", "ransomware"),
        ("ﾗﾝｻﾑｳｪｱ検知", "ransomware"),
        ("Volume Shadow Copies were deleted", "ransomware"),
        ("Website defacement detected", "web_deface"),
        ("ホームページの改ざん", "web_deface"),
        ("ET DOS Possible NTP DDoS Inbound", "ddos"),
        ("ＤＤｏＳ攻撃の可能性", "ddos"),
        ("Data Leak Prevention: upload", "leak_missent"),
        ("住民情報の誤送信", "leak_missent"),
        ("Laptop reported stolen", "loss_theft"),
        ("USBメモリの紛失", "loss_theft"),
        ("Insider risk: bulk copy", "insider"),
        ("Rogue DHCP server", "rogue_asset"),
        ("未登録の端末が接続", "rogue_asset"),
        ("Phishing mail delivered", "malware_mail"),
        ("標的型メールの疑い", "malware_mail"),
        ("Eicar_test_file", "malware_mail"),
        ("SMB Brute-Force", "unauth_access"),
        ("sql-injection", "unauth_access"),
        ("不正アクセスの試み", "unauth_access"),
        ("Service is down", "outage"),
        ("システム障害", "outage"),
        ("User Signed In", "undecided"),
        ("", "undecided"),
    ],
)
def test_shipped_rules_in_english_and_japanese(title: str, wanted: str) -> None:
    assert suggest(seen(title), rules_from(SHIPPED, "triage.toml"))[0] == IncidentType(wanted)


def test_every_shipped_rule_is_dated_and_sourced() -> None:
    rules = rules_from(SHIPPED, "triage.toml")
    assert rules.opens_from is Level.SERIOUS
    assert len(rules.types) == len(SHIPPED["rule"])
    assert rules_from(SHIPPED, "triage.toml", on=date(2020, 1, 1)).types == ()


def test_the_category_counts_too_and_the_first_rule_wins() -> None:
    rules = TriageRules(types=(TypeRule(IncidentType.DDOS, "flood"), TypeRule(IncidentType.OUTAGE, "flood|trojan")))
    assert suggest(seen("x", "A Network Trojan"), rules)[0] is IncidentType.OUTAGE
    assert suggest(seen("Flood"), rules)[0] is IncidentType.DDOS


@pytest.mark.parametrize(
    ("native", "rule", "wanted"), [(1, 3, 3), (4, 3, 4), (2, None, 2), (9, None, 4), (-1, None, 0)]
)
def test_the_higher_level_is_proposed(native: int, rule: int | None, wanted: int) -> None:
    rules = TriageRules(types=(TypeRule(IncidentType.DDOS, "x", None if rule is None else Level(rule)),))
    assert suggest(seen("x", level=native), rules)[1] == wanted


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"rule": None}, "rule"),
        ({"source": ""}, "source"),
        ({"opens_from": 5}, "opens_from"),
        ({"opens_from": True}, "opens_from"),
        ({"rule": ["x"]}, "rule[0]"),
    ],
)
def test_a_wrong_file_is_named_with_its_key(change: dict[str, Any], key: str) -> None:
    with pytest.raises(Invalid) as caught:
        rules_from(GOOD | change, "city.toml")
    assert (caught.value.code, caught.value.params) == ("triage_rule_invalid", {"file": "city.toml", "key": key})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("type", "unheard_of"),
        ("type", 7),
        ("pattern", "("),
        ("pattern", " "),
        ("pattern", "x*"),
        ("pattern", "(?=a)"),
        ("pattern", r"(a)\1"),
        ("pattern", 7),
        ("level", 5),
        ("level", "2"),
        ("valid_from", "2026-04-01"),
        ("source", ""),
        ("patern", "x"),
    ],
)
def test_a_wrong_rule_is_named_with_its_key(name: str, value: object) -> None:
    rules = GOOD | {"rule": [*GOOD["rule"], GOOD["rule"][0] | {name: value}]}
    with pytest.raises(Invalid) as caught:
        rules_from(rules, "city.toml")
    assert caught.value.params["key"] == f"rule[1].{name}"


def test_a_good_file_is_read() -> None:
    rules = rules_from(GOOD, "city.toml")
    assert rules == TriageRules(Level.GRAVE, (TypeRule(IncidentType.DDOS, "flood", Level.SERIOUS),), "ours")
