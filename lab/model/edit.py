"""Changes of a model as values: each returns the model with one thing in it replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Protocol, TypeVar

from lab.model.objects import HypervHost, LabModel, NetworkAdapter, VirtualMachine, VirtualSwitch

Edit = Callable[[LabModel], LabModel]


class _Named(Protocol):
    @property
    def name(self) -> str: ...


T = TypeVar("T", bound=_Named)


def replaced(items: Iterable[T], name: str, change: Callable[[T], T]) -> tuple[T, ...]:
    """Return the items, the one of that name changed."""
    return tuple(change(each) if each.name == name else each for each in items)


def without(items: Iterable[T], name: str) -> tuple[T, ...]:
    """Return the items but the one of that name."""
    return tuple(each for each in items if each.name != name)


def host(name: str, change: Callable[[HypervHost], HypervHost]) -> Edit:
    """Return the change of one Hyper-V host."""
    return lambda model: replace(model, hosts=replaced(model.hosts, name, change))


def switch(of: str, name: str, change: Callable[[VirtualSwitch], VirtualSwitch]) -> Edit:
    """Return the change of one virtual switch of a host."""
    return host(of, lambda each: replace(each, switches=replaced(each.switches, name, change)))


def vm(of: str, name: str, change: Callable[[VirtualMachine], VirtualMachine]) -> Edit:
    """Return the change of one VM of a host."""
    return host(of, lambda each: replace(each, vms=replaced(each.vms, name, change)))


def vm_adapter(of: str, machine: str, name: str, change: Callable[[NetworkAdapter], NetworkAdapter]) -> Edit:
    """Return the change of one network adapter of a VM."""
    return vm(of, machine, lambda each: replace(each, adapters=replaced(each.adapters, name, change)))


def management_adapter(of: str, name: str, change: Callable[[NetworkAdapter], NetworkAdapter]) -> Edit:
    """Return the change of one network adapter of a management OS."""
    return host(of, lambda each: replace(each, management_adapters=replaced(each.management_adapters, name, change)))
