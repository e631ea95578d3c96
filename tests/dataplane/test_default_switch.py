"""A Default Switch's DHCP, answered by the real controller, with real frames through a real switch."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from ipaddress import IPv4Interface
from random import Random

import pytest

from controllers.leases import LeaseBook
from lab.intent import PortIntent, PortKind, SwitchIntent, SwitchType, encode
from lab.model.default_switch import LeasedSubnet
from tests import dhcp
from tests.dataplane.controller import Controller
from tests.dataplane.intents import mac, vm
from tests.dataplane.ovs import Bridge
from tests.eventually import eventually

HOST = "172.27.48.1"
SUBNET = LeasedSubnet(IPv4Interface(f"{HOST}/20"))
SWITCH = SwitchIntent("Default Switch", "hv1", SwitchType.INTERNAL, default_switch=SUBNET)
HOST_MAC = mac(0xFE)
MANAGEMENT = encode(PortIntent("hv1/vEthernet (Default Switch)", PortKind.MANAGEMENT, HOST_MAC))


class Clients:
    """The VMs on a Default Switch, as those who send and get frames."""

    def __init__(self, bridge: Bridge, count: int) -> None:
        self.bridge = bridge
        self.host = f"{bridge.name}h"
        self.devices = {number: f"{bridge.name}p{number}" for number in range(1, count + 1)}
        self._xid = 0
        # Open vSwitch keeps what it gives to a controller by heart for ten seconds, even if the bridge is gone by then.
        bridge.ovs.announce("recirc_id [0-9]+ left allocated when ofproto .* is destructed")
        bridge.create(encode(SWITCH), {self.host: MANAGEMENT, **{d: vm(n) for n, d in self.devices.items()}})
        bridge.settled()

    def send(self, number: int, frame: bytes) -> None:
        """Let a VM send a frame."""
        self.bridge.ovs.appctl("netdev-dummy/receive", self.devices[number], frame.hex())

    def ask(self, number: int, kind: int, options: dict[int, bytes] | None = None, **fields: str | int) -> int:
        """Let a VM broadcast a message; return its transaction id."""
        self._xid += 1
        self.send(number, dhcp.frame(dhcp.message(kind, mac(number), options, xid=self._xid, **fields), mac(number)))
        return self._xid

    def ask_host(self, number: int, kind: int, ip: str, options: dict[int, bytes] | None = None) -> int:
        """Let a VM that has an address send a message to the server alone."""
        self._xid += 1
        payload = dhcp.message(kind, mac(number), options, xid=self._xid, ciaddr=ip)
        self.send(number, dhcp.frame(payload, mac(number), to_mac=HOST_MAC, source=ip, target=HOST))
        return self._xid

    def replies(self, number: int) -> list[dhcp.Reply]:
        """Return what servers have sent to a VM."""
        return [each for data in self.bridge.frames(self.devices[number]) if (each := dhcp.reply(data))]

    def reply(self, number: int, xid: int) -> dhcp.Reply:
        """Wait for the answer to a message."""
        found = eventually(lambda: [each for each in self.replies(number) if each.xid == xid], bool)
        assert len(found) == 1
        return found[0]

    def connected(self) -> None:
        """Wait until the controller answers the last VM, which asks again and again, up to its limit."""
        last = max(self.devices)

        def answered() -> bool:
            self.ask_host(last, dhcp.INFORM, f"{SUBNET.address.network[2000]}")
            return any(each.xid > before for each in self.replies(last))

        before = self._xid
        eventually(answered)

    def lease(self, number: int) -> str:
        """Let a VM get an address, from its discovery to the acknowledgement."""
        offer = self.reply(number, self.ask(number, dhcp.DISCOVER))
        assert offer.kind == dhcp.OFFER
        chosen = {50: socket.inet_aton(offer.yiaddr), 54: offer[54]}
        ack = self.reply(number, self.ask(number, dhcp.REQUEST, chosen))
        assert (ack.kind, ack.yiaddr) == (dhcp.ACK, offer.yiaddr)
        return ack.yiaddr

    def leases(self) -> dict[str, str]:
        """Return the leases that are written down: the MAC address of each address."""
        found = self.bridge.document("hvlab-leases").get("leases", [])
        return {each["address"]: each["mac"] for each in found}


@pytest.fixture
def clients(bridge: Bridge) -> Callable[[int], Clients]:
    """Return what makes a Default Switch with so many VMs."""
    return lambda count: Clients(bridge, count)


def test_from_discovery_to_acknowledgement(clients: Callable[[int], Clients]) -> None:
    vms = clients(2)
    offer = vms.reply(1, vms.ask(1, dhcp.DISCOVER, {55: bytes([1, 3, 6, 15])}))
    assert (offer.kind, offer.from_ip, offer.from_mac, offer.server) == (dhcp.OFFER, HOST, HOST_MAC, HOST)
    address = vms.lease(1)
    assert IPv4Interface(f"{address}/20").network == SUBNET.address.network
    assert vms.leases() == {address: mac(1)}
    assert vms.lease(1) == address
    assert vms.lease(2) != address
    assert not [each for each in vms.replies(2) if each.chaddr == mac(1)], "answers are for who asked"


def test_acknowledged_leases_outlive_the_controller(clients: Callable[[int], Clients], controller: Controller) -> None:
    vms = clients(3)
    address = vms.lease(1)
    controller.restart()
    vms.bridge.reconnect()
    vms.connected()
    assert vms.reply(1, vms.ask_host(1, dhcp.REQUEST, address)).kind == dhcp.ACK
    assert vms.reply(2, vms.ask_host(2, dhcp.REQUEST, address)).kind == dhcp.NAK
    assert vms.leases() == {address: mac(1)}


def test_what_is_for_the_server_alone_reaches_nobody_else(clients: Callable[[int], Clients]) -> None:
    vms = clients(2)
    address = vms.lease(1)
    marks = len(vms.bridge.frames(vms.host)), len(vms.bridge.frames(vms.devices[2]))
    assert vms.reply(1, vms.ask_host(1, dhcp.REQUEST, address)).kind == dhcp.ACK
    assert (len(vms.bridge.frames(vms.host)), len(vms.bridge.frames(vms.devices[2]))) == marks


def test_what_is_broadcast_reaches_everybody(clients: Callable[[int], Clients]) -> None:
    vms = clients(3)
    vms.reply(1, vms.ask(1, dhcp.DISCOVER))
    asked = dhcp.message(dhcp.DISCOVER, mac(1), xid=1)
    for device in (vms.host, vms.devices[2], vms.devices[3]):
        eventually(lambda: any(asked in frame for frame in vms.bridge.frames(device)))  # noqa: B023


def test_answers_are_broadcast_for_who_asks_so(clients: Callable[[int], Clients]) -> None:
    vms = clients(2)
    xid = vms.ask(1, dhcp.DISCOVER, flags=0x8000)
    for number in (1, 2):
        assert vms.reply(number, xid).to_mac == dhcp.EVERYONE


def test_release_and_decline_are_written_down(clients: Callable[[int], Clients]) -> None:
    vms = clients(2)
    address = vms.lease(1)
    before = vms.bridge.document("hvlab-leases")["leases"][0]["expires"]
    vms.ask_host(1, dhcp.RELEASE, address, {54: socket.inet_aton(HOST)})
    eventually(lambda: vms.bridge.document("hvlab-leases")["leases"][0]["expires"], lambda now: now < before)
    assert vms.lease(1) == address
    vms.ask(1, dhcp.DECLINE, {50: socket.inet_aton(address), 54: socket.inet_aton(HOST)})
    eventually(lambda: vms.bridge.document("hvlab-leases")["leases"][0].get("declined", False))
    assert vms.lease(1) != address


def test_a_lease_is_written_before_it_is_acknowledged(clients: Callable[[int], Clients]) -> None:
    vms = clients(2)
    offer = vms.reply(1, vms.ask(1, dhcp.DISCOVER))
    vms.bridge.ovs.pause_database()
    try:
        xid = vms.ask(1, dhcp.REQUEST, {50: socket.inet_aton(offer.yiaddr), 54: offer[54]})
        assert vms.reply(2, vms.ask(2, dhcp.DISCOVER)).kind == dhcp.OFFER, "an offer is no lease"
        assert not [each for each in vms.replies(1) if each.xid == xid]
    finally:
        vms.bridge.ovs.resume_database()
    assert vms.reply(1, xid).kind == dhcp.ACK
    assert vms.leases() == {offer.yiaddr: mac(1)}


def test_leases_outlive_the_database_s_server(clients: Callable[[int], Clients]) -> None:
    vms = clients(3)
    address, ovs = vms.lease(1), vms.bridge.ovs
    ovs.restart_database()
    vms.connected()
    assert vms.reply(1, vms.ask_host(1, dhcp.REQUEST, address)).kind == dhcp.ACK
    assert vms.lease(2) != address
    assert set(vms.leases().values()) == {mac(1), mac(2)}


def test_a_switch_without_the_service_asks_nobody(bridge: Bridge) -> None:
    plain = SwitchIntent("Internal", "hv1", SwitchType.INTERNAL)
    one, two = f"{bridge.name}p1", f"{bridge.name}p2"
    bridge.create(encode(plain), {one: vm(1), two: vm(2)})
    bridge.settled()
    question = dhcp.frame(dhcp.message(dhcp.DISCOVER, mac(1)), mac(1))
    bridge.ovs.receive([(one, question)])
    eventually(lambda: bridge.frames(two), bool)
    assert not any("CONTROLLER" in flow for flow in bridge.flows())
    assert bridge.ovs.ofctl("dump-meters", bridge.name).count("meter=") == 0


def test_rubbish_is_counted_and_harms_nobody(clients: Callable[[int], Clients], controller: Controller) -> None:
    vms = clients(4)
    pid, random = controller.pid, Random(7)
    good = dhcp.frame(dhcp.message(dhcp.DISCOVER, mac(1), {12: b"vm1", 55: bytes(range(1, 60))}), mac(1))
    frames = [good[:at] for at in range(14, len(good))]
    for _ in range(1500):
        changed = bytearray(good)
        for _ in range(random.randint(1, 8)):
            changed[random.randrange(30, len(changed))] = random.randrange(256)
        frames.append(bytes(changed))
    frames += [dhcp.frame(random.randbytes(random.randint(0, 600)), mac(1)) for _ in range(500)]
    for at, frame in enumerate(frames):
        vms.bridge.ovs.receive([(vms.devices[1 + at % 3], frame)])
        if at % 500 == 0:
            vms.lease(4)
    assert vms.lease(4)
    assert (controller.pid, controller.exit_code) == (pid, None)
    ignored = eventually(lambda: vms.bridge.document("hvlab-ignored").get("ignored", []), bool)
    assert {each["adapter"] for each in ignored} <= {f"vm{number}/Network Adapter" for number in (1, 2, 3)}
    meters = vms.bridge.ovs.ofctl("meter-stats", vms.bridge.name)
    assert sum(map(int, re.findall(r"\d: packet_count:(\d+)", meters))) > 0, "what is too much is dropped by the switch"


def test_two_hundred_clients_through_two_hundred_ports(clients: Callable[[int], Clients]) -> None:
    vms, numbers, book = clients(200), range(1, 201), LeaseBook(SUBNET)
    questions = [dhcp.message(dhcp.DISCOVER, mac(number), xid=number) for number in numbers]
    offers = [book.offered(f"01{mac(number).replace(':', '')}", None, 0.0) for number in numbers]
    chosen = [{50: socket.inet_aton(str(address)), 54: socket.inet_aton(HOST)} for address in offers]
    requests = [dhcp.message(dhcp.REQUEST, mac(number), chosen[number - 1]) for number in numbers]
    began = time.monotonic()
    for messages in (questions, requests):
        frames = (dhcp.frame(message, mac(number)) for number, message in zip(numbers, messages, strict=True))
        vms.bridge.ovs.receive(zip(vms.devices.values(), frames, strict=True))
    eventually(lambda: len(vms.leases()), lambda seen: seen == len(numbers), timeout=20.0)
    took = time.monotonic() - began
    assert vms.leases() == {str(offer): mac(number) for number, offer in zip(numbers, offers, strict=True)}
    assert took < 5.0, f"it took {took:.1f} s"
