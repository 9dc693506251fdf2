"""Conditions over facts, as dated rules write them in TOML.

`leak = ["yes", "suspected"], head_count = { over = 100 }`: all parts of one condition must hold. A fact without
a value makes its part false, except where it is asked to be missing. Besides facts there are
`type` and `level` of the case.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from csirt.model.fact import FactCatalogue, FactKind, FactState, Value, invalid
from csirt.model.incident import IncidentType

OF_THE_CASE = frozenset({"type", "level"})
_NUMBER_TESTS = frozenset({"over", "at_least"})


@dataclass(frozen=True, slots=True)
class Known:
    """What rules see of one fact: value and certainty; texts count only as there or not."""

    value: Value
    state: FactState = FactState.CONFIRMED


Situation = Mapping[str, Known]


@dataclass(frozen=True, slots=True)
class Test:
    """One part of a condition: one of `codes`, a number of at least `least`, or whether the fact is `there`."""

    fact: str
    codes: frozenset[str] = frozenset()
    least: int | None = None
    there: bool | None = None

    def holds(self, situation: Situation) -> bool:
        """Does it hold?"""
        known = situation.get(self.fact)
        value = known.value if known else None
        if self.there is not None:
            return (value is not None) is self.there
        if value is None:
            return False
        if self.least is not None:
            return isinstance(value, int) and value >= self.least
        return not self.codes.isdisjoint(value) if isinstance(value, tuple) else value in self.codes


@dataclass(frozen=True, slots=True)
class Condition:
    """Parts that must all hold."""

    tests: tuple[Test, ...]

    def holds(self, situation: Situation) -> bool:
        """Do they?"""
        for test in self.tests:  # noqa: SIM110 - a plain loop, since every open case is asked every night
            if not test.holds(situation):
                return False
        return True

    def is_certain(self, situation: Situation) -> bool:
        """Are all facts it asks for confirmed? An exemption counts only then."""
        return all(
            test.there is False or (test.fact in situation and situation[test.fact].state is FactState.CONFIRMED)
            for test in self.tests
        )

    @property
    def facts(self) -> tuple[str, ...]:
        """The facts it asks for."""
        return tuple(test.fact for test in self.tests)


def condition_from(table: object, catalogue: FactCatalogue, file: str, place: str) -> Condition:
    """A condition of a parsed TOML file. Raises `Invalid` `law_data_invalid`, with file and place."""
    if not isinstance(table, Mapping) or not table:
        raise invalid(file, place)
    return Condition(tuple(_test(name, asked, catalogue, file, f"{place}.{name}") for name, asked in table.items()))


def _test(name: str, asked: object, catalogue: FactCatalogue, file: str, place: str) -> Test:
    if name not in OF_THE_CASE and name not in catalogue.facts:
        raise invalid(file, place)
    if isinstance(asked, Mapping):
        return _about(name, asked, catalogue, file, place)
    if not isinstance(asked, list) or not asked or not all(isinstance(one, str) for one in asked):
        raise invalid(file, place)
    if not set(asked) <= _codes(name, catalogue):
        raise invalid(file, place)
    return Test(name, frozenset(asked))


def _about(name: str, asked: Mapping[str, object], catalogue: FactCatalogue, file: str, place: str) -> Test:
    """`{ over = 100 }`, `{ at_least = 2 }`, `{ known = true }`."""
    if len(asked) != 1:
        raise invalid(file, place)
    (key, value), counts = next(iter(asked.items())), name == "level" or _kind(name, catalogue) is FactKind.COUNT
    if key == "known" and isinstance(value, bool):
        return Test(name, there=value)
    if key in _NUMBER_TESTS and counts and isinstance(value, int) and not isinstance(value, bool):
        return Test(name, least=value + 1 if key == "over" else value)
    raise invalid(file, place)


def _kind(name: str, catalogue: FactCatalogue) -> FactKind | None:
    return catalogue.facts[name].kind if name in catalogue.facts else None


def _codes(name: str, catalogue: FactCatalogue) -> set[str]:
    if name == "type":
        return {one.value for one in IncidentType}
    if _kind(name, catalogue) is FactKind.FINDING:
        return {"yes", "suspected", "no"}
    return {one.code for one in catalogue.facts[name].options} if name in catalogue.facts else set()
