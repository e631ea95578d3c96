"""Access lists by traffic: what they let pass, over every protocol, and what a stateful entry admits and forgets."""

from __future__ import annotations

import itertools
import os
import selectors
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from random import Random

import pytest

from lab.model.acl import CLIENT_PORT, TCP, UDP
from lab.model.load import load
from lab.model.reachability import Endpoint, Oracle, Talk, endpoints
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import EVERYTHING, Stations, packet_socket, raw, stations, waiting
from tests.system.labs import TOPOLOGIES, RunningLab, edited
from tests.system.packets import ACK, RST, SYN, packet, tcp, udp

pytestmark = [pytest.mark.system, pytest.mark.switching]

FILE = next(path for path in TOPOLOGIES if path.stem == "acl")
FAMILY = {4: socket.AF_INET, 6: socket.AF_INET6}
QUIET_S = 0.4
TIMEOUT_S = 5.0
_numbers = itertools.count(1)

# Every setting of one side with every setting of the other: what is in a row may be all that an adapter has.
SETTINGS = (
    "",
    'acls=[deny(remote="ANY"), allow(remote="10.0.1.0/28"), allow(remote="2001:db8:1::/124")]',
    'acls=[allow(remote="ANY"), deny(remote="10.0.1.0/28", direction="Inbound"), deny(local="::/0")]',
    'acls=[deny(remote="10.0.1.0/24", direction="Outbound"), allow(local="10.0.1.0/25", direction="Outbound")]',
    'acls=[deny(remote_mac="00155D770001"), meter(remote="ANY")]',
    'extended_acls=[extended_allow(10, "Inbound", protocol="TCP", local_port="79-80"), extended_deny(1, "Inbound")]',
    'extended_acls=[extended_deny(1, "Inbound"), extended_allow(5, "Outbound", protocol="TCP", stateful=True)]',
    'extended_acls=[extended_deny(1, "Outbound"), extended_allow(5, "Inbound", protocol="UDP", stateful=True)]',
    'extended_acls=[extended_deny(9, "Inbound", protocol="UDP", local_port=53, remote="10.0.1.0/28")]',
    'extended_acls=[extended_allow(20, "Outbound", remote="10.0.1.0/28"), extended_deny(0, "Outbound", protocol=6)],'
    ' acls=[deny(local_mac="00155D770009", direction="Inbound")]',
    'extended_acls=[extended_deny(65535, "Inbound", remote="2001:db8:1::/120"), extended_deny(65534, "Outbound", '
    'protocol="TCP", remote_port="0-1023"), extended_allow(7, "Outbound")]',
    'vlan=10, acls=[deny(remote="ANY", direction="Inbound")]',
)


def settings_lab() -> str:
    """Return a topology of VMs on two hosts, one for each setting."""
    lines = [
        "from lab import Lab, allow, deny, extended_allow, extended_deny, meter",
        'lab = Lab("settings", interruption_s=0)',
        'office = lab.physical_network("office", "10.0.1.0/24", "2001:db8:1::/64")',
        'office.computer("pc1", "10.0.1.100", "2001:db8:1::64")',
        'hosts = [lab.host("hv1"), lab.host("hv2")]',
        "for host in hosts:",
        '    host.nic("Ethernet", office)',
        '    host.external_switch("External", nic="Ethernet", allow_management_os=False, learning="Pinned")',
    ]
    for at, setting in enumerate(SETTINGS):
        number = at + 10
        addresses = f'"10.0.1.{number}", "2001:db8:1::{number:x}"'
        mac = f'"00155D77{at:04X}"'
        lines.append(f'hosts[{at % 2}].vm("vm{at}", "External", {addresses}, mac={mac}, {setting})')
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class Case:
    """A question from one machine to another."""

    source: Endpoint
    target: Endpoint
    version: int
    talk: Talk

    def __str__(self) -> str:
        protocol = "TCP" if self.talk.protocol == TCP else "UDP"
        return f"{self.source.name} -> {self.target.name}, {protocol} {self.talk.port}, IPv{self.version}"


def cases(found: Sequence[Endpoint]) -> Iterator[Case]:
    for one, other in itertools.permutations(found, 2):
        for version, talk in itertools.product((4, 6), (Talk(TCP, 80), Talk(TCP, 443), Talk(UDP, 53))):
            yield Case(one, other, version, talk)


class Talkers:
    """Servers and clients in all machines, as many as there are cases."""

    def __init__(self, running: RunningLab, stack: ExitStack) -> None:
        self._running = running
        self._stack = stack
        self._waiting = selectors.DefaultSelector()

    def serve(self, node: str, version: int, talk: Talk) -> None:
        """Answer what comes in for a port."""
        made = self._socket(node, version, talk)
        made.bind(("::" if version == 6 else "0.0.0.0", talk.port))
        if talk.protocol == TCP:
            made.listen(64)
        else:
            self._waiting.register(made, selectors.EVENT_READ, None)

    def ask(self, case: Case) -> None:
        made = self._socket(case.source.node, case.version, case.talk)
        made.bind((str(case.source.address(case.version)), CLIENT_PORT))
        made.connect_ex((str(case.target.address(case.version)), case.talk.port))
        if case.talk.protocol == TCP:
            self._waiting.register(made, selectors.EVENT_WRITE, case)
        else:
            made.send(b"hvlab?")
            self._waiting.register(made, selectors.EVENT_READ, case)

    def answered(self, expected: int) -> set[Case]:
        """Return the cases that were answered, when that was no more for a while after the expected ones were."""
        found: set[Case] = set()
        began = last = time.monotonic()
        while time.monotonic() < began + TIMEOUT_S:
            if len(found) >= expected and time.monotonic() > last + QUIET_S:
                break
            for key, _ in self._waiting.select(0.05):
                last = time.monotonic()
                here: socket.socket = key.fileobj  # type: ignore[assignment]
                if key.data is None:
                    here.sendto(*here.recvfrom(100))
                    continue
                self._waiting.unregister(here)
                if here.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                    found.add(key.data)
        return found

    def _socket(self, node: str, version: int, talk: Talk) -> socket.socket:
        kind = socket.SOCK_STREAM if talk.protocol == TCP else socket.SOCK_DGRAM
        made = self._stack.enter_context(self._running.socket(node, FAMILY[version], kind))
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if version == 6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.setblocking(False)
        return made


@pytest.fixture(scope="module")
def settings(lab: LabOf) -> Iterator[RunningLab]:
    with lab(settings_lab()) as found:
        yield found


def test_every_protocol_between_every_two_settings_is_as_predicted(settings: RunningLab) -> None:
    model = load(settings.file, name=settings.name, parameters={})
    found = tuple(each for each in endpoints(model) if each.up and each.address(4))
    asked = list(cases(found))
    Random(int(os.environ.get("HVLAB_SEED", "1"))).shuffle(asked)
    oracles = {version: Oracle(model, version) for version in FAMILY}
    verdicts = {each: oracles[each.version].predict(each.source, each.target, each.talk) for each in asked}
    wanted = {each for each, verdict in verdicts.items() if verdict.reachable}
    assert len(asked) > 150
    assert 0.2 < len(wanted) / len(asked) < 0.8
    with ExitStack() as stack:
        talkers = Talkers(settings, stack)
        for each in found:
            for version, talk in itertools.product((4, 6), (Talk(TCP, 80), Talk(TCP, 443), Talk(UDP, 53))):
                talkers.serve(each.node, version, talk)
        for each in asked:
            talkers.ask(each)
        measured = talkers.answered(len(wanted))
    wrong = [f"{each}: {verdicts[each].reason}" for each in sorted(wanted ^ measured, key=str)]
    assert not wrong, f"{len(wrong)} of {len(asked)}"


@pytest.mark.parametrize("version", [4, 6])
def test_pings_between_every_two_settings_are_as_predicted(settings: RunningLab, version: int) -> None:
    settings.agrees(f"-{version}")


# What a stateful entry admits

STATEFUL = """
from lab import Lab, extended_allow, extended_deny

lab = Lab("stateful")
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.vm(
    "inside", "Private", "10.0.1.1/24", "2001:db8::1/64",
    extended_acls=[
        extended_deny(1, "Inbound"),
        extended_allow(5, "Outbound", protocol="UDP", remote_port=53, stateful=True, idle_s=1),
        extended_allow(6, "Outbound", protocol="TCP", stateful=True),
    ],
)
hv1.vm("outside", "Private", "10.0.1.2/24", "2001:db8::2/64")
hv1.vm("other", "Private", "10.0.1.3/24", "2001:db8::3/64")
"""
HERE, THERE, ELSEWHERE = "inside", "outside", "other"
ADDRESSES = {
    4: {HERE: "10.0.1.1", THERE: "10.0.1.2", ELSEWHERE: "10.0.1.3"},
    6: {HERE: "2001:db8::1", THERE: "2001:db8::2", ELSEWHERE: "2001:db8::3"},
}
DNS, LATER = (5000, 53), (5001, 53)


Content = Callable[[bytes], tuple[int, bytes]]
"""Makes an IP protocol number and its content of a mark."""

SOON_S = 1.0
"""How long an answer that was refused just before its question may still be refused: the switch has it by heart."""


@dataclass(slots=True)
class Wire:
    """Three VMs on one switch, which send packets made by hand. ``stations`` tells when all before has arrived."""

    stations: Stations
    sockets: dict[str, socket.socket]

    def arrives(self, sender: str, target: str, content: Content, version: int) -> bool:
        """Send a packet with what `content` makes of a mark; tell whether the target gets it."""
        mark = b"hvlab-acl-%08d" % next(_numbers)
        known = self.stations.adapters
        protocol, inner = content(mark)
        ip = packet(ADDRESSES[version][sender], ADDRESSES[version][target], protocol, inner)
        self.sockets[sender].send(raw(known[target].mac) + raw(known[sender].mac) + ip)
        self.stations.settle()
        return any(mark in each for each in waiting(self.sockets[target]))


def datagram(ports: tuple[int, int]) -> Content:
    return lambda mark: (UDP, udp(*ports, mark))


def segment(ports: tuple[int, int], flags: int) -> Content:
    return lambda mark: (TCP, tcp(*ports, flags, mark))


@pytest.fixture(scope="module")
def stateful(lab: LabOf) -> Iterator[RunningLab]:
    with lab(STATEFUL) as found:
        yield found


@pytest.fixture
def wire(stateful: RunningLab) -> Iterator[Wire]:
    names = (HERE, THERE, ELSEWHERE)
    with stations(stateful, names) as found, ExitStack() as stack:
        opened = {
            name: stack.enter_context(packet_socket(stateful, found.adapters[name], EVERYTHING)) for name in names
        }
        yield Wire(found, opened)
        stateful.apply(STATEFUL)


@pytest.mark.parametrize("version", [4, 6])
def test_only_the_answer_to_a_question_gets_in(wire: Wire, version: int) -> None:
    question, answer = datagram(DNS), datagram(DNS[::-1])
    assert not wire.arrives(THERE, HERE, answer, version), "a forged answer"
    assert wire.arrives(HERE, THERE, question, version)
    eventually(lambda: wire.arrives(THERE, HERE, answer, version), timeout=SOON_S)
    assert not wire.arrives(ELSEWHERE, HERE, answer, version), "from somebody else"
    assert not wire.arrives(THERE, HERE, datagram((53, 5009)), version), "to another port"
    assert not wire.arrives(THERE, HERE, datagram((54, 5000)), version), "from another port"
    assert not wire.arrives(THERE, HERE, segment(DNS[::-1], ACK), version), "over another protocol"


@pytest.mark.parametrize("version", [4, 6])
def test_what_begins_a_connection_is_no_answer(wire: Wire, version: int) -> None:
    there, back = (6000, 80), (80, 6000)
    assert not wire.arrives(THERE, HERE, segment(back, SYN | ACK), version)
    assert wire.arrives(HERE, THERE, segment(there, SYN), version)
    eventually(lambda: wire.arrives(THERE, HERE, segment(back, SYN | ACK), version), timeout=SOON_S)
    assert wire.arrives(THERE, HERE, segment(back, ACK), version)
    assert not wire.arrives(THERE, HERE, segment(back, SYN), version)
    assert wire.arrives(THERE, HERE, segment(back, RST), version)


def test_what_was_not_used_for_its_idle_timeout_is_forgotten(wire: Wire) -> None:
    assert wire.arrives(HERE, THERE, datagram(LATER), 4)
    assert wire.arrives(THERE, HERE, datagram(LATER[::-1]), 4)
    # An answer that passes is a use of it, so every look must come later than the timeout after the last one.
    assert any(unused(wire, datagram(LATER[::-1]), seconds) for seconds in (1.5, 3, 6))
    assert wire.arrives(HERE, THERE, datagram(LATER), 4)
    eventually(lambda: wire.arrives(THERE, HERE, datagram(LATER[::-1]), 4), timeout=SOON_S)


def unused(wire: Wire, answer: Content, seconds: float) -> bool:
    """Tell whether an answer does not pass any more after some seconds without one."""
    time.sleep(seconds)
    return not wire.arrives(THERE, HERE, answer, 4)


def test_what_waits_for_answers_goes_with_its_entry(wire: Wire, stateful: RunningLab) -> None:
    there, back = (6100, 80), (80, 6100)
    assert wire.arrives(HERE, THERE, segment(there, SYN), 4)
    assert wire.arrives(THERE, HERE, segment(back, ACK), 4)
    entry = '        extended_allow(6, "Outbound", protocol="TCP", stateful=True),\n'
    told = stateful.apply(edited(STATEFUL, (entry, ""))).out
    assert "extended ACL" in told
    assert not wire.arrives(THERE, HERE, segment(back, ACK), 4)
    other = (5002, 53)
    assert wire.arrives(HERE, THERE, datagram(other), 4)
    assert wire.arrives(THERE, HERE, datagram(other[::-1]), 4), "the other entry's"
    stateful.apply(STATEFUL)
    assert not wire.arrives(THERE, HERE, segment(back, ACK), 4), "it does not come back with the entry"
    assert wire.arrives(HERE, THERE, segment(there, ACK), 4)
    eventually(lambda: wire.arrives(THERE, HERE, segment(back, ACK), 4), timeout=SOON_S)


def test_what_waits_for_answers_goes_with_the_adapter(wire: Wire, stateful: RunningLab) -> None:
    there, back = (6200, 80), (80, 6200)
    assert wire.arrives(HERE, THERE, segment(there, SYN), 4)
    stateful.apply(edited(STATEFUL, ('"inside", "Private"', '"inside", None')))
    stateful.apply(STATEFUL)
    assert not wire.arrives(THERE, HERE, segment(back, ACK), 4)


def test_entries_may_be_contradictory_until_the_vm_is_to_start(stateful: RunningLab) -> None:
    wrong = edited(STATEFUL, ('(6, "Outbound", protocol="TCP", stateful', '(6, "Outbound", stateful'))
    refused = stateful.apply(wrong, check=2).err
    assert 'adapter "inside/Network Adapter" has the extended ACL entry Allow Outbound Weight 6 Stateful' in refused
    assert "only the protocols TCP and UDP can be stateful; the VM would not start (0x80070057) (reason 80)" in refused
    stateful.apply(edited(wrong, ('"2001:db8::1/64",', '"2001:db8::1/64", running=False,')))
    refused = stateful.apply(wrong, check=2).err
    assert "reason 80" in refused
    assert not [each for each in stateful.status()["adapters"] if each["machine"] == "inside" and each["device"]]
    stateful.apply(STATEFUL)


# The topology


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(FILE) as found:
        yield found


@pytest.mark.parametrize(
    ("question", "words", "remedy"),
    [
        (
            ("client1", "web1", "--tcp", "22"),
            'the extended ACL of "web1/Network Adapter" denies it: Deny Inbound Weight 1',
            'Remove-VMNetworkAdapterExtendedAcl -VMName "web1" -VMNetworkAdapterName "Network Adapter" '
            "-Direction Inbound -Weight 1",
        ),
        (
            ("client1", "db1"),
            'the port ACL of "db1/Network Adapter" denies it: Deny Inbound RemoteIPAddress ANY',
            'Remove-VMNetworkAdapterAcl -VMName "db1" -VMNetworkAdapterName "Network Adapter" '
            "-Action Deny -Direction Inbound -RemoteIPAddress ANY",
        ),
    ],
    ids=["extended", "port"],
)
def test_a_trace_says_which_entry_denies(
    running: RunningLab, question: tuple[str, ...], words: str, remedy: str
) -> None:
    told = running("trace", *question, check=1).out
    assert f"reason 12: security policy: {words}" in told
    assert remedy in told


def test_a_trace_knows_what_a_stateful_entry_admits(running: RunningLab) -> None:
    told = running("trace", "web1", "client1", "--tcp", "8000").out
    assert 'the answer passes the extended ACL of "web1/Network Adapter" as its question did' in told
    assert "arrives, but the answer is lost" in running("trace", "web1", "client1", "--udp", "53", check=1).out
    assert running("trace", "client1", "web1", "--tcp", "80").out
