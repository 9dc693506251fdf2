"""The whole database as files, one a table, and back: the same bytes go into SQLite and PostgreSQL alike.

A copy is one consistent state, taken while others go on writing. A row is a JSON object on a line; what a column holds
is written by its kind (`time`: UTC with offset; `bytes`: base64), so that no database's own spelling gets into it.
Wrapped data keys do not lie among the rows: they are handed back, to be kept apart, so that destroying a key in the
desk and in the one file of keys erases what it opened in every older copy, too.
"""

import base64
import importlib
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy import Connection, Engine
from sqlmodel import SQLModel

from csirt.errors import Invalid
from csirt.store import tables
from csirt.store.columns import UtcDateTime
from csirt.store.tables.record import VaultKeyRow

# Who is signed in, who tried, which processes live: true of one machine and one day only. What can be searched for is
# made again from the record.
LEFT_OUT = frozenset({"session", "sign_in_try", "heartbeat", "condition", "alembic_version", "search_doc"})
AT_ONCE = 1000  # rows in one statement
_KEYS = str(VaultKeyRow.__tablename__)

Told = Callable[[int, int], object]
"""Is told how many rows of how many are done."""


@dataclass(frozen=True, slots=True)
class TableCopy:
    """What one file holds: the kind of each column by its name, and how many rows."""

    name: str
    columns: Mapping[str, str]
    rows: int


@dataclass(frozen=True, slots=True)
class _Kind:
    """How the values of a kind of column are written, read, and what the database is told that they are."""

    type: Callable[[], sa.types.TypeEngine[Any]]
    written: Callable[[Any], Any] = lambda value: value
    read: Callable[[Any], Any] = lambda value: value


_KINDS: Mapping[str, _Kind] = {
    "text": _Kind(sa.Text),
    "int": _Kind(sa.BigInteger),
    "float": _Kind(sa.Float),
    "bool": _Kind(sa.Boolean),
    "json": _Kind(sa.JSON),
    "bytes": _Kind(sa.LargeBinary, lambda value: base64.b64encode(value).decode(), base64.b64decode),
    "time": _Kind(UtcDateTime, lambda value: value.astimezone(UTC).isoformat(), datetime.fromisoformat),
    "day": _Kind(sa.Date, date.isoformat, date.fromisoformat),
}


def _kind(column: sa.Column[Any]) -> str:
    by_type: tuple[tuple[type[Any] | tuple[type[Any], ...], str], ...] = (
        (UtcDateTime, "time"), (sa.Date, "day"), (sa.LargeBinary, "bytes"), (sa.JSON, "json"), (sa.Boolean, "bool"),
        (sa.Integer, "int"), (sa.Float, "float"),
    )  # fmt: skip
    return next((kind for type_, kind in by_type if isinstance(column.type, type_)), "text")


def _tables() -> list[sa.Table]:
    """All tables to be copied, those that others point to first; also those that this process never asked for."""
    for module in pkgutil.iter_modules(tables.__path__):
        importlib.import_module(f"{tables.__name__}.{module.name}")
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in LEFT_OUT]


def write_tables(connection: Connection, folder: Path, told: Told) -> tuple[list[TableCopy], dict[str, bytes]]:
    """Write a file `NAME.jsonl` for every table into `folder`, as one state of the database.

    Returns what was written, in the order in which it can be read back, and the wrapped data keys by their id.
    """
    known = _tables()
    total = sum(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in known)
    done, copies, keys = 0, [], dict[str, bytes]()
    for table in known:
        columns = {str(column.name): _kind(column) for column in table.columns}
        rows = 0
        with (folder / f"{table.name}.jsonl").open("wb") as file:
            for row in _rows(connection, table, keys):
                values = {name: _written(columns[name], row[name]) for name in columns}
                file.write(orjson.dumps(values) + b"\n")
                rows += 1
                if (done + rows) % AT_ONCE == 0:
                    told(done + rows, total)
        done += rows
        copies.append(TableCopy(table.name, columns, rows))
    told(total, total)
    return copies, keys


def _rows(connection: Connection, table: sa.Table, keys: dict[str, bytes]) -> Iterator[Mapping[str, Any]]:
    """Each row by the names of its columns; data keys are put aside on the way."""
    query = sa.select(table).order_by(*table.primary_key.columns).execution_options(yield_per=AT_ONCE)
    names = [str(column.name) for column in table.columns]
    for found in connection.execute(query):
        row = dict(zip(names, found, strict=True))
        if table.name == _KEYS and row["wrapped"] is not None:
            keys[row["id"]] = row["wrapped"]
            row["wrapped"] = None
        yield row


def _written(kind: str, value: Any) -> Any:
    return None if value is None else _KINDS[kind].written(value)


def read_tables(
    engine: Engine, folder: Path, copies: Sequence[TableCopy], keys: Mapping[str, bytes], told: Told
) -> None:
    """Fill the empty tables of `engine` from the files of a copy, all or nothing. `keys`: data keys by their id.

    Raises:
        Invalid: `copy_malformed`, with file and line.
    """
    total, done = sum(copy.rows for copy in copies), 0
    with engine.connect() as connection, connection.begin():
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        for copy in reversed(copies):  # what a migration put in, such as the empty head of the record
            connection.execute(sa.table(copy.name).delete())
        for copy in copies:
            table = sa.table(copy.name, *(sa.column(name, _KINDS[kind].type()) for name, kind in copy.columns.items()))
            statement = table.insert()
            for some in _batches(_read(folder, copy, keys)):
                connection.execute(statement, some)
                done += len(some)
                told(done, total)
        if connection.dialect.name == "postgresql":
            _set_counters(connection, copies)


def _batches(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rows = iter(rows)
    while some := list(islice(rows, AT_ONCE)):
        yield some


def _read(folder: Path, copy: TableCopy, keys: Mapping[str, bytes]) -> Iterator[dict[str, Any]]:
    name = f"{copy.name}.jsonl"
    number = 0
    with (folder / name).open("rb") as file:
        for number, line in enumerate(file, 1):
            row = _understood(line, copy, name, number)
            if copy.name == _KEYS and row["erased_at"] is None:
                row["wrapped"] = keys.get(row["id"])
            yield row
    if number != copy.rows:
        raise Invalid("copy_malformed", file=name, line=number)


def _understood(line: bytes, copy: TableCopy, name: str, number: int) -> dict[str, Any]:
    try:
        values = orjson.loads(line)
        return {
            column: None if values[column] is None else _KINDS[kind].read(values[column])
            for column, kind in copy.columns.items()
        }
    except (ValueError, TypeError, KeyError) as error:
        raise Invalid("copy_malformed", file=name, line=number) from error


def _set_counters(connection: Connection, copies: Sequence[TableCopy]) -> None:
    """PostgreSQL counts ids beside the tables: the next row must not get a number that is taken."""
    for copy in copies:
        for column, kind in copy.columns.items():
            if kind == "int":
                counter = connection.execute(
                    sa.text("SELECT pg_get_serial_sequence(:table, :column)"), {"table": copy.name, "column": column}
                ).scalar_one()
                if counter:
                    most = sa.select(sa.func.max(sa.column(column))).select_from(sa.table(copy.name)).scalar_subquery()
                    connection.execute(sa.select(sa.func.setval(counter, sa.func.coalesce(most, 1))))


def is_empty(engine: Engine) -> bool:
    """Has this database no rows of ours? True for one without tables."""
    inspector = sa.inspect(engine)
    names = set(inspector.get_table_names())
    with engine.connect() as connection:
        return not any(
            connection.execute(sa.select(sa.literal(1)).select_from(sa.table(name)).limit(1)).first()
            for name in ("ledger_entry", "incident", "vault_key")
            if name in names
        )
