"""What must not get anywhere: out of a lab, out of a machine, past a switch, from one lab into another."""

from __future__ import annotations

import errno
import itertools
import json
import select
import socket
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import (
    ARP,
    BROADCAST,
    EVERYTHING,
    Stations,
    adapters,
    once,
    packet_socket,
    raw,
    stations,
    stray_mac,
    waiting,
)
from tests.system.labs import RunningLab, Workplace, edited, machine_network

pytestmark = pytest.mark.system

TOPOLOGY = """
from lab import Lab

lab = Lab("isolation", interruption_s=0)
lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1"))
office.computer("pc1", "192.168.1.10", "2001:db8:1::10")
store = lab.physical_network("store", "172.16.0.0/24")
store.computer("pc2", "172.16.0.10")
plant = lab.physical_network("plant", "172.16.1.0/24")
plant.computer("pc3", "172.16.1.10")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20", "2001:db8:1::20")
hv1.nic("Ethernet 2", store)
hv1.nic("Ethernet 3", plant)
hv1.nic("Ethernet 4", plant, "172.16.1.24")

hv1.external_switch("External", nic="Ethernet")
hv1.vm("web1", "External", "192.168.1.31", "2001:db8:1::31")
hv1.vm("web2", "External", "192.168.1.32", "2001:db8:1::32")

hv1.external_switch("Separate", nic="Ethernet 2", allow_management_os=False)
hv1.vm("sep1", "Separate", "172.16.0.31")
hv1.vm("sep2", "Separate", "172.16.0.32")

hv1.external_switch("Roundabout", nic="Ethernet 3", allow_management_os=False)
hv1.vm("far1", "Roundabout", "172.16.1.31")

hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.vm("app1", "Internal", "10.0.1.11")
hv1.vm("app2", "Internal", "10.0.1.12")

hv1.private_switch("Private")
hv1.vm("db1", "Private", "10.0.2.11/24")
hv1.vm("db2", "Private", "10.0.2.12/24")

hv1.private_switch("Other")
hv1.vm("db3", "Other", "10.0.2.13/24")
hv1.vm("db4", "Other", "10.0.2.14/24")
"""
SUBNETS = [ip_network(text) for text in ("192.168.1.0/24", "172.16.0.0/23", "10.0.0.0/16", "203.0.113.0/24")]

SHARED, INTERNAL_HOST, BACK = "hv1/vEthernet (External)", "hv1/vEthernet (Internal)", "hv1/Ethernet 4"
ROUTER = "office-router/inside"
SEGMENTS = (
    ("web1", "web2", SHARED, "pc1", ROUTER),
    ("sep1", "sep2", "pc2"),
    ("far1", "pc3", BACK),
    ("app1", "app2", INTERNAL_HOST),
    ("db1", "db2"),
    ("db3", "db4"),
    ("internet", "office-router/outside"),
)
MACHINES = ("web1", "app1", "db1", "hv1", "pc1", "office-router", "internet")


@pytest.fixture(scope="module")
def before(workplace: Workplace) -> dict[str, str]:
    """What the machine looked like before the lab was there."""
    return looks()


@pytest.fixture(scope="module")
def running(before: dict[str, str], lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(scope="module")
def everybody(running: RunningLab) -> Iterator[Stations]:
    with stations(running, *SEGMENTS) as found:
        yield found


def said(*argv: str) -> str:
    done = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def looks() -> dict[str, str]:
    """Return what a user sees of the machine's own network."""
    sockets = (line.split() for line in said("ss", "-Hltun").splitlines())
    return machine_network() | {
        "ss -ltun": "\n".join(sorted(f"{words[0]} {words[4]}" for words in sockets)),
        "ip addr": said("ip", "-o", "-br", "addr"),
        "ip route": said("ip", "route", "show", "table", "all"),
        "ip rule": said("ip", "rule"),
    }


# The machine


def test_the_machine_looks_as_before_while_a_lab_is_up(running: RunningLab, before: dict[str, str]) -> None:
    running.exec("web1", "ping", "-c", "1", "-W", "2", "203.0.113.80")
    # What others do on this machine may show for a moment.
    eventually(looks, lambda now: now == before)


@pytest.mark.parametrize("node", MACHINES)
def test_a_machine_sees_its_own_processes_only(running: RunningLab, node: str) -> None:
    shown = [line.split(maxsplit=1) for line in running.exec(node, "ps", "-eo", "pid=,args=").out.splitlines()]
    first, entrance, own = shown
    assert first[0] == "1"
    assert entrance[1] == "hvlab"
    assert own[1] == "ps -eo pid=,args="


@pytest.mark.parametrize("node", MACHINES)
def test_a_machine_cannot_see_the_lab_s_own_files_and_sockets(running: RunningLab, node: str) -> None:
    assert running.run_inside(Path("/run/hvlab/init.sock").is_socket)
    own = {"resolv.conf", "systemd"}  # what it asks for names; the second where the machine has systemd-resolved
    assert set(running.exec(node, "ls", "-A", "/run").out.split()) <= own
    assert running.exec(node, "ls", "-d", "/run/hvlab", "/proc/1/root/run/hvlab", check=None).out == ""
    if node != "hv1":  # whose Open vSwitch listens in its network namespace, on files that are not there for it
        assert running.exec(node, "ss", "-Hlx").out == ""


def test_the_machine_s_own_addresses_cannot_be_reached_from_a_lab(running: RunningLab) -> None:
    """A server listens on each of them; nobody in the lab gets through to it, with TCP or with UDP."""
    shown = json.loads(said("ip", "-j", "addr"))
    found = [ip_address(info["local"]) for link in shown for info in link["addr_info"] if info["scope"] != "link"]
    targets = [each for each in found if not any(each in subnet for subnet in SUBNETS)]
    assert any(each.is_loopback for each in targets)
    with ExitStack() as stack:
        servers: list[socket.socket] = []
        tried: list[socket.socket] = []
        for target in targets:
            family = socket.AF_INET if target.version == 4 else socket.AF_INET6
            stream = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            stream.bind((str(target), 0))
            stream.listen()
            datagrams = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            datagrams.bind((str(target), 0))
            servers += [stream, datagrams]
            for node in MACHINES:
                client = stack.enter_context(running.socket(node, family, socket.SOCK_STREAM))
                client.settimeout(0)
                refusal = client.connect_ex(stream.getsockname())
                assert refusal in (errno.EINPROGRESS, errno.ENETUNREACH, errno.ECONNREFUSED), (node, target)
                if refusal == errno.EINPROGRESS:
                    tried.append(client)
                with running.socket(node, family, socket.SOCK_DGRAM) as sender:
                    try:
                        sender.sendto(b"hello", datagrams.getsockname())
                    except OSError as error:
                        assert error.errno == errno.ENETUNREACH, (node, target)
        arrived, _, _ = select.select(servers, [], [], 1.0)
        assert arrived == []
        for client in tried:
            assert client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) or select.select([], [client], [], 0)[1] == []


# Switches


TARGETS = {"broadcast": BROADCAST, "ipv4-group": "01:00:5e:00:00:01", "ipv6-group": "33:33:00:00:00:01", "unknown": ""}


@pytest.mark.parametrize("target", [*TARGETS, "web1", SHARED, "pc1", "db3", INTERNAL_HOST])
@pytest.mark.parametrize("sender", ["db1", "app1", INTERNAL_HOST, "sep1", "pc2"])
def test_frames_stay_on_their_own_switch(everybody: Stations, sender: str, target: str) -> None:
    segment = next(members for members in SEGMENTS if sender in members)
    to = TARGETS[target] or stray_mac() if target in TARGETS else everybody.mac(target)
    receivers = everybody.copies(sender, to)
    assert receivers.keys() <= set(segment) - {sender}
    if target in TARGETS:
        assert receivers == once(segment, sender)


@dataclass(frozen=True, slots=True)
class Question:
    """Who has this address, asked at this place, and which adapter alone is to answer."""

    asker: str
    address: str
    answer: str = ""


MANAGEMENT = ("192.168.1.20", "10.0.1.1", "172.16.1.24")
QUESTIONS = (
    Question("web1", "192.168.1.20", SHARED),
    Question("pc1", "192.168.1.20", SHARED),
    Question("app1", "10.0.1.1", INTERNAL_HOST),
    Question("pc3", "172.16.1.24", BACK),
    Question("far1", "172.16.1.24", BACK),  # out of one NIC and back in through another
    *(Question(asker, address) for asker in ("db1", "db3", "sep1", "pc2") for address in MANAGEMENT),
    *(Question(asker, address) for asker in ("web1", "pc1", ROUTER) for address in MANAGEMENT[1:]),
    *(Question("app1", address) for address in (MANAGEMENT[0], MANAGEMENT[2])),
    *(Question("far1", address) for address in MANAGEMENT[:2]),
    *(Question(asker, "10.0.2.12") for asker in ("web1", "app1", "db3", "pc1")),
    Question("db1", "10.0.2.12", "db2"),
)  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: f"{q.asker}-{q.address}-{q.answer or 'nobody'}")
def test_nobody_answers_past_the_switch(running: RunningLab, everybody: Stations, question: Question) -> None:
    asker = everybody.adapters[question.asker]
    wanted = ip_address(question.address).packed
    with packet_socket(running, asker, ARP) as ear:
        ask = b"\0\1\x08\0\6\4\0\1" + raw(asker.mac) + bytes(4) + bytes(6) + wanted
        ear.send((raw(BROADCAST) + raw(asker.mac) + ARP.to_bytes(2, "big") + ask).ljust(60, b"\0"))
        everybody.settle()
        everybody.settle()  # once for the question's way, once for the answer's
        answers = [frame for frame in waiting(ear) if frame[20:22] == b"\0\2" and frame[28:32] == wanted]
    macs = [frame[22:28].hex(":") for frame in answers]
    assert macs == ([everybody.mac(question.answer)] if question.answer else [])


@pytest.mark.parametrize("asker", ["db1", "sep1", "far1", "web1", "app1"])
def test_nobody_answers_past_the_switch_in_ipv6(running: RunningLab, everybody: Stations, asker: str) -> None:
    """Every machine on the link answers this ping, with an address of its own; nobody else does."""
    device = everybody.adapters[asker].device
    segment = next(members for members in SEGMENTS if asker in members)
    text = running.exec(asker, "ping", "-n", "-c", "2", "-i", "0.3", "-W", "1", f"ff02::1%{device}", check=None).out
    answering = {line.split()[3].partition("%")[0] for line in text.splitlines() if "bytes from" in line}
    known = {member: link_local(everybody.mac(member)) for member in segment}
    assert answering <= set(known.values()), text
    vms = {known[member] for member in segment if member[:3] in ("web", "app", "db1", "db2", "sep", "far")}
    assert vms <= answering


def link_local(mac: str) -> str:
    """Return the IPv6 address that a machine gives itself from its MAC address."""
    octets = bytearray(raw(mac))
    octets[0] ^= 2
    return str(ip_address(bytes.fromhex("fe80") + bytes(6) + octets[:3] + b"\xff\xfe" + octets[3:]))


@pytest.mark.parametrize("forwarding", [True, False], ids=["management-os-routes", "management-os-does-not"])
def test_the_management_os_takes_nothing_from_a_cable_but_through_a_switch(lab: LabOf, forwarding: bool) -> None:
    """Packets for it, or for it to route, in frames to every address that its IP stack may take for its own."""
    topology = edited(TOPOLOGY, ('lab.host("hv1")', f'lab.host("hv1", forwarding={forwarding})'))
    with lab(topology) as found, stations(found, *SEGMENTS) as all_of_them:
        devices = json.loads(found.exec("hv1", "ip", "-j", "link").out)
        known = {BROADCAST, "01:00:5e:00:00:01"} | {each["address"] for each in devices} - {"00:00:00:00:00:00"}
        port = 18088
        with (
            found.socket("hv1", socket.AF_INET, socket.SOCK_DGRAM) as management,
            found.socket("web1", socket.AF_INET, socket.SOCK_DGRAM) as web1,
        ):
            management.bind(("", port))
            web1.bind(("", port))
            for asker, source in (("db1", "10.0.2.11"), ("sep1", "172.16.0.31"), ("pc2", "172.16.0.10")):
                with packet_socket(found, all_of_them.adapters[asker], EVERYTHING) as sender:
                    for mac, target in itertools.product(sorted(known), ("10.0.1.1", "192.168.1.20", "192.168.1.31")):
                        header = raw(mac) + raw(all_of_them.mac(asker)) + b"\x08\0"
                        sender.send(header + datagram(source, target, port, b"past the switch"))
            all_of_them.settle()
            with packet_socket(found, all_of_them.adapters["app1"], EVERYTHING) as sender:
                header = raw(all_of_them.mac(INTERNAL_HOST)) + raw(all_of_them.mac("app1")) + b"\x08\0"
                sender.send(header + datagram("10.0.1.11", "10.0.1.1", port, b"through the switch"))
            assert management.recv(100) == b"through the switch"
            for each in (management, web1):
                each.settimeout(0)
                with pytest.raises(BlockingIOError):
                    assert not each.recv(100)


def datagram(source: str, target: str, port: int, content: bytes) -> bytes:
    """Return an IPv4 packet with a UDP datagram in it."""
    udp = struct.pack("!4H", port, port, 8 + len(content), 0) + content
    ends = ip_address(source).packed + ip_address(target).packed
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, socket.IPPROTO_UDP, 0) + ends
    total = sum(struct.unpack("!10H", header))
    total = (total & 0xFFFF) + (total >> 16)
    checksum = ~(total + (total >> 16)) & 0xFFFF
    return header[:10] + checksum.to_bytes(2, "big") + header[12:] + udp


def test_no_frame_appears_that_no_machine_sent(lab: LabOf) -> None:
    """For two seconds after a lab has come up, everybody listens to everything."""
    with lab(TOPOLOGY) as found, ExitStack() as stack:
        known = adapters(found)
        ears = {
            stack.enter_context(packet_socket(found, known[name], EVERYTHING)): (name, members)
            for members in SEGMENTS
            for name in members
        }
        strangers: set[tuple[str, str]] = set()
        deadline = time.monotonic() + 2.0
        while (left := deadline - time.monotonic()) > 0:
            for ear in select.select(list(ears), [], [], left)[0]:
                name, members = ears[ear]
                allowed = {known[member].mac for member in members if member != name}
                sources = {frame[6:12].hex(":") for frame in waiting(ear)}
                strangers |= {(name, source) for source in sources - allowed}
        assert strangers == set()


# Two labs


def test_two_labs_with_the_same_addresses_do_not_hear_each_other(running: RunningLab, lab: LabOf) -> None:
    with lab(TOPOLOGY) as twin, stations(running, *SEGMENTS) as ours, stations(twin, *SEGMENTS) as theirs:
        assert ours.adapters == theirs.adapters
        assert [row["addresses"] for row in running.status()["adapters"]] == [
            row["addresses"] for row in twin.status()["adapters"]
        ]
        for (here, there), (members, target) in itertools.product(
            ((ours, theirs), (theirs, ours)), itertools.product(SEGMENTS, (BROADCAST, stray_mac()))
        ):
            mark = here.send(members[0], target)
            here.settle()
            there.settle()
            assert here.received(mark) == once(members, members[0])
            assert there.received(mark) == {}
        mac = stray_mac()
        ours.copies("db2", BROADCAST, source=mac)
        assert ours.copies("db1", mac) == {"db2": 1}
        assert theirs.copies("db2", mac) == {"db1": 1}
        assert mac.replace(":", "").upper() in running("learned", "--json").out
        twin.exec("web1", "ping", "-c", "1", "-W", "2", "203.0.113.80")
        twin("down")
        running.exec("web1", "ping", "-c", "1", "-W", "2", "203.0.113.80")
