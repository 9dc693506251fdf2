"""Legal days: the golden cases, and the count by hand on a paper calendar as a second opinion."""

from datetime import UTC, date, datetime, timedelta

import jpholiday
import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.era import JST
from csirt.errors import Invalid
from csirt.model.counting import deadline, half_year_end, is_state_holiday

DAYS = st.dates(date(2015, 1, 1), date(2035, 12, 31))


@pytest.mark.parametrize(
    ("known", "days", "moves", "last"),
    [
        ("2026-11-22", 3, False, "2026-11-24"),
        ("2026-11-22", 5, False, "2026-11-26"),
        ("2026-11-22", 30, True, "2026-12-21"),
        ("2026-11-22", 60, True, "2027-01-20"),
        ("2026-11-20", 3, False, "2026-11-22"),  # a Sunday: a preliminary report never moves
        ("2026-11-20", 5, False, "2026-11-24"),
        ("2026-11-20", 30, True, "2026-12-21"),  # 12-19 is a Saturday
        ("2026-11-20", 60, True, "2027-01-18"),
        ("2026-12-01", 3, False, "2026-12-03"),
        ("2026-12-01", 5, False, "2026-12-05"),
        ("2026-12-01", 30, True, "2027-01-04"),  # 12-30: closed until 1-3
        ("2026-12-01", 60, True, "2027-01-29"),
    ],
)
def test_the_golden_cases(known: str, days: int, moves: bool, last: str) -> None:
    found = deadline(date.fromisoformat(known), days, moves=moves)
    assert found.day == date.fromisoformat(last)


def test_a_day_ends_at_midnight_in_japan() -> None:
    found = deadline(date(2026, 11, 22), 5, moves=False)
    assert found.at == datetime(2026, 11, 26, 15, 0, tzinfo=UTC)


def test_the_day_of_knowing_is_the_day_in_japan() -> None:
    late = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)  # midnight in Japan: the 22nd has begun
    assert deadline(late, 1, moves=False).day == date(2026, 11, 22)
    assert deadline(late - timedelta(seconds=1), 1, moves=False).day == date(2026, 11, 21)


@pytest.mark.parametrize(
    ("known", "end"),
    [
        ("2026-04-01", "2026-09-30"),
        ("2026-09-30", "2026-09-30"),
        ("2026-10-01", "2027-03-31"),
        ("2027-03-31", "2027-03-31"),
    ],
)
def test_a_half_of_the_fiscal_year_ends_in_september_or_march(known: str, end: str) -> None:
    assert half_year_end(date.fromisoformat(known)).day == date.fromisoformat(end)


@pytest.mark.parametrize("number", [0, -1, 10**9])
def test_absurd_numbers_and_times_without_zone_are_refused(number: int) -> None:
    with pytest.raises(Invalid):
        deadline(date(2026, 11, 22), number, moves=True)
    with pytest.raises(Invalid):
        deadline(datetime(2026, 11, 22), 5, moves=True)  # noqa: DTZ001 - a naive time is the point


def by_hand(first: date, number: int, *, moves: bool) -> date:
    """Cross off one day after the other, as on paper."""
    crossed, day = 1, first
    while crossed < number:
        day, crossed = day + timedelta(days=1), crossed + 1
    closed = [date(year, 12, d) for year in range(2014, 2040) for d in (29, 30, 31)]
    closed += [date(year, 1, d) for year in range(2014, 2040) for d in (1, 2, 3)]
    while moves and (day.strftime("%a") in {"Sat", "Sun"} or jpholiday.is_holiday(day) or day in closed):
        day += timedelta(days=1)
    return day


@given(DAYS, st.integers(1, 120), st.booleans())
def test_counting_agrees_with_crossing_off_days(first: date, number: int, moves: bool) -> None:
    assert deadline(first, number, moves=moves).day == by_hand(first, number, moves=moves)


@given(DAYS, st.integers(1, 120))
def test_a_limit_that_moves_ends_on_a_working_day_and_never_earlier(first: date, number: int) -> None:
    plain, later = (deadline(first, number, moves=moves) for moves in (False, True))
    assert not is_state_holiday(later.day)
    assert plain.day <= later.day <= plain.day + timedelta(days=9)
    assert later.at.astimezone(JST).hour == 0
