"""DHCP guard and router guard: what a guarded adapter may not send does not arrive, and everything else does."""

from __future__ import annotations

import itertools
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST, EVERYTHING, Adapter, adapters, packet_socket, raw, waiting
from tests.system.labs import TOPOLOGIES, RunningLab, edited
from tests.system.packets import ICMP, ICMPV6, UDP, icmp, packet, udp

pytestmark = [pytest.mark.system, pytest.mark.switching]

FILE = next(path for path in TOPOLOGIES if path.stem == "guards")
_numbers = itertools.count(1)


FOUR, SIX = ("10.0.1.66", "255.255.255.255"), ("2001:db8:1::66", "ff02::1")

# Who must be guarded from it, and what is sent.
MESSAGES = {
    "DHCP offer": ("DhcpGuard", FOUR, UDP, (67, 68)),
    "DHCP offer from another port": ("DhcpGuard", FOUR, UDP, (1067, 68)),
    "DHCP answer to a relay agent": ("DhcpGuard", FOUR, UDP, (67, 67)),
    "DHCPv6 advertise": ("DhcpGuard", SIX, UDP, (547, 546)),
    "DHCPv6 answer to a relay agent": ("DhcpGuard", SIX, UDP, (547, 547)),
    "ICMP redirect": ("RouterGuard", FOUR, ICMP, 5),
    "ICMP router advertisement": ("RouterGuard", FOUR, ICMP, 9),
    "router advertisement": ("RouterGuard", SIX, ICMPV6, 134),
    "redirect": ("RouterGuard", SIX, ICMPV6, 137),
    "DHCP discover": ("", FOUR, UDP, (68, 67)),
    "DHCPv6 solicit": ("", SIX, UDP, (546, 547)),
    "ICMP router solicitation": ("", FOUR, ICMP, 10),
    "router solicitation": ("", SIX, ICMPV6, 133),
    "neighbour advertisement": ("", SIX, ICMPV6, 136),
    "other UDP": ("", FOUR, UDP, (5000, 5001)),
    "other ICMP": ("", FOUR, ICMP, 3),
}


@dataclass(slots=True)
class Switch:
    """The adapters of the switch; client1 and client2 listen."""

    known: dict[str, Adapter]
    ears: dict[str, socket.socket]
    mouths: dict[str, socket.socket]

    def arrives(self, sender: str, what: str, tag: bytes = b"") -> set[str]:
        """Send a message and return who gets it, when a later frame has arrived everywhere."""
        _, (source, target), protocol, detail = MESSAGES[what]
        mark = b"hvlab-guard-%08d" % next(_numbers)
        content = udp(*detail, mark) if isinstance(detail, tuple) else icmp(detail, mark)
        self._send(sender, tag + packet(source, target, protocol, content))
        fence = b"hvlab-fence-%08d" % next(_numbers)
        self._send(sender, b"\x88\xb5" + fence)
        heard: dict[str, bytes] = dict.fromkeys(self.ears, b"")

        def listen() -> bool:
            for name, ear in self.ears.items():
                heard[name] += b"".join(waiting(ear))
            return all(fence in each for each in heard.values())

        eventually(listen)
        return {name for name, each in heard.items() if mark in each}

    def _send(self, sender: str, content: bytes) -> None:
        frame = raw(BROADCAST) + raw(self.known[sender].mac) + content
        self.mouths[sender].send(frame.ljust(60, b"\0"))


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(FILE) as found:
        yield found


@pytest.fixture(scope="module")
def switch(running: RunningLab) -> Iterator[Switch]:
    known = adapters(running)
    with ExitStack() as stack:

        def opened(name: str) -> socket.socket:
            return stack.enter_context(packet_socket(running, known[name], EVERYTHING))

        yield Switch(
            known,
            {name: opened(name) for name in ("client1", "client2")},
            {name: opened(name) for name in ("rogue1", "rogue2")},
        )


EVERYBODY = {"client1", "client2"}


@pytest.mark.parametrize("what", MESSAGES)
def test_only_what_is_guarded_against_is_dropped(switch: Switch, what: str) -> None:
    assert switch.arrives("rogue1", what) == (set() if MESSAGES[what][0] else EVERYBODY)
    assert switch.arrives("rogue2", what) == EVERYBODY


def test_a_priority_tag_does_not_get_it_past_the_guard(switch: Switch) -> None:
    tag = b"\x81\0\xe0\0"
    assert switch.arrives("rogue1", "DHCP offer", tag) == set()
    assert switch.arrives("rogue1", "DHCP discover", tag) == EVERYBODY
    assert switch.arrives("rogue2", "DHCP offer", tag) == EVERYBODY


@pytest.mark.parametrize(
    ("protocol", "reason", "remedy"), [("68", "reason 17: DHCP guard", "-DhcpGuard Off")], ids=["DHCP"]
)
def test_a_trace_says_which_guard_and_the_cmdlet(running: RunningLab, protocol: str, reason: str, remedy: str) -> None:
    told = running("trace", "rogue1", "client1", "--udp", protocol, check=1).out
    assert reason in told
    assert f'Set-VMNetworkAdapter -VMName "rogue1" -Name "Network Adapter" {remedy}' in told
    assert reason not in running("trace", "rogue2", "client1", "--udp", protocol, check=None).out


def test_guards_are_switched_while_the_vm_runs(running: RunningLab, switch: Switch) -> None:
    text = FILE.read_text(encoding="utf-8")
    told = running.apply(edited(text, (", dhcp_guard=True, router_guard=True", ", dhcp_guard=True"))).out
    assert 'change adapter "Network Adapter" of "rogue1": RouterGuard True -> False' in told
    assert switch.arrives("rogue1", "router advertisement") == EVERYBODY
    assert switch.arrives("rogue1", "DHCP offer") == set()
    running.apply(text)
    assert switch.arrives("rogue1", "router advertisement") == set()
    running.agrees()


def test_a_guarded_vm_may_still_route(lab: LabOf) -> None:
    """RouterGuard is about advertisements, not about forwarding."""
    text = """
from lab import Lab

lab = Lab("router")
hv1 = lab.host("hv1")
hv1.private_switch("Left")
hv1.private_switch("Right")
router = hv1.vm("router", "Left", "10.0.1.1/24", forwarding=True, router_guard=True, dhcp_guard=True)
router.adapter("Right", "10.0.2.1/24", router_guard=True)
hv1.vm("left", "Left", "10.0.1.11/24", gateway="10.0.1.1")
hv1.vm("right", "Right", "10.0.2.11/24", gateway="10.0.2.1")
"""
    with lab(text) as running:
        running.exec("left", "ping", "-c1", "-W2", "10.0.2.11")
        running.agrees()
