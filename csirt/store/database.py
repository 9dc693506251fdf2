"""The database: engines for SQLite and PostgreSQL, and `commit()`, the only way to write."""

import re
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from csirt.clock import Clock, SystemClock
from csirt.errors import Invalid, Unavailable
from csirt.model.city import City
from csirt.model.people import Actor
from csirt.store import postgresql, turnstile
from csirt.store.batch import Batch, begin_on, check_recorded, unanswered, worth_another_try
from csirt.store.ledger import append, boot_id, stamp
from csirt.store.sequencer import ByItself, Order, Sequencer
from csirt.store.sight import show_as
from csirt.store.tx import Tx
from csirt.store.vault import Vault

P = ParamSpec("P")
T = TypeVar("T")

# What changes rows, wherever it stands in a statement: also behind or inside a WITH. Values are bound, so no text of
# anybody's stands there. FOR UPDATE locks only; DO UPDATE belongs to an INSERT.
_CHANGES = re.compile(
    r"(?<!FOR )(?<!DO )\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM|REPLACE\s+INTO"
    r'|MERGE\s+INTO|TRUNCATE(?:\s+TABLE)?)\s+(?:ONLY\s+)?"?(\w+)',
    re.IGNORECASE,
)
_TRIES = 4
# A host that is cut off says nothing: both sides find out by themselves, so that neither hangs for hours.
_OVER_THE_NETWORK = {
    "options": "-c statement_timeout=30000 -c lock_timeout=15000 -c timezone=UTC -c tcp_keepalives_idle=5"
    " -c tcp_keepalives_interval=2 -c tcp_keepalives_count=3 -c tcp_user_timeout=15000",
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}


# What a desk at work never does to SQLite, and who wants to get round the guards of the record would have to.
_REFUSED = frozenset(
    {
        sqlite3.SQLITE_ATTACH,
        sqlite3.SQLITE_DETACH,
        sqlite3.SQLITE_CREATE_TRIGGER,
        sqlite3.SQLITE_CREATE_TEMP_TRIGGER,
        sqlite3.SQLITE_DROP_TRIGGER,
        sqlite3.SQLITE_DROP_TEMP_TRIGGER,
        sqlite3.SQLITE_DROP_TABLE,
        sqlite3.SQLITE_ALTER_TABLE,
    }
)


def engine_for(url: str, *, read_only: bool = False, guarded: bool = False) -> Engine:
    """An engine with our rules: SQLite in WAL with full sync, writers IMMEDIATE; PostgreSQL with time-outs.

    `guarded`: on SQLite nothing of the schema and of the rules can be changed through it, as by an injected statement.
    """
    if url.startswith("sqlite"):
        connect_args = {"timeout": turnstile.LONGEST, "check_same_thread": False}
        engine = create_engine(url, hide_parameters=True, connect_args=connect_args)
        event.listen(engine, "connect", _prepare_sqlite_reader if read_only else _prepare_sqlite_writer)
        if guarded:
            event.listen(engine, "connect", lambda connection, _record: connection.set_authorizer(_authorize))
        event.listen(engine, "begin", _begin_reading if read_only else _begin_writing(engine))
    else:
        # Last in, first out: the connection that has most statements prepared is the one that is asked.
        engine = create_engine(
            url, hide_parameters=True, pool_pre_ping=True, pool_use_lifo=True, connect_args=_OVER_THE_NETWORK
        )
        postgresql.quicken(engine)
    event.listen(engine, "before_cursor_execute", _note_change)
    _say_savepoints_plainly(engine.dialect)
    return engine


def _prepare_sqlite(connection: Any) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def _begin_writing(engine: Engine) -> Callable[[Connection], None]:
    """Who writes is the only one from the first statement on, and waits for that in turn with others."""
    queue = turnstile.Turnstile(Path(engine.url.database or ""))

    def begin(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        assert driver
        try:
            queue.begin(partial(driver.execute, "BEGIN IMMEDIATE"))
        except sqlite3.OperationalError as error:
            raise OperationalError("BEGIN IMMEDIATE", None, error) from error

    return begin


def _authorize(action: int, name: str | None, value: str | None, *_where: str | None) -> int:
    """SQLite asks before it prepares a statement."""
    changes_a_rule = action == sqlite3.SQLITE_PRAGMA and value is not None and not str(name).endswith(("info", "list"))
    return sqlite3.SQLITE_DENY if action in _REFUSED or changes_a_rule else sqlite3.SQLITE_OK


def _prepare_sqlite_writer(connection: Any, _record: object) -> None:
    _prepare_sqlite(connection)
    connection.execute("PRAGMA busy_timeout=0")  # the turnstile waits, and finds the moment sooner than SQLite does


def _prepare_sqlite_reader(connection: Any, _record: object) -> None:
    _prepare_sqlite(connection)
    connection.execute("PRAGMA query_only=ON")


def _say_savepoints_plainly(dialect: Any) -> None:
    """Each request has its savepoint: compiled anew each time, its two statements would cost more than they do.

    The names are SQLAlchemy's own.
    """
    dialect.do_savepoint = lambda connection, name: connection.exec_driver_sql(f"SAVEPOINT {name}")
    dialect.do_release_savepoint = lambda connection, name: connection.exec_driver_sql(f"RELEASE SAVEPOINT {name}")


@lru_cache(maxsize=4096)
def _changed_by(statement: str) -> frozenset[str]:
    """Which tables a statement changes. Statements come again and again: their values are bound."""
    return frozenset(name.lower() for name in _CHANGES.findall(statement))


def _note_change(connection: Any, _cursor: object, statement: str, *_rest: object) -> None:
    if found := _changed_by(statement):
        connection.info.setdefault("changed", set()).update(found)


class Database:
    """Runs use cases. `on_wake` is called after a commit that made a run due, with nothing."""

    def __init__(
        self,
        url: str,
        vault: Vault,
        clock: Clock,
        source: str,
        on_wake: Callable[[], None],
        *,
        follow: Callable[[Tx], None],
    ) -> None:
        """`source` says which process writes: `web`, whose requests share commits, `worker` or `cli`, which do not.

        `follow` ends every use case, inside its commit: what follows by rule from what it recorded.
        """
        self.url = url
        self.vault = vault
        self.clock = clock
        self.source = source
        self._on_wake = on_wake
        self._follow = follow
        self._sequencer = Sequencer(self._perform) if source == "web" else None
        self._boot = boot_id()
        # A clock that is moved by hand is the database's, too.
        self._many_hosts = isinstance(clock, SystemClock) and not url.startswith("sqlite")
        self.writer = engine_for(url, guarded=True)
        if url.startswith("sqlite"):
            self.reader = engine_for(url, read_only=True)
        else:  # the same connections; every read of a session sees the state of its first one
            self.reader = self.writer.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that only reads; sees one consistent state.

        Raises:
            Invalid: no such value can be asked for.
            Unavailable: the database does not answer.
        """
        try:
            with Session(self.reader) as session:
                yield session
        except (OperationalError, InterfaceError, PoolTimeout) as error:
            raise Unavailable("database_unavailable") from error
        except DataError as error:  # such as NUL, which PostgreSQL takes in no text
            raise Invalid("text_not_unicode") from error

    def commit(
        self, use_case: Callable[Concatenate[Tx, P], T], city: City, actor: Actor, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """Run a use case and commit state, entries, outbox and timers together, or nothing.

        The use case has no outside effects, because it runs again when somebody else was faster. In the web process it
        shares its commit with whatever else waits, and has its own savepoint there.

        Raises:
            UnrecordedChange: it changed something without an entry.
            Invalid: the database cannot hold a value.
            Unavailable: the database does not answer or is full.
        """
        if self._sequencer:
            try:
                done: T = self.order(use_case, city, actor, *args, **kwargs).result()
            except ByItself:
                pass
            else:
                return done
        return self.commit_alone(use_case, city, actor, *args, **kwargs)

    def order(
        self, use_case: Callable[Concatenate[Tx, P], T], city: City, actor: Actor, *args: P.args, **kwargs: P.kwargs
    ) -> Future[T]:
        """Queue a use case for the next commit of the web process. The future has its result only once that is durable.

        It fails as `commit` does, or with `ByItself`: then nothing was done, and `commit_alone` does it.
        """
        order = Order(use_case, city, actor, args, kwargs)
        if self._sequencer is None:
            order.done.set_exception(ByItself())
            return order.done
        return self._sequencer.give(order)

    def _perform(self, orders: Sequence[Order]) -> int:
        batch = Batch(self._begin, self._follow)
        taken = batch.perform(self.writer, orders)
        if batch.woke:
            self._on_wake()
        return taken

    def commit_alone(
        self, use_case: Callable[Concatenate[Tx, P], T], city: City, actor: Actor, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """As `commit`, in a commit of its own."""
        for attempt in range(1, _TRIES + 1):
            try:
                return self._try(use_case, city, actor, *args, **kwargs)
            except IntegrityError as error:
                if attempt == _TRIES:
                    raise Unavailable("concurrent_change") from error
            except OperationalError as error:
                if attempt == _TRIES or not worth_another_try(error):
                    raise Unavailable("database_unavailable") from error
            except (InterfaceError, InternalError, PoolTimeout) as error:
                raise unanswered(error) from error
            except DataError as error:
                raise Invalid("text_not_unicode") from error
        raise AssertionError

    def imagine(
        self, use_case: Callable[Concatenate[Tx, P], T], city: City, actor: Actor, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        """What a use case would give if it were committed now; nothing of it is kept, and no entry is made.

        On SQLite nobody else writes meanwhile, so it has to be short. Raises `Unavailable`, `Invalid`.
        """
        try:
            with Session(self.writer, expire_on_commit=False) as session:
                begin_on(session.connection())
                result = use_case(self._begin(session, city, actor), *args, **kwargs)
                session.rollback()
                return result
        except (OperationalError, InterfaceError, PoolTimeout, IntegrityError) as error:
            raise Unavailable("database_unavailable") from error
        except DataError as error:
            raise Invalid("text_not_unicode") from error

    def _try(
        self, use_case: Callable[Concatenate[Tx, P], T], city: City, actor: Actor, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with Session(self.writer, expire_on_commit=False) as session:
            connection = session.connection()
            begin_on(connection)
            tx = self._begin(session, city, actor)
            result = use_case(tx, *args, **kwargs)
            self._follow(tx)
            session.flush()
            check_recorded(connection, tx.drafts)
            if tx.drafts:
                append(connection, [(tx.stamp, draft) for draft in tx.drafts])
            session.commit()
        if tx.woke:
            self._on_wake()
        return result

    def _begin(self, session: Session, city: City, actor: Actor) -> Tx:
        shared = stamp(self.clock, actor, self.source, self._boot)
        show_as(session, actor, shared.at, writing=True)
        return Tx(session, shared, city, self.vault, many_hosts=self._many_hosts)

    def close(self) -> None:
        """Make durable what waits, then give the connections back."""
        if self._sequencer:
            self._sequencer.close()
        self.writer.dispose()
        self.reader.dispose()
