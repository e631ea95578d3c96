"""What is set inside the VMs: by cmdlets of their own Windows, or where there is none, by those of a lab."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from lab.model import edit
from lab.model.addresses import NO_IP, IpSettings, hyperv_mac
from lab.model.kinds import VMState
from lab.model.objects import DEFAULT_MTU, GuestTeam, HypervHost, LabModel, NetworkAdapter, VirtualMachine
from lab.model.validate import validate
from lab.shell.export.adapters import Whose
from lab.shell.export.addresses import can_be_set, interface_lines, ip_lines
from lab.shell.export.advertising import advertising_lines, forwarding_lines
from lab.shell.export.quoting import pattern
from lab.shell.export.recorded import feature_lines, vm_features
from lab.shell.export.writing import guarded, line, lost, unasked
from lab.shell.hyperv.guests import FRESH_IP
from lab.shell.net.interfaces import ALIAS


def first_alias(position: int) -> str:
    """Return what Windows calls the network adapter at a position of a VM, counted from 1."""
    return "Ethernet" if position == 1 else f"Ethernet {position}"


def aliases(vm: VirtualMachine) -> dict[str, str]:
    """Return what a VM's guest calls its adapters, by their names in the lab."""
    found = {}
    for position, adapter in enumerate(vm.adapters, 1):
        renamed = (json.loads(each.value) for each in adapter.recorded if each.name == ALIAS)
        found[adapter.name] = next(renamed, None) or first_alias(position)
    return found


def can_run(model: LabModel, host: HypervHost, vm: VirtualMachine) -> bool:
    """Tell whether a VM can be started so that its guest can be configured; one that is off may not be able to."""
    if not vm.has_system:
        return False
    on = edit.vm(host.name, vm.name, lambda each: replace(each, state=VMState.RUNNING))
    return vm.running or not validate(on(model), whole=False)


def guest_lines(vm: VirtualMachine) -> Iterator[str]:
    """Yield what configures the network of a guest, from within."""
    names = aliases(vm)
    members = vm.team.adapters if vm.team else ()
    for position, adapter in enumerate(vm.adapters, 1):
        if names[adapter.name] != first_alias(position):
            yield line("Rename-NetAdapter", Name=first_alias(position), NewName=names[adapter.name])
    if vm.team:
        yield from _team(vm.team, [names[each] for each in members])
    for adapter in vm.adapters:
        if adapter.name not in members:
            yield from _adapter(adapter, names[adapter.name])
    yield from feature_lines(vm_features(vm))
    yield from forwarding_lines(vm.forwarding and bool(vm.adapters))
    yield from advertising_lines(vm.name, vm.router_advertisements, names.items())
    for adapter in vm.adapters:
        if not adapter.enabled:
            yield unasked(line("Disable-NetAdapter", Name=names[adapter.name]))


def _team(team: GuestTeam, members: list[str]) -> Iterator[str]:
    recorded = {each.name: json.loads(each.value) for each in team.recorded}
    alias = recorded.get(ALIAS, team.name)
    yield unasked(
        line(
            "New-NetLbfoTeam",
            Name=team.name,
            TeamMembers=members,
            TeamNicName=alias if alias != team.name else None,
            TeamingMode="SwitchIndependent",
            LoadBalancingAlgorithm=recorded.get("LoadBalancingAlgorithm"),
        )
    )
    yield from ip_lines(alias, NO_IP, team.ip, team.recorded)
    yield from interface_lines(alias, team.recorded)


def _adapter(adapter: NetworkAdapter, alias: str) -> Iterator[str]:
    wanted = adapter.ip or NO_IP
    if can_be_set(wanted):
        yield from ip_lines(alias, FRESH_IP, wanted, adapter.recorded)
    yield from interface_lines(alias, adapter.recorded)
    if adapter.mtu != DEFAULT_MTU:
        yield line("Set-NetIPInterface", InterfaceAlias=alias, NlMtuBytes=adapter.mtu)
    if adapter.guest_mac:
        yield line("Set-NetAdapter", Name=alias, MacAddress=hyperv_mac(adapter.guest_mac))


def lab_lines(vm: VirtualMachine, *, runs: bool) -> Iterator[str]:
    """Yield what a guest is that no Windows says; if it does not run, all that its adapters have."""
    yield from guarded(_lab_adapters(vm, runs=runs))
    yield from guarded(_vlan_interfaces(vm))
    yield from guarded(_lab_vm(vm, runs=runs))
    if not runs:
        yield from _unsaid(vm)


def _lab_adapters(vm: VirtualMachine, *, runs: bool) -> Iterator[str]:
    members = vm.team.adapters if vm.team and runs else ()
    for adapter in vm.adapters:
        wanted = adapter.ip or NO_IP
        words: dict[str, object] = {}
        if adapter.name not in members and (not runs or not can_be_set(wanted)):
            words = _ip_words(FRESH_IP, wanted)
        if adapter.mtu != DEFAULT_MTU and (not runs or adapter.name in members):
            words["Mtu"] = adapter.mtu
        if words:
            alone = len(vm.adapters) == 1
            yield line("Set-LabAdapter", **Whose(adapter.name, vm.name, alone).words("Name"), **words)


def _ip_words(had: IpSettings, wanted: IpSettings) -> dict[str, object]:
    words: dict[str, object] = {}
    if wanted.addresses != had.addresses:
        words["IPAddress"] = list(map(str, wanted.addresses))
    if wanted.gateways != had.gateways:
        words["DefaultGateway"] = list(map(str, wanted.gateways))
    if wanted.dhcp is not had.dhcp:
        words["Dhcp"] = wanted.dhcp
    if wanted.auto is not had.auto:
        words["RouterDiscovery"] = wanted.auto
    return words


def _vlan_interfaces(vm: VirtualMachine) -> Iterator[str]:
    for adapter in vm.adapters:
        for each in adapter.vlan_interfaces:
            yield line(
                "Add-LabVlanInterface", VMName=vm.name, VMNetworkAdapterName=pattern(adapter.name),
                VlanId=each.vlan_id, **_ip_words(NO_IP, each.ip),
            )  # fmt: skip
            for route in each.ip.routes:
                yield lost(f"the route to {route} of VLAN {each.vlan_id} in VM {vm.name}")


def _lab_vm(vm: VirtualMachine, *, runs: bool) -> Iterator[str]:
    words: dict[str, object] = {}
    if vm.forwarding and not (runs and vm.adapters):
        words["Forwarding"] = True
    if vm.dhcp_relay:
        words["DhcpRelay"] = list(map(str, vm.dhcp_relay))
    if words:
        yield line("Set-LabVM", Name=vm.name, **words)


def last_lines(vm: VirtualMachine) -> Iterator[str]:
    """Yield what is to be set when nothing is to be done in a guest any more: it cannot be reached without services."""
    if not vm.integration_services:
        yield from guarded([line("Set-LabVM", Name=vm.name, IntegrationServices=False)])


def _unsaid(vm: VirtualMachine) -> Iterator[str]:
    """Yield what is lost of a guest that cannot be reached."""
    for adapter in vm.adapters:
        if adapter.ip and adapter.ip.routes:
            yield lost(f'the routes of VM "{vm.name}", whose guest cannot be started')
        if adapter.guest_mac or not adapter.enabled:
            yield lost(f'what the guest of VM "{vm.name}" has set on {adapter.name}, as it cannot be started')
    roles = {
        "the team": vm.team, "the router advertisements": vm.router_advertisements, "the DHCP server": vm.dhcp_server,
        "the node of a cluster": any(adapter.nlb for adapter in vm.adapters),
    }  # fmt: skip
    for name in (name for name, has in roles.items() if has):
        yield lost(f'{name} of VM "{vm.name}", whose guest cannot be started')
