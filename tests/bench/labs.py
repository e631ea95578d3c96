"""Topologies and measurements that several benchmarks share."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

from tests.system.labs import Hvlab, RunningLab

TCP_SECONDS = 2
Shell = Callable[[str, str], str]
"""Runs a shell command in a machine and returns what it printed."""


def one_switch(vms: int) -> str:
    """Return a topology of VMs on one private switch; static MAC addresses, for a host has a pool of 256 only."""
    return f"""
from lab import Lab

lab = Lab("bench")
hv1 = lab.host("hv1")
hv1.private_switch("Private")
for number in range({vms}):
    high, low = divmod(number, 250)
    hv1.vm(f"vm{{number}}", "Private", f"10.0.{{high}}.{{low + 1}}/8", mac=f"02:00:00:00:{{high:02x}}:{{low:02x}}")
"""


TWO_HOSTS = """
from lab import Lab

lab = Lab("bench")
office = lab.physical_network("office", "10.0.0.0/24")
for host, vms in (("hv1", ("m1", "m2")), ("hv2", ("m3",))):
    made = lab.host(host)
    made.nic("Ethernet", office)
    made.external_switch("External", nic="Ethernet", allow_management_os=False)
    for vm in vms:
        made.vm(vm, "External", f"10.0.0.{vm[1]}")
"""


def timed(hvlab: Hvlab, *arguments: str) -> float:
    """Run `hvlab ARGUMENTS` as a whole process, which may keep its bytecode as a user's does; return its seconds."""
    began = time.monotonic()
    hvlab(*arguments, timeout=600, env={"PYTHONDONTWRITEBYTECODE": ""})
    return time.monotonic() - began


def shell_of(lab: RunningLab) -> Shell:
    """Return what runs a shell command in a machine of a lab."""

    def run(machine: str, command: str) -> str:
        return lab.exec(machine, "sh", "-c", command).out

    return run


def goodput(run: Shell, sender: str, receiver: str, address: str) -> float:
    """Return the bits per second that a TCP receiver gets, by iperf3 with its defaults."""
    run(receiver, "iperf3 --server --one-off --daemon >/dev/null; sleep 0.2")
    said = run(sender, f"iperf3 --client {address} --time {TCP_SECONDS} --json")
    return float(json.loads(said)["end"]["sum_received"]["bits_per_second"])


def round_trips(output: str) -> list[float]:
    """Return the round-trip times that `ping` printed, in seconds."""
    return [float(time) / 1000 for time in re.findall(r"time=([\d.]+) ms", output)]


def memory(proc: str) -> dict[str, int]:
    """Return what a process, by its /proc directory, occupies in bytes: "rss" all, "pss" what it does not share."""
    with open(f"{proc}/smaps_rollup", encoding="ascii") as file:
        values = {words[0]: int(words[1]) * 1024 for words in map(str.split, file) if words[0] in ("Rss:", "Pss:")}
    return {"rss": values["Rss:"], "pss": values["Pss:"]}


BUSY_VMS = 22
BUSY_SWITCH = """
from lab import Lab, allow, deny, extended_allow, extended_deny, isolated, meter

lab = Lab("bench")
hv1 = lab.host("hv1")
hv1.private_switch("Private", learning="Pinned")
for number in range(2):
    hv1.vm(f"vm{number}", "Private", f"10.0.0.{number + 1}/8")
for number in range(20):
    hv1.vm(
        f"busy{number}", "Private", f"10.1.0.{number + 1}/8", vlan=isolated(100, 101) if number % 2 else None,
        dhcp_guard=True, router_guard=True, port_mirroring="Destination" if number == 0 else "Source",
        ieee_priority_tag=True, resource_metering=True, minimum_bandwidth_weight=number,
        acls=[deny(remote="ANY"), allow(remote="10.1.0.0/16"), meter(remote="ANY")],
        extended_acls=[
            extended_allow(10, "Inbound", protocol="TCP", local_port="80-443"),
            extended_allow(20, "Outbound", protocol="TCP", stateful=True),
            extended_deny(1, "Inbound"),
        ],
    )
"""
"""A switch on which everything is set, but for the adapters of vm0 and vm1."""
