"""That no frame a VM can send harms a switch, its controller, or anybody else: malformed, random, and far too many.

The frames are those of `frame_fuzz.py`. Meanwhile two other VMs of the same switch ping each other and transfer bytes.
"""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.emulation.ovs import MAC_TABLE_ENTRIES, SWITCH_DIRECTORY
from lab.emulation.tracing import control
from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.faults import processes, traffic
from tests.system.faults.frame_fuzz import Grammar, Sender, everyone, fakes, strangers
from tests.system.faults.wandering import PULLED
from tests.system.frames import (
    BROADCAST,
    ETHERTYPE,
    EVERYTHING,
    Adapter,
    adapters,
    once,
    packet_socket,
    raw,
    soon,
    stations,
)
from tests.system.labs import RunningLab

pytestmark = [pytest.mark.system, pytest.mark.timeout(500)]

FRAMES = 100_000 if os.geteuid() == 0 else 20_000
"""For each of the two switches."""

GROWTH_KB = 16_000

# What Open vSwitch says of such frames, and no more than that: one too long for the receiver; MPLS without a label, for
# which its datapath keeps a flow that it cannot read again (the flow is dropped, and made anew with the next frame).
EXPECTED = (
    r"netdev_linux\|WARN\|error sending Ethernet packet on \S+: Message too long$",
    r"odp_util\(revalidator\d+\)\|WARN\|(MPLS LSEs have invalid length \d+$|the flow key in error is: .*,mpls\()",
    r"dpif_netdev\(revalidator\d+\)\|ERR\|internal error parsing flow key .*,mpls\(",
    r"dpif\(revalidator\d+\)\|WARN\|netdev@ovs-netdev: failed to put\[modify\] \(Invalid argument\) .*,mpls\(",
    r"(netdev_linux|(odp_util|dpif|dpif_netdev)\(revalidator\d+\))\|(WARN|ERR)\|Dropped \d+ log messages ",
)

TOPOLOGY = """
from lab import Lab

lab = Lab("frames", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1"))
office.computer("pc1", "192.168.1.10", "2001:db8:1::10")
hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.20", "2001:db8:1::20")
hv1.external_switch("External", nic="Ethernet")
hv1.vm("evil1", "External", "192.168.1.66", "2001:db8:1::66", mtu=9000)
hv1.vm("web1", "External", "172.30.77.31/24", "2001:db8:1::31")
hv1.vm("web2", "External", "172.30.77.32/24", "2001:db8:1::32")
hv1.vm("web3", "External", "192.168.1.33", "2001:db8:1::33")

hv1.internal_switch("Internal", "10.0.1.1/24", "2001:db8:2::1/64", learning="Pinned")
hv1.vm("evil2", "Internal", "10.0.1.66", "2001:db8:2::66", mtu=9000)
hv1.vm("app1", "Internal", "172.30.78.31/24", "2001:db8:2::31")
hv1.vm("app2", "Internal", "172.30.78.32/24", "2001:db8:2::32")
hv1.vm("app3", "Internal", "10.0.1.33", "2001:db8:2::33")

hv1.internal_switch("Spoofed", learning="Pinned")
hv1.vm("evil3", "Spoofed", "10.0.3.66/24", mac_spoofing=True)
hv1.vm("evil4", "Spoofed", "10.0.3.67/24")
hv1.vm("dev1", "Spoofed", "10.0.3.31/24")
hv1.vm("dev2", "Spoofed", "10.0.3.32/24", mac_spoofing=True)

hv1.private_switch("Private")
hv1.vm("db1", "Private", "10.0.2.11/24")
hv1.vm("db2", "Private", "10.0.2.12/24")
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A switch, who sends to it, whose traffic must go on, from whom the sender borrows addresses."""

    sender: str
    pair: tuple[str, str]
    address: str
    fence: str
    networks: tuple[str, str]
    members: tuple[str, ...]
    borrowed: tuple[str, ...]
    elsewhere: dict[str, tuple[str, ...]]


EXTERNAL_MEMBERS = ("evil1", "web1", "web2", "web3", "hv1/vEthernet (External)", "pc1", "office-router/inside")
INTERNAL_MEMBERS = ("evil2", "app1", "app2", "app3", "hv1/vEthernet (Internal)")
PRIVATE_MEMBERS = ("db1", "db2")
PLACES = {
    # On a switch that learns, as on any real one, whoever sends from another's address gets that one's frames: the two
    # whose traffic must not suffer are not among those.
    "external-learning": Place(
        "evil1", ("web1", "web2"), "172.30.77.32", "web3", ("192.168.1.0", "2001:db8:1::"), EXTERNAL_MEMBERS,
        ("web3", "pc1", "hv1/vEthernet (External)"), {"app3": INTERNAL_MEMBERS, "db1": PRIVATE_MEMBERS},
    ),
    "internal-pinned": Place(
        "evil2", ("app1", "app2"), "172.30.78.32", "app3", ("10.0.1.0", "2001:db8:2::"), INTERNAL_MEMBERS,
        INTERNAL_MEMBERS[1:], {"web3": EXTERNAL_MEMBERS, "pc1": EXTERNAL_MEMBERS, "db1": PRIVATE_MEMBERS},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(autouse=True)
def start(announce: Callable[[str], None]) -> None:
    for pattern in (PULLED, *EXPECTED):  # a lab that was sent such frames goes on telling of them
        announce(pattern)


def grammar(place: Place, known: dict[str, Adapter]) -> Grammar:
    """Return what the frames of a sender are made of: the switch's own addresses among it."""
    other = [known[name].mac for name in place.members if name != place.sender]
    four, six = place.networks
    nobody = fakes(four, six)
    there = [four[:-1] + "1", four[:-1] + "33", six + "1", six + "33", place.address]
    return Grammar(
        known[place.sender].mac, [known[name].mac for name in place.borrowed], everyone(other), nobody,
        [*nobody, *there], 9000,
    )  # fmt: skip


@contextmanager
def sniffing(running: RunningLab, place: Place, known: dict[str, Adapter]) -> Iterator[Callable[[], list[str]]]:
    """Yield a function that says what came to other switches from anybody who is not on them."""
    with ExitStack() as stack:
        sniffers = {
            name: stack.enter_context(packet_socket(running, known[name], EVERYTHING)) for name in place.elsewhere
        }
        friends = {name: {raw(known[each].mac) for each in members} for name, members in place.elsewhere.items()}
        yield lambda: [frame for name, each in sniffers.items() for frame in strangers(each, friends[name])]


def counters(running: RunningLab) -> dict[str, int]:
    """Return the event counters of the host's Open vSwitch; within five seconds of its start they still are none."""
    path = str(SWITCH_DIRECTORY / "hv1" / "ovs-vswitchd.ctl")
    text = running.run_inside(lambda: control(path, "coverage/show"))
    return {name: int(total) for name, total in re.findall(r"^(\w+) .*total: (\d+)$", text, re.MULTILINE)}


def resident_kb(pid: int) -> int:
    found = re.search(r"^VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1])


def lives(running: RunningLab) -> dict[str, tuple[int | None, int]]:
    """Return which process each program of the lab is, and how often it was restarted."""
    return {name: (state.pid, state.restarts) for name, state in running.pod.processes().items()}


@contextmanager
def sending(running: RunningLab, known: dict[str, Adapter], sender: str, fence: str) -> Iterator[Sender]:
    with ExitStack() as stack:
        adapter = stack.enter_context(running.socket(known[sender].node, socket.AF_PACKET, socket.SOCK_RAW))
        adapter.bind((known[sender].device, 0))
        hearing = stack.enter_context(packet_socket(running, known[fence], ETHERTYPE))
        yield Sender(adapter, hearing, known[sender].mac)


@pytest.mark.parametrize("name", PLACES)
def test_frames_of_any_kind_harm_nobody(running: RunningLab, announce: Callable[[str], None], name: str) -> None:
    """No process ends, nobody else's traffic suffers, nothing gets onto another switch, the controller hears nothing."""
    for line in EXPECTED:
        announce(line)
    place = PLACES[name]
    known = adapters(running)
    controller = processes.listed(running)["controller"]
    addresses, alive, program = running.addresses(), lives(running), running.switches()
    memory, counted = resident_kb(controller), counters(running)
    with (
        traffic.path(running, *place.pair, place.address) as going,
        sniffing(running, place, known) as leaked,
        sending(running, known, place.sender, place.fence) as sender,
    ):
        sender.send(grammar(place, known).frames(seed=len(name), count=FRAMES))
        going.advance()
        assert leaked() == []
    assert sender.sent > FRAMES * 0.95, sender.refused
    seen = counters(running)
    # Echoes, and the answers to `running.switches()`: nothing that grows with the frames.
    assert seen["rconn_sent"] - counted.get("rconn_sent", 0) < FRAMES / 200
    assert resident_kb(controller) - memory < GROWTH_KB
    assert lives(running) == alive
    assert running.addresses() == addresses
    assert running.switches() == program
    running.healthy()
    eventually(lambda: running("matrix", check=None).code, lambda code: code == 0, timeout=60)


# MAC tables


MORE = MAC_TABLE_ENTRIES + 2_000


def entries(running: RunningLab, switch: str) -> dict[str, str]:
    """Return the MAC table of a switch: the adapter behind which each address is."""
    return {entry["mac"]: entry["adapter"] for entry in running("learned", switch, "--json").json()}


def flood(known: dict[str, Adapter], number: int) -> Iterator[bytes]:
    """Yield a frame from each of so many addresses, to somebody who is there: that no copies are made saves time."""
    for at in range(number):
        yield (raw(known["target"].mac) + b"\x06" + at.to_bytes(5, "big") + b"\x88\xb6").ljust(60, b"\0")


def sender_of(running: RunningLab, switch: str) -> str:
    return {"External": "evil1", "Spoofed": "evil3"}[switch]


@pytest.mark.parametrize(("switch", "friends"), [("External", ("web1", "web2", "web3")), ("Spoofed", ("dev1", "dev2"))])
def test_new_addresses_without_end_fill_a_table_of_limited_size(
    running: RunningLab, switch: str, friends: tuple[str, ...]
) -> None:
    """Others make room: those who speak are learned as before, and assigned addresses stay."""
    known, alive, program = adapters(running), lives(running), running.switches()
    sender = sender_of(running, switch)
    assigned = {mac for mac, adapter in entries(running, switch).items() if adapter} if switch == "Spoofed" else set()
    with sending(running, known, sender, friends[0]) as sending_:
        sending_.send(flood(known | {"target": known[friends[0]]}, MORE))
    full = entries(running, switch)
    assert MAC_TABLE_ENTRIES * 0.9 < len(full) <= MAC_TABLE_ENTRIES
    assert assigned <= set(full)
    with stations(running, [sender, *friends]) as everybody:
        newcomer = "02:88:b6:00:00:01"
        everybody.copies(friends[-1], BROADCAST, newcomer)
        if switch == "External" or friends[-1] == "dev2":
            soon(lambda: everybody.copies(friends[0], newcomer), once([friends[-1]]))
        for friend in friends[1:]:
            soon(lambda friend=friend: everybody.copies(friends[0], everybody.mac(friend)), once([friend]))
    assert len(entries(running, switch)) <= MAC_TABLE_ENTRIES
    assert lives(running) == alive
    assert running.switches() == program


def test_an_adapter_that_must_not_spoof_teaches_a_switch_nothing(running: RunningLab) -> None:
    """MacAddressSpoofing Off on a Pinned switch: its frames from other addresses are dropped and leave no trace."""
    known, before = adapters(running), set(entries(running, "Internal"))
    with sending(running, known, "evil2", "app3") as sender:
        sender.send(flood(known | {"target": known["app3"]}, 2_000))
    assert set(entries(running, "Internal")) == before
