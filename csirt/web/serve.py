"""Starts the web process: takes the port, says where it listens, serves until it is told to stop."""

import signal
import socket
import ssl
from collections.abc import Callable
from pathlib import Path

import uvicorn

from csirt.bootstrap import Desk
from csirt.errors import Unavailable
from csirt.logs import log
from csirt.turns import collect_seldom, take_short_turns
from csirt.web import standing
from csirt.web.app import create_app

GRACE = 5  # seconds that requests under way get when the process is told to stop
BACKLOG = 512


def run_web(desk: Desk, host: str, port: int, then: Callable[[], object] = lambda: None) -> None:
    """Serve until SIGTERM or SIGINT; call it from the main thread.

    On a socket (`unix_socket`), by https with an own certificate, or by plain http on this machine only: whoever has no
    TLS of their own needs a proxy that has. Port 0 takes a free one; the address stands in `run/web.url` meanwhile.
    `then` is called once, when pages answer.

    Raises:
        Invalid: `tls_incomplete`, `tls_unusable`, `plain_http_elsewhere`, `base_url_malformed`, `network_malformed`.
        Unavailable: `port_taken`, permanent: somebody else listens there, or the address is none of ours.
    """
    take_short_turns()
    collect_seldom()
    settings = desk.settings
    context = standing.check(settings, host)
    if settings.unix_socket is not None:
        door, address = _listen_on(settings.unix_socket), f"unix:{settings.unix_socket}"
    else:
        door = listen(host, port)
        address = f"http{'s' if context else ''}://{_in_url(host)}:{door.getsockname()[1]}"
    note = write_address(settings.data, address)
    config = _config(desk, context)
    log().info("web.started", address=address)
    # uvicorn ends gracefully, then raises the signal that it got once more: that must not cut the rest short.
    before = {number: signal.signal(number, _end_in_peace) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        _Server(config, then).run(sockets=[door])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        note.unlink(missing_ok=True)
        door.close()
        if settings.unix_socket is not None:
            settings.unix_socket.unlink(missing_ok=True)
        log().info("web.stopped")


def _config(desk: Desk, context: ssl.SSLContext | None) -> uvicorn.Config:
    config = uvicorn.Config(
        create_app(desk),
        log_config=None,  # ours is set up already
        access_log=False,  # addresses of pages name incidents; the record knows who did what
        server_header=False,
        proxy_headers=False,  # `peers.address_of` reads them where a proxy is known
        timeout_graceful_shutdown=GRACE,
        lifespan="off",
        ws="none",
    )
    if context:
        config.load()
        config.ssl = context
    return config


class _Server(uvicorn.Server):
    """Says when it answers: whatever else starts on a small machine then no longer delays the first page."""

    def __init__(self, config: uvicorn.Config, then: Callable[[], object]) -> None:
        super().__init__(config)
        self._then = then

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._then()


def write_address(data: Path, address: str) -> Path:
    """Note where the page is, for those who start us; returns the note's path."""
    note = data / "run" / "web.url"
    note.parent.mkdir(mode=0o700, exist_ok=True)
    part = note.with_suffix(".part")
    part.write_text(f"{address}\n", encoding="utf-8")
    part.replace(note)
    return note


def _end_in_peace(_number: int, _frame: object) -> None:
    """The server has ended already."""


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; connections queue from here on.

    It names TCP, as asyncio only then sends at once (TCP_NODELAY): without it every answer on a connection that is kept
    open waits 40 ms for the other side's acknowledgement between its head and its body.

    Raises:
        Unavailable: `port_taken`, permanent.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind((host, port))
        door.listen(BACKLOG)
    except OSError as error:
        door.close()
        raise Unavailable("port_taken", permanent=True, host=host, port=port) from error
    return door


def _listen_on(path: Path) -> socket.socket:
    """A listening socket in a folder of ours, for our group: the proxy's account must be in it.

    What lies there from a process that ended is taken away; where somebody still listens, we do not.
    """
    door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            if path.is_socket() and probe.connect_ex(str(path)) != 0:
                path.unlink()
        door.bind(str(path))
        path.chmod(0o660)
        door.listen(BACKLOG)
    except OSError as error:
        door.close()
        raise Unavailable("port_taken", permanent=True, host=path.name, port=0) from error
    return door


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host
