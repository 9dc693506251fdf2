"""Figures of a fiscal year."""

from typing import Annotated

from fastapi import APIRouter, Query

from csirt.figures import Year, hours, year
from csirt.model.incident import IncidentType
from csirt.model.statistics import Held, Span
from csirt.store.tx import Look
from csirt.texts.catalogs import catalog
from csirt.web.addresses import API
from csirt.web.api.shapes import Given
from csirt.web.session import IncidentReader

router = APIRouter(prefix=f"{API}/statistics", tags=["statistics"])


class SpanGiven(Given):
    """How long a part of the cases took, in hours: of `number` cases; `without` lack one of the two instants."""

    span: Span
    text: str
    formula: str
    number: int
    without: int
    median_hours: float | None
    p90_hours: float | None
    longest_hours: float | None


class StatisticsGiven(Given):
    """The figures. `by_month` begins with April. `deadlines`: by rule, how many were met, late, and so on."""

    fiscal_year: int
    number: int
    open: int
    false_alarms: int
    by_type: dict[IncidentType, int]
    by_level: dict[int, int]
    by_month: dict[str, int]
    spans: list[SpanGiven]
    deadlines: dict[str, dict[Held, int]]


@router.get("")
def give_statistics(
    reader: IncidentReader, fiscal_year: Annotated[int | None, Query(ge=2000, lt=2200)] = None
) -> StatisticsGiven:
    """The figures of a fiscal year; of the present one where none is named. Drills are not counted."""

    def question(look: Look) -> Year:
        return year(look, reader.desk, fiscal_year)

    return given(reader.desk.look(question), reader.language)


def given(found: Year, language: str) -> StatisticsGiven:
    """Figures in the words of a language."""
    words, told = catalog(language), found.found
    return StatisticsGiven(
        fiscal_year=found.fiscal_year,
        number=told.number,
        open=told.open,
        false_alarms=told.false_alarms,
        by_type={IncidentType(name): number for name, number in told.by_type.items()},
        by_level=dict(told.by_level),
        by_month={f"{day:%Y-%m}": number for day, number in zip(found.months, told.by_month, strict=True)},
        spans=[
            SpanGiven(
                span=one.span, text=words.gettext(f"span.{one.span}"),
                formula=words.gettext(f"span_formula.{one.span}"),
                number=one.number, without=one.without, median_hours=hours(one.middle), p90_hours=hours(one.ninth),
                longest_hours=hours(one.longest),
            )
            for one in told.spans
        ],
        deadlines={rule: dict(number) for rule, number in told.deadlines.items()},
    )  # fmt: skip
