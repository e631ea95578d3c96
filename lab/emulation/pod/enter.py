"""Entering the namespaces of a lab, or of one process in it, to do some work there.

A child enters the namespaces; a grandchild (only children get into a PID namespace) does the work. Both end with the
caller, however the caller ends, and what the grandchild started ends with them.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.emulation.pod.init import kernel, privileges
from lab.emulation.pod.init.admission import Admission
from lab.errors import LabFault

_ORDER = ("user", "ipc", "uts", "net", "pid", "mnt")
_STOPPING_ROUNDS = 5
# What ends the command for the worker's sake, or is meant for it: whoever stands between them sees to the rest.
_LEFT_TO_THE_WORKER = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM, signal.SIGTTOU)


@dataclass(frozen=True, slots=True)
class Namespaces:
    """Open namespaces; whoever opened them closes them.

    Those of a machine tell its name and the folder in which its lab shows what limits programs in machines.
    """

    handles: tuple[tuple[str, int], ...]
    machine: str = ""
    limits: str = ""

    @classmethod
    def of(cls, proc: str, machine: str = "", limits: str = "") -> Namespaces:
        """Open the namespaces of the process with this /proc directory."""
        handles: list[tuple[str, int]] = []
        try:
            for kind in _ORDER:
                handles.append((kind, os.open(f"{proc}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC)))
        except OSError:
            cls(tuple(handles)).close()
            raise
        return cls(tuple(handles), machine, limits)

    def close(self) -> None:
        for _, fd in self.handles:
            os.close(fd)

    def enter(self) -> None:
        """Move the calling, single-threaded process; the PID namespace changes for its children only."""
        for kind, fd in self.handles:
            if os.fstat(fd).st_ino != Path(f"/proc/self/ns/{kind}").stat().st_ino:
                kernel.setns(fd, kind)


def call_inside(namespaces: Namespaces, work: Callable[[], int]) -> int:
    """Run `work` in a process inside the namespaces and return its exit code, negative if a signal ended it.

    The process has the caller's standard streams and terminal. Call it from a program without other threads, as with
    any fork. `LabFault` if the namespaces cannot be entered.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    alive, guard = os.pipe2(os.O_CLOEXEC)
    report = os.memfd_create("report")
    try:
        child = _fork()
        if child == 0:
            os.close(guard)
            _middle(namespaces, work, alive, report)
        try:
            with _terminal_kept(), _interrupts_left_to_the_child():
                os.waitpid(child, 0)
        except BaseException:
            # A signal handler raised: the work ends with us.
            os.close(guard)
            guard = -1
            os.waitpid(child, 0)
            raise
        said = os.pread(report, 65536, 0)
    finally:
        for fd in (alive, guard, report):
            if fd >= 0:
                os.close(fd)
    found: dict[str, object] = json.loads(said) if said else {"error": "the process that entered it was killed"}
    code = found.get("code")
    if isinstance(code, int):
        return code
    raise LabFault(f"the lab cannot be entered: {found['error']}")


def _middle(namespaces: Namespaces, work: Callable[[], int], alive: int, report: int) -> None:
    """Enter, fork the worker and stay until it ended, or until the caller did. Never returns."""
    found: dict[str, object] = {}
    try:
        machine = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        admission = Admission(namespaces.limits, namespaces.machine) if namespaces.machine else None
        moved, move = os.pipe2(os.O_CLOEXEC)
        namespaces.enter()
        handlers = {number: signal.signal(number, signal.SIG_IGN) for number in _LEFT_TO_THE_WORKER}
        worker = os.fork()
        if worker == 0:
            for number, handler in handlers.items():
                signal.signal(number, signal.SIG_DFL if handler is None else handler)
            os.close(move)
            _work(work, admission, moved)
        if admission:
            admission.move(worker)
        os.close(move)
        _wait(worker, alive, machine)
        found["code"] = os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
    except BaseException as error:  # noqa: BLE001 - whatever it is, it must reach the caller
        found["error"] = str(error.strerror or error) if isinstance(error, OSError) else repr(error)
    finally:
        os.pwrite(report, json.dumps(found).encode(), 0)
        os._exit(0)


def _work(work: Callable[[], int], admission: Admission | None, moved: int) -> None:
    """Run the work in the grandchild, once `moved` is closed. Never returns."""
    code = 70
    try:
        kernel.die_with_parent(signal.SIGKILL)
        # The parent is outside this PID namespace, hence 0; if it has ended already, the namespace's first process is.
        if os.getppid() != 1:
            os.read(moved, 1)
            if admission:
                admission.join()
            kernel.own_proc()
            if admission:
                privileges.confine()
            code = work()
    except OSError as error:
        os.write(2, f"hvlab: the lab cannot be entered: {error.strerror}\n".encode())
    finally:
        os._exit(code)


def _wait(worker: int, alive: int, machine: int) -> None:
    handle = os.pidfd_open(worker)
    poll = select.poll()
    poll.register(handle, select.POLLIN)
    poll.register(alive, select.POLLIN)
    while handle not in (ended := [fd for fd, _ in poll.poll()]):
        if alive in ended:
            kill_tree(worker, machine)
            poll.unregister(alive)
    os.close(handle)


def kill_tree(root: int, machine: int) -> None:
    """Kill a process with all its descendants; they are halted first, lest one gets away."""
    halted: set[int] = set()
    for _ in range(_STOPPING_ROUNDS):
        fresh = descendants(root, machine) - halted
        for pid in fresh:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP)
        halted |= fresh
        if not fresh:
            break
    for pid in halted:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def descendants(root: int, machine: int) -> set[int]:
    """Return a process and all that descend from it, as this /proc numbers them."""
    parents: dict[int, int] = {}
    for name in os.listdir(machine):
        if name.isdigit():
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                fd = os.open(f"{name}/stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=machine)
                with os.fdopen(fd, encoding="utf-8", errors="replace") as stat:
                    parents[int(name)] = int(stat.read().rpartition(")")[2].split()[1])
    found = {root}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found


def _fork() -> int:
    with warnings.catch_warnings():
        # From Python 3.12 a fork beside other threads warns. The child only makes system calls until it forks again.
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()


@contextlib.contextmanager
def _interrupts_left_to_the_child() -> Iterator[None]:
    """Ignore Ctrl-C and Ctrl-\\ meanwhile: the terminal sends them to the worker as well, and that decides."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    old = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGQUIT)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)


@contextlib.contextmanager
def _terminal_kept() -> Iterator[None]:
    """Take the terminal back afterwards: a shell with job control inside cannot name our process group."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        yield
        return
    try:
        in_front = os.tcgetpgrp(terminal) == os.getpgrp()
        yield
        if in_front:
            old = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGTTOU,))
            with contextlib.suppress(OSError):
                os.tcsetpgrp(terminal, os.getpgrp())
            signal.pthread_sigmask(signal.SIG_SETMASK, old)
    finally:
        os.close(terminal)
