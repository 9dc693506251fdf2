"""The guards of the record, attacked: by statements on the desk's own connection, and by roles that may only read."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from csirt.checkpoints import checkpoints_of
from csirt.model.people import SYSTEM
from csirt.response import audit
from csirt.signer import Signer, reading_engine
from csirt.store.tx import Tx
from tests.world import World

ROLE = """
DO $$ BEGIN CREATE ROLE csirt_signer LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
GRANT USAGE ON SCHEMA public TO csirt_signer;
GRANT SELECT ON ledger_entry, ledger_head, ledger_incident, incident, duty, measure, note, evidence, fact,
  playbook_run, step, assignment TO csirt_signer;
"""


def only_on(world: World, database: str) -> None:
    if not world.desk.settings.database.startswith(database):
        pytest.skip(f"an attack on {database}")


def attack(world: World, *statements: str) -> None:
    def act(tx: Tx) -> None:
        for statement in statements:
            tx.session.execute(text(statement))

    world.desk.commit(SYSTEM, act)


@pytest.mark.parametrize(
    "statement",
    [
        "DROP TRIGGER ledger_no_update",
        "DROP TABLE ledger_entry",
        "ALTER TABLE ledger_entry RENAME TO other",
        "ATTACH DATABASE ':memory:' AS other",
        "PRAGMA recursive_triggers=OFF",
        "PRAGMA writable_schema=ON",
        "PRAGMA synchronous=OFF",
        "PRAGMA foreign_keys=OFF",
        "CREATE TRIGGER mine AFTER INSERT ON note BEGIN DELETE FROM incident; END",
        "CREATE TEMP TRIGGER mine AFTER INSERT ON note BEGIN DELETE FROM incident; END",
    ],
)
def test_no_statement_of_the_desk_changes_the_rules_of_sqlite(world: World, statement: str) -> None:
    only_on(world, "sqlite")
    world.open()
    with pytest.raises(DBAPIError, match="not authorized"):
        attack(world, statement)
    assert world.desk.look(audit.verify).ok


def test_a_table_of_the_same_name_does_not_open_a_gap(world: World) -> None:
    only_on(world, "postgresql")
    world.open()
    row = "INSERT INTO public.ledger_entry (seq, canonical, at, kind, actor) SELECT 99, canonical, at, kind, actor "
    with pytest.raises(DBAPIError, match="no gaps"):
        attack(
            world, "CREATE TEMP TABLE ledger_entry (seq bigint) ON COMMIT DROP", "INSERT INTO ledger_entry VALUES (98)",
            f"{row} FROM public.ledger_entry WHERE seq = 0",
        )  # fmt: skip
    assert world.desk.look(audit.verify).ok


@contextmanager
def as_signer(world: World) -> Iterator[Connection]:
    """A connection in the role that signs."""
    owner = create_engine(world.desk.settings.database)
    with owner.begin() as connection:
        connection.execute(text(ROLE))
    owner.dispose()
    engine = create_engine(make_url(world.desk.settings.database).set(username="csirt_signer"))
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET kind = 'X'",
        "DELETE FROM ledger_entry",
        "TRUNCATE ledger_entry",
        "INSERT INTO ledger_entry SELECT * FROM ledger_entry",
        "UPDATE ledger_head SET size = 0",
        "UPDATE incident SET status = 'closed'",
        "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER ledger_no_change ON ledger_entry",
        "SET session_replication_role = replica",
        "SELECT * FROM vault_payload",
        "SELECT * FROM vault_key",
    ],
)
def test_the_role_that_signs_reads_the_record_and_nothing_else(world: World, statement: str) -> None:
    only_on(world, "postgresql")
    world.open()
    with as_signer(world) as connection, pytest.raises(DBAPIError, match=r"denied|must be owner"):
        connection.execute(text(statement))


def test_the_role_that_signs_can_sign(world: World) -> None:
    only_on(world, "postgresql")
    world.open()
    world.work()
    with as_signer(world):
        url = make_url(world.desk.settings.database).set(username="csirt_signer")
        settings = world.desk.settings
        published = checkpoints_of(settings)
        one = Signer(settings.signer, published, reading_engine(url.render_as_string()), world.clock, "a/b")
        head = one.round()
        one.close()
    status = published.status()
    assert head is not None
    assert status is not None
    assert (status.code, status.differs) == ("", ())


def test_replica_mode_does_not_slip_past_the_guards(world: World) -> None:
    only_on(world, "postgresql")
    world.open()
    with pytest.raises(DBAPIError, match="append-only"):
        attack(world, "SET LOCAL session_replication_role = replica", "DELETE FROM ledger_entry WHERE seq = 0")
