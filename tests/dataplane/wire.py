"""Stands between a client and a Unix socket, counts the octets each way, and cuts the connection after so many."""

from __future__ import annotations

import contextlib
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

TO_SERVER, TO_CLIENT = 0, 1


class Wire:
    """Forwards connections to a Unix socket from another one."""

    def __init__(self, path: Path, server: Path) -> None:
        self._server = server
        self._counts = [0, 0]
        self._cut: tuple[int, int] | None = None
        self._lock = threading.Lock()
        self._streams: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(4)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in (self._listener, *self._streams):
            hang_up(stream)
        for thread in self._threads:
            thread.join(timeout=5)

    def counted(self, way: int) -> int:
        """Return how many octets have gone this way since it was last asked."""
        with self._lock:
            found, self._counts[way] = self._counts[way], 0
        return found

    def cut_after(self, way: int, octets: int) -> None:
        """Cut the connection when so many more octets have gone this way."""
        with self._lock:
            self._cut = way, octets

    @property
    def is_armed(self) -> bool:
        return self._cut is not None

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.socket(socket.AF_UNIX)
            self._streams += client, server
            server.connect(str(self._server))
            for way, one, other in ((TO_SERVER, client, server), (TO_CLIENT, server, client)):
                thread = threading.Thread(target=self._pump, args=(way, one, other), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _pump(self, way: int, one: socket.socket, other: socket.socket) -> None:
        try:
            while received := one.recv(65536):
                kept = self._kept(way, received)
                other.sendall(received[:kept])
                if kept < len(received):
                    break
        except OSError:
            pass  # one end is gone; the other is told below
        finally:
            hang_up(one)
            hang_up(other)

    def _kept(self, way: int, received: bytes) -> int:
        """Return how many octets to forward: fewer than were received if it is here that the connection is cut."""
        with self._lock:
            self._counts[way] += len(received)
            if self._cut is None or self._cut[0] != way:
                return len(received)
            left = self._cut[1]
            self._cut = (way, left - len(received)) if left >= len(received) else None
            return min(left, len(received))


def hang_up(stream: socket.socket) -> None:
    """Close a connection, whoever else uses it."""
    with contextlib.suppress(OSError):  # the other end was faster
        stream.shutdown(socket.SHUT_RDWR)
    stream.close()
