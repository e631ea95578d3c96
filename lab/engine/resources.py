"""What a lab is made of on Linux, as values: nodes, cables, Open vSwitch instances, bridges, ports, IP settings.

A :class:`Blueprint` is the whole of it. Equal blueprints are equal labs; the difference of two is a plan.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from lab.intent import PortIntent, SwitchIntent
from lab.model.names import PHYSICAL_NODE
from lab.model.nat import NetNat

Key = tuple[str, ...]

Place = tuple[str, str]
"""A node and a device in it."""

PHYSICAL = PHYSICAL_NODE

UNREACHABLE = "unreachable"


class Role(StrEnum):
    """What a node stands for."""

    HOST = "Hyper-V host"
    VM = "VM"
    COMPUTER = "computer"
    ROUTER = "router"
    PHYSICAL = "physical networks"


@dataclass(frozen=True, slots=True)
class Node:
    """A machine: namespaces and a first process.

    ``strong_host``: with several interfaces it must not take at one what is for another. ``masquerade``: the interface
    behind which a router hides IPv4 addresses. ``nats``: subnets that it hides behind whatever interface it leaves by.
    """

    name: str
    role: Role
    forwarding: bool = False
    strong_host: bool = False
    masquerade: str = ""
    nats: tuple[NetNat, ...] = ()

    @property
    def key(self) -> Key:
        return ("node", self.name)


@dataclass(frozen=True, slots=True)
class Cable:
    """A pair of connected Ethernet interfaces. The ``b`` end belongs to a switch: its IP stack never sees a frame.

    ``mtu`` in bytes, of both ends: Open vSwitch cuts offloaded TCP segments to the size of the port they leave by.
    ``sent_bps`` limits what the ``a`` end sends, ``received_bps`` what it gets, in bits per second; 0 is no limit.
    ``plugged``: whether the ``b`` end is up.
    """

    a_node: str
    a_device: str
    b_node: str
    b_device: str
    mtu: int
    sent_bps: int = 0
    received_bps: int = 0
    plugged: bool = True

    @property
    def key(self) -> Key:
        return ("cable", self.b_node, self.b_device)


@dataclass(frozen=True, slots=True)
class Share:
    """What an adapter is promised of what leaves by a NIC, in bits per second: its frames are those from ``mac``."""

    adapter: str
    mac: str
    rate_bps: int


@dataclass(frozen=True, slots=True)
class Relay:
    """What stands between the two cables of a NIC that has a speed, and passes on no more than that in a second.

    ``nic`` is the NIC's full name; ``near`` is the relay's device on the host's side, ``far`` that on the wire's.
    ``mtu`` in bytes. Of ``speed_bps``, what leaves the host is divided by ``shares``; all other frames together are
    promised ``rest_bps``. Whoever uses less than is promised leaves the rest to the others.

    Open vSwitch sends through one socket, whose buffer holds two or three large segments. Those that wait for a slow
    device would keep it from sending anything to anybody; the relay takes each of them off its sender's account.
    """

    node: str
    nic: str
    near: str
    far: str
    mtu: int
    speed_bps: int
    rest_bps: int
    shares: tuple[Share, ...] = ()

    @property
    def key(self) -> Key:
        return ("relay", self.node, self.near)

    @property
    def parents(self) -> tuple[str, ...]:
        """The devices that it is made of."""
        return self.near, self.far


@dataclass(frozen=True, slots=True)
class VlanDevice:
    """A device that a guest has made for the frames with the tag of one VLAN at its device ``parent``."""

    node: str
    device: str
    parent: str
    vlan_id: int

    @property
    def key(self) -> Key:
        return ("vlan", self.node, self.device)

    @property
    def title(self) -> str:
        return "VLAN interface"

    @property
    def parents(self) -> tuple[str, ...]:
        """The devices that it is made of."""
        return (self.parent,)


@dataclass(frozen=True, slots=True)
class TeamDevice:
    """A team that a guest has made of its devices ``members``, with the MAC address of the first."""

    node: str
    device: str
    members: tuple[str, ...]
    mac: str

    @property
    def key(self) -> Key:
        return ("team", self.node, self.device)

    @property
    def title(self) -> str:
        return "team"

    @property
    def parents(self) -> tuple[str, ...]:
        """The devices that it is made of."""
        return self.members


@dataclass(frozen=True, slots=True)
class Instance:
    """The Open vSwitch of a node."""

    node: str

    @property
    def key(self) -> Key:
        return ("instance", self.node)


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge of a node's Open vSwitch. Without an intent it is a plain learning switch of the physical world.

    ``igmp_snooping``: such a switch gives frames for a multicast group to its members only.
    """

    node: str
    device: str
    dpid: int
    intent: SwitchIntent | None = None
    igmp_snooping: bool = False

    @property
    def key(self) -> Key:
        return ("bridge", self.node, self.device)


@dataclass(frozen=True, slots=True)
class Port:
    """A port of a bridge.

    An ``internal`` one is itself an interface of the node's IP stack; ``mac`` and ``mtu`` (bytes) are then its own.
    ``shaped``: the device may have a shaper, which Open vSwitch must leave alone. ``vlan``: that of an access port of
    the physical world, 0 for untagged frames only; None is a port for all VLANs.
    """

    node: str
    bridge: str
    device: str
    ofport: int
    internal: bool = False
    shaped: bool = False
    mac: str = ""
    mtu: int = 0
    vlan: int | None = None
    intent: PortIntent | None = None

    @property
    def key(self) -> Key:
        return ("port", self.node, self.device)


@dataclass(frozen=True, slots=True)
class Interface:
    """The IP side of one interface of a node. ``alias`` is the user's name for it; ``addresses`` like 10.0.0.1/24.

    ``segmentation``: the machine hands over TCP segments larger than its MTU for somebody later to cut. ``rank``: of
    the ways into a subnet that several interfaces of a machine are in, it takes that of the lowest rank. ``sent_bps``
    limits what the machine sends by it, in bits per second; 0 is no limit, or that of the interface's cable.
    ``cluster_mac`` is the MAC address that the guest itself gives it in place of ``mac``, empty for none.
    """

    node: str
    device: str
    alias: str
    mac: str
    mtu: int
    up: bool
    addresses: tuple[str, ...] = ()
    segmentation: bool = True
    rank: int = 0
    sent_bps: int = 0
    cluster_mac: str = ""

    @property
    def key(self) -> Key:
        return ("interface", self.node, self.device)


@dataclass(frozen=True, slots=True)
class Route:
    """One route: to ``destination`` through ``device``, via a gateway or directly; UNREACHABLE means no way at all.

    ``source`` is empty for the main table; otherwise the route holds for packets from that address only, which is
    how a strong host sends (RFC 1122, 3.3.4.2; Windows Vista and later).
    """

    node: str
    destination: str
    via: str
    device: str
    source: str = ""

    @property
    def key(self) -> Key:
        return ("route", self.node, self.source, self.destination)


@dataclass(frozen=True, slots=True)
class Rule:
    """What makes the routes of one source address hold: packets from ``source`` use the table of that address."""

    node: str
    source: str

    @property
    def key(self) -> Key:
        return ("rule", self.node, self.source)


class Program(StrEnum):
    """What a service runs."""

    DHCP_CLIENT = "dhcp-client"
    DHCP_SERVER = "dhcp-server"
    DHCP_RELAY = "dhcp-relay"
    NAME_SERVER = "name-server"
    NLB = "nlb"
    TFTP_SERVER = "tftp-server"
    PXE_RESPONDER = "pxe-responder"
    NETWORK_BOOT = "network-boot"
    REAL_MACHINE = "real-machine"
    DHCP6_SERVER = "dhcp6-server"
    IPV6_CLIENT = "ipv6-client"
    ROUTER_ADVERTISEMENTS = "router-advertisements"


@dataclass(frozen=True, slots=True)
class Service:
    """A program that a machine runs, and that is started again when it ends.

    ``device`` is the one that it works on, empty if it works on all; of one kind a machine has one for each device.
    ``settings`` are its own, by name; ``files`` have names and contents. ``place`` says where it is plugged in: at
    another place it starts anew.
    """

    node: str
    program: Program
    title: str
    device: str = ""
    settings: tuple[tuple[str, str], ...] = ()
    files: tuple[tuple[str, str], ...] = ()
    place: str = ""

    @property
    def key(self) -> Key:
        return ("service", self.node, self.program.value, self.device)

    @property
    def name(self) -> str:
        """Its name among the processes of the lab."""
        return f"{self.program.value}{f'-{self.device}' if self.device else ''}@{self.node}"

    @property
    def options(self) -> dict[str, str]:
        """Its settings."""
        return dict(self.settings)


Resource = (
    Node | Cable | Relay | VlanDevice | TeamDevice | Instance | Bridge | Port | Interface | Route | Rule | Service
)


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything of a lab."""

    nodes: tuple[Node, ...] = ()
    cables: tuple[Cable, ...] = ()
    relays: tuple[Relay, ...] = ()
    vlan_devices: tuple[VlanDevice, ...] = ()
    team_devices: tuple[TeamDevice, ...] = ()
    instances: tuple[Instance, ...] = ()
    bridges: tuple[Bridge, ...] = ()
    ports: tuple[Port, ...] = ()
    interfaces: tuple[Interface, ...] = ()
    routes: tuple[Route, ...] = ()
    rules: tuple[Rule, ...] = ()
    services: tuple[Service, ...] = ()

    def resources(self) -> Iterator[Resource]:
        """Yield every resource, in the order in which they are created."""
        yield from self.nodes
        yield from self.cables
        yield from self.relays
        yield from self.vlan_devices
        yield from self.team_devices
        yield from self.instances
        yield from self.bridges
        yield from self.ports
        yield from self.interfaces
        yield from self.routes
        yield from self.rules
        yield from self.services

    def wires(self) -> Iterator[tuple[Place, Place]]:
        """Yield the two ends of whatever connects two devices: of a cable, or of the two that a relay joins."""
        joined = {(each.node, each.near): (each.node, each.far) for each in self.relays}
        ends = {(cable.a_node, cable.a_device): (cable.b_node, cable.b_device) for cable in self.cables}
        for near, far in ends.items():
            if near not in joined.values():
                yield near, ends[joined[far]] if far in joined else far

    def sockets(self) -> dict[Place, str]:
        """Return, for each end of a cable that leads to a relay, the device at which a NIC sees that it is pulled."""
        near = {(each.node, each.far): each.near for each in self.relays}
        ends = (((cable.a_node, cable.a_device), (cable.b_node, cable.b_device)) for cable in self.cables)
        return {other: near[one] for one, other in ends if one in near}

    def by_key(self) -> dict[Key, Resource]:
        return {resource.key: resource for resource in self.resources()}
