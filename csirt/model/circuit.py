"""A channel's circuit breaker: after failures in a row its server is left alone, then tried with one message.

Pure. Only failures of the way itself count (nobody answers, the line breaks), never the refusal of one addressee.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

OPENS_AFTER = 5  # failures in a row
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=4)
PROBE = timedelta(seconds=60)  # how long one message may take to find out


class CircuitState(StrEnum):
    """`closed`: messages flow. `open`: none is tried. `half_open`: one is tried."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True)
class Circuit:
    """How a channel is. `failures` in a row; `since` when it is so; `until` when it is looked at again."""

    channel: str
    state: CircuitState = CircuitState.CLOSED
    failures: int = 0
    since: datetime | None = None
    until: datetime | None = None


def may_try(circuit: Circuit, now: datetime) -> bool:
    """May a message be tried now?"""
    return circuit.state is CircuitState.CLOSED or circuit.until is None or circuit.until <= now


def tried(circuit: Circuit, now: datetime) -> Circuit:
    """A message is being tried: where the circuit was open, it is the one that finds out."""
    if circuit.state is CircuitState.CLOSED:
        return circuit
    return replace(circuit, state=CircuitState.HALF_OPEN, until=now + PROBE)


def answered(circuit: Circuit, now: datetime) -> Circuit:
    """The server spoke to us, whatever it said."""
    if circuit.state is CircuitState.CLOSED and not circuit.failures:
        return circuit
    since = circuit.since if circuit.state is CircuitState.CLOSED else now
    return Circuit(circuit.channel, since=since)


def failed(circuit: Circuit, now: datetime) -> Circuit:
    """The way failed once more: from the fifth time on it is left alone, each time for longer."""
    failures = circuit.failures + 1
    if failures < OPENS_AFTER:
        return replace(circuit, failures=failures)
    doublings = min(failures - OPENS_AFTER, 10)
    since = circuit.since if circuit.state is not CircuitState.CLOSED else now
    pause = min(FIRST_PAUSE * 2**doublings, LONGEST_PAUSE)
    return Circuit(circuit.channel, CircuitState.OPEN, failures, since, now + pause)
