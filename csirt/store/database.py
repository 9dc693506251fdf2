"""The database: engines for SQLite and PostgreSQL, and `commit()`, the only way to write."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Engine, create_engine, event, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from csirt.clock import Clock, SystemClock
from csirt.errors import Invalid, Unavailable, UnrecordedChange
from csirt.model.city import City
from csirt.model.people import Actor
from csirt.store.ledger import Appender, boot_id, stamp
from csirt.store.tx import Tx
from csirt.store.vault import Vault

P = ParamSpec("P")
T = TypeVar("T")

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
        "heartbeat",
        "condition",
        "session",
        "sign_in_try",
        "roster_person",
        "roster_post",
    }
)
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
# A commit that says nothing for so long is given up by the server: its host may be gone, holding the record's head.
_SILENT = text("SET LOCAL idle_in_transaction_session_timeout = '10s'")


def engine_for(url: str, *, read_only: bool = False) -> Engine:
    """An engine with our rules: SQLite in WAL with full sync, writers IMMEDIATE; PostgreSQL with time-outs."""
    if url.startswith("sqlite"):
        engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 15, "check_same_thread": False})
        event.listen(engine, "connect", _prepare_sqlite_reader if read_only else _prepare_sqlite)
        begin = "BEGIN" if read_only else "BEGIN IMMEDIATE"
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    else:
        engine = create_engine(url, hide_parameters=True, pool_pre_ping=True, connect_args=_OVER_THE_NETWORK)
    event.listen(engine, "before_cursor_execute", _note_change)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we begin transactions ourselves
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "trusted_schema=OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _prepare_sqlite_reader(connection: Any, record: object) -> None:
    _prepare_sqlite(connection, record)
    connection.execute("PRAGMA query_only=ON")


def _note_change(connection: Any, _cursor: object, statement: str, *_rest: object) -> None:
    if found := _CHANGES.findall(statement):
        connection.info.setdefault("changed", set()).update(name.lower() for name in found)


class Database:
    """Runs use cases. `on_wake` is called after a commit that made a run due, with nothing."""

    def __init__(self, url: str, vault: Vault, clock: Clock, source: str, on_wake: Callable[[], None]) -> None:
        """`source` says which process writes: `web`, `worker`, `cli`."""
        self.url = url
        self.vault = vault
        self.clock = clock
        self.source = source
        self._on_wake = on_wake
        self._boot = boot_id()
        # A clock that is moved by hand is the database's, too.
        self._many_hosts = isinstance(clock, SystemClock) and not url.startswith("sqlite")
        self.writer = engine_for(url)
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

        The use case has no outside effects, because it runs again when somebody else was faster.

        Raises:
            UnrecordedChange: it changed something without an entry.
            Invalid: the database cannot hold a value.
            Unavailable: the database does not answer or is full.
        """
        for attempt in range(1, _TRIES + 1):
            try:
                return self._try(use_case, city, actor, *args, **kwargs)
            except IntegrityError as error:
                if attempt == _TRIES:
                    raise Unavailable("concurrent_change") from error
            except OperationalError as error:
                if attempt == _TRIES or not _worth_another_try(error):
                    raise Unavailable("database_unavailable") from error
            except (InterfaceError, PoolTimeout) as error:
                raise Unavailable("database_unavailable") from error
            except DataError as error:
                raise Invalid("text_not_unicode") from error
        raise AssertionError

    def _try(
        self, use_case: Callable[Concatenate[Tx, P], T], city: City, actor: Actor, *args: P.args, **kwargs: P.kwargs
    ) -> T:
        with Session(self.writer, expire_on_commit=False) as session:
            connection = session.connection()
            connection.info["changed"] = set()
            if connection.dialect.name == "postgresql":
                connection.execute(_SILENT)
            shared = stamp(self.clock, actor, self.source, self._boot)
            tx = Tx(session, shared, city, self.vault, many_hosts=self._many_hosts)
            result = use_case(tx, *args, **kwargs)
            session.flush()
            if tx.drafts:
                Appender(session, shared).append(tx.drafts)
            elif unrecorded := connection.info["changed"] - BOOKKEEPING:
                raise UnrecordedChange("unrecorded_change", tables=",".join(sorted(unrecorded)))
            session.commit()
        if tx.woke:
            self._on_wake()
        return result

    def close(self) -> None:
        """Give the connections back."""
        self.writer.dispose()
        self.reader.dispose()


def _worth_another_try(error: DBAPIError) -> bool:
    state = getattr(error.orig, "sqlstate", None)
    return state in {"40001", "40P01"} or "database is locked" in str(error.orig)
