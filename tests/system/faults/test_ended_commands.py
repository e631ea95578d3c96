"""`exec`, `matrix`, `capture` and `mininet` killed, or their terminal closed: what they started in machines ends.

What a command had put into the background and left behind, when it ended by itself, goes on: it is the machine's.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.interrupting import on_a_terminal, read_until
from tests.system.faults.places import PAIR
from tests.system.faults.processes import kill
from tests.system.labs import RunningLab, command, start_ticks
from tests.system.pods import processes_below

pytestmark = pytest.mark.system

Guests = dict[tuple[int, int], str]

ENDS_WITHIN_S = 10.0


@pytest.fixture(scope="module")
def pair(lab: LabOf) -> Iterator[RunningLab]:
    with lab(PAIR) as found:
        yield found


def guests(lab: RunningLab) -> Guests:
    """Return all processes in the lab, whoever started them, by pid in the lab and start time."""
    found: Guests = {}
    for entry in Path(lab.pod.path("/proc")).iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                words = (entry / "stat").read_text().rpartition(")")[2].split()
                if words[0] not in "ZX":
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                    found[int(entry.name), int(words[19])] = line.strip()
    return found


@pytest.fixture
def begun(pair: RunningLab) -> Iterator[Callable[[str, int], None]]:
    """`begun(text, count)` waits for that many new processes with the text in their command line.

    At the end of the test the lab has the processes that it had before, and the command has left nothing outside.
    """
    before = guests(pair)

    def wait(text: str, count: int) -> None:
        eventually(
            lambda: [line for line in new(pair, before).values() if text in line], lambda seen: len(seen) >= count
        )

    yield wait
    eventually(lambda: new(pair, before), lambda left: not left, timeout=ENDS_WITHIN_S)
    assert before.keys() <= guests(pair).keys()
    eventually(lambda: commands_on(pair), lambda left: not left, timeout=ENDS_WITHIN_S)


def new(lab: RunningLab, before: Guests) -> Guests:
    return {key: line for key, line in guests(lab).items() if key not in before}


def commands_on(lab: RunningLab) -> set[int]:
    """Return the processes on the outside of the lab that work on it."""
    inside = processes_below(lab.pod.pid)
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) not in inside:
            with contextlib.suppress(OSError):
                if lab.name.encode() in (entry / "cmdline").read_bytes() and start_ticks(int(entry.name)):
                    found.add(int(entry.name))
    return found


# Commands that go on until they are ended; what they start in the lab; how much of it.
STUBBORN = "trap '' HUP INT TERM; sleep 1000 & sleep 1000"
LONG: dict[str, tuple[tuple[str, ...], str, int]] = {
    "exec": (("exec", "web1", "--", "sleep", "1000"), "sleep 1000", 1),
    "exec of what ignores signals": (("exec", "web1", "--", "sh", "-c", STUBBORN), "sleep 1000", 3),
    "matrix": (("matrix",), "fping", 1),
    "capture": (("capture", "web1"), "tcpdump", 1),
    "mininet": (("mininet", "-c", "web1 sleep 1000"), "sleep 1000", 1),
}


@contextlib.contextmanager
def lasting(lab: RunningLab, name: str) -> Iterator[tuple[str, ...]]:
    """Yield a command, and while the block lasts have it last: a matrix does when nothing is forwarded."""
    if name != "matrix":
        yield LONG[name][0]
        return
    pid = kill(lab, "ovs-vswitchd@hv1", signal.SIGSTOP)
    try:
        yield LONG[name][0]
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
@pytest.mark.parametrize("name", LONG, ids=lambda name: name.replace(" ", "-"))
def test_what_a_command_started_ends_with_it(
    pair: RunningLab, begun: Callable[[str, int], None], name: str, number: signal.Signals
) -> None:
    """The signal is sent to the command alone or, as `timeout` does it, to its whole process group."""
    _, text, count = LONG[name]
    with lasting(pair, name) as line:
        quiet = subprocess.DEVNULL
        process = pair.hvlab.start("--lab", pair.name, *line, stdin=quiet, stdout=quiet, stderr=quiet, process_group=0)
        begun(text, count)
        if number == signal.SIGTERM:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.wait(ENDS_WITHIN_S)


@pytest.mark.parametrize("name", LONG, ids=lambda name: name.replace(" ", "-"))
def test_what_a_command_started_ends_with_its_terminal(
    pair: RunningLab, begun: Callable[[str, int], None], name: str
) -> None:
    _, text, count = LONG[name]
    with lasting(pair, name) as line, on_a_terminal(pair.hvlab, *command("--lab", pair.name, *line)) as (pid, terminal):
        begun(text, count)
        os.close(terminal)
        os.waitpid(pid, 0)


def test_a_shell_whose_terminal_is_closed_ends_with_its_jobs(
    pair: RunningLab, begun: Callable[[str, int], None]
) -> None:
    with on_a_terminal(pair.hvlab, *command("--lab", pair.name, "exec", "web1")) as (pid, terminal):
        os.write(terminal, b"sleep 1000 &\necho rea''dy; sleep 1000\n")
        read_until(terminal, "ready")
        begun("sleep 1000", 2)
        os.close(terminal)
        os.waitpid(pid, 0)


@pytest.mark.parametrize("start", ["sleep 1000", "setsid sleep 1000", "nohup sleep 1000"])
def test_what_was_left_in_the_background_on_purpose_goes_on(pair: RunningLab, start: str) -> None:
    before = guests(pair)
    pair.exec("web1", "sh", "-c", f"{start} >/dev/null 2>&1 </dev/null &")
    left = [key for key, line in new(pair, before).items() if "sleep 1000" in line]
    assert len(left) == 1
    pair.exec("web1", "pkill", "-x", "sleep")
    eventually(lambda: new(pair, before), lambda seen: not seen, timeout=ENDS_WITHIN_S)
