"""Moves of VMs, and of which adapters a VM has."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from random import Random

from lab.model.addresses import IpSettings
from lab.model.dhcp import DhcpScope, DhcpServer
from lab.model.kinds import AdapterKind, VMState
from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualMachine
from tests.walks.addresses import MACS, some_ip, some_place, type_of
from tests.walks.picking import Move, Stuck, pick, some_host, some_vm, swap, unused

_MOST_VMS = 8
_MOST_ADAPTERS = 3


def _new_adapter(random: Random, host: HypervHost, taken: set[str], *, legacy: bool) -> NetworkAdapter:
    stem = "Legacy Network Adapter" if legacy else "Network Adapter"
    place = some_place(random, host)
    return NetworkAdapter(
        unused((stem, f"{stem} 2", f"{stem} 3"), taken),
        place,
        AdapterKind.LEGACY if legacy else AdapterKind.SYNTHETIC,
        random.choice(MACS),
        some_ip(random, type_of(host, place)),
        mac_spoofing=random.random() < 0.2,
    )


def _add_vm(random: Random, model: LabModel) -> LabModel:
    host = pick(random, model.hosts)
    name = unused(tuple(f"vm{at}" for at in range(1, _MOST_VMS + 1)), set(model.node_names()))
    generation = random.choice((1, 2))
    adapter = _new_adapter(random, host, set(), legacy=generation == 1 and random.random() < 0.5)
    vm = VirtualMachine(name, (adapter,), generation, integration_services=random.random() < 0.9)
    return replace(model, hosts=swap(model.hosts, host, replace(host, vms=(*host.vms, vm))))


def _remove_vm(random: Random, host: HypervHost) -> HypervHost:
    return replace(host, vms=swap(host.vms, pick(random, host.vms)))


def _move_vm(random: Random, model: LabModel) -> LabModel:
    """To the other host, where it finds switches of the same names, or does not."""
    source, target = pick(random, model.hosts), pick(random, model.hosts)
    if source is target:
        raise Stuck
    vm = pick(random, source.vms)
    names = {switch.name for switch in target.switches}
    adapters = tuple(replace(each, switch=each.switch if each.switch in names else None) for each in vm.adapters)
    hosts = swap(model.hosts, source, replace(source, vms=swap(source.vms, vm)))
    return replace(model, hosts=swap(hosts, target, replace(target, vms=(*target.vms, replace(vm, adapters=adapters)))))


def _switch_vm_on_or_off(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, state=VMState.OFF if vm.running else VMState.RUNNING)


def _add_adapter(random: Random, host: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    if len(vm.adapters) >= _MOST_ADAPTERS:
        raise Stuck
    legacy = vm.generation == 1 and random.random() < 0.5
    adapter = _new_adapter(random, host, {each.name for each in vm.adapters}, legacy=legacy)
    return replace(vm, adapters=(*vm.adapters, adapter))


def _remove_adapter(random: Random, _: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, adapters=swap(vm.adapters, pick(random, vm.adapters)))


def _other_adapter_first(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, adapters=tuple(reversed(vm.adapters)))


def _other_generation(random: Random, _: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    """Generation 1 with a legacy adapter, or 2 without."""
    if vm.generation == 1:
        adapters = tuple(replace(each, kind=AdapterKind.SYNTHETIC) for each in vm.adapters)
        return replace(vm, generation=2, adapters=adapters)
    adapter = pick(random, vm.adapters)
    return replace(vm, generation=1, adapters=swap(vm.adapters, adapter, replace(adapter, kind=AdapterKind.LEGACY)))


def _integration_services(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, integration_services=not vm.integration_services)


def _meter(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, resource_metering=not vm.resource_metering)


def _vm_forwards(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, forwarding=not vm.forwarding)


def _dhcp_client(random: Random, host: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    """An adapter becomes a DHCP client, or has addresses again."""
    adapter = pick(random, vm.adapters)
    client = adapter.ip is not None and adapter.ip.dhcp
    ip = some_ip(random, type_of(host, adapter.switch)) if client else IpSettings(dhcp=True)
    return replace(vm, adapters=swap(vm.adapters, adapter, replace(adapter, ip=ip)))


def _dhcp_server(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    """The role comes or goes. The scope is inactive: what is leased depends on who asked first, and when."""
    if vm.dhcp_server:
        return replace(vm, dhcp_server=None)
    subnet = ip_network("10.0.1.0/24")
    return replace(vm, dhcp_server=DhcpServer((DhcpScope(subnet, subnet[100], subnet[119], active=False),)))  # type: ignore[arg-type]


OFTEN: tuple[Move, ...] = (
    _add_vm,
    some_vm(_switch_vm_on_or_off),
)
SOMETIMES: tuple[Move, ...] = (
    some_host(_remove_vm),
    _move_vm,
    some_vm(_add_adapter),
    some_vm(_remove_adapter),
    some_vm(_other_adapter_first),
    some_vm(_other_generation),
    some_vm(_integration_services),
    some_vm(_vm_forwards),
    some_vm(_meter),
    some_vm(_dhcp_client),
    some_vm(_dhcp_server),
)
