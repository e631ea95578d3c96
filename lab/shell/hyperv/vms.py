"""VMs as objects of the console (Get-VM)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from lab.model.objects import VirtualMachine
from lab.shell.hyperv.adapters import adapter_object, adapters_of
from lab.shell.hyperv.integration import HEARTBEAT, SERVICES, ServiceRef, service_object, works
from lab.shell.hyperv.refs import VmRef
from lab.shell.hyperv.states import PAUSED, RUNNING, state_of
from lab.shell.objects import Live, Version
from lab.shell.place import Machine
from lab.shell.recording import kept
from lab.shell.views import Column, show

TYPE: Final = ("Microsoft.HyperV.PowerShell.VirtualMachine", "Microsoft.HyperV.PowerShell.VirtualMachineBase")
VERSION: Final = Version((9, 0))
MEMORY: Final = 512 * 2**20
"""What a VM has at its start unless it is told otherwise (New-VM), in bytes."""
FOLDER: Final = "C:\\ProgramData\\Microsoft\\Windows\\Hyper-V"

DEFAULTS: Final[dict[str, Any]] = {
    "Notes": "",
    "Path": FOLDER,
    "ProcessorCount": 1,
    "MemoryStartup": MEMORY,
    "MemoryMinimum": MEMORY,
    "MemoryMaximum": 2**40,
    "DynamicMemoryEnabled": False,
    "AutomaticStartAction": "StartIfRunning",
    "AutomaticStartDelay": 0,
    "AutomaticStopAction": "Save",
    "AutomaticCriticalErrorAction": "Pause",
    "AutomaticCriticalErrorActionTimeout": 30,
    "AutomaticCheckpointsEnabled": False,
    "CheckpointType": "Production",
    "LockOnDisconnect": "Off",
    "SnapshotFileLocation": FOLDER,
    "SmartPagingFilePath": FOLDER,
}
"""The recorded settings of a VM that are properties of it, with what they are unless they have been set."""

show(
    TYPE[0], "table", "Name", "State",
    Column("CPUUsage(%)", "CPUUsage"), Column("MemoryAssigned(M)", lambda vm: int(str(vm.get("MemoryAssigned"))) >> 20),
    "Uptime", "Status", "Version",
)  # fmt: skip


def vm_object(ref: VmRef) -> Live:
    """Return a VM as the cmdlets output it."""
    text = f"VirtualMachine (Name = '{ref.name}') [Id = '{ref.id}']"
    return Live(TYPE, lambda: _properties(ref), lambda: ref.place.model, source=ref, text=text)


def value_of(vm: VirtualMachine, name: str) -> Any:
    """Return one of the recorded settings of a VM."""
    return kept(vm.recorded, name, DEFAULTS[name])


def _properties(ref: VmRef) -> Mapping[str, object] | None:
    vm = ref.model
    if vm is None:
        return None
    return {
        "Name": vm.name,
        **_state(ref, vm),
        "Version": _version(vm),
        "Generation": vm.generation,
        "Notes": value_of(vm, "Notes"),
        "Id": ref.id,
        "VMId": ref.id,
        "VMName": vm.name,
        "ComputerName": ref.host,
        **_settings(vm),
        "ResourceMeteringEnabled": vm.resource_metering,
        "NetworkAdapters": [adapter_object(each) for each in adapters_of(ref)],
        "VMIntegrationService": [service_object(ServiceRef(ref, each)) for each in SERVICES],
        "HardDrives": _drives(ref, "HardDrives"),
        "DVDDrives": _drives(ref, "DVDDrives"),
        "IsClustered": False,
        "VirtualMachineType": "RealizedVirtualMachine",
        "VirtualMachineSubType": f"Generation{vm.generation}",
        "IsDeleted": False,
    }


def _state(ref: VmRef, vm: VirtualMachine) -> dict[str, object]:
    """Return the properties that change while a VM is started and stopped."""
    state = state_of(vm)
    on = state in (RUNNING, PAUSED)
    seconds = ref.place.started_s(Machine(vm.name, ref.host)) if vm.running else 0
    return {
        "State": state,
        "CPUUsage": 0,
        "MemoryAssigned": value_of(vm, "MemoryStartup") if on else 0,
        "MemoryDemand": 0,
        "MemoryStatus": "",
        "Uptime": timedelta(milliseconds=int(seconds * 1000)),
        "Status": "Operating normally",
        "OperationalStatus": ["Ok"],
        "PrimaryOperationalStatus": "Ok",
        "PrimaryStatusDescription": "Operating normally",
        "ReplicationState": "Disabled",
        "Heartbeat": _heartbeat(vm),
        "IntegrationServicesState": "Up to date" if vm.running and vm.integration_services else "",
    }


def _heartbeat(vm: VirtualMachine) -> str:
    if not vm.running:
        return ""
    return "OkApplicationsHealthy" if works(vm, HEARTBEAT) else "NoContact"


def _version(vm: VirtualMachine) -> Version:
    return Version(tuple(kept(vm.recorded, "Version", list(VERSION.parts))))


def _settings(vm: VirtualMachine) -> dict[str, object]:
    """Return the properties that Set-VM records."""
    found = {name: value_of(vm, name) for name in DEFAULTS if name != "Notes"}
    return found | {
        "AutomaticCriticalErrorActionTimeout": timedelta(minutes=found["AutomaticCriticalErrorActionTimeout"]),
        "CheckpointFileLocation": found["SnapshotFileLocation"],
        "ConfigurationLocation": found["Path"],
    }


def _drives(ref: VmRef, name: str) -> list[object]:
    from lab.shell.hyperv.drives import drive_object, drives_of

    return [drive_object(each) for each in drives_of(ref, name)]
