"""The oracle for IPv6 addresses: which prefixes a client hears of from which routers, and who leases it an address.

Predicted from the model alone, as for IPv4 in :mod:`lab.model.leasing`.

>>> prospects6(model)["client1/Network Adapter"]
Prospect6(routers=('router1/Network Adapter',), prefixes=(IPv6Network('fd00:1::/64'),), servers=())
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

from lab.model.acl import ICMP, UDP
from lab.model.advertising import AUTOCONFIGURED_LENGTH, link_local
from lab.model.dhcp6 import DhcpRange6, DhcpScope6, duid_of_mac
from lab.model.frames import Content, FrameOracle
from lab.model.interfaces import IpInterface, interfaces
from lab.model.objects import LabModel
from lab.model.serving import Advertiser, advertisers, in_scope, scopes6

_ALL_NODES: Final = IPv6Address("ff02::1")
_ALL_SERVERS: Final = IPv6Address("ff02::1:2")
_ANY_LINK_LOCAL: Final = IPv6Address("fe80::1")
_SERVER_PORT, _CLIENT_PORT, _ADVERTISEMENT = 547, 546, 134


@dataclass(frozen=True, slots=True)
class Server6:
    """A server that a client can get an address from, and the addresses, of which it gets one."""

    name: str
    scope: DhcpScope6
    ranges: tuple[DhcpRange6, ...]

    def __contains__(self, address: IPv6Address) -> bool:
        return any(address in each for each in self.ranges)


@dataclass(frozen=True, slots=True)
class Prospect6:
    """What a client can get: of every prefix in ``prefixes`` an address of its own making, of one server another.

    ``routers`` are those that it hears of, ``gateways`` those of them that lead to everywhere else. ``managed`` and
    ``other`` say whether any of them tells it to ask DHCPv6 servers. ``servers`` is empty where it is not to lease.
    """

    routers: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    prefixes: tuple[IPv6Network, ...] = ()
    managed: bool = False
    other: bool = False
    servers: tuple[Server6, ...] = ()


def prospects6(model: LabModel) -> dict[str, Prospect6]:
    """Return, for each client of routers' advertisements that runs, what it can get; by its adapter's full name."""
    everything = tuple(interfaces(model))
    clients = [each for each in everything if each.ip.auto and each.up]
    if not clients:
        return {}
    frames = FrameOracle(model)
    heard: dict[str, list[Advertiser]] = {each.full_name: [] for each in clients}
    for router in advertisers(model, everything):
        content = Content(_source(router.interface), _ALL_NODES, ICMP[6], icmp_type=_ADVERTISEMENT)
        for name in frames.receivers(router.interface.full_name, content) & heard.keys():
            heard[name].append(router)
    return {each.full_name: _prospect(model, everything, frames, each, heard[each.full_name]) for each in clients}


def _prospect(
    model: LabModel, everything: tuple[IpInterface, ...], frames: FrameOracle, client: IpInterface,
    heard: list[Advertiser],
) -> Prospect6:  # fmt: skip
    prefixes = {
        prefix: None
        for router in heard
        for prefix in router.prefixes
        if router.settings.autonomous and prefix.prefixlen == AUTOCONFIGURED_LENGTH
    }
    managed = any(router.settings.managed for router in heard)
    return Prospect6(
        tuple(router.interface.full_name for router in heard),
        tuple(router.interface.full_name for router in heard if router.settings.default_route),
        tuple(prefixes),
        managed,
        any(router.settings.other for router in heard),
        tuple(_servers(model, everything, frames, client)) if managed else (),
    )


def _servers(
    model: LabModel, everything: tuple[IpInterface, ...], frames: FrameOracle, client: IpInterface
) -> Iterator[Server6]:
    solicit = Content(_source(client), _ALL_SERVERS, UDP, _CLIENT_PORT, _SERVER_PORT)
    reached = frames.receivers(client.full_name, solicit)
    running = {vm.name for _, vm in model.vms() if vm.running and vm.has_system}
    for each in everything:
        if each.full_name not in reached or each.node not in running:
            continue
        answer = Content(_source(each), _source(client), UDP, _SERVER_PORT, _CLIENT_PORT)
        if client.full_name not in frames.receivers(each.full_name, answer, client.full_name):
            continue
        for scope in scopes6(model, each.node):
            if scope.active and in_scope(each, scope):
                reserved = scope.reservation(duid_of_mac(client.mac)) if client.mac else None
                ranges = (DhcpRange6(reserved.ip, reserved.ip),) if reserved else tuple(scope.ranges())
                yield Server6(each.node, scope, ranges)


def _source(interface: IpInterface) -> IPv6Address:
    """Return the address that an adapter sends from, as far as it is known before the lab gives out MAC addresses."""
    return link_local(interface.mac) if interface.mac else _ANY_LINK_LOCAL
