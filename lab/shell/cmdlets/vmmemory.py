"""Memory of VMs: Get- and Set-VMMemory. It is only recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Final

from lab.model import edit
from lab.shell.cmdlets.vm_settings import check_memory, with_settings
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.hyperv.parameters import PASSTHRU, which_vm
from lab.shell.hyperv.refs import VmRef
from lab.shell.hyperv.states import wrong_state
from lab.shell.hyperv.targets import given_vms, listed
from lab.shell.hyperv.vms import value_of
from lab.shell.objects import Live, PSObject
from lab.shell.recording import accepted, kept, recorded
from lab.shell.views import Column, show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMMemory"
_KEPT: Final = Support.RECORDED
_PROPERTIES: Final = {
    "DynamicMemoryEnabled": "DynamicMemoryEnabled",
    "MinimumBytes": "MemoryMinimum",
    "StartupBytes": "MemoryStartup",
    "MaximumBytes": "MemoryMaximum",
    "Buffer": "MemoryBuffer",
    "Priority": "MemoryPriority",
}
"""The parameters of Set-VMMemory, and the settings of the VM that they are."""


def _megabytes(name: str) -> Column:
    def value(memory: PSObject) -> int:
        return int(str(memory.get(name))) >> 20

    return Column(f"{name}(M)", value)


show(
    TYPE, "table", "VMName", "DynamicMemoryEnabled",
    _megabytes("Minimum"), _megabytes("Startup"), _megabytes("Maximum"),
)  # fmt: skip


def memory_object(ref: VmRef) -> Live:
    """Return the memory of a VM as the cmdlets output it."""
    return Live(TYPE, lambda: _properties(ref), lambda: ref.place.model, source=ref)


def _properties(ref: VmRef) -> Mapping[str, object] | None:
    vm = ref.model
    if vm is None:
        return None
    return {
        "DynamicMemoryEnabled": value_of(vm, "DynamicMemoryEnabled"),
        "Startup": value_of(vm, "MemoryStartup"),
        "Minimum": value_of(vm, "MemoryMinimum"),
        "Maximum": value_of(vm, "MemoryMaximum"),
        "Buffer": kept(vm.recorded, "MemoryBuffer", 20),
        "Priority": kept(vm.recorded, "MemoryPriority", 50),
        "ResourcePoolName": "Primordial",
        "Name": "Memory",
        "VMId": ref.id,
        "VMName": vm.name,
        "ComputerName": ref.host,
        "IsDeleted": False,
    }


@command(
    "Get-VMMemory",
    "Hyper-V",
    "Gets the memory of a virtual machine or snapshot.",
    which_vm(),
    default_set="VMName",
    output="VMMemory",
    examples=(Example("Get-VMMemory web1", "Shows the memory of a VM."),),
    support=_KEPT,
)
def get_vmmemory(call: Call) -> Iterator[object]:
    """Output the memory of VMs."""
    yield from map(memory_object, given_vms(call))


@command(
    "Set-VMMemory",
    "Hyper-V",
    "Configures the memory of a virtual machine.",
    (
        *which_vm(),
        Parameter("VMMemory", "VMMemory[]", sets=("VMMemory",), position=0, mandatory=True, pipe="V",
                  help="The memory, as Get-VMMemory outputs it."),
        Parameter("DynamicMemoryEnabled", "Boolean", support=_KEPT, help="It grows and shrinks as needed."),
        Parameter("StartupBytes", "Int64", minimum=32 << 20, support=_KEPT, help="What the VM has at its start."),
        Parameter("MinimumBytes", "Int64", minimum=32 << 20, support=_KEPT, help="The least dynamic memory."),
        Parameter("MaximumBytes", "Int64", minimum=32 << 20, support=_KEPT, help="The most dynamic memory."),
        Parameter("Buffer", "Int32", minimum=5, maximum=2000, support=_KEPT, help="What is kept free, in percent."),
        Parameter("Priority", "Int32", minimum=0, maximum=100, support=_KEPT, help="Its share among VMs."),
        Parameter("MaximumAmountPerNumaNodeBytes", "Int64", support=Support.ACCEPTED),
        Parameter("ResourcePoolName", support=Support.ACCEPTED),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output="VMMemory",
    examples=(Example("Set-VMMemory web1 -DynamicMemoryEnabled $true -MaximumBytes 4GB", "Makes it dynamic."),),
    support=_KEPT,
)  # fmt: skip
def set_vmmemory(call: Call) -> Iterator[object]:
    """Record the memory of VMs."""
    accepted(call)
    values = {property_: call.get(name) for name, property_ in _PROPERTIES.items() if name in call}
    found = [item.source for item in listed(call.get("VMMemory"))]
    for ref in found or given_vms(call):
        vm = ref.model
        if vm is None:
            continue
        if vm.running and "DynamicMemoryEnabled" in values:
            call.error(wrong_state(vm.name))
            continue
        check_memory(vm, values)
        if call.change(ref.name, edit.vm(ref.host, ref.name, partial(with_settings, values=values))):
            recorded(call, "memory")
            if call.is_on("Passthru"):
                yield memory_object(ref)
