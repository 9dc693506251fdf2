"""Era dates, fiscal years and case numbers, both ways."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from csirt import era
from csirt.errors import Invalid

ANY_DAY = st.dates(min_value=date(1873, 1, 1), max_value=date(2999, 12, 31))


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (date(2026, 11, 22), "令和8年11月22日(日)"),
        (date(2019, 5, 1), "令和元年5月1日(水)"),
        (date(2019, 4, 30), "平成31年4月30日(火)"),
        (date(1989, 1, 8), "平成元年1月8日(日)"),
        (date(1989, 1, 7), "昭和64年1月7日(土)"),
        (date(1926, 12, 25), "昭和元年12月25日(土)"),
        (date(1926, 12, 24), "大正15年12月24日(金)"),
        (date(1912, 7, 29), "明治45年7月29日(月)"),
        (date(1873, 1, 1), "明治6年1月1日(水)"),
    ],
)
def test_a_day_is_written_in_its_era(day: date, text: str) -> None:
    assert era.in_era(day) == text


def test_an_instant_is_shown_as_the_clock_in_japan() -> None:
    assert era.at_in_era(datetime(2026, 11, 22, 5, 5, tzinfo=UTC)) == "令和8年11月22日(日) 14時05分"
    assert era.at_in_era(datetime(2026, 11, 21, 15, 0, 59, tzinfo=UTC)) == "令和8年11月22日(日) 0時00分"


def test_a_fiscal_year_turns_at_midnight_in_japan() -> None:
    assert era.fiscal_year(date(2027, 3, 31)) == 2026
    assert era.fiscal_year(date(2027, 4, 1)) == 2027
    assert era.fiscal_year(datetime(2027, 3, 31, 14, 59, tzinfo=UTC)) == 2026
    assert era.fiscal_year(datetime(2027, 3, 31, 15, 0, tzinfo=UTC)) == 2027


def test_a_time_without_zone_is_refused() -> None:
    naive = datetime(2026, 11, 22, 5, 5)  # noqa: DTZ001 - the fault that is tested
    for ask in (era.at_in_era, era.in_era, era.fiscal_year, era.jst_date):
        with pytest.raises(Invalid, match="time_without_zone"):
            ask(naive)


def test_what_no_calendar_holds_is_refused() -> None:
    with pytest.raises(Invalid, match="date_before_era"):
        era.in_era(date(1872, 12, 31))
    with pytest.raises(Invalid, match="date_impossible"):
        era.at_in_era(datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize(
    ("year", "ordinal", "ja", "en"),
    [
        (2026, 12, "令和8年度 第12号", "FY2026 No. 12"),
        (2019, 1, "令和元年度 第1号", "FY2019 No. 1"),
        (2018, 345, "平成30年度 第345号", "FY2018 No. 345"),
        (1989, 7, "平成元年度 第7号", "FY1989 No. 7"),
        (1988, 7, "昭和63年度 第7号", "FY1988 No. 7"),
    ],
)
def test_case_numbers(year: int, ordinal: int, ja: str, en: str) -> None:
    assert era.number_text(year, ordinal, "ja") == ja
    assert era.number_text(year, ordinal, "en") == en
    for language, mark in (("ja", "訓練"), ("en", "DRILL")):
        drill = era.number_text(year, ordinal, language, drill=True)
        assert drill == f"{mark}-{year}-{ordinal:03}"
        assert era.is_drill_number(drill)
        assert not era.is_drill_number(ja)


@pytest.mark.parametrize(
    "text",
    [
        "令和8年度 第12号",
        " 令和８年度　第１２号 ",
        "㋿8年度第12号",
        "R8-12",
        "r8-12",
        "Ｒ８－１２",
        "R8ー12",
        "2026-12",
        "２０２６－１２",
        "FY2026 No. 12",
        "fy2026 no.12",
        "訓練 令和8年度 第12号",
        "訓練-2026-012",
        "ＤＲＩＬＬ－２０２６－０１２",
        "令和8年度-12",
        "2026年度 第12号",
        "平成38年度第12号",
    ],
)
def test_numbers_are_read_however_they_are_typed(text: str) -> None:
    assert era.parse_number(text) == (2026, 12)


@pytest.mark.parametrize(
    "text", ["", "12", "R0-12", "R8-0", "R8-", "8-12", "2026-11-22", "X8-12", "R8-1234567", "٢٠٢٦-12"]
)
def test_no_number(text: str) -> None:
    with pytest.raises(Invalid):
        era.parse_number(text)


def test_numbers_and_languages_that_do_not_exist() -> None:
    for year, ordinal in ((2026, 0), (2026, -1), (2026, 1_000_000), (1872, 1), (9999, 1)):
        with pytest.raises(Invalid, match="number_out_of_range"):
            era.number_text(year, ordinal, "ja")
    with pytest.raises(Invalid, match="language_unknown"):
        era.number_text(2026, 1, "fr")


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("R8.11.22", date(2026, 11, 22)),
        ("r８．１１．２２", date(2026, 11, 22)),
        ("R08/11/22", date(2026, 11, 22)),
        ("令和8年11月22日", date(2026, 11, 22)),
        ("令和 8年 11月 22日 (日)", date(2026, 11, 22)),
        ("令和8年11月22日（日曜日）", date(2026, 11, 22)),
        ("㋿八年", None),
        ("令和元年5月1日", date(2019, 5, 1)),
        ("令和1年5月1日", date(2019, 5, 1)),
        ("平成33年4月1日", date(2021, 4, 1)),
        ("H33.4.1", date(2021, 4, 1)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("明治6年1月1日", date(1873, 1, 1)),
        ("2026-11-22", date(2026, 11, 22)),
        ("2026/11/22", date(2026, 11, 22)),
        ("2026.11.22", date(2026, 11, 22)),
        ("2026年11月22日", date(2026, 11, 22)),
        ("２０２６／１１／２２", date(2026, 11, 22)),
        ("R8.2.29", None),
        ("R6.2.29", date(2024, 2, 29)),
        ("令和0年1月1日", None),
        ("令和元年4月30日", None),  # still 平成
        ("明治5年12月1日", None),
        ("令和8年11月22日(月)", None),
        ("8.11.22", None),
        ("26/11/22", None),
        ("2026-11/22", None),
        ("2026-11-22T00:00", None),
        ("", None),
        ("R8.11.22\x00", None),
        ("9" * 100_000, None),
    ],
)
def test_dates_are_read_however_they_are_typed(text: str, day: date | None) -> None:
    if day is not None:
        assert era.parse_date(text) == day
    else:
        with pytest.raises(Invalid):
            era.parse_date(text)


@given(ANY_DAY)
@example(date(2019, 4, 30))
@example(date(2019, 5, 1))
def test_every_day_reads_back(day: date) -> None:
    assert era.parse_date(era.in_era(day)) == day
    assert era.parse_date(day.isoformat()) == day


@given(ANY_DAY)
def test_fiscal_years_hold_together(day: date) -> None:
    year = era.fiscal_year(day)
    assert date(year, 4, 1) <= day <= date(year + 1, 3, 31)


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2999, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_an_instant_reads_back_to_the_minute(at: datetime) -> None:
    day, clock = era.at_in_era(at).split(" ")
    hour, minute = clock.removesuffix("分").split("時")
    here = datetime.combine(era.parse_date(day), datetime.min.time(), tzinfo=era.JST)
    assert here + timedelta(hours=int(hour), minutes=int(minute)) == at.replace(second=0, microsecond=0)


@given(st.integers(1873, 2999), st.integers(1, 999_999), st.sampled_from(["ja", "en"]), st.booleans())
def test_every_number_reads_back(year: int, ordinal: int, language: str, drill: bool) -> None:
    assert era.parse_number(era.number_text(year, ordinal, language, drill=drill)) == (year, ordinal)


@given(st.text() | st.text(alphabet="令和平成元年度月日第号RHFYNo.-/0123456789 ０９"))
def test_nonsense_is_refused_and_nothing_else_happens(text: str) -> None:
    for read in (era.parse_date, era.parse_number):
        try:
            read(text)
        except Invalid as error:
            assert error.params == {}  # noqa: PT017 - what was typed is never repeated


def test_national_holidays() -> None:
    assert era.is_national_holiday(date(2026, 11, 23))
    assert era.is_national_holiday(date(2026, 9, 22))  # a day between two holidays
    assert era.is_national_holiday(date(2027, 3, 22))  # a substitute
    assert not era.is_national_holiday(date(2026, 11, 24))
    assert not era.is_national_holiday(date.max)
