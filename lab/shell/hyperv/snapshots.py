"""Checkpoints of VMs as objects of the console: recorded names and times, without anything to go back to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from lab.model.objects import VirtualMachine
from lab.shell.hyperv.refs import VmRef, identity
from lab.shell.objects import Live
from lab.shell.recording import kept, with_kept
from lab.shell.views import show

TYPE: Final = (
    "Microsoft.HyperV.PowerShell.VMSnapshot",
    "Microsoft.HyperV.PowerShell.VirtualMachineBase",
)
_SETTING: Final = "Checkpoints"

show(TYPE[0], "table", "VMName", "Name", "SnapshotType", "CreationTime", "ParentSnapshotName")


@dataclass(slots=True, eq=False)
class SnapshotRef:
    """A checkpoint of a VM."""

    vm: VmRef
    name: str

    @property
    def id(self) -> UUID:
        return identity(self.vm.place, self.vm.host, "checkpoint", self.vm.name, self.name)


def checkpoints_of(vm: VirtualMachine) -> list[dict[str, Any]]:
    """Return the checkpoints of a VM, the oldest first."""
    found: list[dict[str, Any]] = kept(vm.recorded, _SETTING, [])
    return found


def with_checkpoints(vm: VirtualMachine, checkpoints: list[dict[str, Any]]) -> VirtualMachine:
    """Return a VM with other checkpoints."""
    return replace(vm, recorded=with_kept(vm.recorded, _SETTING, checkpoints))


def snapshots_of(ref: VmRef) -> Iterator[SnapshotRef]:
    """Yield the checkpoints of a VM."""
    for each in checkpoints_of(ref.model) if ref.model else ():
        yield SnapshotRef(ref, each["Name"])


def snapshot_object(ref: SnapshotRef) -> Live:
    """Return a checkpoint as the cmdlets output it."""
    text = f"VMSnapshot (Name = '{ref.name}')"
    return Live(TYPE, lambda: _properties(ref), lambda: ref.vm.place.model, source=ref, text=text)


def _properties(ref: SnapshotRef) -> Mapping[str, object] | None:
    vm = ref.vm.model
    found = checkpoints_of(vm) if vm else []
    at = next((number for number, each in enumerate(found) if each["Name"] == ref.name), None)
    if vm is None or at is None:
        return None
    return {
        "Name": ref.name,
        "SnapshotType": "Standard",
        "CreationTime": datetime.fromisoformat(found[at]["CreationTime"]),
        "ParentSnapshotName": found[at - 1]["Name"] if at else "",
        "Id": ref.id,
        "VMId": ref.vm.id,
        "VMName": vm.name,
        "State": "Off",
        "Generation": vm.generation,
        "ComputerName": ref.vm.host,
        "IsDeleted": False,
    }
