"""How legal days are counted: pure, in days of Japan.

The day on which any section knew is day 1 and every day counts (個人情報保護委員会 通則編, 施行規則 第44条). A limit
of 30 or 60 days that ends on a Saturday, Sunday, national holiday or from 12/29 to 1/3 moves to the next working day
(行政機関の休日に関する法律 第2条). The 3 to 5 days of the preliminary report are a guide value and never move: cities
file on Saturdays. A city's own days off do not move anything.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from csirt.era import JST, LAST_YEAR, is_national_holiday, jst_date
from csirt.errors import Invalid

_ONE_DAY = timedelta(days=1)
_MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Deadline:
    """The last day on which it is in time, and the instant (UTC) at which that day ends in Japan."""

    day: date
    at: datetime


def is_state_holiday(day: date) -> bool:
    """Is it a day on which the offices of the state are closed?"""
    if day.weekday() >= 5 or (day.month, day.day) >= (12, 29) or (day.month, day.day) <= (1, 3):
        return True
    return is_national_holiday(day)


def nth_day(first: date, number: int) -> date:
    """The day `number` where `first` (for an aware instant: its day in Japan) is day 1.

    Raises:
        Invalid: a number below 1 or absurdly high, a time without zone, or a day beyond the calendar.
    """
    if not 1 <= number <= _MOST_DAYS:
        raise Invalid("duration_out_of_range")
    day = jst_date(first)
    if day.year > LAST_YEAR - 11:
        raise Invalid("date_impossible")
    return day + (number - 1) * _ONE_DAY


def moved(day: date) -> date:
    """The day itself, or the next one on which the offices of the state are open."""
    while is_state_holiday(day):
        day += _ONE_DAY
    return day


def end_of(day: date) -> datetime:
    """The instant at which a day ends in Japan, in UTC."""
    return datetime.combine(day + _ONE_DAY, time(), tzinfo=JST).astimezone(UTC)


def deadline(first: date, number: int, *, moves: bool) -> Deadline:
    """The end of day `number`; if it `moves`, never on a day off. Raises as `nth_day`."""
    day = nth_day(first, number)
    day = moved(day) if moves else day
    return Deadline(day, end_of(day))


def half_year_end(first: date) -> Deadline:
    """The end of the half of the fiscal year in which a day lies: 9/30 or 3/31."""
    day = jst_date(first)
    if day.month <= 3:
        last = date(day.year, 3, 31)
    else:
        last = date(day.year, 9, 30) if day.month <= 9 else date(day.year + 1, 3, 31)
    return Deadline(last, end_of(last))
