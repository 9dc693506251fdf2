"""A channel's circuit breaker, as rules."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from csirt.model.circuit import (
    FIRST_PAUSE,
    LONGEST_PAUSE,
    OPENS_AFTER,
    Circuit,
    CircuitState,
    answered,
    failed,
    may_try,
    tried,
)
from csirt.model.message import BACKOFF, lane_of, wait_after

NOW = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def opened() -> Circuit:
    circuit = Circuit("mail")
    for _ in range(OPENS_AFTER):
        circuit = failed(circuit, NOW)
    return circuit


def test_it_opens_after_failures_in_a_row_and_not_before() -> None:
    circuit = Circuit("mail")
    for _ in range(OPENS_AFTER - 1):
        circuit = failed(circuit, NOW)
        assert may_try(circuit, NOW)
    circuit = failed(answered(circuit, NOW), NOW)
    assert (circuit.state, circuit.failures) == (CircuitState.CLOSED, 1)
    assert opened().state is CircuitState.OPEN


def test_one_message_finds_out_whether_it_answers_again() -> None:
    circuit = opened()
    assert not may_try(circuit, NOW + FIRST_PAUSE - timedelta(seconds=1))
    later = NOW + FIRST_PAUSE
    assert may_try(circuit, later)
    probing = tried(circuit, later)
    assert (probing.state, may_try(probing, later)) == (CircuitState.HALF_OPEN, False)
    assert answered(probing, later).state is CircuitState.CLOSED
    again = failed(probing, later)
    assert again.state is CircuitState.OPEN
    assert again.until is not None
    assert again.until - later > FIRST_PAUSE


def test_a_probe_whose_sender_died_is_made_again() -> None:
    probing = tried(opened(), NOW + FIRST_PAUSE)
    assert may_try(probing, NOW + timedelta(minutes=5))


@given(st.lists(st.sampled_from(["failed", "answered", "tried", "wait"]), max_size=60))
def test_it_never_stays_shut_for_good(events: list[str]) -> None:
    circuit, now = Circuit("mail"), NOW
    for event in events:
        now += timedelta(seconds=7 if event != "wait" else 70)
        if event == "tried" and may_try(circuit, now):
            circuit = tried(circuit, now)
        elif event == "failed":
            circuit = failed(circuit, now)
        elif event == "answered":
            circuit = answered(circuit, now)
        assert may_try(circuit, now + LONGEST_PAUSE)
        assert (circuit.state is CircuitState.CLOSED) == (circuit.failures < OPENS_AFTER)


@given(st.integers(1, 100), st.floats(0, 1))
def test_waits_are_spread_and_bounded(attempt: int, chance: float) -> None:
    wait = wait_after(attempt, chance).total_seconds()
    longest = BACKOFF[min(attempt, len(BACKOFF)) - 1]
    assert longest / 2 <= wait <= longest <= 900


def test_a_call_goes_before_news_of_the_same_level_and_after_none_of_a_higher() -> None:
    lanes = [lane_of(level, is_call=is_call) for level in range(5) for is_call in (False, True)]
    assert lanes == sorted(set(lanes))
