"""IP and MAC addresses: what a machine can have, and what only one machine of a network can have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from ipaddress import IPv6Interface

from lab.errors import ErrorRecord
from lab.model.addresses import NO_IP, Address, Interface, IpSettings, StaticRoute, hyperv_mac
from lab.model.interfaces import (
    IpInterface,
    Segment,
    host_interfaces,
    interfaces_of_computers,
    router_interfaces,
    vm_interfaces,
)
from lab.model.kinds import LearningMode
from lab.model.names import quoted, vlan_interface_name
from lab.model.objects import LabModel, VirtualMachine
from lab.model.rules.mistakes import mistake
from lab.model.vlan import Tagging, meet


def settings(model: LabModel) -> Iterator[ErrorRecord]:
    """Addresses and gateways that a machine cannot have."""
    for owner, target, ip in _configured(model):
        for address in ip.addresses:
            why = _why_unusable(address)
            if why:
                yield mistake(target, f"{quoted(owner)} has the address {address}, which {why}")
        for gateway in ip.gateways:
            yield from _gateway(owner, target, ip, gateway)
        for at, route in enumerate(ip.routes):
            yield from _route(owner, target, ip, route)
            if any(route.destination == other.destination for other in ip.routes[:at]):
                yield mistake(target, f"{quoted(owner)} has two routes to {route.destination}", "give it one")


def _configured(model: LabModel) -> Iterator[tuple[str, str, IpSettings]]:
    """Yield (name, target, settings) of every machine, running or not; a NIC keeps its settings while it is bound."""
    for host in model.hosts:
        for nic in host.nics:
            yield f"{host.name}/{nic.name}", f"{host.name}/{nic.name}", nic.ip
        for adapter in host.management_adapters:
            yield host.management_id(adapter), f"{host.name}/{adapter.name}", adapter.ip or NO_IP
    for _, vm in model.vms():
        yield from ((name, name, ip) for name, ip in _of_guest(vm))
    for computer in interfaces_of_computers(model):
        yield computer.node, computer.node, computer.ip
    for network in model.networks:
        for each in router_interfaces(network):
            yield each.node, each.node, each.ip


def _of_guest(vm: VirtualMachine) -> Iterator[tuple[str, IpSettings]]:
    """Yield the name and the settings of each of a VM's adapters, and of what its guest has made of them."""
    for adapter in vm.adapters:
        yield vm.adapter_id(adapter), adapter.ip or NO_IP
        for made in adapter.vlan_interfaces:
            yield f"{vm.name}/{vlan_interface_name(adapter.name, made.vlan_id)}", made.ip
    if vm.team:
        yield f"{vm.name}/{vm.team.name}", vm.team.ip


@lru_cache(4096)
def _why_unusable(address: Interface) -> str:
    ip, net = address.ip, address.network
    if isinstance(address, IPv6Interface) and (address.scope_id or address.ipv4_mapped):
        return "has a zone" if address.scope_id else "is an IPv4 address in IPv6 form"
    if ip.is_unspecified or ip.is_loopback or ip.is_multicast:
        return "is not the address of an adapter"
    if ip.version == 6 and ip.is_link_local:
        return "is link-local: every adapter makes itself one"
    if ip.version == 4 and ip.is_reserved:
        return "is reserved"
    if net.prefixlen == 0:
        return "leaves no network around its subnet: expected a prefix length of 1 or more"
    return _why_not_in_subnet(address)


def _why_not_in_subnet(address: Interface) -> str:
    ip, net = address.ip, address.network
    if net.prefixlen >= net.max_prefixlen - 1:
        return ""
    if ip == net.network_address:
        return f"is that of the subnet {net} itself"
    if ip.version == 4 and ip == net.broadcast_address:
        return f"is the broadcast address of its subnet {net}"
    return ""


def _gateway(owner: str, target: str, ip: IpSettings, gateway: Address) -> Iterator[ErrorRecord]:
    own = [each for each in ip.addresses if each.version == gateway.version]
    who = quoted(owner)
    if ip.gateway(gateway.version) != gateway:
        yield mistake(target, f"{who} has a second IPv{gateway.version} gateway, {gateway}", "give it one")
    elif not own:
        yield mistake(target, f"{who} has the gateway {gateway}, but no IPv{gateway.version} address", "give it one")
    elif any(gateway == each.ip for each in own):
        yield mistake(target, f"{who} has itself, {gateway}, as its gateway", "give it the router's address")
    elif not any(gateway in each.network for each in own):
        nets = ", ".join(str(each.network) for each in own)
        yield mistake(
            target,
            f"{who} has the gateway {gateway}, which is outside its subnet {nets}",
            f"a gateway is a neighbour: give it an address of {nets}",
        )


def _route(owner: str, target: str, ip: IpSettings, route: StaticRoute) -> Iterator[ErrorRecord]:
    own = [each for each in ip.addresses if each.version == route.destination.version]
    who, hop = f"{quoted(owner)} has the route {route}", route.next_hop
    if route.destination.prefixlen == 0:
        yield mistake(target, f"{who}, which is to everywhere", "make it a gateway")
    elif hop.version != route.destination.version:
        yield mistake(target, f"{who}, which are of two versions of IP", "give it one neighbour of the same version")
    elif not own:
        what = f"{who}, but no IPv{route.destination.version} address of its own"
        yield mistake(target, what, "give it a static one")
    elif any(route.destination == each.network for each in own):
        yield mistake(target, f"{who}, which is its own subnet", "leave it out")
    elif any(hop == each.ip for each in own):
        yield mistake(target, f"{who}, which is itself", "give it a neighbour's address")
    elif not route.on_link and not any(hop in each.network for each in own):
        nets = ", ".join(str(each.network) for each in own)
        yield mistake(target, f"{who}, which is outside its subnet {nets}", "give it a neighbour's address")


@dataclass(frozen=True, slots=True)
class _Plugged:
    """An interface on an Ethernet, and the VLAN and isolation settings of all that listen there."""

    owner: str
    target: str
    interface: IpInterface
    ethernet: Segment
    listeners: set[Tagging]


def doubles(model: LabModel) -> Iterator[ErrorRecord]:
    """Two adapters with one address on one network. (On separate networks, and VLANs, that is allowed.)"""
    running = tuple(_running(model))
    own: set[tuple[str, Address]] = set()
    for _, target, interface in running:
        for address in interface.ip.addresses:
            if (interface.node, address.ip) in own:
                yield mistake(target, f"{quoted(interface.node)} has the address {address.ip} twice", "once is enough")
            own.add((interface.node, address.ip))
    plugged = tuple(_plugged(model, running))
    yield from _ip_doubles(plugged)
    yield from _mac_doubles(model, plugged)


def _plugged(model: LabModel, running: tuple[tuple[str, str, IpInterface], ...]) -> Iterator[_Plugged]:
    ethernets = _ethernets(model)
    listeners: dict[Segment, set[Tagging]] = defaultdict(set)
    for owner, target, interface in running:
        ethernet = ethernets.get(interface.segment) if interface.segment else None
        if ethernet is not None and not interface.bound_to:
            listeners[ethernet].add(interface.tagging)
            yield _Plugged(owner, target, interface, ethernet, listeners[ethernet])


def _ip_doubles(plugged: tuple[_Plugged, ...]) -> Iterator[ErrorRecord]:
    owners: dict[tuple[Segment, Address], list[_Owner]] = defaultdict(list)
    for each in plugged:
        if node := each.interface.nlb:
            cluster = replace(each, owner=f"NLB cluster {node.cluster}")
            if other := _other_owner(owners[each.ethernet, node.address.ip], cluster):
                yield _double(cluster, f"address {node.address.ip}", other, each.ethernet)
        for address in each.interface.ip.addresses:
            other = _other_owner(owners[each.ethernet, address.ip], each)
            if other:
                yield _double(each, f"address {address.ip}", other, each.ethernet)


def mac_doubles(model: LabModel, macs: Mapping[str, str]) -> Iterator[ErrorRecord]:
    """The same of all MAC addresses, with the dynamic ones in `macs` by the interfaces' full names."""
    known = (
        (owner, target, replace(each, mac=each.mac or macs.get(owner, ""))) for owner, target, each in _running(model)
    )
    for record in _mac_doubles(model, tuple(_plugged(model, tuple(known)))):
        remedy = (
            "give one of them another one, or the hosts pools that differ (mac_address_minimum=, mac_address_maximum=)"
        )
        yield replace(record, remedy=remedy)


def _mac_doubles(model: LabModel, plugged: tuple[_Plugged, ...]) -> Iterator[ErrorRecord]:
    owners: dict[tuple[Segment, str], list[_Owner]] = defaultdict(list)
    pinned: dict[tuple[Segment, str], str] = {}
    for each in plugged:
        segment, mac = each.interface.segment, each.interface.mac
        if not mac or segment is None or each.interface.made_by_guest:
            continue  # an interface that a guest made has its adapter's address
        other, where = _other_owner(owners[each.ethernet, mac], each), each.ethernet
        if not other and _is_pinned(model, segment):
            first = pinned.setdefault((segment, mac), each.owner)
            other, where = first if first != each.owner else "", segment
        if other:
            yield _double(each, f"MAC address {hyperv_mac(mac)}", other, where)


_Owner = tuple[str, Tagging]


def _is_pinned(model: LabModel, segment: Segment) -> bool:
    """Tell whether a segment is a switch that has each adapter's address at one port, in all VLANs."""
    host = model.host(segment.host)
    switch = host.switch(segment.name) if host else None
    return switch is not None and switch.learning is LearningMode.PINNED


def _other_owner(owners: list[_Owner], new: _Plugged) -> str:
    """Return who has an address already where it could be confused with a new owner's; note this one too."""
    mine = new.interface.tagging
    found = (name for name, setting in owners if name != new.owner and _meet(setting, mine, new.listeners))
    first = next(found, "")
    owners.append((new.owner, mine))
    return first


def _meet(one: Tagging, other: Tagging, listeners: set[Tagging]) -> bool:
    try:
        return meet(one.membership(), other.membership(), (each.membership() for each in listeners))
    except ValueError:
        return False  # a list that cannot be read, which is said elsewhere


def _double(new: _Plugged, what: str, other: str, where: Segment) -> ErrorRecord:
    message = f"{quoted(new.owner)} has the {what}, which {quoted(other)} has already on {where}"
    return mistake(new.target, message, "give it another one")


def _running(model: LabModel) -> Iterator[tuple[str, str, IpInterface]]:
    """Yield (name, target, interface) of every machine that runs; of two in conflict, the later one is at fault."""
    for network in model.networks:
        for interface in router_interfaces(network):
            yield interface.node, interface.node, interface
    for interface in interfaces_of_computers(model):
        yield interface.node, interface.node, interface
    for host in model.hosts:
        declared = [*(nic.name for nic in host.nics), *(adapter.name for adapter in host.management_adapters)]
        for name, interface in zip(declared, host_interfaces(host), strict=True):
            yield interface.full_name, f"{host.name}/{name}", interface
        for vm in host.vms:
            for interface in vm_interfaces(host, vm) if vm.running else ():
                yield interface.full_name, interface.full_name, interface


def _ethernets(model: LabModel) -> dict[Segment, Segment]:
    """Return, for each segment, what stands for the Ethernet that it is part of."""
    found = {Segment(): Segment()} | {Segment(name=net.name): Segment(name=net.name) for net in model.networks}
    for host in model.hosts:
        for switch in host.switches:
            nic = host.nic(switch.nic)
            own = Segment(host.name, switch.name)
            found[own] = Segment(name=nic.network) if nic else own
    return found
