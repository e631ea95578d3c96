"""Random small changes of a lab, the same ones for the same seed; what unit and system tests take their walks from.

A move edits a model in one place and need not know the rules: what `validate` refuses is not taken. Addresses come from
few numbers and two MAC addresses are fixed, so that one machine gets what another has just had.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface, ip_network
from itertools import product
from random import Random
from typing import TypeVar

from lab import Lab
from lab.model.acl import TCP, AclAction, AclDirection, AclSide, ExtendedAcl, PortAcl
from lab.model.addresses import IpSettings
from lab.model.changes import changes
from lab.model.kinds import AdapterKind, LearningMode, LoadBalancing, PortMirroring, SwitchType, VMState
from lab.model.objects import (
    Computer,
    HypervHost,
    LabModel,
    NetworkAdapter,
    PhysicalNetwork,
    PhysicalNic,
    Router,
    VirtualMachine,
    VirtualSwitch,
)
from lab.model.validate import validate
from lab.model.vlan import UNTAGGED, access, community, isolated, promiscuous, trunk

T = TypeVar("T")
Move = Callable[[Random, LabModel], LabModel]

MOST_VMS = 8
_MOST_SWITCHES = 3
_MOST_ADAPTERS = 3
_MOST_COMPUTERS = 2
_TRIES = 1000
_TWO_AT_ONCE = 0.15
_NUMBERS = range(10, 26)
# Of IPv4 and IPv6: that of the physical network, and one for inside.
_SUBNETS = (("192.168.1.{}/24", "2001:db8:1::{}/64"), ("10.0.1.{}/24", "2001:db8:a::{}/64"))
# Few, so that many adapters meet, in every mode; VLAN 10 is an ordinary one and the primary of a private one.
_VLANS = (
    *(UNTAGGED,) * 4, *(access(10),) * 3, access(11), trunk("10-12", native=0), trunk("11", native=10),
    *(isolated(10, 11),) * 2, *(community(10, 12),) * 2, community(10, 11), *(promiscuous(10, "11-12"),) * 2,
    promiscuous(10, "12"),
)  # fmt: skip
# What fits few addresses, and what fits all.
_PREFIXES = (None, *map(ip_network, ("192.168.1.0/28", "192.168.1.11", "10.0.1.0/24", "2001:db8::/32")))
_ACLS = (
    *(PortAcl(*each) for each in product((AclAction.ALLOW, AclAction.DENY), AclDirection, AclSide, _PREFIXES)),
    *(PortAcl(AclAction.METER, direction, AclSide.REMOTE) for direction in AclDirection),
    *(PortAcl(AclAction.DENY, direction, AclSide.REMOTE, mac="00:15:5d:77:00:01") for direction in AclDirection),
)
_EXTENDED_ACLS = (
    *(ExtendedAcl(*each) for each in product((1, 20, 65535), (AclAction.ALLOW, AclAction.DENY), AclDirection)),
    *(ExtendedAcl(10, AclAction.DENY, each, remote_ip=_PREFIXES[1]) for each in AclDirection),
    *(ExtendedAcl(30, AclAction.ALLOW, each, protocol=1) for each in AclDirection),
    *(ExtendedAcl(40, AclAction.DENY, each, protocol=58) for each in AclDirection),
    *(ExtendedAcl(50, AclAction.ALLOW, each, protocol=TCP, stateful=True) for each in AclDirection),
)
_MACS = ("", "", "", "00:15:5d:77:00:01", "00:15:5d:77:00:02")
_MTUS = (1400, 1500, 1500, 4000)


class Stuck(Exception):
    """A move finds nothing to move."""


# The words of a walk


def beginning(name: str = "walk") -> Lab:
    """Return where every walk begins: two hosts, two switches, a computer, a way to the internet."""
    lab = Lab(name, interruption_s=0)
    lab.internet_host("internet", "203.0.113.80/24", "2001:db8:ffff::80/64")
    office = lab.physical_network(
        "office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1")
    )
    office.computer("pc1", "192.168.1.10", "2001:db8:1::10")
    for number in (1, 2):
        host = lab.host(f"hv{number}")
        host.nic("Ethernet", office, f"192.168.1.{2 * number}", f"2001:db8:1::{2 * number}")
        host.nic("Ethernet 2", office, f"192.168.1.{2 * number + 1}")
        host.external_switch("S1", nic="Ethernet")
        host.internal_switch("S2", "10.0.1.1/24")
        host.vm(f"vm{number}", "S1", f"192.168.1.{10 + number}", f"2001:db8:1::{10 + number}")
        host.vm(f"vm{number + 2}", "S2", f"10.0.1.{10 + number}", gateway="10.0.1.1")
    return lab


@dataclass(frozen=True, slots=True)
class Step:
    """One change: what it does, in Hyper-V's words, and what it leads to."""

    words: str
    model: LabModel


def steps(random: Random, model: LabModel) -> Iterator[Step]:
    """Yield changes without end, each of what the last one has led to. Sometimes one leads back to where we were."""
    before = model
    while True:
        new = before if before != model and random.random() < 0.08 else changed(random, model)
        yield Step("; ".join(map(str, changes(model, new))) or "another order of things", new)
        before, model = model, new


def changed(random: Random, model: LabModel) -> LabModel:
    """Return a valid model that differs from another in one or two places."""
    edits = 2 if random.random() < _TWO_AT_ONCE else 1
    new = model
    for _ in range(_TRIES):
        try:
            moved = random.choice(MOVES)(random, new)
        except Stuck:
            continue
        if moved == new or validate(moved):
            continue
        new, edits = moved, edits - 1
        if edits <= 0 and new != model:
            return new
    raise AssertionError(f"no valid change of this lab in {_TRIES} tries: {model}")


def walked(random: Random, count: int) -> LabModel:
    """Return a lab that is some changes away from the beginning."""
    model = beginning().model()
    for _ in range(count):
        model = changed(random, model)
    return model


# Picking and putting back


def _pick(random: Random, found: tuple[T, ...]) -> T:
    if not found:
        raise Stuck
    return random.choice(found)


def _swap(found: tuple[T, ...], old: T, *new: T) -> tuple[T, ...]:
    """Return a tuple with other things, or nothing, in place of one."""
    at = next(at for at, each in enumerate(found) if each is old)
    return (*found[:at], *new, *found[at + 1 :])


def _free(names: Iterator[str] | tuple[str, ...], taken: set[str]) -> str:
    name = next((each for each in names if each not in taken), None)
    if name is None:
        raise Stuck
    return name


def _host(edit: Callable[[Random, HypervHost], HypervHost]) -> Move:
    def move(random: Random, model: LabModel) -> LabModel:
        host = _pick(random, model.hosts)
        return replace(model, hosts=_swap(model.hosts, host, edit(random, host)))

    return move


def _switch(edit: Callable[[Random, HypervHost, VirtualSwitch], HypervHost]) -> Move:
    return _host(lambda random, host: edit(random, host, _pick(random, host.switches)))


def _vm(edit: Callable[[Random, HypervHost, VirtualMachine], VirtualMachine]) -> Move:
    def on_host(random: Random, host: HypervHost) -> HypervHost:
        vm = _pick(random, host.vms)
        return replace(host, vms=_swap(host.vms, vm, edit(random, host, vm)))

    return _host(on_host)


def _adapter(edit: Callable[[Random, HypervHost, NetworkAdapter], NetworkAdapter]) -> Move:
    def on_vm(random: Random, host: HypervHost, vm: VirtualMachine) -> VirtualMachine:
        adapter = _pick(random, vm.adapters)
        return replace(vm, adapters=_swap(vm.adapters, adapter, edit(random, host, adapter)))

    return _vm(on_vm)


def _network(edit: Callable[[Random, PhysicalNetwork], PhysicalNetwork]) -> Move:
    def move(random: Random, model: LabModel) -> LabModel:
        network = _pick(random, model.networks)
        return replace(model, networks=_swap(model.networks, network, edit(random, network)))

    return move


# Addresses and places


def _ip(random: Random, kind: SwitchType | None) -> IpSettings:
    """Return settings that fit a switch of a type, mostly."""
    usual = 0 if kind is SwitchType.EXTERNAL else 1
    v4, v6 = _SUBNETS[usual if random.random() < 0.85 else 1 - usual]
    number = random.choice(_NUMBERS)
    addresses, gateways = [v4.format(number)], [v4.format(1)]
    if random.random() < 0.4:
        addresses, gateways = [*addresses, v6.format(number)], [*gateways, v6.format(1)]
    if random.random() < 0.1:
        addresses, gateways = [v6.format(number)], [v6.format(1)]
    if random.random() < 0.05:
        addresses = []
    if not addresses or random.random() < 0.4:
        gateways = []
    near = (ip_address(each.partition("/")[0]) for each in gateways)
    return IpSettings(tuple(map(ip_interface, addresses)), tuple(near))


def _kind(host: HypervHost, switch: str | None) -> SwitchType | None:
    found = host.switch(switch)
    return found.type if found else None


def _place(random: Random, host: HypervHost) -> str | None:
    """Return the name of a switch, or None: connected to nothing."""
    return random.choice([None, *(switch.name for switch in host.switches for _ in range(2))])


def _new_adapter(random: Random, host: HypervHost, taken: set[str], *, legacy: bool) -> NetworkAdapter:
    stem = "Legacy Network Adapter" if legacy else "Network Adapter"
    place = _place(random, host)
    return NetworkAdapter(
        _free((stem, f"{stem} 2", f"{stem} 3"), taken),
        place,
        AdapterKind.LEGACY if legacy else AdapterKind.SYNTHETIC,
        random.choice(_MACS),
        _ip(random, _kind(host, place)),
        mac_spoofing=random.random() < 0.2,
    )


# Moves: VMs


def _add_vm(random: Random, model: LabModel) -> LabModel:
    host = _pick(random, model.hosts)
    name = _free(tuple(f"vm{at}" for at in range(1, MOST_VMS + 1)), set(model.node_names()))
    generation = random.choice((1, 2))
    adapter = _new_adapter(random, host, set(), legacy=generation == 1 and random.random() < 0.5)
    vm = VirtualMachine(name, (adapter,), generation, integration_services=random.random() < 0.9)
    return replace(model, hosts=_swap(model.hosts, host, replace(host, vms=(*host.vms, vm))))


def _remove_vm(random: Random, host: HypervHost) -> HypervHost:
    return replace(host, vms=_swap(host.vms, _pick(random, host.vms)))


def _move_vm(random: Random, model: LabModel) -> LabModel:
    """To the other host, where it finds switches of the same names, or does not."""
    source, target = _pick(random, model.hosts), _pick(random, model.hosts)
    if source is target:
        raise Stuck
    vm = _pick(random, source.vms)
    names = {switch.name for switch in target.switches}
    adapters = tuple(replace(each, switch=each.switch if each.switch in names else None) for each in vm.adapters)
    hosts = _swap(model.hosts, source, replace(source, vms=_swap(source.vms, vm)))
    return replace(
        model, hosts=_swap(hosts, target, replace(target, vms=(*target.vms, replace(vm, adapters=adapters))))
    )


def _switch_vm_on_or_off(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, state=VMState.OFF if vm.running else VMState.RUNNING)


def _add_adapter(random: Random, host: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    if len(vm.adapters) >= _MOST_ADAPTERS:
        raise Stuck
    legacy = vm.generation == 1 and random.random() < 0.5
    adapter = _new_adapter(random, host, {each.name for each in vm.adapters}, legacy=legacy)
    return replace(vm, adapters=(*vm.adapters, adapter))


def _remove_adapter(random: Random, _: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, adapters=_swap(vm.adapters, _pick(random, vm.adapters)))


def _other_adapter_first(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, adapters=tuple(reversed(vm.adapters)))


def _other_generation(random: Random, _: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    """Generation 1 with a legacy adapter, or 2 without."""
    if vm.generation == 1:
        adapters = tuple(replace(each, kind=AdapterKind.SYNTHETIC) for each in vm.adapters)
        return replace(vm, generation=2, adapters=adapters)
    adapter = _pick(random, vm.adapters)
    return replace(vm, generation=1, adapters=_swap(vm.adapters, adapter, replace(adapter, kind=AdapterKind.LEGACY)))


def _integration_services(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, integration_services=not vm.integration_services)


def _vm_forwards(_: Random, __: HypervHost, vm: VirtualMachine) -> VirtualMachine:
    return replace(vm, forwarding=not vm.forwarding)


# Moves: adapters of VMs


def _connect(random: Random, host: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, switch=_place(random, host))


def _connect_and_renumber(random: Random, host: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    place = _place(random, host)
    return replace(adapter, switch=place, ip=_ip(random, _kind(host, place)))


def _renumber(random: Random, host: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, ip=_ip(random, _kind(host, adapter.switch)))


def _spoof(_: Random, __: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, mac_spoofing=not adapter.mac_spoofing)


def _guard(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, dhcp_guard=random.random() < 0.5, router_guard=random.random() < 0.5)


def _other_acls(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    plain, extended = random.choice(((0, 0), (1, 0), (3, 0), (0, 1), (0, 3), (2, 2)))
    return replace(
        adapter,
        acls=tuple(random.sample(_ACLS, plain)),
        extended_acls=tuple(random.sample(_EXTENDED_ACLS, extended)),
    )


def _mirror(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, port_mirroring=random.choice(tuple(PortMirroring)))


def _limit(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(
        adapter, maximum_bandwidth=random.choice((0, 10**8, 10**9)), storm_limit=random.choice((0, 1000, 5000))
    )


def _other_vlan(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, vlan=random.choice(_VLANS))


def _other_mac(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, mac=random.choice(_MACS))


def _other_mtu(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, mtu=random.choice(_MTUS))


def _other_kind(random: Random, _: HypervHost, adapter: NetworkAdapter) -> NetworkAdapter:
    return replace(adapter, kind=random.choice(tuple(AdapterKind)))


# Moves: switches


def _add_switch(random: Random, host: HypervHost) -> HypervHost:
    names = tuple(f"S{at}" for at in range(1, _MOST_SWITCHES + 1))
    name = _free(names, {each.name for each in (*host.switches, *host.management_adapters)})
    switch = VirtualSwitch(name, SwitchType.PRIVATE, learning=random.choice(tuple(LearningMode)))
    host = replace(host, switches=(*host.switches, switch))
    return _retyped(random, host, switch, random.choice(tuple(SwitchType)))


def _remove_switch(_: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    vms = tuple(
        replace(
            vm,
            adapters=tuple(replace(each, switch=None) if each.switch == switch.name else each for each in vm.adapters),
        )
        for vm in host.vms
    )
    return replace(_unshared(host, switch), vms=vms, switches=_swap(host.switches, switch))


def _other_type(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    return _retyped(random, host, switch, random.choice(tuple(SwitchType)))


def _retyped(random: Random, host: HypervHost, switch: VirtualSwitch, kind: SwitchType) -> HypervHost:
    """Return a host with a switch of another type, and a management-OS adapter on it as Hyper-V has one."""
    host = _unshared(host, switch)
    nics: tuple[str, ...] = ()
    if kind is SwitchType.EXTERNAL:
        free = tuple(each for each in host.nics if host.switch_of_nic(each.name) in (None, switch))
        nics = (_pick(random, free).name,)
    other = replace(switch, type=kind, nics=nics, embedded_teaming=False, load_balancing=LoadBalancing.HYPERVPORT)
    host = replace(host, switches=_swap(host.switches, switch, other))
    return host if kind is SwitchType.PRIVATE or random.random() < 0.2 else _shared(random, host, switch.name)


def _unshared(host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    kept = tuple(each for each in host.management_adapters if each.switch != switch.name)
    return replace(host, management_adapters=kept)


def _shared(random: Random, host: HypervHost, switch: str) -> HypervHost:
    kind = _kind(host, switch)
    name = _free((switch, f"{switch} b", f"{switch} c"), {each.name for each in host.management_adapters})
    inherits = kind is SwitchType.EXTERNAL and not host.adapters_on(switch) and random.random() < 0.7
    adapter = NetworkAdapter(name, switch, ip=None if inherits else _ip(random, kind))
    return replace(host, management_adapters=(*host.management_adapters, adapter))


def _other_nic(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    if switch.type is not SwitchType.EXTERNAL:
        raise Stuck
    nic = _pick(random, host.nics).name
    return replace(host, switches=_swap(host.switches, switch, replace(switch, nics=(nic,))))


def _other_learning(_: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    other = LearningMode.PINNED if switch.learning is LearningMode.LEARNING else LearningMode.LEARNING
    return replace(host, switches=_swap(host.switches, switch, replace(switch, learning=other)))


def _other_ageing(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    other = replace(switch, ageing_s=random.choice((1, 60, 300)))
    return replace(host, switches=_swap(host.switches, switch, other))


# Moves: hosts


def _share(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    """AllowManagementOS on or off, or one more adapter of the management OS."""
    if host.adapters_on(switch.name) and random.random() < 0.6:
        return _unshared(host, switch)
    if len(host.adapters_on(switch.name)) >= 2:
        raise Stuck
    return _shared(random, host, switch.name)


def _renumber_management(random: Random, host: HypervHost) -> HypervHost:
    adapter = _pick(random, host.management_adapters)
    kind = _kind(host, adapter.switch)
    ip = None if kind is SwitchType.EXTERNAL and random.random() < 0.3 else _ip(random, kind)
    return replace(host, management_adapters=_swap(host.management_adapters, adapter, replace(adapter, ip=ip)))


def _other_vlan_of_management(random: Random, host: HypervHost) -> HypervHost:
    adapter = _pick(random, host.management_adapters)
    other = replace(adapter, vlan=random.choice(_VLANS))
    return replace(host, management_adapters=_swap(host.management_adapters, adapter, other))


def _other_management_first(_: Random, host: HypervHost) -> HypervHost:
    return replace(host, management_adapters=tuple(reversed(host.management_adapters)))


def _renumber_nic(random: Random, host: HypervHost) -> HypervHost:
    nic = _pick(random, host.nics)
    other = replace(nic, ip=_ip(random, SwitchType.EXTERNAL), mac=random.choice(_MACS))
    return replace(host, nics=_swap(host.nics, nic, other))


def _plug_nic(random: Random, host: HypervHost) -> HypervHost:
    """Take a NIC out that no switch has, or put one in."""
    free = tuple(each for each in host.nics if not host.switch_of_nic(each.name))
    if free and random.random() < 0.5:
        return replace(host, nics=_swap(host.nics, _pick(random, free)))
    name = _free(("Ethernet", "Ethernet 2"), {each.name for each in host.nics})
    return replace(host, nics=(*host.nics, PhysicalNic(name, "office", _ip(random, SwitchType.EXTERNAL))))


def _host_forwards(_: Random, host: HypervHost) -> HypervHost:
    return replace(host, forwarding=not host.forwarding)


def _another_order(_: Random, host: HypervHost) -> HypervHost:
    return replace(host, vms=tuple(reversed(host.vms)), switches=tuple(reversed(host.switches)))


def _plug_host(_: Random, model: LabModel) -> LabModel:
    """Take the second host away, or put it back as it was in the beginning."""
    if len(model.hosts) > 1:
        return replace(model, hosts=model.hosts[:1])
    taken = set(model.node_names())
    hosts = tuple(each for each in beginning().model().hosts if each.name not in taken)
    free = (replace(each, vms=tuple(vm for vm in each.vms if vm.name not in taken)) for each in hosts)
    return replace(model, hosts=(*model.hosts, *free))


# Moves: the physical network


def _plug_computer(random: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    if len(network.computers) > 1 and random.random() < 0.5:
        return replace(network, computers=_swap(network.computers, _pick(random, network.computers)))
    names = tuple(f"pc{at}" for at in range(1, _MOST_COMPUTERS + 1))
    name = _free(names, {each.name for each in network.computers})
    computer = Computer(name, _ip(random, SwitchType.EXTERNAL), mtu=network.mtu)
    return replace(network, computers=(*network.computers, computer))


def _renumber_computer(random: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    computer = _pick(random, network.computers)
    other = replace(computer, ip=_ip(random, SwitchType.EXTERNAL), mac=random.choice(_MACS))
    return replace(network, computers=_swap(network.computers, computer, other))


def _other_vlan_of_computer(random: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    computer = _pick(random, network.computers)
    other = replace(computer, vlan=random.choice((0, 10, 11)))
    return replace(network, computers=_swap(network.computers, computer, other))


def _other_nat(_: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    router = network.router
    if router is None:
        raise Stuck
    return replace(network, router=replace(router, nat=not router.nat))


def _plug_router(_: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    def router() -> Router | None:
        return beginning().model().networks[0].router

    return replace(network, router=None if network.router else router())


_OFTEN: tuple[Move, ...] = (
    _add_vm,
    _vm(_switch_vm_on_or_off),
    _adapter(_connect),
    _adapter(_connect_and_renumber),
    _adapter(_other_vlan),
    _adapter(_renumber),
    _switch(_other_type),
    _switch(_share),
)
_SOMETIMES: tuple[Move, ...] = (
    _host(_remove_vm),
    _move_vm,
    _vm(_add_adapter),
    _vm(_remove_adapter),
    _vm(_other_adapter_first),
    _vm(_other_generation),
    _vm(_integration_services),
    _vm(_vm_forwards),
    _adapter(_spoof),
    _adapter(_guard),
    _adapter(_mirror),
    _adapter(_limit),
    _adapter(_other_acls),
    _adapter(_other_acls),
    _adapter(_other_mac),
    _adapter(_other_mtu),
    _adapter(_other_kind),
    _host(_add_switch),
    _switch(_remove_switch),
    _switch(_other_nic),
    _switch(_other_learning),
    _switch(_other_ageing),
    _host(_renumber_management),
    _host(_other_vlan_of_management),
    _host(_other_management_first),
    _host(_renumber_nic),
    _host(_plug_nic),
    _host(_host_forwards),
    _host(_another_order),
    _plug_host,
    _network(_plug_computer),
    _network(_renumber_computer),
    _network(_other_vlan_of_computer),
    _network(_other_nat),
    _network(_plug_router),
)
MOVES = (*_OFTEN, *_OFTEN, *_OFTEN, *_SOMETIMES)
