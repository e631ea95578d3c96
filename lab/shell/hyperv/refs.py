"""What an object of module Hyper-V stands for: names in the model, which change when the thing is renamed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final, TypeVar
from uuid import UUID, uuid5
from weakref import WeakKeyDictionary

from lab.model.objects import HypervHost, NetworkAdapter, VirtualMachine, VirtualSwitch
from lab.shell.place import Place
from lab.shell.recording import kept

_RENAMED: Final[WeakKeyDictionary[Place, dict[tuple[str, str, str], str]]] = WeakKeyDictionary()
"""The new names of adapters that were renamed in a session, by host, VM and old name."""

ID: Final = "Id"
"""The setting in which what was renamed, or has the former name of another, keeps its Id."""

_NAMESPACE: Final = UUID("6b7c1a5e-5f0b-4d5b-9d0e-3a1f6a3c7f10")


@dataclass(slots=True, eq=False)
class HostRef:
    """A Hyper-V host of a lab."""

    place: Place
    host: str

    @property
    def model(self) -> HypervHost | None:
        return self.place.model.host(self.host)


T = TypeVar("T", VirtualMachine, VirtualSwitch)


@dataclass(slots=True, eq=False)
class SwitchRef:
    """A virtual switch of a host; one that is renamed is still found."""

    place: Place
    host: str
    name: str
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        found = next((each for each in self._switches() if each.name == self.name), None)
        self.id = _id(self.place, self.host, found or self.name, "switch")

    @property
    def model(self) -> VirtualSwitch | None:
        found = _found(self._switches(), self.name, lambda each: _id(self.place, self.host, each, "switch") == self.id)
        if found is not None:
            self.name = found.name
        return found

    def _switches(self) -> tuple[VirtualSwitch, ...]:
        host = self.place.model.host(self.host)
        return host.switches if host else ()


@dataclass(slots=True, eq=False)
class VmRef:
    """A VM of a host; one that is renamed is still found."""

    place: Place
    host: str
    name: str
    id: UUID = field(init=False)

    def __post_init__(self) -> None:
        found = next((each for each in self._vms() if each.name == self.name), None)
        self.id = _id(self.place, self.host, found or self.name, "vm")

    @property
    def model(self) -> VirtualMachine | None:
        found = _found(self._vms(), self.name, lambda each: _id(self.place, self.host, each, "vm") == self.id)
        if found is not None:
            self.name = found.name
        return found

    def _vms(self) -> tuple[VirtualMachine, ...]:
        host = self.place.model.host(self.host)
        return host.vms if host else ()


def _found(among: tuple[T, ...], name: str, is_it: Callable[[T], bool]) -> T | None:
    """Return what is meant: it mostly still has the name by which it was known."""
    first = next((each for each in among if each.name == name), None)
    if first is not None and is_it(first):
        return first
    return next(filter(is_it, among), None)


def _id(place: Place, host: str, of: VirtualMachine | VirtualSwitch | str, kind: str) -> UUID:
    """Return the Id of a thing: that of its name, unless it has kept one when it was renamed."""
    if isinstance(of, str):
        return identity(place, host, kind, of)
    own = kept(of.recorded, ID)
    return UUID(own) if own else identity(place, host, kind, of.name)


@dataclass(slots=True, eq=False)
class AdapterRef:
    """A network adapter, of a VM or, if ``vm`` is None, of the management OS of a host."""

    place: Place
    host: str
    vm: VmRef | None
    name: str

    @property
    def model(self) -> NetworkAdapter | None:
        """The adapter as it is now, None if it has gone. One that was renamed since is found by its new name."""
        adapters = self._adapters()
        found = adapters.get(self.name)
        names = _RENAMED.get(self.place, {})
        while found is None and (new := names.get((*self._owner, self.name))):
            self.name = new
            found = adapters.get(new)
        return found

    def renamed(self, new: str) -> None:
        """Remember that it has another name now, for all who know it by its old one."""
        if new != self.name:
            names = _RENAMED.setdefault(self.place, {})
            names.pop((*self._owner, new), None)
            names[(*self._owner, self.name)] = new
            self.name = new

    @property
    def _owner(self) -> tuple[str, str]:
        return self.host, self.vm.name if self.vm else ""

    def _adapters(self) -> dict[str, NetworkAdapter]:
        if self.vm is not None:
            machine = self.vm.model
            return {each.name: each for each in machine.adapters} if machine else {}
        host = self.place.model.host(self.host)
        return {each.name: each for each in host.management_adapters} if host else {}

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"{self.vm.name}/{self.name}" if self.vm else self.name

    @property
    def shown(self) -> str:
        """The name that it has in Hyper-V."""
        from lab.shell.hyperv.adapter_names import shown

        return shown(self.model) if self.model else self.name


def own_id(
    among: Iterable[VirtualMachine | VirtualSwitch], place: Place, host: str, kind: str, name: str
) -> str | None:
    """Return the Id that something new has to keep, as another one had its name before; None if that of its name does.

    ``kind``: "vm" or "switch".
    """
    taken, count = {_id(place, host, each, kind) for each in among}, 1
    if identity(place, host, kind, name) not in taken:
        return None
    while (found := identity(place, host, kind, name, str(count))) in taken:
        count += 1
    return str(found)


def identity(place: Place, *parts: str) -> UUID:
    """Return the Id of a thing: always the same in a lab, another one in each lab."""
    return uuid5(_NAMESPACE, "\0".join((place.model.name, *parts)))
