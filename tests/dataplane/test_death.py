"""A connection cut, or a controller killed, after any message: the change is finished, and others' frames all arrive."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lab.intent import encode
from tests.dataplane.controller import Controller
from tests.dataplane.intents import PINNED, SWITCH, mac, vm
from tests.dataplane.messages import kind
from tests.dataplane.observe import lasting
from tests.dataplane.ovs import Bridge
from tests.dataplane.proxy import Proxy
from tests.eventually import eventually

Change = Callable[[], None]


class Changing:
    """A switch that is turned back and forth between two states, while two VMs go on talking."""

    def __init__(self, bridge: Bridge, proxy: Proxy, forth: Change, back: Change) -> None:
        self.bridge = bridge
        self.proxy = proxy
        self._ways = (forth, back)
        self._flows: list[list[str]] = []
        self._sent: list[str] = []

    def rehearse(self) -> list[str]:
        """Make both changes undisturbed; return of what kinds the messages of the first one are."""
        kinds = []
        for way in self._ways:
            self.proxy.sent.clear()
            way()
            self.bridge.settled()
            kinds.append([kind(message) for message in self.proxy.sent])
            self._flows.append(lasting(self.bridge))
        assert self._flows[0] != self._flows[1]
        return kinds[0]

    def disturbed(self, arm: Change, recover: Change) -> None:
        """Change the switch forth while something happens, do what must be done afterwards, and change it back."""
        (forth, back), (after, before) = self._ways, self._flows
        self.proxy.sent.clear()
        arm()
        forth()
        self._talk()
        eventually(lambda: self.proxy.is_armed, lambda armed: not armed, timeout=30.0)
        self._talk()
        if not any(kind(message) == "commit" for message in self.proxy.sent):
            assert lasting(self.bridge) == before, "all or nothing"
        recover()
        eventually(self._is_settled_while_they_talk, timeout=30.0)
        self._settle(after)
        back()
        self._settle(before)

    def _is_settled_while_they_talk(self) -> bool:
        self._talk()
        return self.bridge.is_settled()

    def _settle(self, flows: list[str]) -> None:
        self.bridge.settled()
        assert lasting(self.bridge) == flows

    def _talk(self) -> None:
        self._sent.append(f"frame {len(self._sent)}")
        self.bridge.send(f"{self.bridge.name}p1", mac(1), mac(2), self._sent[-1])

    def lost_nothing(self) -> None:
        """Check that every frame that one VM sent has reached the other."""
        receiver = f"{self.bridge.name}p2"
        eventually(lambda: self.bridge.lost(receiver, self._sent), lambda lost: not lost)
        assert self._sent


@pytest.fixture
def proxied_vms(proxied: tuple[Bridge, Proxy]) -> tuple[Bridge, Proxy]:
    """Return a Pinned switch with four VMs, the last with spoofing, and the proxy in front of its controller."""
    bridge, proxy = proxied
    vms = {f"{bridge.name}p{number}": vm(number, spoofing=number == 4) for number in range(1, 5)}
    bridge.create(encode(PINNED), vms)
    bridge.settled()
    return bridge, proxy


def test_cut_after_each_message_of_a_change(proxied_vms: tuple[Bridge, Proxy]) -> None:
    bridge, proxy = proxied_vms
    port = f"{bridge.name}p3"
    changing = Changing(
        bridge, proxy,
        forth=lambda: bridge.replace_ports([port], {}, encode(SWITCH)),
        back=lambda: bridge.replace_ports([], {port: vm(3)}, encode(PINNED)),
    )  # fmt: skip
    kinds = changing.rehearse()
    assert set(kinds) == {"open", "change group", "delete flow", "add flow", "delete group", "commit", "barrier"}
    for messages in range(1, len(kinds) + 1):
        changing.disturbed(lambda messages=messages: proxy.cut_after(messages), bridge.reconnect)
    changing.lost_nothing()


def test_killed_after_each_message_of_a_change(proxied_vms: tuple[Bridge, Proxy], controller: Controller) -> None:
    bridge, proxy = proxied_vms
    changing = Changing(
        bridge, proxy,
        forth=lambda: bridge.change_port(f"{bridge.name}p4", vm(4)),
        back=lambda: bridge.change_port(f"{bridge.name}p4", vm(4, spoofing=True)),
    )  # fmt: skip

    def recover() -> None:
        eventually(lambda: controller.is_running, lambda running: not running, timeout=30.0)
        controller.start()
        bridge.reconnect()

    for messages in range(1, len(changing.rehearse()) + 1):
        changing.disturbed(lambda messages=messages: proxy.kill_after(messages), recover)
    changing.lost_nothing()


def test_killed_while_it_connects(proxied_vms: tuple[Bridge, Proxy], controller: Controller) -> None:
    """After each of the first five messages: hello, features, port descriptions, flows, groups."""
    bridge, proxy = proxied_vms
    before = lasting(bridge)
    bridge.change(encode(SWITCH))
    bridge.settled()
    after = lasting(bridge)
    controller.kill()
    bridge.change(encode(PINNED))
    for messages in range(1, 6):
        proxy.kill_after(messages)
        controller.start()
        bridge.reconnect()
        eventually(lambda: controller.is_running, lambda running: not running, timeout=30.0)
        assert lasting(bridge) == after
    controller.start()
    bridge.reconnect()
    bridge.settled()
    assert lasting(bridge) == before
