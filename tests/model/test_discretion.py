"""What messages never say, whatever found its way into their facts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.discretion import ALL, NeverSay, withhold

SECRET = {
    "victims": "撫養 花子、板東 一郎", "account": "住所録を誤って送った", "health": "要介護3",
    "weakness": "VPNが未更新", "indicator": "http://bad.example/a.exe", "suspect": "里浦 三郎",
}  # fmt: skip
CODES = {
    "number": "令和8年度 第12号", "link": "https://desk.example/incidents/i-1", "level": "3", "type": "ransomware",
    "at": "2026-11-24T01:00:00+00:00", "drill": "1", "step": "report_to_ppc",
}  # fmt: skip


def test_codes_and_places_are_said_and_nothing_else() -> None:
    assert withhold({**CODES, **SECRET}, ALL) == CODES


@pytest.mark.parametrize("kind", sorted(NeverSay))
def test_each_kind_is_withheld_by_itself(kind: NeverSay) -> None:
    assert withhold(CODES, {kind}) == CODES
    said = withhold({**CODES, **SECRET, "tlp": "red", "remark": "個人番号 123456789018"}, {kind})
    assert said != {**CODES, **SECRET, "tlp": "red", "remark": "個人番号 123456789018"}


def test_a_case_marked_red_gives_its_number_and_where_to_read() -> None:
    said = withhold({**CODES, **SECRET, "tlp": "RED", "step_title": "市長室の端末を止める"}, {NeverSay.TLP_RED})
    assert set(said) == {"number", "link", "level", "at", "drill", "tlp"}
    assert "step_title" in withhold({**CODES, "tlp": "amber", "step_title": "x"}, {NeverSay.TLP_RED})


def test_numbers_of_people_are_masked_wherever_they_stand() -> None:
    assert "123456789018" not in withhold({"remark": "個人番号 123456789018"}, {NeverSay.MY_NUMBERS})["remark"]


@given(
    st.dictionaries(st.sampled_from([*SECRET, *CODES, "tlp"]), st.text(max_size=30)), st.sets(st.sampled_from(NeverSay))
)
def test_more_rules_never_say_more(facts: dict[str, str], kinds: set[NeverSay]) -> None:
    assert set(withhold(facts, ALL)) <= set(withhold(facts, kinds)) <= set(facts)
