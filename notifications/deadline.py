"""A bound on the whole of a piece of blocking work, however its parts drip."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import TypeVar

T = TypeVar("T")


class DeadlinePassed(Exception):
    """The work took too long and was abandoned; whether it had its effect is for the caller to say."""


def within(seconds: float, work: Callable[[], T], abandon: Callable[[], None]) -> T:
    """Do `work` on a thread of its own and wait for it no longer than `seconds` in all.

    A socket's own timeout begins anew with every byte that arrives, so a server that drips holds its caller for as
    long as it likes. `abandon` is called when time is up; it must close what the work hangs on, so that the thread
    ends soon as well, and must not raise.

    Raises:
        DeadlinePassed: it was not done in time. Otherwise whatever `work` raises.
    """
    pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="delivery")
    try:
        future = pool.submit(work)
        done, _ = wait([future], timeout=seconds)
        if not done:
            abandon()
            raise DeadlinePassed
        return future.result()
    finally:
        pool.shutdown(wait=False)
