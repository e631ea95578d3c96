"""Start, stop, memory: beside stock Mininet with as many hosts."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from lab.emulation.observe import pids
from lab.emulation.pod import pod as pods
from lab.emulation.probes import Ping, ping_all
from tests.bench.conftest import ROUNDS, Record
from tests.bench.figures import Goal, compare
from tests.bench.labs import memory, one_switch, timed
from tests.bench.peers import stock_mininet
from tests.system.labs import TOPOLOGIES, Hvlab

Write = Callable[[str], Path]
NAME = "bench-start"
VMS = 200
MANY = 1000
PINGS = 200


@pytest.mark.usefixtures("beside_peers")
def test_200_vms(hvlab: Hvlab, topology: Write, record: Record) -> None:
    """`hvlab up` and `down` as whole processes; of stock Mininet the script until its network runs, and `net.stop()`."""
    file = topology(one_switch(VMS))
    up, down, start, stop, ours, theirs = ([] for _ in range(6))
    for _ in range(ROUNDS):
        up.append(timed(hvlab, "up", str(file), "--name", NAME))
        ours.append(processes_of_machines(NAME))
        down.append(timed(hvlab, "down", NAME))
        with stock_mininet(VMS) as (network, seconds):
            start.append(seconds)
            network.say('"memory"')
            theirs.append(network.hear())
            network.say('"stop"')
            stop.append(network.hear())
    record(compare(f"start, {VMS} VMs on one switch, policy acknowledged / stock Mininet", "s", up, start, Goal(0.25)))
    record(compare(f"stop, {VMS} VMs / stock Mininet", "s", down, stop, Goal(0.05)))
    for kind, words in (("rss", "resident memory of a VM"), ("pss", "of it not shared with others")):
        per_vm = [sum(each[kind] for each in found) / VMS for found in ours]
        per_host = [sum(each[kind] for each in found) / VMS for found in theirs]
        record(compare(f"{words} / stock Mininet host", "kB", per_vm, per_host, Goal(0.6)))


def processes_of_machines(name: str) -> list[dict[str, int]]:
    """Return what the first process of each VM of a lab occupies."""
    pod = pods.get(name)
    numbers = [state.pid for vm, state in pod.processes().items() if vm.startswith("vm") and state.pid]
    assert len(numbers) == VMS
    return [memory(pod.path(f"/proc/{number}")) for number in numbers]


def test_1000_vms(hvlab: Hvlab, topology: Write, record: Record) -> None:
    few, many, answered = [], [], []
    for _ in range(ROUNDS):
        few.append(timed(hvlab, "up", str(topology(one_switch(VMS))), "--name", NAME))
        hvlab("down", NAME)
        many.append(timed(hvlab, "up", str(topology(one_switch(MANY))), "--name", NAME))
        answered.append(sample(NAME))
        hvlab("down", NAME)
    record(compare(f"start, {MANY} VMs / {VMS} VMs", "s", many, few, Goal(6)))
    record(compare(f"of {PINGS} pings between {MANY} VMs answered", "", answered, None, Goal(PINGS, "at least")))


def sample(name: str) -> int:
    """Return how many of some random pairs of VMs answer; each is pinged twice."""
    pod = pods.get(name)
    chosen = random.Random(name)

    def address(number: int) -> str:
        return "10.0.{}.{}".format(*(divmod(number, 250)[0], number % 250 + 1))

    def inside() -> int:
        pairs = [chosen.sample(range(MANY), 2) for _ in range(PINGS)]
        asked = [Ping(f"vm{one}", address(one), address(other)) for one, other in pairs]
        return sum(time is not None for time in ping_all(asked, pids(pod), timeout_ms=3000).values())

    return pod.run_inside(inside)


@pytest.mark.usefixtures("beside_peers")
def test_three_switches(hvlab: Hvlab, record: Record) -> None:
    file = next(path for path in TOPOLOGIES if path.stem == "three_switches")
    up, start = [], []
    for _ in range(ROUNDS):
        up.append(timed(hvlab, "up", str(file), "--name", NAME))
        machines = [name for name, each in pods.get(NAME).processes().items() if not each.argv]
        hvlab("down", NAME)
        with stock_mininet(len(machines), 3) as (network, seconds):
            start.append(seconds)
            network.say('"stop"')
            network.hear()
    record(compare("hvlab up of three_switches, whole process", "s", up, None, Goal(2.0)))
    record(compare("hvlab up of three_switches / stock Mininet with as many nodes", "s", up, start, Goal(0.8)))


def test_commands(hvlab: Hvlab, record: Record) -> None:
    file = next(path for path in TOPOLOGIES if path.stem == "three_switches")
    hvlab("up", file, "--name", NAME)
    status = [timed(hvlab, "status", NAME) for _ in range(ROUNDS)]
    hvlab("down", NAME)
    usage = [timed(hvlab, "--help") for _ in range(ROUNDS)]
    record(compare("hvlab status of three_switches, whole process", "s", status, None, Goal(0.35)))
    record(compare("hvlab --help, whole process", "s", usage, None, None))
