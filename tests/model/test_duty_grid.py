"""Every duty over a grid of facts, against an oracle written from the text of the law and not from the rules.

Then every single change of a fact: a duty appears or disappears only where the fact that changed is one that it names.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from functools import cache
from itertools import product
from typing import NamedTuple

from csirt.model.condition import Known
from csirt.model.duty import duties_of
from csirt.model.fact import Value
from tests.model.test_duty import BOOK

KNOWN = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)  # a Friday
D5, D30, D60, TODAY = date(2026, 11, 24), date(2026, 12, 21), date(2027, 1, 18), date(2026, 11, 20)
HALF_YEAR, THEIRS = date(2027, 3, 31), date(2026, 11, 22)

AXES: dict[str, tuple[Value, ...]] = {
    "leak": (None, "suspected", "no"),
    "head_count": (None, 100, 101),
    "sensitive_data": (None, "suspected"),
    "wrongful_purpose": (None, "yes"),
    "my_number": (None, "suspected"),
    "my_number_place": (None, "number_system", "outside"),
    "owner_organ": (None, "assembly"),
    "cause": (None, "ransomware"),
    "crime": (None, "suspected"),
    "encrypted": (None, "yes"),
    "contractor_involved": (None, "yes"),
    "jlis_systems": (None, ("lgwan",)),
}
NAMES = tuple(AXES)
Case = tuple[Value, ...]


class Standing(NamedTuple):
    """A duty as the oracle or the engine sees it: its last day and its grounds."""

    last: date | None
    reasons: frozenset[str]


def grid() -> Iterator[Case]:
    yield from product(*AXES.values())


@cache
def engine(case: Case) -> Mapping[str, Standing]:
    facts = {name: Known(value) for name, value in zip(NAMES, case, strict=True) if value is not None}
    facts |= {"known": Known(KNOWN.isoformat()), "contractor_known": Known("2026-11-18T00:00:00+00:00")}
    return {
        one.rule: Standing(one.limit.day if one.limit else None, frozenset(reason.code for reason in one.reasons))
        for one in duties_of(facts, BOOK, KNOWN)
    }


def oracle(case: Case) -> dict[str, Standing]:
    """What a city owes, read off §3 of the texts line by line."""
    fact = dict(zip(NAMES, case, strict=True))
    leaked, number = fact["leak"] == "suspected", fact["my_number"] is not None
    wrongful, many = fact["wrongful_purpose"] == "yes", fact["head_count"] == 101
    four = {name for name, is_so in (
        ("sensitive", fact["sensitive_data"] is not None), ("wrongful", wrongful), ("many", many),
    ) if is_so and leaked}  # fmt: skip
    numbers = {name for name, is_so in (
        ("number_in_system", fact["my_number_place"] == "number_system"),
        ("number_place_open", fact["my_number_place"] is None),
        ("number_wrongful", wrongful), ("number_many", many),
    ) if is_so and leaked and number}  # fmt: skip
    told = four | ({"number_in_system"} if leaked and number else set())
    found: dict[str, tuple[date | None, set[str]]] = {}
    if fact["encrypted"] is None:
        if fact["owner_organ"] != "assembly":
            found["ppc_preliminary"] = D5, four
            found["ppc_final"] = D60 if wrongful else D30, four
            found["persons"] = None, four
        elif leaked:
            found["assembly_ordinance"] = None, {"assembly_data"}
        found["my_number_preliminary"] = D5, numbers
        found["my_number_final"] = D60 if wrongful else D30, numbers
        found["my_number_persons"] = None, numbers
        found["publication_now"] = None, told
    for desk in ("prefecture_first_report", "ministry_first_report"):
        found[desk] = TODAY, told
    police = {"crime"} if fact["crime"] else set()
    found["police"] = TODAY, police | ({"ransomware"} if fact["cause"] else set())
    found["jlis"] = TODAY, {"jlis_touched"} if fact["jlis_systems"] else set()
    found["contractor_notice"] = THEIRS, {"contractor"} if leaked and fact["contractor_involved"] else set()
    return {rule: Standing(day, frozenset(reasons)) for rule, (day, reasons) in found.items() if reasons}


def test_every_duty_its_day_and_its_grounds_agree_with_the_oracle() -> None:
    checked = 0
    for case in grid():
        assert engine(case) == oracle(case), dict(zip(NAMES, case, strict=True))
        checked += 1
    assert checked >= 5000


# Which facts a ground names, and which exemption frees from which duty: by hand, as an officer would say it.
GROUNDS: dict[str, set[str]] = {
    "sensitive": {"leak", "sensitive_data"}, "wrongful": {"leak", "wrongful_purpose"}, "many": {"leak", "head_count"},
    "number_in_system": {"leak", "my_number", "my_number_place"},
    "number_place_open": {"leak", "my_number", "my_number_place"},
    "number_wrongful": {"leak", "my_number", "wrongful_purpose"}, "number_many": {"leak", "my_number", "head_count"},
    "assembly_data": {"leak", "owner_organ"}, "crime": {"crime"}, "ransomware": {"cause"},
    "jlis_touched": {"jlis_systems"}, "contractor": {"leak", "contractor_involved"},
}  # fmt: skip
BY_CONTENT = {"ppc_preliminary", "ppc_final", "persons", "my_number_preliminary", "my_number_final",
              "my_number_persons", "assembly_ordinance", "publication_now"}  # fmt: skip
NATIONAL_LAW = {"ppc_preliminary", "ppc_final", "persons"}


def may_turn_on(rule: str, standing: Standing, fact: str) -> bool:
    """May a duty that stands for these grounds have come, or gone, by this fact?"""
    exempts = (fact == "encrypted" and rule in BY_CONTENT) or (fact == "owner_organ" and rule in NATIONAL_LAW)
    return exempts or all(fact in GROUNDS[code] for code in standing.reasons)


def test_one_changed_fact_moves_only_the_duties_that_name_it() -> None:
    changes = 0
    for case in grid():
        for place, name in enumerate(NAMES):
            for value in AXES[name]:
                if value == case[place]:
                    continue
                other = engine((*case[:place], value, *case[place + 1 :]))
                before = engine(case)
                for rule in other.keys() - before.keys():
                    assert may_turn_on(rule, other[rule], name), (rule, name, case)
                for rule in before.keys() & other.keys():
                    for code in before[rule].reasons ^ other[rule].reasons:
                        assert name in GROUNDS[code], (rule, code, name, case)
                    moved = before[rule].last != other[rule].last
                    assert not moved or name == "wrongful_purpose", (rule, name, case)
                changes += 1
    assert changes >= 50_000
