"""Starting processes: in which order, how many at once, the fork itself, and the makers of machines.

A process that enters the namespaces of another waits for it, so that a whole lab can be asked for in one request.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time

from . import child, kernel, machines
from .loop import READ, Loop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .entry import Entry
    from .spec import Spec

_MOST_STARTING = 48
_MOST_MAKERS = 4


class Starter:
    """Forks what is queued; calls back with the failing step, or "" once the program runs."""

    def __init__(
        self,
        loop: Loop,
        entries: dict[str, Entry],
        nofile: tuple[int, int],
        started: Callable[[Entry, str], None],
    ) -> None:
        self._loop = loop
        self._entries = entries
        self._nofile = nofile
        self._started = started
        self._queue: list[Entry] = []
        self._machines: list[Entry] = []
        self._starting = 0
        self._makers = 0
        self._pid_namespace = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)

    def enqueue(self, entry: Entry) -> None:
        entry.state, entry.deadline = "queued", None
        (self._queue if entry.spec.argv is not None else self._machines).append(entry)

    def cancel(self, entry: Entry) -> None:
        """Take back an entry that may be queued."""
        for queue in (self._queue, self._machines):
            if entry in queue:
                queue.remove(entry)

    def work_off(self) -> None:
        """Start what can be started now."""
        self._make_machines()
        progress = True
        while self._queue and progress and self._starting < _MOST_STARTING:
            progress = False
            for entry in list(self._queue):
                blocked = self._blocked(entry)
                if blocked is None:
                    continue
                self._queue.remove(entry)
                progress = True
                if blocked:
                    self._started(entry, blocked)
                else:
                    self._launch(entry)
                if self._starting >= _MOST_STARTING:
                    return
        if self._queue and not self._starting and not self._makers:
            circle, self._queue = self._queue, []
            for entry in circle:
                self._started(entry, "it enters the namespaces of a process that waits for it")

    def _make_machines(self) -> None:
        entries, self._machines = self._machines, []
        makers = min(_MOST_MAKERS, len(os.sched_getaffinity(0)), len(entries))
        for first in range(makers):
            self._make(entries[first::makers])

    def _make(self, entries: list[Entry]) -> None:
        report_fd, write_fd = os.pipe2(os.O_CLOEXEC)
        maker = os.fork()
        if maker == 0:
            machines.make([entry.spec for entry in entries], write_fd, self._nofile)
        os.close(write_fd)
        for entry in entries:
            entry.state, entry.started_at = "starting", time.monotonic()
        self._makers += 1
        report = bytearray()
        self._loop.watch(report_fd, READ, lambda events: self._hear(report_fd, report, maker, entries))

    def _hear(self, report_fd: int, report: bytearray, maker: int, entries: list[Entry]) -> None:
        """Read a maker's report; at its end the maker has ended too, and its machines are our children."""
        said = os.read(report_fd, 65536)
        report += said
        if said:
            return
        self._loop.unwatch(report_fd)
        os.close(report_fd)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(maker, 0)
        self._makers -= 1
        told = {line["name"]: line for line in map(json.loads, report.split(b"\n")[:-1])}
        for entry in entries:
            line = told.get(entry.spec.name, {"fault": "the process that was to make it ended; see init.log"})
            self._made(entry, line.get("pid"), line.get("fault", ""))

    def _made(self, entry: Entry, pid: int | None, fault: str) -> None:
        if pid is not None and not os.path.exists(f"/proc/{pid}"):
            pid, fault = None, "it was killed as soon as it was there"
        if entry.state == "starting":
            entry.pid = pid
            self._started(entry, fault)
        elif pid is not None:
            os.kill(pid, signal.SIGKILL)  # it was stopped before it was there

    def finish(self, entry: Entry) -> None:
        """Hear the end of the status pipe: no word on it means that the program runs."""
        status_fd, entry.status_fd = entry.status_fd, -1
        words = os.read(status_fd, 65536).decode(errors="replace")
        self._loop.unwatch(status_fd)
        os.close(status_fd)
        self._starting -= 1
        self._started(entry, words)

    def _blocked(self, entry: Entry) -> str | None:
        """Return "" if the entry may start, None if it must wait for another, or why it cannot."""
        for name in entry.spec.enter.values():
            target = self._entries.get(name)
            if target is not None and target.state in ("queued", "starting"):
                return None
            if target is None or target.pid is None or target.state == "stopping":
                return f'enter the namespaces of "{name}": no such process is running'
        return ""

    def _launch(self, entry: Entry) -> None:
        spec = entry.spec
        targets: dict[str, int] = {}
        for kind, name in spec.enter.items():
            pid = self._entries[name].pid
            assert pid is not None
            targets[kind] = pid
        status_fd, child_fd = os.pipe2(os.O_CLOEXEC)
        try:
            pid = self._fork(spec, targets)
        except OSError as error:
            os.close(status_fd)
            os.close(child_fd)
            self._started(entry, f"fork: {error.strerror}")
            return
        if pid == 0:
            listening = [handle.fileno() for handle in entry.listeners]
            child.run(spec, targets, listening, child.Status(child_fd), self._nofile)
        os.close(child_fd)
        entry.pid, entry.status_fd, entry.state = pid, status_fd, "starting"
        entry.started_at = time.monotonic()
        self._starting += 1
        self._loop.watch(status_fd, READ, lambda events: self.finish(entry))

    def _fork(self, spec: Spec, targets: dict[str, int]) -> int:
        # A PID namespace is chosen before the fork and for the child only; afterwards the next child is ours again.
        if "pid" in spec.unshare:
            kernel.unshare(("pid",))
        elif "pid" in targets:
            handle = os.open(f"/proc/{targets['pid']}/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
            try:
                kernel.setns(handle, "pid")
            finally:
                os.close(handle)
        else:
            return os.fork()
        pid = -1
        try:
            pid = os.fork()
        finally:
            if pid != 0:
                kernel.setns(self._pid_namespace, "pid")
        return pid
