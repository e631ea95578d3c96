"""DHCP that no server could give, and no client could get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import pairwise

from lab.errors import ErrorRecord
from lab.model.addresses import NO_IP, IpSettings
from lab.model.dhcp import DhcpFailover, DhcpPolicy, DhcpRange, DhcpScope, DhcpServer
from lab.model.names import quoted, vethernet, vlan_interface_name
from lab.model.objects import LabModel, VirtualMachine
from lab.model.rules.mistakes import known, mistake

_LONGEST_LEASE_S = 0xFFFFFFFE


def clients(model: LabModel) -> Iterator[ErrorRecord]:
    """Adapters that are to be DHCP clients and have an IPv4 address of their own, or cannot be clients at all."""
    for name, ip in may_be_clients(model):
        if ip.dhcp and any(each.version == 4 for each in ip.addresses):
            yield mistake(name, f"{quoted(name)} has an IPv4 address beside DHCP", "give it one of them")
        elif ip.dhcp and any(each.version == 4 for each in ip.gateways):
            yield mistake(name, f"{quoted(name)} has a gateway beside DHCP", "leave it to the server: router=")
    for name, ip in cannot_be_clients(model):
        if ip.dhcp:
            what = f"{quoted(name)} is to be a DHCP client, which is there for adapters of VMs and physical computers"
            yield mistake(name, what, "give it an address")


def may_be_clients(model: LabModel) -> Iterator[tuple[str, IpSettings]]:
    """Yield the name and the settings of each adapter that can be a client, of DHCP or of routers' advertisements."""
    for _, vm in model.vms():
        for adapter in vm.adapters:
            yield vm.adapter_id(adapter), adapter.ip or NO_IP
    for network in model.networks:
        for computer in network.computers:
            yield computer.name, computer.ip


def cannot_be_clients(model: LabModel) -> Iterator[tuple[str, IpSettings]]:
    """Yield the name and the settings of everything else that has IP settings."""
    for host in model.hosts:
        for nic in host.nics:
            yield f"{host.name}/{nic.name}", nic.ip
        for adapter in host.management_adapters:
            yield f"{host.name}/{vethernet(adapter.name)}", adapter.ip or NO_IP
    for _, vm in model.vms():
        for adapter in vm.adapters:
            for made in adapter.vlan_interfaces:
                yield f"{vm.name}/{vlan_interface_name(adapter.name, made.vlan_id)}", made.ip
        if vm.team:
            yield f"{vm.name}/{vm.team.name}", vm.team.ip


def servers(model: LabModel) -> Iterator[ErrorRecord]:
    """Scopes, reservations and relationships that a DHCP server cannot have."""
    vms = {vm.name: vm for _, vm in model.vms()}
    for vm in vms.values():
        if vm.dhcp_server:
            yield from _server(vm, vm.dhcp_server)
            if vm.dhcp_server.failover:
                yield from _failover(vm, vm.dhcp_server, vm.dhcp_server.failover, vms)
        if vm.dhcp_relay and (vm.dhcp_server or not _has_address(vm)):
            why = "is a DHCP server itself" if vm.dhcp_server else "has no IPv4 address of its own"
            yield mistake(vm.name, f"VM {quoted(vm.name)} cannot be a DHCP relay agent: it {why}")
    partners = Counter(
        vm.dhcp_server.failover.partner for vm in vms.values() if vm.dhcp_server and vm.dhcp_server.failover
    )
    for name, count in sorted(partners.items()):
        if count > 1:
            yield mistake(name, f"VM {quoted(name)} is the failover partner of {count} servers", "expected one at most")


def _has_address(vm: VirtualMachine) -> bool:
    return any(address.version == 4 for each in vm.adapters if each.ip for address in each.ip.addresses)


def _server(vm: VirtualMachine, server: DhcpServer) -> Iterator[ErrorRecord]:
    who = f"DHCP server {quoted(vm.name)}"
    if not _has_address(vm) and server.scopes:
        yield mistake(vm.name, f"{who} has no static IPv4 address", "give one of its adapters an address")
    yield from _policies(vm.name, who, server.policies)
    for at, scope in enumerate(server.scopes):
        yield from _scope(vm.name, who, scope)
        for other in server.scopes[:at]:
            if other.subnet.overlaps(scope.subnet):
                yield mistake(vm.name, f"{who} has the scopes {other.subnet} and {scope.subnet}, which overlap")


def _scope(target: str, who: str, scope: DhcpScope) -> Iterator[ErrorRecord]:
    what = f"scope {scope.id} of {who}"
    whole = DhcpRange(scope.start, scope.end)
    inside = scope.subnet.prefixlen >= 31 or (
        scope.start > scope.subnet.network_address and scope.end < scope.subnet.broadcast_address
    )
    if not (scope.start in scope.subnet and scope.end in scope.subnet and inside and scope.start <= scope.end):
        yield mistake(target, f"{what} leases {whole}", f"expected a range of addresses of {scope.subnet}")
        return
    if not 1 <= scope.lease_duration_s <= _LONGEST_LEASE_S:
        found = f"{what} leases for {scope.lease_duration_s} s"
        yield mistake(target, found, f"expected 1 to {_LONGEST_LEASE_S}")
    for each in scope.exclusions:
        if not (each.start <= each.end and each.start in whole and each.end in whole):
            yield mistake(target, f"{what} excludes {each}", f"expected a part of {whole}")
    for one, other in pairwise(sorted(scope.exclusions, key=lambda each: each.start)):
        if other.start <= one.end:
            yield mistake(target, f"{what} excludes {one} and {other}, which overlap")
    for reserved in scope.reservations:
        if reserved.ip not in scope.subnet:
            yield mistake(target, f"{what} reserves {reserved}", f"expected an address of {scope.subnet}")
    yield from _twice(target, f"{what} reserves", (str(each.ip) for each in scope.reservations))
    yield from _twice(target, f"{what} has reservations for", (each.client_id for each in scope.reservations))
    yield from _policies(target, what, scope.policies)


def _policies(target: str, who: str, policies: Iterable[DhcpPolicy]) -> Iterator[ErrorRecord]:
    for each in policies:
        what = f"policy {quoted(each.name)} of {who}"
        if each.architecture is None and not each.vendor_class:
            yield mistake(target, f"{what} is for every client", "give it an architecture, or a vendor_class")
        if each.architecture is not None and not 0 <= each.architecture <= 0xFFFF:
            yield mistake(target, f"{what} is for architecture {each.architecture}", "expected 0 to 65535 (RFC 4578)")
        if not each.vendor_class.isascii() or "'" in each.vendor_class or len(each.vendor_class) > 255:
            found = f"{what} is for vendor class {quoted(each.vendor_class)}"
            yield mistake(target, found, "expected up to 255 ASCII characters, without '")
    yield from _twice(target, f"{who} has policies called", (each.name for each in policies))


def _twice(target: str, what: str, found: Iterable[str]) -> Iterator[ErrorRecord]:
    for name, count in Counter(found).items():
        if count > 1:
            yield mistake(target, f"{what} {name} {count} times", "once is enough")


def _failover(
    vm: VirtualMachine, server: DhcpServer, failover: DhcpFailover, vms: dict[str, VirtualMachine]
) -> Iterator[ErrorRecord]:
    what = f"failover {quoted(failover.name)} of DHCP server {quoted(vm.name)}"
    partner = vms.get(failover.partner)
    if partner is None:
        names = sorted(name for name, each in vms.items() if each.dhcp_server and each is not vm)
        found = f"{what} is with {quoted(failover.partner)}, which is no VM of the lab"
        yield mistake(vm.name, found, known(names, failover.partner))
    elif partner is vm or partner.dhcp_server is None:
        why = "itself" if partner is vm else f"{quoted(partner.name)}, which has no DHCP Server role"
        yield mistake(vm.name, f"{what} is with {why}", "expected another VM with .dhcp_server()")
    elif not _has_address(partner):
        found = f"{what} is with {quoted(partner.name)}, which has no static IPv4 address"
        yield mistake(vm.name, found, "give one of its adapters an address")
    else:
        yield from _partner(vm.name, what, failover, partner.name, partner.dhcp_server)
    yield from _scopes_of_failover(vm.name, what, server, failover)
    if not 0 <= failover.reserve_percent <= 100:
        yield mistake(vm.name, f"{what} keeps {failover.reserve_percent} percent", "expected 0 to 100")
    if failover.max_client_lead_time_s < 1:
        lead = failover.max_client_lead_time_s
        yield mistake(vm.name, f"{what} has a client lead time of {lead} s", "expected 1 or more")


def _partner(target: str, what: str, failover: DhcpFailover, partner: str, server: DhcpServer) -> Iterator[ErrorRecord]:
    for scope in failover.replicated:
        if any(each.subnet.overlaps(scope.subnet) for each in server.scopes):
            yield mistake(
                target, f"{what} is for scope {scope.id}, which {quoted(partner)} has already", "remove it there"
            )
    if server.failover:
        yield mistake(target, f"{what} is with {quoted(partner)}, which has a relationship of its own")


def _scopes_of_failover(target: str, what: str, server: DhcpServer, failover: DhcpFailover) -> Iterator[ErrorRecord]:
    if not failover.scope_ids:
        yield mistake(target, f"{what} is for no scope", "give the server a scope first")
    for each in failover.scope_ids:
        if server.scope(each) is None:
            remedy = known([str(scope.id) for scope in server.scopes], str(each))
            yield mistake(target, f"{what} is for scope {each}, which the server does not have", remedy)
