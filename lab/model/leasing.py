"""The oracle for DHCP: from which servers a client can get a lease, and which address; predicted from the model alone.

>>> prospects(model)["client1/Network Adapter"]
(Prospect(server='dhcp1', scope=DhcpScope(...), ranges=(DhcpRange(...),)),)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

from lab.model.acl import UDP
from lab.model.addresses import Address, Interface
from lab.model.dhcp import DhcpRange, DhcpScope
from lab.model.endpoints import Endpoint, endpoints
from lab.model.frames import Content, FrameOracle
from lab.model.interfaces import IpInterface, interfaces
from lab.model.objects import LabModel, VirtualMachine
from lab.model.reachability import Oracle
from lab.model.serving import scope_of, served

_NOBODY: Final = IPv4Address("0.0.0.0")
_EVERYBODY: Final = IPv4Address("255.255.255.255")
_SERVER_PORT, _CLIENT_PORT = 67, 68
LINK_LOCAL: Final = DhcpRange(IPv4Address("169.254.1.0"), IPv4Address("169.254.254.255"))
"""The addresses that a client takes without a server (RFC 3927)."""


@dataclass(frozen=True, slots=True)
class Prospect:
    """A server that a client can get a lease from, and the addresses, of which it gets one.

    ``server`` is a VM, or the host of a Default Switch.
    """

    server: str
    scope: DhcpScope
    ranges: tuple[DhcpRange, ...]

    def __contains__(self, address: IPv4Address) -> bool:
        return any(address in each for each in self.ranges)


def prospects(model: LabModel) -> dict[str, tuple[Prospect, ...]]:
    """Return, for each DHCP client that runs, whom it can get a lease from; by the full names of its adapters."""
    everything = tuple(interfaces(model))
    clients = [each for each in everything if each.ip.dhcp and each.up]
    if not clients:
        return {}
    frames, found = FrameOracle(model), _Servers(model, everything)
    return {each.full_name: tuple(found.of(each, frames)) for each in clients}


class _Servers:
    """The DHCP servers and relay agents of a lab, by their adapters."""

    def __init__(self, model: LabModel, everything: tuple[IpInterface, ...]) -> None:
        self._model = model
        self._hosts = {host.name: host for host in model.hosts}
        self._vms: dict[str, VirtualMachine] = {vm.name: vm for _, vm in model.vms() if vm.running}
        self._adapters = {each.full_name: each for each in everything}
        ends = ((each.address(4), each) for each in endpoints(model) if each.up)
        self._ends: dict[Address | None, Endpoint] = dict(ends)
        self._oracle = Oracle(model, 4)

    def of(self, client: IpInterface, frames: FrameOracle) -> Iterator[Prospect]:
        discover = Content(_NOBODY, _EVERYBODY, UDP, _CLIENT_PORT, _SERVER_PORT)
        for name in sorted(frames.receivers(client.full_name, discover)):
            adapter = self._adapters[name]
            own = adapter.ip.of_version(4)
            shared = self._shared(adapter, own)
            if not isinstance(own, IPv4Interface) or not (shared or adapter.node in self._vms):
                continue
            offer = Content(own.ip, _EVERYBODY, UDP, _SERVER_PORT, _CLIENT_PORT)
            if client.full_name not in frames.receivers(name, offer):
                continue
            if shared:
                yield Prospect(adapter.node, shared, tuple(shared.ranges()))
            else:
                for server in self._behind(adapter.node, own):
                    yield from self._scopes(server, own, client)

    def _shared(self, adapter: IpInterface, own: Interface | None) -> DhcpScope | None:
        """Return what the switch itself leases in the name of an adapter, None if that is not one of such a switch."""
        host = self._hosts.get(adapter.node)
        return scope_of(host) if host and own is not None and own == host.default_address else None

    def _behind(self, node: str, own: IPv4Interface) -> Iterator[str]:
        """Yield the servers that answer at a VM's address: itself, or those that it is a relay agent for."""
        vm = self._vms[node]
        if vm.dhcp_server:
            yield node
        for address in vm.dhcp_relay:
            here, there = self._ends.get(own.ip), self._ends.get(address)
            server = self._vms.get(there.node) if there else None
            reached = here and there and self._oracle.predict(there, here).pings
            if address not in own.network and server and server.dhcp_server and reached:
                yield server.name

    def _scopes(self, server: str, own: IPv4Interface, client: IpInterface) -> Iterator[Prospect]:
        for scope in served(self._model, server):
            if scope.active and own.ip in scope.subnet:
                reservation = scope.reservation(client.mac)
                ranges = (DhcpRange(reservation.ip, reservation.ip),) if reservation else tuple(scope.ranges())
                yield Prospect(server, scope, ranges)
