"""Listens for syslog: UDP, TCP (RFC 6587: octet counting and lines) and TLS (RFC 5425), on an unprivileged port.

Syslog acknowledges nothing, so what is heard is kept in memory as briefly as can be: batches of a fraction of a second,
forgotten only once they are committed. While the database does not answer, TCP senders are held up by their own
connection; of UDP, what no longer fits is counted and said.
"""

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from csirt.bootstrap import Desk
from csirt.errors import CsirtError, Invalid, Unavailable
from csirt.logs import log
from csirt.model.detection import SourceRecord, Unreadable
from csirt.model.ports import Reader
from csirt.model.source import Source, Way
from csirt.readers import formats
from csirt.readers.logs import SYSLOG
from csirt.response.intake import BATCH_LIMIT
from csirt.response.sources import actor_for
from csirt.taking import batches, keep, reader_for

MOST = 256 * 1024  # bytes of one message; RFC 5425 asks for 8 KiB at least
MOST_WAITING = 4 * BATCH_LIMIT  # messages heard and not yet committed
MOST_LINES = 256  # connections at once
IDLE = 600.0  # seconds without a byte, after which a connection is closed
GATHER = 0.1  # seconds in which a batch fills
AGAIN = 1.0  # seconds until the database is asked again
_DIGITS = 7  # of an octet count
_BETWEEN = frozenset({b"\r", b"\n", b"\0", b" "})


@dataclass(frozen=True, slots=True)
class Heard:
    """One message of a source; `flaw` says why it could not be cut out of its stream."""

    source: Source
    raw: bytes
    flaw: Unreadable | None = None


@dataclass(frozen=True, slots=True)
class Ports:
    """Where to listen; 0 takes a free port, None does not listen."""

    host: str
    udp: int | None = None
    tcp: int | None = None
    tls: int | None = None
    certificate: Path | None = None
    key: Path | None = None


class SyslogListener:
    """One listener a process. `bound` says which ports it has once it has begun."""

    def __init__(self, desk: Desk, ports: Ports) -> None:
        """Nothing is opened yet."""
        self._desk = desk
        self._ports = ports
        self._sources = [one for one in desk.door.city.sources.values() if one.way is Way.SYSLOG]
        self._sources.sort(key=lambda one: (not one.addresses, one.name))  # who names addresses goes first
        self._waiting: asyncio.Queue[Heard] = asyncio.Queue(MOST_WAITING)
        self._open: list[asyncio.BaseTransport | asyncio.Server] = []
        self._lines: dict[asyncio.Task[None], tuple[asyncio.StreamReader, asyncio.StreamWriter]] = {}
        self._writer: asyncio.Task[None] | None = None
        self.bound: dict[str, int] = {}
        self.refused = self.lost = 0

    async def begin(self) -> None:
        """Open the ports.

        Raises:
            Invalid: `syslog_source_missing`: no source sends by syslog; `certificate_unusable`.
            Unavailable: `syslog_port_taken`.
        """
        if not self._sources:
            raise Invalid("syslog_source_missing")
        ports, context = self._ports, self._context()
        try:
            if ports.udp is not None:
                await self._listen_udp(ports.udp)
            if ports.tcp is not None:
                await self._listen_tcp("tcp", ports.tcp, None)
            if ports.tls is not None:
                await self._listen_tcp("tls", ports.tls, context)
        except OSError as error:
            await self.end()
            raise Unavailable("syslog_port_taken", permanent=True) from error
        self._writer = asyncio.create_task(self._write_forever())
        log().info("syslog.listening", **self.bound)

    async def end(self) -> None:
        """Close the ports and commit all that was heard."""
        for one in self._open:
            one.close()
        for reader, writer in self._lines.values():  # what has come is read to its end, and no more is let in
            with contextlib.suppress(RuntimeError):
                _reading(writer).pause_reading()
            reader.feed_eof()
        await asyncio.gather(*self._lines, return_exceptions=True)
        if self._writer is not None:
            await self._waiting.join()
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)

    def _context(self) -> ssl.SSLContext | None:
        if self._ports.tls is None:
            return None
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        try:
            context.load_cert_chain(self._ports.certificate or "", self._ports.key)
        except (OSError, ssl.SSLError) as error:
            raise Invalid("certificate_unusable") from error
        return context

    def source_at(self, address: str) -> Source | None:
        """The source that sends from an address."""
        found = next((one for one in self._sources if one.may_come_from(address)), None)
        if found is None:
            self.refused += 1
            if self.refused & (self.refused - 1) == 0:  # 1, 2, 4, 8 …: a flood fills no log
                log().warning("syslog.refused", messages=self.refused)
        return found

    # ------------------------------------------------------------------------------------------------------- hearing

    async def _listen_udp(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(self._ports.host, port)
        )
        self._open.append(transport)
        self.bound["udp"] = transport.get_extra_info("sockname")[1]

    async def _listen_tcp(self, name: str, port: int, context: ssl.SSLContext | None) -> None:
        server = await asyncio.start_server(self._connected, self._ports.host, port, ssl=context, limit=MOST)
        self._open.append(server)
        self.bound[name] = server.sockets[0].getsockname()[1]

    def datagram(self, raw: bytes, address: str) -> None:
        """A message came by UDP."""
        source = self.source_at(address)
        if source is None:
            return
        try:
            self._waiting.put_nowait(Heard(source, raw))
        except asyncio.QueueFull:
            self.lost += 1
            if self.lost & (self.lost - 1) == 0:
                log().error("syslog.lost", messages=self.lost)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        peer = writer.get_extra_info("peername") or ("",)
        source = self.source_at(str(peer[0]))
        if source is not None and len(self._lines) < MOST_LINES:
            self._lines[task] = reader, writer
            try:
                async for message in _messages(reader, source):
                    await self._waiting.put(message)
            except (OSError, TimeoutError, asyncio.CancelledError):  # told to end, gone or idle: what came is kept
                pass
            finally:
                del self._lines[task]
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    # ------------------------------------------------------------------------------------------------------- keeping

    async def _write_forever(self) -> None:
        while True:
            heard = [await self._waiting.get()]
            await asyncio.sleep(GATHER)
            while len(heard) < BATCH_LIMIT and not self._waiting.empty():
                heard.append(self._waiting.get_nowait())
            await self._write(heard)
            for _ in heard:
                self._waiting.task_done()

    async def _write(self, heard: list[Heard]) -> None:
        """Commit, however often it takes: nothing is forgotten before."""
        heard.sort(key=lambda one: one.source.name)
        for _, group in groupby(heard, key=lambda one: one.source.name):
            messages = list(group)
            while True:
                try:
                    await asyncio.to_thread(self._keep, messages)
                    break
                except CsirtError as error:
                    log().error("syslog.not_kept", code=error.code, messages=len(messages))
                    await asyncio.sleep(AGAIN)

    def _keep(self, messages: list[Heard]) -> None:
        source = messages[0].source
        try:
            form = SYSLOG if source.format == formats.AUTO else source.format
            reader = reader_for(self._desk, source, b"", formats.AUTO if source.mapping else form)
            records, name = _numbered(one for message in messages for one in _read(reader, message)), reader.format
        except CsirtError as error:  # the mapping file is gone or wrong: all is kept, and can be read again
            why = Unreadable(error.code, "mapping")
            records, name = _numbered(SourceRecord(0, one.raw, why) for one in messages), source.format
        for batch in batches(records):
            keep(self._desk, actor_for(source), batch, source.actor, name, None)


def _reading(writer: asyncio.StreamWriter) -> asyncio.Transport:
    assert isinstance(writer.transport, asyncio.Transport)
    return writer.transport


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, listener: SyslogListener) -> None:
        self._listener = listener

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._listener.datagram(data[:MOST], str(addr[0]))


def _read(reader: Reader, message: Heard) -> Iterable[SourceRecord]:
    """The records of one message; a message that holds nothing is none."""
    if message.flaw is not None:
        return [SourceRecord(0, message.raw, message.flaw)]
    text = message.raw.rstrip(b"\r\n\0")
    if not text.strip():
        return []
    found = list(reader.read(text.replace(b"\n", b" ")))
    return found or [SourceRecord(0, message.raw, Unreadable("not_a_log", "line"))]


def _numbered(records: Iterable[SourceRecord]) -> Iterable[SourceRecord]:
    return [SourceRecord(index, one.raw, one.result) for index, one in enumerate(records)]


async def _messages(reader: asyncio.StreamReader, source: Source) -> AsyncIterator[Heard]:
    """The messages of a stream. Raises `TimeoutError` when nothing came for too long."""
    ends = False
    while not ends:
        async with asyncio.timeout(IDLE):
            message, ends = await _message(reader, source)
        if message is not None:
            yield message


async def _message(reader: asyncio.StreamReader, source: Source) -> tuple[Heard | None, bool]:
    """The next message: `LEN SP MSG` where it begins with a count, else a line (RFC 6587, section 3.4); and the end."""
    digits = more = await reader.read(1)
    if not more:
        return None, True
    if more in _BETWEEN:
        return None, False
    while len(digits) <= _DIGITS and more.isdigit() and (more := await reader.read(1)).isdigit():
        digits += more
    if not digits.isdigit() or more != b" ":  # a line, which may begin with a year
        return await _line(reader, source, digits if more == digits else digits + more), False
    if int(digits) > MOST:  # where the next message begins, nobody knows any more
        begun = await _line(reader, source, digits + more)
        return Heard(source, begun.raw, Unreadable("syslog_frame", "octet count")), True
    try:
        return Heard(source, await reader.readexactly(int(digits))), False
    except asyncio.IncompleteReadError as cut:
        return Heard(source, cut.partial, Unreadable("syslog_frame", "end of stream")), True


async def _line(reader: asyncio.StreamReader, source: Source, begun: bytes) -> Heard:
    """The rest of a line; one that is too long is cut, and says so."""
    try:
        return Heard(source, begun + await reader.readuntil(b"\n"))
    except asyncio.IncompleteReadError as end:
        return Heard(source, begun + end.partial)
    except asyncio.LimitOverrunError:
        kept = begun + await reader.read(MOST)
        while True:  # the rest of it is passed over
            try:
                await reader.readuntil(b"\n")
            except asyncio.LimitOverrunError:
                await reader.read(MOST)
            except asyncio.IncompleteReadError:
                break
            else:
                break
        return Heard(source, kept, Unreadable("record_too_large", f"more than {MOST} bytes"))
