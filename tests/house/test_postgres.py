"""The PostgreSQL that other tests stand on."""

from collections.abc import Callable

import pytest
from sqlalchemy import create_engine, text

pytestmark = pytest.mark.postgres


def test_every_call_gives_a_database_of_its_own(fresh_postgres: Callable[[], str]) -> None:
    first, second = create_engine(fresh_postgres()), create_engine(fresh_postgres())
    with first.begin() as connection:
        connection.execute(text("CREATE TABLE seen (name text)"))
        connection.execute(text("INSERT INTO seen VALUES ('庁内')"))
    with first.connect() as connection:
        assert connection.scalar(text("SELECT name FROM seen")) == "庁内"
    with second.connect() as connection:
        tables = connection.scalar(text("SELECT count(*) FROM information_schema.tables WHERE table_name = 'seen'"))
        assert tables == 0
        assert connection.scalar(text("SHOW listen_addresses")) == ""
    first.dispose()
    second.dispose()
