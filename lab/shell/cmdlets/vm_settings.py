"""Set-VM: what a VM has, and does by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any, Final

from lab.model import edit
from lab.model.objects import VirtualMachine
from lab.shell.cmdlets.vm import renamed
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import failure
from lab.shell.hyperv.parameters import PASSTHRU, named_vm
from lab.shell.hyperv.states import wrong_state
from lab.shell.hyperv.targets import given_vms
from lab.shell.hyperv.vms import value_of, vm_object
from lab.shell.recording import accepted, recorded, with_all_kept

_KEPT: Final = Support.RECORDED
SETTINGS: Final = {
    "ProcessorCount": "ProcessorCount",
    "MemoryStartupBytes": "MemoryStartup",
    "MemoryMinimumBytes": "MemoryMinimum",
    "MemoryMaximumBytes": "MemoryMaximum",
    "AutomaticStartAction": "AutomaticStartAction",
    "AutomaticStartDelay": "AutomaticStartDelay",
    "AutomaticStopAction": "AutomaticStopAction",
    "AutomaticCriticalErrorAction": "AutomaticCriticalErrorAction",
    "AutomaticCriticalErrorActionTimeout": "AutomaticCriticalErrorActionTimeout",
    "AutomaticCheckpointsEnabled": "AutomaticCheckpointsEnabled",
    "CheckpointType": "CheckpointType",
    "LockOnDisconnect": "LockOnDisconnect",
    "Notes": "Notes",
    "SnapshotFileLocation": "SnapshotFileLocation",
    "SmartPagingFilePath": "SmartPagingFilePath",
}
"""The parameters that are recorded, and the properties of the VM that they set."""
_WHILE_OFF: Final = {"ProcessorCount", "DynamicMemory", "StaticMemory", "MemoryMaximumBytes"}
"""Those that Windows refuses while the VM runs."""


@command(
    "Set-VM",
    "Hyper-V",
    "Configures a virtual machine.",
    (
        *named_vm(),
        Parameter("ProcessorCount", "Int64", minimum=1, maximum=2048, support=_KEPT,
                  help="How many processors it has."),
        Parameter("MemoryStartupBytes", "Int64", minimum=32 << 20, support=_KEPT,
                  help="The memory at its start, in bytes."),
        Parameter("DynamicMemory", "Switch", support=_KEPT, help="Its memory grows and shrinks as needed."),
        Parameter("StaticMemory", "Switch", support=_KEPT, help="Its memory stays as it is at the start."),
        Parameter("MemoryMinimumBytes", "Int64", minimum=32 << 20, support=_KEPT, help="The least dynamic memory."),
        Parameter("MemoryMaximumBytes", "Int64", minimum=32 << 20, support=_KEPT, help="The most dynamic memory."),
        Parameter("AutomaticStartAction", "StartAction", values=("Nothing", "StartIfRunning", "Start"), support=_KEPT,
                  help="What it does when its host starts."),
        Parameter("AutomaticStartDelay", "Int32", minimum=0, support=_KEPT, help="After how many seconds."),
        Parameter("AutomaticStopAction", "StopAction", values=("TurnOff", "Save", "ShutDown"), support=_KEPT,
                  help="What it does when its host is shut down."),
        Parameter("AutomaticCriticalErrorAction", "CriticalErrorAction", values=("None", "Pause"), support=_KEPT),
        Parameter("AutomaticCriticalErrorActionTimeout", "Int32", minimum=1, support=_KEPT),
        Parameter("AutomaticCheckpointsEnabled", "Boolean", support=_KEPT, help="A checkpoint is made at each start."),
        Parameter("CheckpointType", "CheckpointType", values=("Disabled", "Standard", "Production", "ProductionOnly"),
                  support=_KEPT, help="Of which type checkpoints are."),
        Parameter("LockOnDisconnect", "OnOffState", values=("On", "Off"), support=_KEPT),
        Parameter("Notes", support=_KEPT, help="A note about the VM."),
        Parameter("NewVMName", help="The name that it is to have."),
        Parameter("SnapshotFileLocation", aliases=("CheckpointFileLocation",), support=_KEPT),
        Parameter("SmartPagingFilePath", support=_KEPT),
        Parameter("AllowUnverifiedPaths", "Switch", support=Support.ACCEPTED),
        Parameter("BatteryPassthroughEnabled", "Boolean", support=Support.ACCEPTED),
        Parameter("EnhancedSessionTransportType", "EnhancedSessionTransportType", values=("VMBus", "HvSocket"),
                  support=Support.ACCEPTED),
        PASSTHRU,
    ),
    default_set="Name",
    confirms=True,
    output="VirtualMachine",
    examples=(
        Example("Set-VM web1 -Notes 'front end'", "Writes a note about a VM."),
        Example("Get-VM web* | Set-VM -ProcessorCount 2 -AutomaticStartAction Start", "Sets several VMs at once."),
    ),
)  # fmt: skip
def set_vm(call: Call) -> Iterator[object]:
    """Record settings of VMs, and rename them."""
    accepted(call)
    if call.is_on("DynamicMemory") and call.is_on("StaticMemory"):
        raise failure("The parameters DynamicMemory and StaticMemory cannot be used together.")
    for ref in list(given_vms(call, "Name")):
        vm = ref.model
        if vm is None:
            continue
        if vm.running and any(name in call for name in _WHILE_OFF):
            call.error(wrong_state(vm.name))
            continue
        done = True
        if found := settings(call):
            check_memory(vm, found)
            done = call.change(ref.name, edit.vm(ref.host, ref.name, partial(with_settings, values=found)))
            if found.keys() - {"Notes"}:
                recorded(call, "the settings of VMs")
        if "NewVMName" in call:
            done = renamed(call, ref, call.get("NewVMName"))
        if done and call.is_on("Passthru"):
            yield vm_object(ref)


def settings(call: Call) -> dict[str, Any]:
    """Return the properties of a VM that a call of Set-VM sets."""
    found = {property_: call.get(name) for name, property_ in SETTINGS.items() if name in call}
    if call.is_on("DynamicMemory") or call.is_on("StaticMemory"):
        found["DynamicMemoryEnabled"] = call.is_on("DynamicMemory")
    return found


def with_settings(vm: VirtualMachine, values: dict[str, Any]) -> VirtualMachine:
    """Return a VM with some of its recorded settings changed."""
    return replace(vm, recorded=with_all_kept(vm.recorded, values))


def check_memory(vm: VirtualMachine, new: dict[str, Any]) -> None:
    """Refuse an order of sizes that dynamic memory cannot have (Set-VMMemory)."""
    least, start, most = (
        new.get(name, value_of(vm, name)) for name in ("MemoryMinimum", "MemoryStartup", "MemoryMaximum")
    )
    wrong = ""
    if "MemoryMinimum" in new and least > start:
        wrong = "The startup memory must be no less than the minimum memory."
    elif "MemoryMaximum" in new and most < start:
        wrong = "The maximum memory must be no less than the startup memory."
    if wrong:
        raise failure(f"'{vm.name}' failed to modify device 'Memory'. {wrong}", target=vm.name)
