"""Interfaces that guests make themselves for VLANs: a router on a stick, what its switch lets pass, and what befalls it.

All of it twice where the kernel has VLAN devices: with those, and with the program that stands in for them.
"""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from lab.emulation.pod import census
from lab.emulation.vlan_devices import CHOICE
from tests.eventually import eventually
from tests.system.frames import BROADCAST, EVERYTHING, adapters, packet_socket
from tests.system.labs import Done, Hvlab, RunningLab, Workplace, difference, edited, lab_of, pinging
from tests.system.tagged import Ears, Fence, vlans
from tests.system.talking import connected, transfer, where

pytestmark = pytest.mark.system

TOPOLOGY = """
from lab import Lab, trunk

lab = Lab("stick", interruption_s=0)
nets = ("192.168.1.0/24", "10.0.10.0/24", "10.0.20.0/24", "2001:db8:10::/64", "2001:db8:20::/64")
office = lab.physical_network("office", *nets)
office.computer("pc1", "192.168.1.10")
for number in (1, 2):
    host = lab.host(f"hv{number}")
    host.nic("Ethernet", office, f"192.168.1.2{number}")
    host.external_switch("External", nic="Ethernet", learning="Pinned" if number == 2 else "Learning")
    for name, vlan in (("web", 10), ("db", 20)):
        addresses = (f"10.0.{vlan}.1{number}", f"2001:db8:{vlan}::1{number}")
        ways = (f"10.0.{vlan}.1", f"2001:db8:{vlan}::1")
        host.vm(f"{name}{number}", "External", *addresses, gateway=ways, vlan=vlan)
hv1 = lab._hosts[0]
hv1.vm("far", "External", "10.0.30.2/24", gateway="10.0.30.1", vlan=30)
gw = hv1.vm("gw", "External", "192.168.1.40", vlan=trunk("10,20", native=0), forwarding=True)
gw.vlan_interface(10, "10.0.10.1/24", "2001:db8:10::1/64").vlan_interface(20, "10.0.20.1/24", "2001:db8:20::1/64")
gw.vlan_interface(30, "10.0.30.1/24")
# Neither forwards; one has a tag that is its trunk's native VLAN, the other an access port.
legs = hv1.vm("legs", "External", "10.0.20.60", vlan=trunk("10,20", native=20))
legs.vlan_interface(10, "10.0.10.60").vlan_interface(20, "10.0.21.60/24")
hv1.vm("shut", "External", "10.0.10.70", vlan=10).vlan_interface(20, "10.0.20.70")
"""

TRUNK = 'vlan=trunk("10,20", native=0), forwarding=True'
VLAN_DEVICES = "10 20 30"

_SOL_PACKET, _PACKET_AUXDATA = 263, 8
_MAC_OF_NOBODY = "02:88:b5:99:00:01"


@dataclass(frozen=True, slots=True)
class Choosing(Hvlab):
    """`hvlab` of a user who has said what VLAN interfaces are made of, or not."""

    devices: str = ""

    def __call__(
        self, *arguments: object, check: int | None = 0, stdin: str = "", timeout: float = 90.0,
        env: Mapping[str, str] | None = None,
    ) -> Done:  # fmt: skip
        chosen = {CHOICE: self.devices} | (env or {})
        return Hvlab.__call__(self, *map(str, arguments), check=check, stdin=stdin, timeout=timeout, env=chosen)


@pytest.fixture(scope="module", params=["kernel", "program"])
def running(request: pytest.FixtureRequest, workplace: Workplace) -> Iterator[RunningLab]:
    kind = {"kernel": "vlan", "program": "tun"}[request.param]
    with lab_of(Choosing(workplace, request.param), TOPOLOGY) as found:
        (device,) = json.loads(found.exec("gw", "ip", "-d", "-j", "link", "show", "dev", "eth0.10").out)
        if device["linkinfo"]["info_kind"] != kind:
            pytest.skip("this kernel has no VLAN devices (module 8021q)")
        yield found


@pytest.fixture(autouse=True)
def _busy(announce: Callable[[str], None]) -> None:
    """TCP finds out how much can be sent by sending more; Open vSwitch complains of each time it was too much."""
    announce(r"error sending Ethernet packet on \S+: (Resource temporarily unavailable|No buffer space available)")
    announce(r"netdev_linux\|WARN\|Dropped \d+ log messages")


# What Open vSwitch says of a cable that is suddenly gone.
DEVICE_LOSS = r"\|(netdev_linux|dpif_netdev|bridge)\|(WARN|ERR)\|.*(Network is down|No such device)"


@pytest.mark.parametrize("family", ["-4", "-6"])
def test_a_router_on_a_stick_joins_two_vlans_over_one_host_and_over_two(running: RunningLab, family: str) -> None:
    cells = running.cells(family)
    for web, db in itertools.product(("web1", "web2"), ("db1", "db2")):
        assert cells[web, db]
        assert cells[db, web]


def test_what_the_port_does_not_let_pass_gets_nowhere(running: RunningLab) -> None:
    cells = running.cells("-4")
    assert not cells["far", "gw Network Adapter, VLAN 30"]
    assert not cells["gw Network Adapter, VLAN 30", "far"]
    assert not cells["web1", "far"]
    assert cells["legs Network Adapter, VLAN 10", "web2"]
    assert not cells["shut Network Adapter, VLAN 20", "db1"]
    assert cells["shut Network Adapter", "web1"]


def test_the_adapter_itself_still_has_what_is_untagged(running: RunningLab) -> None:
    cells = running.cells("-4")
    for other in ("pc1", "hv1", "hv2"):
        assert cells["gw Network Adapter", other]
        assert cells[other, "gw Network Adapter"]
    assert cells["legs Network Adapter", "db1"]


# Frames


@pytest.fixture(scope="module")
def ears(running: RunningLab) -> Iterator[Ears]:
    found = adapters(running)
    known = {name: found[name] for name in ("web1", "web2", "db1", "db2", "far", "pc1", "gw", "legs", "shut")}
    for name, vlan in itertools.product(("gw", "legs", "shut"), (10, 20, 30)):
        made = found.get(f"{name}/Network Adapter, VLAN {vlan}")
        if made:
            known[f"{name}.{vlan}"] = made
    with ExitStack() as stack:
        sockets = {name: stack.enter_context(packet_socket(running, each, EVERYTHING)) for name, each in known.items()}
        for each in sockets.values():
            each.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        yield Ears(known, sockets, Fence("web1", None, len(VLAN_10) - 1))


# What is not tagged, at the adapter of a guest with VLAN interfaces; what is, there and at its interface.
VLAN_10 = {"web1": 0, "web2": 0, "shut": 0, "gw": 10, "gw.10": 0, "legs": 10, "legs.10": 0}
VLAN_20 = {"db1": 0, "db2": 0, "gw": 20, "gw.20": 0, "legs": 0}
# Sender, tag that it puts on itself, who gets the frame with which tag.
BROADCASTS: tuple[tuple[str, int | None, dict[str, int]], ...] = (
    ("web2", None, VLAN_10),
    ("db2", None, VLAN_20),
    ("gw", None, {"pc1": 0}),
    ("gw.10", None, VLAN_10),
    ("gw.20", None, VLAN_20),
    ("gw.30", None, {}),
    ("gw", 10, VLAN_10),
    ("legs.10", None, VLAN_10),
    ("legs.20", None, VLAN_20),  # goes out, and would come back without a tag
    ("shut.20", None, {}),
    ("far", None, {}),
)


@pytest.mark.switching
@pytest.mark.parametrize(("sender", "tag", "who"), BROADCASTS, ids=[f"{sender}-{tag}" for sender, tag, _ in BROADCASTS])
def test_frames_carry_the_tag_of_the_interface(ears: Ears, sender: str, tag: int | None, who: dict[str, int]) -> None:
    machine = sender.partition(".")[0]
    wanted = {name: number for name, number in who.items() if name.partition(".")[0] != machine}
    mark = ears.send(sender, BROADCAST, tag)
    eventually(lambda: ears.of(mark), lambda seen: seen.keys() >= wanted.keys(), timeout=5.0)
    for _ in range(3):
        for speaker, all_of_them in (("web1", VLAN_10), ("db1", VLAN_20)):
            later = ears.send(speaker, BROADCAST, None)
            names = all_of_them.keys() - {speaker}
            eventually(lambda later=later: ears.of(later), lambda seen, names=names: seen.keys() >= names, timeout=5.0)
    assert vlans(ears.of(mark)) == wanted


@pytest.mark.switching
def test_a_frame_for_somebody_else_comes_to_the_interface_too(ears: Ears) -> None:
    """An unknown address is flooded, and an interface of a guest has no filter of its own before its IP stack."""
    mark = ears.send("web1", _MAC_OF_NOBODY, None)
    eventually(lambda: ears.of(mark), lambda seen: seen.keys() >= {"gw", "gw.10"}, timeout=5.0)


# TCP, and large packets


def csum_errors(running: RunningLab, *nodes: str) -> int:
    """Return how many TCP segments and UDP datagrams these machines have found broken so far."""
    found = 0
    for node in nodes:
        lines = running.exec(node, "cat", "/proc/net/snmp").out.splitlines()
        for names, numbers in itertools.pairwise(lines):
            if names.startswith(("Tcp:", "Udp:")) and "InCsumErrors" in names:
                found += int(numbers.split()[names.split().index("InCsumErrors")])
    return found


PAIRS = {
    "to-the-router": ("web1", "gw/Network Adapter, VLAN 10"),
    "from-the-router": ("gw/Network Adapter, VLAN 20", "db1"),
    "routed": ("web1", "db1"),
    "routed-over-two-hosts": ("web2", "db1"),
    "from-another-host": ("web2", "gw/Network Adapter, VLAN 10"),
}


@pytest.mark.switching
@pytest.mark.alone
@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("pair", PAIRS)
def test_tcp_arrives_whole_and_fast(running: RunningLab, pair: str, version: int) -> None:
    source, target = (where(running, name, version) for name in PAIRS[pair])
    content = bytes(range(256)) * (1 << 17)
    before = csum_errors(running, source.node, target.node)
    with connected(running, source, target) as (near, far):
        assert transfer(near, far, content, uncounted=1 << 20, timeout=60) > 50e6
    assert csum_errors(running, source.node, target.node) == before


@pytest.mark.parametrize("target", ["10.0.10.1", "10.0.20.12"])
def test_a_frame_of_full_size_has_room_for_its_tag(running: RunningLab, target: str) -> None:
    running.exec("web1", "ping", "-c2", "-i0.2", "-W2", "-Mdo", "-s1472", target)
    running.exec("web1", "ping", "-c2", "-i0.2", "-W2", "-Mdo", "-s1473", target, check=1)
    running.exec("web1", "ping", "-c2", "-i0.2", "-W2", "-s9000", target)


# What a user asks


def test_status_drops_and_trace_tell_of_it(running: RunningLab) -> None:
    rows = {row["device"]: row for row in running.status()["adapters"] if row["machine"] == "gw"}
    assert list(rows) == ["eth0", "eth0.10", "eth0.20", "eth0.30"]
    assert [row["vlan"] for row in rows.values()] == ["Trunk 0,10,20", "tag 10", "tag 20", "tag 30"]
    assert len({row["mac"] for row in rows.values()}) == 1
    running.exec("gw", "ping", "-c1", "-W1", "10.0.30.2", check=1)
    running.exec("shut", "ping", "-c1", "-W1", "-I", "eth0.20", "10.0.20.11", check=1)
    for machine, reason in (("gw", 10), ("shut", 25)):
        dropped = running("drops", f"{machine}/Network Adapter", "--json").json()
        assert reason in {each["reason"] for each in dropped}, dropped
    told = running("trace", "web1", "far", check=1).out
    assert "dropped, reason 10" in told
    assert '-VMNetworkAdapterName "Network Adapter" -Trunk -AllowedVlanIdList "10,20,30" -NativeVlanId 0' in told
    assert "arrives and is answered" in running("trace", "web1", "db2").out
    assert "arrives and is answered" in running("trace", "legs/eth0.10", "web1", "--tcp", "80", check=None).out


@pytest.mark.switching
def test_the_cmdlet_that_a_trace_names_helps(running: RunningLab) -> None:
    for source, target, cmdlet, edit in (
        ("web1", "far", '-AllowedVlanIdList "10,20,30" -NativeVlanId 0', (TRUNK, TRUNK.replace("20", "20,30"))),
        ("legs/eth0.20", "db1", '-AllowedVlanIdList "10,20" -NativeVlanId 0', ('native=20)', "native=0)")),
        ("shut/eth0.20", "db1", '-AllowedVlanIdList "20" -NativeVlanId 10',
         ('70", vlan=10)', '70", vlan=trunk("20", native=10))')),
    ):  # fmt: skip
        if source.startswith("legs"):
            text = TOPOLOGY.replace("10.0.21.60/24", "10.0.20.61/24")
            running.apply(text)
        else:
            text = TOPOLOGY
        told = running("trace", source, target, check=1).out
        assert cmdlet in told
        running.apply(edited(text, edit))
        assert "arrives and is answered" in running("trace", source, target).out
        running.apply(TOPOLOGY)


# Changes, and what a guest or a fault takes away


CHANGES = {
    "one-more": ("gw.vlan_interface(30,", 'gw.vlan_interface(31, "10.0.31.1/24")\ngw.vlan_interface(30,'),
    "one-less": ('.vlan_interface(20, "10.0.20.1/24", "2001:db8:20::1/64")', ""),
    "another-id": ('.vlan_interface(20, "10.0.20.1/24",', '.vlan_interface(30, "10.0.20.1/24",'),
    "mtu": (TRUNK, f"{TRUNK}, mtu=1400"),
    "mac": (TRUNK, f'{TRUNK}, mac="00155D0A0B0C"'),
    "native": ('trunk("10,20", native=0)', 'trunk("10", native=20)'),
    "off": (TRUNK, f"{TRUNK}, running=False"),
    "unplugged": ('hv1.vm("gw", "External", "192.168.1.40"', 'hv1.vm("gw", None, "192.168.1.40/24"'),
    "second-adapter": ("gw.vlan_interface(30,", 'gw.adapter("External", "192.168.1.41")\ngw.vlan_interface(30,'),
}


@pytest.mark.switching
@pytest.mark.parametrize("change", CHANGES)
def test_change_and_undo(running: RunningLab, change: str) -> None:
    old, new = CHANGES[change]
    changed = TOPOLOGY.replace(old, new, 1)
    if change == "one-less":
        changed = changed.replace("gateway=ways, vlan=vlan", "vlan=vlan")
    if change == "another-id":
        changed = changed.replace('gw.vlan_interface(30, "10.0.30.1/24")\n', "")
    before, flows = running.addresses(), running.switches()
    with pinging(running, "web1", "10.0.10.12"):
        running.apply(changed)
        running.agrees()
        running.apply(TOPOLOGY)
    assert difference(before, running.addresses()) == []
    assert running.switches() == flows
    assert running("apply", running.file, "--json").json()["steps"] == []


@pytest.mark.parametrize("device", ["eth0.10", "eth0"])
def test_what_the_guest_removes_is_told_and_made_again(
    running: RunningLab, announce: Callable[[str], None], device: str
) -> None:
    announce(DEVICE_LOSS)
    running.exec("gw", "ip", "link", "delete", "dev", device)
    told = running("status", check=1).out
    assert "missing in the running lab" in told
    assert "missing" in running("trace", "web1", "db1", check=1).out
    running.apply(TOPOLOGY)
    running.healthy()
    running.agrees()


def test_what_the_guest_calls_otherwise_is_made_again_and_does_not_stay(running: RunningLab) -> None:
    running.exec("gw", "ip", "link", "set", "dev", "eth0.10", "down")
    running.exec("gw", "ip", "link", "set", "dev", "eth0.10", "name", "inside")
    assert "missing in the running lab" in running("status", check=1).out
    running.apply(TOPOLOGY)
    running.healthy()
    running.agrees()
    assert "inside" not in running.exec("gw", "ip", "link").out


def test_what_the_guest_puts_in_its_place_is_replaced(running: RunningLab) -> None:
    running.exec("gw", "ip", "link", "delete", "dev", "eth0.10")
    running.exec("gw", "ip", "link", "add", "dev", "eth0.10", "type", "bridge")
    running.apply(TOPOLOGY)
    running.healthy()
    running.agrees()


def test_an_adapter_that_is_switched_off_inside_takes_its_interfaces_along(running: RunningLab) -> None:
    running.exec("gw", "ip", "link", "set", "dev", "eth0", "down")
    running.exec("web1", "ping", "-c1", "-W1", "10.0.10.1", check=1)
    assert "was disabled inside the machine" in running("trace", "web1", "db1", check=1).out
    running.apply(TOPOLOGY)
    running.healthy()
    running.agrees()


def test_a_machine_that_ends_takes_its_interfaces_along(running: RunningLab, announce: Callable[[str], None]) -> None:
    """No program of them keeps its network alive."""
    announce(DEVICE_LOSS)
    with pinging(running, "web2", "10.0.10.1", lossless=False):
        os.kill(outer(running, "gw"), signal.SIGKILL)
        silent = lambda: running.exec("web1", "ping", "-c1", "-W1", "10.0.10.1", check=None).code  # noqa: E731
        assert eventually(silent, lambda code: code == 1, timeout=10.0) == 1
    running.apply(TOPOLOGY)
    running.healthy()
    running.agrees()


def test_a_program_that_ends_is_started_again_and_the_settings_stay(running: RunningLab) -> None:
    names = [name for name in running.pod.processes() if name.startswith("vlan-") and name.endswith("@gw")]
    if not names:
        pytest.skip("the kernel does it")
    assert sorted(names) == [f"vlan-eth0.{vlan}@gw" for vlan in VLAN_DEVICES.split()]
    before = running.addresses()
    for name in names:
        os.kill(outer(running, name), signal.SIGKILL)
    running.healthy()
    running.agrees()
    assert difference(before, running.addresses()) == []
    assert running("apply", running.file, "--json").json()["steps"] == []


def test_the_guest_cannot_see_the_program(running: RunningLab) -> None:
    said = running.exec("gw", "ps", "-e", "-o", "args").out
    assert "tagger" not in said


def outer(running: RunningLab, name: str) -> int:
    """Return the number that the machine has for a process of the lab."""
    pid = running.pod.processes()[name].pid
    assert pid
    found = census.outer_pid(running.pod.pid, pid)
    assert found
    return found
