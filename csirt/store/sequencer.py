"""One writer for many requests: what waits is performed together and made durable by one commit.

Requests queue orders; one thread takes what waits, lets the database perform it under one transaction, and only after
its commit does anybody learn what became of their order. Nobody waits for a timer: while one batch is on its way to the
disk, the next one gathers.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, ParamSpec, TypeVar

from csirt.model.city import City
from csirt.model.people import Actor

MOST_ORDERS = 256  # in one batch
MOST_ROWS = 1000  # of orders performed in one go
MOST_SECONDS = 0.02  # after which a batch begins nothing more: other processes write, too

P = ParamSpec("P")
T = TypeVar("T")
UseCase = Callable[..., Any]


class ByItself(Exception):
    """The order was not performed: who gave it performs it in a commit of its own."""


@dataclass(frozen=True, slots=True)
class Order:
    """A use case that waits for its turn. `done` gets its result, or its error, once that is durable."""

    use_case: UseCase
    city: City
    actor: Actor
    args: Sequence[Any]
    named: Mapping[str, Any]
    done: Future[Any] = field(default_factory=Future)


@dataclass(frozen=True, slots=True)
class Part:
    """One of several orders for the same use case: its transaction, and what it was called with."""

    tx: Any
    args: Sequence[Any]
    named: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """How many orders for one use case are performed in one go, and how many rows one of them brings."""

    many: Callable[[Sequence[Part]], Sequence[Any]]
    rows: Callable[[Sequence[Any]], int]


_WAYS: dict[UseCase, Way] = {}


def in_one_go(way: Way) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Mark a use case that is quicker for many orders at once than for one after the other.

    `way.many` is given parts on one session and returns for each its result, or the `CsirtError` that refuses it.
    Whatever it raises undoes all of it, and the orders are performed one by one. `way.rows` is given the arguments of
    one.
    """

    def mark(alone: Callable[P, T]) -> Callable[P, T]:
        _WAYS[alone] = way
        return alone

    return mark


def way_of(use_case: UseCase) -> Way | None:
    """The way in which many orders for this use case are performed in one go, if there is one."""
    return _WAYS.get(use_case)


class Sequencer:
    """Gathers orders and hands them on in batches, from a thread of its own that starts with the first one."""

    def __init__(self, perform: Callable[[Sequence[Order]], int]) -> None:
        """`perform` settles orders from the first on and returns how many it took; the rest comes again."""
        self._perform = perform
        self._queue: SimpleQueue[Order | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False

    def give(self, order: Order) -> Future[Any]:
        """Queue an order. Its future fails with `ByItself` where this thread cannot, or shall not, perform it.

        A future that is cancelled in time is never begun; one that has begun is performed whatever becomes of who
        waited for it.
        """
        with self._lock:
            if self._closed or threading.current_thread() is self._thread:
                order.done.set_exception(ByItself())
                return order.done
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="sequencer", daemon=True)
                self._thread.start()
            self._queue.put(order)
        return order.done

    def close(self) -> None:
        """Perform what has been queued, then end."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread:
            self._queue.put(None)
            thread.join()

    def _run(self) -> None:
        waiting: list[Order] = []
        open_ = True
        while open_ or waiting:
            open_ = self._gather(waiting) and open_
            ready = [order for order in waiting if order.done.running() or order.done.set_running_or_notify_cancel()]
            taken = self._perform(ready) if ready else 0
            waiting = ready[taken:]

    def _gather(self, waiting: list[Order]) -> bool:
        """Take what is queued, and wait for it where there is nothing else to do. False once nothing more comes."""
        try:
            while len(waiting) < MOST_ORDERS:
                found = self._queue.get(block=not waiting)
                if found is None:
                    return False
                waiting.append(found)
        except Empty:
            pass
        return True
