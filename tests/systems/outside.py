"""An outside system for tests: a real HTTP server that checks signatures, knows repeats and can misbehave."""

import hashlib
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from csirt.playbook.http_connector import signature

SECRET = b"canary-4f1c-of-the-security-cloud"


@dataclass
class Outside:
    """What the system saw, and how it is told to behave."""

    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    effects: dict[str, dict[str, Any]] = field(default_factory=dict)
    behave: str = "well"
    failures: int = 0

    def take(self, request: BaseHTTPRequestHandler) -> None:
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in request.headers.items()}
        expected = signature(
            SECRET, request.command, request.path, headers.get("x-csirt-timestamp", ""),
            headers.get("idempotency-key", ""), body,
        )  # fmt: skip
        right = headers.get("x-csirt-signature") == expected
        self.seen.append({"path": request.path, "headers": headers, "body": body, "right": right})
        if not right and "authorization" not in headers:
            _say(request, 401, b"{}")
        elif self.failures:
            self.failures -= 1
            _say(request, 503, b"{}")
        elif not self._misbehaves(request, headers):
            self._carry_out(request, headers, body)

    def _misbehaves(self, request: BaseHTTPRequestHandler, headers: dict[str, str]) -> bool:
        if self.behave == "hang":
            time.sleep(5)
        elif self.behave == "redirect":
            _say(request, 302, b"", Location="http://127.0.0.1:1/")
        elif self.behave == "refuse":
            _say(request, 422, b'{"why": "unknown host"}')
        elif self.behave == "endless":
            _drip(request)
        elif self.behave == "echo":
            _say(request, 200, b"you sent " + SECRET + repr(headers).encode())
        return self.behave not in {"well", "drop"}

    def _carry_out(self, request: BaseHTTPRequestHandler, headers: dict[str, str], body: bytes) -> None:
        if body:
            self.effects.setdefault(headers["idempotency-key"], json.loads(body))
        if self.behave == "drop":  # took it, and the line broke before it said so
            self.behave = "well"
            request.close_connection = True
        else:
            _say(request, 201, b'{"order": "o-1"}')


def _say(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    request.send_response(status)
    for name, value in headers.items():
        request.send_header(name, value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def _drip(request: BaseHTTPRequestHandler) -> None:
    request.send_response(200)
    request.end_headers()
    try:
        while True:
            request.wfile.write(b"x" * 65_536)
    except OSError:
        request.close_connection = True


@contextmanager
def outside(context: ssl.SSLContext | None = None) -> Iterator[Outside]:
    """A system that listens, until the block ends."""
    system = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            system.take(self)

        do_GET = do_POST  # noqa: N815 - named by the library

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that goes away is no error of ours."""

    server = Server(("127.0.0.1", 0), Handler)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    port = server.server_address[1]
    system.url = f"{'https' if context else 'http'}://127.0.0.1:{port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield system
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def sent_key(key: str) -> str:
    """An idempotency key as it goes over the line."""
    return hashlib.sha256(key.encode()).hexdigest()
