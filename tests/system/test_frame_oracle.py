"""Every frame between every two settings: who gets a copy is what the oracle predicts, and each gets one copy."""

from __future__ import annotations

import itertools
import socket
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address

import pytest

from lab.model.acl import ICMP, UDP
from lab.model.frames import Content, FrameOracle
from lab.model.load import load
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST, EVERYTHING, Adapter, adapters, packet_socket, raw, waiting
from tests.system.labs import RunningLab
from tests.system.packets import icmp, packet, udp

pytestmark = [pytest.mark.system, pytest.mark.switching]

# What an adapter can have, beside its place: each of these stands on each of two hosts.
SETTINGS = (
    "",
    "vlan=10",
    "dhcp_guard=True",
    "router_guard=True, vlan=10",
    'port_mirroring="Source"',
    'port_mirroring="Source", vlan=10, acls=deny(remote="10.0.1.0/28", direction="Inbound")',
    'port_mirroring="Destination", vlan=trunk("1-200", native=0)',
    "vlan=isolated(100, 101), dhcp_guard=True",
    "vlan=community(100, 102)",
    "isolation=isolation(allow_untagged_traffic=True, default_isolation_id=10), ieee_priority_tag=True",
    "isolation=isolation()",
    'vlan=promiscuous(100, "101-102"), router_guard=True',
    'acls=[deny(remote="ANY"), allow(remote="10.0.1.16/28")]',
    'extended_acls=[extended_deny(1, "Outbound", protocol="UDP", local_port=67), extended_deny(2, "Inbound", protocol=58)]',
)
QUIET_S = 0.7
BURST = 100
"""How many frames are sent before it is looked what has come of them: a socket holds two or three hundred."""


def topology() -> str:
    lines = [
        "from lab import Lab, allow, community, deny, extended_deny, isolated, isolation, promiscuous, trunk",
        'lab = Lab("frames", interruption_s=0)',
        'office = lab.physical_network("office", "10.0.1.0/24")',
        'office.computer("pc", "10.0.1.1")',
        'office.computer("pc10", "10.0.1.2", vlan=10)',
        'hosts = [lab.host("hv1"), lab.host("hv2")]',
        "for host, mirrored in zip(hosts, (False, True)):",
        '    host.nic("Ethernet", office)',
        '    host.external_switch("S", nic="Ethernet", allow_management_os=False, learning="Pinned",',
        "        mirror_external_port=mirrored)",
    ]
    for at, (host, setting) in enumerate(itertools.product((0, 1), SETTINGS)):
        lines.append(f'hosts[{host}].vm("vm{at}", "S", "10.0.1.{at + 8}", mac="00155D77{at:04X}", {setting})')
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A frame: who sends what to whom (empty: everybody)."""

    sender: str
    what: str
    content: Content
    target: str = ""

    def __str__(self) -> str:
        return f"{self.what} of {self.sender} to {self.target or 'everybody'}"


def cases(oracle: FrameOracle, known: dict[str, str]) -> Iterator[Case]:
    for sender, address in known.items():
        here = ip_address(address)
        yield Case(sender, "DHCP offer", Content(here, ip_address("255.255.255.255"), UDP, 67, 68))
        yield Case(sender, "DHCP discover", Content(here, ip_address("255.255.255.255"), UDP, 68, 67))
        six = ip_address(f"fe80::{address.rpartition('.')[2]}")
        yield Case(sender, "router advertisement", Content(six, ip_address("ff02::1"), ICMP[6], icmp_type=134))
        yield Case(sender, "ICMP redirect", Content(here, ip_address("255.255.255.255"), ICMP[4], icmp_type=5))
        for target, there in known.items():
            if target != sender and oracle.hear_each_other(sender, target):
                yield Case(sender, "datagram", Content(here, ip_address(there), UDP, 5000, 53), target)


@dataclass(slots=True)
class Wires:
    """Packet sockets at all adapters."""

    known: dict[str, Adapter]
    sockets: dict[str, socket.socket]

    def send(self, case: Case, mark: bytes) -> None:
        content = case.content
        ports = (content.source_port, content.target_port)
        inner = udp(*ports, mark) if content.protocol == UDP else icmp(content.icmp_type, mark)
        ip = packet(str(content.source), str(content.target), content.protocol, inner)
        target = self.known[case.target].mac if case.target else BROADCAST
        self.sockets[case.sender].send((raw(target) + raw(self.known[case.sender].mac) + ip).ljust(60, b"\0"))

    def heard(self, marks: Mapping[bytes, Case]) -> dict[bytes, Counter[str]]:
        """Return who has heard what, how often, when nothing more has come for a while; not in machines' answers."""
        found: dict[bytes, Counter[str]] = {mark: Counter() for mark in marks}
        last = time.monotonic()
        while time.monotonic() < last + QUIET_S:
            for name, each in self.sockets.items():
                for frame in waiting(each):
                    at = frame.find(b"hvlab-case-")
                    mark = frame[at : at + 16]
                    if at >= 0 and frame[6:12] == raw(self.known[marks[mark].sender].mac):
                        found[mark][name] += 1
                        last = time.monotonic()
            time.sleep(0.01)
        return found


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(topology()) as found:
        yield found


def test_who_gets_which_frame_is_as_predicted(running: RunningLab) -> None:
    model = load(running.file, name=running.name, parameters={})
    oracle = FrameOracle(model)
    place = {vm.adapter_id(each): str(each.ip.of_version(4).ip) for _, vm in model.vms() for each in vm.adapters}  # type: ignore[union-attr]
    known = {**place, "pc/Ethernet": "10.0.1.1", "pc10/Ethernet": "10.0.1.2"}
    asked = list(cases(oracle, known))
    marks = {b"hvlab-case-%05d" % number: case for number, case in enumerate(asked)}
    wanted = {mark: oracle.receivers(case.sender, case.content, case.target) for mark, case in marks.items()}
    assert len(asked) > 150
    assert 0.1 < sum(map(bool, wanted.values())) / len(asked) < 0.95
    with ExitStack() as stack:
        found = adapters(running)
        sockets = {name: stack.enter_context(packet_socket(running, found[name], EVERYTHING)) for name in known}
        wires = Wires(found, sockets)
        for name, each in sockets.items():  # from now on all addresses are known
            each.send(raw(BROADCAST) + raw(found[name].mac) + b"\x88\xb5" + bytes(46))
        wires.heard({})
        measured = {mark: Counter[str]() for mark in marks}
        for begin in range(0, len(marks), BURST):
            for mark in list(marks)[begin : begin + BURST]:
                wires.send(marks[mark], mark)
            for mark, counter in wires.heard(marks).items():
                measured[mark] += counter
    wrong = [
        f"{case}: predicted {sorted(wanted[mark])}, measured {dict(measured[mark])}"
        for mark, case in marks.items()
        if dict.fromkeys(wanted[mark], 1) != measured[mark]
    ]
    assert not wrong, f"{len(wrong)} of {len(asked)}"
