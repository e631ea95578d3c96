"""TCP goodput and round-trip times: beside a bare Open vSwitch bridge, stock Mininet's user datapath and a Linux bridge."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from statistics import median

import pytest

from lab.emulation.observe import pids
from tests.bench.conftest import ROUNDS, Record
from tests.bench.figures import Goal, compare
from tests.bench.labs import BUSY_SWITCH, BUSY_VMS, TWO_HOSTS, goodput, one_switch, round_trips, shell_of
from tests.bench.peers import Private, bare_switch, linux_bridge, stock_mininet
from tests.system.conftest import LabOf
from tests.system.labs import RunningLab

pytestmark = pytest.mark.usefixtures("beside_peers")

NEW_FLOWS = 40
LATER_PINGS = 200
FORGET = "revalidator/purge"
"""What makes Open vSwitch forget the flows of its datapath: the next packet is the first of a new flow."""


@pytest.fixture(scope="module")
def lab_of_two(lab: LabOf) -> Iterator[RunningLab]:
    with lab(one_switch(2)) as running:
        yield running


@pytest.fixture(scope="module")
def bare() -> Iterator[Private]:
    with bare_switch() as shell:
        yield shell


def in_namespace(shell: Private) -> Callable[[str, str], str]:
    return lambda machine, command: shell.run(f"ip netns exec {machine} sh -c '{command}'")


def in_mininet(network: Private) -> Callable[[str, str], str]:
    def run(machine: str, command: str) -> str:
        network.say(json.dumps([machine, command]))
        return str(network.hear())

    return run


def test_tcp(lab_of_two: RunningLab, bare: Private, record: Record) -> None:
    with ExitStack() as stack:
        kernel = stack.enter_context(linux_bridge())
        network, _ = stack.enter_context(stock_mininet(2))
        stock = in_mininet(network)
        for host in ("h1", "h2"):
            stock(host, f"ethtool -K {host}-eth0 tx off")
        measured: dict[str, list[float]] = {"ours": [], "bare": [], "stock": [], "kernel": []}
        for _ in range(ROUNDS):
            measured["ours"].append(goodput(shell_of(lab_of_two), "vm0", "vm1", "10.0.0.2"))
            measured["bare"].append(goodput(in_namespace(bare), "m1", "m2", "10.0.0.2"))
            measured["stock"].append(goodput(stock, "h1", "h2", "10.0.0.2"))
            measured["kernel"].append(goodput(in_namespace(kernel), "m1", "m2", "10.0.0.2"))
    title = "TCP goodput between VMs on one switch"
    ours = measured["ours"]
    record(
        compare(f"{title} / bare OVS bridge, same settings", "Gbit/s", ours, measured["bare"], Goal(0.95, "at least"))
    )
    record(compare(f"{title} / stock Mininet, user datapath", "Gbit/s", ours, measured["stock"], Goal(6, "at least")))
    record(compare(f"{title} / Linux bridge", "Gbit/s", ours, measured["kernel"], None))


def test_settings_of_others(lab: LabOf, record: Record) -> None:
    """What the settings of other adapters on the switch cost two that have none."""
    with lab(BUSY_SWITCH) as busy, lab(one_switch(BUSY_VMS)) as idle:
        with_settings, without = [], []
        for _ in range(ROUNDS):
            with_settings.append(goodput(shell_of(busy), "vm0", "vm1", "10.0.0.2"))
            without.append(goodput(shell_of(idle), "vm0", "vm1", "10.0.0.2"))
    title = "TCP goodput between VMs without settings, on a switch with settings / on one without"
    record(compare(title, "Gbit/s", with_settings, without, Goal(0.97, "at least")))


def test_tcp_over_two_hosts(lab: LabOf, record: Record) -> None:
    with lab(TWO_HOSTS) as running:
        one, two = [], []
        for _ in range(ROUNDS):
            one.append(goodput(shell_of(running), "m1", "m2", "10.0.0.2"))
            two.append(goodput(shell_of(running), "m1", "m3", "10.0.0.3"))
    record(compare("TCP goodput over two hosts / over one", "Gbit/s", two, one, Goal(0.5, "at least")))


def test_round_trips(lab_of_two: RunningLab, bare: Private, record: Record) -> None:
    first: dict[str, list[float]] = {"ours": [], "bare": []}
    later: dict[str, list[float]] = {"ours": [], "bare": []}
    each_first = f"for n in $(seq {NEW_FLOWS}); do {{forget}} >/dev/null; {{ping}} -c 1 -W 2 10.0.0.2; done"
    each_later = f"{{ping}} -c {LATER_PINGS} -i 0.002 10.0.0.2"
    inside = switch_shell(lab_of_two)
    ways = {
        "ours": (inside, f"ovs-appctl -t /run/hvlab/ovs/hv1/ovs-vswitchd.ctl {FORGET}", "nsenter -t $VM0 -n ping"),
        "bare": (bare.run, f"ovs-appctl {FORGET}", "ip netns exec m1 ping"),
    }
    for _ in range(ROUNDS):
        for name, (run, forget, ping) in ways.items():
            run(each_later.format(ping=ping))
            first[name].append(median(round_trips(run(each_first.format(forget=forget, ping=ping)))))
            later[name].append(median(round_trips(run(each_later.format(ping=ping)))))
    record(
        compare(
            "round trip of a new flow's first packet / bare OVS bridge", "ms", first["ours"], first["bare"], Goal(1.5)
        )
    )
    record(compare("round trip of later packets / bare OVS bridge", "ms", later["ours"], later["bare"], Goal(1.1)))


def switch_shell(lab: RunningLab) -> Callable[[str], str]:
    """Return what runs a shell command in the pod, where $VM0 is a process of vm0."""
    import subprocess

    def run(command: str) -> str:
        def inside() -> str:
            number = pids(lab.pod)["vm0"]
            done = subprocess.run(["sh", "-c", f"VM0={number}; {command}"], capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout

        return lab.run_inside(inside)

    return run
