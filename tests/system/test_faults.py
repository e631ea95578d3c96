"""Every process of a lab is killed once: the lab heals itself, or is gone without a trace where that is the point."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.labs import (
    Hvlab,
    RunningLab,
    comm,
    difference,
    edited,
    fresh_name,
    pinging,
    start_ticks,
)
from tests.system.offices import OFFICE
from tests.system.pods import processes_below

pytestmark = pytest.mark.system

SUPERVISED = (
    "controller",
    "ovsdb-server@hv1",
    "ovs-vswitchd@hv1",
    "ovsdb-server@physical.networks",
    "ovs-vswitchd@physical.networks",
)
HEALS_WITHIN_S = 5.0
# What Open vSwitch and the controller say of one another's death.
LOSS = (
    r"connection (closed|dropped|failed|attempt failed|reset)|Connection (refused|reset)|Broken pipe|"
    r"No such file or directory|is not connected|receive error|send error|End of file|Bad file descriptor"
)

# What Open vSwitch says when a device goes that is still its port.
DEVICE_LOSS = r"\|(netdev_linux|dpif_netdev|bridge)\|(WARN|ERR)\|.*(Network is down|No such device)"


@pytest.fixture(scope="module")
def office(lab: LabOf) -> Iterator[RunningLab]:
    """The office; every test leaves it as it was."""
    with lab(OFFICE) as found:
        found.agrees()
        yield found


def machine_pid(lab: RunningLab, name: str) -> int:
    """Return the machine's pid of a process of the lab."""
    inside = lab.pod.processes()[name].pid
    for pid in processes_below(lab.pod.pid):
        status = Path(f"/proc/{pid}/status").read_text()
        numbers = re.search(r"^NSpid:\s+(.*)$", status, re.MULTILINE)
        if numbers and len(numbers[1].split()) >= 2 and numbers[1].split()[1] == str(inside):
            return pid
    raise AssertionError(f"{name} is not there")


def kill(lab: RunningLab, name: str) -> None:
    """Kill a process with SIGKILL, as the machine's user can."""
    os.kill(machine_pid(lab, name), signal.SIGKILL)


def heals(lab: RunningLab) -> None:
    """Check that prediction and measurement agree again, in a measurement that began in time."""

    def measured() -> tuple[int, str]:
        done = lab("matrix", check=None)
        return done.code, done.out[-1500:] + done.err

    eventually(measured, lambda seen: seen[0] == 0, timeout=HEALS_WITHIN_S)
    lab.healthy(timeout=1.0)
    lab.remember()


def test_these_are_all_the_processes_that_are_restarted(office: RunningLab) -> None:
    """Machines are not: a VM that has died stays dead until somebody starts it."""
    machines = {"hv1", "web1", "web2", "app1", "app2", "db1", "db2", "spare", "pc1", "pc2", "internet"}
    machines |= {"office-router", "physical.networks"}
    assert set(office.pod.processes()) == set(SUPERVISED) | machines


@pytest.mark.parametrize("name", SUPERVISED)
def test_the_lab_heals_itself(office: RunningLab, announce: Callable[[str], None], name: str) -> None:
    announce(LOSS)
    programs, settings = office.switches(), office.addresses()
    restarts = office.pod.processes()[name].restarts
    kill(office, name)
    eventually(lambda: office.pod.processes()[name].restarts, lambda now: now == restarts + 1, timeout=2.0)
    heals(office)
    assert difference(programs, office.switches())[:4] == []
    assert difference(settings, office.addresses())[:4] == []


@pytest.mark.parametrize("name", SUPERVISED)
def test_apply_works_right_after(office: RunningLab, announce: Callable[[str], None], name: str) -> None:
    announce(LOSS)
    kill(office, name)
    office.apply(edited(OFFICE, ("running=False", "running=True")))
    office.exec("web1", "ping", "-c1", "-W2", "192.168.1.33")
    office.apply(OFFICE)
    again = office("apply", office.file, "--json").json()
    assert (again["changes"], again["steps"]) == ([], [])


def test_the_controller_s_death_loses_no_packet(office: RunningLab, announce: Callable[[str], None]) -> None:
    announce(LOSS)
    with pinging(office, "web1", "192.168.1.32", interval_s=0.002), flooding(office, "app1", "10.0.1.12"):
        for _ in range(2):
            restarts = office.pod.processes()["controller"].restarts
            kill(office, "controller")
            eventually(lambda: office.pod.processes()["controller"].restarts, lambda now: now > restarts)  # noqa: B023
            # It takes commands again, which needs the connections to all switches.
            office.apply(edited(OFFICE, ("running=False", "running=True")))
            office.apply(OFFICE)


@pytest.mark.parametrize("name", ["ovsdb-server@hv1"])
def test_the_database_s_death_loses_no_packet(office: RunningLab, announce: Callable[[str], None], name: str) -> None:
    announce(LOSS)
    with pinging(office, "web1", "192.168.1.32"):
        kill(office, name)
        heals(office)


class flooding:  # noqa: N801 - used as a context manager
    """`ping -f` as long as the block lasts; not one packet may be lost."""

    def __init__(self, lab: RunningLab, node: str, target: str) -> None:
        arguments = ("--lab", lab.name, "exec", node, "--", "ping", "-n", "-q", "-f", target)
        self._process = lab.hvlab.start(*arguments, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)

    def _ping(self) -> int:
        return next((pid for pid in processes_below(self._process.pid) if comm(pid) == "ping"), 0)

    def __enter__(self) -> None:
        eventually(self._ping)

    def __exit__(self, kind: object, *_: object) -> None:
        os.kill(self._ping(), signal.SIGINT)
        out, _ = self._process.communicate(timeout=10)
        numbers = re.search(rb"(\d+) packets transmitted, (\d+) received", out)
        assert numbers, out
        sent, received = int(numbers[1]), int(numbers[2])
        if kind is None:
            assert sent > 500, out
            assert sent - received <= 1, f"{sent} sent, {received} received; only the last may be on its way"


@pytest.mark.parametrize("name", ["web2", "pc1", "office-router", "hv1", "physical.networks"])
def test_a_machine_that_was_killed_is_repaired_by_apply(
    office: RunningLab, announce: Callable[[str], None], name: str
) -> None:
    announce(f"{DEVICE_LOSS}|{LOSS}")
    kill(office, name)
    with contextlib.ExitStack() as meanwhile:
        if name != "hv1":
            meanwhile.enter_context(pinging(office, "app1", "10.0.1.12"))
        if name != "physical.networks":
            status = eventually(
                lambda: office("status", "--json", check=None), lambda done: done.code == 1, timeout=3.0
            )
            assert name in {each["machine"] for each in status.json()["adapters"] if "missing" in each["status"]}
        plan = office("apply", office.file, "--json").json()
        assert plan["changes"] == []
        assert any("missing in the running lab" in step["reason"] for step in plan["steps"])
    office.agrees()
    again = office("apply", office.file, "--json").json()
    assert (again["changes"], again["steps"]) == ([], [])
    office.remember()


def test_a_guest_cannot_end_its_vm_s_first_process(office: RunningLab) -> None:
    before = office.pod.processes()["web1"]
    office.exec("web1", "kill", "-9", "1", check=None)
    assert office.pod.processes()["web1"] == before


def test_what_somebody_broke_by_hand_is_repaired_by_apply(office: RunningLab, announce: Callable[[str], None]) -> None:
    announce(DEVICE_LOSS)
    programs, settings = office.switches(), office.addresses()
    office.exec("web1", "ip", "addr", "flush", "dev", "eth0")
    office.exec("web2", "ip", "link", "set", "eth0", "down")
    office.exec("hv1", "ip", "addr", "del", "192.168.1.20/24", "dev", "vE-External")
    office.exec("hv1", "ip", "link", "del", "db1-eth0")
    office("matrix", check=1)
    plan = office("apply", office.file, "--json").json()
    assert plan["changes"] == []
    assert all("running lab" in step["reason"] or "goes with" in step["reason"] for step in plan["steps"]), plan
    office.agrees()
    assert difference(programs, office.switches())[:4] == []
    assert difference(settings, office.addresses())[:4] == []


def test_killing_the_first_process_leaves_nothing(hvlab: Hvlab, lab: LabOf) -> None:
    with lab(OFFICE) as found:
        root = Path(f"/proc/{found.pod.pid}")
        os.kill(found.pod.pid, signal.SIGKILL)
        eventually(found.survivors, lambda left: not left, timeout=1.0)
        assert not root.exists() or start_ticks(found.pod.pid) is None
        assert found.name not in {each["name"] for each in hvlab("list", "--json").json()}
        assert hvlab("status", found.name, check=2).err.startswith(f'hvlab: no lab is called "{found.name}"')
        # The name is free.
        hvlab("up", found.file, "--name", found.name)
        hvlab("down", found.name)


# Commands that are killed in the middle

UP_STEPS = (
    "starting the controller",
    "starting machines",
    "plugging in cables",
    "starting Open vSwitch",
    "creating switches",
    "configuring the management OS",
    "waiting for the switches",
)
APPLY_STEPS = (
    "removing routes",
    "disconnecting",
    "stopping machines",
    "starting machines",
    "plugging in cables",
    "configuring addresses",
    "creating switches",
    "configuring the management OS",
    "releasing NICs",
    "waiting for the switches",
)


def killed_at(hvlab: Hvlab, step: str, *arguments: str | Path) -> None:
    """Start a command with ``-v`` and kill it when it tells of a step."""
    command = hvlab.start(*arguments, "-v", stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert command.stderr
    told = []
    for line in command.stderr:
        told.append(line.decode())
        if told[-1].rstrip().endswith(step):
            command.kill()
            break
    else:
        raise AssertionError(f"it never told of {step!r}: {told}")
    command.stderr.close()
    assert command.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize("step", UP_STEPS, ids=lambda step: step.replace(" ", "-"))
def test_a_killed_up_leaves_nothing(hvlab: Hvlab, step: str) -> None:
    name = fresh_name()
    file = hvlab.workplace.temporary.parent / f"{name}.py"
    file.write_text(OFFICE)
    killed_at(hvlab, step, "up", file, "--name", name)
    eventually(lambda: hvlab("list", "--json").out, lambda listed: f'"{name}"' not in listed, timeout=2.0)
    assert not [pid for pid in processes_below(1) if name in command_line(pid)]
    file.unlink()


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        return ""


# Something of every kind goes, comes and changes.
ELSE = edited(
    OFFICE,
    ('hv1.external_switch("External", nic="Ethernet")', 'hv1.external_switch("External", nic="Ethernet 3")'),
    ('hv1.nic("Ethernet 3", store)', 'hv1.nic("Ethernet 3", office, "192.168.1.23")'),
    ('"192.168.1.32", "2001:db8:1::32"', '"192.168.1.32", gateway=""'),
    ('hv1.private_switch("Private")', 'hv1.internal_switch("Other", "10.0.2.1/24")'),
    ('hv1.vm("db1", "Private", "10.0.2.11/24")\n', 'hv1.vm("new", "Other", "10.0.2.11")\n'),
    ('hv1.vm("db2", "Private", "10.0.2.12/24")\n', 'hv1.vm("db2", "Other", "10.0.2.13", forwarding=True)\n'),
    ("running=False", "running=True"),
)


@pytest.fixture(scope="module")
def changing(lab: LabOf) -> Iterator[RunningLab]:
    with lab(OFFICE) as found:
        yield found


@pytest.fixture(scope="module")
def states(changing: RunningLab) -> dict[str, tuple[Any, Any]]:
    """What the lab is like before and after a change that nobody interrupts."""
    found = {}
    for name, text in (("after", ELSE), ("before", OFFICE)):
        changing.apply(text)
        changing.agrees()
        eventually(lambda: changing("apply", changing.file).out, lambda said: said.startswith("nothing to do"))
        found[name] = changing.switches(), changing.addresses()
    return found


def is_like(lab: RunningLab, state: tuple[Any, Any]) -> None:
    """Check that a lab is in a state, down to every flow, address and route."""
    programs, settings = state
    assert difference(programs, lab.switches())[:4] == []
    # The kernel takes away the devices of a machine that has ended a moment later.
    eventually(lambda: difference(settings, lab.addresses())[:4], lambda seen: not seen, timeout=3.0)


def test_the_change_of_these_tests_takes_every_step(changing: RunningLab) -> None:
    """Otherwise an interruption at a step would not be tested."""
    changing.file.write_text(ELSE)
    done = changing("apply", changing.file, "-v")
    told = re.findall(r"^ *\d+ ms  (.*)$", done.err, re.MULTILINE)
    changing.apply(OFFICE)
    assert set(APPLY_STEPS) == set(told)


@pytest.mark.parametrize(
    ("step", "then"),
    [*((step, "on") for step in APPLY_STEPS), *((step, "back") for step in APPLY_STEPS[1::3])],
    ids=lambda word: word.replace(" ", "-"),
)
def test_a_killed_apply_is_completed_or_undone_by_the_next(
    changing: RunningLab, states: dict[str, tuple[Any, Any]], announce: Callable[[str], None], step: str, then: str
) -> None:
    announce(f"{DEVICE_LOSS}|{LOSS}")
    changing.file.write_text(ELSE)
    killed_at(changing.hvlab, step, "apply", changing.file, "--lab", changing.name)
    (state,) = (each["state"] for each in changing.hvlab("list", "--json").json() if each["name"] == changing.name)
    assert state in ("changing", "running")
    if then == "on":
        changing("apply", changing.file)
        is_like(changing, states["after"])
    changing.apply(OFFICE)
    assert changing.status()["state"] == "running"
    is_like(changing, states["before"])
    changing.remember()


def test_two_changes_at_once_come_one_after_the_other(changing: RunningLab) -> None:
    files = []
    for at, text in enumerate((ELSE, OFFICE)):
        file = changing.file.with_name(f"{changing.name}-{at}.py")
        file.write_text(text)
        files.append(file)
    started = time.monotonic()
    start, quiet = changing.hvlab.start, subprocess.DEVNULL
    commands = [start("apply", file, "--lab", changing.name, stdout=quiet) for file in files]
    assert [command.wait(30) for command in commands] == [0, 0]
    assert time.monotonic() - started < 20
    changing.apply(OFFICE)
    changing.agrees()
    for file in files:
        file.unlink()
