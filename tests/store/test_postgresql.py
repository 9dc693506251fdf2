"""What keeps PostgreSQL quick: reads leave their statements prepared, and a connection is asked nothing in vain."""

from collections.abc import Callable, Iterator

import psycopg
import pytest
from sqlalchemy import Connection, Engine, text

from csirt.store.database import engine_for
from csirt.store.postgresql import is_quiet
from tests.postgres import PostgresServer

pytestmark = pytest.mark.postgres
_ASKED = text("SELECT CAST(:number AS integer) + 1")


@pytest.fixture
def engine(fresh_postgres: Callable[[], str]) -> Iterator[Engine]:
    made = engine_for(fresh_postgres())
    yield made
    made.dispose()


@pytest.fixture
def reader(engine: Engine) -> Engine:
    return engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)


def driver_of(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def prepared(connection: Connection) -> int:
    found = connection.exec_driver_sql("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%+ 1%%'")
    return int(found.scalar_one())


def ask(engine: Engine, times: int) -> None:
    """A page after another, each on a transaction of its own."""
    for number in range(times):
        with engine.connect() as connection:
            assert connection.execute(_ASKED, {"number": number}).scalar_one() == number + 1


def test_a_statement_stays_prepared_from_one_read_to_the_next(reader: Engine) -> None:
    ask(reader, 8)
    with reader.connect() as connection:
        assert prepared(connection) == 1


def test_a_write_that_is_given_up_is_rolled_back(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (number integer)")
        connection.commit()
        connection.exec_driver_sql("INSERT INTO kept VALUES (1)")
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM kept").scalar_one() == 0


def test_a_read_that_failed_leaves_the_connection_of_use(reader: Engine) -> None:
    with pytest.raises(Exception, match="division by zero"), reader.connect() as connection:
        connection.exec_driver_sql("SELECT 1 / 0")
    ask(reader, 2)


def test_an_idle_connection_is_taken_without_a_question(reader: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    with reader.connect() as connection:
        first = driver_of(connection)
    really = psycopg.Connection.cursor

    def noted(self: psycopg.Connection) -> object:
        asked.append(self)
        return really(self)

    monkeypatch.setattr(psycopg.Connection, "cursor", noted)
    with reader.connect() as connection:
        assert driver_of(connection) is first
    assert asked == []


def test_a_connection_that_the_server_ended_is_replaced_before_anybody_asks(
    reader: Engine, postgres_server: PostgresServer
) -> None:
    with reader.connect() as connection:
        first = driver_of(connection)
        pid = first.info.backend_pid
    with postgres_server.connect() as administrator:
        administrator.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    assert not is_quiet(first)
    ask(reader, 2)
