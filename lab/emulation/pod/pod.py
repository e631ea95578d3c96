"""Labs from outside: creating them, finding them, entering them, ending them.

There is no file and no registry: a lab is its first process, found in /proc by the mark in its arguments.
"""

from __future__ import annotations

import os
import select
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from lab.emulation.pod import birth, census, client, limits, sockets, work
from lab.emulation.pod.enter import Namespaces
from lab.emulation.pod.init.admission import FOLDER
from lab.emulation.pod.process import Process, ProcessState
from lab.errors import LabFault, UnknownName

T = TypeVar("T")

_REQUEST_TIMEOUT_S = 60.0
_DESTROY_TIMEOUT_S = 10.0

_uncommitted: dict[tuple[int, int], socket.socket] = {}
_here: list[Pod] = []


@dataclass(frozen=True, slots=True)
class Pod:
    """A running lab; `pid` is that of its first process, as the machine (not the lab) numbers it.

    Every method works from outside, and from inside in a function given to `run_inside`.
    """

    name: str
    file: str
    pid: int
    start_ticks: int

    @property
    def root(self) -> str:
        """The lab's root directory as the caller sees it: what is in /run/hvlab there is the lab's state."""
        return "/" if self in _here else f"/proc/{self.pid}/root"

    def path(self, inside: str) -> str:
        """Return a path of the lab as the caller can open it."""
        return f"{self.root.rstrip('/')}{inside}"

    # Processes

    def spawn(self, processes: Iterable[Process], *, timeout_s: float = _REQUEST_TIMEOUT_S) -> dict[str, int]:
        """Start processes, all at once, and return their pids inside the lab by name.

        A process that enters another's namespaces may come in the same call. If any could not be started, `LabFault`
        tells why; the others run.
        """
        wanted = tuple(processes)
        replies = self.request([process.to_json() for process in wanted], timeout_s=timeout_s)
        pids: dict[str, int] = {}
        errors: list[str] = []
        for process, reply in zip(wanted, replies, strict=True):
            pid = reply.get("pid")
            if isinstance(pid, int):
                pids[process.name] = pid
            else:
                errors.append(f'"{process.name}" could not be started: {reply.get("error")}')
        if errors:
            more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
            raise LabFault(errors[0] + more)
        return pids

    def stop(self, names: Iterable[str], *, sig: int = signal.SIGTERM, timeout_s: float = 2.0) -> None:
        """Stop processes, and all that entered their namespaces; killed after the timeout. They are not restarted."""
        self._one({"op": "stop", "names": list(names), "signal": int(sig), "timeout_s": timeout_s})

    def kill(self, names: Iterable[str], *, sig: int = signal.SIGKILL) -> None:
        """Send a signal to processes; one that is supervised comes back."""
        self._one({"op": "kill", "names": list(names), "signal": int(sig)})

    def processes(self, names: Iterable[str] | None = None) -> dict[str, ProcessState]:
        """Return the state of all processes, or of those of the names that exist."""
        reply = self._one({"op": "list"} if names is None else {"op": "list", "names": list(names)})
        found = reply["processes"]
        assert isinstance(found, list)
        states = [ProcessState.from_json(entry) for entry in found]
        return {state.name: state for state in states}

    def request(
        self, requests: Sequence[client.Request], *, timeout_s: float = _REQUEST_TIMEOUT_S
    ) -> list[client.Reply]:
        """Send requests to the first process in one round trip; return their replies, failures included."""
        self._check()
        return client.ask(self.root, requests, timeout_s)

    def _one(self, request: client.Request) -> client.Reply:
        (reply,) = self.request([request])
        if not reply.get("ok"):
            raise LabFault(f'lab "{self.name}": {reply.get("error")}', target=self.name)
        return reply

    # Inside

    def exec(self, node: str | None, argv: Sequence[str], env: Mapping[str, str] | None = None) -> int:
        """Run a program in a node (None: in the lab itself) with the caller's streams and terminal.

        Returns its exit code, 128 + N if signal N ended it, 127 if there is no such program, 126 if it cannot be run.
        `env` replaces the caller's environment. The program ends with the caller, however that ends.
        """
        where = f'lab "{self.name}"' if node is None else f'"{node}"'
        namespaces = self._namespaces(node)
        try:
            return work.execute(namespaces, tuple(argv), os.environ if env is None else env, where)
        finally:
            namespaces.close()

    def run_inside(self, function: Callable[[], T], *, node: str | None = None) -> T:
        """Call a function in a new process inside the lab (or a node); return its result or raise its exception.

        Both are pickled. The working directory is kept. Call it from a program without other threads, as with any fork.
        """
        namespaces = self._namespaces(node)

        def entered() -> None:
            for lifeline in _uncommitted.values():
                lifeline.close()
            _uncommitted.clear()
            _here[:] = [self]

        try:
            return work.call(namespaces, function, entered)
        finally:
            namespaces.close()

    def _namespaces(self, node: str | None) -> Namespaces:
        first, ticks = self._first_proc()
        proc, machine = first, ""
        if node is not None:
            state = self.processes((node,)).get(node)
            if state is None:
                raise UnknownName("process", node, self.processes())
            if state.pid is None:
                raise LabFault(f'"{node}" is not running, state {state.state}', target=node)
            proc, ticks = self.path(f"/proc/{state.pid}"), state.start_ticks
        try:
            if os.stat(f"{proc}/ns/mnt").st_ino != os.stat(f"{first}/ns/mnt").st_ino:
                machine = node or ""
            namespaces = Namespaces.of(proc, machine, self.path(FOLDER))
        except OSError as error:
            raise LabFault(f'lab "{self.name}" cannot be entered: {error.strerror}') from error
        if census.start_ticks_at(proc) != ticks:
            namespaces.close()
            raise LabFault(f'"{node or self.name}" ended while it was entered')
        return namespaces

    def _first_proc(self) -> tuple[str, int | None]:
        return (
            ("/proc/1", census.start_ticks_at("/proc/1")) if self in _here else (f"/proc/{self.pid}", self.start_ticks)
        )

    # Life and death

    def commit(self) -> None:
        """Let the lab outlive this process."""
        self._one({"op": "commit"})
        lifeline = _uncommitted.pop((self.pid, self.start_ticks), None)
        if lifeline is not None:
            lifeline.close()

    @property
    def alive(self) -> bool:
        return self in _here or census.still_there(self._sighting())

    def destroy(self) -> None:
        """End the lab with everything in it; it is gone when this returns. Ending what has ended is no mistake."""
        try:
            handle = os.pidfd_open(self.pid)
        except ProcessLookupError:
            handle = -1
        try:
            if handle >= 0 and self.alive:
                held, groups = sockets.duplicate(children_of=self.pid), limits.directories(self.root)
                try:
                    signal.pidfd_send_signal(handle, signal.SIGKILL)
                    self._wait(handle)
                finally:
                    sockets.close(held)
                limits.remove(groups)
        finally:
            if handle >= 0:
                os.close(handle)
            lifeline = _uncommitted.pop((self.pid, self.start_ticks), None)
            if lifeline is not None:
                lifeline.close()

    def _wait(self, handle: int) -> None:
        # The kernel lets the first process of a PID namespace end only when all others in it have.
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        if not poll.poll(_DESTROY_TIMEOUT_S * 1000):
            raise LabFault(f'lab "{self.name}" was killed but did not end within {_DESTROY_TIMEOUT_S:g} s')
        try:
            os.waitpid(self.pid, os.WNOHANG)
        except ChildProcessError:
            return

    def _check(self) -> None:
        if not self.alive:
            raise LabFault(f'lab "{self.name}" is not running any more', target=self.name)
        if census.is_stopped_at(self._first_proc()[0]):
            raise LabFault(
                f'the first process of lab "{self.name}" (pid {self.pid}) is stopped, so it answers nothing',
                remedy=f"let it go on with `kill -CONT {self.pid}`, or end the lab: hvlab down {self.name}",
                target=self.name,
            )

    def _sighting(self) -> census.Sighting:
        return census.Sighting(self.name, self.file, self.pid, self.start_ticks)


def create(name: str, *, file: str = "", within: limits.Limits | None = None) -> Pod:
    """Start an empty lab that ends with this process until it is committed.

    `file` is remembered, to tell later what the lab was made from. Its machines live `within` limits, generous ones if
    nothing is said. `InvalidState` if a lab of that name runs or is being started by another process;
    `EnvironmentFault` if this machine cannot have labs.
    """
    seen, lifeline = birth.bear(name, file, within or limits.default())
    pod = Pod(seen.name, seen.file, seen.pid, seen.start_ticks)
    _uncommitted[pod.pid, pod.start_ticks] = lifeline
    return pod


def find() -> tuple[Pod, ...]:
    """Return this user's labs, sorted by name."""
    return tuple(Pod(seen.name, seen.file, seen.pid, seen.start_ticks) for seen in census.sightings())


def get(name: str) -> Pod:
    """Return this user's lab of that name; `UnknownName` if there is none."""
    found = {pod.name: pod for pod in find()}
    if name not in found:
        raise UnknownName("lab", name, found)
    return found[name]
