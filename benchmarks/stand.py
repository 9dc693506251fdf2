"""The stand a benchmark measures on: the sample city with its real processes; the machine's own limits beside it."""

import contextlib
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.cli.cast import Cast
from csirt.cli.children import Child, Children, free_port, prefect_child, web_child, worker_child
from csirt.model.people import SYSTEM, Actor
from csirt.response import people
from csirt.settings import Settings
from csirt.store.tx import Look
from tests.postgres import PostgresServer, running_server

PAGE = 4096
TICKS = os.sysconf("SC_CLK_TCK")


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of all values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def spread(seconds: Sequence[float]) -> dict[str, float]:
    """How often, and p50, p95 and longest in milliseconds."""
    return {
        "n": len(seconds),
        "p50_ms": round(statistics.median(seconds) * 1000, 1),
        "p95_ms": round(quantile(seconds, 0.95) * 1000, 1),
        "max_ms": round(max(seconds) * 1000, 1),
    }


def fsync_rate(folder: Path, seconds: float = 1.0) -> int:
    """How many 4-KiB writes a second this disk makes durable, one after another: the limit of any commit."""
    block, count, end = b"\0" * PAGE, 0, time.monotonic() + seconds
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        while time.monotonic() < end:
            os.pwrite(file.fileno(), block, 0)
            os.fdatasync(file.fileno())
            count += 1
    return round(count / seconds)


def until(question: Callable[[], Any], seconds: float = 120, every: float = 0.002) -> Any:
    """Ask until the answer is true. Raises `TimeoutError`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := question():
            return found
        time.sleep(every)
    raise TimeoutError(question)


def tree_of(pid: int) -> list[int]:
    """A process and everything below it."""
    found = [pid]
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += tree_of(int(child))
    return found


def memory_mb_alone(pid: int) -> float:
    """Proportional memory (PSS) of one process in MB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:  # it has ended
        return 0.0
    return round(sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024, 1)


def memory_mb(pid: int) -> float:
    """Proportional memory of a process and everything below it, in MB."""
    return round(sum(memory_mb_alone(one) for one in tree_of(pid)), 1)


def name_of(pid: int) -> str:
    """What a process is, by the words of its command line."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return "ended"
    return " ".join([word for word in words if word.isalpha()][:2]) or words[0]


def cpu_seconds(pid: int) -> float:
    """CPU time that a process and everything below it have used."""
    total = 0
    for one in tree_of(pid):
        with contextlib.suppress(OSError):
            parts = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += int(parts[11]) + int(parts[12])
    return total / TICKS


@dataclass
class Stand:
    """A city in a folder of its own, on SQLite or PostgreSQL, with the processes that were started for it."""

    folder: Path
    postgres: PostgresServer | None = None
    prefect_host: str = "127.0.0.1"
    children: Children = field(init=False)
    desk: Desk = field(init=False)
    port: int = field(default_factory=free_port)
    _actors: dict[str, Actor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Found the city and open its desk in this process too."""
        self.data = self.folder / "data"
        founding.found(self.data, founding.SAMPLE_CITY)
        url = self.postgres.fresh_database() if self.postgres else ""
        if url:
            os.environ["CSIRT_DATABASE_URL"] = url
        else:
            os.environ.pop("CSIRT_DATABASE_URL", None)
        self.children = Children(self.data)
        self.desk = wire(Settings(data=self.data, database_url=url), "cli")
        self.desk.commit(SYSTEM, people.refresh, self.desk.directory.people(), self.desk.directory.posts())

    def start(self, *names: str) -> None:
        """Start processes (`prefect`, `worker`, `web`) and return when those that can be asked answer."""
        made: dict[str, Callable[[], Child]] = {
            "prefect": self._prefect,
            "worker": lambda: worker_child(self.data, self.port),
            "web": lambda: web_child(self.data, self.port),
        }
        for name in names:
            self.children.add(made[name]())
        self.children.start()
        if "prefect" in names:
            until(lambda: answers(f"{self.desk.prefect_url()}/health"), every=0.05)
        if "web" in names:
            until(Cast(f"http://127.0.0.1:{self.port}").is_there, every=0.05)

    def _prefect(self) -> Child:
        child = prefect_child(self.data)
        note, words = self.data / "run" / "prefect.url", child.command()
        note.write_text(note.read_text().replace("127.0.0.1", self.prefect_host))
        child.command = lambda: [self.prefect_host if word == "127.0.0.1" else word for word in words]
        if self.postgres:
            environment, url = child.environment, self.postgres.fresh_database().replace("+psycopg", "+asyncpg")
            child.environment = lambda: {**environment(), "PREFECT_SERVER_DATABASE_CONNECTION_URL": url}
        return child

    def pid(self, name: str) -> int:
        """The process of a child."""
        process = self.children.children[name].process
        assert process is not None
        return process.pid

    def person(self, uid: str) -> Actor:
        """Somebody of the sample city, as actor."""

        def look(at: Look) -> Actor:
            return people.local_actor(at.session, at.vault, uid)

        if uid not in self._actors:
            self._actors[uid] = self.desk.look(look)
        return self._actors[uid]

    def stop(self) -> None:
        """End the processes and close the desk."""
        self.children.stop()
        self.desk.close()


def answers(url: str) -> bool:
    """Does this address answer at all?"""
    try:
        return httpx.get(url, timeout=2).status_code < httpx.codes.INTERNAL_SERVER_ERROR
    except httpx.HTTPError:
        return False


@contextlib.contextmanager
def stand(database: str) -> Iterator[Stand]:
    """A stand in a temporary folder; with PostgreSQL a real server that keeps its promises (fsync on)."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stand-")))
        server = stack.enter_context(running_server(())) if database == "postgresql" else None
        made = Stand(folder, server)
        try:
            yield made
        finally:
            made.stop()


def show(**figures: Any) -> None:
    """Print one line of JSON at once, so that a long run can be watched."""
    print(json.dumps(figures, ensure_ascii=False), flush=True)
