"""Sample views of the statistics: a year with cases, and one without."""

from collections.abc import Iterator
from dataclasses import replace

from markupsafe import Markup

from csirt.model.statistics import Held
from csirt.reports.bars_svg import draw_bars
from csirt.texts.catalogs import catalog
from csirt.web.look import View
from csirt.web.views import frame, statistics
from tests.web.cast import Words, a_frame


def a_chart(name: str, rows: list[tuple[str, int]]) -> statistics.Chart:
    """Bars of these rows."""
    picture = Markup(draw_bars(name, name, rows))  # noqa: S704 - our own
    title, column = f"statistics.by_{name}", f"statistics.column.{name}"
    return statistics.Chart(name=name, title=title, column=column, rows=rows, picture=picture)


def a_statistics_page(language: str) -> statistics.StatisticsPage:
    """Cases of half a year."""
    say, words = Words(language), catalog(language).gettext
    named = ("Apr", "May", "Jun", "Jul", "Aug", "Sep")
    months = [(say(f"令和8年{month}月", f"{name} 2026"), month % 5) for month, name in enumerate(named, start=4)]
    spans = [
        statistics.SpanRow(span="detect", number=9, without=2, median=say("3時間 20分", "3 h 20 min"),
                           ninth=say("2日 4時間", "2 d 4 h"), longest=say("19日", "19 d")),
        statistics.SpanRow(span="report", number=0, without=11),
    ]  # fmt: skip
    return statistics.StatisticsPage(
        label=say("令和8年度", "FY2026"), number=11, open=2, false_alarms=3, fiscal_year=2026,
        years=(frame.Option(value="2026", label=say("令和8年度", "FY2026")),
               frame.Option(value="2025", label=say("令和7年度", "FY2025"))),
        charts=(
            a_chart("month", months),
            a_chart("type", [(words("type.ransomware"), 4), (words("type.malware_mail"), 7)]),
            a_chart("level", [(words(f"level.{level}"), level) for level in range(5)]),
        ),
        spans=spans,
        deadlines=[statistics.DeadlineRow(label=say("委員会への速報", "Preliminary report"), numbers=(5, 1, 0, 1, 2))],
        held=[one.value for one in Held],
    )  # fmt: skip


def statistics_pages(language: str) -> Iterator[tuple[str, frame.Frame, View]]:
    """Name, frame and view."""
    page = a_statistics_page(language)
    nothing = replace(
        page, number=0, open=0, false_alarms=0, charts=(a_chart("type", []),), spans=(), deadlines=(), years=()
    )
    yield "statistics", a_frame(language, "statistics"), page
    yield "statistics_empty", a_frame(language, "statistics"), nothing
