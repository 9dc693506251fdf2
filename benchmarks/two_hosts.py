"""Two hosts take runs from one Prefect work pool; one of them is cut off mid-way and comes back.

    .venv/bin/python -m benchmarks.two_hosts [--incidents 200] [--cut 20] [--waiting 0 1000] [--parts ca]

Run it as root: each host is a network namespace with an address of its own and its own data folder; a host is cut off
by taking it from the bridge, so that packets are lost and connections stay open. PostgreSQL (fsync on) and Prefect's
server, whose database is there too, stay on the other side. Parts: c the cut; a answer to the next open step through
the pool. One JSON object a line.
"""

import argparse
import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from sqlalchemy import make_url
from sqlmodel import col, select

from benchmarks.engine import FIRST, answered, fill, open_incident, standing
from benchmarks.stand import Stand, show, spread, until
from csirt.bootstrap import Desk, wire
from csirt.cli.children import free_port, prefect_client_environment
from csirt.logs import configure
from csirt.model.incident import IncidentType
from csirt.model.step import Json
from csirt.playbook import Act, Disposition, Responder, Role, action, playbook, seconds
from csirt.playbook.acting import Acting
from csirt.response import assignments, audit, incidents
from csirt.response.assignments import Reply
from csirt.response.incidents import Report
from csirt.settings import Settings
from csirt.store.queries import timeline, work, workings
from csirt.store.tables.cases import IncidentRow
from tests.postgres import PostgresServer, running_server

POOL = "city"
IP = shutil.which("ip") or "ip"
BRIDGE, NETWORK = "csirtb0", "10.231.77"
HERE = f"{NETWORK}.1"
HOSTS = ("one", "two")
JOURNAL = "CSIRT_BENCHMARK_JOURNAL"  # where the outside system writes down what it was asked to do
PASSES = 4
PATIENCE = 1200  # seconds until we give up
LIVELY = 8  # seconds since the last heartbeat of a host that works


@action(within=seconds(10))
def leave_mark(act: Act) -> Json:
    """One effect outside, and a line for each time it was asked for."""
    assert isinstance(act, Acting)
    with Path(os.environ[JOURNAL]).open("a", encoding="utf-8") as journal:
        journal.write(f"{act.key}\n")
    return {"key": act.key}


@playbook(handles="drill", version=1)
def there_and_back(respond: Responder) -> Disposition:
    """An automatic action, a human answer, another action."""
    respond.do(leave_mark, name="before")
    respond.ask("agree", who=Role.OFFICER)
    respond.do(leave_mark, name="after")
    return respond.close(Disposition.TRUE_POSITIVE)


def with_playbook(desk: Desk) -> Desk:
    """The desk, with the playbook of this file in its wing."""
    name = (there_and_back.name, there_and_back.version)
    object.__setattr__(desk, "playbooks", {**desk.playbooks, name: there_and_back})
    types = {**desk.door.city.playbooks, IncidentType.DRILL: name}
    object.__setattr__(desk.door.city, "playbooks", types)
    return desk


def ip(*words: str, check: bool = True) -> None:
    """One command of `ip`."""
    subprocess.run([IP, *words], check=check, capture_output=not check)


@contextlib.contextmanager
def network() -> Iterator[None]:
    """A bridge with one address here, and a namespace with one for each host."""
    clear()  # what a run that was killed left behind
    try:
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("addr", "add", f"{HERE}/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        for number, host in enumerate(HOSTS, 2):
            ip("netns", "add", host_space(host))
            ip("link", "add", cable(host), "type", "veth", "peer", "name", "eth0", "netns", host_space(host))
            ip("link", "set", cable(host), "master", BRIDGE, "up")
            inside = ("-n", host_space(host))
            ip(*inside, "addr", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
            for device in ("lo", "eth0"):
                ip(*inside, "link", "set", device, "up")
        yield
    finally:
        clear()


def clear() -> None:
    """Take away the bridge and the namespaces, as far as they are there."""
    for host in HOSTS:
        ip("netns", "del", host_space(host), check=False)
    ip("link", "del", BRIDGE, check=False)


def host_space(host: str) -> str:
    """The name of a host's network namespace."""
    return f"csirt-{host}"


def cable(host: str) -> str:
    """The name of this end of a host's cable."""
    return f"csirt-{host}"


def cut(host: str) -> None:
    """From now on every packet from and to this host is lost; nobody is told."""
    ip("link", "set", cable(host), "nomaster")


def join(host: str) -> None:
    """The host is back."""
    ip("link", "set", cable(host), "master", BRIDGE)


@dataclass
class Hosts:
    """The city on its servers, and the workers of two hosts."""

    at: Stand
    database_url: str
    processes: dict[str, subprocess.Popen[bytes]]

    @property
    def journal(self) -> Path:
        """What the outside system was asked to do."""
        return self.at.folder / "journal"

    def start(self) -> None:
        """Start both workers, each in its namespace, with its own data folder; return when both have beaten."""
        self.journal.touch()
        for host in HOSTS:
            data = self.at.folder / host
            shutil.copytree(self.at.data, data, ignore=shutil.ignore_patterns("log", "prefect"))
            self.processes[host] = self._worker(host, data)
        until(lambda: len(self.at.desk.look(workings.beats)) == len(HOSTS), 300, 0.1)

    def _worker(self, host: str, data: Path) -> subprocess.Popen[bytes]:
        ours = {
            "CSIRT_DATABASE_URL": self.database_url,
            "CSIRT_PREFECT_URL": self.at.desk.prefect_url(),
            "CSIRT_PASSES_AT_ONCE": str(PASSES),
            JOURNAL: str(self.journal),
        }
        command = [IP, "netns", "exec", host_space(host), sys.executable, "-m", "benchmarks.two_hosts"]
        with (self.at.folder / f"{host}.log").open("ab") as log:
            return subprocess.Popen(
                [*command, "--worker", str(data)], env={**os.environ, **ours}, stdout=log, stderr=log
            )

    def stop(self) -> None:
        """End both workers."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def hosts() -> Iterator[Hosts]:
    """The servers here and both hosts over there, gone at the end."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(network())
        port = free_port()
        os.environ["PGPORT"] = str(port)  # it also names the socket
        server = stack.enter_context(running_server(("-c", f"listen_addresses={HERE}", "-c", f"port={port}")))
        let_in(server)
        at = Stand(Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hosts-"))), server, HERE)
        stack.callback(at.stop)
        at.start("prefect")
        with_playbook(at.desk)
        name = make_url(at.desk.settings.database_url).database
        made = Hosts(at, f"postgresql+psycopg://postgres@{HERE}:{port}/{name}", {})
        stack.callback(made.stop)
        yield made


def let_in(server: PostgresServer) -> None:
    """Hosts on the bridge may connect; nobody else reaches it."""
    with (server.folder / "data" / "pg_hba.conf").open("a", encoding="ascii") as rules:
        rules.write(f"host all all {NETWORK}.0/24 trust\n")
    with server.connect() as connection:
        connection.execute("SELECT pg_reload_conf()")


def open_many(at: Stand, count: int) -> list[str]:
    """So many incidents of this file's playbook."""
    report = Report(title="計測", type=IncidentType.DRILL)
    return [at.desk.commit(at.person("k.sato"), incidents.open_by_report, report) for _ in range(count)]


def answer_open(at: Stand) -> int:
    """Answer what stands open, as people do; returns how many."""
    found = at.desk.look(work.assignments, limit=500)
    for view in found:
        at.desk.commit(at.person("k.sato"), assignments.answer, view.id, Reply("yes", "計測", {}))
    return len(found)


def closed(at: Stand, wanted: Collection[str]) -> set[str]:
    """Which of these incidents are closed."""
    with at.desk.read() as session:
        query = select(IncidentRow.id).where(col(IncidentRow.disposition).is_not(None))
        return set(session.exec(query)) & set(wanted)


def cut_off(count: int, seconds_cut: float) -> None:
    """Part c: all are opened and answered while one host works, is cut off and comes back."""
    with hosts() as over:
        over.start()
        at, began = over.at, time.monotonic()
        opened = open_many(at, count)
        cut_at = back_at = 0.0
        done_by: list[float] = []  # when the number of closed cases grew, for the longest standstill
        last = 0
        while last < count and time.monotonic() - began < PATIENCE:
            answer_open(at)
            now, ended = time.monotonic() - began, len(closed(at, opened))
            done_by += [now] * (ended > last)
            last = ended
            if not cut_at and ended >= count // 4:
                cut(HOSTS[0])
                cut_at = now
            if cut_at and not back_at and now > cut_at + seconds_cut:
                join(HOSTS[0])
                back_at = now
            time.sleep(0.1)
        took = time.monotonic() - began
        if cut_at and not back_at:
            time.sleep(max(0.0, cut_at + seconds_cut - took))
            join(HOSTS[0])
        until(lambda: all(time_since(beat, at) < LIVELY for beat in at.desk.look(workings.beats)), 60, 0.2)
        found = effects_of(over, opened)
        again = time.monotonic()
        more = open_many(at, count // 10)  # with both hosts again
        until(lambda: (answer_open(at), len(closed(at, more)) == len(more))[1], 120, 0.1)
        show(
            part="c", incidents=count, closed=last, seconds=round(took, 1), cut_at_s=round(cut_at, 1),
            cut_for_s=seconds_cut, longest_standstill_s=longest(done_by, cut_at), **found,
            closed_with_both_again_s=round(time.monotonic() - again, 1), record_verifies=at.desk.look(audit.verify).ok,
            load=os.getloadavg()[0],
        )  # fmt: skip


def time_since(beat: workings.Beat, at: Stand) -> float:
    """Seconds since a process was last heard of."""
    return (at.desk.clock.now() - beat.at).total_seconds()


def longest(instants: Sequence[float], since: float) -> float:
    """The longest time between two cases that closed, from an instant on."""
    later = [since, *(one for one in instants if one > since)]
    return round(max((after - before for before, after in pairwise(later)), default=0.0), 1)


def effects_of(over: Hosts, opened: Sequence[str]) -> dict[str, int]:
    """What was asked of the outside, and what the record says of it."""
    keys = Counter(over.journal.read_text(encoding="utf-8").split())
    look = over.at.desk.look
    told = Counter(
        (incident, entry.kind.value, entry.step) for incident in opened for entry in look(timeline.timeline, incident)
    )
    once = [key for key in told if key[1] in {"STEP_DONE", "INCIDENT_CLOSED", "STEP_ANSWERED"}]
    return {
        "effects_wanted": 2 * len(opened),
        "effects": len(keys),
        "repeated_under_the_same_key": sum(keys.values()) - len(keys),
        "recorded_twice": sum(told[key] != 1 for key in once),
        "recorded_done": sum(key[1] == "STEP_DONE" for key in once),
    }


def through_the_pool(waiting: int, times: int) -> None:
    """Part a: answer to the next open step, both hosts taking runs from the pool, beside so many waiting runs."""
    with hosts() as over:
        fill(over.at, waiting, pool=POOL)
        over.start()
        made = [open_incident(over.at) for _ in range(times)]
        for incident in made:
            until(lambda incident=incident: standing(over.at, incident, FIRST), 300, 0.05)  # type: ignore[misc]
        figures = [answered(over.at, incident) for incident in made]
        show(part="a", by="work pool", waiting=waiting, answer_to_next_step=spread(figures), load=os.getloadavg()[0])


def work_here(data: Path) -> None:
    """One host's worker, in this process."""
    configure("worker")
    settings = Settings(data=data)
    os.environ.update(prefect_client_environment(data, settings.prefect_url))
    from csirt.worker import work as drive  # lazy: Prefect reads its environment on import

    with contextlib.closing(with_playbook(wire(settings, "worker"))) as desk:
        drive(desk, POOL)


def main() -> None:
    """Run the parts asked for; with `--worker` be a host's worker."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--incidents", type=int, default=200)
    parser.add_argument("--cut", type=float, default=20.0)
    parser.add_argument("--waiting", type=int, nargs="+", default=[0, 1000])
    parser.add_argument("--times", type=int, default=40)
    parser.add_argument("--parts", default="ca")
    parser.add_argument("--worker", type=Path)
    options = parser.parse_args()
    if options.worker:
        work_here(options.worker)
        return
    if "c" in options.parts:
        cut_off(options.incidents, options.cut)
    if "a" in options.parts:
        for waiting in options.waiting:
            through_the_pool(waiting, options.times)


if __name__ == "__main__":
    main()
