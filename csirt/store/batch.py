"""A batch: many orders under one transaction, each under a savepoint of its own, made durable by one commit.

Nobody is told anything before that commit, not even of a refusal: it may rest on what an earlier order of the batch
did.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlmodel import Session

from csirt.errors import CsirtError, Invalid, Unavailable, UnrecordedChange
from csirt.model.city import City
from csirt.model.people import Actor
from csirt.store.ledger import EntryDraft, Stamp, append
from csirt.store.sequencer import MOST_ROWS, MOST_SECONDS, ByItself, Order, Part, way_of
from csirt.store.sight import SEALED, sealed_now
from csirt.store.tx import Tx

# Rows that say who works on what just now. They may change without an entry; nothing of a case is decided by them.
BOOKKEEPING = frozenset(
    {
        "run_due",
        "action_due",
        "delivery_due",
        "circuit",
        "ack_token",
        "evidence_due",
        "cursor",
        "draft",
        "search_doc",
        "search_index",
        "heartbeat",
        "condition",
        "session",
        "sign_in_try",
        "second_factor",  # a code was used; what is decided about it has its entry
        "roster_person",
        "roster_post",
    }
)
# What undoes one savepoint and leaves the rest alone (PostgreSQL): a deadlock; a lock, a statement that took too long.
_ONE_ALONE = frozenset({"40P01", "55P03", "57014"})
_SEALS = frozenset({"seal"})
_AGAIN = frozenset({"40001", "40P01"})
_READ_ONLY = "25006"  # PostgreSQL as a standby, or told by its administrator to take nothing more
# A commit that says nothing for so long is given up by the server: its host may be gone, holding the record's head.
_SILENT = text("SET LOCAL idle_in_transaction_session_timeout = '10s'")
Begin = Callable[[Session, City, Actor], Tx]
Follow = Callable[[Tx], None]


def worth_another_try(error: DBAPIError) -> bool:
    """Was nothing done, because somebody else was faster?"""
    return getattr(error.orig, "sqlstate", None) in _AGAIN or "database is locked" in str(error.orig)


def unanswered(error: Exception) -> Exception:
    """What to raise where the database did not take a commit; an error of ours in a transaction stays what it is."""
    ours = isinstance(error, InternalError) and getattr(error.orig, "sqlstate", None) != _READ_ONLY
    return error if ours else Unavailable("database_unavailable")


def begin_on(connection: Connection) -> None:
    """Forget what the last transaction on this connection changed, and the keys that it opened."""
    connection.info["changed"], connection.info["keys"] = set(), {}
    if connection.dialect.name == "postgresql":
        connection.execute(_SILENT)


def check_recorded(connection: Connection, drafts: Sequence[EntryDraft]) -> None:
    """Raises `UnrecordedChange` if something changed and no entry says so."""
    if not drafts and (unrecorded := connection.info["changed"] - BOOKKEEPING):
        raise UnrecordedChange("unrecorded_change", tables=",".join(sorted(unrecorded)))


@dataclass
class Batch:
    """Orders on their way into one commit. `outcomes` are held back until then: results, and errors."""

    begin: Begin
    follow: Follow
    outcomes: list[tuple[Order, Any]] = field(default_factory=list)
    drafts: list[tuple[Stamp, EntryDraft]] = field(default_factory=list)
    woke: bool = False
    committing: bool = False
    _sealed: frozenset[str] | None = None  # incidents; asked once for all, until somebody changes it

    def perform(self, engine: Engine, orders: Sequence[Order]) -> int:
        """Settle orders from the first on; returns how many. The others were not begun."""
        try:
            with engine.connect() as connection:
                connection.begin()  # else each session would begin, and end, a transaction of its own
                begin_on(connection)
                taken = self._run(connection, orders)
                if self.drafts:
                    append(connection, self.drafts)
                self.committing = True
                _commit(connection)
        except Exception as error:  # noqa: BLE001 - nothing of the batch was done; each by itself finds out why
            self.woke = False
            return _give_back(orders, self._verdict(error))
        for order, outcome in self.outcomes:
            if isinstance(outcome, BaseException):
                order.done.set_exception(outcome)
            else:
                order.done.set_result(outcome)
        return taken

    def _verdict(self, error: Exception) -> Exception:
        """A commit that failed may still have reached the disk, so it is not tried again."""
        if not self.committing or (isinstance(error, DBAPIError) and worth_another_try(error)):
            return ByItself()
        return Unavailable("database_unavailable")

    def _run(self, connection: Connection, orders: Sequence[Order]) -> int:
        end, taken = time.monotonic() + MOST_SECONDS, 0
        while taken < len(orders) and (not taken or time.monotonic() < end):
            alike = _alike(orders, taken)
            taken += len(alike)
            if len(alike) == 1 or not self._in_one_go(connection, alike):
                for order in alike:
                    self._one(connection, order)
        return taken

    def _in_one_go(self, connection: Connection, orders: Sequence[Order]) -> bool:
        """Perform orders for the same use case under one savepoint; False if they must be told apart."""
        way = way_of(orders[0].use_case)
        assert way
        try:
            with self._savepoint(connection) as session:
                parts = [Part(self.begin(session, one.city, one.actor), one.args, one.named) for one in orders]
                results = way.many(parts)
                for part in parts:
                    self.follow(part.tx)
                self._keep(connection, session, [part.tx for part in parts])
        except Exception as error:
            if _is_lost(error):
                raise
            return False
        self.outcomes += zip(orders, results, strict=True)
        return True

    def _one(self, connection: Connection, order: Order) -> None:
        outcome: Any
        try:
            with self._savepoint(connection) as session:
                tx = self.begin(session, order.city, order.actor)
                outcome = order.use_case(tx, *order.args, **order.named)
                self.follow(tx)
                self._keep(connection, session, [tx])
        except BaseException as error:
            if _is_lost(error):
                raise
            outcome = _told(error)
        self.outcomes.append((order, outcome))

    @contextmanager
    def _savepoint(self, connection: Connection) -> Iterator[Session]:
        """A session of its own: what it read belongs to its order only. Undone unless it was committed."""
        changed: set[str] = connection.info["changed"]
        changed.clear()
        if self._sealed is None:
            self._sealed = sealed_now(connection)
        done = False
        try:
            with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
                session.info[SEALED] = self._sealed
                yield session
            done = True
        finally:
            if not done or "vault_key" in changed:  # a key may be gone again
                connection.info["keys"].clear()
            if not changed.isdisjoint(_SEALS):
                self._sealed = None

    def _keep(self, connection: Connection, session: Session, txs: Sequence[Tx]) -> None:
        """The savepoint holds; its entries go to the end of the record with all others."""
        session.flush()
        drafts = [(tx.stamp, draft) for tx in txs for draft in tx.drafts]
        check_recorded(connection, [draft for _, draft in drafts])
        if session.in_transaction():  # else it asked the database nothing, and there is no savepoint
            session.commit()
        self.drafts += drafts
        self.woke = self.woke or any(tx.woke for tx in txs)


def _commit(connection: Connection) -> None:
    """What could not be committed must not lie open in a connection that somebody else is given."""
    try:
        connection.commit()
    except BaseException:
        connection.invalidate()
        raise


def _alike(orders: Sequence[Order], start: int) -> Sequence[Order]:
    """The orders from `start` on that can be performed in one go: one at least, rows as many as one commit may have."""
    first, end = orders[start], start + 1
    if way := way_of(first.use_case):
        rows = way.rows(first.args)
        while end < len(orders) and orders[end].use_case is first.use_case and rows < MOST_ROWS:
            rows += way.rows(orders[end].args)
            end += rows <= MOST_ROWS
    return orders[start:end]


def _give_back(orders: Sequence[Order], why: Exception) -> int:
    for order in orders:
        order.done.set_exception(why)
    return len(orders)


def _is_lost(error: BaseException) -> bool:
    """Is the whole transaction gone, not only a savepoint?"""
    if not isinstance(error, DBAPIError):
        return False
    state = getattr(error.orig, "sqlstate", None)
    whole = isinstance(error, OperationalError | InterfaceError) and state not in _ONE_ALONE
    return whole or error.connection_invalidated


def _told(error: BaseException) -> BaseException:
    """An error as it is told to whose order it was."""
    if isinstance(error, DataError):
        told: CsirtError = Invalid("text_not_unicode")
        told.__cause__ = error
        return told
    if isinstance(error, IntegrityError | OperationalError | InternalError):
        return ByItself()
    return error
