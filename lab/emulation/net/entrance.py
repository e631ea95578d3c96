"""The process between a program inside a lab and the Python script outside that started it.

Run as `python3 -I -S -E …/entrance.py CALLER TERMINAL PROCESS TICKS NETWORK TICKS MACHINE LIMITS PROGRAM ARGUMENT…`. It
enters the namespaces of one process (its network may be another's), starts the program there as a child, hands on
signals and the exit status, and ends when the program does. When the caller ends, however that ends, the program is
killed with all that descends from it or is of its session. If MACHINE is not empty the namespaces are that machine's,
and LIMITS is the folder in which its lab shows what limits it. Imports next to nothing: a shell should be there at
once.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import signal
import sys
import termios

if __name__ == "__main__":
    # Last, so that nothing that happens to lie beside hvlab stands in for Python's own modules.
    sys.path.append(__file__.rsplit("/", 4)[0])

from lab.emulation.pod.init import kernel, privileges
from lab.emulation.pod.init.admission import Admission

NO_TERMINAL = -1
"""TERMINAL is this, or the descriptor of the other end of a terminal that the program is to lead.

This process holds that end as well, or the terminal would hang up, and its leader end, when the caller is killed, and
leave behind what ignores that.
"""

KILL_ALL = signal.SIGRTMIN
"""Kills the program and what belongs to it; SIGKILL would only kill this process."""

CANNOT_ENTER, NOT_EXECUTABLE, NOT_FOUND = 125, 126, 127

_FORWARDED = (
    signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCONT,
)  # fmt: skip
_ORDER = ("user", "ipc", "uts", "net", "pid", "mnt")
_STOPPING_ROUNDS = 5


def main(arguments: list[str]) -> None:
    """Run the program; never returns."""
    caller, terminal, process, ticks, network, network_ticks, name, limits, *argv = arguments
    signal.pthread_sigmask(signal.SIG_BLOCK, (*_FORWARDED, KILL_ALL))
    try:
        watched = os.pidfd_open(int(caller))
    except ProcessLookupError:
        os._exit(CANNOT_ENTER)
    if os.getppid() != int(caller):
        os._exit(CANNOT_ENTER)
    leads = int(terminal) != NO_TERMINAL
    if leads:
        os.set_inheritable(int(terminal), False)
    machine = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    folder = _folder()
    moved, move = os.pipe2(os.O_CLOEXEC)
    try:
        admission = Admission(limits, name) if name else None
        _enter(process, int(ticks), network, int(network_ticks))
        worker = os.fork()
        if worker and admission:
            admission.move(worker)
    except OSError as error:
        os.write(2, f"hvlab: the lab cannot be entered: {error.strerror}\n".encode())
        os._exit(CANNOT_ENTER)
    if worker == 0:
        os.close(move)
        os.read(moved, 1)
        _become(argv, folder, leads, admission)
    os.close(move)
    _let_go_of_streams()
    _mirror(_accompany(worker, watched, machine, leads))


def _folder() -> str:
    try:
        return os.getcwd()
    except OSError:
        return "/"


def _enter(process: str, ticks: int, network: str, network_ticks: int) -> None:
    handles = [
        (kind, os.open(f"{network if kind == 'net' else process}/ns/{kind}", os.O_RDONLY | os.O_CLOEXEC))
        for kind in _ORDER
    ]
    # Only now: a process that has ended meanwhile may have left its number to another one.
    for proc, expected in ((process, ticks), (network, network_ticks)):
        with open(f"{proc}/stat", encoding="utf-8", errors="replace") as stat:
            if kernel.start_ticks(stat.read()) != expected:
                raise OSError(0, "it ended meanwhile")
    for kind, fd in handles:
        if os.fstat(fd).st_ino != os.stat(f"/proc/self/ns/{kind}").st_ino:
            kernel.setns(fd, kind)
        os.close(fd)


# The program


def _become(argv: list[str], folder: str, terminal: bool, admission: Admission | None) -> None:
    """Turn the child into the program. Never returns."""
    code = NOT_EXECUTABLE
    try:
        kernel.die_with_parent(signal.SIGKILL)
        # The parent is in another PID namespace, hence 0; had it ended, the namespace's first process would be.
        if os.getppid() == 1:
            os._exit(CANNOT_ENTER)
        if admission:
            admission.join()
        kernel.own_proc()
        if admission:
            privileges.confine()
        if terminal:
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
        try:
            os.chdir(folder)
        except OSError:
            os.chdir("/")
        for number in (*_FORWARDED, KILL_ALL, signal.SIGPIPE, signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*_FORWARDED, KILL_ALL))
        os.execvpe(argv[0], argv, os.environ)
    except OSError as error:
        code = NOT_EXECUTABLE if _is_there(argv[0]) else NOT_FOUND
        why = error.strerror if code == NOT_EXECUTABLE else "there is no such program"
        os.write(2, f'hvlab: cannot run "{argv[0]}" in the lab: {why}\n'.encode())
    finally:
        os._exit(code)


def _is_there(program: str) -> bool:
    """Tell whether there is such a program, even if not for this user; a folder of PATH may be closed to it."""
    folders = [""] if "/" in program else os.environ.get("PATH", os.defpath).split(":")
    return any(os.path.exists(os.path.join(folder, program)) for folder in folders)


# Its companion outside


def _let_go_of_streams() -> None:
    """Leave the streams to the program alone, so that their other ends see when it closes them."""
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)


def _accompany(worker: int, watched: int, machine: int, terminal: bool) -> int:
    """Hand on signals until the program has ended, and return its wait status."""
    ended = os.pidfd_open(worker)
    signals, wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (*_FORWARDED, KILL_ALL):
        signal.signal(number, lambda *_: None)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, (*_FORWARDED, KILL_ALL))
    poll = select.poll()
    for fd in (ended, watched, signals):
        poll.register(fd, select.POLLIN)
    while ended not in (ready := [fd for fd, _ in poll.poll()]):
        if watched in ready:
            poll.unregister(watched)
            _kill_tree(worker, machine)
        if signals in ready:
            for heard in os.read(signals, 64):
                if heard == KILL_ALL or terminal:
                    _kill_tree(worker, machine)
                else:
                    os.kill(worker, heard)
    if terminal or watched in ready:
        _kill_tree(worker, machine)
    return os.waitpid(worker, 0)[1]


def _kill_tree(root: int, machine: int) -> None:
    """Kill a process with all its descendants and its session; they are halted first, lest one gets away.

    It may have ended, as long as nobody has waited for it.
    """
    halted: set[int] = set()
    for _ in range(_STOPPING_ROUNDS):
        fresh = _descendants(root, machine) - halted
        if not fresh:
            break
        _signal_all(fresh, signal.SIGSTOP)
        halted |= fresh
    _signal_all(halted, signal.SIGKILL)


def _signal_all(pids: set[int], number: int) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _descendants(root: int, machine: int) -> set[int]:
    """Return all that belongs to a process but this one, numbered as the machine does; its /proc is still open."""
    parents: dict[int, int] = {}
    sessions: dict[int, int] = {}
    for name in filter(str.isdigit, os.listdir(machine)):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            fd = os.open(f"{name}/stat", os.O_RDONLY | os.O_CLOEXEC, dir_fd=machine)
            with open(fd, encoding="utf-8", errors="replace") as stat:
                _, parent, _, session, *_ = stat.read().rpartition(")")[2].split()
            parents[int(name)], sessions[int(name)] = int(parent), int(session)
    # Sessions that began here; if the caller did not want one, the session is not ours to end.
    found = {pid for pid, session in sessions.items() if session in (root, os.getpid())} | {root}
    while grown := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= grown
    return found - {os.getpid()}


def _mirror(status: int) -> None:
    """End as the program did: with its exit code, or by its signal. Never returns."""
    code = os.waitstatus_to_exitcode(status)
    if code < 0:
        signal.set_wakeup_fd(-1)
        if code not in (-signal.SIGKILL, -signal.SIGSTOP):
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code if code >= 0 else 128 - code)


if __name__ == "__main__":
    main(sys.argv[1:])
