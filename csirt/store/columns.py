"""Column types that both databases treat alike."""

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Index, Integer, Table, literal, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel

_NAIVE = "a naive time has no place in the database"


@lru_cache(maxsize=256)  # of four instants of a detection two are that of the commit, and two often the same
def _sqlite_text(value: datetime | None) -> str | None:
    if value is None:
        return None
    if value.tzinfo is None:
        raise ValueError(_NAIVE)
    return value.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds")


def _of_sqlite_text(value: str | None) -> datetime | None:
    return None if value is None else datetime.fromisoformat(f"{value}+00:00")


def _in_utc(value: datetime | None) -> datetime | None:
    return value if value is None or value.tzinfo is UTC else value.astimezone(UTC)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored in UTC, read back aware; SQLite alone would drop the offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive times; SQLite gets them without the offset, in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(_NAIVE)
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def bind_processor(self, dialect: Dialect) -> Any:
        """As above; for SQLite straight to the text that it keeps, since a storm brings four instants a detection."""
        return _sqlite_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, _coltype: object) -> Any:
        """Give every time back aware and in UTC; straight from the text in SQLite, as a page reads hundreds."""
        return _of_sqlite_text if dialect.name == "sqlite" else _in_utc


# SQLite counts rows by itself only in a column declared INTEGER.
BigId = BigInteger().with_variant(Integer, "sqlite")


def index_of_filled(name: str, *columns: str) -> Index:
    """An index of the rows whose first column has a value: most rows of a storm have none, and cost nothing then."""
    given = text(f"{columns[0]} IS NOT NULL")
    return Index(name, *columns, sqlite_where=given, postgresql_where=given)


def index_of_full(name: str, *columns: str) -> Index:
    """An index of the rows in which each of its columns has a value."""
    given = text(" AND ".join(f"{column} IS NOT NULL" for column in columns))
    return Index(name, *columns, sqlite_where=given, postgresql_where=given)


class _Begins(FunctionElement[Any]):
    """A column, the beginning, the first text after all that begin so, and a pattern of it.

    Not said to be Boolean: SQLite would be asked whether it is 1, and would find it by no index.
    """

    inherit_cache = True


def begins_with(column: Any, beginning: str) -> Any:
    """That a text begins so, found by an index in both databases.

    PostgreSQL needs a pattern, for its order of texts is that of the locale; SQLite needs a range, for its patterns
    mind no case. `beginning` ends with a character that has one after it.
    """
    after = beginning[:-1] + chr(ord(beginning[-1]) + 1)
    escaped = beginning.replace("/", "//").replace("%", "/%").replace("_", "/_")
    return _Begins(column, literal(beginning), literal(after), literal(f"{escaped}%"))


@compiles(_Begins)
def _by_pattern(found: _Begins, compiler: SQLCompiler, **how: Any) -> str:
    column, _, _, pattern = (compiler.process(one, **how) for one in found.clauses)
    return f"{column} LIKE {pattern} ESCAPE '/'"


@compiles(_Begins, "sqlite")
def _by_range(found: _Begins, compiler: SQLCompiler, **how: Any) -> str:
    column, first, after = (compiler.process(one, **how) for one in list(found.clauses)[:3])
    return f"({column} >= {first} AND {column} < {after})"


class Row(SQLModel):
    """The base of all tables. Rows come from our own code and are never validated: no validator is built for them."""

    model_config = {"defer_build": True}


def table_of(row: type[SQLModel]) -> Table:
    """The table behind a row, for plain statements where an object for each row would cost too much."""
    return SQLModel.metadata.tables[str(row.__tablename__)]
