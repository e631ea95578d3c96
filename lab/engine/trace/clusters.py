"""Which node of a load-balancing cluster a packet is for: what the nodes say that they would do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from lab.engine.trace.names import Ends
from lab.engine.trace.packet import Protocol
from lab.model.acl import CLIENT_PORT


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What a node of a cluster says of a packet: whether it accepts it, and why, or why not."""

    node: str
    accepts: bool
    why: str


@dataclass(frozen=True, slots=True)
class Choice:
    """Between what to trace. ``holders`` name the node that stands for the cluster, ``refused`` is why none does."""

    ends: Ends
    holders: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""


def among_nodes(ends: Ends, said: Sequence[Acceptance], protocol: Protocol) -> Choice:
    """Return the node that a packet for a cluster is for: the one that accepts it, of several the first."""
    if ends.target is None or not ends.target.members:
        return Choice(ends)
    own = [each.node for each in ends.target.members if each.node == ends.source.node]
    first = [*own, *(each.node for each in said if each.accepts), ends.target.members[0].node][0]
    member = next(each for each in ends.target.members if each.node == first)
    told = [f"{each.node} {'accepts' if each.accepts else 'drops'} it: {each.why}" for each in said if not own]
    if protocol is not Protocol.ICMP and not own:
        told.append(f"that is for a connection from port {CLIENT_PORT} of the client")
    refused = "" if own or any(each.accepts for each in said) else f"no node of {ends.target.name} accepts it"
    named = replace(ends, target=replace(member, name=f"{member.name} ({member.node})"), notes=(*ends.notes, *told))
    return Choice(named, {member.name: member.node}, refused)
