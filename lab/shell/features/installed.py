"""What roles and features a machine of the lab has, and how it gets them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lab.model import edit
from lab.model.dhcp import DhcpServer
from lab.model.edit import Edit
from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.model.recorded import Setting, with_setting
from lab.shell.dhcp.server import vm_edit
from lab.shell.features.catalogue import CATALOGUE, Feature, with_parents
from lab.shell.place import Machine, vm_of
from lab.shell.recording import kept, with_kept

_KEY = "WindowsFeature"


def installed(model: LabModel, machine: Machine) -> frozenset[str]:
    """Return the names of what a machine has: what was recorded, and what the lab's description means by itself."""
    host = model.host(machine.host)
    if machine.is_host:
        found = kept(host.recorded, _KEY, []) if host else []
        return frozenset({*found, "Hyper-V", "RSAT", "RSAT-Role-Tools", "RSAT-Hyper-V-Tools", "Hyper-V-PowerShell"})
    vm = vm_of(model, machine)
    if vm is None:
        return frozenset()
    return frozenset((set(kept(vm.recorded, _KEY, [])) - {"DHCP"}) | implied(vm))


def implied(vm: VirtualMachine) -> frozenset[str]:
    """Return the names of what a VM has by what it does in the lab, with the tools for it; they are not recorded."""
    roles = {
        "DHCP": vm.dhcp_server is not None,
        "NLB": any(adapter.nlb for adapter in vm.adapters),
        "WDS": vm.boot_server is not None and bool(vm.boot_server.programs),
    }
    found = [CATALOGUE[name.casefold()] for name, has in roles.items() if has]
    found += [CATALOGUE[tool.casefold()] for each in found for tool in each.tools]
    return frozenset(each.name for each in with_parents(found))


def following(old: VirtualMachine, new: VirtualMachine) -> VirtualMachine:
    """Return a changed VM in which features are recorded that it has and does nothing with, and no others.

    A feature stays installed when what it was needed for is gone.
    """
    names = ({*kept(new.recorded, _KEY, [])} | implied(old)) - implied(new) - {"DHCP"}
    return replace(new, recorded=_recorded(new, names))


def _recorded(of: VirtualMachine | HypervHost, names: Iterable[str]) -> tuple[Setting, ...]:
    found = sorted(names)
    return with_kept(of.recorded, _KEY, found) if found else with_setting(of.recorded, _KEY, None)


def installing(machine: Machine, features: list[Feature]) -> Edit:
    """Return the change that gives a machine features; DHCP makes a VM a DHCP server."""
    new = {each.name for each in features}

    def vm(each: VirtualMachine) -> VirtualMachine:
        server = (each.dhcp_server or DhcpServer()) if "DHCP" in new else each.dhcp_server
        names = {*kept(each.recorded, _KEY, []), *new}
        return following(each, replace(each, dhcp_server=server, recorded=_recorded(each, names)))

    def host(each: HypervHost) -> HypervHost:
        return replace(each, recorded=_recorded(each, {*kept(each.recorded, _KEY, []), *new}))

    return edit.host(machine.name, host) if machine.is_host else vm_edit(machine.name, vm)


def removing(machine: Machine, features: list[Feature]) -> Edit:
    """Return the change that takes features from a machine; with DHCP go its scopes, with NLB its clusters."""
    gone = {each.name for each in features}

    def vm(each: VirtualMachine) -> VirtualMachine:
        names = (set(kept(each.recorded, _KEY, [])) | implied(each)) - gone
        adapters = each.adapters
        if "NLB" in gone:
            adapters = tuple(replace(adapter, nlb=None) for adapter in adapters)
        server = None if "DHCP" in gone else each.dhcp_server
        new = replace(each, dhcp_server=server, adapters=adapters)
        return replace(new, recorded=_recorded(each, names - implied(new)))

    def host(each: HypervHost) -> HypervHost:
        return replace(each, recorded=_recorded(each, set(kept(each.recorded, _KEY, [])) - gone))

    return edit.host(machine.name, host) if machine.is_host else vm_edit(machine.name, vm)
