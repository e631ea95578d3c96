"""Commands that are interrupted at a step of theirs; see :mod:`tests.system.faults.halting` for what a step is."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.system.labs import Hvlab

_NOWHERE = "nowhere"


class NeverReached(AssertionError):
    """The command came to its end without that step."""


@contextmanager
def _started(
    hvlab: Hvlab, step: str, *arguments: str | Path
) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    ours, theirs = socket.socketpair()
    ours.settimeout(60)
    line = [sys.executable, "-m", "tests.system.faults.halting", step, str(theirs.fileno()), *map(str, arguments)]
    with ours:
        with theirs:
            process = subprocess.Popen(
                line, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                stderr=subprocess.PIPE, env=hvlab.workplace.environment(), cwd=hvlab.workplace.home, process_group=0,
            )  # fmt: skip
        try:
            yield process, ours
        finally:
            if process.poll() is None:
                process.kill()
            process.communicate()


def steps_of(hvlab: Hvlab, *arguments: str | Path) -> list[str]:
    """Run a command to its end, and return its steps in order."""
    with _started(hvlab, _NOWHERE, *arguments) as (process, told):
        with told.makefile() as lines:
            steps = lines.read().splitlines()
        out, err = process.communicate(timeout=60)
        assert process.returncode == 0, out + err
    return steps


@contextmanager
def halted(hvlab: Hvlab, step: str, *arguments: str | Path) -> Iterator[tuple[subprocess.Popen[bytes], socket.socket]]:
    """Run a command as far as a step. What is written to the socket lets it go on; at the end it is killed."""
    with _started(hvlab, step, *arguments) as (process, told):
        with told.makefile() as lines:
            seen = []
            for line in lines:
                seen.append(line.rstrip())
                if seen[-1] == step:
                    break
            else:
                raise NeverReached(f"it never came to {step!r}: {seen}\n{process.communicate()}")
            yield process, told


def interrupted(hvlab: Hvlab, step: str, number: int, *arguments: str | Path) -> str:
    """Run a command as far as a step, send it a signal, and return what it says of that.

    SIGINT goes to its process group, as Ctrl-C does; the others to it alone.
    """
    with halted(hvlab, step, *arguments) as (process, _):
        if number == signal.SIGINT:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        _, err = process.communicate(timeout=30)
        assert process.returncode == (130 if number == signal.SIGINT else -number), err
        return err.decode()


@contextmanager
def on_a_terminal(hvlab: Hvlab, *line: str) -> Iterator[tuple[int, int]]:
    """Run a program on a terminal of its own; yield its pid and the terminal's other end, whose closing hangs up."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(hvlab.workplace.home)
        os.execve(line[0], line, hvlab.workplace.environment() | {"TERM": "dumb", "HISTFILE": "/dev/null"})
    try:
        yield pid, terminal
    finally:
        with contextlib.suppress(OSError):
            os.close(terminal)
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def read_until(terminal: int, mark: str) -> str:
    """Return what a program says on its terminal, up to a mark."""
    said = ""
    while mark not in said:
        assert select.select([terminal], [], [], 30)[0], said
        said += os.read(terminal, 4096).decode(errors="replace")
    return said
