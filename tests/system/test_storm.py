"""Storm limit: what an adapter sends to many is limited to so many frames a second, and nothing else is."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST, Stations, stations
from tests.system.labs import RunningLab, edited

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab

lab = Lab("storm")
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.vm("stormy", "Private", "10.0.1.1/24", storm_limit=20)
hv1.vm("calm", "Private", "10.0.1.2/24")
hv1.vm("ear", "Private", "10.0.1.3/24")
"""
MULTICAST = "01:00:5e:00:00:77"
LIMIT, MANY = 20, 200
FENCES = 8
"""How many broadcasts the sender adds at most, by which it is known that everything has arrived."""


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture
def wire(running: RunningLab) -> Iterator[Stations]:
    with stations(running, ("calm", "ear"), ("stormy",)) as found:
        found.send("stormy", BROADCAST)
        yield found


def arrived(wire: Stations, sender: str, target: str, count: int = MANY) -> tuple[int, float]:
    """Send frames as fast as it goes; return how many get to `ear`, and how many seconds they were sent in."""
    began = time.monotonic()
    marks = [wire.send(sender, target) for _ in range(count)]
    seconds = time.monotonic() - began
    wire.send("calm", wire.mac("ear"))
    wire.settle()
    return sum(wire.received(mark).get("ear", 0) for mark in marks), seconds


def dropped(running: RunningLab) -> int:
    frames: int = running.drops("stormy", 30)["frames"]
    return frames


@pytest.mark.parametrize(
    "target", [BROADCAST, MULTICAST, "02:88:b5:77:00:01"], ids=["broadcast", "multicast", "unknown"]
)
def test_no_more_than_the_limit_gets_through(running: RunningLab, wire: Stations, target: str) -> None:
    before = dropped(running)
    count, seconds = arrived(wire, "stormy", target)
    # What was saved up in the second before comes on top of what flows in meanwhile.
    assert count <= LIMIT * (1 + seconds) + 1
    least = before + MANY - count
    eventually(lambda: dropped(running), lambda seen: least <= seen <= least + FENCES)
    assert arrived(wire, "calm", target)[0] == MANY


def test_what_has_one_receiver_is_not_limited(running: RunningLab, wire: Stations) -> None:
    assert arrived(wire, "stormy", wire.mac("ear"))[0] == MANY


def test_a_drop_is_told_with_the_setting_and_the_cmdlet(running: RunningLab, wire: Stations) -> None:
    arrived(wire, "stormy", BROADCAST)
    told = eventually(lambda: running("drops", "stormy").out, lambda text: "storm limit" in text)
    assert "30 storm limit" in told
    assert "StormLimit 20" in told
    assert 'Set-VMNetworkAdapter -VMName "stormy" -Name "Network Adapter" -StormLimit 0' in told


def test_a_limit_is_changed_while_the_vm_runs(running: RunningLab, wire: Stations) -> None:
    told = running.apply(edited(TOPOLOGY, ("storm_limit=20", "storm_limit=100"))).out
    assert "StormLimit in packets per second 20 -> 100" in told
    count, seconds = arrived(wire, "stormy", BROADCAST)
    assert LIMIT * 2 < count <= 100 * (1 + seconds) + 1
    running.apply(edited(TOPOLOGY, (", storm_limit=20", "")))
    assert arrived(wire, "stormy", BROADCAST)[0] == MANY
    running.apply(TOPOLOGY)
    time.sleep(1)  # a second's frames are saved up
    assert arrived(wire, "stormy", BROADCAST)[0] <= 2 * LIMIT
    running.agrees()


def test_limits_that_cannot_be(running: RunningLab) -> None:
    told = running.apply(edited(TOPOLOGY, ("storm_limit=20", "storm_limit=-1")), check=2).err
    assert 'adapter "stormy/Network Adapter" has the StormLimit -1' in told
