"""How much a source may send: as many records a minute as are agreed, counted in this process."""

import math
import threading
from datetime import datetime

from csirt.model.source import Source
from csirt.web.refusals import TooFast

SECONDS = 60.0


class Throttle:
    """A leaky bucket for each source: it holds a minute's records; a request that finds it full has to wait.

    What a request holds is known only once it was read, so one may overfill the bucket; the next one waits longer.
    """

    def __init__(self) -> None:
        """Nobody has sent anything yet."""
        self._filled: dict[str, tuple[float, datetime]] = {}
        self._lock = threading.Lock()

    def must_have_room(self, source: Source, now: datetime) -> None:
        """Raises `TooFast` (`source_too_fast`) with `seconds` until there is room."""
        with self._lock:
            over = self._level(source, now) - source.per_minute
        if over >= 0:
            seconds = math.floor(over * SECONDS / source.per_minute) + 1
            raise TooFast("source_too_fast", name=source.name, limit=source.per_minute, seconds=seconds)

    def add(self, source: Source, records: int, now: datetime) -> None:
        """So many records came."""
        with self._lock:
            self._filled[source.name] = (self._level(source, now) + records, now)

    def _level(self, source: Source, now: datetime) -> float:
        level, at = self._filled.get(source.name, (0.0, now))
        return max(0.0, level - max(0.0, (now - at).total_seconds()) * source.per_minute / SECONDS)
