"""Adapters as the cmdlets of module hvlab name and change them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from lab.model import edit
from lab.model.edit import Edit
from lab.model.objects import NetworkAdapter
from lab.shell.command import Call, Parameter
from lab.shell.hyperv.refs import AdapterRef
from lab.shell.labs.targets import chosen, lab_vms, listed, the_host

VM, OWN, OBJECT = "VMName", "ManagementOS", "VMNetworkAdapter"
"""The parameter sets: by the VM's name, of the management OS, or as objects."""


def of_vms(*, name: str = "Name", mandatory: bool = True) -> tuple[Parameter, ...]:
    """Return the parameters that say which adapters of VMs are meant, or which objects of Get-VMNetworkAdapter."""
    return (
        Parameter("VMName", "String[]", sets=(VM,), position=0, mandatory=mandatory, pipe="V", wildcards=True,
                  complete="vm", help="The VM that has the adapter, on whatever host it is."),
        Parameter("VMNetworkAdapter", "VMNetworkAdapterBase[]", sets=(OBJECT,), mandatory=True, pipe="V",
                  help="The adapter, as Get-VMNetworkAdapter outputs it."),
        Parameter(name, "String[]", sets=(VM, OWN), wildcards=True, complete="adapter",
                  help="The name of the adapter; all of them unless given."),
    )  # fmt: skip


OF_MANAGEMENT: Final = Parameter(
    "ManagementOS", "Switch", sets=(OWN,), mandatory=True, help="Adapters of the management OS."
)


def given_adapters(call: Call, name: str = "Name") -> Iterator[AdapterRef]:
    """Yield the adapters that those parameters give."""
    if "VMNetworkAdapter" in call:
        yield from (item.source for item in listed(call.get("VMNetworkAdapter")))
        return
    if call.is_on("ManagementOS"):
        host = the_host(call)
        names = [each.name for each in host.management_adapters]
        for found in chosen(call, f'adapter of the management OS of "{host.name}"', names, name):
            yield AdapterRef(call.place, host.name, None, found)
        return
    for ref in lab_vms(call):
        vm = ref.model
        for found in chosen(call, f'adapter of "{ref.name}"', [each.name for each in vm.adapters] if vm else [], name):
            yield AdapterRef(call.place, ref.host, ref, found)


def adapter_edit(ref: AdapterRef, change: Callable[[NetworkAdapter], NetworkAdapter]) -> Edit:
    """Return the change of an adapter."""
    if ref.vm:
        return edit.vm_adapter(ref.host, ref.vm.name, ref.name, change)
    return edit.management_adapter(ref.host, ref.name, change)
