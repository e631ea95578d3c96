"""Port ACLs: what an adapter's entries let it send and get, by IP prefix or MAC address; and what they count.

The rules are those of :mod:`lab.model.acl`. A denied frame is dropped for security policy (12). Frames of ports without
entries pass in one step. This feature also leads frames to the extended ACL, which is checked after the port ACL.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.values import (
    IN,
    OUT,
    Action,
    Actions,
    Consult,
    Count,
    Drop,
    Flow,
    Goto,
    Group,
    Match,
    Owner,
    match,
)
from controllers.view import PortView, SwitchView
from lab.model.acl import ANY, AclAction, AclDirection, AclSide, PortAcl
from lab.model.addresses import Network

NAME = "acl"

ETH_TYPES: Final = {4: 0x0800, 6: 0x86DD}
_ICMPV6: Final = 58
_NEIGHBOUR_DISCOVERY: Final = (135, 136)
"""Neighbour solicitation and advertisement (RFC 4861, 4.3 and 4.4), which are to IPv6 what ARP is to IPv4."""


@dataclass(frozen=True, slots=True)
class Way:
    """One direction through the access lists. ``port`` is the field that says whose lists they are."""

    direction: AclDirection
    number: int
    name: str
    port: str
    after: str

    def side(self, side: AclSide) -> str:
        """Return which end of a frame is the local or the remote one: ``src`` or ``dst``."""
        return "src" if (side is AclSide.LOCAL) is (self.number == OUT) else "dst"


WAYS: Final = (
    Way(AclDirection.OUTBOUND, OUT, "out", "in_port", "vlan_in"),
    Way(AclDirection.INBOUND, IN, "in", "receiver", "mirror_in"),
)


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Check the port ACLs of all ports, in both directions."""
    found: dict[object, Flow] = {}
    for flow in (flow for port in view.sorted_ports() for way in WAYS for flow in _of_port(port, way)):
        found.setdefault(flow.key, flow)  # ANY and 0.0.0.0/0 say the same: the first one counts
    flows = list(found.values())
    for way in WAYS:
        ends = ((f"acl_mac_{way.name}", way.after), (f"acl_{way.name}", way.after), (f"meter_{way.name}", way.after))
        flows += [Flow(stage, Priority.FALLBACK, match(), (Goto(then),), Owner(NAME)) for stage, then in ends]
    return tuple(flows), ()


def prefix(way: Way, side: AclSide, network: Network) -> dict[str, int | tuple[int, int]]:
    """Return what to match for the packets that have an address of a network at one side; their type is not in it."""
    if network.prefixlen == 0:
        return {}
    return {f"ipv{network.version}_{way.side(side)}": (int(network.network_address), int(network.netmask))}


def _of_port(port: PortView, way: Way) -> Iterator[Flow]:
    if not port.has_acls(way.direction):
        return
    entries = [(at, entry) for at, entry in enumerate(port.port_acls, 1) if entry.direction is way.direction]
    mine = {way.port: port.ofport}
    to_ip = (Goto(f"acl_{way.name}"),)
    yield _flow(port, f"acl_mac_{way.name}", Priority.BELOW_ORDINARY, match(**mine), to_ip)
    if way.number == IN:
        # A copy for the sender itself is none.
        own = match(in_port=port.ofport, receiver=port.ofport)
        yield _flow(port, f"acl_mac_{way.name}", Priority.ABOVE_EXCEPTION, own, ())
    for at, entry in entries:
        if entry.mac:
            address = {} if entry.mac == ANY else {f"eth_{way.side(entry.side)}": int(entry.mac.replace(":", ""), 16)}
            actions = _denied(at) if entry.action is AclAction.DENY else to_ip
            yield _flow(port, f"acl_mac_{way.name}", _priority(entry), match(**mine, **address), actions)
    yield from _ip_entries(port, way, [(at, entry) for at, entry in entries if not entry.mac])


def _denied(at: int) -> Actions:
    return (Drop(DropReason.SECURITY_POLICY, at),)


def _ip_entries(port: PortView, way: Way, entries: list[tuple[int, PortAcl]]) -> Iterator[Flow]:
    mine = {way.port: port.ofport}
    counted = any(entry.action is AclAction.METER for _, entry in entries)
    answers: tuple[Action, ...] = (Consult("sessions"),) if port.admits(way.direction) else ()
    rest = f"ext_acl_{way.name}" if port.has_extended_acl(way.direction) else f"meter_{way.name}"
    passed = (*answers, Goto(rest))
    stage = f"acl_{way.name}"
    yield _flow(port, stage, Priority.BELOW_ORDINARY, match(**mine), passed)
    for kind in _NEIGHBOUR_DISCOVERY:
        found = match(**mine, eth_type=ETH_TYPES[6], ip_proto=_ICMPV6, icmpv6_type=kind)
        then = f"meter_{way.name}" if counted else way.after
        yield _flow(port, stage, Priority.EXCEPTION, found, (Goto(then),))
    for at, entry in entries:
        for wanted in _matches(way, entry):
            if entry.action is AclAction.METER:
                found = match(**mine, **wanted)
                yield _flow(port, f"meter_{way.name}", _priority(entry), found, (Count(at), Goto(way.after)))
            else:
                actions = _denied(at) if entry.action is AclAction.DENY else passed
                yield _flow(port, stage, _priority(entry), match(**mine, **wanted), actions)


def _matches(way: Way, entry: PortAcl) -> Iterator[dict[str, int | tuple[int, int]]]:
    if entry.prefix is None:
        for eth_type in ETH_TYPES.values():
            yield {"eth_type": eth_type}
    else:
        yield {"eth_type": ETH_TYPES[entry.prefix.version], **prefix(way, entry.side, entry.prefix)}


def _priority(entry: PortAcl) -> int:
    """Return a priority that puts the longer prefix first; of two equal ones what denies, then what is remote."""
    return Priority.ORDINARY + 4 * entry.rank + 2 * (entry.action is AclAction.DENY) + (entry.side is AclSide.REMOTE)


def _flow(port: PortView, stage: str, priority: int, wanted: Match, actions: Actions) -> Flow:
    return Flow(stage, priority, wanted, actions, Owner(NAME, port.ofport))
