"""Runs `hvlab` and halts it at one of its steps, so that a test can do something exactly there, or end it.

    python -m tests.system.faults.halting STEP SOCKET ARGUMENTS...

A step is a line of the progress that `-v` prints, or an effect on the machine as Python's own audit events tell it: a
process forked, a program started, a socket connected or spoken to, a namespace entered, a file opened for writing,
renamed, removed. So a step that is new is there without anybody adding it. (Python does not tell of signals to a pidfd;
that step is added here.) Each is about to happen, except "the state is written" and "the lab is killed". A step is written to the socket, a line each, like "creating switches#1" (the first
of that name). At STEP it halts until it is killed, or until something comes out of the socket. A child of the command,
which stands outside the lab and waits for the command's end, goes on when the command is killed.
"""

from __future__ import annotations

import mmap
import os
import select
import signal
import struct
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

EFFECTS = frozenset(
    {
        "os.fork", "os.posix_spawn", "subprocess.Popen", "os.exec", "socket.connect", "socket.sendmsg", "socket.sendto",
        "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.symlink", "shutil.rmtree", "os.kill",
    }
)  # fmt: skip
_COUNTERS = 64 * 1024


class Steps:
    """Counts steps over all processes of a command: they share the counters."""

    def __init__(self, halt_at: str, test: int) -> None:
        self._halt_at = halt_at
        self._test = test
        self._counters = mmap.mmap(-1, _COUNTERS)
        self._command = os.getpid()
        self._handle = os.pidfd_open(self._command)

    def __call__(self, title: str) -> None:
        """Report a step, and halt if it is the one."""
        step = f"{title}#{self._next(title)}"
        if step == self._halt_at:
            self._halt(step)
        else:
            self._report(step)

    def _report(self, step: str) -> None:
        os.write(self._test, f"{step}\n".encode())

    def _next(self, title: str) -> int:
        # A counter for each title, the same in every process: where it hashes to. Titles are few.
        at = 8 * (sum(ord(char) * 31**place for place, char in enumerate(title)) % (_COUNTERS // 8))
        (count,) = struct.unpack_from("Q", self._counters, at)
        struct.pack_into("Q", self._counters, at, count + 1)
        return int(count) + 1

    def _halt(self, step: str) -> None:
        go_on = select.poll()
        go_on.register(self._test, select.POLLIN)
        if os.getppid() == self._command:
            go_on.register(self._handle, select.POLLIN)
        with _waking() as signalled:
            go_on.register(signalled, select.POLLIN)
            self._report(step)
            while {fd for fd, _ in go_on.poll()} == {signalled}:
                os.read(signalled, 4096)  # its handler did not raise: we go on waiting


@contextmanager
def _waking() -> Iterator[int]:
    """Yield what can be read when a signal has come: one that comes just before a wait would not end that otherwise."""
    signalled, wake = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    main = threading.current_thread() is threading.main_thread()
    before = signal.set_wakeup_fd(wake) if main else -1
    try:
        yield signalled
    finally:
        if main:
            signal.set_wakeup_fd(before)
        os.close(signalled)
        os.close(wake)


def _matters(path: object, _mode: object, flags: object) -> bool:
    """Tell whether opening this is an effect: it is written to, or a namespace to be entered."""
    writes = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) != 0
    return writes or (isinstance(path, str) and "/ns/" in path)


def follow(step: Callable[[str], None]) -> None:
    """Call `step` for each step from now on."""
    from lab.cli.progress import ProgressLine
    from lab.engine import state as states

    told, write, send = ProgressLine.__call__, states.write, signal.pidfd_send_signal

    def tell(line: ProgressLine, title: str) -> None:
        told(line, title)
        step(title)

    def remember(path: str, state: states.State) -> None:
        write(path, state)
        step("the state is written")

    def end(handle: int, number: int) -> None:
        step("signal.pidfd_send_signal")
        send(handle, number)
        step("the lab is killed")

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event in EFFECTS or (event == "open" and _matters(*arguments)):
            step(event)

    ProgressLine.__call__ = tell  # type: ignore[method-assign]
    states.write = remember
    signal.pidfd_send_signal = end  # type: ignore[assignment]
    sys.addaudithook(audit)


def main() -> None:
    halt_at, test, *arguments = sys.argv[1:]
    from lab.__main__ import hvlab
    from lab.cli.group import run

    follow(Steps(halt_at, int(test)))
    sys.exit(run(hvlab, arguments))


if __name__ == "__main__":
    main()
