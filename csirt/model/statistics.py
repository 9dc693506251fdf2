"""Figures of past cases: how many, how long each part took, which deadlines held. Pure.

Every span has its formula in `SPANS`, which pages show: from which instant to which. A case that lacks one of the two
instants is not counted in that span, and the figure says how many those are. Drills are no cases.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import NamedTuple


class Span(StrEnum):
    """A part of a case that is measured. The value is also the text key (`span.…`, `span_formula.…`)."""

    DETECT = "detect"
    ACKNOWLEDGE = "acknowledge"
    CONTAIN = "contain"
    REPORT = "report"
    CLOSE = "close"


class Case(NamedTuple):
    """What is measured of one incident. Instants are None where they are not known or did not come.

    A tuple, as a year has thousands: a frozen object takes ten times as long to make.
    """

    type: str
    level: int
    received: datetime
    occurred: datetime | None = None
    noticed: datetime | None = None
    known: datetime | None = None
    acknowledged: datetime | None = None
    contained: datetime | None = None
    reported: datetime | None = None
    closed: datetime | None = None
    disposition: str | None = None


@dataclass(frozen=True, slots=True)
class Deadline:
    """A duty with a last instant: when it was met, if it was; `waived` by the post that may."""

    rule: str
    due: datetime
    met: datetime | None
    waived: bool = False


class Held(StrEnum):
    """What became of a deadline. The value is also the text key (`held.…`)."""

    MET = "met"
    LATE = "late"
    MISSED = "missed"
    OPEN = "open"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class Measured:
    """One span over all cases: of how many, and how long. `without`: cases that lack one of the two instants."""

    span: Span
    number: int
    without: int
    middle: timedelta | None
    ninth: timedelta | None
    longest: timedelta | None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a time. `by_month` are in the order of months that were asked for."""

    number: int
    open: int
    false_alarms: int
    by_type: Mapping[str, int]
    by_level: Mapping[int, int]
    by_month: Sequence[int]
    spans: Sequence[Measured]
    deadlines: Mapping[str, Mapping[Held, int]]


SPANS: Mapping[Span, Callable[[Case], tuple[datetime | None, datetime | None]]] = {
    Span.DETECT: lambda case: (case.occurred, case.noticed or case.received),
    Span.ACKNOWLEDGE: lambda case: (case.received, case.acknowledged),
    Span.CONTAIN: lambda case: (case.received, case.contained),
    Span.REPORT: lambda case: (case.known or case.received, case.reported),
    Span.CLOSE: lambda case: (case.received, case.closed),
}


def measure(span: Span, cases: Iterable[Case]) -> Measured:
    """How long this part took: the median, what nine of ten stayed within (nearest rank), the longest."""
    ends = [SPANS[span](case) for case in cases]
    lengths = sorted(end - start for start, end in ends if start and end and end >= start)
    if not lengths:
        return Measured(span, 0, len(ends), None, None, None)
    half = len(lengths) // 2
    middle = lengths[half] if len(lengths) % 2 else (lengths[half - 1] + lengths[half]) / 2
    ninth = lengths[-(-len(lengths) * 9 // 10) - 1]
    return Measured(span, len(lengths), len(ends) - len(lengths), middle, ninth, lengths[-1])


def held(one: Deadline, now: datetime) -> Held:
    """Was a deadline met in time, late, missed by now, or is there time left?"""
    if one.waived:
        return Held.WAIVED
    if one.met is not None:
        return Held.MET if one.met <= one.due else Held.LATE
    return Held.MISSED if one.due < now else Held.OPEN


def figures(
    cases: Sequence[Case], deadlines: Iterable[Deadline], months: Sequence[tuple[datetime, datetime]], now: datetime
) -> Statistics:
    """All figures. `months`: begin and end of each, in order; a case belongs to the one it was received in."""
    by_rule: dict[str, Counter[Held]] = {}
    levels = Counter(case.level for case in cases)
    for one in deadlines:
        by_rule.setdefault(one.rule, Counter())[held(one, now)] += 1
    return Statistics(
        number=len(cases),
        open=sum(case.closed is None for case in cases),
        false_alarms=sum(case.disposition == "false_positive" for case in cases),
        by_type=dict(Counter(case.type for case in cases).most_common()),
        by_level={level: levels[level] for level in range(5)},
        by_month=_by_month(cases, months),
        spans=[measure(span, cases) for span in Span],
        deadlines=by_rule,
    )


def _by_month(cases: Iterable[Case], months: Sequence[tuple[datetime, datetime]]) -> list[int]:
    """How many cases each month brought; a month is found by its begin, as a year has thousands of cases."""
    months = [(start.astimezone(UTC), end.astimezone(UTC)) for start, end in months]  # as the cases': quickly compared
    starts, counted = [start for start, _ in months], [0] * len(months)
    for case in cases:
        month = bisect_right(starts, case.received) - 1
        if month >= 0 and case.received < months[month][1]:
            counted[month] += 1
    return counted
