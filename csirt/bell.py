"""The bell: a datagram on a unix socket that tells the worker to look now. Only a hint; the scan is the truth."""

import asyncio
import contextlib
import os
import socket
from pathlib import Path

_LONGEST = 100  # bytes that a unix socket's path may have, with a margin


def _address(folder: Path) -> str | None:
    path = os.fspath(folder / "bell")
    return path if len(path.encode()) <= _LONGEST else None


class Bell:
    """Rings the worker of a data folder. Nobody listening, or too long a path: the worker's scan notices anyway."""

    def __init__(self, folder: Path) -> None:
        """`folder`: the data folder that both sides share."""
        self._address = _address(folder)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.settimeout(0)

    def ring(self) -> None:
        """Wake the worker; never waits and never fails."""
        if self._address:
            with contextlib.suppress(OSError):
                self._socket.sendto(b"!", self._address)

    def close(self) -> None:
        """Give the socket back."""
        self._socket.close()


class Ear(asyncio.DatagramProtocol):
    """The worker's side: sets an event whenever somebody rings."""

    def __init__(self, heard: asyncio.Event) -> None:
        """`heard` is set at each ring."""
        self._heard = heard

    def datagram_received(self, _data: bytes, _address: object) -> None:
        """Somebody rang."""
        self._heard.set()


async def listen(folder: Path, heard: asyncio.Event) -> asyncio.DatagramTransport | None:
    """Listen for the bell of this data folder; None where the path is too long for a socket."""
    address = _address(folder)
    if address is None:
        return None
    await asyncio.to_thread(Path(address).unlink, missing_ok=True)  # left behind by a worker that died
    transport, _protocol = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Ear(heard), local_addr=address, family=socket.AF_UNIX
    )
    return transport
