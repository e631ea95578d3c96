"""Moves of hosts: adapters of the management OS, physical NICs, the host as a whole."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network
from random import Random

from lab.model.kinds import SwitchType
from lab.model.nat import NetNat
from lab.model.objects import HypervHost, LabModel, PhysicalNic
from tests.walks.addresses import MACS, VLANS, some_ip, type_of
from tests.walks.picking import Move, pick, some_host, swap, unused
from tests.walks.start import beginning


def _renumber_management(random: Random, host: HypervHost) -> HypervHost:
    adapter = pick(random, host.management_adapters)
    kind = type_of(host, adapter.switch)
    ip = None if kind is SwitchType.EXTERNAL and random.random() < 0.3 else some_ip(random, kind)
    return replace(host, management_adapters=swap(host.management_adapters, adapter, replace(adapter, ip=ip)))


def _other_vlan_of_management(random: Random, host: HypervHost) -> HypervHost:
    adapter = pick(random, host.management_adapters)
    other = replace(adapter, vlan=random.choice(VLANS))
    return replace(host, management_adapters=swap(host.management_adapters, adapter, other))


def _other_management_first(_: Random, host: HypervHost) -> HypervHost:
    return replace(host, management_adapters=tuple(reversed(host.management_adapters)))


def _renumber_nic(random: Random, host: HypervHost) -> HypervHost:
    nic = pick(random, host.nics)
    other = replace(nic, ip=some_ip(random, SwitchType.EXTERNAL), mac=random.choice(MACS))
    return replace(host, nics=swap(host.nics, nic, other))


def _plug_nic(random: Random, host: HypervHost) -> HypervHost:
    """Take a NIC out that no switch has, or put one in."""
    free = tuple(each for each in host.nics if not host.switch_of_nic(each.name))
    if free and random.random() < 0.5:
        return replace(host, nics=swap(host.nics, pick(random, free)))
    name = unused(("Ethernet", "Ethernet 2"), {each.name for each in host.nics})
    return replace(host, nics=(*host.nics, PhysicalNic(name, "office", some_ip(random, SwitchType.EXTERNAL))))


def _host_forwards(_: Random, host: HypervHost) -> HypervHost:
    return replace(host, forwarding=not host.forwarding)


def _translates(random: Random, host: HypervHost) -> HypervHost:
    nat = NetNat("NAT", ip_network(random.choice(("10.0.1.0/24", "10.0.1.0/28"))))
    return replace(host, nat=None if host.nat else nat)


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


SOMETIMES: tuple[Move, ...] = (
    some_host(_renumber_management),
    some_host(_other_vlan_of_management),
    some_host(_other_management_first),
    some_host(_renumber_nic),
    some_host(_plug_nic),
    some_host(_host_forwards),
    some_host(_translates),
    some_host(_another_order),
    _plug_host,
)
