"""The syslog listener on real sockets: UDP, TCP in both framings, TLS; hostile streams, a database that is away."""

import asyncio
import signal
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from csirt import listening
from csirt.bootstrap import Desk
from csirt.errors import Invalid, Unavailable
from csirt.listening import MOST, Ports, SyslogListener
from csirt.response.intake import Accepted
from csirt.store.queries.cases import quarantine
from csirt.taking import keep
from tests.cli.calling import start
from tests.intake.declared import a_desk, counted
from tests.notifications.certificates import make_certificates

DECLARED = """
[[source]]
name = "drop"
owner = "csirt-head"
way = "syslog"
addresses = ["127.0.0.1"]
[[source]]
name = "other"
owner = "csirt-head"
way = "syslog"
addresses = ["192.0.2.1"]
"""
CEF = "<134>Nov 24 10:00:{s:02d} fw CEF:0|Vendor|FW|1|{n}|Malware blocked|9|src=10.0.0.{s} dhost=pc-{n}"
Act = Callable[[SyslogListener], Awaitable[None]]


def message(number: int) -> bytes:
    return CEF.format(n=number, s=number % 60).encode()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = a_desk(tmp_path, DECLARED)
    yield made
    made.close()


def listen(desk: Desk, act: Act, ports: Ports | None = None) -> SyslogListener:
    """Listen while something is done, then end in order."""
    listener = SyslogListener(desk, ports or Ports("127.0.0.1", udp=0, tcp=0))

    async def run() -> None:
        async with asyncio.timeout(60):
            await listener.begin()
            await act(listener)
            await listener.end()

    asyncio.run(run())
    return listener


async def send(listener: SyslogListener, data: bytes, name: str = "tcp", context: ssl.SSLContext | None = None) -> None:
    """One connection, to its end."""
    reader, writer = await asyncio.open_connection(
        "127.0.0.1", listener.bound[name], ssl=context, server_hostname="localhost" if context else None
    )
    writer.write(data)
    if context is None:
        writer.write_eof()
        await reader.read()
    await asyncio.sleep(0.2)
    writer.close()


def test_both_framings_of_tcp(desk: Desk) -> None:
    counts = b"".join(b"%d %s" % (len(one), one) for one in map(message, range(1500)))
    lines = b"".join(message(n) + b"\n" for n in range(1500, 3000))
    mixed = b"%d %s" % (len(message(3000)), message(3000)) + message(3001) + b"\n" + b"2026-11-24T10:00:00 x\n"

    async def act(listener: SyslogListener) -> None:
        await asyncio.gather(*(send(listener, one) for one in (counts, lines, mixed)))

    listen(desk, act)
    view = counted(desk)
    assert (view.records, view.detections, view.not_detections, view.quarantined) == (3003, 3002, 1, 0)


def test_udp_and_what_comes_from_elsewhere(desk: Desk) -> None:
    async def act(listener: SyslogListener) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for number in range(200):
                sender.sendto(message(number), ("127.0.0.1", listener.bound["udp"]))
            sender.sendto(b"", ("127.0.0.1", listener.bound["udp"]))
        await asyncio.sleep(0.3)
        listener.datagram(message(1), "198.51.100.1")
        listener.datagram(message(1), "192.0.2.1")

    listener = listen(desk, act)
    assert (counted(desk).detections, counted(desk, "other").duplicates, listener.refused) == (200, 1, 1)


def test_tls_with_the_citys_own_certificate(desk: Desk, tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    trusting = ssl.create_default_context(cafile=str(made.ca_file))

    async def act(listener: SyslogListener) -> None:
        await send(listener, b"%d %s" % (len(message(1)), message(1)), "tls", trusting)
        with pytest.raises(ssl.SSLCertVerificationError):
            await send(listener, message(2), "tls", ssl.create_default_context())
        await send(listener, message(3), "tls")  # no TLS at all

    listen(desk, act, Ports("127.0.0.1", tls=0, certificate=tmp_path / "right.pem"))
    assert counted(desk).records == 1


@pytest.mark.parametrize(
    ("stream", "records", "code"),
    [
        (b"9999999 x\n", 1, "syslog_frame"),
        (b"999999999999999999 x\n", 1, "not_a_log"),
        (b"50 short", 1, "syslog_frame"),
        (b"x" * (3 * MOST) + b"\n" + message(1) + b"\n", 2, "record_too_large"),
        (b"\xff\xfe\x00\x1b[31m\n", 1, "not_a_log"),
        (b"\n\r\n\0\0   \n", 0, ""),
        (b"\0" * 70000, 0, ""),
    ],
)
def test_a_hostile_stream_is_kept_and_ends_nothing(desk: Desk, stream: bytes, records: int, code: str) -> None:
    async def act(listener: SyslogListener) -> None:
        await send(listener, stream)
        await send(listener, message(7) + b"\n")

    listen(desk, act)
    assert counted(desk).records == records + 1
    assert [row["code"] for row in desk.look(quarantine)] == ([code] if code else [])


def test_nothing_is_forgotten_before_it_is_committed(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    kept, failures = keep, iter(range(3))

    def away(*args: object, **more: object) -> Accepted:
        if next(failures, None) is not None:
            raise Unavailable("database_unavailable")
        return kept(*args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(listening, "keep", away)
    monkeypatch.setattr(listening, "AGAIN", 0.01)

    async def act(listener: SyslogListener) -> None:
        held.connect(("127.0.0.1", listener.bound["tcp"]))
        held.sendall(b"".join(message(n) + b"\n" for n in range(500)))
        await asyncio.sleep(0.2)  # the connection is open still when the listener is told to end

    with socket.socket() as held:
        listen(desk, act)
    assert (counted(desk).records, counted(desk).detections) == (500, 500)


def test_what_cannot_be_opened_is_said(desk: Desk, tmp_path: Path) -> None:
    async def nothing(_: SyslogListener) -> None: ...

    with pytest.raises(Invalid, match="certificate_unusable"):
        listen(desk, nothing, Ports("127.0.0.1", tls=0))
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        with pytest.raises(Unavailable, match="syslog_port_taken"):
            listen(desk, nothing, Ports("127.0.0.1", tcp=held.getsockname()[1]))
    empty = a_desk(tmp_path / "other", "")
    with pytest.raises(Invalid, match="syslog_source_missing"):
        listen(empty, nothing)
    empty.close()


def test_the_command_listens_until_it_is_told_to_stop(desk: Desk) -> None:
    process = start("syslog", "--udp", "-1", "--tcp", str(port := free_port()), "--data", desk.settings.data)
    try:
        with reached(port) as line:
            line.sendall(message(1) + b"\n" + message(2) + b"\n")
            time.sleep(0.3)
            process.send_signal(signal.SIGTERM)  # the line is open still
            assert process.wait(20) == 0
    finally:
        process.kill()
        process.communicate()
    assert counted(desk).detections == 2


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def reached(port: int) -> socket.socket:
    """A connection, once somebody listens."""
    for _ in range(150):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.1)
    raise AssertionError
