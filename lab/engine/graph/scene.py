"""What a picture of a lab shows: boxes, groups of them, and lines. No word of any drawing language."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from lab.model.addresses import IpSettings
from lab.model.interfaces import host_interfaces
from lab.model.kinds import AdapterKind, LearningMode
from lab.model.names import vethernet
from lab.model.objects import (
    HypervHost,
    LabModel,
    NetworkAdapter,
    PhysicalNetwork,
    Router,
    VirtualMachine,
    VirtualSwitch,
)

DEFAULT_ADAPTER: Final = "Network Adapter"


class Kind(StrEnum):
    """What a box stands for."""

    SWITCH = "switch"
    MANAGEMENT = "management"
    NIC = "nic"
    VM = "vm"
    NETWORK = "network"
    COMPUTER = "computer"
    ROUTER = "router"
    INTERNET = "internet"


@dataclass(frozen=True, slots=True)
class Box:
    """One thing. `key` is its full name, unique among its kind; the first of `lines` is what the user calls it."""

    kind: Kind
    key: str
    lines: tuple[str, ...]
    off: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A connection of two boxes."""

    one: Box
    other: Box
    label: str = ""
    off: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A Hyper-V host with what is in it."""

    name: str
    title: str
    boxes: tuple[Box, ...]


@dataclass(slots=True)
class Scene:
    """The whole picture."""

    title: str
    groups: list[Group] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)


def scene(model: LabModel) -> Scene:
    """Return the picture of a lab, in the model's order."""
    found = Scene(model.name)
    networks = {network.name: _network_box(network) for network in model.networks}
    for host in model.hosts:
        boxes, lines = _host(host, networks)
        title = f"Hyper-V host {host.name}{' (routes)' if host.forwarding else ''}"
        found.groups.append(Group(host.name, title, tuple(boxes)))
        found.lines += lines
    internet = Box(Kind.INTERNET, "", ("the internet", *map(str, model.internet.subnets)))
    for network in model.networks:
        _physical(network, networks[network.name], internet, found)
    if model.internet.hosts or any(line.other == internet for line in found.lines):
        found.boxes.append(internet)
    for computer in model.internet.hosts:
        box = Box(Kind.COMPUTER, computer.name, (computer.name, *addresses(computer.ip)))
        found.boxes.append(box)
        found.lines.append(Line(internet, box))
    return found


def _physical(network: PhysicalNetwork, box: Box, internet: Box, found: Scene) -> None:
    found.boxes.append(box)
    for computer in network.computers:
        machine = Box(Kind.COMPUTER, computer.name, (computer.name, *addresses(computer.ip)))
        found.boxes.append(machine)
        found.lines.append(Line(box, machine))
    if network.router:
        router = Box(Kind.ROUTER, network.router.name, (network.router.name, router_words(network.router)))
        found.boxes.append(router)
        found.lines.append(Line(box, router, ", ".join(addresses(network.router.inside))))
        if network.router.outside.addresses:
            found.lines.append(Line(router, internet, ", ".join(addresses(network.router.outside))))


def _network_box(network: PhysicalNetwork) -> Box:
    return Box(Kind.NETWORK, network.name, (network.name, "physical network", *map(str, network.subnets)))


def _host(host: HypervHost, networks: dict[str, Box]) -> tuple[list[Box], list[Line]]:
    switches = {
        switch.name: Box(Kind.SWITCH, f"{host.name}/{switch.name}", (switch.name, *switch_words(host, switch)))
        for switch in host.switches
    }
    boxes = list(switches.values())
    lines = []
    settings = {each.label: each.ip for each in host_interfaces(host)}
    for nic in host.nics:
        owner = host.switch_of_nic(nic.name)
        whose = "physical NIC" if owner else "physical NIC of the management OS"
        box = Box(Kind.NIC, f"{host.name}/{nic.name}", (nic.name, whose, *addresses(settings[nic.name])))
        boxes.append(box)
        lines.append(Line(box, networks[nic.network]))
        if owner:
            lines.append(Line(switches[owner.name], box))
    for adapter in host.management_adapters:
        title = vethernet(adapter.name)
        box = Box(Kind.MANAGEMENT, f"{host.name}/{title}", (title, "management OS", *addresses(settings[title])))
        boxes.append(box)
        if adapter.switch in switches:
            lines.append(Line(switches[adapter.switch], box))
    for vm in host.vms:
        box = Box(Kind.VM, vm.name, tuple(_vm_words(vm)), off=not vm.running)
        boxes.append(box)
        lines += (
            Line(switches[adapter.switch], box, _adapter_label(vm, adapter), off=not vm.running)
            for adapter in vm.adapters
            if adapter.switch in switches
        )
    return boxes, lines


def _vm_words(vm: VirtualMachine) -> Iterator[str]:
    yield vm.name
    yield from vm_words(vm)
    for adapter in vm.adapters:
        yield from adapter_addresses(adapter)


def _adapter_label(vm: VirtualMachine, adapter: NetworkAdapter) -> str:
    """Name the adapter where there is a choice, or something to tell."""
    plain = len(vm.adapters) == 1 and adapter.name == DEFAULT_ADAPTER
    return " ".join(filter(None, ("" if plain else adapter.name, *adapter_words(vm, adapter))))


# Words that pictures and trees share


def switch_words(host: HypervHost, switch: VirtualSwitch) -> Iterator[str]:
    """Yield what is special about a switch, its type first."""
    yield f"{switch.type} switch"
    if switch.learning is LearningMode.PINNED:
        yield "Pinned"


def vm_words(vm: VirtualMachine) -> Iterator[str]:
    """Yield what is special about a VM."""
    if not vm.running:
        yield "off"
    if vm.forwarding:
        yield "routes"
    if vm.dhcp_server:
        yield "DHCP server"
    if vm.dhcp_relay:
        yield "DHCP relay agent"
    if vm.boot_server:
        yield vm.boot_server.role
    if not vm.has_system:
        yield "real machine" if vm.real_machine else "boots from the network"
    if vm.router_advertisements:
        yield "advertises itself as a router"
    if not vm.integration_services:
        yield "no integration services"


def adapter_words(vm: VirtualMachine, adapter: NetworkAdapter) -> Iterator[str]:
    """Yield what is special about an adapter."""
    if adapter.kind is AdapterKind.LEGACY:
        yield "(legacy)"
    if not vm.has_driver(adapter):
        yield "(no driver)"


def router_words(router: Router) -> str:
    return "router with NAT" if router.nat else "router"


def addresses(ip: IpSettings) -> tuple[str, ...]:
    """Return addresses as text, with their prefix lengths."""
    return ("DHCP",) * ip.dhcp + ("IPv6 as advertised",) * ip.auto + tuple(str(address) for address in ip.addresses)


def adapter_addresses(adapter: NetworkAdapter) -> tuple[str, ...]:
    """Return the addresses of an adapter of a VM, those of what the guest has made on it, and that of its cluster."""
    made = (
        f"VLAN {each.vlan_id}: {address}"
        for each in adapter.vlan_interfaces
        for address in addresses(each.ip) or ("-",)
    )
    shared = (f"NLB {adapter.nlb.cluster}: {adapter.nlb.address}",) if adapter.nlb else ()
    return (*addresses(adapter.ip or IpSettings()), *made, *shared)


def identifiers(boxes: Iterable[Box]) -> dict[Box, str]:
    """Give every box an identifier of letters, digits and underscores, readable and unique."""
    found: dict[Box, str] = {}
    taken: set[str] = set()
    for box in boxes:
        wanted = "_".join(filter(None, (box.kind.value, *box.key.split("/"))))
        base = "".join(char if char.isascii() and char.isalnum() else "_" for char in wanted)
        name, at = base, 1
        while name in taken:
            at += 1
            name = f"{base}_{at}"
        taken.add(name)
        found[box] = name
    return found


def all_boxes(picture: Scene) -> list[Box]:
    """Return every box, in the order in which it is drawn."""
    return [*(box for group in picture.groups for box in group.boxes), *picture.boxes]
