"""The office hours of a city file: what they may say, and where a fault stands; sums of hours as properties."""

import tomllib
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.era import JST, jst_date
from csirt.errors import Invalid
from csirt.model.calendar import OfficeCalendar
from csirt.model.office_hours import calendar_from

TIMES = st.integers(0, 1439).map(lambda minutes: time(minutes // 60, minutes % 60))
DAYS = st.dates(date(2025, 1, 1), date(2028, 1, 1))
INSTANTS = st.datetimes(
    min_value=datetime(2025, 6, 1),  # noqa: DTZ001 - hypothesis asks for naive bounds
    max_value=datetime(2027, 6, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@st.composite
def calendars(draw: st.DrawFn) -> OfficeCalendar:
    """Any city's hours, with closures of at most forty days."""
    opens, closes = sorted(draw(st.lists(TIMES, min_size=2, max_size=2, unique=True)))
    first = draw(st.dates(date(2024, 1, 1), date(2024, 12, 31)))
    last = first + timedelta(days=draw(st.integers(0, 40)))
    closure = draw(st.sampled_from([None, ((first.month, first.day), (last.month, last.day))]))
    return OfficeCalendar(opens, closes, closure, frozenset(draw(st.lists(DAYS, max_size=9))))


def read(section: str) -> OfficeCalendar:
    text = f'code = "1"\n\n[office_hours]\n{section}\n\n[level_setters]\nopens = "never"\n'
    return calendar_from(tomllib.loads(text)["office_hours"], text, "city.toml", lambda _: False)


def test_what_a_city_may_set() -> None:
    found = read('opens = "09:00"\ncloses = 16:30:00\nyear_end = ["08-13", "08-16"]\nextra_holidays = [2026-06-01]')
    assert (found.opens, found.closes, found.year_end) == (time(9), time(16, 30), ((8, 13), (8, 16)))
    assert found.extra_holidays == {date(2026, 6, 1)}
    assert read("").year_end == ((12, 29), (1, 3))
    assert read("year_end = []").is_business_day(date(2026, 12, 30))


@pytest.mark.parametrize(
    ("section", "line", "key"),
    [
        ('opens = "8:30"', 4, "opens"),
        ('closes = "17:15"\nopens = 7', 5, "opens"),
        ('opens = "18:00"', 3, "closes"),
        ('opens = "08:00"\ncloses = "07:00"', 5, "closes"),
        ('year_end = ["12-29"]', 4, "year_end"),
        ('year_end = ["12-29", "02-30"]', 4, "year_end"),
        ("# opens\nextra_holidays = [2026-01-01T00:00:00]", 5, "extra_holidays"),
        ('extra_holidays = ["soon"]', 4, "extra_holidays"),
        ("lunch = true", 4, "lunch"),
    ],
)
def test_a_fault_is_named_with_file_line_and_key(section: str, line: int, key: str) -> None:
    with pytest.raises(Invalid, match="office_hours_value") as refused:
        read(section)
    assert refused.value.params == {"file": "city.toml", "line": line, "key": f"office_hours.{key}"}


def open_minutes(city: OfficeCalendar, begins: datetime, ends: datetime) -> timedelta:
    """How long the office is open in between, counted day by day: another way than the one under test."""
    total, day = timedelta(), jst_date(begins)
    while day <= jst_date(ends):
        if city.is_business_day(day):
            opens = max(datetime.combine(day, city.opens, JST), begins)
            closes = min(datetime.combine(day, city.closes, JST), ends)
            total += max(closes - opens, timedelta())
        day += timedelta(days=1)
    return total


@settings(deadline=None)
@given(calendars(), INSTANTS, st.timedeltas(timedelta(microseconds=1), timedelta(hours=40)))
def test_so_much_office_time_lies_between(city: OfficeCalendar, at: datetime, span: timedelta) -> None:
    end = at
    for _ in range(5):  # short days make long sums
        part = min(span, timedelta(minutes=9))
        end = city.add_office_hours(end, part)
    due = city.add_office_hours(at, 5 * min(span, timedelta(minutes=9)))
    assert due == end
    assert open_minutes(city, at, due) == 5 * min(span, timedelta(minutes=9))
    assert open_minutes(city, at, due - timedelta(microseconds=1)) < 5 * min(span, timedelta(minutes=9))


@settings(deadline=None)
@given(calendars(), INSTANTS, st.timedeltas(timedelta(0), timedelta(days=3)))
def test_who_begins_later_ends_no_earlier(city: OfficeCalendar, at: datetime, later: timedelta) -> None:
    span = timedelta(minutes=30)
    assert city.add_office_hours(at, span) <= city.add_office_hours(at + later, span)
    assert city.next_opening(at) <= city.next_opening(at + later)


@settings(deadline=None)
@given(calendars(), INSTANTS)
def test_open_is_what_the_next_opening_says(city: OfficeCalendar, at: datetime) -> None:
    assert city.is_open(at) is (city.next_opening(at) == at)
