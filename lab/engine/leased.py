"""A lab as it is while its clients have the addresses that they have got, by DHCP and from routers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface

from lab.engine.resources import Blueprint
from lab.model.addresses import Address, Interface, IpSettings
from lab.model.objects import LabModel, NetworkAdapter, VirtualMachine


@dataclass(frozen=True, slots=True)
class ClientLease:
    """What a DHCP client has got, on the device of a machine.

    ``state``: "leased"; "autoconfigured", when nobody has answered and it has taken an address of 169.254/16;
    "unconfigured", when it has none. ``lease_s`` and ``obtained`` are the lease's length and its beginning, in seconds
    (of the epoch); texts are the server's words.
    """

    node: str
    device: str
    state: str = "unconfigured"
    address: IPv4Interface | None = None
    gateway: IPv4Address | None = None
    server: str = ""
    dns: str = ""
    domain: str = ""
    lease_s: int = 0
    obtained: float = 0.0

    @property
    def told(self) -> str:
        """Return it in words, for an adapter's status."""
        if self.state == "leased":
            return f"leased from {self.server}"
        if self.state == "autoconfigured":
            return "no DHCP server answered: automatic private address"
        return "no lease yet"

    @property
    def addresses(self) -> tuple[Interface, ...]:
        """What it has got, as addresses of its adapter."""
        return (self.address,) if self.address else ()

    @property
    def gateways(self) -> tuple[Address, ...]:
        """The gateways that it has got."""
        return (self.gateway,) if self.gateway else ()


@dataclass(frozen=True, slots=True)
class ClientLease6:
    """What a client has got of IPv6, on the device of a machine.

    ``addresses``: a leased one comes first, deprecated ones last; their prefix lengths are those of the subnets that
    are on the link. ``leased`` is the one that ``server`` has leased it, for ``lease_s`` seconds. ``routers`` are the
    routers that it has heard of, ``gateways`` addresses of those that it sends by. ``managed`` and ``other``: a router
    has told it to ask a DHCPv6 server for addresses, or for everything else. ``heard`` and ``obtained`` are the times
    of the last advertisement and of the last answer of a server, in seconds since the computer was started.
    """

    node: str
    device: str
    addresses: tuple[IPv6Interface, ...] = ()
    gateways: tuple[IPv6Address, ...] = ()
    routers: tuple[str, ...] = ()
    managed: bool = False
    other: bool = False
    leased: IPv6Address | None = None
    server: str = ""
    dns: str = ""
    domain: str = ""
    lease_s: int = 0
    heard: float = 0.0
    obtained: float = 0.0

    @property
    def told(self) -> str:
        """Return it in words, for an adapter's status."""
        if not self.heard:
            return "no router advertises IPv6"
        words = []
        if self.leased:
            words.append(f"IPv6 leased from {self.server}")
        elif self.managed:
            words.append("no lease of a DHCPv6 server yet")
        if self.routers and any(each.ip != self.leased for each in self.addresses):
            words.append(f"IPv6 of prefixes of {', '.join(self.routers)}")
        return ", ".join(words) or "IPv6 has no prefix to make addresses of"


Lease = ClientLease | ClientLease6
_Found = Mapping[tuple[str, str], tuple[Lease, ...]]


def _by_device(leases: Iterable[Lease]) -> dict[tuple[str, str], tuple[Lease, ...]]:
    """Return the leases with addresses, by node and device."""
    found: dict[tuple[str, str], tuple[Lease, ...]] = {}
    for each in leases:
        if each.addresses:
            found[each.node, each.device] = (*found.get((each.node, each.device), ()), each)
    return found


def leased(model: LabModel, leases: Iterable[Lease]) -> LabModel:
    """Return the model with the addresses that clients have got, where they have."""
    found = _by_device(leases)
    if not found:
        return model
    hosts = tuple(replace(host, vms=tuple(_vm(vm, found) for vm in host.vms)) for host in model.hosts)
    networks = tuple(
        replace(
            network,
            computers=tuple(
                replace(each, ip=_settings(each.ip, found.get((each.name, "eth0"), ()))) for each in network.computers
            ),
        )
        for network in model.networks
    )
    return replace(model, hosts=hosts, networks=networks)


def with_addresses(blueprint: Blueprint, leases: Iterable[Lease]) -> Blueprint:
    """Return a blueprint whose interfaces have the addresses that clients have got, too."""
    found = _by_device(leases)
    got = {place: tuple(str(address) for each in mine for address in each.addresses) for place, mine in found.items()}
    interfaces = (
        replace(each, addresses=(*got[each.node, each.device], *each.addresses))
        if (each.node, each.device) in got
        else each
        for each in blueprint.interfaces
    )
    return replace(blueprint, interfaces=tuple(interfaces)) if got else blueprint


def _vm(vm: VirtualMachine, found: _Found) -> VirtualMachine:
    adapters = tuple(_adapter(each, found.get((vm.name, f"eth{at}"), ())) for at, each in enumerate(vm.adapters))
    return vm if adapters == vm.adapters else replace(vm, adapters=adapters)


def _adapter(adapter: NetworkAdapter, leases: tuple[Lease, ...]) -> NetworkAdapter:
    return replace(adapter, ip=_settings(adapter.ip, leases)) if adapter.ip else adapter


def _settings(ip: IpSettings, leases: tuple[Lease, ...]) -> IpSettings:
    for each in leases:
        six = isinstance(each, ClientLease6)
        if ip.auto if six else ip.dhcp:
            addresses = (*each.addresses, *ip.addresses) if not six else (*ip.addresses, *each.addresses)
            # One gateway of each version: the kernel uses the first of several routers while that is there.
            gateways = (*ip.gateways, *each.gateways[:1])
            ip = replace(ip, addresses=addresses, gateways=gateways, dhcp=ip.dhcp and six, auto=ip.auto and not six)
    return ip
