"""The event loop of init: descriptors with callbacks, signals through a wakeup descriptor, one deadline."""

from __future__ import annotations

import os
import select
import signal
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

READ, WRITE = select.POLLIN, select.POLLOUT
_MAX_WAIT_S = 60.0


def _noted(number: int, frame: object) -> None:
    """Do nothing: the wakeup descriptor has the number."""


class Loop:
    """Waits for descriptors and signals; callbacks get the poll(2) events."""

    def __init__(self) -> None:
        self._poll = select.poll()
        self._callbacks: dict[int, Callable[[int], None]] = {}
        self._wakeup_fd = -1

    def start(self, on_signals: Callable[[set[int]], None]) -> None:
        """Take over SIGCHLD, SIGTERM and SIGINT."""
        self._wakeup_fd, write_end = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        signal.set_wakeup_fd(write_end, warn_on_full_buffer=False)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):
            signal.signal(number, _noted)
        self.watch(self._wakeup_fd, READ, lambda events: on_signals(set(os.read(self._wakeup_fd, 65536))))

    def watch(self, fd: int, events: int, callback: Callable[[int], None]) -> None:
        """Call back on these events, or on others than before."""
        self._callbacks[fd] = callback
        self._poll.register(fd, events)

    def unwatch(self, fd: int) -> None:
        if self._callbacks.pop(fd, None) is not None:
            self._poll.unregister(fd)

    def wait(self, deadline: float | None) -> list[tuple[Callable[[int], None], int]]:
        """Wait for something to happen, at most until the deadline (monotonic); return what to call with what."""
        timeout_s = _MAX_WAIT_S if deadline is None else min(_MAX_WAIT_S, max(0.0, deadline - time.monotonic()))
        found = self._poll.poll(timeout_s * 1000 + 0.5)
        return [(self._dispatcher(fd), events) for fd, events in found]

    def _dispatcher(self, fd: int) -> Callable[[int], None]:
        # Looked up again at the time of the call: an earlier callback of the same round may have closed the descriptor.
        callback = self._callbacks[fd]
        return lambda events: callback(events) if self._callbacks.get(fd) is callback else None
