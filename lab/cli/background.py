"""A command of hvlab that goes on while others are carried out, in a process of its own."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Sequence
from typing import Final, NoReturn

from lab.errors import LabFault

_START_S: Final = 20.0
_END_S: Final = 10.0


class BackgroundCommand:
    """A command that was begun; it ends with this process, however this one ends.

    It is begun when it has said `ready`. LabFault, with what it said, if it ends before.
    """

    def __init__(self, arguments: Sequence[str], ready: str) -> None:
        self._arguments = arguments
        self._said = b""
        self._finished = False
        self.code: int | None = None
        self._reading, writing = os.pipe()
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            _run(arguments, writing)
        os.close(writing)
        self._wait_for(ready.encode())

    @property
    def said(self) -> str:
        """What it has said so far, errors included."""
        return self._said.decode(errors="replace")

    @property
    def running(self) -> bool:
        return not self.wait(0.0)

    def wait(self, timeout_s: float) -> bool:
        """Wait until it has ended, no longer than so many seconds; return whether it has."""
        if self.code is None:
            end = time.monotonic() + timeout_s
            # Its end of the pipe is open as long as it, or anything it has started, is there.
            while self._read(max(0.0, end - time.monotonic())):
                if time.monotonic() >= end:
                    return False
            if not self._finished:
                return False
            self.code = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])
            os.close(self._reading)
        return True

    def end(self) -> None:
        """End it as Ctrl-C does, and return when it has ended."""
        if self.running:
            os.killpg(self._pid, signal.SIGINT)
        if not self.wait(_END_S):
            os.killpg(self._pid, signal.SIGKILL)
            self.wait(_END_S)

    def _read(self, timeout_s: float) -> bool:
        """Read what it says next; return False if nothing came in time, or if nothing can come any more."""
        if not select.select([self._reading], [], [], timeout_s)[0]:
            return False
        more = os.read(self._reading, 1 << 16)
        self._said += more
        self._finished = not more
        return bool(more)

    def _wait_for(self, ready: bytes) -> None:
        end = time.monotonic() + _START_S
        while ready not in self._said:
            if not self._read(max(0.0, end - time.monotonic())):
                self.end()
                words = self.said.strip().removeprefix("hvlab: ")
                raise LabFault(words or f'"hvlab {" ".join(self._arguments)}" did not begin')


def _run(arguments: Sequence[str], writing: int) -> NoReturn:
    """Carry out a command in this process, which then ends."""
    code = 1
    try:
        from lab.__main__ import hvlab
        from lab.cli.group import run
        from lab.emulation.pod.init.kernel import die_with_parent

        os.setpgid(0, 0)
        die_with_parent(signal.SIGKILL)
        null = os.open(os.devnull, os.O_RDWR)
        for number, fd in enumerate((null, null, writing)):
            os.dup2(fd, number)
        code = run(hvlab, list(arguments))
        sys.stderr.flush()
    finally:
        os._exit(code)
