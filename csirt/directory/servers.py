"""Which server is asked, and how long: an overall limit for each question, a breaker, and a bound on threads.

A server that failed three times in a row is left alone for a while, so that a silent one does not cost every sign-in
half its time. A question that hangs in spite of all limits is left behind in its thread; no more than eight such
threads are kept for one server, and then that server counts as one that does not answer.
"""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TypeVar

import ldap

T = TypeVar("T")

AT_ONCE = 8
FAILURES = 3
REST = 15.0  # seconds that a server is left alone
LEAST = 0.3  # seconds that the last server in line gets at least


@dataclass(slots=True)
class _Line:
    """What is known of one server."""

    threads: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(AT_ONCE))
    failures: int = 0
    rests_until: float = 0.0


class Servers:
    """The city's servers, in order."""

    def __init__(self, urls: Sequence[str]) -> None:
        """Nothing is known of them yet."""
        self._lines = {url: _Line() for url in urls}
        self._lock = threading.Lock()

    def in_turn(self, seconds: float) -> Iterator[tuple[str, float]]:
        """Each server worth asking, with the seconds that it may take; all together take no longer than `seconds`.

        Those at rest are asked only when every one of them rests and a rest is over; else nobody is.
        """
        now = time.monotonic()
        with self._lock:
            awake = [url for url, line in self._lines.items() if line.rests_until <= now]
        end = now + seconds
        for number, url in enumerate(awake):
            left = end - time.monotonic()
            if left <= 0:
                return
            yield url, max(left / (len(awake) - number), LEAST)

    def answered(self, url: str) -> None:
        """It did its work."""
        with self._lock:
            self._lines[url].failures = 0

    def failed(self, url: str) -> None:
        """It did not answer."""
        with self._lock:
            line = self._lines[url]
            line.failures += 1
            if line.failures >= FAILURES:
                line.rests_until = time.monotonic() + REST

    def run(self, url: str, work: Callable[[], T], seconds: float) -> T:
        """The result of the work, or what it raised. Raises `TimeoutError` when neither came in time."""
        return in_time(work, seconds, self._lines[url].threads)


def in_time(work: Callable[[], T], seconds: float, threads: threading.BoundedSemaphore | None = None) -> T:
    """As `Servers.run`; `threads` bounds how many are under way at once."""
    done: Future[T] = Future()
    if threads is not None and not threads.acquire(timeout=seconds):
        raise TimeoutError

    def run() -> None:
        try:
            done.set_result(work())
        except (ldap.LDAPError, ValueError) as error:
            done.set_exception(error)
        finally:
            if threads is not None:
                threads.release()

    threading.Thread(target=run, name="ldap", daemon=True).start()
    return done.result(timeout=seconds)
