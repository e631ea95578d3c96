"""Moves of virtual switches, and of whether the management OS has an adapter on one."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from lab.model.extensions import ENABLED_BY_DEFAULT, SwitchExtension
from lab.model.kinds import LearningMode, LoadBalancing, SwitchType
from lab.model.objects import HypervHost, NetworkAdapter, VirtualSwitch
from tests.walks.addresses import some_ip, type_of
from tests.walks.bandwidth import mode_of
from tests.walks.picking import Move, Stuck, pick, some_host, some_switch, swap, unused

_MOST_SWITCHES = 3
# Seldom the one that makes a switch forward nothing.
_EXTENSIONS = (
    *(ENABLED_BY_DEFAULT,) * 5,
    (SwitchExtension.NDIS_CAPTURE,),
    (*ENABLED_BY_DEFAULT, SwitchExtension.AZURE_VFP),
)


def is_team(switch: str) -> bool:
    """Return whether a switch of this name is a team in all walks, if it is external; see :func:`mode_of`."""
    return switch == "S1"


def _add_switch(random: Random, host: HypervHost) -> HypervHost:
    names = tuple(f"S{at}" for at in range(1, _MOST_SWITCHES + 1))
    name = unused(names, {each.name for each in (*host.switches, *host.management_adapters)})
    learning = random.choice(tuple(LearningMode))
    switch = VirtualSwitch(name, SwitchType.PRIVATE, learning=learning, bandwidth_reservation=mode_of(name))
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
    return replace(_unshared(host, switch), vms=vms, switches=swap(host.switches, switch))


def _other_type(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    return _retyped(random, host, switch, random.choice(tuple(SwitchType)))


def _retyped(random: Random, host: HypervHost, switch: VirtualSwitch, kind: SwitchType) -> HypervHost:
    """Return a host with a switch of another type, and a management-OS adapter on it as Hyper-V has one."""
    host = _unshared(host, switch)
    nics: tuple[str, ...] = ()
    if kind is SwitchType.EXTERNAL:
        free = tuple(each for each in host.nics if host.switch_of_nic(each.name) in (None, switch))
        nics = (pick(random, free).name,)
    team = kind is SwitchType.EXTERNAL and is_team(switch.name)
    balancing = random.choice(tuple(LoadBalancing)) if team else LoadBalancing.HYPERVPORT
    other = replace(switch, type=kind, nics=nics, embedded_teaming=team, load_balancing=balancing)
    host = replace(host, switches=swap(host.switches, switch, other))
    return host if kind is SwitchType.PRIVATE or random.random() < 0.2 else _shared(random, host, switch.name)


def _unshared(host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    kept = tuple(each for each in host.management_adapters if each.switch != switch.name)
    return replace(host, management_adapters=kept)


def _shared(random: Random, host: HypervHost, switch: str) -> HypervHost:
    kind = type_of(host, switch)
    name = unused((switch, f"{switch} b", f"{switch} c"), {each.name for each in host.management_adapters})
    inherits = kind is SwitchType.EXTERNAL and not host.adapters_on(switch) and random.random() < 0.7
    adapter = NetworkAdapter(name, switch, ip=None if inherits else some_ip(random, kind))
    return replace(host, management_adapters=(*host.management_adapters, adapter))


def _other_nics(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    if switch.type is not SwitchType.EXTERNAL:
        raise Stuck
    team = switch.embedded_teaming
    nics = random.sample(host.nics, random.randint(1, min(2, len(host.nics)) if team else 1))
    balancing = random.choice(tuple(LoadBalancing)) if team else LoadBalancing.HYPERVPORT
    other = replace(switch, nics=tuple(nic.name for nic in nics), load_balancing=balancing)
    return replace(host, switches=swap(host.switches, switch, other))


def _pull_cable(random: Random, host: HypervHost) -> HypervHost:
    nic = pick(random, host.nics)
    return replace(host, nics=swap(host.nics, nic, replace(nic, connected=not nic.connected)))


def _other_learning(_: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    other = LearningMode.PINNED if switch.learning is LearningMode.LEARNING else LearningMode.LEARNING
    return replace(host, switches=swap(host.switches, switch, replace(switch, learning=other)))


def _other_ageing(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    other = replace(switch, ageing_s=random.choice((1, 60, 300)))
    return replace(host, switches=swap(host.switches, switch, other))


def _other_extensions(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    other = replace(switch, extensions=random.choice(_EXTENSIONS))
    return replace(host, switches=swap(host.switches, switch, other))


def _share(random: Random, host: HypervHost, switch: VirtualSwitch) -> HypervHost:
    """AllowManagementOS on or off, or one more adapter of the management OS."""
    if host.adapters_on(switch.name) and random.random() < 0.6:
        return _unshared(host, switch)
    if len(host.adapters_on(switch.name)) >= 2:
        raise Stuck
    return _shared(random, host, switch.name)


OFTEN: tuple[Move, ...] = (
    some_switch(_other_type),
    some_switch(_share),
)
SOMETIMES: tuple[Move, ...] = (
    some_host(_add_switch),
    some_switch(_remove_switch),
    some_switch(_other_nics),
    some_host(_pull_cable),
    some_switch(_other_learning),
    some_switch(_other_ageing),
    some_switch(_other_extensions),
)
