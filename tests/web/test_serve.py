"""The web process itself: the port it takes, the note it leaves, how it ends."""

import asyncio
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from csirt.bootstrap import Desk
from csirt.errors import Unavailable
from csirt.web.serve import listen, run_web

PROGRAM = """
import sys
from pathlib import Path
from csirt.bootstrap import wire
from csirt.settings import Settings
from csirt.web.serve import run_web
run_web(wire(Settings(data=Path(sys.argv[1])), "web"), "127.0.0.1", 0)
print("ended in order")
"""


@contextmanager
def process(data: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The web process on a free port, and its address."""
    started = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(data)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONWARNINGS": "default"},
    )
    note = data / "run" / "web.url"
    try:
        for _ in range(600):
            if note.exists() or started.poll() is not None:
                break
            time.sleep(0.05)
        yield started, note.read_text(encoding="utf-8").strip()
    finally:
        if started.poll() is None:
            started.kill()
        started.communicate()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_says_where_it_listens_and_ends_when_told(desk: Desk, number: signal.Signals) -> None:
    data = desk.settings.data
    with process(data) as (started, address):
        with httpx.Client(base_url=address) as client:
            assert client.get("/api/v1/health").json()["ok"] is True
            signed_in = client.post("/api/v1/session", json={"uid": "k.sato", "password": "k.sato-naruto"})
            assert signed_in.status_code == 200
            assert "server" not in signed_in.headers
        started.send_signal(number)
        out, err = started.communicate(timeout=20)
        assert (started.returncode, out.strip().splitlines()[-1:], "Traceback" in err) == (0, ["ended in order"], False)
    assert not (data / "run" / "web.url").exists()


def test_a_body_that_never_ends_is_cut_off(desk: Desk) -> None:
    with process(desk.settings.data) as (_, address):
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=20) as line:
            head = f"POST /api/v1/session HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n"
            line.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
            chunk = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
            answered: list[socket.socket] = []
            sent = 0
            while not answered and sent < 64:  # 4 MiB
                line.sendall(chunk)
                sent += 1
                answered, _, _ = select.select([line], [], [], 0.02)
            answer = line.recv(4096)
    assert answer.startswith(b"HTTP/1.1 413")
    assert sent < 64


def test_a_port_in_use_is_said_so(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Unavailable) as refused:
            run_web(desk, "127.0.0.1", taken.getsockname()[1])
    assert (refused.value.code, refused.value.permanent) == ("port_taken", True)


def test_an_answer_leaves_at_once() -> None:
    """Without TCP_NODELAY each answer on a connection that is kept open waits 40 ms between its head and its body."""
    found = []

    async def serve() -> None:
        async def come(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.append(writer.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            writer.close()

        door = listen("127.0.0.1", 0)
        async with await asyncio.start_server(come, sock=door):
            reader, writer = await asyncio.open_connection(*door.getsockname())
            await reader.read()
            writer.close()

    asyncio.run(serve())
    assert [bool(one) for one in found] == [True]
