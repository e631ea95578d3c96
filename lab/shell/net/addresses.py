"""The IP addresses and routes that a machine has: those in its description, and those that it was given by others."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv6Interface, ip_interface, ip_network
from typing import Final

from lab.model.addresses import Address, Interface, Network
from lab.shell.net.interfaces import InterfaceRef, NetInterface, interfaces_of
from lab.shell.place import Machine, Place

LOOPBACK: Final = "Loopback Pseudo-Interface 1"
LOOPBACK_INDEX: Final = 1
LOOPBACK_METRIC: Final = 75

ANYWHERE: Final = {4: ip_network("0.0.0.0/0"), 6: ip_network("::/0")}
ON_LINK: Final = {4: "0.0.0.0", 6: "::"}

MANUAL, DHCP, ADVERTISED, WELL_KNOWN = "Manual", "Dhcp", "RouterAdvertisement", "WellKnown"


@dataclass(frozen=True, slots=True)
class IpAddress:
    """An address of an interface; ``origin`` and ``suffix`` say where it comes from. ``on`` is None for loopback."""

    on: NetInterface | None
    address: Interface
    origin: str = MANUAL
    suffix: str = MANUAL
    interface: InterfaceRef | None = None

    @property
    def alias(self) -> str:
        return self.on.alias if self.on else LOOPBACK

    @property
    def index(self) -> int:
        return self.on.index if self.on else LOOPBACK_INDEX

    @property
    def family(self) -> str:
        return f"IPv{self.address.version}"

    @property
    def usable(self) -> bool:
        return self.on is None or self.on.up


@dataclass(frozen=True, slots=True)
class IpRoute:
    """A route of an interface. ``protocol``: NetMgmt is one that somebody has set, Local follows from an address."""

    on: NetInterface | None
    destination: Network
    next_hop: str
    metric: int = 256
    protocol: str = "NetMgmt"
    interface: InterfaceRef | None = None

    @property
    def alias(self) -> str:
        return self.on.alias if self.on else LOOPBACK

    @property
    def index(self) -> int:
        return self.on.index if self.on else LOOPBACK_INDEX

    @property
    def family(self) -> str:
        return f"IPv{self.destination.version}"


def with_leases(
    place: Place, machine: Machine, *, settled: bool = True
) -> list[tuple[NetInterface, NetInterface]]:  # fmt: skip
    """Return the interfaces of a machine that have TCP/IP, each as it is described and as it is with its leases."""
    mine = [each for each in interfaces_of(place, machine) if each.has_ip]
    if not any(each.own.dhcp or each.own.auto for each in mine):
        return [(each, each) for each in mine]
    leased = {each.key: each for each in interfaces_of(place, machine, place.leased(settled=settled))}
    return [(each, leased.get(each.key, each)) for each in mine]


def addresses_of(place: Place, machine: Machine, *, settled: bool = True) -> list[IpAddress]:
    """Return the addresses of a machine, with those of its loopback interface at the end; IPv6 first, as Windows."""
    pairs = with_leases(place, machine, settled=settled)
    found = [address for pair in pairs for address in _of(place, machine, *pair)]
    loopback = (IpAddress(None, ip_interface(text), WELL_KNOWN, WELL_KNOWN) for text in ("::1/128", "127.0.0.1/8"))
    return sorted([*found, *loopback], key=lambda each: -each.address.version)


def _of(place: Place, machine: Machine, own: NetInterface, leased: NetInterface) -> Iterator[IpAddress]:
    ref = own.at(place, machine)
    for address in leased.own.addresses:
        if address in own.own.addresses:
            yield IpAddress(own, address, interface=ref)
        elif isinstance(address, IPv6Interface):
            yield IpAddress(own, address, ADVERTISED, "Link", interface=ref)
        elif address.is_link_local:
            yield IpAddress(own, address, WELL_KNOWN, "Link", interface=ref)
        else:
            yield IpAddress(own, address, DHCP, DHCP, interface=ref)


def metric_of(interface: NetInterface | None) -> int:
    """Return the metric of an interface: what is set, or what Windows takes for one of its speed."""
    if interface is None:
        return LOOPBACK_METRIC
    set_to = interface.kept("InterfaceMetric")
    if set_to is not None:
        return int(set_to)
    speed = interface.speed_bps
    return next((metric for least, metric in _METRICS if speed >= least), 50)


_METRICS: Final = ((10_000_000_000, 15), (1_000_000_000, 25), (100_000_000, 35), (10_000_000, 45))


def routes_of(place: Place, machine: Machine) -> list[IpRoute]:
    """Return the routes of a machine: those that are set, and those that follow from its addresses."""
    found: list[IpRoute] = []
    for own, leased in with_leases(place, machine):
        ref = own.at(place, machine)
        metrics = own.kept("RouteMetrics", {})
        for gateway in (*leased.own.gateways, *own.idle.gateways):
            to = ANYWHERE[gateway.version]
            leases = gateway not in own.own.gateways and gateway not in own.idle.gateways
            metric = 0 if leases else metrics.get(f"{to} {gateway}", 256)
            found.append(IpRoute(own, to, str(gateway), metric, "Dhcp" if leases else "NetMgmt", ref))
        for route in (*own.own.routes, *own.idle.routes):
            metric = metrics.get(f"{route.destination} {route.next_hop}", 256)
            found.append(IpRoute(own, route.destination, str(route.next_hop), metric, interface=ref))
        found += _local(own, leased.own.addresses) if own.up else []
    found += _local(None, (ip_interface("127.0.0.1/8"), ip_interface("::1/128")))
    return sorted(found, key=lambda each: (-each.destination.version, *_order(each)))


def _order(route: IpRoute) -> tuple[int, int]:
    return -int(route.destination.network_address), -route.destination.prefixlen


def _local(on: NetInterface | None, addresses: tuple[Interface, ...]) -> Iterator[IpRoute]:
    versions = sorted({each.version for each in addresses})
    for each in addresses:
        texts = {str(each.network), str(each.ip)}
        if isinstance(each, IPv4Interface) and each.network.prefixlen < 31:
            texts.add(str(each.network.broadcast_address))
        for network in sorted({ip_network(text) for text in texts}, key=str):
            yield IpRoute(on, network, ON_LINK[each.version], protocol="Local")
    for version in versions:
        for text in ("224.0.0.0/4", "255.255.255.255/32") if version == 4 else ("ff00::/8",):
            yield IpRoute(on, ip_network(text), ON_LINK[version], protocol="Local")


def gateway_of(place: Place, machine: Machine, interface: NetInterface, version: int) -> Address | None:
    """Return the gateway that an interface uses, if it has one."""
    pairs = with_leases(place, machine)
    leased = next((leased for own, leased in pairs if own.key == interface.key), None)
    return leased.own.gateway(version) if leased else None
