"""The connection to a database cut anywhere, and databases that go for good."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest

from lab.intent import encode
from tests.dataplane.controller import Controller
from tests.dataplane.intents import PINNED, SWITCH, vm
from tests.dataplane.observe import lasting
from tests.dataplane.ovs import Bridge, OpenVSwitch
from tests.dataplane.wire import TO_CLIENT, TO_SERVER, Wire
from tests.eventually import eventually

PLACES = 5
"""In how many places the conversation about one change is cut, each way."""


@pytest.fixture
def wired(controller: Controller, ovs: OpenVSwitch) -> Iterator[tuple[Bridge, Wire]]:
    """Return a switch with two VMs whose database the controller reaches through a wire only."""
    home = ovs.directory.parent / "wired"
    home.mkdir()
    # One folder further down, where the controller does not look.
    with OpenVSwitch(home / "hv") as second, Wire(home / "db.sock", second.socket) as wire:
        (second.directory / "of.sock").symlink_to(ovs.directory / "of.sock")
        bridge = Bridge(second, "wired", f"unix:{second.directory / 'of.sock'}")
        bridge.create(encode(SWITCH), {"wiredp1": vm(1), "wiredp2": vm(2)})
        bridge.settled()
        yield bridge, wire
        assert second.unannounced_warnings() == []
    shutil.rmtree(home)


@pytest.mark.parametrize("way", [TO_SERVER, TO_CLIENT], ids=["to the database", "from the database"])
def test_connection_to_the_database_cut_during_a_change(wired: tuple[Bridge, Wire], way: int) -> None:
    """In the middle of a notification, of a transaction, of the answer to it; also of what is said on reconnection."""
    bridge, wire = wired
    flows = []
    for intent in (PINNED, SWITCH):
        wire.counted(way)
        bridge.change(encode(intent))
        bridge.settled()
        octets = wire.counted(way)
        flows.append(lasting(bridge))
    for place in range(PLACES + 1):
        for intent, expected in zip((PINNED, SWITCH), flows, strict=True):
            wire.cut_after(way, octets * place // PLACES)
            bridge.change(encode(intent))
            bridge.settled()
            assert lasting(bridge) == expected
    assert octets > 2 * PLACES


# Nothing in here depends on the framework.
pytestmark = pytest.mark.parametrize("framework", ["os_ken"], indirect=True)


def test_removed_instance_is_forgotten_and_may_come_back(controller: Controller, ovs: OpenVSwitch) -> None:
    home = ovs.directory.parent / "hv3"
    for times in (1, 2):
        with OpenVSwitch(home) as third:
            (home / "of.sock").symlink_to(ovs.directory / "of.sock")
            bridge = Bridge(third, "third", f"unix:{home / 'of.sock'}")
            bridge.create(encode(SWITCH), {"thirdp1": vm(1)})
            bridge.settled()
        shutil.rmtree(home)
        forgotten = f"{home / 'db.sock'} is gone"
        eventually(lambda: controller.log.read_text().count(forgotten), lambda count: count == times)  # noqa: B023
