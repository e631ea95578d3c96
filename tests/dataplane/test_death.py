"""A controller killed after any of its messages leaves a switch that works, and its successor finishes the change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab.intent import encode
from tests.dataplane.controller import Controller
from tests.dataplane.intents import PINNED, SWITCH, vm
from tests.dataplane.ovs import Bridge, OpenVSwitch
from tests.dataplane.proxy import Proxy
from tests.eventually import eventually


@pytest.fixture
def proxied(bridge: Bridge, ovs: OpenVSwitch, controller: Controller) -> Iterator[tuple[Bridge, Proxy]]:
    """Return a switch with ten VMs whose connection can be cut after any message."""
    ovs.announce(r"rconn\|WARN\|.*connection dropped")
    proxy = Proxy(ovs.directory / f"{bridge.name}.proxy", controller)
    switch = Bridge(ovs, bridge.name, proxy.target)
    switch.create(encode(SWITCH), {f"{switch.name}p{number}": vm(number) for number in range(1, 11)})
    switch.settled()
    yield switch, proxy
    proxy.close()


@pytest.mark.parametrize("place", ["nothing", "open", "first flow", "half", "last flow", "commit", "barrier"])
def test_killed_during_a_change(proxied: tuple[Bridge, Proxy], controller: Controller, place: str) -> None:
    bridge, proxy = proxied
    before = bridge.flows()
    proxy.count = 0
    bridge.change(encode(PINNED))
    bridge.settled()
    total = proxy.count  # open, the changes, commit, barrier
    after = bridge.flows()
    bridge.change(encode(SWITCH))
    bridge.settled()
    assert bridge.flows() == before
    places = {
        "open": 1,
        "first flow": 2,
        "half": total // 2,
        "last flow": total - 2,
        "commit": total - 1,
        "barrier": total,
    }
    if place == "nothing":
        controller.kill()
    else:
        proxy.kill_after(places[place])
    bridge.change(encode(PINNED))
    eventually(lambda: controller.is_running, lambda running: not running)
    eventually(bridge.flows, lambda flows: flows == (after if place in ("commit", "barrier") else before))
    controller.start()
    bridge.settled()
    assert bridge.flows() == after


@pytest.mark.parametrize("messages", [1, 2, 3, 4, 5])
def test_killed_while_it_connects(proxied: tuple[Bridge, Proxy], controller: Controller, messages: int) -> None:
    """The first five messages: hello, features, port descriptions, flows, groups."""
    bridge, proxy = proxied
    before = bridge.flows()
    bridge.change(encode(PINNED))
    bridge.settled()
    after = bridge.flows()
    controller.kill()
    bridge.change(encode(SWITCH))
    proxy.kill_after(messages)
    controller.start()
    eventually(lambda: controller.is_running, lambda running: not running)
    assert bridge.flows() == after
    controller.start()
    bridge.settled()
    assert bridge.flows() == before
