"""A switch that does not answer, does not connect or lacks a device is a fault in words; a controller that hangs ends."""

from __future__ import annotations

import signal
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from lab.intent import encode
from tests.dataplane.controller import Controller
from tests.dataplane.intents import PINNED, SWITCH, mac, vm
from tests.dataplane.messages import endless_flows, endless_groups, kind
from tests.dataplane.observe import lasting
from tests.dataplane.ovs import Bridge
from tests.dataplane.proxy import Proxy, swallowed
from tests.eventually import eventually

SILENT = "the switch did not answer for 1 s"
AWAY = "the switch has not been connected for 1.2 s"


@pytest.fixture
def switch(hasty_proxied: tuple[Bridge, Proxy]) -> tuple[Bridge, Proxy]:
    """Return a Learning switch with two VMs, and the proxy in front of its hasty controller."""
    bridge, proxy = hasty_proxied
    bridge.create(encode(SWITCH), {f"{bridge.name}p{number}": vm(number) for number in (1, 2)})
    bridge.settled()
    return bridge, proxy


def test_switch_that_stops_at_rest_is_a_fault_until_it_goes_on(switch: tuple[Bridge, Proxy]) -> None:
    bridge, _ = switch
    before = lasting(bridge)
    bridge.ovs.pause_switch()
    try:
        assert bridge.faulted() in (SILENT, AWAY)
        assert bridge.state()["applied"] == str(bridge.generation), "what was in force is still in force"
        bridge.change(encode(PINNED))
        assert bridge.faulted() in (SILENT, AWAY)
        bridge.change(encode(SWITCH))
    finally:
        bridge.ovs.resume_switch()
    bridge.reconnect()
    bridge.settled()
    assert lasting(bridge) == before


def test_switch_that_stops_during_a_change(switch: tuple[Bridge, Proxy]) -> None:
    bridge, proxy = switch
    proxy.to_switch = lambda message: swallowed(message) if kind(message) == "commit" else message
    proxy.to_controller = lambda message: swallowed(message) if "commit" in map(kind, proxy.sent) else message
    proxy.sent.clear()
    bridge.change(encode(PINNED))
    assert bridge.faulted() == SILENT
    proxy.restore()
    bridge.reconnect()
    bridge.settled()
    assert f"dl_dst={mac(1)}" in str(lasting(bridge))


def test_switch_that_says_hello_and_no_more(switch: tuple[Bridge, Proxy]) -> None:
    bridge, proxy = switch
    proxy.to_controller = lambda message: message if kind(message) == "hello" else swallowed(message)
    bridge.reconnect()
    assert bridge.faulted() == AWAY
    proxy.restore()
    bridge.reconnect()
    bridge.settled()


def test_port_whose_device_cannot_be_opened_is_a_fault(switch: tuple[Bridge, Proxy]) -> None:
    bridge, _ = switch
    bridge.ovs.announce("no-such-type|could not open network device .*p3|p3: could not set configuration")
    device = f"{bridge.name}p3"
    bridge.add_ports({device: vm(3)})
    bridge.settled()
    bridge.ovs.vsctl("--no-wait", "set", "Interface", device, "type=no-such-type")
    fault = bridge.faulted()
    assert fault.startswith(f'port {device} of "vm3/Network Adapter" is missing: '), fault
    assert bridge.state()["applied"] == str(bridge.generation)
    bridge.change(encode(PINNED))
    assert bridge.faulted().startswith(f"port {device}")
    assert f"dl_dst={mac(1)}" in str(lasting(bridge)), "the other ports follow their intent all the same"
    bridge.ovs.vsctl("--no-wait", "set", "Interface", device, "type=dummy")
    bridge.settled()


@pytest.mark.parametrize("endless", [endless_groups, endless_flows])
def test_controller_that_hangs_ends_and_says_where(
    switch: tuple[Bridge, Proxy], hasty: Controller, endless: Callable[[], bytes]
) -> None:
    bridge, proxy = switch
    before = lasting(bridge)
    proxy.inject(endless())
    bridge.change(encode(PINNED))
    eventually(lambda: hasty.exit_code, lambda code: code is not None, timeout=60.0)
    assert hasty.exit_code == -signal.SIGPROF
    assert "ofproto_v1_3_parser.py" in hasty.log.read_text().rpartition("most recent call first")[2]
    assert lasting(bridge) == before
    hasty.restart()
    bridge.reconnect()
    bridge.settled()
    assert f"dl_dst={mac(1)}" in str(lasting(bridge))


@pytest.mark.parametrize("seconds", [-3600, 86400], ids=["an hour back", "a day ahead"])
def test_clock_that_is_set_changes_nothing(switch: tuple[Bridge, Proxy], hasty: Controller, seconds: float) -> None:
    """Neither does a silent switch stay unnoticed, nor is a change delayed or a switch that answers taken for silent."""
    bridge, proxy = switch
    hasty.set_clock(seconds)
    try:
        bridge.change(encode(PINNED))
        bridge.settled()
        year = f"{datetime.now() + timedelta(seconds=seconds):%Y-%m-%d %H}"
        assert hasty.log.read_text().splitlines()[-1].startswith(year), "the clock was not set"
        proxy.to_controller = swallowed
        assert bridge.faulted() == SILENT
        proxy.restore()
        bridge.reconnect()
        bridge.settled()
    finally:
        hasty.set_clock(0)
