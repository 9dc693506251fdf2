"""Rows by the hundred: brought past what is done for each row of an ordinary statement, and asked for in portions."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, Connection, Dialect, Table, and_, bindparam, func, insert, select, tuple_
from sqlalchemy.exc import DBAPIError

MANY = 8  # rows from which that is worth its beginning
ASKED = 500  # keys that one statement names: databases bound their parameters
Row = Mapping[str, object]
Way = Callable[[Any], Any]


def some_of(keys: Collection[Any]) -> Iterator[list[Any]]:
    """Keys in order, so many at a time as one statement names."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), ASKED):
        yield ordered[start : start + ASKED]


class Into:
    """The way into one table, whose statement is made once."""

    def __init__(self, table: Table) -> None:
        """`table`: whose columns are given by name, in every row the same."""
        self._table = table
        self._insert = insert(table)

    def put(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Insert rows; each names the same columns. Guards and defaults of the database hold either way.

        Raises:
            sqlalchemy.exc.DBAPIError: as for any statement.
        """
        if len(rows) < MANY:
            if rows:
                connection.execute(self._insert, rows)
        elif connection.dialect.name == "postgresql":
            self._stream(connection, rows)
        else:
            self._insert_tuples(connection, rows)

    def _insert_tuples(self, connection: Connection, rows: Sequence[Row]) -> None:
        columns, ways = self._columns(connection.dialect, rows[0]), self._ways(connection.dialect, rows[0])
        marks = ", ".join("?" for _ in ways)
        connection.exec_driver_sql(
            f"INSERT INTO {self._name(connection.dialect)} ({columns}) VALUES ({marks})",  # noqa: S608 names of ours
            [tuple(way(row[name]) if way else row[name] for name, way in ways) for row in rows],
        )

    def _stream(self, connection: Connection, rows: Sequence[Row]) -> None:
        """One stream instead of a message for each row."""
        said = f"COPY {self._name(connection.dialect)} ({self._columns(connection.dialect, rows[0])}) FROM STDIN"
        driver, of_driver = connection.connection.driver_connection, connection.dialect.dbapi
        assert driver
        assert of_driver
        # SQLAlchemy, which would note the change, knows nothing of this.
        connection.info.setdefault("changed", set()).add(self._table.name)
        try:
            with driver.cursor() as cursor, cursor.copy(said) as stream:
                for row in rows:
                    stream.write_row([row[name] for name in rows[0]])
        except of_driver.Error as error:
            raise DBAPIError.instance(said, None, error, of_driver.Error, hide_parameters=True) from error

    def _name(self, dialect: Dialect) -> str:
        return dialect.identifier_preparer.quote(self._table.name)

    def _columns(self, dialect: Dialect, row: Row) -> str:
        return ", ".join(map(dialect.identifier_preparer.quote, row))

    def _ways(self, dialect: Dialect, row: Row) -> list[tuple[str, Way | None]]:
        return [(name, _way(self._table, name, dialect)) for name in row]


class Among:
    """The question for the rows of a table whose key is one of many, made once."""

    def __init__(self, table: Table, keys: Sequence[str], also: str) -> None:
        """`keys`: the columns that are asked by; they are given back, and `also` behind them."""
        columns = [table.c[name] for name in keys]
        wanted = select(*columns, table.c[also])
        self._in_file = wanted.where(tuple_(*columns).in_(bindparam("keys", expanding=True)))
        # To PostgreSQL a list of keys is a chain of ORs, which it compares one by one; a table of keys it looks up.
        given = (bindparam(column.name, type_=ARRAY(column.type)) for column in columns)
        asked = func.unnest(*given).table_valued(*keys).render_derived()
        self._on_server = wanted.join(asked, and_(*(column == asked.c[column.name] for column in columns)))
        self._keys = tuple(keys)

    def ask(self, connection: Connection, keys: Collection[tuple[Any, ...]]) -> Iterator[Any]:
        """The columns of the rows that are there, so many keys at a time as one statement takes."""
        for some in some_of(keys):
            if connection.dialect.name == "postgresql":
                given = dict(zip(self._keys, map(list, zip(*some, strict=True)), strict=True))
                yield from connection.execute(self._on_server, given)
            else:
                yield from connection.execute(self._in_file, {"keys": some})


class Over:
    """The way to change the same columns of many rows, each found by its key."""

    def __init__(self, table: Table, key: str, columns: Sequence[str]) -> None:
        """`key`: the column that finds a row; `columns`: those that change."""
        self._table, self._key, self._names = table, key, tuple(columns)

    def put(self, connection: Connection, rows: Sequence[Sequence[object]]) -> None:
        """Change rows, in this order; each gives its columns as they are named, and its key last.

        Raises:
            sqlalchemy.exc.DBAPIError: as for any statement.
        """
        if not rows:
            return
        dialect = connection.dialect
        quote, mark = dialect.identifier_preparer.quote, "?" if dialect.name == "sqlite" else "%s"
        ways = [_way(self._table, name, dialect) for name in (*self._names, self._key)]
        changes = ", ".join(f"{quote(name)} = {mark}" for name in self._names)
        connection.exec_driver_sql(
            f"UPDATE {quote(self._table.name)} SET {changes} WHERE {quote(self._key)} = {mark}",  # noqa: S608 names of ours
            [tuple(way(value) if way else value for way, value in zip(ways, row, strict=True)) for row in rows],
        )


def _way(table: Table, column: str, dialect: Dialect) -> Way | None:
    """What makes of the values of a column what the driver takes."""
    return table.c[column].type.dialect_impl(dialect).bind_processor(dialect)
