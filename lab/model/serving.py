"""What machines serve to those beside them: the scopes of DHCP servers, and the prefixes of routers.

Apart from the oracles of leases and addresses, which every command would have to wait for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Interface, IPv6Network

from lab.model.advertising import RouterAdvertisements
from lab.model.default_switch import DEFAULT_SWITCH, LEASE_S
from lab.model.dhcp import DhcpScope
from lab.model.dhcp6 import DhcpScope6
from lab.model.interfaces import IpInterface
from lab.model.objects import HypervHost, LabModel


@dataclass(frozen=True, slots=True)
class Advertiser:
    """An interface by which a machine advertises itself, and the prefixes that it tells."""

    interface: IpInterface
    settings: RouterAdvertisements
    prefixes: tuple[IPv6Network, ...]


def served(model: LabModel, name: str) -> tuple[DhcpScope, ...]:
    """Return the scopes that the DHCP server of a VM serves: its own, and those it has got from a failover partner."""
    own: tuple[DhcpScope, ...] = ()
    for _, vm in model.vms():
        server = vm.dhcp_server
        if server and vm.name == name:
            own = (*own, *server.scopes)
        if server and server.failover and server.failover.partner == name:
            own = (*own, *server.failover.replicated)
    return own


def scope_of(host: HypervHost) -> DhcpScope | None:
    """Return what a host's Default Switch leases, as a scope of a DHCP server; None if it has no such switch."""
    subnet = host.default_subnet
    if subnet is None:
        return None
    return DhcpScope(subnet, subnet[2], subnet[-2], name=DEFAULT_SWITCH, lease_duration_s=LEASE_S)


def advertisers(model: LabModel, everything: tuple[IpInterface, ...]) -> Iterator[Advertiser]:
    """Yield the interfaces, of `everything`, by which running machines advertise themselves: those with IPv6.

    A router of a physical network does so there only, and an interface that a switch has taken has no IPv6.
    """
    known = dict(_settings(model))
    for each in everything:
        settings = known.get(each.node)
        if (
            settings is None
            or each.bound_to
            or not each.up
            or (settings.adapters and each.label not in settings.adapters)
        ):
            continue
        prefixes = {found.network: None for found in each.ip.addresses if isinstance(found, IPv6Interface)}
        if prefixes and each.label != "outside":
            yield Advertiser(each, settings, tuple(prefixes))


def _settings(model: LabModel) -> Iterator[tuple[str, RouterAdvertisements]]:
    for host in model.hosts:
        if host.router_advertisements:
            yield host.name, host.router_advertisements
    for _, vm in model.vms():
        if vm.running and vm.has_system and vm.router_advertisements:
            yield vm.name, vm.router_advertisements
    for network in model.networks:
        if network.router and network.router.advertisements:
            yield network.router.name, network.router.advertisements


def scopes6(model: LabModel, name: str) -> tuple[DhcpScope6, ...]:
    """Return the scopes of IPv6 that the DHCP server of a VM has."""
    servers = (vm.dhcp_server for _, vm in model.vms() if vm.name == name)
    return next((server.scopes6 for server in servers if server), ())


def in_scope(interface: IpInterface, scope: DhcpScope6) -> bool:
    """Tell whether a server serves a scope at an interface: it has an address of the scope's prefix there."""
    return any(isinstance(each, IPv6Interface) and each.ip in scope.prefix for each in interface.ip.addresses)


def served_at(everything: tuple[IpInterface, ...], name: str, scopes: tuple[DhcpScope6, ...]) -> dict[DhcpScope6, str]:
    """Return the device at which a server serves each of its scopes; not those that it serves nowhere."""
    mine = [each for each in everything if each.node == name]
    found = ((scope, next((each.device for each in mine if in_scope(each, scope)), "")) for scope in scopes)
    return {scope: device for scope, device in found if device}
