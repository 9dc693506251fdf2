"""統計: figures of a fiscal year, each picture with its table and each span with its formula."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from markupsafe import Markup

from csirt.web.views.frame import Option


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars, and the rows that say the same."""

    name: str
    title: str  # the codes of its heading and of the column that names what is counted
    column: str
    rows: Sequence[tuple[str, int]]
    picture: Markup


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanRow:
    """How long a part took, in words; empty where nothing was measured."""

    span: str
    number: int
    without: int
    median: str = ""
    ninth: str = ""
    longest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineRow:
    """What became of the deadlines of one duty."""

    label: str
    numbers: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsPage:
    """The figures. `held`: the columns of the table of deadlines."""

    template: ClassVar[str] = "statistics.html"
    label: str
    number: int
    open: int
    false_alarms: int
    years: Sequence[Option]
    fiscal_year: int
    charts: Sequence[Chart] = ()
    spans: Sequence[SpanRow] = ()
    deadlines: Sequence[DeadlineRow] = ()
    held: Sequence[str] = ()
