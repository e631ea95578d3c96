"""What `make test` samples, in full: commands ended at every step of theirs, and what the death of each program costs.

The second prints the table of docs/reliability.md; SOAK_DEATHS=7 deaths of each program are its measurements.
"""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

import pytest

from tests.system.conftest import LabOf, announce  # noqa: F401 - a fixture
from tests.system.faults.interrupting import NeverReached, halted, interrupted, steps_of
from tests.system.faults.places import ELSE, OFFICE, PAIR
from tests.system.faults.processes import kill
from tests.system.faults.test_killed_commands import condition, is_gone, is_like, known_names, told
from tests.system.faults.test_killed_processes import lost_by_programs
from tests.system.faults.traffic import Loss
from tests.system.labs import Hvlab, RunningLab, fresh_name

DEATHS = int(os.environ.get("SOAK_DEATHS", "7"))
ANYTHING = ""


@pytest.fixture
def office(lab: LabOf, announce: Callable[[str], None]) -> Iterator[RunningLab]:  # noqa: F811
    with lab(OFFICE) as found:
        announce(ANYTHING)
        yield found


def test_up_can_be_ended_at_every_step(hvlab: Hvlab, tmp_path: Path) -> None:
    name, file = fresh_name(), tmp_path / "office.py"
    file.write_text(OFFICE)
    steps = steps_of(hvlab, "up", file, "--name", name)
    hvlab("down", name)
    for step in steps:
        try:
            interrupted(hvlab, step, signal.SIGKILL, "up", file, "--name", name)
        except NeverReached:
            # How often something is asked until it is there differs.
            hvlab("down", name)
        is_gone(name)


@pytest.mark.parametrize("undo", [False, True], ids=["completed", "undone"])
def test_apply_can_be_ended_at_every_step(office: RunningLab, undo: bool) -> None:
    states, ways, names = {}, {}, {}
    for text in (ELSE, OFFICE):
        office.apply(text)
        office.agrees()
        states[text], names[text] = (office.switches(), office.addresses()), known_names(office)
    for text in (ELSE, OFFICE):
        office.file.write_text(text)
        ways[text] = steps_of(office.hvlab, "apply", office.file, "--lab", office.name)
    for text, former in ((ELSE, OFFICE), (OFFICE, ELSE)):
        for step in ways[text]:
            office.apply(former)
            office.file.write_text(text)
            try:
                interrupted(office.hvlab, step, signal.SIGKILL, "apply", office.file, "--lab", office.name)
            except NeverReached:
                continue
            begun = condition(office) == "changing"
            goal = former if undo else text
            said = office.apply(goal).out
            assert begun == (told(office, "undone" if undo else "completed") in said.splitlines()), (step, said)
            is_like(office, states[goal])
            assert known_names(office) == names[goal], step
    office.agrees()


@pytest.mark.parametrize("name", ["ovs-vswitchd@hv1", "ovsdb-server@hv1"])
def test_a_program_that_stops_during_a_change_fails_it_in_words(office: RunningLab, name: str) -> None:
    office.file.write_text(ELSE)
    line = ("apply", office.file, "--lab", office.name)
    with halted(office.hvlab, "creating switches#1", *line) as (process, control):
        pid = kill(office, name, signal.SIGSTOP)
        control.send(b".")
        _, err = process.communicate(timeout=60)
    told = err.decode().splitlines()
    assert (process.returncode, len(told)) == (1, 1), told
    status = office("status", check=1).err.splitlines()
    assert status[0].startswith(f'hvlab: "{name}" (pid {pid}) is stopped')
    assert told[0].removeprefix("hvlab: ") in status[1]
    os.kill(pid, signal.SIGCONT)
    assert f'the change begun by "hvlab apply {office.file}" failed; it has been completed' in office.apply(ELSE).out
    office.agrees()


def test_what_the_death_of_each_program_costs(lab: LabOf, announce: Callable[[str], None]) -> None:  # noqa: F811
    found: dict[tuple[str, str], list[Loss]] = defaultdict(list)
    for _ in range(DEATHS):
        with lab(PAIR) as fresh:
            announce(ANYTHING)
            for name, losses in lost_by_programs(fresh).items():
                for where, loss in losses.items():
                    found[name, where].append(loss)
    print(f"\n\n| killed | traffic | packets lost | nothing arrives for | TCP waits for |\n|{'---|' * 5}")
    for (name, where), each in found.items():
        silence, transfer = (median(getattr(loss, of) for loss in each) for of in ("silence_s", "transfer_silence_s"))
        print(f"| {name} | {where} | {median(loss.packets for loss in each):g} | {silence:.2f} s | {transfer:.2f} s |")
    assert all(len(each) == DEATHS for each in found.values())
