"""The one clock. Everything else is given the time; nothing else asks for it."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Protocol

JST = timezone(timedelta(hours=9), "JST")


class Clock(Protocol):
    """What we need to know of time."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC, to the microsecond."""
        ...

    def monotonic_ms(self) -> int:
        """Milliseconds on a clock that is never set; comparable within one boot only."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The present instant in UTC."""
        return datetime.now(UTC)

    def monotonic_ms(self) -> int:
        """Milliseconds since an arbitrary start; a machine's sleep counts, where the system says how long it was."""
        if hasattr(time, "CLOCK_BOOTTIME"):
            return time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        return time.monotonic_ns() // 1_000_000


@dataclass
class FixedClock:
    """A clock that stands until it is moved: for tests, dry runs and rehearsals."""

    at: datetime
    ticks: int = 0

    def now(self) -> datetime:
        """The instant it was set to."""
        return self.at

    def monotonic_ms(self) -> int:
        """Milliseconds it was moved forward in all."""
        return self.ticks

    def forward(self, by: timedelta) -> None:
        """Move both clocks forward by `by`."""
        self.at += by
        self.ticks += int(by.total_seconds() * 1000)
