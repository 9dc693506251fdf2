"""Duties from facts: golden dates, the doubts of sources, and a grid against an oracle that shares no code."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from itertools import product

import pytest

from csirt import founding
from csirt.errors import Invalid
from csirt.model.condition import Known
from csirt.model.duty import Duty, duties_of
from csirt.model.fact import FactState, Value, catalogue_from
from csirt.model.incident import IncidentType, Level
from csirt.model.law import law_from, levels_from
from csirt.model.mapping import mapped, schemes_from

CATALOGUE = catalogue_from(founding.read_toml(founding.LAW / "facts.toml"), "facts.toml")
BOOK = law_from(founding.read_toml(founding.LAW / "duties.toml"), CATALOGUE, "duties.toml")
LEVELS = levels_from(founding.read_toml(founding.LAW / "levels.toml"), CATALOGUE, "levels.toml")
NOW = datetime(2026, 11, 22, 5, 0, tzinfo=UTC)


def weigh(facts: Mapping[str, Value], at: datetime = NOW, sure: FactState = FactState.CONFIRMED) -> dict[str, Duty]:
    situation = {name: Known(value, sure) for name, value in facts.items() if value is not None}
    known = {"known": Known(at.isoformat())} | situation
    return {one.rule: one for one in duties_of(known, BOOK, at)}


def duties(**facts: Value) -> dict[str, Duty]:
    return weigh(facts)


def last(found: dict[str, Duty], rule: str) -> str:
    limit = found[rule].limit
    assert limit is not None
    return limit.day.isoformat()


def test_more_than_a_hundred_and_a_suspicion_is_enough() -> None:
    assert "ppc_preliminary" not in duties(leak="suspected", head_count=100)
    found = duties(leak="suspected", head_count=101)
    assert [(one.code, dict(one.params)) for one in found["ppc_preliminary"].reasons] == [
        ("many", {"leak": "suspected", "head_count": 101, "head_count_over": 100})
    ]
    assert last(found, "ppc_preliminary") == "2026-11-26"
    assert last(found, "ppc_final") == "2026-12-21"
    assert last(found, "prefecture_first_report") == last(found, "ministry_first_report") == "2026-11-22"


def test_a_wrongful_purpose_gives_sixty_days_and_one_person_is_enough() -> None:
    found = duties(leak="yes", wrongful_purpose="suspected", head_count=1)
    assert last(found, "ppc_final") == "2027-01-20"
    assert last(duties(leak="yes", wrongful_purpose="yes", head_count=500), "ppc_final") == "2027-01-20"


def test_the_number_act_asks_whatever_the_number() -> None:
    found = duties(leak="suspected", my_number="yes", my_number_place="number_system", head_count=1)
    assert last(found, "my_number_preliminary") == "2026-11-26"
    assert "ppc_preliminary" not in found
    assert "my_number_preliminary" not in duties(leak="yes", my_number="yes", my_number_place="outside", head_count=1)
    assert duties(leak="yes", my_number="yes")["my_number_preliminary"].uncertain


@pytest.mark.parametrize("free", [{"recovered_unread": "yes"}, {"encrypted": "yes"}, {"owner_organ": "assembly"}])
def test_an_exemption_counts_only_where_it_is_confirmed(free: dict[str, Value]) -> None:
    assert "ppc_preliminary" not in duties(leak="yes", head_count=500, **free)
    assert "ppc_preliminary" in weigh({"leak": "yes", "head_count": 500, **free}, sure=FactState.ESTIMATED)


def test_the_assembly_stands_apart() -> None:
    found = duties(leak="yes", head_count=500, owner_organ="assembly")
    assert "assembly_ordinance" in found
    assert found["assembly_ordinance"].uncertain
    assert not {"ppc_preliminary", "ppc_final", "persons"} & set(found)


def test_before_the_national_law_reached_cities_there_was_no_such_duty() -> None:
    early = datetime(2021, 10, 31, 0, 0, tzinfo=UTC)
    found = weigh({"leak": "suspected", "wrongful_purpose": "yes", "head_count": 85000}, early)
    assert not {"ppc_preliminary", "ppc_final", "persons"} & set(found)
    assert "prefecture_first_report" in found


def test_publication_is_at_once_or_in_the_half_yearly_batch() -> None:
    assert "publication_now" in duties(leak="yes", personal_data="yes", head_count=101)
    batch = duties(leak="yes", personal_data="yes", head_count=5)
    assert "publication_now" not in batch
    assert last(batch, "publication_batch") == "2027-03-31"


def test_the_contractor_has_a_clock_of_its_own_until_it_told_the_city() -> None:
    told: dict[str, Value] = {
        "leak": "suspected",
        "contractor_involved": "yes",
        "contractor_known": "2026-11-20T00:00:00+00:00",
    }
    assert last(duties(**told), "contractor_notice") == "2026-11-24"
    assert "contractor_notice" not in duties(**told, contractor_notified="2026-11-21T00:00:00+00:00")


def test_rules_that_are_not_in_force_are_listed_with_their_day() -> None:
    days = {one.id: (one.start, one.latest) for one in BOOK.upcoming}
    assert days["self_government_ordinance"] == (date(2027, 7, 1), None)
    assert days["appi_amendment"] == (None, date(2028, 7, 17))
    assert "infrastructure_final" not in weigh({"designated_operator": "yes"}, datetime(2026, 9, 30, tzinfo=UTC))
    assert last(weigh({"designated_operator": "yes"}, datetime(2026, 10, 1, tzinfo=UTC)), "infrastructure_final")


def test_levels_are_proposed_by_the_gravest_rule_that_holds() -> None:
    def level(**facts: Value) -> int:
        return int(LEVELS.propose({name: Known(value) for name, value in facts.items()}, NOW.date())[0])

    assert level() == 0
    assert level(harmless="yes") == 0
    assert level(machines=1) == 1
    assert level(machines=1, leak="suspected", confidentiality="3B") == 2
    assert level(cause="ransomware", leak="yes") == 3
    assert level(cause="ransomware", several_cities="yes") == 4
    assert level(cause="malware", confidentiality="2", machines=1) == 1  # the asset's class decides
    assert level(cause="malware", confidentiality="3B", machines=1) == 2
    assert level(cause="malware", layers=("lgwan",)) == 3
    assert level(cause="missent", layers=("lgwan",)) == 0


def test_a_fact_hides_no_grave_detection_and_only_what_is_confirmed_settles() -> None:
    one_machine, harmless = {"machines": Known(1)}, {"harmless": Known("yes")}
    guessed = {"harmless": Known("yes", FactState.ESTIMATED)}
    on, grave = NOW.date(), Level.GRAVE
    assert LEVELS.propose(one_machine, on, grave) == (Level.GRAVE, "sensed")
    assert LEVELS.propose(harmless, on, grave) == (Level.EVENT, "harmless")
    assert LEVELS.propose(guessed, on, grave) == (Level.GRAVE, "sensed")
    assert LEVELS.propose({**harmless, "cause": Known("ransomware")}, on, Level.MINOR) == (grave, "ransomware")


def test_types_and_levels_are_called_by_others_as_of_the_day() -> None:
    def terms(type_: str, level: int, day: date) -> dict[str, str]:
        return {one.scheme.id: one.term.en for one in mapped(LEVELS.schemes, type_, level, day)}

    today = terms("malware_mail", 2, NOW.date())
    assert (today["nisc"], today["nciss"], today["common_form"]) == ("1–2", "low / medium", "Form 3 (other attacks)")
    assert "common_form" not in terms("malware_mail", 2, date(2026, 9, 30))  # the third form is of 2026-10-01
    assert terms("ransomware", 3, date(2025, 10, 1))["common_form"] == "Form 2 (ransomware)"
    assert "common_form" not in terms("ransomware", 3, date(2025, 9, 30))
    assert "jpcert" not in terms("leak_missent", 2, NOW.date())
    for type_ in IncidentType:
        assert type_ is IncidentType.UNDECIDED or "rsit" in terms(type_, 1, NOW.date())


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"odd": 1}, "odd"),
        ({"valid_from": "2018"}, "valid_from"),
        ({"levels": {"9": "x"}}, "levels.9"),
        ({"types": {"ddos": {"ja": "x"}}}, "types.ddos"),
        ({"levels": {}}, "levels"),
    ],
)
def test_a_wrong_scheme_is_refused_with_file_and_place(change: dict[str, object], key: str) -> None:
    row: dict[str, object] = {
        "id": "x", "ja": "x", "en": "x", "source": "x", "valid_from": date(2020, 1, 1), "levels": {"0": "none"},
    }  # fmt: skip
    with pytest.raises(Invalid) as caught:
        schemes_from([row | change], "levels.toml")
    assert caught.value.params == {"file": "levels.toml", "key": f"scheme[0].{key}"}
    with pytest.raises(Invalid):
        schemes_from([row, row], "levels.toml")


# ------------------------------------------------------------------------------------------------- grid and oracle

AXES: dict[str, tuple[Value, ...]] = {
    "leak": (None, "suspected", "yes", "no"),
    "head_count": (None, 100, 101),
    "sensitive_data": (None, "suspected", "no"),
    "property_damage": (None, "yes"),
    "wrongful_purpose": (None, "suspected", "no"),
    "my_number": (None, "yes"),
    "my_number_place": (None, "city_system", "outside"),
    "owner_organ": (None, "mayor", "assembly"),
    "encrypted": (None, "yes"),
}


def grid() -> Iterator[dict[str, Value]]:
    for values in product(*AXES.values()):
        yield dict(zip(AXES, values, strict=True))


def oracle(case: dict[str, Value]) -> dict[str, int]:
    """Days that each duty of the commission allows, written from the text of §3 and not from the rules."""
    leaked = case["leak"] == "yes" or case["leak"] == "suspected"
    if not leaked or case["encrypted"] == "yes":
        return {}
    count = case["head_count"]
    many = isinstance(count, int) and count > 100
    wrongful = case["wrongful_purpose"] in ("yes", "suspected")
    found = {}
    four = many or wrongful or case["property_damage"] == "yes" or case["sensitive_data"] in ("yes", "suspected")
    if four and case["owner_organ"] != "assembly":
        found["ppc_preliminary"], found["ppc_final"] = 5, 60 if wrongful else 30
    if case["my_number"] == "yes" and (case["my_number_place"] != "outside" or many or wrongful):
        found["my_number_preliminary"], found["my_number_final"] = 5, 60 if wrongful else 30
    return found


def test_the_engine_agrees_with_the_oracle_on_every_combination_and_every_single_change() -> None:
    ends = {5: "2026-11-26", 30: "2026-12-21", 60: "2027-01-20"}
    checked = 0
    for case in grid():
        found = {name: one for name, one in duties(**case).items() if name.endswith(("_preliminary", "_final"))}
        expected = oracle(case)
        assert {name: last(found, name) for name in found} == {name: ends[n] for name, n in expected.items()}, case
        checked += 1
    assert checked >= 5000


def test_no_change_of_a_fact_that_no_rule_names_changes_a_duty() -> None:
    base: dict[str, Value] = {"leak": "yes", "head_count": 500, "wrongful_purpose": "yes"}
    named = {test.fact for rule in BOOK.rules for one in rule.reasons for test in one.when.tests}
    named |= {test.fact for rule in BOOK.rules for one in rule.unless for test in one.tests}
    named |= {rule.clock for rule in BOOK.rules}
    for name, definition in CATALOGUE.facts.items():
        if name not in named:
            code = definition.options[0].code if definition.options else "yes"
            assert duties(**base, **{name: code}) == duties(**base)


def test_every_reason_that_stands_names_a_fact_that_holds() -> None:
    for one in duties(leak="yes", head_count=500, sensitive_data="yes", crime="suspected").values():
        for reason in one.reasons:
            assert reason.params


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"clock": "leak"}, "duty[0].clock"),
        ({"binding": "odd"}, "duty[0].binding"),
        ({"days": 0}, "duty[0].days"),
        ({"days": 3, "target_days": 5}, "duty[0].target_days"),
        ({"reason": []}, "duty[0].reason"),
        ({"reason": [{"code": "x", "when": {"moon": ["full"]}}]}, "duty[0].reason[0].when.moon"),
        ({"reason": [{"code": "x", "when": {"leak": ["perhaps"]}}]}, "duty[0].reason[0].when.leak"),
        ({"valid_from": "2020"}, "duty[0].valid_from"),
        ({"odd": 1}, "duty[0].odd"),
    ],
)
def test_wrong_rules_are_refused_with_file_and_place(change: dict[str, object], key: str) -> None:
    row: dict[str, object] = {
        "id": "x", "addressee": "ppc", "ja": "x", "en": "x", "basis": "x", "source": "x", "clock": "known",
        "binding": "law", "valid_from": date(2020, 1, 1), "waived_by": "ciso", "in_charge": "poc",
        "reason": [{"code": "x", "when": {"leak": ["yes"]}}],
    }  # fmt: skip
    with pytest.raises(Invalid) as caught:
        law_from({"source": "s", "upcoming": [], "duty": [row | change]}, CATALOGUE, "duties.toml")
    assert caught.value.params == {"file": "duties.toml", "key": key}


def test_two_editions_of_a_duty_may_not_be_valid_on_one_day() -> None:
    rows = founding.read_toml(founding.LAW / "duties.toml")
    rows["duty"].append(rows["duty"][0])
    with pytest.raises(Invalid):
        law_from(rows, CATALOGUE, "duties.toml")
