"""Stands between switch and controller: counts their messages, changes or swallows them, cuts the connection, kills."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

Filter = Callable[[bytes], bytes | None]
"""What becomes of a message; None: it is swallowed."""


def unchanged(message: bytes) -> bytes | None:
    return message


def swallowed(message: bytes) -> bytes | None:
    return None


class Killable(Protocol):
    """A controller: where it listens, as ``unix:PATH``, and how to end it."""

    @property
    def target(self) -> str: ...

    def kill(self) -> None: ...


class Proxy:
    """Forwards OpenFlow connections; ``sent`` are the controller's messages since it was last emptied."""

    def __init__(self, path: Path, controller: Killable) -> None:
        self.target = f"unix:{path}"
        self.sent: list[bytes] = []
        self.to_switch: Filter = unchanged
        self.to_controller: Filter = unchanged
        self._left: int | None = None
        self._at_the_end: Callable[[], None] = controller.kill
        self._controller = controller
        self._streams: list[socket.socket] = []
        self._newest: socket.socket | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(4)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def kill_after(self, messages: int) -> None:
        """Kill the controller when it has sent so many more messages: those reach the switch, none after them does."""
        self._at_the_end = self._controller.kill
        self._left = messages

    def cut_after(self, messages: int) -> None:
        """Only cut the connection then; both may connect again at once."""
        self._at_the_end = lambda: None
        self._left = messages

    @property
    def is_armed(self) -> bool:
        """Tell whether what was asked for by the last ``kill_after`` or ``cut_after`` is still to come."""
        return self._left is not None

    def inject(self, message: bytes) -> None:
        """Send a message to the controller as if the switch had."""
        assert self._newest is not None
        self._newest.sendall(message)

    def restore(self) -> None:
        """Forward everything as it is, from now on."""
        self.to_switch = self.to_controller = unchanged

    def close(self) -> None:
        """Stop forwarding."""
        for stream in (self._listener, *self._streams):
            _hang_up(stream)
        for thread in self._threads:
            thread.join(timeout=5)

    def _accept(self) -> None:
        while True:
            try:
                switch, _ = self._listener.accept()
            except OSError:
                return
            controller = socket.socket(socket.AF_UNIX)
            self._streams += switch, controller
            controller.connect(self._controller.target.removeprefix("unix:"))
            self._newest = controller
            for pump, one, other in ((self._up, switch, controller), (self._down, controller, switch)):
                thread = threading.Thread(target=pump, args=(one, other), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _up(self, switch: socket.socket, controller: socket.socket) -> None:
        try:
            for message in _messages(switch):
                if (filtered := self.to_controller(message)) is not None:
                    controller.sendall(filtered)
        except OSError:
            pass  # one end is gone; the other is told below
        finally:
            _hang_up(controller)

    def _down(self, controller: socket.socket, switch: socket.socket) -> None:
        try:
            for message in _messages(controller):
                if self._left == 0:
                    break
                if (filtered := self.to_switch(message)) is not None:
                    switch.sendall(filtered)
                self.sent.append(message)
                if self._left is not None:
                    self._left -= 1
                    if self._left == 0:
                        break
        except OSError:
            pass
        finally:
            if self._left == 0:
                self._at_the_end()
                self._left = None
            _hang_up(switch)
            _hang_up(controller)


def _hang_up(stream: socket.socket) -> None:
    try:
        stream.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other end was faster
    finally:
        stream.close()


def _messages(stream: socket.socket) -> Iterator[bytes]:
    """Yield the OpenFlow messages of a stream; their length is in the third and fourth octet."""
    buffer = b""
    while received := stream.recv(65536):
        buffer += received
        while len(buffer) >= 8 and len(buffer) >= (length := struct.unpack_from("!H", buffer, 2)[0]):
            yield buffer[:length]
            buffer = buffer[length:]
