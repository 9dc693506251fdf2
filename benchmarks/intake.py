"""How many detections a second are taken in for good, how quickly, and what a storm of them does.

    .venv/bin/python -m benchmarks.intake [--database sqlite] [--parts fsdbt] [--seconds 5] [--clients 1 8 32 256]

Parts: f the framework without the desk, for what this machine and these clients can do at most; s single POSTs by so
many clients; d the same detection 1,000 times from 32 clients at once; b NDJSON bulk of 1,000 a body; t the storm:
100,000 detections in 60 s from 20 sources, one critical among them, the worker sorting beside it. With `--body 20` a
source sends, as forwarders do, up to so many at once of what gathered while its last request was under way. Each is
authenticated, deduplicated, recorded and on the disk before the answer. The clients share the machine with the server.
One JSON object a line, beside the disk's own rate and the load of the machine.
"""

import argparse
import asyncio
import itertools
import os
import random
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from sqlmodel import col, func, select

from benchmarks.stand import Stand, answers, cpu_seconds, fsync_rate, memory_mb, quantile, show, stand, until
from csirt.cli.children import free_port
from csirt.model.incident import Level
from csirt.model.people import Actor
from csirt.record.entry import EntryKind
from csirt.response import access, audit
from csirt.store.tables.cases import IncidentRow
from csirt.store.tables.intake import DetectionRow
from csirt.store.tables.record import LedgerRow

STORM, STORM_SECONDS, SOURCES = 100_000, 60, 20
A_BODY = 1000
GRAVE = "Ransomware: files were encrypted"  # of a type that has a playbook, which calls somebody
OK = 200


def detection(number: int, source: int = 0, level: int = 1) -> dict[str, Any]:
    """About 1 KB of our own JSON."""
    return {
        "schema": "csirt.detection.v1", "id": f"{source}-{number}", "title": "ET POLICY outbound connection refused",
        "level": level, "host": f"pc-{number % 997}", "dst_ip": "192.0.2.7",
        "src_ip": f"10.{source // 250}.{number % 250}.{source % 250}",
        "time": "2026-11-22T10:00:00+09:00", "category": "policy", "severity_native": "low",
        "observables": {"domain": [f"host-{number % 50}.example"], "note": ["x" * 560]},
    }  # fmt: skip


@dataclass
class Client:
    """One keep-alive connection that says no more than it must."""

    port: int
    token: str
    reader: asyncio.StreamReader = field(init=False)
    writer: asyncio.StreamWriter = field(init=False)

    async def open(self) -> "Client":
        """Connect."""
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def send(self, body: bytes) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        head = (
            f"POST /api/v1/detections?format=native HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {self.token}"
            f"\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.writer.write(head.encode() + body)
        answer = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(answer.partition("content-length: ")[2].partition("\r\n")[0])
        return int(answer[9:12]), orjson.loads(await self.reader.readexactly(length))

    def close(self) -> None:
        """Hang up."""
        self.writer.close()


def token_for(at: Stand, name: str) -> str:
    """A sensor's token."""
    return at.desk.commit(Actor("p-bench", "local"), access.issue_token, name)


async def crowd(at: Stand, token: str, number: int, work: Callable[[Client], Awaitable[None]]) -> None:
    """So many clients do this at once."""
    clients = [await Client(at.port, token).open() for _ in range(number)]
    await asyncio.gather(*map(work, clients))
    for client in clients:
        client.close()


def milliseconds(seconds: Sequence[float]) -> dict[str, float]:
    """p50, p99 and longest."""
    return {
        name: round(quantile(seconds, share) * 1000, 1) for name, share in (("p50", 0.5), ("p99", 0.99), ("max", 1))
    }


def bare(seconds: float, clients: int = 32) -> None:
    """Part f."""
    port, took = free_port(), []
    server = subprocess.Popen([sys.executable, "-m", "benchmarks.bare", str(port)])
    body, end = orjson.dumps(detection(1)), 0.0

    async def work(client: Client) -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            await client.send(body)
            took.append(time.monotonic() - began)

    async def all_of_them() -> None:
        made = [await Client(port, "none").open() for _ in range(clients)]
        await asyncio.gather(*map(work, made))

    try:
        until(lambda: answers(f"http://127.0.0.1:{port}"), every=0.05)
        cpu, began = cpu_seconds(server.pid), time.monotonic()
        end = began + seconds
        asyncio.run(all_of_them())
        lasted = time.monotonic() - began
        cpu = (cpu_seconds(server.pid) - cpu) * 1000 / len(took)
    finally:
        server.terminate()
        server.wait()
    show(
        part="f", clients=clients, per_s=round(len(took) / lasted), ms=milliseconds(took),
        server_cpu_ms_each=round(cpu, 2), load=os.getloadavg()[0],
    )  # fmt: skip


def rows(at: Stand) -> tuple[int, int]:
    """Detections stored, and how often they were seen in all."""
    with at.desk.read() as session:
        count, seen = session.exec(select(func.count(), func.sum(DetectionRow.count)).select_from(DetectionRow)).one()
    return count, int(seen or 0)


def singles(at: Stand, token: str, clients: int, seconds: float) -> None:
    """Part s."""
    numbers, took, wrong = itertools.count(clients * 10_000_000), [], []
    end = time.monotonic() + seconds

    async def work(client: Client) -> None:
        while time.monotonic() < end:
            body = orjson.dumps(detection(next(numbers)))
            began = time.monotonic()
            status, _ = await client.send(body)
            took.append(time.monotonic() - began)
            if status != OK:
                wrong.append(status)

    cpu, began = cpu_seconds(at.pid("web")), time.monotonic()
    asyncio.run(crowd(at, token, clients, work))
    lasted = time.monotonic() - began
    show(
        part="s", clients=clients, per_s=round(len(took) / lasted), ms=milliseconds(took), wrong=len(wrong),
        server_cpu_ms_each=round((cpu_seconds(at.pid("web")) - cpu) * 1000 / len(took), 2), load=os.getloadavg()[0],
    )  # fmt: skip


def duplicates(at: Stand, token: str) -> None:
    """Part d."""
    before, turns = rows(at), itertools.count()
    body, wrong = orjson.dumps(detection(1, 77)), []

    async def work(client: Client) -> None:
        while next(turns) < 1000:
            status, _ = await client.send(body)
            if status != OK:
                wrong.append(status)

    began = time.monotonic()
    asyncio.run(crowd(at, token, 32, work))
    lasted, after = time.monotonic() - began, rows(at)
    show(part="d", rows=after[0] - before[0], count=after[1] - before[1], wrong=len(wrong), per_s=round(1000 / lasted))


def bulk(at: Stand, token: str, clients: int, bodies: int) -> None:
    """Part b."""
    made = [
        b"\n".join(orjson.dumps(detection(body * A_BODY + n, 100 + clients)) for n in range(A_BODY))
        for body in range(bodies)
    ]
    accepted: list[int] = []

    async def work(client: Client) -> None:
        while made:
            status, answer = await client.send(made.pop())
            accepted.append(answer["detections"] if status == OK else 0)

    cpu, began = cpu_seconds(at.pid("web")), time.monotonic()
    asyncio.run(crowd(at, token, clients, work))
    lasted = time.monotonic() - began
    show(
        part="b", clients=clients, detections_per_s=round(sum(accepted) / lasted), accepted=sum(accepted),
        server_cpu_us_each=round((cpu_seconds(at.pid("web")) - cpu) * 1e6 / max(1, sum(accepted))),
        load=os.getloadavg()[0],
    )  # fmt: skip


def when_called(at: Stand) -> dict[str, float | None]:
    """How long after the critical detection was stored it had its case, and somebody was called."""
    with at.desk.read() as session:
        critical = session.exec(select(DetectionRow).where(DetectionRow.level == Level.CRISIS)).first()
        if critical is None or critical.incident is None:
            return {"opened_s": None, "called_s": None}
        entries = session.exec(select(LedgerRow.kind, func.min(LedgerRow.at)).where(LedgerRow.inc == critical.incident)
                               .group_by(col(LedgerRow.kind))).all()  # fmt: skip
    first = dict(entries)
    after = {
        name: first.get(kind.value) for name, kind in
        (("opened_s", EntryKind.INCIDENT_OPENED), ("called_s", EntryKind.PERSON_CALLED))
    }  # fmt: skip
    return {name: round((at_ - critical.first_seen).total_seconds(), 2) if at_ else None for name, at_ in after.items()}


def is_all_sorted(at: Stand) -> bool:
    """Is nothing new left?"""
    with at.desk.read() as session:
        return session.exec(select(DetectionRow.id).where(DetectionRow.state == "new").limit(1)).first() is None


@dataclass
class Storm:
    """What a storm is made of, and what came of it: seconds of each answer, wrong answers, memory at its peak."""

    at: Stand
    each: int
    seconds: int
    body: int
    sent: int = 0
    took: list[float] = field(default_factory=list)
    wrong: list[int] = field(default_factory=list)
    web_mb: float = 0.0
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    async def run(self) -> None:
        """Each source has a connection of its own."""
        tokens = [token_for(self.at, f"storm-{source}") for source in range(SOURCES)]
        watching = asyncio.create_task(self._watch())
        await asyncio.gather(*(self._flood(source, token) for source, token in enumerate(tokens)))
        watching.cancel()

    async def _watch(self) -> None:
        while True:
            self.web_mb = max(self.web_mb, await asyncio.to_thread(memory_mb, self.at.pid("web")))
            await asyncio.sleep(1)

    async def _flood(self, source: int, token: str) -> None:
        """What is due goes out once the last request was answered, at most so many at once."""
        client, told = await Client(self.at.port, token).open(), self._told_by(source)
        done, began = 0, time.monotonic()
        while done < self.each:
            await asyncio.sleep(max(0.0, began + done * self.seconds / self.each - time.monotonic()))
            due = int((time.monotonic() - began) * self.each / self.seconds) - done
            some = list(itertools.islice(told, max(1, min(due, self.body))))
            sent = time.monotonic()
            status, _ = await client.send(b"\n".join(some))
            self.took.append(time.monotonic() - sent)
            self.sent += len(some)
            self.wrong += [status] * len(some) if status != OK else []
            done += len(some)
        client.close()

    def _told_by(self, source: int) -> Iterator[bytes]:
        """One in five detections is told again; one of all is critical."""
        last = 0
        for turn in range(self.each):
            last = last if turn and self.chance.random() < 0.2 else turn
            told = detection(last, 1000 + source, 1)
            if (source, turn) == (SOURCES // 2, self.each // 2):
                told = detection(10**6 + turn, 1000 + source, Level.CRISIS) | {"title": GRAVE}
            yield orjson.dumps(told)


def cpu_of(at: Stand) -> dict[str, float]:
    """Seconds of CPU that the processes have used so far, and those who send."""
    return {"web": cpu_seconds(at.pid("web")), "worker": cpu_seconds(at.pid("worker")), "senders": time.process_time()}


def storm(at: Stand, total: int, seconds: int, body: int) -> None:
    """Part t: the storm, then how long it takes until all of it is sorted."""
    before, blown = rows(at), Storm(at, total // SOURCES, seconds, body)
    idle, began = cpu_of(at), time.monotonic()
    asyncio.run(blown.run())
    lasted, after, sent = time.monotonic() - began, rows(at), blown.sent
    began = time.monotonic()
    until(lambda: is_all_sorted(at), every=0.05)
    sorting = round(time.monotonic() - began, 1)
    cpu = {name: round((used - idle[name]) * 1e6 / sent) for name, used in cpu_of(at).items()}
    with at.desk.read() as session:
        opened = session.exec(select(func.count()).select_from(IncidentRow)).one()
    show(
        part="t", body=body, sent=sent, per_s=round(sent / lasted), seconds=round(lasted, 1),
        ms=milliseconds(blown.took), wrong=len(blown.wrong), lost=sent - len(blown.wrong) - (after[1] - before[1]),
        rows=after[0] - before[0], incidents=opened, sorted_after_s=sorting, **when_called(at),
        web_mb=blown.web_mb, cpu_us_each=cpu,
        sound=at.desk.look(audit.verify).ok, load=os.getloadavg()[0],
    )  # fmt: skip


def main() -> None:
    """Run the parts that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--parts", default="fsdbt")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--clients", type=int, nargs="*", default=[1, 8, 32, 256])
    parser.add_argument("--storm", type=int, nargs=2, default=[STORM, STORM_SECONDS], metavar=("TOTAL", "SECONDS"))
    parser.add_argument("--body", type=int, default=1)
    given = parser.parse_args()
    with stand(given.database) as at:
        show(database=given.database, fsyncs_per_s=fsync_rate(at.folder), load=os.getloadavg()[0])
        if "f" in given.parts:
            bare(min(given.seconds, 3))
        at.start(*(("web", "worker") if given.parts == "t" else ("web",)))
        for clients in given.clients if "s" in given.parts else ():
            singles(at, token_for(at, f"bench-{clients}"), clients, given.seconds)
        if "d" in given.parts:
            duplicates(at, token_for(at, "bench-same"))
        for clients in (1, 4) if "b" in given.parts else ():
            bulk(at, token_for(at, f"bulk-{clients}"), clients, 20)
        if "t" in given.parts:
            total, seconds = given.storm
            storm(at, total, seconds, given.body)


if __name__ == "__main__":
    main()
