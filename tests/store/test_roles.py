"""PostgreSQL with a role for each: the desk works in a role that may not touch the record, whatever it tries."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import pytest
from sqlalchemy import Connection, create_engine, make_url, text
from sqlalchemy.exc import DBAPIError

from csirt.bootstrap import wire
from csirt.checkpoints import checkpoints_of
from csirt.errors import Unavailable
from csirt.model.health import PartState
from csirt.record.entry import EntryActor, EntryKind, LedgerEntry, canonical
from csirt.response import audit
from csirt.settings import Settings
from csirt.signer import Signer, reading_engine
from csirt.store.migrate import migrate
from csirt.wellness import check
from tests.cli.calling import Called, call, city
from tests.world import TUESDAY_MORNING, World, found_world

OWNER, APP, SIGNER, AUDITOR = "csirt_owner", "csirt_app", "csirt_signer", "csirt_auditor"
OWNED = """
DO $$ BEGIN CREATE ROLE csirt_owner LOGIN CREATEROLE; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
"""
REFUSED = r"permission denied|must be owner|must be superuser|must be member|must have admin option|no privileges"

NOT_CONTINUED = r"continues what is there|invalid|null|duplicate key"


def as_role(url: str, role: str) -> str:
    return make_url(url).set(username=role).render_as_string(hide_password=False)


def as_superuser(url: str, *statements: str) -> None:
    with connected(url, "postgres") as connection:
        for statement in statements:
            connection.execute(text(statement))


@contextmanager
def connected(url: str, role: str) -> Iterator[Connection]:
    """A connection of this role's own, past the desk; each statement counts at once."""
    engine = create_engine(as_role(url, role), isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.fixture
def url(fresh_postgres: Callable[[], str]) -> str:
    """An empty database that belongs to an owner's role."""
    made = fresh_postgres()
    as_superuser(made, OWNED, f'ALTER DATABASE "{make_url(made).database}" OWNER TO {OWNER}')
    return made


def give_roles(monkeypatch: pytest.MonkeyPatch, url: str, *more: str, role: str = OWNER) -> Called:
    with monkeypatch.context() as environment:
        environment.setenv("CSIRT_DATABASE_URL", as_role(url, role))
        return call("database", "roles", "--json", *more)


@pytest.fixture
def parted(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """A city whose desk works as the lesser role, with an incident under way."""
    given = give_roles(monkeypatch, url)
    assert given.code == 0, given.err
    assert [(one["part"], one["role"]) for one in given.rows] == [
        ("app", APP),
        ("signer", SIGNER),
        ("auditor", AUDITOR),
    ]
    world = found_world(tmp_path, as_role(url, APP))
    world.open()
    world.work()
    yield world
    found = world.desk.look(audit.verify)
    world.desk.close()
    assert found.ok, found


def size_of(world: World) -> int:
    return world.desk.look(audit.verify).size


ATTACKS = (
    "INSERT INTO ledger_entry SELECT seq + 1000, canonical, at, kind, actor FROM ledger_entry",
    "INSERT INTO ledger_entry SELECT * FROM ledger_entry ON CONFLICT (seq) DO UPDATE SET kind = 'X'",
    "MERGE INTO ledger_entry AS one USING ledger_head ON true WHEN MATCHED THEN DELETE",
    "UPDATE ledger_entry SET kind = 'X'",
    "DELETE FROM ledger_entry",
    "TRUNCATE ledger_entry",
    "UPDATE ledger_head SET size = 0",
    "DELETE FROM ledger_head",
    "INSERT INTO ledger_head SELECT id + 1, size, frontier FROM ledger_head",
    "UPDATE ledger_incident SET inc_seq = 0",
    "TRUNCATE ledger_head, ledger_incident",
    "SELECT * FROM ledger_head FOR UPDATE",
    "DO $$ BEGIN LOCK TABLE ledger_entry IN ACCESS EXCLUSIVE MODE; END $$",
    "ALTER TABLE ledger_entry DISABLE TRIGGER ALL",
    "ALTER TABLE ledger_entry OWNER TO csirt_app",
    "ALTER TABLE ledger_entry ADD COLUMN other text",
    "DROP TRIGGER ledger_no_change ON ledger_entry",
    "DROP TABLE ledger_entry",
    "CREATE TRIGGER mine AFTER INSERT ON ledger_entry EXECUTE FUNCTION suppress_redundant_updates_trigger()",
    "CREATE RULE mine AS ON INSERT TO ledger_entry DO INSTEAD NOTHING",
    "CREATE POLICY mine ON ledger_entry",
    "DROP FUNCTION ledger_append(bytea[])",
    "CREATE OR REPLACE FUNCTION ledger_append(entries bytea[]) RETURNS bigint LANGUAGE sql AS 'SELECT 1::bigint'",
    "CREATE OR REPLACE FUNCTION ledger_refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    "ALTER FUNCTION ledger_append(bytea[]) SECURITY INVOKER",
    "ALTER FUNCTION ledger_append(bytea[]) SET search_path = pg_temp",
    "CREATE TEMP TABLE ledger_entry (seq bigint)",
    "CREATE TEMP VIEW ledger_head AS SELECT 0 AS id",
    "CREATE FUNCTION pg_temp.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'",
    "CREATE TABLE mine (seq bigint)",
    "CREATE SCHEMA mine",
    "SET session_replication_role = replica",
    "SET ROLE csirt_owner",
    "SET SESSION AUTHORIZATION csirt_owner",
    "GRANT csirt_owner TO csirt_app",
    "ALTER ROLE csirt_app SUPERUSER",
    "CREATE ROLE mine SUPERUSER",
    "UPDATE alembic_version SET version_num = '0001'",
    "UPDATE pg_class SET relowner = 1",
    "COPY ledger_entry FROM PROGRAM 'true'",
    "DO $$ BEGIN EXECUTE 'ALTER TABLE ledger_entry DISABLE TRIGGER USER'; END $$",
)  # fmt: skip


def test_the_desks_role_cannot_touch_the_record(parted: World) -> None:
    before = size_of(parted)
    for statement in ATTACKS:
        with connected(parted.desk.settings.database, APP) as mine, pytest.raises(DBAPIError, match=REFUSED):
            mine.execute(text(statement))
    with connected(parted.desk.settings.database, APP) as mine:
        mine.execute(text("GRANT ALL ON ledger_entry TO csirt_app"))  # a warning, and nothing comes of it
        rights = "SELECT has_table_privilege('ledger_entry', 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')"
        assert mine.execute(text(rights)).scalar_one() is False
    assert size_of(parted) == before


def forged(**changes: object) -> bytes:
    """An entry as bytes, which our own code would not write."""
    actor = EntryActor("p-x", "local")
    entry = canonical(LedgerEntry(0, TUESDAY_MORNING, EntryKind.TOKEN_REVOKED, actor, out={"token": "t-x"}))
    return orjson.dumps({**orjson.loads(entry), **changes}, option=orjson.OPT_SORT_KEYS)


def test_what_does_not_continue_the_record_is_refused(parted: World) -> None:
    size = size_of(parted)
    incident = parted.desk.look(audit.newest_incidents, 1)[0]
    entries: tuple[list[bytes] | None, ...] = (
        [forged(seq=size + 1)],
        [forged(seq=size - 1)],
        [forged(seq=0)],
        [forged(seq=size), forged(seq=size)],
        [forged(seq=size, inc=incident, inc_seq=0)],
        [forged(seq=size, inc=incident, inc_seq=1, inc_prev="A" * 43 + "=")],
        [forged(seq=size, inc="i-000000000000", inc_seq=1, inc_prev="A" * 43 + "=")],
        [forged(seq=size, inc_seq=3)],
        [b"{}"],
        [b"no JSON"],
        [b"\xff"],
        [],
        None,
    )
    for some in entries:
        with connected(parted.desk.settings.database, APP) as mine, pytest.raises(DBAPIError, match=NOT_CONTINUED):
            mine.execute(text("SELECT ledger_append(CAST(:entries AS bytea[]))"), {"entries": some})
    assert size_of(parted) == size


def test_nothing_that_a_role_makes_comes_between(parted: World) -> None:
    """Even where an administrator left it the right to make objects: names in the functions are said in full."""
    url = parted.desk.settings.database
    database = make_url(url).database
    as_superuser(url, f'GRANT CREATE, TEMPORARY ON DATABASE "{database}" TO {APP}')
    size = size_of(parted)
    with connected(url, APP) as connection:
        for statement in (
            "CREATE SCHEMA evil",
            "CREATE FUNCTION evil.sha256(bytea) RETURNS bytea LANGUAGE sql AS 'SELECT $1'",
            "CREATE FUNCTION evil.text_at(jsonb, text) RETURNS text LANGUAGE sql AS $$SELECT 'X'$$",
            "CREATE OPERATOR evil.->> (LEFTARG = jsonb, RIGHTARG = text, FUNCTION = evil.text_at)",
            "CREATE TABLE evil.ledger_entry (seq bigint)",
            "CREATE TEMP TABLE ledger_entry AS SELECT * FROM public.ledger_entry WHERE false",
            "CREATE TEMP TABLE ledger_head AS SELECT 1 AS id, 0::bigint AS size, int8send(0) AS frontier",
            "CREATE TEMP TABLE ledger_incident AS SELECT * FROM public.ledger_incident WHERE false",
            "SET search_path = pg_temp, evil, public, pg_catalog",
        ):
            connection.execute(text(statement))
        locked = connection.execute(text("SELECT size FROM public.ledger_lock('{}')")).scalar_one()
        assert locked == size
        with pytest.raises(DBAPIError, match="continues what is there"):
            connection.execute(text("SELECT public.ledger_append(:entries)"), {"entries": [forged(seq=0)]})
        entries = {"entries": [forged(seq=size)]}
        assert connection.execute(text("SELECT public.ledger_append(:entries)"), entries).scalar_one() == size + 1
    found = parted.desk.look(audit.verify)
    assert (found.ok, found.size) == (True, size + 1)


@pytest.mark.parametrize(
    ("role", "open_to", "closed_to"),
    [
        (SIGNER, ("ledger_entry", "incident", "step"), ("vault_key", "vault_payload", "session", "token", "detection")),
        (
            AUDITOR,
            ("ledger_entry", "ledger_head", "incident", "erasure", "vault_payload"),
            ("vault_key", "vault_ring", "session", "token", "second_factor", "ack_token", "draft", "search_doc"),
        ),
    ],
)
def test_who_only_reads_reads_no_key_and_changes_nothing(
    parted: World, role: str, open_to: tuple[str, ...], closed_to: tuple[str, ...]
) -> None:
    with connected(parted.desk.settings.database, role) as connection:
        for table in open_to:
            connection.execute(text(f"TABLE {table}")).all()
        denied = [
            *(f"TABLE {table}" for table in closed_to),
            *(f"TRUNCATE {table}" for table in open_to),
            "SELECT ledger_append('{}')",
            "SELECT * FROM ledger_lock('{}')",
            "UPDATE incident SET status = 'closed'",
            "CREATE TEMP TABLE mine (x int)",
        ]
        for statement in denied:
            with pytest.raises(DBAPIError, match=REFUSED):
                connection.execute(text(statement))


def test_the_signer_signs_in_its_role(parted: World) -> None:
    settings = parted.desk.settings
    published = checkpoints_of(settings)
    engine = reading_engine(as_role(settings.database, SIGNER))
    one = Signer(settings.signer, published, engine, parted.clock, "a/b")
    head = one.round()
    one.close()
    status = published.status()
    assert head is not None
    assert status is not None
    assert (head.size, status.code, status.differs) == (size_of(parted), "", ())


def database_of(world: World) -> tuple[PartState, str]:
    return next((one.state, one.code) for one in check(world.desk) if one.part == "database")


def test_health_and_verification_say_who_owns_the_tables(
    parted: World, fresh_postgres: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert database_of(parted) == (PartState.OK, "")
    alone = found_world(tmp_path / "alone", fresh_postgres())
    assert database_of(alone) == (PartState.OK, "database_as_owner")
    alone.desk.close()
    for world, as_owner in ((parted, False), (alone, True)):
        monkeypatch.setenv("CSIRT_DATABASE_URL", world.desk.settings.database)
        said = call("verify", "--json", "--data", world.desk.settings.data)
        assert (said.row["ok"], said.row["as_owner"]) == (True, as_owner)
        assert ("所有者" in call("verify", "--data", world.desk.settings.data).out) is as_owner


def test_one_role_for_all_works_as_before(url: str, tmp_path: Path) -> None:
    world = found_world(tmp_path, as_role(url, OWNER))
    world.open()
    world.work()
    assert world.desk.look(audit.verify).ok
    world.desk.close()


def test_an_older_database_is_brought_up_by_its_owner(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it was with one role, which now becomes the desk's; the desk does not start before the owner has done it."""
    data = city(tmp_path)
    as_superuser(url, f"DO $$ BEGIN CREATE ROLE {APP} LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$")
    migrate(as_role(url, OWNER), "0030")
    for _ in range(2):
        with pytest.raises(Unavailable, match="owner_needed"):
            wire(Settings(data=data, database_url=as_role(url, APP)), "cli")
        assert give_roles(monkeypatch, url, role=APP).error["error"] == "owner_needed"
    assert give_roles(monkeypatch, url).code == 0
    wire(Settings(data=data, database_url=as_role(url, APP)), "cli").close()


def test_what_cannot_be_parted_is_refused(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert give_roles(monkeypatch, url, "--app", OWNER).error["error"] == "role_is_owner"
    assert call("database", "roles", "--json", "--data", city(tmp_path)).error["error"] == "roles_need_postgresql"
    assert give_roles(monkeypatch, url, "--app", 'o"dd').code == 0
    assert "made" in give_roles(monkeypatch, url, "--app", 'o"dd').rows[0]
