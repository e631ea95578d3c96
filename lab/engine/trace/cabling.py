"""What is plugged into what: from an interface to the switch port it is in, and from a port to what is behind it."""

from __future__ import annotations

from lab.engine.blueprint import segment_place
from lab.engine.resources import Blueprint, Bridge, Place, Port
from lab.engine.trace.names import every_interface
from lab.intent import PortKind
from lab.model.interfaces import IpInterface, Segment
from lab.model.objects import LabModel


class Cabling:
    """The ports, cables and names of one lab."""

    def __init__(self, model: LabModel, blueprint: Blueprint) -> None:
        self._ports = {(port.node, port.device): port for port in blueprint.ports}
        self._bridges = {(bridge.node, bridge.device): bridge for bridge in blueprint.bridges}
        self._far: dict[Place, Place] = {}
        for one, other in blueprint.wires():
            self._far[one] = other
            self._far[other] = one
        self._interfaces = {(each.node, each.device): each for each in every_interface(model)}
        self._by_label = {(each.node, each.label): each for each in self._interfaces.values()}

    def interface(self, node: str, label: str) -> IpInterface:
        """Return an interface by the user's name for it."""
        return self._by_label[node, label]

    def adapter(self, interface: IpInterface) -> IpInterface:
        """Return the adapter that an interface is, or was made on by its guest."""
        return self._interfaces[interface.node, interface.parent]

    def socket(self, interface: IpInterface) -> Port:
        """Return the port that an interface, which must be connected, is plugged into."""
        place = (interface.node, interface.parent)
        own = self._ports.get(place)
        return own if own and own.internal else self._ports[self._far[place]]

    def behind(self, port: Port) -> Port | Place:
        """Return what a frame enters that leaves by a port: a port of another switch, or an interface."""
        place = (port.node, port.device)
        if port.internal:
            return place
        far = self._far[place]
        return self._ports.get(far, far)

    def links(self, here: Segment, there: Segment) -> tuple[Port, ...]:
        """Return the ports of one segment through which its neighbour is reached: several where there is a team."""
        wanted, place = segment_place(there), segment_place(here)
        mine = [port for port in self._ports.values() if (port.node, port.bridge) == place]
        far = [self.behind(port) for port in mine]
        both = zip(mine, far, strict=True)
        return tuple(port for port, other in both if isinstance(other, Port) and (other.node, other.bridge) == wanted)

    def port(self, node: str, device: str) -> Port | None:
        return self._ports.get((node, device))

    def bridge(self, port: Port) -> Bridge:
        return self._bridges[port.node, port.bridge]

    def management(self, bridge: Bridge) -> Port | None:
        """Return the first port of the management OS at a virtual switch."""
        mine = (port for port in self._ports.values() if (port.node, port.bridge) == (bridge.node, bridge.device))
        return next((port for port in mine if port.intent and port.intent.kind is PortKind.MANAGEMENT), None)

    def team(self, port: Port) -> tuple[Port, ...]:
        """Return the members of the team that an external port is one of; only itself if there is no team."""
        alike = (each for each in self._ports.values() if (each.node, each.bridge) == (port.node, port.bridge))
        return tuple(each for each in alike if each.intent and each.intent.kind is PortKind.EXTERNAL)

    def numbered(self, bridge: Bridge, ofport: int) -> Port | None:
        """Return the port of a virtual switch that has a number."""
        ports = self._ports.values()
        return next((p for p in ports if (p.node, p.bridge, p.ofport) == (bridge.node, bridge.device, ofport)), None)

    def name(self, port: Port) -> str:
        """Return whose port it is: an adapter, or the NIC that leads to the wire."""
        if port.intent:
            wire = " (the wire)" if port.intent.kind is PortKind.EXTERNAL else ""
            return f"{port.intent.adapter}{wire}"
        far = self.behind(port)
        if isinstance(far, Port):
            return far.intent.adapter if far.intent else far.device
        interface = self._interfaces.get(far)
        return interface.full_name if interface else f"{far[0]}/{far[1]}"
