"""Japanese dates (和暦), fiscal years (年度), case numbers and national holidays: how a city hall writes time.

The eras and their first days are those of the 元号法 and its cabinet orders. Dates begin on 1873-01-01, when Japan
took over the Gregorian calendar. Text that comes in is folded first (NFKC), so that full width, half width and signs
such as ㋿ mean the same. Errors never repeat what was typed: it may be anything.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

import jpholiday

from csirt.errors import Invalid

JST = timezone(timedelta(hours=9), "JST")
FIRST_DAY = date(1873, 1, 1)
LAST_YEAR = 9998  # a time of 9999 may leave the calendar when it is shown in another zone

_LONGEST = 80  # characters that a typed date or number may have
_LARGEST_ORDINAL = 999_999
_WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True, slots=True)
class _Era:
    name: str
    letter: str
    first: date

    def year_of(self, year: int) -> int:
        """The year as this era counts it."""
        return year - self.first.year + 1


_ERAS = (  # newest first
    _Era("令和", "R", date(2019, 5, 1)),
    _Era("平成", "H", date(1989, 1, 8)),
    _Era("昭和", "S", date(1926, 12, 25)),
    _Era("大正", "T", date(1912, 7, 30)),
    _Era("明治", "M", FIRST_DAY.replace(year=1868)),
)
_BY_SIGN = {sign: era for era in _ERAS for sign in (era.name, era.letter)}

_ERA = r"(?P<era>令和|平成|昭和|大正|明治|[RHSTM])\.?"
_ERA_YEAR = r"(?P<era_year>元|[0-9]{1,3})"
_YEAR = r"(?P<year>[0-9]{4})"
_WEEKDAY = r"(?:\(?(?P<weekday>[月火水木金土日])(?:曜日?)?\)?)?"
_MONTH_DAY = r"(?:年(?P<m>[0-9]{1,2})月(?P<d>[0-9]{1,2})日|(?P<sep>[./-])(?P<m2>[0-9]{1,2})(?P=sep)(?P<d2>[0-9]{1,2}))"
_DATE = re.compile(rf"(?:{_ERA}{_ERA_YEAR}|{_YEAR}){_MONTH_DAY}{_WEEKDAY}", re.ASCII)
_DRILL = {"ja": "訓練", "en": "DRILL"}
_NUMBER = re.compile(
    rf"(?:(?:訓練|DRILL)[:-]?)?(?:{_ERA}{_ERA_YEAR}|(?:FY)?{_YEAR})(?:年度|年)?(?:第|NO\.?|-|/)(?P<ordinal>[0-9]{{1,6}})号?",
    re.ASCII,
)
_DASHES = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fc", "-"))  # as input methods give


def jst_date(at: date | datetime) -> date:
    """The day in Japan of an aware instant; a plain date is that day already. Raises `Invalid` on a naive time."""
    if not isinstance(at, datetime):
        return at
    return _in_japan(at).date()


def in_era(at: date | datetime) -> str:
    """`令和8年11月22日(日)`. Raises `Invalid` before 1873 and on a naive time."""
    return _day_in_era(jst_date(at))


@lru_cache(4096)
def _day_in_era(day: date) -> str:
    """A page names the same few days again and again."""
    era = _era_of(day)
    return f"{_era_year(era, day.year)}年{day.month}月{day.day}日({_WEEKDAYS[day.weekday()]})"


def at_in_era(at: datetime) -> str:
    """`令和8年11月22日(日) 14時05分`, as the clock in Japan shows it. Raises `Invalid` as `in_era` does."""
    here = _in_japan(at)
    return f"{in_era(here.date())} {here.hour}時{here.minute:02}分"


def era_month(day: date) -> str:
    """`令和8年11月`. Raises `Invalid` before 1873."""
    return f"{_era_year(_era_of(day), day.year)}年{day.month}月"


def fiscal_year(at: date | datetime) -> int:
    """The fiscal year (地方自治法 第208条: 4/1 to 3/31) of a day, or of an aware instant as a day in Japan."""
    day = jst_date(at)
    return day.year if day.month >= 4 else day.year - 1


def number_text(fiscal_year: int, ordinal: int, language: str, *, drill: bool = False) -> str:
    """The number of a case: `令和8年度 第12号` or `FY2026 No. 12`; of a drill `訓練-2026-012` or `DRILL-2026-012`.

    The fiscal year in which an era began is called by the new era throughout (2019: 令和元年度).

    Raises:
        Invalid: no such year, ordinal or language.
    """
    _check_number(fiscal_year, ordinal)
    if language in _DRILL and drill:
        return f"{_DRILL[language]}-{fiscal_year}-{ordinal:03}"
    if language == "ja":
        era = next(era for era in _ERAS if era.first.year <= fiscal_year)
        return f"{_era_year(era, fiscal_year)}年度 第{ordinal}号"
    if language == "en":
        return f"FY{fiscal_year} No. {ordinal}"
    raise Invalid("language_unknown")


def fiscal_year_text(year: int, language: str) -> str:
    """`令和8年度` or `FY2026`; by the era that the fiscal year ends up in, as in the numbers of cases."""
    return number_text(year, 1, language).rpartition(" ")[0] if language == "ja" else f"FY{year}"


def parse_number(text: str) -> tuple[int, int]:
    """Fiscal year and ordinal of a case number, in any form that `number_text` gives, or `R8-12`, `2026-12`.

    Whether it is a drill's says `is_drill_number`. Raises `Invalid`.
    """
    found = _NUMBER.fullmatch(_folded(text, "number_malformed").translate(_DASHES))
    if found is None:
        raise Invalid("number_malformed")
    year, ordinal = _year_of(found, "number_malformed"), int(found["ordinal"])
    _check_number(year, ordinal)
    return year, ordinal


def is_drill_number(text: str) -> bool:
    """Is this the number of a drill, if it is a number at all? Raises `Invalid` when far too long."""
    return _folded(text, "number_malformed").startswith(tuple(_DRILL.values()))


def parse_date(text: str) -> date:
    """The day meant by `R8.11.22`, `令和元年5月1日`, `平成33年4月1日`, `2026-11-22`, `2026/11/22` and their like.

    An era that had already ended is understood, because printed forms outlive eras; one that had not yet begun is not.
    A day of the week may follow, and must then be the right one.

    Raises:
        Invalid: `date_malformed`, `date_impossible`, `date_before_era` or `weekday_wrong`.
    """
    found = _DATE.fullmatch(_folded(text, "date_malformed").translate(_DASHES))
    if found is None:
        raise Invalid("date_malformed")
    year = _year_of(found, "date_impossible")
    try:
        day = date(year, int(found["m"] or found["m2"]), int(found["d"] or found["d2"]))
    except ValueError:
        raise Invalid("date_impossible") from None
    if day < FIRST_DAY or (found["era"] and day < _BY_SIGN[found["era"]].first):
        raise Invalid("date_before_era")
    if found["weekday"] and found["weekday"] != _WEEKDAYS[day.weekday()]:
        raise Invalid("weekday_wrong")
    return day


@lru_cache(maxsize=4096)
def is_national_holiday(day: date) -> bool:
    """Is it a day off under 国民の祝日に関する法律, substitute and bridge days included (as `jpholiday` knows them)?"""
    return day.year <= LAST_YEAR and jpholiday.is_holiday(day)


def _in_japan(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise Invalid("time_without_zone")
    try:
        return at.astimezone(UTC).astimezone(JST)
    except OverflowError:
        raise Invalid("date_impossible") from None


def _era_of(day: date) -> _Era:
    if day < FIRST_DAY:
        raise Invalid("date_before_era")
    return next(era for era in _ERAS if era.first <= day)


def _era_year(era: _Era, year: int) -> str:
    counted = era.year_of(year)
    return f"{era.name}{'元' if counted == 1 else counted}"


def _folded(text: str, code: str) -> str:
    """Without blanks, full width folded, in capitals. Raises `Invalid` with `code` when far too long."""
    if len(text) > _LONGEST:
        raise Invalid(code)
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()


def _year_of(found: re.Match[str], code: str) -> int:
    if not found["era"]:
        return int(found["year"])
    counted = 1 if found["era_year"] == "元" else int(found["era_year"])
    if counted < 1:
        raise Invalid(code)
    return _BY_SIGN[found["era"]].first.year + counted - 1


def _check_number(year: int, ordinal: int) -> None:
    if not (FIRST_DAY.year <= year <= LAST_YEAR and 1 <= ordinal <= _LARGEST_ORDINAL):
        raise Invalid("number_out_of_range")
