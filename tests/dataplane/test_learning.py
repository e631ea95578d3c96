"""Learning mode Learning, with real frames."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lab.intent import encode
from tests.dataplane.intents import BROADCAST, SWITCH, UNKNOWN, mac, vm
from tests.dataplane.observe import FDB, arrives, learned
from tests.dataplane.ovs import Bridge
from tests.eventually import eventually


@pytest.fixture
def ports(bridge: Bridge) -> list[str]:
    """Create a Learning switch with three VMs; return their devices."""
    names = [f"{bridge.name}p{number}" for number in (1, 2, 3)]
    bridge.create(encode(SWITCH), {name: vm(number) for number, name in enumerate(names, start=1)})
    bridge.settled()
    return names


def test_unlearned_unicast_floods_and_learned_does_not(bridge: Bridge, ports: list[str]) -> None:
    one, two, three = ports
    bridge.send(one, mac(1), mac(2), "first")
    arrives(bridge, "first", {two, three})
    bridge.send(two, mac(2), mac(1), "answer")
    arrives(bridge, "answer", {one})
    bridge.send(one, mac(1), mac(2), "second")
    arrives(bridge, "second", {two})
    assert learned(bridge) == {mac(1): 1, mac(2): 2}


def test_broadcast_reaches_everyone_but_the_sender(bridge: Bridge, ports: list[str]) -> None:
    one, two, three = ports
    bridge.send(two, mac(2), BROADCAST, "all")
    arrives(bridge, "all", {one, three})


def test_address_that_moves_is_relearned_at_once(bridge: Bridge, ports: list[str]) -> None:
    one, two, three = ports
    bridge.send(one, mac(1), BROADCAST, "here")
    eventually(lambda: learned(bridge), lambda seen: seen == {mac(1): 1})
    bridge.send(three, mac(1), BROADCAST, "moved")
    eventually(lambda: learned(bridge), lambda seen: seen == {mac(1): 3})
    bridge.send(two, mac(2), mac(1), "follow")
    arrives(bridge, "follow", {three})


@pytest.mark.parametrize("source", ["01:00:5e:00:00:01", BROADCAST, "00:00:00:00:00:00"])
def test_invalid_source_is_dropped_and_not_learned(bridge: Bridge, ports: list[str], source: str) -> None:
    bridge.send(ports[0], source, BROADCAST, "invalid")
    assert "Datapath actions: drop" in bridge.trace(ports[0], source, BROADCAST)
    bridge.send(ports[1], mac(2), BROADCAST, "valid")
    eventually(lambda: learned(bridge), lambda seen: seen == {mac(2): 2})
    assert bridge.received("invalid") == set()


def test_frame_to_its_own_side_is_dropped_quietly(bridge: Bridge, ports: list[str]) -> None:
    bridge.send(ports[0], mac(1), BROADCAST, "a")
    bridge.send(ports[0], UNKNOWN, BROADCAST, "b")
    eventually(lambda: learned(bridge), lambda seen: seen == {mac(1): 1, UNKNOWN: 1})
    assert "Datapath actions: drop" in bridge.trace(ports[0], mac(1), UNKNOWN)


def test_removed_port_takes_what_it_learned_with_it(bridge: Bridge, ports: list[str]) -> None:
    bridge.send(ports[0], mac(1), BROADCAST, "a")
    bridge.send(ports[1], mac(2), BROADCAST, "b")
    eventually(lambda: learned(bridge), lambda seen: seen == {mac(1): 1, mac(2): 2})
    bridge.remove_port(ports[0])
    bridge.settled()
    assert learned(bridge) == {mac(2): 2}


def test_new_port_leaves_what_was_learned(bridge: Bridge, ports: list[str]) -> None:
    bridge.send(ports[0], mac(1), BROADCAST, "a")
    eventually(lambda: learned(bridge), lambda seen: seen == {mac(1): 1})
    bridge.add_ports({f"{bridge.name}p4": vm(4)})
    bridge.settled()
    assert learned(bridge) == {mac(1): 1}


def test_new_ageing_time_holds_for_those_who_speak(bridge: Bridge, ports: list[str]) -> None:
    bridge.send(ports[0], mac(1), BROADCAST, "a")
    eventually(lambda: learned(bridge), lambda seen: seen == {mac(1): 1})
    bridge.change(encode(replace(SWITCH, ageing_s=60)))
    bridge.settled()
    bridge.send(ports[0], mac(1), BROADCAST, "b")
    eventually(lambda: [f for f in bridge.flows(FDB) if mac(1) in f], lambda seen: "hard_timeout=60" in str(seen))


def test_learned_entry_ages(bridge: Bridge, ports: list[str]) -> None:
    bridge.change(encode(replace(SWITCH, ageing_s=1)))
    bridge.settled()
    bridge.send(ports[0], mac(1), BROADCAST, "a")
    eventually(lambda: learned(bridge), lambda seen: seen == {mac(1): 1})
    eventually(lambda: learned(bridge), lambda seen: seen == {})
