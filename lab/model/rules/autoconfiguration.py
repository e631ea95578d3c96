"""IPv6 that no router could advertise, no DHCPv6 server could lease, and no client could get."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from ipaddress import IPv6Address
from itertools import pairwise

from lab.errors import ErrorRecord
from lab.model.addresses import NO_IP, IpSettings
from lab.model.advertising import RouterAdvertisements
from lab.model.dhcp6 import PREFIX_LENGTH, DhcpRange6, DhcpScope6
from lab.model.interfaces import host_interfaces, vm_interfaces
from lab.model.names import quoted
from lab.model.objects import LabModel, VirtualMachine
from lab.model.rules.dhcp import cannot_be_clients, may_be_clients
from lab.model.rules.mistakes import known, mistake

_LONGEST_S = 0xFFFFFFFE


def clients(model: LabModel) -> Iterator[ErrorRecord]:
    """Adapters that are to listen to routers and have an IPv6 address of their own, or cannot listen at all."""
    routers = {vm.name for _, vm in model.vms() if vm.forwarding}
    for name, ip in may_be_clients(model):
        if ip.auto and any(each.version == 6 for each in ip.addresses):
            yield mistake(name, f'{quoted(name)} has an IPv6 address beside "auto"', "give it one of them")
        elif ip.auto and any(each.version == 6 for each in ip.gateways):
            yield mistake(name, f'{quoted(name)} has a gateway beside "auto"', "leave it to the router that advertises")
        elif ip.auto and name.partition("/")[0] in routers:
            what = f"{quoted(name)} is to listen to routers, and its machine forwards: it is a router itself"
            yield mistake(name, what, "give it an address, or leave forwarding off (RFC 4862, 4)")
    for name, ip in cannot_be_clients(model):
        if ip.auto:
            what = f"{quoted(name)} is to listen to routers, which is there for adapters of VMs and physical computers"
            yield mistake(name, what, "give it an address")


def routers(model: LabModel) -> Iterator[ErrorRecord]:
    """Machines that are to advertise themselves by adapters that they do not have, or that have no IPv6 address."""
    for host in model.hosts:
        if host.router_advertisements:
            mine = {each.label: each.ip for each in host_interfaces(host) if not each.bound_to}
            yield from _router(host.name, mine, host.router_advertisements)
        for vm in host.vms:
            if vm.router_advertisements:
                mine = {each.label: each.ip for each in vm_interfaces(host, vm)}
                yield from _router(vm.name, mine, vm.router_advertisements)


def _router(name: str, mine: dict[str, IpSettings], told: RouterAdvertisements) -> Iterator[ErrorRecord]:
    for each in told.adapters:
        if each not in mine:
            what = f"{quoted(name)} is to advertise itself as a router by {quoted(each)}, which is no adapter of it"
            yield mistake(name, what, known(sorted(mine), each))
    used = {label: ip for label, ip in mine.items() if label in (told.adapters or mine)}
    if used and not any(ip.of_version(6) for ip in used.values()):
        what = f"{quoted(name)} is to advertise itself as a router, and has no IPv6 address"
        yield mistake(name, what, "give one of its adapters an address such as fd00:1::1/64")


def servers(model: LabModel) -> Iterator[ErrorRecord]:
    """Scopes and reservations that a DHCPv6 server cannot have."""
    for _, vm in model.vms():
        scopes = vm.dhcp_server.scopes6 if vm.dhcp_server else ()
        who = f"DHCP server {quoted(vm.name)}"
        for at, scope in enumerate(scopes):
            yield from _scope(vm, f"scope {scope.prefix} of {who}", scope)
            if any(other.prefix.overlaps(scope.prefix) for other in scopes[:at]):
                yield mistake(vm.name, f"{who} has the scope {scope.prefix} twice", "once is enough")


def _scope(vm: VirtualMachine, what: str, scope: DhcpScope6) -> Iterator[ErrorRecord]:
    if scope.prefix.prefixlen != PREFIX_LENGTH:
        yield mistake(vm.name, f"{what} has {scope.prefix.prefixlen} bits", f"expected a prefix of {PREFIX_LENGTH}")
        return
    own = [each for adapter in vm.adapters for each in (adapter.ip or NO_IP).addresses]
    if not any(isinstance(each.ip, IPv6Address) and each.ip in scope.prefix for each in own):
        yield mistake(vm.name, f"{what} is for a prefix that the server has no address of", "give it one")
    yield from _lifetimes(vm.name, what, scope)
    yield from _addresses(vm.name, what, scope)
    for found in ([str(each.ip) for each in scope.reservations], [each.duid for each in scope.reservations]):
        for name, count in Counter(found).items():
            if count > 1:
                yield mistake(vm.name, f"{what} has {count} reservations of {name}", "once is enough")


def _addresses(target: str, what: str, scope: DhcpScope6) -> Iterator[ErrorRecord]:
    first, last = scope.prefix.network_address, scope.prefix.broadcast_address
    for each in scope.exclusions:
        if not first <= each.start <= each.end <= last:
            yield mistake(target, f"{what} excludes {each}", f"expected a part of {DhcpRange6(first, last)}")
    for one, other in pairwise(sorted(scope.exclusions, key=lambda each: each.start)):
        if other.start <= one.end:
            yield mistake(target, f"{what} excludes {one} and {other}, which overlap")
    for reserved in scope.reservations:
        if reserved.ip not in scope.prefix:
            yield mistake(target, f"{what} reserves {reserved}", f"expected an address of {scope.prefix}")


def _lifetimes(target: str, what: str, scope: DhcpScope6) -> Iterator[ErrorRecord]:
    preferred, valid = scope.preferred_lifetime_s, scope.valid_lifetime_s
    if not 1 <= preferred <= _LONGEST_S or not 1 <= valid <= _LONGEST_S:
        yield mistake(target, f"{what} leases for {preferred} s and {valid} s", f"expected 1 to {_LONGEST_S}")
    elif preferred > valid:
        found = f"{what} has a preferred lifetime of {preferred} s and a valid lifetime of {valid} s"
        yield mistake(target, found, "expected the valid lifetime to be as long or longer (RFC 8415, 21.6)")
