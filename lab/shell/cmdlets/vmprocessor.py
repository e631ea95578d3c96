"""Processors of VMs: Get- and Set-VMProcessor. They are only recorded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any, Final

from lab.model import edit
from lab.shell.cmdlets.vm_settings import with_settings
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.hyperv.parameters import PASSTHRU, which_vm
from lab.shell.hyperv.refs import VmRef
from lab.shell.hyperv.states import wrong_state
from lab.shell.hyperv.targets import given_vms, listed
from lab.shell.objects import Live
from lab.shell.recording import accepted, kept, recorded, recorded_parameters
from lab.shell.views import show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMProcessor"
_KEPT: Final = Support.RECORDED
_DEFAULTS: Final[dict[str, Any]] = {
    "Maximum": 100,
    "Reserve": 0,
    "RelativeWeight": 100,
    "ExposeVirtualizationExtensions": False,
    "CompatibilityForMigrationEnabled": False,
    "CompatibilityForOlderOperatingSystemsEnabled": False,
    "HwThreadCountPerCore": 0,
    "MaximumCountPerNumaNode": 8,
    "MaximumCountPerNumaSocket": 1,
    "EnableHostResourceProtection": False,
}
_WHILE_RUNNING: Final = {"Maximum", "Reserve", "RelativeWeight"}
"""What Windows changes of a VM that runs."""

show(
    TYPE, "table", "VMName", "Count", "CompatibilityForMigrationEnabled", "CompatibilityForOlderOperatingSystemsEnabled"
)


def processor_object(ref: VmRef) -> Live:
    """Return the processors of a VM as the cmdlets output them."""
    return Live(TYPE, lambda: _properties(ref), lambda: ref.place.model, source=ref)


def _properties(ref: VmRef) -> Mapping[str, object] | None:
    vm = ref.model
    if vm is None:
        return None
    return {
        "Count": kept(vm.recorded, "ProcessorCount", 1),
        **{name: kept(vm.recorded, f"Processor{name}", default) for name, default in _DEFAULTS.items()},
        "Name": "Processor",
        "VMId": ref.id,
        "VMName": vm.name,
        "ComputerName": ref.host,
        "IsDeleted": False,
    }


@command(
    "Get-VMProcessor",
    "Hyper-V",
    "Gets the processor of a virtual machine or snapshot.",
    which_vm(),
    default_set="VMName",
    output="VMProcessor",
    examples=(Example("Get-VMProcessor web1", "Shows how many processors a VM has."),),
    support=_KEPT,
)
def get_vmprocessor(call: Call) -> Iterator[object]:
    """Output the processors of VMs."""
    yield from map(processor_object, given_vms(call))


@command(
    "Set-VMProcessor",
    "Hyper-V",
    "Configures one or more processors of a virtual machine.",
    (
        *which_vm(sets=("VMName", "VMObject")),
        Parameter("VMProcessor", "VMProcessor[]", sets=("VMProcessor",), position=0, mandatory=True, pipe="V",
                  help="The processors, as Get-VMProcessor outputs them."),
        Parameter("Count", "Int64", minimum=1, maximum=2048, support=_KEPT, help="How many there are."),
        Parameter("Maximum", "Int64", minimum=0, maximum=100, support=_KEPT, help="The most of them, in percent."),
        Parameter("Reserve", "Int64", minimum=0, maximum=100, support=_KEPT, help="What is reserved, in percent."),
        Parameter("RelativeWeight", "Int32", minimum=1, maximum=10000, support=_KEPT, help="Its share among VMs."),
        Parameter("ExposeVirtualizationExtensions", "Boolean", support=_KEPT, help="For a hypervisor in the VM."),
        Parameter("CompatibilityForMigrationEnabled", "Boolean", support=_KEPT),
        Parameter("CompatibilityForOlderOperatingSystemsEnabled", "Boolean", support=_KEPT),
        Parameter("HwThreadCountPerCore", "Int64", minimum=0, support=_KEPT),
        Parameter("MaximumCountPerNumaNode", "Int32", minimum=1, support=_KEPT),
        Parameter("MaximumCountPerNumaSocket", "Int32", minimum=1, support=_KEPT),
        Parameter("EnableHostResourceProtection", "Boolean", support=_KEPT),
        Parameter("ResourcePoolName", support=Support.ACCEPTED),
        PASSTHRU,
    ),
    default_set="VMName",
    confirms=True,
    output="VMProcessor",
    examples=(Example("Set-VMProcessor web1 -Count 2", "Gives a VM two processors."),),
    support=_KEPT,
)  # fmt: skip
def set_vmprocessor(call: Call) -> Iterator[object]:
    """Record the processors of VMs."""
    accepted(call)
    given = recorded_parameters(call)
    values = {"ProcessorCount" if name == "Count" else f"Processor{name}": value for name, value in given.items()}
    found = [item.source for item in listed(call.get("VMProcessor"))]
    for ref in found or given_vms(call):
        vm = ref.model
        if vm is None:
            continue
        if vm.running and given.keys() - _WHILE_RUNNING:
            call.error(wrong_state(vm.name))
        elif call.change(ref.name, edit.vm(ref.host, ref.name, partial(with_settings, values=values))):
            recorded(call, "processors")
            if call.is_on("Passthru"):
                yield processor_object(ref)
