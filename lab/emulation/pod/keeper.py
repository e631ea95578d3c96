"""The parent, inside a machine, of a program that a command runs there.

It adopts what the program leaves behind. So whoever ends the command finds all of it below this process, and when a
terminal hangs up nothing stays that was started from it, although a shell ends without a word to its jobs then. A
program that ends by itself leaves what it has put into the background to the machine.
"""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Callable

from lab.emulation.pod.enter import descendants, kill_tree
from lab.emulation.pod.init import kernel

TITLE = "hvlab"
"""What `ps` shows of it in a machine."""

_LEFT_TO_THE_PROGRAM = (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM)


def keep(program: Callable[[], int]) -> int:
    """Call a function that becomes a program, in a child, and return its exit code: 128 + N if signal N ended it."""
    kernel.adopt_orphans()
    kernel.set_title(TITLE)  # before the program may look
    try:
        child = os.fork()
    except BlockingIOError:
        # The lab has as many processes as it may have. Whoever comes to end some of them can do without a parent.
        return program()
    if child == 0:
        _become(program)
    for number in _LEFT_TO_THE_PROGRAM:
        signal.signal(number, signal.SIG_IGN)
    terminal = _terminal()
    code = _wait(child)
    if terminal >= 0 and _hung_up(terminal):
        _end_what_is_left()
    return code


def _become(program: Callable[[], int]) -> None:
    code = 70
    try:
        kernel.die_with_parent(signal.SIGKILL)
        code = program()
    finally:
        os._exit(code)


def _wait(child: int) -> int:
    while True:
        pid, status = os.wait()
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _terminal() -> int:
    """Open the terminal of this session; -1 if it has none."""
    try:
        return os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return -1


def _hung_up(terminal: int) -> bool:
    poll = select.poll()
    poll.register(terminal, 0)
    return any(events & select.POLLHUP for _, events in poll.poll(0))


def _end_what_is_left() -> None:
    proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    own = os.getpid()
    for pid in descendants(own, proc) - {own}:
        kill_tree(pid, proc)
