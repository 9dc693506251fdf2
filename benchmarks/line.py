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
        self._threads = [threading.Thread(target=self._answer, daemon=True)]
        self._threads[0].start()

    def break_after(self, messages: int) -> None:
        """So many messages of clients get through; with the next one every connection ends, and none is made."""
        with self._lock:
            self._left = messages

    def mend(self) -> None:
        """Everything gets through again."""
        with self._lock:
            self._left = None

    def close(self) -> None:
        """End every connection, and make none any more."""
        self._ear.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._end_all()
        for thread in self._threads:
            thread.join()
        self._ear.close()

    def _answer(self) -> None:
        while True:
            try:
                client, _ = self._ear.accept()
            except OSError:  # closed
                return
            if self._left == 0:
                client.close()
                continue
            server = socket.socket(socket.AF_UNIX)
            server.connect(str(self._server))
            self._open += [client, server]
            for source, sink, counts in ((client, server, True), (server, client, False)):
                self._threads.append(threading.Thread(target=self._relay, args=(source, sink, counts), daemon=True))
                self._threads[-1].start()

    def _relay(self, source: socket.socket, sink: socket.socket, counts: bool) -> None:  # noqa: FBT001 - a thread's
        with source:  # closed by the one who reads from it
            with contextlib.suppress(OSError):
                while data := source.recv(_CHUNK):
                    if counts and not self._gets_through():
                        break
                    sink.sendall(data)
            _end(source, sink)

    def _gets_through(self) -> bool:
        with self._lock:
            if self._left is None:
                return True
            if self._left:
                self._left -= 1
                return True
        self._end_all()
        return False

    def _end_all(self) -> None:
        ended, self._open = self._open, []
        _end(*ended)


def _end(*connections: socket.socket) -> None:
    for one in connections:
        with contextlib.suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
