"""Extended ACLs: entries with a weight, for addresses, protocols and ports; stateful ones let answers pass, too.

The rules are those of :mod:`lab.model.acl`. The weight is the priority. A stateful entry makes the switch itself write
down the answer that each packet it lets pass may have; the answer's own flow then lets it pass whatever the entries of
the other direction say, until it was not used for the idle session timeout. What waits for answers goes with its entry.
A TCP segment that begins a connection (SYN without ACK, RFC 9293) is no answer, whatever its addresses and ports are.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final

from controllers.features.acl import ETH_TYPES, WAYS, Way, prefix
from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.values import Actions, Admit, Drop, Flow, Goto, Group, Match, Owner, match
from controllers.spans import prefixes
from controllers.view import PortView, SwitchView
from lab.model.acl import ALL_PORTS, TCP, UDP, AclAction, AclSide, ExtendedAcl

NAME = "extended_acl"

_TOP: Final = 0xFFFF
_TRANSPORTS: Final = {TCP: "tcp", UDP: "udp"}
_PORT_BITS: Final = 16
_SYN, _SYN_AND_ACK = 0x02, 0x12

Wanted = dict[str, int | tuple[int, int]]


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Check the extended ACLs of all ports, in both directions."""
    flows = [flow for port in view.sorted_ports() for way in WAYS for flow in _of_port(port, way)]
    for way in WAYS:
        onward = (Goto(f"meter_{way.name}"),)
        flows.append(Flow(f"ext_acl_{way.name}", Priority.FALLBACK, match(), onward, Owner(NAME)))
    for eth_type in ETH_TYPES.values():
        beginning = match(eth_type=eth_type, ip_proto=TCP, tcp_flags=(_SYN, _SYN_AND_ACK))
        flows.append(Flow("sessions", Priority.EXCEPTION, beginning, (), Owner(NAME)))
    flows.append(Flow("sessions", Priority.FALLBACK, match(), (), Owner(NAME)))
    return tuple(flows), ()


def _of_port(port: PortView, way: Way) -> Iterator[Flow]:
    if not port.has_extended_acl(way.direction):
        return
    passed = (Goto(f"meter_{way.name}"),)
    mine = {way.port: port.ofport}
    if port.admits(way.direction):
        yield _flow(port, way, _TOP, match(**mine, **{f"admitted_{way.name}": 1}), passed)
    numbered = enumerate(port.intent.extended_acls, 1)
    entries = sorted(((at, each) for at, each in numbered if each.direction is way.direction), key=_weight)
    for place, (at, entry) in enumerate(entries):
        # The weight itself, as far as there is room for all below the answers and above what no entry is about.
        priority = min(max(entry.weight, place + 1), _TOP - len(entries) + place)
        for version in entry.versions:
            actions: Actions = passed
            if entry.action is AclAction.DENY:
                actions = (Drop(DropReason.SECURITY_POLICY, at),)
            elif entry.stateful and entry.protocol is not None:
                other = next(each for each in WAYS if each is not way)
                actions = (Admit(port.ofport, other.number, version, entry.protocol, entry.idle_s, _id(entry)), *passed)
            for wanted in _matches(way, entry, version):
                yield _flow(port, way, priority, match(**mine, **wanted), actions)


def _weight(numbered: tuple[int, ExtendedAcl]) -> int:
    return numbered[1].weight


def _id(entry: ExtendedAcl) -> int:
    """Return 16 bits that change when anything of an entry does."""
    return zlib.crc32(f"{entry} {entry.idle_s}".encode()) & 0xFFFF


def _matches(way: Way, entry: ExtendedAcl, version: int) -> Iterator[Wanted]:
    wanted: Wanted = {"eth_type": ETH_TYPES[version]}
    for side, network in ((AclSide.LOCAL, entry.local_ip), (AclSide.REMOTE, entry.remote_ip)):
        wanted |= prefix(way, side, network) if network else {}
    if entry.protocol is not None:
        wanted["ip_proto"] = entry.protocol
    for local in _ports(way, entry, AclSide.LOCAL):
        for remote in _ports(way, entry, AclSide.REMOTE):
            yield wanted | local | remote


def _ports(way: Way, entry: ExtendedAcl, side: AclSide) -> Iterator[Wanted]:
    ports = entry.local_port if side is AclSide.LOCAL else entry.remote_port
    transport = _TRANSPORTS.get(entry.protocol or 0)
    if ports == ALL_PORTS or transport is None:
        yield {}
        return
    for value, mask in prefixes([(ports[0], ports[-1])], _PORT_BITS):
        yield {f"{transport}_{way.side(side)}": (value, mask)}


def _flow(port: PortView, way: Way, priority: int, wanted: Match, actions: Actions) -> Flow:
    return Flow(f"ext_acl_{way.name}", priority, wanted, actions, Owner(NAME, port.ofport))
