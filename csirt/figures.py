"""The figures of a fiscal year, as pages, the API and the command line show them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from csirt import founding
from csirt.bootstrap import Desk
from csirt.clock import JST
from csirt.era import fiscal_year
from csirt.model.statistics import Statistics, figures
from csirt.store.queries import statistics
from csirt.store.tx import Look

RULES = Path(founding.__file__).parent / "city_data" / "statistics.toml"


@dataclass(frozen=True, slots=True)
class Year:
    """A fiscal year (4/1 to 3/31, 地方自治法 208条) with its figures; `months` are the first days of its months."""

    fiscal_year: int
    months: Sequence[date]
    found: Statistics
    years: Sequence[int]


def year(look: Look, desk: Desk, wanted: int | None = None) -> Year:
    """The figures of a fiscal year; of the present one where none is named."""
    now = desk.clock.now()
    this = fiscal_year(now)
    chosen = this if wanted is None else wanted
    edges = _edges(chosen)
    own = desk.settings.data / RULES.name
    contained_by = frozenset(map(str, founding.read_toml(own if own.exists() else RULES)["contained_by"]))
    start, end = edges[0], edges[-1]
    found = figures(
        statistics.cases(look, start, end, contained_by),
        statistics.deadlines(look, start, end),
        list(pairwise(edges)),
        now,
    )
    first = statistics.first_year(look)
    years = range(this, min(first or this, this) - 1, -1)
    return Year(chosen, [edge.astimezone(JST).date() for edge in edges[:-1]], found, list(years))


def _edges(chosen: int) -> list[datetime]:
    """The thirteen instants at which the months of a fiscal year begin and the last one ends, in Japan."""
    return [datetime(chosen + (3 + n) // 12, (3 + n) % 12 + 1, 1, tzinfo=JST) for n in range(13)]


def hours(span: timedelta | None) -> float | None:
    """A span in hours, to a hundredth."""
    return None if span is None else round(span.total_seconds() / 3600, 2)
