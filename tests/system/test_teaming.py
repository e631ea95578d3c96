"""Switch-embedded teams by frames: by which NIC each leaves, that it arrives once, and what a lost link changes."""

from __future__ import annotations

import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import (
    BROADCAST,
    EVERYTHING,
    Stations,
    once,
    packet_socket,
    raw,
    stations,
    stray_mac,
    waiting,
)
from tests.system.labs import RunningLab, edited
from tests.system.packets import UDP, packet, udp
from tests.system.talking import connected, transfer, where

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab

lab = Lab("team", interruption_s=0)
office = lab.physical_network("office", "10.0.1.0/24", "fd00:1::/64", "10.0.7.0/24")
office.computer("pc", "10.0.1.1", "fd00:1::1")
office.computer("pc7", "10.0.7.1", vlan=7)
hv1 = lab.host("hv1")
for at in (1, 2, 3):
    hv1.nic(f"NIC {at}", office, connected=True)
hv1.external_switch("S", nic=["NIC 1", "NIC 2", "NIC 3"], learning="MODE", load_balancing="BALANCING")
hv1.vm("mapped", "S", "10.0.1.2", "fd00:1::2", team_mapping="NIC 2")
hv1.vm("one", "S", "10.0.1.3", "fd00:1::3")
hv1.vm("two", "S", "10.0.1.4", "fd00:1::4")
hv1.vm("three", "S", "10.0.1.5", "fd00:1::5")
hv1.vm("nested", "S", "10.0.1.6", mac_spoofing=True)
hv1.vm("seven", "S", "10.0.7.2", vlan=7)
hv2 = lab.host("hv2")
for at in (1, 2):
    hv2.nic(f"NIC {at}", office)
hv2.external_switch("S", nic=["NIC 1", "NIC 2"], allow_management_os=False)
hv2.vm("far", "S", "10.0.1.7", "fd00:1::7")
"""
SIZES = """
from lab import Lab

lab = Lab("sizes")
office = lab.physical_network("office", "10.0.1.0/24")
office.computer("pc", "10.0.1.1")
hv1 = lab.host("hv1")
nics = [hv1.nic(f"NIC {at}", office) for at in range(1, 1 + COUNT)]
hv1.external_switch("S", nic=nics, embedded_teaming=True)
for at, nic in enumerate(nics, 1):
    hv1.vm(f"vm{at}", "S", f"10.0.1.{1 + at}", team_mapping=nic)
"""
VMS = ("mapped", "one", "two", "three", "nested")
EVERYBODY = ("pc", *VMS, "far")
NICS = ("NIC1", "NIC2", "NIC3")
_OUTGOING = 4  # PACKET_OUTGOING of linux/if_packet.h


@pytest.fixture(
    scope="module",
    params=[("Learning", "Dynamic"), ("Pinned", "HyperVPort")],
    ids="-".join,
)
def balancing(request: pytest.FixtureRequest) -> tuple[str, str]:
    found: tuple[str, str] = request.param
    return found


@pytest.fixture(scope="module")
def running(balancing: tuple[str, str], lab: LabOf) -> Iterator[RunningLab]:
    mode, algorithm = balancing
    with lab(edited(TOPOLOGY, ("MODE", mode), ("BALANCING", algorithm))) as found:
        yield found


@pytest.fixture(autouse=True)
def _links_are_lost(announce: Callable[[str], None]) -> None:
    announce("Network is down")


@pytest.fixture(scope="module")
def wire(running: RunningLab) -> Iterator[Stations]:
    with stations(running, EVERYBODY) as found:
        for name in EVERYBODY:
            found.copies(name, BROADCAST)  # from now on every address is known
        yield found


@dataclass(frozen=True, slots=True)
class Leaving:
    """Sockets that see what leaves a host by each of its NICs."""

    sockets: dict[str, socket.socket]

    def frames(self) -> Iterator[tuple[str, bytes]]:
        """Yield the frames that have left since the last time, each with its NIC."""
        for nic, each in self.sockets.items():
            while True:
                try:
                    frame, where = each.recvfrom(65536)
                except BlockingIOError:
                    break
                except OSError:  # once, after the device has gone down
                    continue
                if where[2] == _OUTGOING:
                    yield nic, frame

    def of(self, mark: bytes) -> list[tuple[str, bytes]]:
        """Return by which NICs a frame has left, and with which source addresses."""
        return [(nic, frame[6:12]) for nic, frame in self.frames() if mark in frame]


@contextmanager
def leaving(lab: RunningLab) -> Iterator[Leaving]:
    sockets: dict[str, socket.socket] = {}
    try:
        for nic in NICS:
            made = sockets[nic] = lab.socket("hv1", socket.AF_PACKET, socket.SOCK_RAW)
            made.bind((nic, EVERYTHING))
            made.settimeout(0)
        yield Leaving(sockets)
    finally:
        for each in sockets.values():
            each.close()


@contextmanager
def without(lab: RunningLab, nic: str) -> Iterator[None]:
    """Take the link of one of the team's NICs away for a while."""
    lab.exec("hv1", "ip", "link", "set", "dev", nic, "down")
    try:
        yield
    finally:
        lab.exec("hv1", "ip", "link", "set", "dev", nic, "up")


def ways(wire: Stations, out: Leaving, target: str) -> dict[str, str]:
    """Return by which NIC each VM's frame to an address leaves; each must leave by one, from its own address."""
    found = {}
    for vm in VMS:
        list(out.frames())
        mark = wire.send(vm, target)
        wire.settle()
        [(nic, source)] = out.of(mark)
        assert source == raw(wire.mac(vm))
        found[vm] = nic
    return found


def test_everybody_reaches_everybody_as_predicted(running: RunningLab) -> None:
    running.agrees()
    running.agrees("-6")


@pytest.mark.parametrize("sender", EVERYBODY)
def test_a_frame_for_all_reaches_everybody_once(wire: Stations, sender: str) -> None:
    assert wire.copies(sender, BROADCAST) == once(EVERYBODY, sender)


@pytest.mark.parametrize("sender", EVERYBODY)
def test_a_frame_for_one_reaches_him_once(wire: Stations, sender: str) -> None:
    for receiver in EVERYBODY:
        if receiver != sender:
            assert wire.copies(sender, wire.mac(receiver)) == once((receiver,))


@pytest.mark.parametrize("sender", EVERYBODY)
def test_a_frame_for_nobody_reaches_nobody_twice(wire: Stations, balancing: tuple[str, str], sender: str) -> None:
    reached = EVERYBODY if balancing[0] == "Learning" else ("pc", "nested", "far")
    assert wire.copies(sender, stray_mac()) == once(reached, sender)


@pytest.mark.parametrize("sender", ["mapped", "one", "two"])
def test_a_packet_for_nobody_reaches_nobody_twice(running: RunningLab, wire: Stations, sender: str) -> None:
    """In mode Dynamic such a frame leaves by any NIC, with another source address, and comes back by the others."""
    listeners = {name: packet_socket(running, wire.adapters[name], EVERYTHING) for name in EVERYBODY}
    counts: Counter[tuple[str, bytes]] = Counter()
    marks = [b"hvlab-ip-%05d" % number for number in range(20)]
    try:
        for number, mark in enumerate(marks):
            ip = packet("10.0.1.99", f"10.0.9.{number}", UDP, udp(5000 + number, 53, mark))
            wire.sockets[sender].send(raw(stray_mac()) + raw(wire.mac(sender)) + ip)
        wire.settle()
        for name, each in listeners.items():
            for frame in waiting(each):
                counts.update((name, mark) for mark in marks if mark in frame)
    finally:
        for each in listeners.values():
            each.close()
    assert len({mark for _, mark in counts}) == len(marks)
    assert set(counts.values()) == {1}
    assert sender not in {name for name, _ in counts}


def test_each_adapter_has_one_nic_of_the_team(running: RunningLab, wire: Stations) -> None:
    with leaving(running) as out:
        to_all = ways(wire, out, BROADCAST)
        assert to_all["mapped"] == "NIC2"
        assert set(to_all.values()) == set(NICS)
        assert ways(wire, out, wire.mac("pc")) == to_all


def test_a_lost_link_moves_its_adapters_to_another_nic(running: RunningLab, wire: Stations) -> None:
    with leaving(running) as out:
        before = ways(wire, out, BROADCAST)
        with without(running, "NIC2"):
            eventually(lambda: wire.copies("pc", wire.mac("mapped")), lambda seen: seen == once(("mapped",)))
            after = ways(wire, out, BROADCAST)
            assert after["mapped"] != "NIC2"
            assert {vm: nic for vm, nic in after.items() if before[vm] != "NIC2"} == {
                vm: nic for vm, nic in before.items() if nic != "NIC2"
            }
            for sender in EVERYBODY:
                assert wire.copies(sender, BROADCAST) == once(EVERYBODY, sender)
                assert wire.copies(sender, wire.mac("pc")) == (once(("pc",)) if sender != "pc" else {})
        eventually(lambda: wire.copies("pc", wire.mac("mapped")), lambda seen: seen == once(("mapped",)))
        assert ways(wire, out, BROADCAST) == before


def test_who_only_receives_is_found_at_his_other_nic(running: RunningLab, wire: Stations) -> None:
    wire.copies("mapped", BROADCAST)
    with without(running, "NIC2"):
        eventually(lambda: heard(wire, "mapped"), lambda copies: copies == 1, timeout=3.0)
    eventually(lambda: heard(wire, "mapped"), lambda copies: copies == 1, timeout=3.0)


def test_who_only_receives_is_found_after_his_mapping_has_changed(
    running: RunningLab, wire: Stations, balancing: tuple[str, str]
) -> None:
    text = edited(TOPOLOGY, ("MODE", balancing[0]), ("BALANCING", balancing[1]))
    wire.copies("mapped", BROADCAST)
    for nic in ("NIC 1", "NIC 3", "NIC 2"):
        running.apply(edited(text, ('team_mapping="NIC 2"', f'team_mapping="{nic}"')))
        eventually(lambda: heard(wire, "mapped"), lambda copies: copies == 1, timeout=3.0)


def heard(wire: Stations, name: str) -> int:
    """Send a frame from the wire to an adapter, which itself sends nothing; return how often it arrives soon."""
    mark = wire.send("pc", wire.mac(name))
    time.sleep(0.1)
    return wire.received(mark).get(name, 0)


def test_a_connection_outlives_the_loss_of_each_link(running: RunningLab) -> None:
    content = os.urandom(200_000)
    with connected(running, where(running, "mapped", 4), where(running, "pc", 4)) as (mapped, pc):
        for nic in NICS:
            with without(running, nic):
                transfer(mapped, pc, content)
                transfer(pc, mapped, content)
        transfer(mapped, pc, content)


def test_a_vlan_passes_the_team(running: RunningLab) -> None:
    running.exec("seven", "ping", "-c1", "-W2", "10.0.7.1")
    running.exec("pc7", "ping", "-c1", "-W2", "10.0.7.2")


def test_flows_of_an_adapter_leave_by_one_nic_or_by_all(running: RunningLab, balancing: tuple[str, str]) -> None:
    mac = {
        row["name"].replace(" ", ""): raw(row["mac"]) for row in running.status()["adapters"] if row["machine"] == "hv1"
    }
    own = {row["machine"]: raw(row["mac"]) for row in running.status()["adapters"] if row["name"] == "Network Adapter"}
    with leaving(running) as out, running.socket("mapped", socket.AF_INET, socket.SOCK_DGRAM) as sender:
        running.exec("mapped", "ping", "-c1", "-W2", "10.0.1.1")
        list(out.frames())
        for port in range(5000, 5040):
            sender.sendto(b"hvlab-flow", ("10.0.1.1", port))
        seen: list[tuple[str, bytes]] = []

        def left() -> list[tuple[str, bytes]]:
            seen.extend((nic, frame[6:12]) for nic, frame in out.frames() if b"hvlab-flow" in frame)
            return seen

        frames = eventually(left, lambda found: len(found) == 40)
        by_nic = {nic: {source for found, source in frames if found == nic} for nic in dict(frames)}
        if balancing[1] == "HyperVPort":
            assert by_nic == {"NIC2": {own["mapped"]}}
        else:
            assert by_nic == {nic: {own["mapped"] if nic == "NIC2" else mac[nic]} for nic in NICS}


def test_a_copy_for_mirrors_is_made_once(lab: LabOf) -> None:
    changes = (
        ("MODE", "Pinned"),
        ("BALANCING", "HyperVPort"),
        ('learning="Pinned"', 'learning="Pinned", mirror_external_port=True'),
        ("mac_spoofing=True", 'port_mirroring="Destination"'),
    )
    with lab(edited(TOPOLOGY, *changes)) as found, stations(found, EVERYBODY) as wire:
        for name in EVERYBODY:
            wire.copies(name, BROADCAST)
        assert wire.copies("pc", wire.mac("one")) == once(("one", "nested"))
        assert wire.copies("one", wire.mac("far")) == once(("far", "nested"))
        assert wire.copies("one", wire.mac("two")) == once(("two",))
        assert wire.copies("pc", BROADCAST) == once(EVERYBODY, "pc")


def test_cables_are_pulled_and_the_team_is_changed_in_a_lab_that_runs(lab: LabOf) -> None:
    text = edited(TOPOLOGY, ("MODE", "Pinned"), ("BALANCING", "HyperVPort"))
    with lab(text) as found:
        found.apply(edited(text, ("connected=True", "connected=at == 3")))
        found.agrees()
        assert found.cells()["pc", "one"]
        found.apply(edited(text, ("connected=True", "connected=False")))
        found.agrees()
        assert not found.cells()["pc", "one"]
        assert found.cells()["two", "one"]
        found.apply(edited(text, ('["NIC 1", "NIC 2", "NIC 3"]', '["NIC 3", "NIC 2"]')))
        found.agrees()
        assert found.cells()["pc", "one"]
        refused = found.apply(edited(text, ('["NIC 1", "NIC 2", "NIC 3"]', '["NIC 1", "NIC 3"]')), check=None)
        assert 'the team of switch "S" does not have' in refused.err


@pytest.mark.parametrize("count", [1, 8])
def test_the_smallest_and_the_largest_team(lab: LabOf, count: int) -> None:
    vms = [f"vm{at}" for at in range(1, 1 + count)]
    with lab(edited(SIZES, ("COUNT", str(count)))) as found, stations(found, ("pc", *vms)) as wire:
        found.agrees()
        for sender in ("pc", *vms):
            assert wire.copies(sender, BROADCAST) == once(("pc", *vms), sender)
        for vm, other in pairwise((*vms, vms[0])):
            assert wire.copies("pc", wire.mac(vm)) == once((vm,))
            assert wire.copies(vm, wire.mac("pc")) == once(("pc",))
            assert wire.copies(vm, wire.mac(other)) == once((other,), vm)
        plain = edited(SIZES, ("COUNT", "1"), (", embedded_teaming=True", ""), (", team_mapping=nic", ""))
        told = found.apply(plain, check=2).err
        assert 'switch "hv1/S" has embedded teaming, which is fixed at its creation' in told
        assert "remove the switch" in told


def test_a_trace_names_the_nic(running: RunningLab, balancing: tuple[str, str]) -> None:
    assert "in from hv1/NIC 2 (the wire)" in running("trace", "pc", "mapped").out
    sent = running("trace", "mapped", "far").out
    assert "in from hv1/NIC 2\n" in sent or balancing[1] == "Dynamic"
