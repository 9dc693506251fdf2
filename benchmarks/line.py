"""A line to PostgreSQL that breaks after so many messages of the client, and stays broken until it is mended.

Letting system calls fail does not show that: the connection itself lives on, and libpq waits for what the server has
to say.
"""

import contextlib
import socket
import threading
from pathlib import Path

SOCKET = ".s.PGSQL.5432"
_CHUNK = 65536


class Line:
    """Stands between clients, who find it as a server's socket in `folder`, and the socket of the server."""

    def __init__(self, folder: Path, server: Path) -> None:
        """Both are folders with a socket."""
        self._server = server / SOCKET
        self._left: int | None = None
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._ear = socket.socket(socket.AF_UNIX)
        self._ear.bind(str(folder / SOCKET))
        self._ear.listen()
        threading.Thread(target=self._answer, daemon=True).start()

    def break_after(self, messages: int) -> None:
        """So many messages of clients get through; with the next one every connection ends, and none is made."""
        with self._lock:
            self._left = messages

    def mend(self) -> None:
        """Everything gets through again."""
        with self._lock:
            self._left = None

    def _answer(self) -> None:
        while True:
            client, _ = self._ear.accept()
            if self._left == 0:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server))
            self._open += [client, server]
            for source, sink, counts in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._relay, args=(source, sink, counts), daemon=True).start()

    def _relay(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:  # noqa: FBT001 - a thread's
        with contextlib.suppress(OSError):
            while data := source.recv(_CHUNK):
                if counts and not self._gets_through():
                    break
                sink.sendall(data)
        for one in (source, sink):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _gets_through(self) -> bool:
        with self._lock:
            if self._left is None:
                return True
            if self._left:
                self._left -= 1
                return True
            ended, self._open = self._open, []
        for one in ended:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        return False
