"""Layer 2 as a graph: which virtual switches and physical networks are one Ethernet, and which machines join several.

A node is a segment; an external switch is joined to the physical network of its NIC. Only plugged, running interfaces
count. What IP makes of it is in :mod:`lab.model.routing`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import networkx as nx

from lab.model.extensions import SwitchExtension, forwarding_extension
from lab.model.interfaces import IpInterface, Segment
from lab.model.objects import LabModel


class Wiring:
    """The Ethernets of a lab. ``routers`` are the machines that forward packets between their interfaces."""

    def __init__(self, model: LabModel, live: Iterable[IpInterface], routers: frozenset[str]) -> None:
        self._graph = _segments(model)
        self._ethernet = _components(self._graph)
        joined: nx.Graph[Segment | str] = nx.Graph(self._graph.edges)
        joined.add_nodes_from(self._graph)
        joined.add_edges_from((each.node, each.segment) for each in live if each.node in routers and each.segment)
        self._joined = _components(joined)
        self._extensions = dict(_forwarding_extensions(model))
        self._ways: dict[tuple[Segment, Segment], tuple[Segment, ...]] = {}

    def ethernet(self, segment: Segment) -> int:
        """Return the number of the Ethernet that a segment is part of: frames pass within one, and only there."""
        return self._ethernet[segment]

    def joined(self, one: Segment, other: Segment) -> bool:
        """Tell whether two segments are one Ethernet, or connected by machines that forward packets."""
        return self._joined[one] == self._joined[other]

    def extension(self, segment: Segment) -> SwitchExtension | None:
        """Return the extension that has taken the forwarding over from a switch, if one has: nothing passes there."""
        return self._extensions.get(segment)

    def way(self, source: Segment, target: Segment) -> tuple[Segment, ...]:
        """Return the segments a frame passes from one segment to another of the same Ethernet, both included."""
        known = self._ways.get((source, target))
        if known is None:
            known = tuple(nx.shortest_path(self._graph, source, target))
            self._ways[source, target] = known
        return known


def _segments(model: LabModel) -> nx.Graph[Segment]:
    graph: nx.Graph[Segment] = nx.Graph()
    graph.add_node(Segment())
    graph.add_nodes_from(Segment(name=network.name) for network in model.networks)
    for host in model.hosts:
        for switch in host.switches:
            graph.add_node(Segment(host.name, switch.name))
            nics = [nic for name in switch.nics if (nic := host.nic(name))]
            for nic in (nic for nic in nics if nic.has_link):
                graph.add_edge(Segment(host.name, switch.name), Segment(name=nic.network))
    return graph


def _forwarding_extensions(model: LabModel) -> Iterator[tuple[Segment, SwitchExtension]]:
    for host in model.hosts:
        for switch in host.switches:
            extension = forwarding_extension(switch.extensions)
            if extension:
                yield Segment(host.name, switch.name), extension


def _components(graph: nx.Graph[Segment] | nx.Graph[Segment | str]) -> dict[Segment | str, int]:
    return {node: number for number, nodes in enumerate(nx.connected_components(graph)) for node in nodes}
