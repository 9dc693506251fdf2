"""The office hours of a city from its file: each wrong key is named with its line. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime, time
from typing import Any, NoReturn

from csirt.errors import Invalid
from csirt.model.calendar import MonthDay, OfficeCalendar

_KEYS = frozenset({"opens", "closes", "year_end", "extra_holidays"})
_SECTION = re.compile(r"\s*\[\s*office_hours\s*\]")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9]")
_MONTH_DAY = re.compile(r"([0-9]{2})-([0-9]{2})")
_LEAP_YEAR = 2024  # has a 29 February
_MOST_DAYS = 1000


def calendar_from(
    table: Mapping[str, Any], text: str, source: str, is_holiday: Callable[[date], bool]
) -> OfficeCalendar:
    """The calendar that `[office_hours]` describes; a key left out has the value of most city halls.

    `text` is the whole file, for the line. `year_end` is the first and last day of the closure, such as
    `["12-29", "01-03"]`, or empty where there is none.

    Raises:
        Invalid: `office_hours_value` with file, line and key.
    """
    place = _Place(text, source)
    for key in table:
        if key not in _KEYS:
            place.wrong(str(key))
    found = OfficeCalendar(is_holiday=is_holiday)
    opens, closes = place.time(table, "opens", found.opens), place.time(table, "closes", found.closes)
    if opens >= closes:
        place.wrong("closes")
    return replace(
        found,
        opens=opens,
        closes=closes,
        year_end=place.year_end(table, found.year_end),
        extra_holidays=place.days(table, "extra_holidays"),
    )


class _Place:
    """The section in its file."""

    def __init__(self, text: str, source: str) -> None:
        self._lines, self._source = text.splitlines(), source

    def wrong(self, key: str) -> NoReturn:
        raise Invalid("office_hours_value", file=self._source, line=self._line(key), key=f"office_hours.{key[:60]}")

    def _line(self, key: str) -> int:
        """The line of a key in the section, counted from 1; that of the section if it is written another way."""
        begins = next((number for number, line in enumerate(self._lines, 1) if _SECTION.match(line)), 0)
        named = re.compile(rf"""\s*["']?{re.escape(key)}["']?\s*=""")
        for number, line in enumerate(self._lines[begins:], begins + 1):
            if line.lstrip().startswith("["):
                break
            if named.match(line):
                return number
        return begins

    def time(self, table: Mapping[str, Any], key: str, usual: time) -> time:
        value = table.get(key)
        if key not in table:
            return usual
        if isinstance(value, time) and value.tzinfo is None:  # TOML has times of its own: opens = 08:30:00
            return value
        if not isinstance(value, str) or not _TIME.fullmatch(value):
            self.wrong(key)
        return time.fromisoformat(value)

    def year_end(
        self, table: Mapping[str, Any], usual: tuple[MonthDay, MonthDay] | None
    ) -> tuple[MonthDay, MonthDay] | None:
        if "year_end" not in table:
            return usual
        value = table["year_end"]
        if value == []:
            return None
        if not isinstance(value, list) or len(value) != 2:
            self.wrong("year_end")
        first, last = map(self._month_day, value)
        return first, last

    def _month_day(self, value: object) -> MonthDay:
        found = _MONTH_DAY.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self.wrong("year_end")
        try:
            day = date(_LEAP_YEAR, int(found[1]), int(found[2]))
        except ValueError:
            self.wrong("year_end")
        return day.month, day.day

    def days(self, table: Mapping[str, Any], key: str) -> frozenset[date]:
        values = table.get(key, [])
        if not isinstance(values, list) or len(values) > _MOST_DAYS:
            self.wrong(key)
        return frozenset(self._day(value, key) for value in values)

    def _day(self, value: object, key: str) -> date:
        if isinstance(value, datetime):
            self.wrong(key)
        if isinstance(value, date):
            return value
        try:
            return date.fromisoformat(value)  # type: ignore[arg-type]  # a TypeError says that it is no text
        except (TypeError, ValueError):
            self.wrong(key)
