"""Child processes of one machine: Prefect's server, the worker, the web page. Supervised, restarted with back-off."""

import contextlib
import ctypes
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from csirt.cli.folding import Folder
from csirt.errors import Conflict
from csirt.logs import log

_PR_SET_PDEATHSIG = 1
_LONGEST_PAUSE = 30.0
_GRACE = 8.0
# What Prefect's server does by itself and we have no use for: timers are our rows, states are put right by the worker.
# Each writes to a database that takes one writer at a time.
_NOT_NEEDED = (
    "SCHEDULER", "LATE_RUNS", "PAUSE_EXPIRATIONS", "CANCELLATION_CLEANUP", "TRIGGERS", "REPOSSESSOR",
    "CLEANUP_RECONCILER",
)  # fmt: skip


@dataclass
class Child:
    """One process that we keep alive. `command` is made anew for each start."""

    name: str
    command: Callable[[], list[str]]
    environment: Callable[[], Mapping[str, str]]
    process: subprocess.Popen[bytes] | None = None
    wanted: bool = True
    failures: int = 0
    next_start: float = 0.0
    started: float = 0.0
    notes: tuple[Path, ...] = ()  # where others find it; taken away when nobody looks after it any more
    is_ours: bool = True  # only our own programs are given our settings, which may hold passwords


def _inherited(child: Child) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if child.is_ours or not name.startswith("CSIRT_")}


_LIBC = ctypes.CDLL(None, use_errno=True)  # loaded before any fork: between fork and exec nothing may take a lock


def _die_with(parent: int) -> Callable[[], None]:
    """Linux ends the child when we end, even by SIGKILL, so that nothing goes on alone."""

    def prepare() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it ended before the line above
            os._exit(1)

    return prepare


@dataclass
class Children:
    """Starts and watches children from one thread, which lives as long as they do."""

    data: Path
    children: dict[str, Child] = field(default_factory=dict)
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def add(self, child: Child) -> None:
        """Watch this child from now on."""
        self.children[child.name] = child

    def start(self) -> None:
        """Begin to watch."""
        (self.data / "log").mkdir(mode=0o700, parents=True, exist_ok=True)
        self._thread = threading.Thread(target=self._watch, name="children")
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.is_set():
            for child in list(self.children.values()):
                self._look_after(child)
            self._stop.wait(0.1)
        for child in reversed(self.children.values()):
            self._end(child)
            for note in child.notes:  # whoever takes that port next must not be given our secret
                note.unlink(missing_ok=True)

    def _look_after(self, child: Child) -> None:
        running = child.process is not None and child.process.poll() is None
        if not child.wanted:
            self._end(child)  # also one that has ended by itself meanwhile
        elif not running and time.monotonic() >= child.next_start:
            if child.process is not None:
                self._note_death(child)
                if time.monotonic() < child.next_start:
                    return
            try:
                self._begin(child)
            except OSError as error:  # no memory, no room: watching goes on, or every child would end with it
                log().error("child.not_started", child=child.name, error=type(error).__name__)
                child.failures, child.next_start = child.failures + 1, time.monotonic() + _pause(child.failures + 1)

    def _note_death(self, child: Child) -> None:
        assert child.process is not None
        lived = time.monotonic() - child.started
        child.failures = 0 if lived > _LONGEST_PAUSE else child.failures + 1
        child.next_start = time.monotonic() + _pause(child.failures)
        log().warning("child.ended", child=child.name, code=child.process.returncode, failures=child.failures)
        child.process = None

    def _begin(self, child: Child) -> None:
        with self._output(child) as out:
            child.process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
                child.command(),
                env={**_inherited(child), **child.environment()},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                preexec_fn=_die_with(os.getpid()),  # noqa: PLW1509 - a single call into libc, no lock is taken
            )
        child.started = time.monotonic()

    def _output(self, child: Child) -> BinaryIO:
        """Where a child writes: our own programs into a file of log lines; of others, events are made."""
        if child.is_ours:
            return (self.data / "log" / f"{child.name}.log").open("ab")
        reading, writing = os.pipe()
        reader = Folder(child.name).read
        threading.Thread(target=reader, args=(os.fdopen(reading, "rb"),), name=f"{child.name}-log", daemon=True).start()
        return os.fdopen(writing, "wb")

    def _end(self, child: Child) -> None:
        if child.process is None:
            return
        if child.process.poll() is None:
            child.process.terminate()
            try:
                child.process.wait(_GRACE)
            except subprocess.TimeoutExpired:
                child.process.kill()
                child.process.wait()
        child.process, child.failures, child.next_start = None, 0, 0.0

    def pause(self, name: str) -> None:
        """End a child and leave it ended; returns when it is gone."""
        self.children[name].wanted = False
        while self.children[name].process is not None:
            time.sleep(0.02)

    def resume(self, name: str) -> None:
        """Start a paused child again."""
        self.children[name].wanted = True

    def stop(self) -> None:
        """End all children, the last started first, and stop watching."""
        self._stop.set()
        if self._thread:
            self._thread.join()


def _pause(failures: int) -> float:
    """Seconds before the next start."""
    return min(2.0 ** min(failures - 1, 10), _LONGEST_PAUSE) / 2


def is_free(host: str, port: int) -> bool:
    """Could we listen there?"""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return probe.connect_ex((host, port)) != 0


def free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def only_one(data: Path) -> Iterator[None]:
    """Hold the data folder: a second supervisor of the same folder is refused with `Conflict`."""
    folder = data / "run"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Conflict("already_running") from error
        yield


def _csirt(data: Path, *arguments: str) -> list[str]:
    return [sys.executable, "-m", "csirt.cli.main", *arguments, "--data", str(data)]


def prefect_child(data: Path, database_url: str = "") -> Child:
    """Prefect's server on loopback, with its own secret, telemetry off, its files in the data folder.

    `database_url`: its database on PostgreSQL; empty: SQLite in the data folder.
    """
    port = free_port()
    home = data / "prefect"
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    secret = f"csirt:{secrets.token_urlsafe(24)}"
    note = data / "run" / "prefect.url"
    note.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    note.write_text(f"http://127.0.0.1:{port}/api\n")
    hidden = data / "run" / "prefect.secret"
    hidden.unlink(missing_ok=True)  # whatever mode an older one has
    hidden.touch(mode=0o600)
    hidden.write_text(secret)
    settings = {
        **prefect_quiet(home),
        "PREFECT_SERVER_API_AUTH_STRING": secret,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": _for_prefect(database_url, home),
        "PREFECT_SERVER_DATABASE_TIMEOUT": "30",  # SQLite has one writer: to wait beats to fail and be asked again
        "PREFECT_SERVER_DATABASE_CONNECTION_TIMEOUT": "30",
        **{f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in _NOT_NEEDED},
        "PREFECT_SERVER_UI_ENABLED": "true",
        "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    return Child("prefect", lambda: command, lambda: settings, is_ours=False, notes=(note, hidden))


def _for_prefect(database_url: str, home: Path) -> str:
    if not database_url:
        return f"sqlite+aiosqlite:///{home / 'prefect.sqlite'}"
    return f"postgresql+asyncpg://{database_url.partition('://')[2]}"


def prefect_quiet(home: Path) -> dict[str, str]:
    """Settings that keep Prefect to itself: no telemetry, no start of servers of its own, files where we say."""
    return {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        "PREFECT_CLIENT_MAX_RETRIES": "1",
        "PREFECT_API_REQUEST_TIMEOUT": "5",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
        "PREFECT_CLI_PROMPT": "false",
    }


def prefect_client_environment(data: Path, url: str) -> dict[str, str]:
    """What a worker needs in its environment before it imports Prefect."""
    hidden = data / "run" / "prefect.secret"
    found = {**prefect_quiet(data / "prefect"), "PREFECT_API_URL": url}
    if hidden.exists():
        found["PREFECT_API_AUTH_STRING"] = hidden.read_text()
    return found


def worker_child(data: Path, port: int) -> Child:
    """One worker; the links in its mails lead to the page on `port`."""
    return Child("worker", lambda: _csirt(data, "worker"), lambda: {"CSIRT_PORT": str(port)})


def web_child(data: Path, port: int) -> Child:
    """The web page by itself."""
    return Child("web", lambda: _csirt(data, "serve", "--alone", "--port", str(port)), dict)


def signer_child(data: Path) -> Child:
    """The signer by itself."""
    return Child("signer", lambda: _csirt(data, "signer"), dict)
