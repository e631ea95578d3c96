"""What a VM's guest calls its adapters."""

from __future__ import annotations

from lab.model.objects import NetworkAdapter
from lab.shell.net.interfaces import Kind, interfaces_of
from lab.shell.place import Machine, Place, vm_of


def guest_names(place: Place, machine: Machine) -> dict[str, NetworkAdapter]:
    """Return the adapters of a VM by the names that its guest has for them, in their order."""
    vm = vm_of(place.model, machine)
    adapters = {each.name: each for each in vm.adapters} if vm else {}
    found = (each for each in interfaces_of(place, machine) if each.kind is Kind.ADAPTER)
    return {each.alias: adapters[each.name] for each in found if each.name in adapters}
