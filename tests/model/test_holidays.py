"""National holidays from their dated file, against another source, and what the law derives from them."""

from copy import deepcopy
from datetime import date, timedelta
from typing import Any

import jpholiday
import pytest

from csirt import founding
from csirt.errors import Invalid
from csirt.model.chains import check_holidays
from csirt.model.holidays import Holidays, holidays_from

TABLE = founding.read_toml(founding.LAW / founding.HOLIDAYS)
KNOWN = holidays_from(TABLE, founding.HOLIDAYS)
ONE = {
    "source": "s", "years": [2009, 2009], "equinox": {"2009": [date(2009, 3, 20), date(2009, 9, 23)]},
    "rule": {"next_free_day": date(2007, 1, 1), "between_two": date(1985, 12, 27)},
    "day": [{"ja": "敬老の日", "en": "Respect", "month": 9, "monday": 3}],
}  # fmt: skip


def made(**more: Any) -> Holidays:
    return holidays_from({**deepcopy(ONE), **more}, "h.toml")


def test_every_day_of_the_covered_years_is_as_another_source_has_it() -> None:
    day = date(KNOWN.first, 1, 1)
    while day.year <= KNOWN.last:
        assert KNOWN.is_holiday(day) is jpholiday.is_holiday(day), day
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("day", "ja"),
    [
        ("2026-05-06", "振替休日"),  # 5/3 is a Sunday, 5/4 and 5/5 are holidays
        ("2026-09-22", "国民の休日"),
        ("2019-04-30", "国民の休日"),
        ("2019-05-02", "国民の休日"),
        ("2019-12-23", ""),
        ("2020-10-12", ""),  # moved to 7/24
        ("2021-08-09", "振替休日"),
        ("2027-03-22", "振替休日"),
    ],
)
def test_what_follows_from_the_rule(day: str, ja: str) -> None:
    assert KNOWN.name(date.fromisoformat(day), "ja") == ja


def test_the_rule_counts_from_the_day_it_is_valid_from() -> None:
    assert made().name(date(2009, 9, 22), "en") == "Day between two holidays"
    later = {**TABLE["rule"], "between_two": date(2010, 1, 1)}
    assert not made(rule=later).is_holiday(date(2009, 9, 22))
    sunday = {"ja": "憲法記念日", "en": "C", "month": 5, "day": 3}
    assert made(day=[sunday]).name(date(2009, 5, 4), "ja") == "振替休日"
    assert not made(day=[sunday], rule={**TABLE["rule"], "next_free_day": date(2010, 1, 1)}).is_holiday(
        date(2009, 5, 4)
    )


def test_beyond_the_covered_years_days_are_forecast_and_that_is_said_in_time() -> None:
    assert KNOWN.is_holiday(date(KNOWN.last + 5, 1, 1))
    assert check_holidays(KNOWN, date(KNOWN.last, 11, 1)) == []
    (near,) = check_holidays(KNOWN, date(KNOWN.last, 11, 2))
    assert (near.code, near.file, near.key) == ("holidays_end", "holidays.toml", f"years {KNOWN.last}")
    assert len(check_holidays(KNOWN, date(KNOWN.last + 9, 3, 1))) == 1


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"years": [2010, 2009]}, "years"),
        ({"years": [2009, 2010]}, "equinox.2010"),
        ({"equinox": {"2009": [date(2009, 3, 20)]}}, "equinox.2009"),
        ({"rule": {"between_two": 5, "next_free_day": date(2007, 1, 1)}}, "rule.between_two"),
        ({"day": [{"ja": "x", "en": "x", "month": 2, "day": 30}]}, "day[1].day"),
        ({"day": [{"ja": "x", "en": "x", "month": 13, "day": 3}]}, "day[1].month"),
        ({"day": [{"ja": "x", "en": "x", "month": 1, "monday": 9}]}, "day[1].monday"),
        ({"day": [{"ja": "x", "en": "x", "moth": 1, "day": 9}]}, "day[1].moth"),
        ({"once": [{"ja": "x", "en": "x", "on": "2009"}]}, "once[1].on"),
        ({"source": ""}, "source"),
        ({"extra": 1}, "extra"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_with_its_key(more: dict[str, Any], key: str) -> None:
    with pytest.raises(Invalid, match="holidays_malformed") as refused:
        made(**more)
    assert refused.value.params == {"file": "h.toml", "key": key}
