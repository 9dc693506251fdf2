"""The one door for writes, with the city that use cases are given."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Concatenate, ParamSpec, TypeVar

from sqlmodel import Session

from csirt.clock import Clock
from csirt.model.city import City
from csirt.model.people import SYSTEM, Actor
from csirt.response import reminders, triggers
from csirt.store.database import Database
from csirt.store.sight import show_as
from csirt.store.tx import Look, Tx
from csirt.store.vault import Vault

P = ParamSpec("P")
T = TypeVar("T")


class Door:
    """Commits use cases and opens sessions that only read."""

    def __init__(self, database: Database, city: City, seen_by: Actor = SYSTEM) -> None:
        """One door a process. `seen_by`: who reads through it; a use case sees what its own actor may see."""
        self.database = database
        self.city = city
        self._seen_by = seen_by

    def seen_by(self, actor: Actor) -> "Door":
        """The same door, showing only what this actor may see."""
        return Door(self.database, self.city, actor)

    @property
    def clock(self) -> Clock:
        """The clock that stamps commits."""
        return self.database.clock

    @property
    def vault(self) -> Vault:
        """Where texts are opened."""
        return self.database.vault

    def commit(self, actor: Actor, use_case: Callable[Concatenate[Tx, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Run a use case as `actor` and commit all of it or nothing; see `Database.commit`.

        Chains that now have to be climbed by an automatic rule begin in the same commit, and calls about a duty that
        has ended stop in it.
        """

        def whole(tx: Tx) -> T:
            done = use_case(tx, *args, **kwargs)
            triggers.follow(tx)
            reminders.follow(tx)
            return done

        return self.database.commit(whole, self.city, actor)

    def look(self, question: Callable[Concatenate[Look, P], T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Ask a question that only reads, on one consistent state."""
        with self.read() as session:
            return question(Look(session, self.vault), *args, **kwargs)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads."""
        with self.database.read() as session:
            show_as(session, self._seen_by, self.clock.now())
            yield session
