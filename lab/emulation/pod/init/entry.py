"""One process that was asked for: its state over all its lives."""

from __future__ import annotations

import os

from . import kernel

TYPE_CHECKING = False
if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from .spec import Spec

_BACKOFF_S = (0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 2.0)
_HEALTHY_AFTER_S = 10.0
_LOG_TAIL_BYTES = 1000


class Entry:
    """A process by name: queued, starting, waiting (until it is ready), running, backoff, stopping or exited."""

    def __init__(self, spec: Spec, answer: Callable[[dict[str, object]], None]) -> None:
        self.spec = spec
        self.state = "queued"
        self.pid: int | None = None
        self.status_fd = -1
        self.listeners: list[socket.socket] = []
        self.deadline: float | None = None
        self.ready_until = 0.0
        self.restarts = 0
        self.started_at = 0.0
        self.last_exit: int | None = None
        self.failure = ""
        self.when_gone: list[Callable[[str], None]] = []
        self._answer: Callable[[dict[str, object]], None] | None = answer
        self._failures_in_a_row = 0

    def reply(self, message: dict[str, object]) -> None:
        """Answer the spawn request, once."""
        answer, self._answer = self._answer, None
        if answer is not None:
            answer(message)

    def back_off(self, now: float) -> None:
        """Schedule the next life: at once after a healthy one, later and later otherwise."""
        if self.started_at and now - self.started_at >= _HEALTHY_AFTER_S:
            self._failures_in_a_row = 0
        delay_s = _BACKOFF_S[min(self._failures_in_a_row, len(_BACKOFF_S) - 1)]
        self._failures_in_a_row += 1
        self.restarts += 1
        self.state, self.deadline = "backoff", now + delay_s

    def log_tail(self) -> str:
        """Return the end of the process's log, to be appended to an error."""
        if self.spec.log is None:
            return ""
        try:
            with open(self.spec.log, "rb") as log:
                log.seek(max(0, os.fstat(log.fileno()).st_size - _LOG_TAIL_BYTES))
                tail = log.read().decode(errors="replace").strip()
        except OSError:
            return ""
        return f"; its log ends with: {tail}" if tail else "; its log is empty"

    def describe(self) -> dict[str, object]:
        return {
            "name": self.spec.name,
            "pid": self.pid,
            "start_ticks": self._start_ticks(),
            "state": self.state,
            "restarts": self.restarts,
            "started_at": self.started_at,
            "last_exit": self.last_exit,
            "argv": self.spec.argv,
        }

    def _start_ticks(self) -> int | None:
        if self.pid is None:
            return None
        with open(f"/proc/{self.pid}/stat") as stat:
            return kernel.start_ticks(stat.read())
