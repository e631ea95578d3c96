"""What the tests see of a switch from outside."""

from __future__ import annotations

from controllers.openflow.cookies import FlowKind, read
from controllers.pipeline.tables import stage_named
from tests.dataplane.ovs import Bridge
from tests.eventually import eventually

FDB = stage_named("fdb").number


def learned(bridge: Bridge) -> dict[str, int]:
    """Return which address was learned at which port, as the cookies of the learned entries say."""
    entries = {}
    for flow in bridge.flows(FDB):
        meaning = read(int(flow.split("cookie=")[1].split(",")[0], 16))
        assert meaning is not None, flow
        if meaning.kind is FlowKind.LEARNED:
            entries[flow.split("dl_dst=")[1].split(" ")[0]] = meaning.ofport
    return entries


def lasting(bridge: Bridge) -> list[str]:
    """Return the flows that the controller wrote, without what the switch has learned."""
    return [flow for flow in bridge.flows() if f"table={FDB}, hard_timeout=" not in flow]


def arrives(bridge: Bridge, payload: str, expected: set[str]) -> None:
    """Check that a frame left by exactly these devices; the copies of one frame leave together."""
    eventually(lambda: bridge.received(payload), lambda seen: seen >= expected)
    assert bridge.received(payload) == expected
