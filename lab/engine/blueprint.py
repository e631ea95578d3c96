"""A model, lowered to what it is made of on Linux. Pure: the same model and allocation give the same blueprint."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from ipaddress import IPv4Address

from lab.engine.allocation import Allocation, port_key, switch_key
from lab.engine.bandwidth import nic_cables, relays
from lab.engine.nlb_members import members
from lab.engine.resources import (
    PHYSICAL,
    UNREACHABLE,
    Blueprint,
    Bridge,
    Cable,
    Instance,
    Interface,
    Node,
    Port,
    Role,
    Route,
    Rule,
    TeamDevice,
    VlanDevice,
)
from lab.engine.services import services
from lab.errors import InputError
from lab.intent import PortIntent, PortKind, SwitchIntent
from lab.model.addresses import Network, StaticRoute
from lab.model.bandwidth import rounded
from lab.model.default_switch import LeasedSubnet
from lab.model.extensions import forwarding_extension
from lab.model.interfaces import IpInterface, Segment, has_link, host_interfaces, interfaces, vm_adapters
from lab.model.isolation import NO_ISOLATION, IsolationSettings
from lab.model.kinds import AdapterKind, PortMirroring
from lab.model.names import bridge_device, device_name
from lab.model.objects import DEFAULT_MTU, HypervHost, LabModel, VirtualMachine
from lab.model.vlan import UNTAGGED, VlanSettings

LEGACY_RATE_BPS = 100_000_000
"""The legacy adapter emulates an Intel 21140 at 100 Mbit/s (KB2844106)."""


def lower(model: LabModel, allocation: Allocation) -> Blueprint:
    """Return everything that `model` is made of; InputError if two things would be one Linux device."""
    everything = tuple(interfaces(model))
    routes = tuple(_routes(model, everything))
    # Open vSwitch cuts a large segment to the MTU of the port it leaves by: that is right only where all agree.
    one_mtu = len({interface.mtu for interface in everything}) == 1
    blueprint = Blueprint(
        nodes=tuple(_nodes(model, everything)),
        cables=tuple(_cables(model)),
        relays=tuple(relays(model, allocation)),
        vlan_devices=tuple(_vlan_devices(everything)),
        team_devices=tuple(_team_devices(everything, allocation)),
        instances=tuple(Instance(name) for name in (PHYSICAL, *(host.name for host in model.hosts))),
        bridges=tuple(_bridges(model, allocation)),
        ports=tuple(_ports(model, allocation)),
        interfaces=tuple(_interfaces(everything, allocation, one_mtu)),
        routes=routes,
        services=(*services(model), *members(everything, allocation.mac)),
        rules=tuple(Rule(*pair) for pair in sorted({(route.node, route.source) for route in routes if route.source})),
    )
    _refuse_doubles(blueprint)
    return blueprint


def network_device(network: str) -> str:
    """Return the Linux name of a physical network's bridge; the internet is the network without a name."""
    return device_name("net", network, separator=".") if network else ".internet"


def segment_place(segment: Segment) -> tuple[str, str]:
    """Return (node, bridge device) of a segment."""
    if segment.is_switch:
        return segment.host, bridge_device(segment.name)
    return PHYSICAL, network_device(segment.name)


def _nodes(model: LabModel, everything: tuple[IpInterface, ...]) -> Iterator[Node]:
    count = Counter(interface.node for interface in everything)
    yield Node(PHYSICAL, Role.PHYSICAL)
    for network in model.networks:
        for computer in network.computers:
            yield Node(computer.name, Role.COMPUTER)
        router = network.router
        if router:
            outside = "outside" if router.nat and router.outside.addresses else ""
            yield Node(router.name, Role.ROUTER, forwarding=True, masquerade=outside)
    for computer in model.internet.hosts:
        yield Node(computer.name, Role.COMPUTER)
    for host in model.hosts:
        yield replace(_machine(host.name, Role.HOST, host.forwarding, count), nats=host.nats)
        for vm in host.vms:
            if vm.running:
                yield _machine(vm.name, Role.VM, vm.forwarding, count)


def _machine(name: str, role: Role, forwarding: bool, interfaces: Counter[str]) -> Node:
    return Node(name, role, forwarding, strong_host=interfaces[name] > 1 and not forwarding)


def _cables(model: LabModel) -> Iterator[Cable]:
    for network in model.networks:
        for computer in network.computers:
            yield Cable(computer.name, "eth0", PHYSICAL, _plug(computer.name), computer.mtu)
        if network.router:
            yield Cable(network.router.name, "inside", PHYSICAL, _plug(network.router.name, "inside"), network.mtu)
            if network.router.outside.addresses:
                yield Cable(
                    network.router.name, "outside", PHYSICAL, _plug(network.router.name, "outside"), DEFAULT_MTU
                )
    for computer in model.internet.hosts:
        yield Cable(computer.name, "eth0", PHYSICAL, _plug(computer.name), computer.mtu)
    for host in model.hosts:
        for nic in host.nics:
            yield from nic_cables(host, nic)
        for vm in host.vms:
            yield from _vm_cables(host, vm)


def _vm_cables(host: HypervHost, vm: VirtualMachine) -> Iterator[Cable]:
    if not vm.running:
        return
    for at, adapter in enumerate(vm.adapters):
        received = LEGACY_RATE_BPS if adapter.kind is AdapterKind.LEGACY else 0
        maximum = rounded(adapter.maximum_bandwidth)
        sent = min([rate for rate in (received, maximum) if rate], default=0)
        switch = host.switch(adapter.switch)
        plugged = switch is not None and has_link(host, switch, adapter)
        device = _socket(vm, f"eth{at}")
        yield Cable(vm.name, f"eth{at}", host.name, device, adapter.mtu, sent, received, plugged)


def _socket(vm: VirtualMachine, device: str) -> str:
    """Return the device name of the virtual switch's end of a VM's cable."""
    return device_name(vm.name, device, instead="-")


def _vlan_devices(everything: tuple[IpInterface, ...]) -> Iterator[VlanDevice]:
    for each in everything:
        if each.tag:
            yield VlanDevice(each.node, each.device, each.parent, each.tag)


def _team_devices(everything: tuple[IpInterface, ...], allocation: Allocation) -> Iterator[TeamDevice]:
    for each in everything:
        if each.members:
            yield TeamDevice(each.node, each.device, each.members, allocation.mac(each))


def _plug(*name: str) -> str:
    """Return the device name of the physical switch's end of a cable."""
    return device_name(*name)


def _bridges(model: LabModel, allocation: Allocation) -> Iterator[Bridge]:
    for host in model.hosts:
        for switch in host.switches:
            intent = SwitchIntent(
                switch.name,
                host.name,
                switch.type,
                switch.learning,
                switch.ageing_s,
                switch.load_balancing,
                forwarding_extension=forwarding_extension(switch.extensions) or "",
                default_switch=_leased(model, host) if switch.is_default else None,
            )
            yield Bridge(
                host.name, bridge_device(switch.name), allocation.dpids[switch_key(host.name, switch.name)], intent
            )
    for network in model.networks:
        yield Bridge(PHYSICAL, network_device(network.name), 0, igmp_snooping=network.igmp_snooping)
    yield Bridge(PHYSICAL, network_device(""), 0)


def _leased(model: LabModel, host: HypervHost) -> LeasedSubnet | None:
    """Return what a host's Default Switch leases: what machines of the lab have without asking is left out."""
    mine = host.default_address
    if mine is None:
        return None
    static = {address.ip for each in interfaces(model) for address in each.ip.addresses if address.ip in mine.network}
    return LeasedSubnet(mine, tuple(sorted(ip for ip in static - {mine.ip} if isinstance(ip, IPv4Address))))


def _ports(model: LabModel, allocation: Allocation) -> Iterator[Port]:
    for host in model.hosts:
        yield from _host_ports(host, allocation)
    yield from _physical_ports(model)


def _host_ports(host: HypervHost, allocation: Allocation) -> Iterator[Port]:
    for interface in host_interfaces(host):
        if interface.bound_to:
            segment = Segment(host.name, interface.bound_to)
            switch = host.switch(interface.bound_to)
            mirrored = switch is not None and switch.mirror_external_port
            mirroring = PortMirroring.SOURCE if mirrored else PortMirroring.NONE
            mac = allocation.mac(interface) if switch is not None and switch.embedded_teaming else ""
            intent = PortIntent(interface.full_name, PortKind.EXTERNAL, mac, port_mirroring=mirroring)
            yield _port(allocation, segment, interface, interface.device, intent)
        elif interface.segment and interface.segment.is_switch:
            intent = PortIntent(
                interface.full_name,
                PortKind.MANAGEMENT,
                allocation.mac(interface),
                vlan=_tagging(interface.vlan),
                acls=interface.acls,
                extended_acls=interface.extended_acls,
                port_mirroring=interface.port_mirroring,
                team_mapping=_mapping(host, interface.team_mapping),
                isolation=_isolating(interface.isolation),
                ieee_priority_tag=interface.ieee_priority_tag,
            )
            yield _port(allocation, interface.segment, interface, interface.device, intent)
    for vm in host.vms:
        if not vm.running:
            continue
        adapters = tuple(vm_adapters(host, vm))
        for interface, adapter in zip(adapters, vm.adapters, strict=True):
            if interface.segment:
                mac = allocation.mac(interface)
                others = (each for each in adapters if each is not interface and adapter.allow_teaming)
                intent = PortIntent(
                    interface.full_name,
                    PortKind.VM,
                    mac,
                    adapter.mac_spoofing,
                    _tagging(adapter.vlan),
                    adapter.dhcp_guard,
                    adapter.router_guard,
                    adapter.acls,
                    adapter.extended_acls,
                    adapter.port_mirroring,
                    adapter.storm_limit,
                    _mapping(host, adapter.team_mapping),
                    teaming_macs=tuple(allocation.mac(each) for each in others),
                    resource_metering=vm.resource_metering,
                    isolation=_isolating(adapter.isolation),
                    ieee_priority_tag=adapter.ieee_priority_tag,
                )
                yield _port(allocation, interface.segment, interface, _socket(vm, interface.device), intent)


def _mapping(host: HypervHost, nic: str) -> str:
    return f"{host.name}/{nic}" if nic else ""


def _tagging(setting: VlanSettings) -> VlanSettings | None:
    return None if setting == UNTAGGED else setting


def _isolating(setting: IsolationSettings) -> IsolationSettings | None:
    return None if setting == NO_ISOLATION else setting


def _port(allocation: Allocation, segment: Segment, owner: IpInterface, device: str, intent: PortIntent) -> Port:
    internal = intent.kind is PortKind.MANAGEMENT
    return Port(
        node=segment.host,
        bridge=bridge_device(segment.name),
        device=device,
        ofport=allocation.ofports[port_key(segment, owner.full_name)],
        internal=internal,
        shaped=owner.legacy or internal,
        mac=intent.mac if internal else "",
        mtu=owner.mtu if internal else 0,
        intent=intent,
    )


def _physical_ports(model: LabModel) -> Iterator[Port]:
    for host in model.hosts:
        for nic in host.nics:
            yield Port(PHYSICAL, network_device(nic.network), _plug(host.name, nic.name), 0)
    for interface in interfaces(model):
        segment = interface.segment
        if segment is None or segment.is_switch or model.host(interface.node):
            continue
        plug = _plug(interface.node) if interface.device == "eth0" else _plug(interface.node, interface.device)
        yield Port(PHYSICAL, network_device(segment.name), plug, 0, vlan=interface.vlan.access_vlan_id)


def _interfaces(everything: tuple[IpInterface, ...], allocation: Allocation, segmentation: bool) -> Iterator[Interface]:
    """Yield all interfaces; one that is in a subnet of an earlier one of its machine comes after that one."""
    before: dict[str, list[set[Network]]] = defaultdict(list)
    for interface in everything:
        earlier = before[interface.node]
        mine = {address.network for address in interface.ip.addresses} if interface.up else set()
        rank = 0 if all(map(mine.isdisjoint, earlier)) else len(earlier)
        earlier.append(mine)
        yield _interface(interface, allocation, segmentation, rank)


def _interface(interface: IpInterface, allocation: Allocation, segmentation: bool, rank: int) -> Interface:
    addresses = tuple(str(address) for address in interface.ip.addresses) if interface.up else ()
    return Interface(
        node=interface.node,
        device=interface.device,
        alias=interface.label,
        mac=interface.guest_mac or allocation.mac(interface),
        mtu=interface.mtu,
        up=interface.usable,
        addresses=addresses,
        segmentation=segmentation,
        rank=rank,
        sent_bps=rounded(interface.maximum_bandwidth),
        cluster_mac=interface.shared_mac,
    )


def _routes(model: LabModel, everything: tuple[IpInterface, ...]) -> Iterator[Route]:
    forwarding = {node.name for node in _nodes(model, everything) if node.forwarding}
    by_node: dict[str, list[IpInterface]] = {}
    for interface in everything:
        if interface.up and interface.ip.addresses:
            by_node.setdefault(interface.node, []).append(interface)
    for mine in by_node.values():
        yield from _default_routes(mine)
        yield from _static_routes(mine)
        if len(mine) > 1 and mine[0].node not in forwarding:
            yield from _strong_host_routes(mine)
    yield from _internet_routes(model, everything)


def _default_routes(mine: list[IpInterface]) -> Iterator[Route]:
    seen: set[int] = set()
    for interface in mine:
        for gateway in interface.ip.gateways:
            if gateway.version not in seen:
                seen.add(gateway.version)
                yield Route(interface.node, _anywhere(gateway.version), str(gateway), interface.device)


def _static_routes(mine: list[IpInterface]) -> Iterator[Route]:
    seen: set[Network] = set()
    for interface in mine:
        for route in interface.ip.routes:
            if route.destination not in seen:
                seen.add(route.destination)
                yield Route(interface.node, str(route.destination), _next_hop(route), interface.device)


def _next_hop(route: StaticRoute) -> str:
    return "" if route.on_link else str(route.next_hop)


def _strong_host_routes(mine: list[IpInterface]) -> Iterator[Route]:
    """What is sent from an address leaves by that address's interface, or not at all."""
    for interface in mine:
        for address in (*interface.ip.addresses, *([interface.virtual] if interface.virtual else [])):
            source = str(address.ip)
            for subnet in sorted(
                {other.network for other in interface.ip.addresses if other.version == address.version}
            ):
                yield Route(interface.node, str(subnet), "", interface.device, source)
            for route in interface.ip.routes:
                if route.destination.version == address.version:
                    yield Route(interface.node, str(route.destination), _next_hop(route), interface.device, source)
            gateway = interface.ip.gateway(address.version)
            way = (str(gateway), interface.device) if gateway else (UNREACHABLE, "")
            yield Route(interface.node, _anywhere(address.version), *way, source)


def _internet_routes(model: LabModel, everything: tuple[IpInterface, ...]) -> Iterator[Route]:
    """On the internet everything is one link; everybody on it knows the way to every network that no router hides."""
    for interface in everything:
        if interface.segment != Segment():
            continue
        own = {address.network for address in interface.ip.addresses}
        for subnet in model.internet.subnets:
            if subnet not in own:
                yield Route(interface.node, str(subnet), "", interface.device)
    for network in model.networks:
        router = network.router
        for subnet in network.subnets if router else ():
            via = router.outside.of_version(subnet.version) if router else None
            if router is None or via is None or (router.nat and subnet.version == 4):
                continue
            for interface in everything:
                if interface.segment == Segment() and interface.node != router.name:
                    yield Route(interface.node, str(subnet), str(via.ip), interface.device)


def _anywhere(version: int) -> str:
    return "0.0.0.0/0" if version == 4 else "::/0"


def _refuse_doubles(blueprint: Blueprint) -> None:
    devices: Counter[tuple[str, str]] = Counter()
    for cable in blueprint.cables:
        devices.update([(cable.a_node, cable.a_device), (cable.b_node, cable.b_device)])
    devices.update((bridge.node, bridge.device) for bridge in blueprint.bridges)
    devices.update((port.node, port.device) for port in blueprint.ports if port.internal)
    _raise_for(name for name, count in devices.items() if count > 1)


def _raise_for(doubles: Iterable[tuple[str, str]]) -> None:
    for node, device in sorted(doubles):
        raise InputError(
            f'two things of "{node}" would be the network device "{device}"',
            remedy="make their names differ in more than spaces and punctuation",
            target=node,
        )
