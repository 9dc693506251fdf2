"""統計: the figures of a fiscal year."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Request
from markupsafe import Markup
from starlette.responses import Response

from csirt.era import era_month, fiscal_year_text
from csirt.figures import Year, year
from csirt.model.statistics import Held, Measured
from csirt.reports.bars_svg import draw_bars
from csirt.store.tx import Look
from csirt.texts.catalogs import Catalog, catalog
from csirt.texts.duties import DutyWords
from csirt.web.pages.drawing import show
from csirt.web.session import IncidentReader, Visit
from csirt.web.views.frame import Option
from csirt.web.views.statistics import Chart, DeadlineRow, SpanRow, StatisticsPage

router = APIRouter(include_in_schema=False)
_HEADS = {
    "month": ("statistics.by_month", "statistics.column.month"),
    "type": ("statistics.by_type", "statistics.column.type"),
    "level": ("statistics.by_level", "statistics.column.level"),
}
_UNITS = (("length.days", 1440), ("length.hours", 60), ("length.minutes", 1))


@router.get("/statistics")
def show_statistics(
    request: Request,
    reader: IncidentReader,
    fiscal_year: Annotated[int | None, Query(ge=2000, lt=2200)] = None,
) -> Response:
    """The figures of a fiscal year."""

    def question(look: Look) -> Year:
        return year(look, reader.desk, fiscal_year)

    return show(request, reader, _page(reader, reader.desk.look(question)), "statistics")


def _page(visit: Visit, found: Year) -> StatisticsPage:
    words, told, language = catalog(visit.language), found.found, visit.language
    months = [
        era_month(day) if language == "ja" else f"{words.gettext(f'month.{day.month}')} {day.year}"
        for day in found.months
    ]
    duties = DutyWords(visit.desk.door.city.law, words)
    return StatisticsPage(
        label=fiscal_year_text(found.fiscal_year, language),
        number=told.number,
        open=told.open,
        false_alarms=told.false_alarms,
        fiscal_year=found.fiscal_year,
        years=[Option(value=str(one), label=fiscal_year_text(one, language)) for one in found.years],
        charts=(
            _chart(words, "month", zip(months, told.by_month, strict=True)),
            _chart(words, "type", ((words.gettext(f"type.{name}"), n) for name, n in told.by_type.items())),
            _chart(words, "level", ((words.gettext(f"level.{name}"), n) for name, n in told.by_level.items())),
        ),
        spans=[_span(words, one) for one in told.spans],
        deadlines=[
            DeadlineRow(label=duties.label(rule), numbers=[number.get(one, 0) for one in Held])
            for rule, number in sorted(told.deadlines.items())
        ],
        held=[one.value for one in Held],
    )


def _chart(words: Catalog, name: str, rows: Iterable[tuple[str, int]]) -> Chart:
    rows, (title, column) = list(rows), _HEADS[name]
    drawn = Markup(draw_bars(words.gettext(title), words.gettext("statistics.picture"), rows))  # noqa: S704 - escaped there
    return Chart(name=name, title=title, column=column, rows=rows, picture=drawn)


def _span(words: Catalog, one: Measured) -> SpanRow:
    median, ninth, longest = (_length(words, length) for length in (one.middle, one.ninth, one.longest))
    return SpanRow(
        span=one.span.value, number=one.number, without=one.without, median=median, ninth=ninth, longest=longest
    )


def _length(words: Catalog, length: timedelta | None) -> str:
    """`3日 4時間`, `2時間 5分` or `12分`: two units say enough."""
    if length is None:
        return ""
    left = round(length.total_seconds() / 60)
    said: list[str] = []
    for unit, minutes in _UNITS:
        number, left = divmod(left, minutes)
        if number or said:
            said.append(words.say(unit, {"n": number}) if number else "")
    return " ".join(part for part in said[:2] if part) or words.say("length.minutes", {"n": 0})
