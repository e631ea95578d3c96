"""Layer 3: the way of one packet through the IP stacks of a lab, for one IP version.

What is assumed of every stack, so that the emulation can do exactly that:

* An interface that is down, and a NIC that an external switch has taken, take no part: no address, no route.
* ARP and neighbour discovery answer for the addresses of the interface that was asked, and for no others.
* A machine that does not forward follows the strong host model (RFC 1122 3.3.4.2, what Windows does): a packet leaves
  by the interface that has its source address: to the destination itself or to the next hop of a static route,
  whichever of the interface's subnets and static routes is the longest that has it, else to the interface's gateway.
  What arrives for an address of another interface is dropped, and so is what is for others.
* A machine that forwards follows the weak host model, with one table for what it sends and what it forwards: the
  longest of its interfaces' subnets and static routes (the first among equals), then the ways to physical networks
  that the internet knows, then the gateway of the first
  interface that has one. It accepts what is for any of its addresses, at any interface. No reverse-path filter.
* A packet for the sender's own address never leaves it. Redirects do not exist; what a client has been told by routers
  are its addresses and its gateway here (:mod:`lab.model.autoconfiguration`).
* On the internet every host and every router takes all of the internet's subnets to be on its own link, and knows, for
  each physical network whose router does not hide it, the way to its subnets: the router's first outside address.
  ``nat`` hides IPv4 only. The internet's hosts do not forward.
* The nodes of a cluster of Network Load Balancing all have the cluster's address; who asks for it is answered by all of
  them, and here by the first. In unicast mode they have one MAC address, and no way to each other by those adapters.
* Access lists stop packets where they leave an adapter or come to one (:mod:`lab.model.acl`). That is looked at apart
  from the way that packets take, which does not depend on them (:meth:`Stacks.denied`).
* A router with ``nat`` gives IPv4 packets that it sends to the internet its own outside address (the one in the next
  hop's subnet, else its first), and takes back the answers to those. Everything else from the internet to the inside is
  dropped, and so are answers to what it never saw.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from lab.model.acl import AclDirection, AclEntry, ExtendedAcl, Packet, PortAcl, denial_text, denies
from lab.model.addresses import Address, Interface, Network, StaticRoute, hyperv_mac
from lab.model.extensions import forwards_nothing
from lab.model.interfaces import IpInterface, Segment, interfaces
from lab.model.isolation import IsolationSettings
from lab.model.objects import LabModel
from lab.model.vlan import UNTAGGED, Tagging, VlanSettings, contains, obstacle
from lab.model.wiring import Wiring

INBOUND, OUTBOUND = AclDirection.INBOUND, AclDirection.OUTBOUND

Ports = tuple[int, int]
"""The source and the target port of a packet, 0 where the protocol has none."""

Tap = tuple[Segment, Tagging]
"""A segment, and the setting by which a frame enters it."""


@dataclass(frozen=True, slots=True, eq=False)
class Attachment:
    """An interface that is up and plugged in, as IP sees it."""

    node: str
    label: str
    segment: Segment
    interfaces: tuple[Interface, ...]
    addresses: frozenset[Address]
    networks: tuple[Network, ...]
    gateway: Address | None
    routes: tuple[StaticRoute, ...] = ()
    translates: bool = False
    vlan: Tagging = UNTAGGED
    mac: str = ""
    acls: tuple[PortAcl, ...] = ()
    extended_acls: tuple[ExtendedAcl, ...] = ()
    shared_mac: str = ""
    virtual: Address | None = None
    virtual_mac: str = ""

    @property
    def tap(self) -> Tap:
        """Where its frames enter the Ethernet."""
        return self.segment, self.vlan

    def mac_for(self, address: Address) -> str:
        """Return the MAC address of frames for one of its addresses; ``mac`` is where its own come from."""
        return self.virtual_mac if address == self.virtual else self.shared_mac or self.mac

    def ways(self, target: Address) -> Iterator[tuple[int, Address]]:
        """Yield the length of each subnet and each static route that has an address, with the next hop."""
        yield from ((net.prefixlen, target) for net in self.networks if target in net)
        for route in self.routes:
            if target in route.destination:
                yield route.destination.prefixlen, target if route.on_link else route.next_hop

    def next_hop(self, target: Address) -> Address | None:
        """Return whom it sends to for an address; None if it knows no way."""
        best = max(self.ways(target), key=lambda way: way[0], default=None)
        return best[1] if best else self.gateway

    def source_for(self, next_hop: Address) -> Address:
        """Return the address that a router puts in place of the sender's."""
        return next((each.ip for each in self.interfaces if next_hop in each.network), self.interfaces[0].ip)


@dataclass(frozen=True, slots=True)
class Denial:
    """The interface whose access list stops a packet, and the entry."""

    at: Attachment
    entry: AclEntry

    def __str__(self) -> str:
        return denial_text(f"{self.at.node}/{self.at.label}", self.entry)


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One Ethernet on the way of a packet for ``target``: from an interface to that with the address ``next_hop``."""

    out: Attachment
    into: Attachment
    next_hop: Address
    target: Address


@dataclass(frozen=True, slots=True, eq=False)
class Journey:
    """How far a packet came: delivered at ``arrived``, or ``failure`` says why not, and ``node`` where.

    ``path`` is what it passed on the way; ``translations`` the machines that gave it another source, with that source.
    ``steps`` are only known in labs with access lists.
    """

    node: str
    path: tuple[Segment | str, ...]
    arrived: Attachment | None = None
    failure: str = ""
    translations: tuple[tuple[str, Address], ...] = ()
    steps: tuple[Step, ...] = ()


NAT_OF_HOST = 'the NAT "{}" of "{}" translates addresses: nothing gets in unasked but by a static mapping'
ONE_MAC = '"{}" and "{}" have one MAC address, {}: nodes of an NLB cluster in unicast mode do not reach each other'
NAT_REFUSES = 'the router "{}" translates addresses: nothing gets in unasked'


class Stacks:
    """The IP stacks of all running machines of a lab, for one IP version. Journeys are computed once each."""

    def __init__(self, model: LabModel, version: int, holders: Mapping[str, str] = MappingProxyType({})) -> None:
        """Take a model; of a cluster that ``holders`` name a node of, only that one has the cluster's address."""
        self.routers = frozenset(_forwarding(model))
        self._tabled = self.routers | {computer.name for computer in model.internet.hosts}
        hiding = {net.router.name for net in model.networks if net.router and net.router.nat and version == 4}
        live = [each for each in interfaces(model) if each.up and not each.bound_to and each.segment]
        self.wiring = Wiring(model, live, self.routers)
        nats = ((host.name, tuple(nat.prefix for nat in host.nats)) for host in model.hosts)
        self._nats = {name: prefixes for name, prefixes in nats if prefixes and version == 4}
        self.filters = bool(self._nats) or any(each.acls or each.extended_acls or each.shared_mac for each in live)
        self._at: dict[str, list[Attachment]] = {}
        self._owners: dict[tuple[int, Address], list[Attachment]] = {}
        self._local: dict[str, dict[Address, Attachment]] = {}
        for each in live:
            if each.segment:
                translates = each.node in hiding and each.segment == Segment()
                link = model.internet.subnets if each.segment == Segment() else ()
                held = each.nlb is not None and holders.get(each.nlb.cluster, each.node) == each.node
                virtual = each.virtual if held and version == 4 else None
                self._add(_attachment(each, each.segment, version, link, translates, virtual))
        self._published = tuple(_published(model, version))
        self._journeys: dict[tuple[Tap | Attachment, Address, Address, bool], Journey] = {}
        self._translating: dict[Attachment, Attachment] = {}
        self._routes: dict[tuple[str, Address], tuple[Attachment, Address] | None] = {}

    def attachment(self, node: str, address: Address) -> Attachment | None:
        """Return the interface of a machine that has an address."""
        return self._local.get(node, {}).get(address)

    def send(self, source: Attachment, target: Address, *, reply: bool = False) -> Journey:
        """Return the journey of a packet that the machine of `source` sends from that interface's address."""
        own = self._local[source.node].get(target)
        if own:
            return Journey(source.node, (), own)
        if source.node in self._tabled:
            return self._forward(source.node, target, reply)
        if (hop := source.next_hop(target)) is not None:
            return self._transit(source, hop, target, reply)
        return Journey(source.node, (), failure=self._no_route(source, target))

    def answer(self, journey: Journey, asked: Address, source: Address) -> Journey:
        """Return the journey of the answer to a packet that arrived: from the address `asked` back to `source`."""
        sender = self.attachment(journey.node, asked)
        assert sender
        sources = [source, *(outside for _, outside in journey.translations)]
        back = self.send(sender, sources[-1], reply=True)
        for router, _ in reversed(journey.translations):
            if back.node != router or not back.arrived:
                break
            sources.pop()
            inner = self._forward(router, sources[-1], True)
            steps = back.steps + inner.steps
            back = Journey(inner.node, back.path + inner.path, inner.arrived, inner.failure, steps=steps)
        return back

    def denied(
        self, journey: Journey, source: Address, protocol: int, ports: Ports = (0, 0), *, reply: bool = False
    ) -> Denial | None:
        """Return which access list stops a packet on a journey; ``ports`` are those of its source and its target."""
        for step in journey.steps:
            if step.out.translates and not reply:
                source = step.out.source_for(step.next_hop)
            found = _denied(step, (source, step.target), protocol, ports, reply)
            if found:
                return found
        return None

    def _add(self, attachment: Attachment) -> None:
        node = attachment.node
        self._at.setdefault(node, []).append(attachment)
        ethernet = self.wiring.ethernet(attachment.segment)
        for address in attachment.addresses:
            self._owners.setdefault((ethernet, address), []).append(attachment)
            self._local.setdefault(node, {}).setdefault(address, attachment)

    def neighbour(self, tap: Tap, address: Address) -> Attachment | None:
        """Return who answers when an interface asks for an address: each must get what the other sends."""
        owners = self._owners.get((self.wiring.ethernet(tap[0]), address), ())
        heard = (owner for owner in owners if _hear_each_other(tap[1], owner.vlan))
        return next((owner for owner in heard if not self._held_up(tap[0], owner.segment)), None)

    def _held_up(self, *segments: Segment) -> str:
        """Return why no frame passes from one of these segments to another, empty if they do."""
        for segment in segments:
            if extension := self.wiring.extension(segment):
                return forwards_nothing(str(segment), extension)
        return ""

    def _transit(self, out: Attachment, next_hop: Address, target: Address, reply: bool) -> Journey:
        """Return the journey of a packet that leaves by an interface, on its way to a machine there: the next hop."""
        # Where nobody looks at who sends it, those who send from one place share the journey.
        key = (out if self.filters else out.tap, next_hop, target, reply)
        journey = self._journeys.get(key)
        if journey is None:
            # A packet that comes here again while this is being worked out goes round in circles.
            self._journeys[key] = Journey("", (), failure=f"packets for {target} go round in circles")
            journey = self._journeys[key] = self._carry(out, next_hop, target, reply)
        return journey

    def _carry(self, out: Attachment, next_hop: Address, target: Address, reply: bool) -> Journey:
        segment, owner = out.segment, self.neighbour(out.tap, next_hop)
        if owner is None:
            return Journey("", (segment,), failure=self._nobody(out.tap, next_hop))
        if have_one_mac(out, owner):
            return Journey(out.node, (), failure=ONE_MAC.format(out.node, owner.node, hyperv_mac(out.shared_mac)))
        steps = (Step(out, owner, next_hop, target),) if self.filters else ()
        node = owner.node
        path: tuple[Segment | str, ...] = (*self.wiring.way(segment, owner.segment), node)
        if target in self._local[node]:
            if target in owner.addresses or node in self.routers:
                return Journey(node, path, owner, steps=steps)
            return Journey(node, path, failure=_strong(owner, target, self._local[node][target]))
        if not reply and self._hides(node, out, target):
            rest = self._translate(node, target)
            found = steps + rest.steps
            return Journey(rest.node, path + rest.path, rest.arrived, rest.failure, rest.translations, found)
        if node not in self.routers:
            return Journey(node, path, failure=f'"{node}" does not forward packets (forwarding is off)')
        if owner.translates and not reply:
            return Journey(node, path, failure=NAT_REFUSES.format(node))
        rest = self._forward(node, target, reply)
        return Journey(rest.node, path + rest.path, rest.arrived, rest.failure, rest.translations, steps + rest.steps)

    def _forward(self, node: str, target: Address, reply: bool) -> Journey:
        route = self._route(node, target)
        if route is None:
            return Journey(node, (), failure=f'no route: "{node}" knows no way to {target}')
        out, next_hop = route
        if out.translates and reply:
            return Journey(node, (), failure=f'"{node}" translates addresses and did not see the question')
        rest = self._transit(out, next_hop, target, reply)
        if not out.translates:
            return rest
        outside = ((node, out.source_for(next_hop)),)
        return Journey(rest.node, rest.path, rest.arrived, rest.failure, outside + rest.translations, rest.steps)

    def _hides(self, node: str, sender: Attachment, target: Address) -> bool:
        """Tell whether a host's NAT translates what an interface sends through it to an address."""
        inside = (prefix for prefix in self._nats.get(node, ()) if any(each in prefix for each in sender.addresses))
        return any(target not in prefix for prefix in inside)

    def _translate(self, node: str, target: Address) -> Journey:
        """Return the journey of a packet from inside a host's NAT, which goes on from an address of the host."""
        way = self._way_out(node, target)
        if way is None:
            return Journey(node, (), failure=f'no route: "{node}" knows no way to {target}')
        out, next_hop = way
        rest = self._transit(out, next_hop, target, False)
        outside = ((node, out.source_for(next_hop)),)
        return Journey(rest.node, rest.path, rest.arrived, rest.failure, outside + rest.translations, rest.steps)

    def _way_out(self, node: str, target: Address) -> tuple[Attachment, Address] | None:
        """Return the interface by which a host's NAT sends to an address, as one that translates, and the next hop."""
        route = self._route(node, target)
        if route is None:
            return None
        out = self._translating.setdefault(route[0], replace(route[0], translates=True))
        return out, route[1]

    def _route(self, node: str, target: Address) -> tuple[Attachment, Address] | None:
        key = (node, target)
        if key not in self._routes:
            self._routes[key] = self._find_route(node, target)
        return self._routes[key]

    def _find_route(self, node: str, target: Address) -> tuple[Attachment, Address] | None:
        known = self._longest_of_all(node, target)
        if known:
            return known
        for network, gateway in self._published:
            out = self._longest(node, gateway) if target in network else None
            if out and out.segment == Segment() and gateway not in out.addresses:
                return out, gateway
        return next(((each, each.gateway) for each in self._at[node] if each.gateway), None)

    def _nobody(self, tap: Tap, address: Address) -> str:
        segment, setting = tap
        if why := obstacle(setting):
            return why
        owners = self._owners.get((self.wiring.ethernet(segment), address))
        if held_up := self._held_up(segment, *(owner.segment for owner in owners or ())):
            return held_up
        if not owners:
            return f"nobody on {segment} has the address {address}"
        return vlans_apart(setting, owners[0].vlan)

    def _no_route(self, source: Attachment, target: Address) -> str:
        where = f" on {source.label}" if len(self._at[source.node]) > 1 else ""
        subnets = " and ".join(map(str, source.networks))
        return f'no route: "{source.node}" has no gateway{where} and {target} is outside its subnet {subnets}'

    def _longest_of_all(self, node: str, target: Address) -> tuple[Attachment, Address] | None:
        """Return the interface and the next hop of the longest of a machine's subnets and static routes."""
        found = [(length, each, hop) for each in self._at[node] for length, hop in each.ways(target)]
        best = max(found, key=lambda way: way[0], default=None)
        return (best[1], best[2]) if best else None

    def _longest(self, node: str, target: Address) -> Attachment | None:
        found = [(net.prefixlen, each) for each in self._at[node] for net in each.networks if target in net]
        return max(found, key=lambda pair: pair[0])[1] if found else None


def _forwarding(model: LabModel) -> Iterator[str]:
    yield from (host.name for host in model.hosts if host.forwarding)
    yield from (vm.name for _, vm in model.vms() if vm.forwarding)
    yield from (network.router.name for network in model.networks if network.router)


def _published(model: LabModel, version: int) -> Iterator[tuple[Network, Address]]:
    for network in model.networks:
        router = network.router
        outside = router.outside.of_version(version) if router else None
        if router and outside and not (router.nat and version == 4):
            for subnet in network.subnets:
                if subnet.version == version:
                    yield subnet, outside.ip


def _attachment(  # noqa: PLR0913 - what an interface is to IP
    each: IpInterface,
    segment: Segment,
    version: int,
    link: tuple[Network, ...],
    translates: bool,
    virtual: Interface | None,
) -> Attachment:
    found = tuple(address for address in each.ip.addresses if address.version == version)
    shared = (virtual.ip,) if virtual else ()
    more = [net for net in link if net.version == version] if found else []
    return Attachment(
        node=each.node,
        label=each.label,
        segment=segment,
        interfaces=found,
        addresses=frozenset((*(address.ip for address in found), *shared)),
        networks=tuple(dict.fromkeys([*(address.network for address in found), *more])),
        gateway=each.ip.gateway(version) if found else None,
        routes=tuple(route for route in each.ip.routes if route.destination.version == version) if found else (),
        translates=translates,
        vlan=each.tagging,
        mac=each.sends_from,
        acls=each.acls,
        extended_acls=each.extended_acls,
        shared_mac=each.shared_mac,
        virtual=virtual.ip if virtual else None,
        virtual_mac=each.mac_for(virtual.ip) if virtual else "",
    )


def have_one_mac(one: Attachment, other: Attachment) -> bool:
    """Tell whether two interfaces are nodes of one load-balancing cluster in unicast mode: they have one address."""
    return bool(one.shared_mac) and one.shared_mac == other.shared_mac


def _hear_each_other(one: Tagging, other: Tagging) -> bool:
    if one == other == UNTAGGED:
        return True
    mine, theirs = one.membership(), other.membership()
    return contains(theirs.untagged, mine.sends) and contains(mine.untagged, theirs.sends)


def _denied(step: Step, ends: tuple[Address, Address], protocol: int, ports: Ports, reply: bool) -> Denial | None:
    """Return which of the two adapters of a step stops a packet, or the question or answer for its MAC address."""
    out, into = step.out, step.into
    mac = into.mac_for(step.next_hop)
    (source, target), (source_port, target_port) = ends, ports
    for at, direction, remote_mac, packet in (
        (out, OUTBOUND, into.mac, Packet(source, target, out.mac, mac, protocol, source_port, target_port)),
        (into, INBOUND, out.mac, Packet(target, source, mac, out.mac, protocol, target_port, source_port)),
    ):
        if at.acls or at.extended_acls:
            resolution = Packet(None, None, at.mac, remote_mac)
            entry = denies(at.acls, at.extended_acls, direction, packet, answer=reply)
            entry = entry or denies(at.acls, (), direction.other, resolution)
            if entry:
                return Denial(at, entry)
    return None


def vlans_apart(one: Tagging, other: Tagging) -> str:
    """Say that two VLAN or isolation settings keep their adapters apart."""
    if why := obstacle(one) or obstacle(other):
        return why
    private = all(isinstance(each, VlanSettings) and each.mode.is_private for each in (one, other))
    named = [f"isolation {each}" if isinstance(each, IsolationSettings) else str(each) for each in (one, other)]
    return f"{'private ' if private else ''}VLAN settings keep the two apart: {' and '.join(named)}"


def _strong(at: Attachment, target: Address, has: Attachment) -> str:
    return (
        f'"{at.node}" takes nothing for {target} at {at.label}: the address belongs to {has.label}, '
        "and a Windows machine accepts at an interface only what is for that interface (strong host model)"
    )
