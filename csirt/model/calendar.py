"""Office hours, holidays and business days: when somebody is at their desk.

The defaults are those of most city halls: weekdays 8:30 to 17:15, closed on national holidays and from 12/29 to 1/3
(the city's own ordinance on days off, 地方自治法 第4条の2). Legal time limits do not stop for any of this.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from csirt.era import FIRST_DAY, JST, LAST_YEAR, is_national_holiday, jst_date
from csirt.errors import Invalid

_LONGEST_CLOSURE = 400  # days after which we say that the office never opens
_ONE_DAY = timedelta(days=1)
_LONGEST_WORK = timedelta(days=3660)

MonthDay = tuple[int, int]


@dataclass(frozen=True, slots=True)
class OfficeCalendar:
    """When the city hall is open. Times of day are Japan's; the office is open from `opens` until just before `closes`.

    `year_end` is the first and the last day of the closure around the new year, `extra_holidays` are days on which this
    city is closed besides, `is_holiday` tells the national holidays (a city may put another rule in its place).
    """

    opens: time = time(8, 30)
    closes: time = time(17, 15)
    year_end: tuple[MonthDay, MonthDay] | None = ((12, 29), (1, 3))
    extra_holidays: frozenset[date] = frozenset()
    is_holiday: Callable[[date], bool] = is_national_holiday

    def __post_init__(self) -> None:
        """Raises `Invalid` when the office would close before it opens, or the times carry a zone of their own."""
        if self.opens.tzinfo or self.closes.tzinfo or self.opens >= self.closes:
            raise Invalid("office_hours_malformed")

    def is_business_day(self, day: date) -> bool:
        """Does the office open at all on this day (for an aware instant: on that day in Japan)?"""
        day = jst_date(day)
        if day.weekday() >= 5 or day in self.extra_holidays or self._in_year_end(day):
            return False
        return not self.is_holiday(day)

    def is_open(self, at: datetime) -> bool:
        """Is the office open at this instant? Raises `Invalid` on a time without zone."""
        start, end = self._hours_of(jst_date(at))
        return start <= at < end and self.is_business_day(jst_date(at))

    def next_opening(self, at: datetime) -> datetime:
        """The instant itself when the office is open, otherwise when it opens next, in UTC.

        Raises:
            Invalid: a time without zone, or no opening within 400 days.
        """
        if self.is_open(at):
            return at.astimezone(UTC)
        day = jst_date(at)
        if at >= self._hours_of(day)[0]:
            day = _day_after(day)
        return self._hours_of(self._business_day_from(day))[0]

    def add_office_hours(self, at: datetime, duration: timedelta) -> datetime:
        """The instant, in UTC, at which the office has been open for `duration` since `at`.

        Nothing to add gives `at` itself. An amount that fills a day exactly ends when that day closes.

        Raises:
            Invalid: a time without zone, a negative or absurd duration, or no opening within 400 days.
        """
        if not timedelta(0) <= duration <= _LONGEST_WORK:
            raise Invalid("duration_out_of_range")
        jst_date(at)  # a time without zone is refused, even with nothing to add
        now = at.astimezone(UTC)
        while duration:
            now = self.next_opening(now)
            end = self._hours_of(jst_date(now))[1]
            step = min(duration, end - now)
            now, duration = now + step, duration - step
        return now

    def add_business_days(self, day: date, count: int) -> date:
        """The `count`-th business day after `day`, which itself is not counted (民法 第140条); 0 gives `day`.

        Raises:
            Invalid: a negative or absurd count, or no opening within 400 days.
        """
        if not 0 <= count <= _LONGEST_WORK.days:
            raise Invalid("duration_out_of_range")
        day = jst_date(day)
        for _ in range(count):
            day = self._business_day_from(_day_after(day))
        return day

    def _in_year_end(self, day: date) -> bool:
        if self.year_end is None:
            return False
        first, last = self.year_end
        here = (day.month, day.day)
        if first <= last:
            return first <= here <= last
        return here >= first or here <= last

    def _hours_of(self, day: date) -> tuple[datetime, datetime]:
        if day < FIRST_DAY:
            raise Invalid("date_before_era")
        opens = datetime.combine(day, self.opens, tzinfo=JST)
        closes = datetime.combine(day, self.closes, tzinfo=JST)
        return opens.astimezone(UTC), closes.astimezone(UTC)

    def _business_day_from(self, day: date) -> date:
        for _ in range(_LONGEST_CLOSURE):
            if self.is_business_day(day):
                return day
            day = _day_after(day)
        raise Invalid("office_never_opens")


def _day_after(day: date) -> date:
    if day.year > LAST_YEAR:
        raise Invalid("date_impossible")
    return day + _ONE_DAY
