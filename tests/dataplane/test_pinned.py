"""Learning mode Pinned: an adapter's address is fixed to its port."""

from __future__ import annotations

import re

import pytest

from controllers.openflow.cookies import read
from controllers.pipeline.reasons import DropReason
from lab.intent import encode
from tests.dataplane.intents import BROADCAST, OUTSIDE, PINNED, SWITCH, UNKNOWN, external, mac, management, vm
from tests.dataplane.observe import arrives, learned
from tests.dataplane.ovs import Bridge
from tests.eventually import eventually

MANAGEMENT = mac(0xFF)


class Switch:
    """A Pinned switch: external port `wire`, management adapter `host`, VMs `a` and `b`, and `spoofer`."""

    def __init__(self, bridge: Bridge, *, spoofer: bool = True, wire: bool = True) -> None:
        self.bridge = bridge
        self.wire, self.host, self.a, self.b, self.spoofer = (f"{bridge.name}p{number}" for number in range(1, 6))
        ports = {self.wire: external()} if wire else {}
        ports |= {self.host: management(), self.a: vm(1), self.b: vm(2)}
        bridge.create(encode(PINNED), ports | ({self.spoofer: vm(3, spoofing=True)} if spoofer else {}))
        bridge.settled()

    def reaches(self, device: str, source: str, destination: str) -> set[str]:
        """Return the devices a frame would leave by."""
        actions = re.findall(r"^Datapath actions: (.*)$", self.bridge.trace(device, source, destination), re.MULTILINE)
        return set() if actions == ["drop"] else set(actions[0].split(","))

    def reason(self, device: str, source: str, destination: str) -> DropReason | None:
        """Return why a frame is dropped: what the cookie of the last flow it meets says."""
        cookies = re.findall(r"cookie (0x[0-9a-f]+)", self.bridge.trace(device, source, destination))
        meaning = read(int(cookies[-1], 16))
        assert meaning is not None
        return meaning.reason


@pytest.fixture
def switch(bridge: Bridge) -> Switch:
    return Switch(bridge)


def test_assigned_addresses_are_known_without_a_frame(switch: Switch) -> None:
    assert switch.reaches(switch.a, mac(1), mac(2)) == {switch.b}
    assert switch.reaches(switch.a, mac(1), MANAGEMENT) == {switch.host}
    assert switch.reaches(switch.wire, OUTSIDE, mac(1)) == {switch.a}
    assert switch.reaches(switch.a, mac(1), mac(3)) == {switch.spoofer}


def test_broadcast_reaches_everyone_else(switch: Switch) -> None:
    assert switch.reaches(switch.a, mac(1), BROADCAST) == {switch.wire, switch.host, switch.b, switch.spoofer}
    assert switch.reaches(switch.wire, OUTSIDE, BROADCAST) == {switch.host, switch.a, switch.b, switch.spoofer}


def test_foreign_source_is_dropped_as_spoofed(switch: Switch) -> None:
    assert switch.reaches(switch.a, mac(2), mac(2)) == set()
    assert switch.reason(switch.a, mac(2), mac(2)) is DropReason.SPOOFED_MAC
    assert switch.reason(switch.host, UNKNOWN, BROADCAST) is DropReason.SPOOFED_MAC


def test_spoofing_adapter_may_send_from_any_valid_address(switch: Switch) -> None:
    assert switch.reaches(switch.spoofer, UNKNOWN, mac(1)) == {switch.a}
    assert switch.reason(switch.spoofer, BROADCAST, mac(1)) is DropReason.INVALID_SOURCE_MAC


def test_unknown_unicast_reaches_only_wire_and_spoofers(switch: Switch) -> None:
    assert switch.reaches(switch.a, mac(1), UNKNOWN) == {switch.wire, switch.spoofer}
    assert switch.reaches(switch.host, MANAGEMENT, UNKNOWN) == {switch.wire, switch.spoofer}
    assert switch.reaches(switch.spoofer, mac(3), UNKNOWN) == {switch.wire}
    assert switch.reaches(switch.wire, OUTSIDE, UNKNOWN) == {switch.spoofer}


def test_unknown_unicast_from_the_wire_without_spoofers_is_dropped(bridge: Bridge) -> None:
    switch = Switch(bridge, spoofer=False)
    assert switch.reaches(switch.a, mac(1), UNKNOWN) == {switch.wire}
    assert switch.reaches(switch.wire, OUTSIDE, UNKNOWN) == set()
    assert switch.reason(switch.wire, OUTSIDE, UNKNOWN) is DropReason.SECURITY_POLICY


def test_unknown_unicast_on_a_private_switch_is_dropped(bridge: Bridge) -> None:
    switch = Switch(bridge, spoofer=False, wire=False)
    assert switch.reason(switch.a, mac(1), UNKNOWN) is DropReason.SECURITY_POLICY


def test_wire_and_spoofers_learn_and_nobody_else(switch: Switch) -> None:
    bridge = switch.bridge
    bridge.send(switch.wire, OUTSIDE, BROADCAST, "outside")
    bridge.send(switch.a, mac(1), BROADCAST, "pinned")
    bridge.send(switch.spoofer, UNKNOWN, BROADCAST, "spoofed")
    eventually(lambda: learned(bridge), lambda seen: seen == {OUTSIDE: 1, UNKNOWN: 5})
    bridge.send(switch.a, mac(1), OUTSIDE, "out")
    arrives(bridge, "out", {switch.wire})


def test_assigned_address_cannot_be_hijacked(switch: Switch) -> None:
    bridge = switch.bridge
    bridge.send(switch.spoofer, mac(1), BROADCAST, "mine")
    bridge.send(switch.wire, mac(1), BROADCAST, "mine too")
    bridge.send(switch.wire, OUTSIDE, BROADCAST, "last")
    eventually(lambda: learned(bridge), lambda seen: OUTSIDE in seen)
    assert learned(bridge) == {OUTSIDE: 1}
    assert switch.reaches(switch.b, mac(2), mac(1)) == {switch.a}


def test_second_adapter_with_an_address_may_not_use_it(switch: Switch) -> None:
    twin = f"{switch.bridge.name}p6"
    switch.bridge.add_ports({twin: vm(1)})
    switch.bridge.settled()
    assert switch.reason(twin, mac(1), BROADCAST) is DropReason.UNAUTHORISED_MAC
    assert switch.reaches(switch.a, mac(1), mac(2)) == {switch.b}
    switch.bridge.remove_port(switch.a)
    switch.bridge.settled()
    assert switch.reaches(twin, mac(1), mac(2)) == {switch.b}


def test_spoofing_switched_on_and_off(switch: Switch) -> None:
    bridge = switch.bridge
    before = bridge.flows()
    bridge.change_port(switch.a, vm(1, spoofing=True))
    bridge.settled()
    bridge.send(switch.a, UNKNOWN, BROADCAST, "x")
    eventually(lambda: learned(bridge), lambda seen: seen == {UNKNOWN: 3})
    bridge.change_port(switch.a, vm(1))
    bridge.settled()
    assert bridge.flows() == before, "what was learned while spoofing was On is gone with it"


def test_mode_changes_live_and_keeps_what_the_wire_taught(switch: Switch) -> None:
    bridge = switch.bridge
    bridge.send(switch.wire, OUTSIDE, BROADCAST, "x")
    eventually(lambda: learned(bridge), lambda seen: seen == {OUTSIDE: 1})
    bridge.change(encode(SWITCH))
    bridge.settled()
    bridge.send(switch.a, UNKNOWN, BROADCAST, "y")
    eventually(lambda: learned(bridge), lambda seen: seen == {OUTSIDE: 1, UNKNOWN: 3})
    bridge.change(encode(PINNED))
    bridge.settled()
    assert learned(bridge) == {OUTSIDE: 1}
