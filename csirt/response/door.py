"""The one door for writes, with the city that use cases are given."""

from collections.abc import Callable, Collection, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from sqlmodel import Session

from csirt.clock import Clock
from csirt.model.city import City
from csirt.model.people import SYSTEM, Actor
from csirt.response import reads, reminders, triggers
from csirt.response.reads import Reading, Readings, Why
from csirt.store.database import Database
from csirt.store.sight import sealed_opened, show_as
from csirt.store.tx import Look, Tx
from csirt.store.vault import Vault

P = ParamSpec("P")
T = TypeVar("T")


def follow(tx: Tx) -> None:
    """The end of every use case, inside its commit.

    Chains that now have to be climbed by an automatic rule begin, and calls about a duty that has ended stop.
    """
    triggers.follow(tx)
    reminders.follow(tx)


class Door:
    """Commits use cases and opens sessions that only read."""

    def __init__(
        self, database: Database, city: City, seen_by: Actor = SYSTEM, readings: Readings | None = None,
        *, automatic: bool = False,
    ) -> None:  # fmt: skip
        """One door a process. `seen_by`: who reads through it; a use case sees what its own actor may see."""
        self.database = database
        self.city = city
        self._seen_by = seen_by
        self._readings = readings or Readings()
        self._automatic = automatic

    def seen_by(self, actor: Actor, *, automatic: bool = False) -> "Door":
        """The same door, showing only what this actor may see. `automatic`: a page asks by itself."""
        return Door(self.database, self.city, actor, self._readings, automatic=automatic)

    @property
    def clock(self) -> Clock:
        """The clock that stamps commits."""
        return self.database.clock

    @property
    def vault(self) -> Vault:
        """Where texts are opened."""
        return self.database.vault

    def commit(self, actor: Actor, use_case: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case as `actor` and commit all of it or nothing; see `Database.commit`."""
        return self.database.commit(use_case, self.city, actor, *args, **kwargs)

    def order(
        self, actor: Actor, use_case: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Queue a use case for the next commit; see `Database.order`. For who must not wait in a thread."""
        return self.database.order(use_case, self.city, actor, *args, **kwargs)

    def imagine(self, actor: Actor, use_case: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """What a use case would give; nothing of it is kept."""
        return self.database.imagine(use_case, self.city, actor, *args, **kwargs)

    def look(self, question: Callable[Concatenate[Look, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask a question that only reads, on one consistent state.

        That texts of a sealed incident were opened for it is recorded before anybody gets the answer (`reads`).
        """
        with self.read() as session:
            found = question(Look(session, self.vault), *args, **kwargs)
            sealed = sealed_opened(session)
        if sealed:
            self.note([Reading(Why.SEALED, incident) for incident in sorted(sealed)])
        return found

    def note(self, readings: Collection[Reading]) -> None:
        """Record what the reader of this door read. Raises `Unavailable` for an auditor where that cannot be done."""

        def write(new: list[Reading]) -> None:
            self.database.commit(reads.note, self.city, self._seen_by, new)

        at = int(self.clock.now().timestamp())
        self._readings.note(self._seen_by, readings, at, write, automatic=self._automatic)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads."""
        with self.database.read() as session:
            show_as(session, self._seen_by, self.clock.now())
            yield session
