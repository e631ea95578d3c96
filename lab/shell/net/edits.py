"""Changes of what an interface is in the model: its IP settings, and what its operating system has set on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from lab.model import edit
from lab.model.addresses import Address, IpSettings, StaticRoute
from lab.model.edit import Edit
from lab.model.interfaces import takes_over
from lab.model.objects import Computer, HypervHost, LabModel, NetworkAdapter, VirtualMachine
from lab.model.recorded import Setting, with_setting
from lab.shell.errors import failure
from lab.shell.net.interfaces import IDLE_GATEWAYS, IDLE_ROUTES, InterfaceRef, Kind, idle_settings
from lab.shell.recording import with_kept

Change = Callable[[Any], Any]
"""From the model's object of an interface (PhysicalNic, NetworkAdapter, VlanInterface, GuestTeam, Computer) to a new
one."""


def changed(ref: InterfaceRef, change: Change) -> Edit:
    """Return the change of an interface's object in the model; a terminating error for a router's."""
    host, machine = ref.machine.host, ref.machine.name
    match ref.kind:
        case Kind.NIC:
            return edit.host(host, lambda each: replace(each, nics=edit.replaced(each.nics, ref.name, change)))
        case Kind.MANAGEMENT:
            return edit.management_adapter(host, ref.name, change)
        case Kind.ADAPTER:
            return edit.vm_adapter(host, machine, ref.name, change)
        case Kind.VLAN:
            return edit.vm_adapter(host, machine, ref.name, lambda each: _vlan_interface(each, ref.tag, change))
        case Kind.TEAM:
            return edit.vm(host, machine, lambda each: _team(each, ref.name, change))
        case Kind.COMPUTER:
            return lambda model: _computer(model, machine, change)
    raise failure(
        f'"{machine}" is a router of the physical network: its interface "{ref.name}" cannot be changed.',
        category="NotImplemented",
        error_id="RouterInterface",
        exception="NotSupportedException",
        target=ref.name,
    )


def changed_ip(ref: InterfaceRef, change: Callable[[IpSettings], IpSettings]) -> Edit:
    """Return the change of an interface's IP settings; one that had those of its switch's NIC gets its own.

    Windows keeps gateways and routes that no address leads to any more. They are recorded, and `change` gets them with
    the others.
    """

    def apply(each: Any, ip: IpSettings) -> Any:
        if ref.kind is Kind.VLAN:
            return replace(each, ip=_usable(change(ip)))
        idle = idle_settings(each.recorded)
        wanted = change(replace(ip, gateways=ip.gateways + idle.gateways, routes=ip.routes + idle.routes))
        found = _usable(wanted)
        return replace(each, ip=found, recorded=_idle(each.recorded, wanted, found))

    if ref.kind is not Kind.MANAGEMENT:
        return changed(ref, lambda each: apply(each, each.ip or IpSettings()))

    def adapter(host: HypervHost, each: NetworkAdapter) -> NetworkAdapter:
        nic = takes_over(host, each)
        inherited = nic.ip if nic else IpSettings()
        made: NetworkAdapter = apply(each, inherited if each.ip is None else each.ip)
        return made

    def adapters(host: HypervHost) -> HypervHost:
        found = edit.replaced(host.management_adapters, ref.name, lambda each: adapter(host, each))
        return replace(host, management_adapters=found)

    return edit.host(ref.machine.host, adapters)


def _usable(ip: IpSettings) -> IpSettings:
    """Return IP settings without the gateways and routes that none of the addresses leads to."""
    gateways: dict[int, Address] = {}
    for each in ip.gateways:
        if _leads_to(ip, each):
            gateways.setdefault(each.version, each)
    routes = (route for route in ip.routes if _is_usable(ip, route))
    return replace(ip, gateways=tuple(gateways.values()), routes=tuple(routes))


def _leads_to(ip: IpSettings, hop: Address) -> bool:
    automatic = ip.dhcp if hop.version == 4 else ip.auto
    return not automatic and any(hop in each.network and hop != each.ip for each in ip.addresses)


def _is_usable(ip: IpSettings, route: StaticRoute) -> bool:
    if route.on_link:
        return any(each.version == route.destination.version for each in ip.addresses)
    return _leads_to(ip, route.next_hop)


def _idle(recorded: tuple[Setting, ...], wanted: IpSettings, used: IpSettings) -> tuple[Setting, ...]:
    gateways = [str(each) for each in wanted.gateways if each not in used.gateways]
    routes = [[str(each.destination), str(each.next_hop)] for each in wanted.routes if each not in used.routes]
    for name, values in ((IDLE_GATEWAYS, gateways), (IDLE_ROUTES, routes)):
        recorded = with_kept(recorded, name, values) if values else with_setting(recorded, name, None)
    return recorded


def recorded(ref: InterfaceRef, **values: object) -> Edit:
    """Return the change that records settings of an interface."""
    if ref.kind is Kind.VLAN:
        raise failure(
            f'The lab keeps no such setting of a VLAN interface, which "{ref.name}" has.',
            category="NotImplemented", error_id="VlanInterface", exception="NotSupportedException", target=ref.name,
        )  # fmt: skip

    def kept(each: Any) -> Any:
        found = each.recorded
        for name, value in values.items():
            found = with_kept(found, name, value)
        return replace(each, recorded=found)

    return changed(ref, kept)


def both(*edits: Edit) -> Edit:
    """Return several changes as one."""

    def apply(model: LabModel) -> LabModel:
        for each in edits:
            model = each(model)
        return model

    return apply


def _vlan_interface(adapter: NetworkAdapter, tag: int, change: Change) -> NetworkAdapter:
    made = (change(each) if each.vlan_id == tag else each for each in adapter.vlan_interfaces)
    return replace(adapter, vlan_interfaces=tuple(made))


def _team(vm: VirtualMachine, name: str, change: Change) -> VirtualMachine:
    return replace(vm, team=change(vm.team)) if vm.team and vm.team.name == name else vm


def _computer(model: LabModel, name: str, change: Change) -> LabModel:
    def all_of(computers: tuple[Computer, ...]) -> tuple[Computer, ...]:
        return edit.replaced(computers, name, change)

    networks = tuple(replace(each, computers=all_of(each.computers)) for each in model.networks)
    return replace(model, networks=networks, internet=replace(model.internet, hosts=all_of(model.internet.hosts)))
