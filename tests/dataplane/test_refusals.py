"""What a switch refuses is told in words, and tried again, ever less often, until it is possible."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest

from lab.intent import encode
from tests.dataplane.controller import Controller
from tests.dataplane.intents import PINNED, SWITCH, vm
from tests.dataplane.messages import error, kind, spoiled
from tests.dataplane.observe import lasting
from tests.dataplane.ovs import Bridge
from tests.dataplane.proxy import Proxy, swallowed
from tests.eventually import eventually


@pytest.fixture
def switch(hasty_proxied: tuple[Bridge, Proxy]) -> tuple[Bridge, Proxy]:
    """Return a Learning switch with four VMs, the last with spoofing, and the proxy in front of its controller."""
    bridge, proxy = hasty_proxied
    vms = {f"{bridge.name}p{number}": vm(number, spoofing=number == 4) for number in range(1, 5)}
    bridge.create(encode(SWITCH), vms)
    bridge.settled()
    return bridge, proxy


def spoil(proxy: Proxy, what: str) -> None:
    """Make the switch refuse all messages of a kind."""
    proxy.to_switch = lambda message: spoiled(message) if kind(message) == what else message


REFUSED = {
    "add flow": ("refused to add flow", "(feature ", "OFPET_FLOW_MOD_FAILED OFPFMFC_BAD_TABLE_ID"),
    "add group": ("refused to add group", "OFPET_GROUP_MOD_FAILED OFPGMFC_BAD_TYPE"),
    "open": ("refused to open a bundle", "ONFERR_ET_BAD_ID"),
    "commit": ("refused to commit a bundle", "ONFERR_ET_BAD_ID"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refusal_is_told_and_overcome_without_help(switch: tuple[Bridge, Proxy], what: str) -> None:
    bridge, proxy = switch
    before = lasting(bridge)
    bridge.change(encode(PINNED))
    bridge.settled()
    after = lasting(bridge)
    bridge.change(encode(SWITCH))
    bridge.settled()
    spoil(proxy, what)
    bridge.change(encode(PINNED))
    fault = bridge.faulted()
    assert all(words in fault for words in REFUSED[what]), fault
    assert bridge.state()["applied"] == str(bridge.generation - 1)
    assert lasting(bridge) == before, "all or nothing"
    proxy.restore()
    bridge.settled()
    assert lasting(bridge) == after


@pytest.mark.parametrize("what", ["ask flows", "ask groups"])
def test_switch_that_does_not_say_what_it_holds(switch: tuple[Bridge, Proxy], what: str) -> None:
    bridge, proxy = switch
    bridge.ovs.announce(r"ofp_msgs\|WARN\|unknown OpenFlow message")
    before = lasting(bridge)
    spoil(proxy, what)
    bridge.reconnect()
    bridge.transact()
    assert "would not say what it holds: OFPET_BAD_REQUEST" in bridge.faulted()
    proxy.restore()
    bridge.settled()
    assert lasting(bridge) == before


def test_change_that_is_refused_again_and_again_is_tried_ever_less_often(switch: tuple[Bridge, Proxy]) -> None:
    bridge, proxy = switch
    attempts: list[float] = []

    def refuse(message: bytes) -> bytes:
        if kind(message) == "open":
            attempts.append(time.monotonic())
        return spoiled(message) if kind(message) == "add group" else message

    proxy.to_switch = refuse
    bridge.change(encode(PINNED))
    eventually(lambda: len(attempts), lambda count: count >= 6, timeout=30.0)
    pauses = [later - earlier for earlier, later in pairwise(attempts[:6])]
    assert all(pause > wanted for pause, wanted in zip(pauses, (0.05, 0.1, 0.2, 0.4, 0.8), strict=True)), pauses
    proxy.restore()
    bridge.change(encode(SWITCH))
    bridge.settled()


def test_error_about_what_was_done_nevertheless(switch: tuple[Bridge, Proxy]) -> None:
    """A lie is told as a fault; the next look at the switch finds that nothing is left to be done."""
    bridge, proxy = switch

    def lie(message: bytes) -> bytes:
        if kind(message) == "barrier" and any(kind(sent) == "commit" for sent in proxy.sent):
            proxy.inject(error(message, 1, 6))
        return message

    proxy.sent.clear()
    proxy.to_switch = lie
    bridge.change(encode(PINNED))
    assert "refused to pass a barrier: OFPET_BAD_REQUEST" in bridge.faulted()
    proxy.restore()
    bridge.settled()


def test_barrier_that_is_never_answered(switch: tuple[Bridge, Proxy], hasty: Controller) -> None:
    bridge, proxy = switch
    proxy.to_controller = lambda message: swallowed(message) if kind(message) == "barrier reply" else message
    bridge.change(encode(PINNED))
    assert bridge.faulted() == "the switch did not answer for 1 s"
    proxy.restore()
    bridge.reconnect()
    bridge.settled()


def test_no_meter_is_ever_used(switch: tuple[Bridge, Proxy]) -> None:
    """So no switch can refuse one, and one that lacks meters will do."""
    bridge, _ = switch
    assert bridge.ovs.ofctl("dump-meters", bridge.name).splitlines()[1:] == []
