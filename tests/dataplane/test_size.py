"""Many ports on one switch: as many as a group can hold work, more are a fault in words, and other switches go on."""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest

from lab.intent import PortIntent, PortKind, encode
from tests.dataplane.conftest import fresh_bridge
from tests.dataplane.controller import Controller
from tests.dataplane.intents import BROADCAST, PINNED, SWITCH, mac, vm
from tests.dataplane.observe import arrives
from tests.dataplane.ovs import Bridge, OpenVSwitch

MANY = 2046
"""As many receivers as the largest OpenFlow message has room for."""
TOO_MANY = MANY + 1

# Nothing in here depends on the framework.
pytestmark = [pytest.mark.parametrize("framework", ["os_ken"], indirect=True), pytest.mark.timeout(300)]


def documents(bridge: Bridge, numbers: Iterable[int]) -> dict[str, str]:
    """Return the documents of the ports of so many VMs."""
    return {
        f"{bridge.name}v{number}": encode(
            PortIntent(f"vm{number}/Network Adapter", PortKind.VM, f"00:15:5d:02:{number >> 8:02x}:{number & 255:02x}")
        )
        for number in numbers
    }


def test_two_thousand_ports_work_and_one_too_many_is_a_fault(
    bridge: Bridge, ovs: OpenVSwitch, controller: Controller
) -> None:
    ovs.announce(r"(timeval|ovs_rcu.*)\|WARN")  # it is busy for a second or two
    with fresh_bridge(ovs, controller.target) as small:
        small.create(encode(SWITCH), {f"{small.name}p{number}": vm(number) for number in (1, 2)})
        small.settled()
        bridge.create(encode(SWITCH), documents(bridge, range(1, MANY + 1)))
        bridge.settled(timeout=90)
        first = f"{bridge.name}v1"
        flood = bridge.trace(first, "00:15:5d:02:00:01", BROADCAST).rpartition("Datapath actions: ")[2]
        assert len(re.split(",", flood.strip())) == MANY - 1

        more = documents(bridge, range(MANY + 1, TOO_MANY + 1))
        bridge.add_ports(more)
        fault = bridge.faulted()
        assert f'switch "External" cannot replicate one frame to {TOO_MANY} receivers: that group has ' in fault
        assert fault.endswith("use fewer ports, or fewer ports with settings of their own, on this switch")
        assert bridge.trace(first, "00:15:5d:02:00:01", BROADCAST).rpartition("Datapath actions: ")[2] == flood

        small.send(f"{small.name}p1", mac(1), BROADCAST, "unharmed")
        arrives(small, "unharmed", {f"{small.name}p2"})
        small.change(encode(PINNED))
        small.settled()

        bridge.replace_ports(more, {}, encode(SWITCH))
        bridge.settled(timeout=90)
