"""Stands between switch and controller, counts the controller's messages, and kills it after one of them."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path

from tests.dataplane.controller import Controller


class Proxy:
    """Forwards OpenFlow connections; ``count`` is how many messages the controller sent since it was last set to 0."""

    def __init__(self, path: Path, controller: Controller) -> None:
        self.target = f"unix:{path}"
        self.count = 0
        self._left: int | None = None
        self._controller = controller
        self._streams: list[socket.socket] = []
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(4)
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def kill_after(self, messages: int) -> None:
        """Kill the controller when it has sent so many more messages: those reach the switch, none after them does."""
        self._left = messages

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
            for pump, one, other in ((self._up, switch, controller), (self._down, controller, switch)):
                thread = threading.Thread(target=pump, args=(one, other), daemon=True)
                self._threads.append(thread)
                thread.start()

    def _up(self, switch: socket.socket, controller: socket.socket) -> None:
        try:
            for message in _messages(switch):
                controller.sendall(message)
        except OSError:
            pass  # one end is gone; the other is told below
        finally:
            _hang_up(controller)

    def _down(self, controller: socket.socket, switch: socket.socket) -> None:
        try:
            for message in _messages(controller):
                if self._left == 0:
                    break
                switch.sendall(message)
                self.count += 1
                if self._left is not None:
                    self._left -= 1
                    if self._left == 0:
                        break
        except OSError:
            pass
        finally:
            if self._left == 0:
                self._left = None
                self._controller.kill()
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
