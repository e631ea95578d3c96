"""Moves of the physical network: its computers, its router."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from lab.model.kinds import SwitchType
from lab.model.objects import Computer, PhysicalNetwork, Router
from tests.walks.addresses import MACS, some_ip
from tests.walks.picking import Move, Stuck, pick, some_network, swap, unused
from tests.walks.start import beginning

_MOST_COMPUTERS = 2


def _plug_computer(random: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    if len(network.computers) > 1 and random.random() < 0.5:
        return replace(network, computers=swap(network.computers, pick(random, network.computers)))
    names = tuple(f"pc{at}" for at in range(1, _MOST_COMPUTERS + 1))
    name = unused(names, {each.name for each in network.computers})
    computer = Computer(name, some_ip(random, SwitchType.EXTERNAL), mtu=network.mtu)
    return replace(network, computers=(*network.computers, computer))


def _renumber_computer(random: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    computer = pick(random, network.computers)
    other = replace(computer, ip=some_ip(random, SwitchType.EXTERNAL), mac=random.choice(MACS))
    return replace(network, computers=swap(network.computers, computer, other))


def _other_vlan_of_computer(random: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    computer = pick(random, network.computers)
    other = replace(computer, vlan=random.choice((0, 10, 11)))
    return replace(network, computers=swap(network.computers, computer, other))


def _other_nat(_: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    router = network.router
    if router is None:
        raise Stuck
    return replace(network, router=replace(router, nat=not router.nat))


def _plug_router(_: Random, network: PhysicalNetwork) -> PhysicalNetwork:
    def router() -> Router | None:
        return beginning().model().networks[0].router

    return replace(network, router=None if network.router else router())


SOMETIMES: tuple[Move, ...] = (
    some_network(_plug_computer),
    some_network(_renumber_computer),
    some_network(_other_vlan_of_computer),
    some_network(_other_nat),
    some_network(_plug_router),
)
