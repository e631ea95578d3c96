"""The table of processes: waiting until they are ready, restarting them, stopping them."""

from __future__ import annotations

import os
import signal
import time

from . import child, listeners
from .entry import Entry
from .loop import Loop
from .starter import Starter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .spec import Spec

    Answer = Callable[[dict[str, object]], None]

_READY_POLL_S = 0.005


def fault(words: str) -> dict[str, object]:
    """Return the answer to a request that could not be granted."""
    return {"ok": False, "error": words}


class Supervisor:
    """All processes that were asked for, by name."""

    def __init__(self, loop: Loop, log: Callable[[str, str], None], nofile: tuple[int, int]) -> None:
        self._log = log
        self._entries: dict[str, Entry] = {}
        self._after_restart: dict[int, str] = {}
        self._starter = Starter(loop, self._entries, nofile, self._started)

    # Requests

    def spawn(self, spec: Spec, answer: Answer) -> None:
        """Queue a new process; the answer comes when it runs and is ready, or could not be started."""
        found = self._entries.get(spec.name)
        if found is not None and found.state != "exited":
            answer(fault(f'a process called "{spec.name}" exists already, state {found.state}'))
            return
        entry = Entry(spec, answer)
        entry.listeners = listeners.open_all(spec.listen)
        self._entries[spec.name] = entry
        self._starter.enqueue(entry)

    def stop(self, names: tuple[str, ...], number: int, timeout_s: float, answer: Answer) -> None:
        """Stop processes and whatever entered their namespaces; the answer comes when all are gone."""
        unknown = [name for name in names if name not in self._entries]
        if unknown:
            answer(fault(f'no process is called "{unknown[0]}"'))
            return
        remaining = self._with_dependents(names)

        def gone(name: str) -> None:
            remaining.discard(name)
            if not remaining:
                answer({"ok": True})

        for name in sorted(remaining):
            self._stop_one(self._entries[name], number, timeout_s, gone)

    def kill(self, names: tuple[str, ...], number: int, answer: Answer) -> None:
        """Send a signal; a supervised process that dies of it is restarted."""
        pids: list[int] = []
        for name in names:
            entry = self._entries.get(name)
            if entry is None or entry.pid is None:
                answer(fault(f'no process called "{name}" is running'))
                return
            pids.append(entry.pid)
        for pid in pids:
            os.kill(pid, number)
        answer({"ok": True})

    def describe(self, names: tuple[str, ...] | None) -> dict[str, object]:
        """Return the state of all processes, or of those named."""
        chosen = self._entries if names is None else {name for name in names if name in self._entries}
        return {"ok": True, "processes": [self._entries[name].describe() for name in sorted(chosen)]}

    # Events

    def next_deadline(self) -> float | None:
        """Return when `advance` must be called next (monotonic)."""
        return min((entry.deadline for entry in self._entries.values() if entry.deadline is not None), default=None)

    def advance(self) -> None:
        """Do what is due now."""
        now = time.monotonic()
        for entry in [entry for entry in self._entries.values() if entry.deadline is not None]:
            if entry.deadline is None or entry.deadline > now:
                continue
            entry.deadline = None
            if entry.state == "backoff":
                self._starter.enqueue(entry)
            elif entry.state == "waiting":
                self._check_ready(entry, now)
            elif entry.state == "stopping":
                self._kill(entry)
        self._starter.work_off()

    def reap(self) -> None:
        """Collect every ended child, ours or adopted."""
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            code = os.waitstatus_to_exitcode(status)
            entry = self._with_pid(pid)
            if entry is not None:
                self._ended(entry, pid, code)
            elif pid in self._after_restart:
                name = self._after_restart.pop(pid)
                if code != 0:
                    self._log(name, f"what runs after a restart ended with status {code}")

    def _with_pid(self, pid: int) -> Entry | None:
        return next((entry for entry in self._entries.values() if entry.pid == pid), None)

    # Starting

    def _started(self, entry: Entry, words: str) -> None:
        """Go on after a start: `words` name the step that went wrong."""
        if words:
            self._fail(entry, words)
        elif entry.state != "stopping":
            if entry.spec.ready is None:
                self._up(entry)
            else:
                now = time.monotonic()
                entry.state, entry.deadline, entry.ready_until = "waiting", now, now + entry.spec.ready_timeout_s

    def _check_ready(self, entry: Entry, now: float) -> None:
        if os.path.lexists(f"/proc/{entry.pid}/root{entry.spec.ready}"):
            self._up(entry)
        elif now < entry.ready_until:
            entry.deadline = now + _READY_POLL_S
        else:
            late = f'"{entry.spec.ready}" did not appear within {entry.spec.ready_timeout_s:g} s'
            self._kill(entry)
            self._fail(entry, late + entry.log_tail())

    def _up(self, entry: Entry) -> None:
        entry.state = "running"
        if entry.restarts:
            self._log(entry.spec.name, f"restarted (number {entry.restarts})")
            if entry.spec.after_restart is not None:
                self._run_after_restart(entry.spec.name, entry.spec.after_restart)
        entry.reply({"ok": True, "pid": entry.pid})

    def _run_after_restart(self, name: str, argv: tuple[str, ...]) -> None:
        environment = child.base_environment()
        try:
            program = child.find_program(argv[0], environment)
            reset = (signal.SIGPIPE, signal.SIGXFSZ)
            pid = os.posix_spawn(program, argv, environment, setsid=True, setsigdef=reset)
        except OSError as error:
            self._log(name, f"what runs after a restart could not be started: {error.strerror}")
        else:
            self._after_restart[pid] = name

    def _fail(self, entry: Entry, words: str) -> None:
        """Note why this life failed, and draw the conclusion as soon as the process is gone."""
        entry.failure = entry.failure or words
        if entry.pid is None:
            self._gone(entry)

    # Ending

    def _ended(self, entry: Entry, pid: int, code: int) -> None:
        if entry.status_fd >= 0:
            self._starter.finish(entry)
        entry.pid, entry.last_exit = None, code
        if entry.state == "waiting" and not entry.failure:
            entry.failure = f'it ended with status {code} before "{entry.spec.ready}" appeared{entry.log_tail()}'
        if entry.state == "stopping" or entry.spec.restart or entry.failure:
            self._kill_group(pid)
        self._gone(entry)

    def _gone(self, entry: Entry) -> None:
        """Decide what becomes of an entry without a process."""
        first_life = not entry.restarts
        if entry.state == "stopping" or (entry.failure and first_life):
            self._forget(entry)
        elif entry.spec.restart:
            self._log(entry.spec.name, entry.failure or f"ended with status {entry.last_exit}")
            entry.failure = ""
            entry.back_off(time.monotonic())
        else:
            entry.state, entry.deadline = "exited", None
            listeners.close_all(entry.listeners)

    def _forget(self, entry: Entry) -> None:
        """Remove an entry whose process is gone, and tell those who wait for that."""
        listeners.close_all(entry.listeners)
        del self._entries[entry.spec.name]
        entry.reply(fault(entry.failure or "it was stopped while it started"))
        for gone in entry.when_gone:
            gone(entry.spec.name)

    def _with_dependents(self, names: tuple[str, ...]) -> set[str]:
        found = set(names)
        while True:
            more = {
                name
                for name, entry in self._entries.items()
                if name not in found and not found.isdisjoint(entry.spec.enter.values())
            }
            if not more:
                return found
            found |= more

    def _stop_one(self, entry: Entry, number: int, timeout_s: float, gone: Callable[[str], None]) -> None:
        entry.when_gone.append(gone)
        self._starter.cancel(entry)
        if entry.pid is None:
            entry.state = "stopping"
            self._forget(entry)
            return
        # Nothing but SIGKILL reaches the first process of a PID namespace when it has no handler, as a node's has not.
        hard = entry.spec.argv is None
        entry.state = "stopping"
        entry.deadline = None if hard else time.monotonic() + timeout_s
        os.kill(entry.pid, signal.SIGKILL if hard else number)

    def _kill(self, entry: Entry) -> None:
        assert entry.pid is not None
        os.kill(entry.pid, signal.SIGKILL)
        self._kill_group(entry.pid)

    def _kill_group(self, pid: int) -> None:
        """Kill what a process, leader of its group, left behind."""
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            return
