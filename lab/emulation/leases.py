"""What the clients of machines have got: their addresses are the kernel's word, the rest is the guest's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

from lab.emulation import guest_files, leases6
from lab.emulation.netlink import MAIN_TABLE, Conversation
from lab.emulation.netns import network_of
from lab.emulation.services import CLIENT_FOLDER
from lab.engine.leased import ClientLease, Lease
from lab.engine.resources import Program, Service

_ANYWHERE: Final = "0.0.0.0/0"


def read(services: Iterable[Service], pids: Mapping[str, int]) -> tuple[Lease, ...]:
    """Return what each client among the services has; ``pids``: a process of each machine. Inside the pod only."""
    everything = [each for each in services if each.node in pids]
    clients = (each for each in everything if each.program is Program.DHCP_CLIENT)
    found = tuple(_read(each.node, each.device, pids[each.node]) for each in clients)
    return (*found, *leases6.read(everything, pids))


def _read(node: str, device: str, pid: int) -> ClientLease:
    with network_of(pid), Conversation() as kernel:
        index = next((link.index for link in kernel.links() if link.name == device), 0)
        texts = [address for at, address in kernel.addresses() if at == index and ":" not in address]
        routes = [
            route.via
            for route in kernel.routes(4)
            if route.index == index and route.table == MAIN_TABLE and route.destination == _ANYWHERE and route.via
        ]
    said = guest_files.settings(pid, f"{CLIENT_FOLDER}/{device}")
    address = IPv4Interface(texts[0]) if texts else None
    return ClientLease(
        node,
        device,
        said.get("state", "unconfigured") if address else "unconfigured",
        address,
        IPv4Address(routes[0]) if routes else None,
        said.get("server", ""),
        said.get("dns", ""),
        said.get("domain", ""),
        int(guest_files.seconds(said.get("lease", ""))),
        guest_files.seconds(said.get("obtained", "")),
    )
