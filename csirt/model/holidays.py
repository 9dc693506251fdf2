"""National holidays from a dated file: the law's days, those that follow from its rule, and the years it covers. Pure.

国民の祝日に関する法律: 第2条 names the days, 第3条第2項 moves one that falls on a Sunday to the next day that is none,
第3条第3項 makes a day between two of them a day off. The equinoxes are announced each February for the next year, so
that no file knows them for ever: days of years that it does not cover are forecast.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, NoReturn

from csirt.era import is_national_holiday, jst_date
from csirt.errors import Invalid

RENEWED_BEFORE = timedelta(days=60)  # the next year is announced in February; by November its data should be there
_KEYS = frozenset({"source", "years", "rule", "day", "once", "equinox"})
_DAY_KEYS = frozenset({"ja", "en", "month", "day", "monday", "from", "until", "moved"})
_ONCE_KEYS = frozenset({"ja", "en", "on"})
_RULES = frozenset({"next_free_day", "between_two"})
_EQUINOXES = (("春分の日", "Vernal Equinox Day"), ("秋分の日", "Autumnal Equinox Day"))
_MOST_TEXT = 400
_YEARS = range(1948, 2200)
_ONE_DAY = timedelta(days=1)

Name = tuple[str, str]  # ja, en
SUBSTITUTE: Name = ("振替休日", "Substitute holiday")
BETWEEN: Name = ("国民の休日", "Day between two holidays")


@dataclass(frozen=True, slots=True)
class Holidays:
    """The days off of the covered years by date, with their names; `first` and `last` are the covered years."""

    days: Mapping[date, Name]
    first: int
    last: int
    source: str

    def is_holiday(self, day: date) -> bool:
        """Is it a day off? As the file says; in years that it does not cover, as forecast."""
        if self.first <= day.year <= self.last:
            return day in self.days
        return is_national_holiday(day)

    def name(self, day: date, language: str) -> str:
        """Its name in `ja` or `en`; empty for a day that is none, or that the file does not cover."""
        ja, en = self.days.get(day, ("", ""))
        return ja if language == "ja" else en

    def wants_renewal(self, at: date | datetime) -> bool:
        """Is the end of what the file covers near, or past?"""
        return jst_date(at) + RENEWED_BEFORE > date(self.last, 12, 31)


def holidays_from(mapping: Mapping[str, Any], source: str) -> Holidays:
    """The holidays that a file describes. Raises `Invalid` (`holidays_malformed`) with file and key."""
    file = _File(source)
    file.known(mapping, "", _KEYS)
    first, last = file.years(mapping.get("years"))
    said = file.text(mapping.get("source"), "source")
    rules = file.known(mapping.get("rule"), "rule", _RULES)
    since = {name: file.day(rules.get(name), f"rule.{name}") for name in sorted(_RULES)}
    named: dict[date, Name] = {}
    for year in range(first, last + 1):
        named |= dict(_of_year(file, mapping, year))
    named |= dict(_once(file, mapping))
    found = dict(named)
    for day in sorted(named):
        _move(named, found, day, since["next_free_day"])
    for day in sorted(named):
        if _is_between(named, found, day + _ONE_DAY, since["between_two"]):
            found[day + _ONE_DAY] = BETWEEN
    return Holidays(found, first, last, said)


def _move(named: Mapping[date, Name], found: dict[date, Name], day: date, since: date) -> None:
    """第3条第2項: off is the day after a Sunday's holiday, or the first after it that is none."""
    if day.weekday() != 6 or day < since:
        return
    free = day
    while free in named:
        free += _ONE_DAY
    found[free] = SUBSTITUTE


def _is_between(named: Mapping[date, Name], found: Mapping[date, Name], day: date, since: date) -> bool:
    """第3条第3項: both neighbours are national holidays, and the day is neither one nor off anyhow."""
    if day in found or day < since or day.weekday() == 6:
        return False
    return day - _ONE_DAY in named and day + _ONE_DAY in named


@dataclass(frozen=True, slots=True)
class _File:
    """Where we are, for errors."""

    name: str

    def wrong(self, key: str) -> NoReturn:
        raise Invalid("holidays_malformed", file=self.name, key=key[:80])

    def known(self, table: object, key: str, allowed: frozenset[str]) -> Mapping[str, Any]:
        if not isinstance(table, Mapping):
            self.wrong(key)
        for one in table:
            if one not in allowed:
                self.wrong(f"{key}.{one}".strip("."))
        return table

    def tables(self, value: object, key: str, allowed: frozenset[str]) -> Iterator[tuple[str, Mapping[str, Any]]]:
        if not isinstance(value, list):
            self.wrong(key)
        for number, table in enumerate(value, 1):
            yield f"{key}[{number}]", self.known(table, f"{key}[{number}]", allowed)

    def text(self, value: object, key: str) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= _MOST_TEXT:
            self.wrong(key)
        return value

    def day(self, value: object, key: str) -> date:
        if not isinstance(value, date) or isinstance(value, datetime):
            self.wrong(key)
        return value

    def days(self, value: object, key: str) -> list[date]:
        if not isinstance(value, list):
            self.wrong(key)
        return [self.day(one, key) for one in value]

    def number(self, value: object, key: str, numbers: range) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or value not in numbers:
            self.wrong(key)
        return value

    def years(self, value: object) -> tuple[int, int]:
        if not isinstance(value, list) or len(value) != 2:
            self.wrong("years")
        first, last = (self.number(one, "years", _YEARS) for one in value)
        if first > last:
            self.wrong("years")
        return first, last


def _of_year(file: _File, mapping: Mapping[str, Any], year: int) -> Iterator[tuple[date, Name]]:
    for key, table in file.tables(mapping.get("day"), "day", _DAY_KEYS):
        name = file.text(table.get("ja"), f"{key}.ja"), file.text(table.get("en"), f"{key}.en")
        day = _moved(file, key, table, year) or _regular(file, key, table, year)
        since = file.day(table["from"], f"{key}.from") if "from" in table else date.min
        until = file.day(table["until"], f"{key}.until") if "until" in table else date.max
        if since <= day <= until:
            yield day, name
    equinoxes = mapping.get("equinox")
    found = file.days(equinoxes.get(str(year)) if isinstance(equinoxes, Mapping) else None, f"equinox.{year}")
    if len(found) != len(_EQUINOXES) or any(day.year != year for day in found):
        file.wrong(f"equinox.{year}")
    yield from zip(found, _EQUINOXES, strict=True)


def _moved(file: _File, key: str, table: Mapping[str, Any], year: int) -> date | None:
    moved = file.days(table.get("moved", []), f"{key}.moved")
    return next((day for day in moved if day.year == year), None)


def _regular(file: _File, key: str, table: Mapping[str, Any], year: int) -> date:
    month = file.number(table.get("month"), f"{key}.month", range(1, 13))
    if "monday" in table:
        count = file.number(table["monday"], f"{key}.monday", range(1, 5))
        first = date(year, month, 1)
        return first + timedelta(days=-first.weekday() % 7 + 7 * (count - 1))
    try:
        return date(year, month, file.number(table.get("day"), f"{key}.day", range(1, 32)))
    except ValueError:
        file.wrong(f"{key}.day")


def _once(file: _File, mapping: Mapping[str, Any]) -> Iterator[tuple[date, Name]]:
    for key, table in file.tables(mapping.get("once", []), "once", _ONCE_KEYS):
        name = file.text(table.get("ja"), f"{key}.ja"), file.text(table.get("en"), f"{key}.en")
        yield file.day(table.get("on"), f"{key}.on"), name
