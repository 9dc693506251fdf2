"""Real receivers for channel tests: a mail server that can misbehave, a scripted line, a web server."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import SSLContext
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from csirt.model.message import Message, Recipient

AT = datetime(2026, 11, 22, 5, 5, tzinfo=UTC)


def message(
    *,
    id_: str = "e1.response.0.0",
    address: str = "officer@city.example",
    subject: str = "【至急・要確認】令和8年度 第12号",
    body: str = "本文です。\n髙橋・﨑\n",
    **more: Any,
) -> Message:
    recipient = Recipient("post:poc", "見本 花子", address, "p-1")
    return Message(id_, "page", "ja", recipient, subject, body, AT, **more)


def free_port() -> int:
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return int(line.getsockname()[1])


@dataclass
class MailServer:
    """What a mail server was told, and what it answers: to a recipient by its address, and to the text."""

    port: int = 0
    mails: list[Envelope] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    answer: str = "250 OK"
    on_text: Callable[[SMTP], None] | None = None

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        self.mails.append(envelope)
        if self.on_text:
            self.on_text(server)
        return self.answer


@contextmanager
def mail_server(
    *, tls: SSLContext | None = None, implicit: bool = False, account: tuple[str, str] | None = None
) -> Iterator[MailServer]:
    """A real SMTP server on loopback; with an `account` it asks for that name and password."""
    handler = MailServer(port=free_port())

    def sign_in(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        given = (data.login, data.password) if isinstance(data, LoginPassword) else None
        wanted = tuple(part.encode() for part in account) if account else None
        return AuthResult(success=given == wanted, handled=False)

    controller = Controller(
        handler,
        hostname="127.0.0.1",
        port=handler.port,
        ssl_context=tls if implicit else None,
        tls_context=None if implicit else tls,
        require_starttls=bool(tls and not implicit),
        auth_required=account is not None,
        authenticator=sign_in if account else None,
    )
    controller.start()
    try:
        yield handler
    finally:
        controller.stop()


@contextmanager
def line_server(talk: Callable[[socket.socket, threading.Event], None]) -> Iterator[int]:
    """A port whose every caller is handed to `talk`, on a thread; the event says that the test is over."""
    listener = socket.create_server(("127.0.0.1", 0))
    over = threading.Event()
    threads: list[threading.Thread] = []

    def serve(line: socket.socket) -> None:
        with line, suppress(OSError):
            talk(line, over)

    def listen() -> None:
        with suppress(OSError):
            while True:
                line, _ = listener.accept()
                threads.append(threading.Thread(target=serve, args=(line,)))
                threads[-1].start()

    threads.append(threading.Thread(target=listen))
    threads[0].start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        for thread in threads:
            thread.join(5)


def drip(line: socket.socket, over: threading.Event, *, first: bytes = b"", each: bytes = b"2") -> None:
    """Send a byte ten times a second: no timeout of a socket ever fires."""
    line.sendall(first)
    while not over.wait(0.1):
        line.sendall(each)


@dataclass
class WebServer:
    """What a web server was sent, and what it answers."""

    port: int = 0
    status: int = 200
    location: str = ""
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def web_server(*, tls: SSLContext | None = None) -> Iterator[WebServer]:
    """A real web server on loopback."""
    world = WebServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            world.posts.append((self.path, {name.lower(): value for name, value in self.headers.items()}, content))
            self.send_response(world.status)
            if world.location:
                self.send_header("Location", world.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the standard library
            """Stay silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    world.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
