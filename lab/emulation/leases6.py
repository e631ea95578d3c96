"""What the IPv6 clients of machines have got: addresses and routes are the kernel's word, the rest the guest's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Interface, IPv6Network, ip_address
from typing import Final

from lab.emulation import guest_files
from lab.emulation.netlink import MAIN_TABLE, Conversation
from lab.emulation.netns import network_of
from lab.emulation.services import CLIENT6_FOLDER
from lab.engine.dhcp6_config import server_duid
from lab.engine.leased import ClientLease6
from lab.engine.resources import Program, Service

_ANYWHERE: Final = "::/0"
_DEPRECATED, _ROUTED, _LINK = 0x20, 0x00, 0x20
_HOST: Final = 128


@dataclass(frozen=True, slots=True)
class _Address:
    """An address that the kernel has given to a device: with its prefix length, its scope and its flags."""

    device: str
    interface: IPv6Interface
    scope: int
    flags: int


def read(services: Iterable[Service], pids: Mapping[str, int]) -> tuple[ClientLease6, ...]:
    """Return what each IPv6 client among the services has; ``pids``: a process of each machine. Inside the pod only.

    ``services`` are all that run: routers and servers are known by them.
    """
    everything = tuple(services)
    clients = [each for each in everything if each.program is Program.IPV6_CLIENT]
    if not clients:
        return ()
    routers = _Routers(everything, pids)
    servers = {server_duid(each.node): each.node for each in everything if each.program is Program.DHCP6_SERVER}
    return tuple(_read(each, pids[each.node], routers, servers) for each in clients)


def _read(client: Service, pid: int, routers: _Routers, servers: Mapping[str, str]) -> ClientLease6:
    said = guest_files.settings(pid, f"{CLIENT6_FOLDER}/{client.device}")
    gateways, on_link = _routes(pid, client.device)
    mine = [each for each in _addresses(pid) if each.device == client.device and each.scope == _ROUTED]
    leased = _as_address(said.get("leased", ""))
    ordered = sorted(mine, key=lambda each: (bool(each.flags & _DEPRECATED), each.interface.ip != leased))
    found = [_in_subnet(each.interface, on_link) for each in ordered]
    there = leased if any(each.ip == leased for each in found) else None
    duid = _digits(said.get("server_id", "")) if there or said.get("obtained") else ""
    heard = [address for text in said.get("routers", "").split() if (address := _as_address(text))]
    return ClientLease6(
        client.node,
        client.device,
        tuple(found),
        tuple(address for each in gateways if (address := routers.address(each))),
        tuple(routers.name(each) for each in heard),
        said.get("managed") == "yes",
        said.get("other") == "yes",
        there,
        servers.get(duid, duid),
        said.get("dns", ""),
        said.get("domain", "").rstrip("."),
        int(guest_files.seconds(said.get("lease", ""))) if there else 0,
        guest_files.seconds(said.get("heard", "")),
        guest_files.seconds(said.get("obtained", "")),
    )


def _routes(pid: int, device: str) -> tuple[list[IPv6Address], list[IPv6Network]]:
    """Return the routers that a device's default routes lead to, and the subnets that are on its link."""
    with network_of(pid), Conversation() as kernel:
        index = next((link.index for link in kernel.links() if link.name == device), 0)
        routes = [each for each in kernel.routes(6) if each.index == index and each.table == MAIN_TABLE]
    gateways = [IPv6Address(each.via) for each in routes if each.destination == _ANYWHERE and each.via]
    subnets = [IPv6Network(each.destination) for each in routes if not each.via]
    return gateways, [each for each in subnets if 0 < each.prefixlen < _HOST and not each.is_link_local]


def _in_subnet(address: IPv6Interface, on_link: Iterable[IPv6Network]) -> IPv6Interface:
    """Return an address with the length of its subnet: a leased one has none of its own (RFC 8415, 18.2.10.1)."""
    lengths = [each.prefixlen for each in on_link if address.ip in each]
    return IPv6Interface((address.ip, min([address.network.prefixlen, *lengths])))


def _addresses(pid: int) -> Iterator[_Address]:
    with contextlib.suppress(OSError), open(f"/proc/{pid}/net/if_inet6") as file:  # the machine may have ended
        for digits, _, length, scope, flags, device in map(str.split, file):
            interface = IPv6Interface((int(digits, 16), int(length, 16)))
            yield _Address(device, interface, int(scope, 16), int(flags, 16))


def _as_address(text: str) -> IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    return found if isinstance(found, IPv6Address) else None


def _digits(duid: str) -> str:
    """Return a DUID as two digits for each octet, where dhclient writes the octets without leading zeros."""
    parts = duid.split(":")
    return "".join(each.zfill(2) for each in parts) if all(0 < len(each) <= 2 for each in parts) else ""


class _Routers:
    """The machines that clients send by, known by the addresses that they have for their own links."""

    def __init__(self, services: Iterable[Service], pids: Mapping[str, int]) -> None:
        self._pids = pids
        self._known: dict[IPv6Address, tuple[str, IPv6Address | None]] = {}
        self._complete = False
        self._learn(each.node for each in services if each.program is Program.ROUTER_ADVERTISEMENTS)

    def address(self, router: IPv6Address) -> IPv6Address | None:
        """Return an address that others know a router by, None if it has none on that link."""
        return self._find(router)[1]

    def name(self, router: IPv6Address) -> str:
        """Return the name of a router, or its address if no machine of the lab has that."""
        return self._find(router)[0]

    def _find(self, router: IPv6Address) -> tuple[str, IPv6Address | None]:
        if router not in self._known and not self._complete:
            self._complete = True  # somebody's own program advertises it
            self._learn(name for name in self._pids if "@" not in name)
        return self._known.get(router, (str(router), None))

    def _learn(self, nodes: Iterable[str]) -> None:
        for node in nodes:
            mine = list(_addresses(self._pids[node]))
            for each in mine:
                if each.scope == _LINK:
                    near = (a.interface.ip for a in mine if a.device == each.device and a.scope == _ROUTED)
                    self._known.setdefault(each.interface.ip, (node, next(near, None)))
