"""Figures of past cases, counted by hand."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from csirt.model.statistics import Case, Deadline, Held, Span, figures, held, measure

T0 = datetime(2026, 11, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)


def a_case(**more: object) -> Case:
    return Case(**{"type": "ransomware", "level": 2, "received": T0, **more})  # type: ignore[arg-type]


def test_each_span_runs_between_the_instants_of_its_formula() -> None:
    case = a_case(
        occurred=T0 - 5 * HOUR, noticed=T0 - 2 * HOUR, known=T0 + HOUR, acknowledged=T0 + 2 * HOUR,
        contained=T0 + 4 * HOUR, reported=T0 + 6 * HOUR, closed=T0 + 48 * HOUR,
    )  # fmt: skip
    taken = {span: measure(span, [case]).middle for span in Span}
    assert taken == {
        Span.DETECT: 3 * HOUR, Span.ACKNOWLEDGE: 2 * HOUR, Span.CONTAIN: 4 * HOUR, Span.REPORT: 5 * HOUR,
        Span.CLOSE: 48 * HOUR,
    }  # fmt: skip


def test_what_is_not_known_is_not_counted_and_said_so() -> None:
    found = measure(Span.CLOSE, [a_case(closed=T0 + HOUR), a_case(), a_case(closed=T0 - HOUR)])
    assert (found.number, found.without, found.middle) == (1, 2, HOUR)
    assert measure(Span.CONTAIN, []).middle is None
    assert measure(Span.DETECT, [a_case(occurred=T0 - HOUR)]).middle == HOUR  # noticed unknown: received


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=60))
def test_nine_of_ten_stay_within_the_ninth_and_it_is_the_smallest_such(hours: list[int]) -> None:
    found = measure(Span.CLOSE, [a_case(closed=T0 + hour * HOUR) for hour in hours])
    assert found.ninth is not None
    within = sum(hour * HOUR <= found.ninth for hour in hours)
    below = sum(hour * HOUR < found.ninth for hour in hours)
    assert within * 10 >= len(hours) * 9
    assert below * 10 < len(hours) * 9
    assert found.longest == max(hours) * HOUR


@pytest.mark.parametrize(
    ("met", "waived", "expected"),
    [
        (T0 + HOUR, False, Held.MET),
        (T0 + 2 * HOUR, False, Held.MET),
        (T0 + 3 * HOUR, False, Held.LATE),
        (None, False, Held.MISSED),
        (None, True, Held.WAIVED),
    ],
)
def test_what_became_of_a_deadline(met: datetime | None, waived: bool, expected: Held) -> None:
    assert held(Deadline("ppc", T0 + 2 * HOUR, met, waived), T0 + 9 * HOUR) is expected
    if met is None and not waived:
        assert held(Deadline("ppc", T0 + 2 * HOUR, None), T0) is Held.OPEN


def test_months_types_levels_and_deadlines_are_counted() -> None:
    december = T0 + timedelta(days=30)
    cases = [a_case(), a_case(level=3, type="ddos", received=december), a_case(disposition="false_positive", closed=T0)]
    found = figures(
        cases, [Deadline("ppc", T0, T0), Deadline("ppc", T0, None)], [(T0, december), (december, december + HOUR)], T0
    )
    assert (found.number, found.open, found.false_alarms) == (3, 2, 1)
    assert (found.by_type, list(found.by_month)) == ({"ransomware": 2, "ddos": 1}, [2, 1])
    assert [found.by_level[level] for level in range(5)] == [0, 0, 2, 1, 0]
    assert found.deadlines == {"ppc": {Held.MET: 1, Held.OPEN: 1}}
