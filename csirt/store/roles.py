"""PostgreSQL's roles: who owns the tables, who works on them, who signs, who audits, and what each may.

The owner makes and changes tables, and works with the desk only for that. The desk's role changes rows of state, reads
the record, and adds to it by `ledger_append` alone. The signer's and the auditor's only read, and neither reads a key.
A desk whose one role is the owner, as before there were several, works as well: then nothing but the triggers stands
between it and the record.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError, ProgrammingError

from csirt.errors import Invalid, Unavailable
from csirt.store.database import engine_for

# The record's own tables: read by the desk, written by the functions of their owner.
RECORD = ("ledger_entry", "ledger_head", "ledger_incident")
# What the signer compares with the entries (`csirt.response.projection`).
SIGNED = (*RECORD, "incident", "duty", "measure", "note", "evidence", "fact", "playbook_run", "step", "assignment")
# And what an auditor may see of it beside: what was sealed or erased, and texts only as they lie, encrypted.
AUDITED = (*SIGNED, "erasure", "vault_payload", "alembic_version")
FUNCTIONS = ("ledger_lock(text[])", "ledger_append(bytea[])")


class Part(StrEnum):
    """What a role is there for."""

    APP = "app"
    SIGNER = "signer"
    AUDITOR = "auditor"


@dataclass(frozen=True, slots=True)
class Granted:
    """A role, whether it was made just now (it has no password yet), and on how many tables it may do something."""

    part: Part
    role: str
    made: bool
    tables: int


def grant(url: str, names: Mapping[Part, str]) -> list[Granted]:
    """Give each role what it may and take away all else; roles that are not there yet are made. Run as the owner.

    Raises:
        Invalid: `roles_need_postgresql`; `role_is_owner`: a role would be the owner itself.
        Unavailable: `owner_needed`: this role may not do that; `database_unavailable`.
    """
    if url.startswith("sqlite"):
        raise Invalid("roles_need_postgresql")
    engine = engine_for(url)
    try:
        with engine.begin() as connection:
            _close_to_all(connection)
            return [_settle(connection, part, role) for part, role in names.items()]
    except ProgrammingError as error:  # not its tables, or no right to make roles
        raise Unavailable("owner_needed", permanent=True) from error
    except OperationalError as error:
        raise Unavailable("database_unavailable") from error
    finally:
        engine.dispose()


def _close_to_all(connection: Connection) -> None:
    """Nobody has a right for merely being able to connect: no tables of their own, no functions, no schema."""
    names = connection.execute(text("SELECT quote_ident(current_database()), quote_ident(current_schema())")).one()
    database, schema = names
    for statement in (
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC",
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM PUBLIC",
        *(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC" for name in FUNCTIONS),
    ):
        connection.exec_driver_sql(statement)


def _settle(connection: Connection, part: Part, role: str) -> Granted:
    known = connection.execute(text("SELECT count(*) FROM pg_roles WHERE rolname = :role"), {"role": role}).scalar_one()
    name, database, schema, me = connection.execute(
        text("SELECT quote_ident(:role), quote_ident(current_database()), quote_ident(current_schema()), current_user"),
        {"role": role},
    ).one()
    if role == me:
        raise Invalid("role_is_owner", role=role)
    if not known:
        connection.exec_driver_sql(f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT")
    for statement in (
        f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
        f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {schema} FROM {name}",
        f"REVOKE ALL ON ALL FUNCTIONS IN SCHEMA {schema} FROM {name}",
        f"REVOKE ALL ON SCHEMA {schema} FROM {name}",
        f"GRANT CONNECT ON DATABASE {database} TO {name}",
        f"GRANT USAGE ON SCHEMA {schema} TO {name}",
    ):
        connection.exec_driver_sql(statement)
    given = _of_the_desk(connection, name, schema) if part is Part.APP else _to_read(connection, part, name, schema)
    return Granted(part, role, not known, given)


def _of_the_desk(connection: Connection, name: str, schema: str) -> int:
    tables = connection.scalars(
        text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = current_schema()")
    ).all()
    read_only = {*RECORD, "alembic_version"}
    for table in tables:
        rights = "SELECT" if table in read_only else "SELECT, INSERT, UPDATE, DELETE"
        connection.exec_driver_sql(f"GRANT {rights} ON {schema}.{table} TO {name}")
    connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {name}")
    for function in FUNCTIONS:
        connection.exec_driver_sql(f"GRANT EXECUTE ON FUNCTION {function} TO {name}")
    return len(tables)


def _to_read(connection: Connection, part: Part, name: str, schema: str) -> int:
    tables = SIGNED if part is Part.SIGNER else AUDITED
    for table in tables:
        connection.exec_driver_sql(f"GRANT SELECT ON {schema}.{table} TO {name}")
    return len(tables)


def owns_the_record(connection: Connection) -> bool:
    """Could this connection switch the record's guards off? Always so with SQLite, where a file has no roles."""
    if connection.dialect.name != "postgresql":
        return True
    found: bool = connection.execute(_OWNS).scalar_one()
    return found


_OWNS = text(
    "SELECT pg_has_role(current_user, relowner, 'USAGE') OR"
    " (SELECT rolsuper FROM pg_roles WHERE rolname = current_user)"
    " FROM pg_class WHERE oid = 'ledger_entry'::regclass"
)
