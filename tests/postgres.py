"""A real PostgreSQL for tests: made on demand, reached by a socket in its own folder, gone at the end."""

import contextlib
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url

from tests.programs import find_program

START_SECONDS = 30
# Tests may lose their data when the machine falls; the product may not.
QUICK_NOT_SAFE = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


@dataclass(frozen=True)
class PostgresServer:
    """A running server. Only a socket below `folder` leads to it."""

    folder: Path
    names: Iterator[int] = field(default_factory=itertools.count)

    def connect(self) -> psycopg.Connection:
        """A connection to the server's own database, outside any transaction."""
        return psycopg.connect(host=str(self.folder), dbname="postgres", user="postgres", autocommit=True)

    def fresh_database(self, template: str = "template1") -> str:
        """Make an empty database and give its address for SQLAlchemy."""
        name = f"test_{next(self.names)}"
        made = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        with self.connect() as connection:
            connection.execute(made)
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def copy_of(self, url: str) -> str:
        """A copy of a database that nobody uses at the moment; its address."""
        name = make_url(url).database
        assert name
        return self.fresh_database(name)


def server_account() -> pwd.struct_passwd | None:
    """Whom the server runs as: PostgreSQL refuses root; anybody else stays who they are."""
    if os.getuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")


def start(command: list[str], account: pwd.struct_passwd | None, log: Path) -> subprocess.Popen[bytes]:
    """Start `command` as `account`, writing to `log`; it gets the end signal even if this process is killed."""
    words = ["setpriv", "--pdeathsig", "INT", *command] if shutil.which("setpriv") else command
    with log.open("ab") as output:
        return subprocess.Popen(
            words,
            user=account.pw_uid if account else None,
            group=account.pw_gid if account else None,
            extra_groups=[] if account else None,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


def wait_until_ready(server: PostgresServer, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the server answers; fail with its log if it ends or takes too long."""
    give_up = time.monotonic() + START_SECONDS
    while time.monotonic() < give_up and process.poll() is None:
        with contextlib.suppress(psycopg.OperationalError), server.connect():
            return
        time.sleep(0.05)
    pytest.fail(f"PostgreSQL did not start:\n{log.read_text(errors='replace')}")


@contextlib.contextmanager
def running_server(options: Sequence[str]) -> Iterator[PostgresServer]:
    """A server of its own as an ordinary user, without any TCP port; gone with its folder at the end."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    folders = os.pathsep.join(str(path) for path in versions)
    initdb, postgres = find_program("initdb", folders=folders), find_program("postgres", folders=folders)
    account = server_account()
    folder = Path(tempfile.mkdtemp(prefix="csirt-pg-"))
    log, data = folder / "server.log", folder / "data"
    try:
        if account:
            os.chown(folder, account.pw_uid, account.pw_gid)
        made = start(
            [str(initdb), "-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "--no-sync"],
            account,
            log,
        )
        if made.wait(timeout=START_SECONDS):
            pytest.fail(f"initdb failed:\n{log.read_text(errors='replace')}")
        sockets = ["-c", "listen_addresses=", "-k", str(folder)]
        process = start([str(postgres), "-D", str(data), *sockets, *options], account, log)
        server = PostgresServer(folder)
        try:
            wait_until_ready(server, process, log)
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # "fast shutdown": ends sessions, then itself
            process.wait(timeout=START_SECONDS)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One server for the whole session."""
    with running_server(QUICK_NOT_SAFE) as server:
        yield server


@pytest.fixture(scope="session")
def fresh_postgres(postgres_server: PostgresServer) -> Callable[[], str]:
    """A function that makes an empty PostgreSQL database and gives its SQLAlchemy address. Mark: `postgres`."""
    return postgres_server.fresh_database
