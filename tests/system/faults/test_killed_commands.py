"""`up`, `apply` and `down` ended at each of their steps: nothing half made stays, and the next command says what it did.

The steps are those that the product takes; see :mod:`tests.system.faults.halting`. Here a command is ended at every
title of its progress, before and after every time it writes down where it stands; `make soak` ends it at every step.
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from lab.cli.selection import condition_of, state_of
from lab.emulation.pod import pod as pods
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults.interrupting import NeverReached, interrupted, on_a_terminal, read_until, steps_of
from tests.system.faults.places import ELSE, OFFICE, PAIR
from tests.system.labs import Done, Hvlab, RunningLab, command, difference, edited, fresh_name

pytestmark = pytest.mark.system

ENDS_WITHIN_S = 10.0
# What Open vSwitch says when a device goes that is still its port, and of connections that end.
LOSS = (
    r"\|(netdev_linux|dpif_netdev|bridge)\|(WARN|ERR)\|.*(Network is down|No such device)|terminating with signal 15|"
    r"(receive|send) error|Broken pipe|Connection reset|Dropped \d+ log messages"
)

State = tuple[Any, Any]


def landmarks(steps: Sequence[str]) -> list[str]:
    """Return the titles among the steps, and what comes before and after the state of the lab is written."""
    effects = ("os.", "open#", "socket.", "shutil.", "subprocess.")
    return [step for step in steps if step.startswith("os.rename#") or not step.startswith(effects)]


def of_a_name(name: str) -> list[int]:
    """Return the processes that have the name in their arguments or environment: a lab's first one, and commands."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if name.encode() in words and int(entry.name) != os.getpid():
                found.append(int(entry.name))
    return found


# Up


@pytest.fixture
def fresh(hvlab: Hvlab) -> Iterator[tuple[str, Path]]:
    """A name, and a file from which a lab of that name can be started."""
    name = fresh_name()
    file = hvlab.workplace.temporary.parent / f"{name}.py"
    file.write_text(PAIR)
    yield name, file
    hvlab("down", name, check=None)
    file.unlink()


def is_gone(name: str) -> None:
    """Check that nothing is left of a lab nor of a command on it."""
    eventually(lambda: of_a_name(name), lambda left: not left, timeout=ENDS_WITHIN_S)
    assert not is_there(name)


def is_there(name: str) -> bool:
    return name in {pod.name for pod in pods.find()}


def test_up_that_is_ended_leaves_nothing(hvlab: Hvlab, fresh: tuple[str, Path]) -> None:
    name, file = fresh
    steps = landmarks(steps_of(hvlab, "up", file, "--name", name))
    assert len(steps) > 10, steps
    hvlab("down", name)
    for step in steps:
        interrupted(hvlab, step, signal.SIGKILL, "up", file, "--name", name)
        is_gone(name)
    for step, number in zip(steps[1::4], (signal.SIGINT, signal.SIGTERM, signal.SIGHUP), strict=False):
        said = interrupted(hvlab, step, number, "up", file, "--name", name)
        assert said.strip() == ("hvlab: interrupted" if number == signal.SIGINT else ""), step
        is_gone(name)


def test_the_next_up_of_that_name_works_at_once(hvlab: Hvlab, fresh: tuple[str, Path]) -> None:
    name, file = fresh
    for step in ("starting the controller#1", "waiting for the switches#1"):
        interrupted(hvlab, step, signal.SIGKILL, "up", file, "--name", name)
        hvlab("up", file, "--name", name)
        hvlab("down", name)


# Apply


@pytest.fixture(scope="module")
def office(lab: LabOf) -> Iterator[RunningLab]:
    with lab(OFFICE) as found:
        yield found


@pytest.fixture(scope="module")
def states(office: RunningLab) -> dict[str, State]:
    """What the lab is like with either file, by the file's text, when nobody interrupts the change."""
    found = {}
    for text in (ELSE, OFFICE):
        office.apply(text)
        found[text] = office.switches(), office.addresses()
    return found


@pytest.fixture(scope="module")
def ways(office: RunningLab, states: dict[str, State]) -> dict[str, list[str]]:
    """The steps of a change to either file, by the file's text."""
    found = {}
    for text in (ELSE, OFFICE):
        office.file.write_text(text)
        found[text] = landmarks(steps_of(office.hvlab, "apply", office.file, "--lab", office.name))
    return found


def is_like(lab: RunningLab, state: State, *, flows_too: bool = True) -> None:
    """Check that a lab is in a state, down to every address and route, and every flow."""
    flows, settings = state
    if flows_too:
        assert difference(flows, lab.switches())[:4] == []
    # The kernel takes away the devices of a machine that has ended a moment later.
    eventually(lambda: difference(settings, lab.addresses())[:4], lambda seen: not seen, timeout=5.0)


def condition(lab: RunningLab) -> str:
    """Return the word for how a lab is, as `hvlab list` has it, which touches nothing."""
    return condition_of(state_of(lab.pod))


def known_names(lab: RunningLab) -> str:
    """Return the names and addresses that all machines know."""
    return lab.exec("web1", "cat", "/etc/hosts").out


def told(lab: RunningLab, outcome: str) -> str:
    return f'the change begun by "hvlab apply {lab.file}" was interrupted; it has been {outcome}'


Next = Callable[[RunningLab], Done]

# Whatever comes next completes the change. `apply` says so where it tells of its own, the others beside their output.
NEXT: tuple[Next, ...] = (
    lambda lab: lab("status"),
    lambda lab: lab("matrix"),
    lambda lab: lab.exec("web1", "true"),
    lambda lab: lab("apply", lab.file),
    lambda lab: lab("learned"),
    lambda lab: lab("trace", "web1", "web2"),
    lambda lab: lab("mininet", "-c", "nodes"),
)


def test_an_apply_that_is_ended_is_completed_by_the_next_command(
    office: RunningLab, states: dict[str, State], ways: dict[str, list[str]], announce: Callable[[str], None]
) -> None:
    announce(LOSS)
    titles = {step for way in ways.values() for step in way}
    assert {"stopping machines#1", "creating switches#1", "releasing NICs#1", "os.rename#2"} <= titles
    longest = max(len(way) for way in ways.values())
    text = OFFICE
    words = []
    for at, act in zip(range(longest), itertools.cycle(NEXT), strict=False):
        before, text = text, ELSE if text == OFFICE else OFFICE
        step = ways[text][min(at, len(ways[text]) - 1)]
        office.file.write_text(text)
        interrupted(office.hvlab, step, signal.SIGKILL, "apply", office.file, "--lab", office.name)
        words.append(condition(office))
        done = act(office)
        assert (told(office, "completed") in done.out + done.err) == (words[-1] == "changing"), (step, done)
        assert condition(office) == "running"
        # Before the lab has written down where it goes, nothing was done.
        where = before if at == 0 and words[-1] == "running" else text
        is_like(office, states[where], flows_too=at % 3 == 2)
        if where != text:
            office.apply(text)
    office.apply(OFFICE)
    is_like(office, states[OFFICE])
    assert words.count("changing") > longest - 4, words


def test_an_apply_that_is_ended_is_undone_by_the_former_file(
    office: RunningLab, states: dict[str, State], ways: dict[str, list[str]], announce: Callable[[str], None]
) -> None:
    announce(LOSS)
    office.apply(OFFICE)
    for step in ways[ELSE][3::4]:
        office.file.write_text(ELSE)
        interrupted(office.hvlab, step, signal.SIGKILL, "apply", office.file, "--lab", office.name)
        assert told(office, "undone") in office.apply(OFFICE).out.splitlines()
        is_like(office, states[OFFICE])


def test_names_are_those_of_the_lab_after_a_change_that_was_undone_before_it_did_anything(office: RunningLab) -> None:
    office.apply(OFFICE)
    names = known_names(office)
    office.file.write_text(edited(OFFICE, ("192.168.1.32", "192.168.1.36")))
    interrupted(office.hvlab, "configuring addresses#1", signal.SIGKILL, "apply", office.file, "--lab", office.name)
    assert told(office, "undone") in office.apply(OFFICE).out.splitlines()
    assert known_names(office) == names


def test_an_apply_that_is_ended_can_be_followed_by_another_change(
    office: RunningLab, states: dict[str, State], ways: dict[str, list[str]], announce: Callable[[str], None]
) -> None:
    """Of neither of two changes that were interrupted one after the other something stays."""
    announce(LOSS)
    office.apply(OFFICE)
    extra = OFFICE + 'hv1.vm("extra", "External", "192.168.1.39")\nhv1.private_switch("Extra")\n'
    for text in (extra, ELSE):
        office.file.write_text(text)
        interrupted(office.hvlab, ways[ELSE][-3], signal.SIGKILL, "apply", office.file, "--lab", office.name)
    assert told(office, "undone") in office.apply(OFFICE).out.splitlines()
    is_like(office, states[OFFICE])
    processes = set(office.pod.processes())
    assert not processes & {"extra", "new"}, processes


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_other_ends_of_an_apply(
    office: RunningLab, states: dict[str, State], announce: Callable[[str], None], number: signal.Signals
) -> None:
    announce(LOSS)
    office.apply(OFFICE)
    office.file.write_text(ELSE)
    said = interrupted(office.hvlab, "creating switches#1", number, "apply", office.file, "--lab", office.name)
    if number == signal.SIGINT:
        assert said == "hvlab: interrupted in the middle of the change; the next command completes it\n"
    assert told(office, "completed") in office("status").err
    is_like(office, states[ELSE])


def test_an_apply_whose_terminal_is_closed_is_completed_by_the_next_command(
    office: RunningLab, states: dict[str, State], announce: Callable[[str], None]
) -> None:
    announce(LOSS)
    office.apply(OFFICE)
    office.file.write_text(ELSE)
    with on_a_terminal(office.hvlab, *command("apply", office.file, "--lab", office.name, "-v")) as (pid, terminal):
        read_until(terminal, "creating switches")
        os.close(terminal)
        os.waitpid(pid, 0)
    done = office("apply", office.file)
    assert told(office, "completed") in done.out or done.out.startswith("nothing to do")
    is_like(office, states[ELSE])


def test_two_changes_at_once_come_one_after_the_other(office: RunningLab, announce: Callable[[str], None]) -> None:
    announce(LOSS)
    files = []
    for at, text in enumerate((ELSE, OFFICE)):
        file = office.file.with_name(f"{office.name}-{at}.py")
        file.write_text(text)
        files.append(file)
    started = time.monotonic()
    start, quiet = office.hvlab.start, subprocess.DEVNULL
    commands = [start("apply", file, "--lab", office.name, stdout=quiet) for file in files]
    assert [each.wait(30) for each in commands] == [0, 0]
    assert time.monotonic() - started < 20
    office.apply(OFFICE)
    office.agrees()
    for file in files:
        file.unlink()


# Down


def test_down_that_is_ended_has_ended_the_lab_or_not_touched_it(hvlab: Hvlab, fresh: tuple[str, Path]) -> None:
    name, file = fresh
    hvlab("up", file, "--name", name)
    steps = steps_of(hvlab, "down", name)
    assert "the lab is killed#1" in steps
    for step in steps:
        if not is_there(name):
            hvlab("up", file, "--name", name)
        try:
            interrupted(hvlab, step, signal.SIGKILL, "down", name)
        except NeverReached:
            # The process that waits outside the lab for its end may have removed the control groups before.
            assert step.startswith("os.rmdir#"), step
        again = hvlab("down", name, check=None)
        if again.code == 0:
            assert again.out == f'lab "{name}" is gone\n'
        else:
            assert (again.code, again.err.startswith(f'hvlab: no lab is called "{name}"')) == (2, True), again.err
        is_gone(name)
