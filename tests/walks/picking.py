"""How a move picks one thing of a model, and puts another in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import TypeVar

from lab.model.objects import (
    HypervHost,
    LabModel,
    NetworkAdapter,
    PhysicalNetwork,
    VirtualMachine,
    VirtualSwitch,
)

T = TypeVar("T")
Move = Callable[[Random, LabModel], LabModel]


class Stuck(Exception):
    """A move finds nothing to move."""


def pick(random: Random, found: tuple[T, ...]) -> T:
    if not found:
        raise Stuck
    return random.choice(found)


def swap(found: tuple[T, ...], old: T, *new: T) -> tuple[T, ...]:
    """Return a tuple with other things, or nothing, in place of one."""
    at = next(at for at, each in enumerate(found) if each is old)
    return (*found[:at], *new, *found[at + 1 :])


def unused(names: tuple[str, ...], taken: set[str]) -> str:
    name = next((each for each in names if each not in taken), None)
    if name is None:
        raise Stuck
    return name


def some_host(edit: Callable[[Random, HypervHost], HypervHost]) -> Move:
    def move(random: Random, model: LabModel) -> LabModel:
        host = pick(random, model.hosts)
        return replace(model, hosts=swap(model.hosts, host, edit(random, host)))

    return move


def some_switch(edit: Callable[[Random, HypervHost, VirtualSwitch], HypervHost]) -> Move:
    """Return a move of a switch; nobody moves the Default Switch."""

    def on_host(random: Random, host: HypervHost) -> HypervHost:
        mine = tuple(each for each in host.switches if not each.is_default)
        return edit(random, host, pick(random, mine))

    return some_host(on_host)


def some_vm(edit: Callable[[Random, HypervHost, VirtualMachine], VirtualMachine]) -> Move:
    def on_host(random: Random, host: HypervHost) -> HypervHost:
        vm = pick(random, host.vms)
        return replace(host, vms=swap(host.vms, vm, edit(random, host, vm)))

    return some_host(on_host)


def some_adapter(edit: Callable[[Random, HypervHost, NetworkAdapter], NetworkAdapter]) -> Move:
    def on_vm(random: Random, host: HypervHost, vm: VirtualMachine) -> VirtualMachine:
        adapter = pick(random, vm.adapters)
        return replace(vm, adapters=swap(vm.adapters, adapter, edit(random, host, adapter)))

    return some_vm(on_vm)


def some_network(edit: Callable[[Random, PhysicalNetwork], PhysicalNetwork]) -> Move:
    def move(random: Random, model: LabModel) -> LabModel:
        network = pick(random, model.networks)
        return replace(model, networks=swap(model.networks, network, edit(random, network)))

    return move
