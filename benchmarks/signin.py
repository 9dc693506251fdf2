"""What a sign-in costs against a real directory server, and what a silent directory costs everybody else.

    .venv/bin/python benchmarks/signin.py [--times 200] [--clients 8]

Starts slapd with the sample city's people, one web process on SQLite with every commit synced, listening as the product
does, and signs people in by the API from a process of their own: one after the other, then several at once. Then all
directory servers fall silent: so many sign-ins wait at once, while the web process's event loop is watched. Prints one
JSON object; exits 1 if the slowest twentieth of single sign-ins took 50 ms or more, a sign-in without a directory
longer than 3 s, or the loop stood still for 50 ms.
"""

import argparse
import asyncio
import json
import shutil
import socket
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path

import httpx
import uvicorn

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from csirt import founding
from csirt.bootstrap import Desk, wire
from csirt.model.people import SYSTEM
from csirt.response import people
from csirt.settings import Settings
from csirt.web.app import create_app
from csirt.web.serve import listen
from tests.directory import slapd

P95, ANSWERED, STALL = 0.050, 3.0, 0.050
PEOPLE = founding.SAMPLE_CITY.parent / "people.ldif"
ACCOUNTS = ("k.sato", "y.tanaka", "h.suzuki", "m.takahashi", "n.ito", "s.watanabe", "e.yamamoto", "t.nakamura")
LOCAL = "127.0.0.1"


class Lag:
    """How long the loop of the web process was away, at most, since the last look."""

    def __init__(self) -> None:
        self.most = 0.0

    async def watch(self) -> None:
        """Come back every 2 ms, or see how much later."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.002)
            self.most = max(self.most, time.perf_counter() - before - 0.002)


@contextmanager
def serving(desk: Desk, lag: Lag) -> Iterator[str]:
    """The application on a free port of loopback, its loop watched."""
    door = listen(LOCAL, 0)
    server = uvicorn.Server(uvicorn.Config(create_app(desk), log_config=None, lifespan="off", ws="none"))

    async def both() -> None:
        watching = asyncio.create_task(lag.watch())
        await server.serve(sockets=[door])
        watching.cancel()

    thread = threading.Thread(target=lambda: asyncio.run(both()))
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield f"http://{LOCAL}:{door.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def sign_in(client: httpx.Client, uid: str) -> tuple[float, int]:
    """Seconds and status."""
    begin = time.perf_counter()
    answer = client.post("/api/v1/session", json={"uid": uid, "password": f"{uid}-naruto"})
    return time.perf_counter() - begin, answer.status_code


def at(seconds: Sequence[float], share: float) -> float:
    """The value below which this share lies, in ms."""
    return round(statistics.quantiles(seconds, n=100)[round(share * 100) - 1] * 1000, 1)


def measure(address: str, times: int, clients: int) -> dict[str, float]:
    """One after the other, then several at once, each with an account of its own."""
    with httpx.Client(base_url=address, timeout=30) as client:
        for uid in ACCOUNTS:
            assert sign_in(client, uid)[1] == 200
        alone = [sign_in(client, ACCOUNTS[n % len(ACCOUNTS)])[0] for n in range(times)]

    def some(uid: str) -> list[float]:
        with httpx.Client(base_url=address, timeout=30) as client:
            return [sign_in(client, uid)[0] for _ in range(times // clients)]

    begin = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        together = [one for found in pool.map(some, ACCOUNTS[:clients]) for one in found]
    rate = len(together) / (time.perf_counter() - begin)
    return {"p50_ms": at(alone, 0.5), "p95_ms": at(alone, 0.95), "together_p95_ms": at(together, 0.95),
            "per_second": round(rate, 1)}  # fmt: skip


def warm_up(address: str) -> None:
    """What a process does once only is done."""
    with httpx.Client(base_url=address, timeout=30) as client:
        assert client.get("/api/v1/health").status_code in {200, 503}


def without(address: str) -> float:
    """Everybody tries at once, and no server answers: the longest that somebody waited, in seconds."""

    def one(uid: str) -> tuple[float, int]:
        with httpx.Client(base_url=address, timeout=30) as client:
            return sign_in(client, uid)

    with ThreadPoolExecutor(len(ACCOUNTS)) as pool:
        found = list(pool.map(one, ACCOUNTS))
    assert {status for _, status in found} <= {503}, found
    return round(max(seconds for seconds, _ in found), 2)


def settings_of(data: Path, server: slapd.Slapd, url: str) -> Settings:
    """A city that asks this directory."""
    return Settings(
        data=data, directory="ldap", ldap_url=url, ldap_base=slapd.BASE, ldap_bind_dn=slapd.READER,
        ldap_bind_password=slapd.READER_PASSWORD, ldap_ca_file=server.ca_file,
    )  # fmt: skip


def main() -> int:
    """Run and judge."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--clients", type=int, default=8)
    wanted = parser.parse_args()
    found: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        founding.found(folder / "data", founding.SAMPLE_CITY)
        (folder / "slapd").mkdir()
        authority = slapd.Authority(folder)
        server = stack.enter_context(slapd.running(PEOPLE, folder / "slapd", authority, slapd.RIGHT_HOST))
        desk = wire(settings_of(folder / "data", server, server.tls_url), "web")
        listing = desk.directory.listing()
        desk.commit(SYSTEM, people.refresh, listing.people, listing.posts)
        clients = stack.enter_context(ProcessPoolExecutor(1, get_context("spawn")))
        with serving(desk, Lag()) as address:
            found |= clients.submit(measure, address, wanted.times, wanted.clients).result()
        desk.close()
        shutil.copytree(folder / "data", folder / "other")
        holes = [stack.enter_context(socket.create_server((LOCAL, 0), backlog=64)) for _ in range(2)]
        urls = " ".join(f"ldaps://{LOCAL}:{hole.getsockname()[1]}" for hole in holes)
        desk, lag = wire(settings_of(folder / "other", server, urls), "web"), Lag()
        with serving(desk, lag) as address:
            clients.submit(warm_up, address).result()
            lag.most = 0.0
            found["silent_most_s"] = clients.submit(without, address).result()
            found["stall_ms"] = round(lag.most * 1000, 1)
        desk.close()
    print(json.dumps(found))
    held = found["p95_ms"] < P95 * 1000 and found["silent_most_s"] <= ANSWERED and found["stall_ms"] < STALL * 1000
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
