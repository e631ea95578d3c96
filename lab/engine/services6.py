"""The services of IPv6, as the model asks for them: routers' advertisements, clients of those, DHCPv6 servers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator

from lab.engine.advertising_config import configuration as advertising
from lab.engine.dhcp6_config import configuration
from lab.engine.resources import Program, Service
from lab.model.interfaces import IpInterface
from lab.model.names import host_name
from lab.model.objects import LabModel
from lab.model.serving import Advertiser, advertisers, served_at

_FIRST_TABLE = 30000
"""The number of the first routing table of clients, one for each adapter of a machine and each version of IP."""


def client_table(client: IpInterface, adapters: int, forwarding: Collection[str]) -> int:
    """Return the routing table of a client of a machine that has some adapters; 0 where the main one does."""
    strong = adapters > 1 and client.node not in forwarding
    return _FIRST_TABLE + int(client.device.removeprefix("eth") or 0) if strong else 0


def services6(model: LabModel, everything: tuple[IpInterface, ...], forwarding: Collection[str]) -> Iterator[Service]:
    """Yield what machines that run are to run for IPv6."""
    for _, vm in model.vms():
        if vm.running and vm.has_system and vm.dhcp_server and vm.dhcp_server.scopes6:
            devices = served_at(everything, vm.name, vm.dhcp_server.scopes6)
            text = configuration(vm.name, vm.dhcp_server.scopes6, devices)
            yield Service(vm.name, Program.DHCP6_SERVER, "DHCPv6 server", files=(("dhcp6.json", text),))
    routers: dict[str, list[Advertiser]] = {}
    for each in advertisers(model, everything):
        routers.setdefault(each.interface.node, []).append(each)
    for node, mine in routers.items():
        files = (("radvd.conf", advertising(mine)),)
        yield Service(node, Program.ROUTER_ADVERTISEMENTS, "router advertisements", files=files)
    yield from _clients(everything, forwarding)


def _clients(everything: tuple[IpInterface, ...], forwarding: Collection[str]) -> Iterator[Service]:
    count = Counter(each.node for each in everything)
    for each in everything:
        if each.ip.auto and each.usable and not each.made_by_guest:
            # What it makes of its MAC address, and is leased for it, goes with that address.
            table = client_table(each, count[each.node], forwarding)
            told = {"host_name": host_name(each.node), "mac": each.mac, "table": str(table)}
            yield Service(
                each.node,
                Program.IPV6_CLIENT,
                f'IPv6 client on "{each.label}"',
                each.device,
                settings=tuple(sorted(told.items())),
                place=str(each.segment or ""),
            )
