"""Office hours: open, closed, next opening, and the sums of hours and days."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from csirt.era import JST
from csirt.errors import Invalid
from csirt.model.calendar import OfficeCalendar

CITY = OfficeCalendar()
INSTANTS = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - hypothesis asks for naive bounds
    max_value=datetime(2060, 1, 1),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, JST]),
)
HOURS = st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=90))


def jst(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=JST)


@pytest.mark.parametrize(
    ("at", "is_open"),
    [
        ("2026-11-20 08:29:59.999999", False),
        ("2026-11-20 08:30", True),
        ("2026-11-20 12:30", True),
        ("2026-11-20 17:14:59.999999", True),
        ("2026-11-20 17:15", False),
        ("2026-11-21 10:00", False),  # Saturday
        ("2026-11-22 10:00", False),  # Sunday
        ("2026-11-23 10:00", False),  # 勤労感謝の日
        ("2026-12-28 10:00", True),
        ("2026-12-29 10:00", False),
        ("2027-01-01 10:00", False),
        ("2027-01-04 10:00", True),
        ("2028-01-03 10:00", False),  # a Monday and no holiday: closed by the year's end
    ],
)
def test_open_or_closed(at: str, is_open: bool) -> None:
    assert CITY.is_open(jst(at)) is is_open
    assert CITY.is_open(jst(at).astimezone(UTC)) is is_open


@pytest.mark.parametrize(
    ("at", "opening"),
    [
        ("2026-11-20 08:00", "2026-11-20 08:30"),
        ("2026-11-20 09:00", "2026-11-20 09:00"),
        ("2026-11-20 17:15", "2026-11-24 08:30"),  # weekend and a holiday behind it
        ("2026-12-28 18:00", "2027-01-04 08:30"),
    ],
)
def test_next_opening(at: str, opening: str) -> None:
    assert CITY.next_opening(jst(at)) == jst(opening)
    assert CITY.next_opening(jst(at)).tzinfo is UTC


@pytest.mark.parametrize(
    ("at", "hours", "end"),
    [
        ("2026-11-20 09:00", 1, "2026-11-20 10:00"),
        ("2026-11-20 17:00", 1, "2026-11-24 09:15"),
        ("2026-11-22 03:00", 8.75, "2026-11-24 17:15"),
        ("2026-11-22 03:00", 0, "2026-11-22 03:00"),
        ("2026-12-28 16:15", 2, "2027-01-04 09:30"),
    ],
)
def test_office_hours_are_added(at: str, hours: float, end: str) -> None:
    assert CITY.add_office_hours(jst(at), timedelta(hours=hours)) == jst(end)


def test_business_days_are_added() -> None:
    assert CITY.add_business_days(date(2026, 11, 20), 1) == date(2026, 11, 24)
    assert CITY.add_business_days(date(2026, 11, 22), 0) == date(2026, 11, 22)
    assert CITY.add_business_days(date(2026, 12, 28), 2) == date(2027, 1, 5)


def test_a_city_has_its_own_days_and_hours() -> None:
    city = OfficeCalendar(
        opens=time(9), closes=time(16), year_end=None, extra_holidays=frozenset({date(2026, 8, 14)}), is_holiday=_never
    )
    assert city.is_open(jst("2026-11-23 09:00"))
    assert city.is_open(jst("2026-12-31 15:59"))
    assert not city.is_open(jst("2026-12-31 16:00"))
    assert not city.is_business_day(date(2026, 8, 14))
    summer = OfficeCalendar(year_end=((8, 12), (8, 16)))
    assert not summer.is_business_day(date(2026, 8, 13))
    assert summer.is_business_day(date(2026, 12, 30))


def test_a_day_is_taken_in_japan() -> None:
    assert CITY.is_business_day(datetime(2026, 11, 23, 15, 0, tzinfo=UTC))  # already Tuesday there
    assert not CITY.is_business_day(datetime(2026, 11, 23, 14, 59, tzinfo=UTC))


def test_what_cannot_be_is_refused() -> None:
    naive = datetime(2026, 11, 20, 9, 0)  # noqa: DTZ001 - the fault that is tested
    with pytest.raises(Invalid, match="time_without_zone"):
        CITY.is_open(naive)
    with pytest.raises(Invalid, match="time_without_zone"):
        CITY.add_office_hours(naive, timedelta(0))
    with pytest.raises(Invalid, match="duration_out_of_range"):
        CITY.add_office_hours(jst("2026-11-20 09:00"), timedelta(seconds=-1))
    with pytest.raises(Invalid, match="duration_out_of_range"):
        CITY.add_business_days(date(2026, 11, 20), -1)
    with pytest.raises(Invalid, match="office_hours_malformed"):
        OfficeCalendar(opens=time(17), closes=time(9))
    with pytest.raises(Invalid, match="office_never_opens"):
        OfficeCalendar(is_holiday=lambda _: True).next_opening(jst("2026-11-20 09:00"))
    for edge in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)):
        with pytest.raises(Invalid):
            CITY.next_opening(edge)


@given(INSTANTS)
def test_the_next_opening_is_open_and_nothing_before_it_is(at: datetime) -> None:
    opening = CITY.next_opening(at)
    assert opening >= at
    assert CITY.is_open(opening)
    assert opening == at or not CITY.is_open(opening - timedelta(microseconds=1))
    assert CITY.next_opening(opening) == opening


@settings(deadline=None)
@given(INSTANTS, HOURS, HOURS)
def test_hours_add_up(at: datetime, first: timedelta, second: timedelta) -> None:
    in_two_steps = CITY.add_office_hours(CITY.add_office_hours(at, first), second)
    assert in_two_steps == CITY.add_office_hours(at, first + second)
    assert in_two_steps - at >= first + second


def _never(_: date) -> bool:
    return False
