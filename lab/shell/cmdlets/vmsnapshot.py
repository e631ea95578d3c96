"""Checkpoints: Checkpoint-VM, and Get-, Rename-, Remove- and Restore-VMSnapshot. They are only recorded."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from typing import Any, Final

from lab.model import edit
from lab.model.objects import VirtualMachine
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.errors import ErrorRecord, failure
from lab.shell.hyperv.parameters import PASSTHRU, named_vm, which_vm
from lab.shell.hyperv.snapshots import (
    SnapshotRef,
    checkpoints_of,
    snapshot_object,
    snapshots_of,
    with_checkpoints,
)
from lab.shell.hyperv.targets import given_vms, listed
from lab.shell.recording import accepted, recorded
from lab.shell.wildcards import has_wildcards, matches

_KEPT: Final = Support.RECORDED


@command(
    "Checkpoint-VM",
    "Hyper-V",
    "Creates a checkpoint of a virtual machine.",
    (
        *named_vm(),
        Parameter("SnapshotName", position=1, aliases=("CheckpointName",), support=_KEPT,
                  help="The checkpoint's name."),
        PASSTHRU,
    ),
    default_set="Name",
    confirms=True,
    output="VMSnapshot",
    examples=(Example("Checkpoint-VM web1 -SnapshotName before", "Records a checkpoint."),),
    support=_KEPT,
    remarks="A lab keeps the name and the time only; nothing can be restored.",
)  # fmt: skip
def checkpoint_vm(call: Call) -> Iterator[object]:
    """Record checkpoints."""
    for ref in given_vms(call, "Name"):
        now = datetime.now()
        name = call.get("SnapshotName") or f"{ref.name} - ({_date(now)})"
        record = {"Name": name, "CreationTime": now.isoformat()}
        if call.change(ref.name, edit.vm(ref.host, ref.name, partial(_added, record=record))):
            recorded(call, "that there is a checkpoint")
            if call.is_on("Passthru"):
                yield snapshot_object(SnapshotRef(ref, name))


def _date(now: datetime) -> str:
    return f"{now.month}/{now.day}/{now.year} - {now.hour % 12 or 12}:{now:%M:%S} {'AM' if now.hour < 12 else 'PM'}"


def _added(vm: VirtualMachine, record: dict[str, Any]) -> VirtualMachine:
    return with_checkpoints(vm, [*checkpoints_of(vm), record])


_SETS: Final = ("VMName", "VMObject")
_OBJECT: Final = Parameter(
    "VMSnapshot", "VMSnapshot[]", sets=("Object",), position=0, mandatory=True, aliases=("VMCheckpoint",), pipe="V",
    help="The checkpoint, as Get-VMSnapshot outputs it.",
)  # fmt: skip


@command(
    "Get-VMSnapshot",
    "Hyper-V",
    "Gets the checkpoints associated with a virtual machine or checkpoint.",
    (
        *which_vm(),
        Parameter("Name", "String[]", position=1, wildcards=True, help="The name of the checkpoint."),
        Parameter("SnapshotType", "SnapshotType", aliases=("VMRecoveryCheckpoint", "CheckpointType"),
                  values=("Standard", "Recovery", "Planned", "Missing", "Replica", "AppConsistentReplica"),
                  support=Support.ACCEPTED),
    ),
    default_set="VMName",
    aliases=("Get-VMCheckpoint",),
    output="VMSnapshot",
    examples=(Example("Get-VMSnapshot web1", "Shows the checkpoints of a VM."),),
    support=_KEPT,
)  # fmt: skip
def get_vmsnapshot(call: Call) -> Iterator[object]:
    """Output checkpoints."""
    accepted(call)
    yield from map(snapshot_object, _chosen(call))


def _chosen(call: Call) -> Iterator[SnapshotRef]:
    """Yield the checkpoints that are meant, with an error for names that none has."""
    if "VMSnapshot" in call:
        for item in listed(call.get("VMSnapshot")):
            yield item.source
        return
    wanted = listed(call.get("Name")) if "Name" in call else ["*"]
    for vm in given_vms(call):
        for name in wanted:
            found = [each for each in snapshots_of(vm) if matches(name, each.name)]
            yield from found
            if not found and not has_wildcards(name):
                message = f'Hyper-V was unable to find a checkpoint with name "{name}".'
                call.error(ErrorRecord(message, "InvalidArgument", "InvalidParameter", "VirtualizationException", name))


@command(
    "Remove-VMSnapshot",
    "Hyper-V",
    "Deletes a virtual machine checkpoint.",
    (
        *which_vm(),
        Parameter("Name", "String[]", sets=_SETS, position=1, wildcards=True, help="The name of the checkpoint."),
        _OBJECT,
        Parameter("IncludeAllChildSnapshots", "Switch", aliases=("IncludeAllChildCheckpoints",),
                  support=Support.ACCEPTED),
        PASSTHRU,
    ),
    default_set="VMName",
    aliases=("Remove-VMCheckpoint",),
    confirms=True,
    output="VMSnapshot",
    examples=(Example("Get-VMSnapshot web1 | Remove-VMSnapshot", "Deletes the checkpoints of a VM."),),
    support=_KEPT,
)  # fmt: skip
def remove_vmsnapshot(call: Call) -> Iterator[object]:
    """Delete checkpoints."""
    accepted(call)
    for ref in list(_chosen(call)):
        shown = snapshot_object(ref)
        list(shown.items())  # what it was last is what -Passthru outputs
        if call.change(ref.name, edit.vm(ref.vm.host, ref.vm.name, partial(_without, name=ref.name))):
            recorded(call, "checkpoints")
            if call.is_on("Passthru"):
                yield shown


def _without(vm: VirtualMachine, name: str) -> VirtualMachine:
    return with_checkpoints(vm, [each for each in checkpoints_of(vm) if each["Name"] != name])


@command(
    "Rename-VMSnapshot",
    "Hyper-V",
    "Renames a virtual machine checkpoint.",
    (
        *which_vm(many=False, position=1),
        Parameter("Name", sets=_SETS, position=0, mandatory=True, help="The name of the checkpoint."),
        Parameter("VMSnapshot", "VMSnapshot", sets=("Object",), position=0, mandatory=True, aliases=("VMCheckpoint",),
                  pipe="V", help="The checkpoint."),
        Parameter("NewName", position=2, mandatory=True, help="The name that it is to have."),
        PASSTHRU,
    ),
    default_set="VMName",
    aliases=("Rename-VMCheckpoint",),
    confirms=True,
    output="VMSnapshot",
    examples=(Example("Rename-VMSnapshot before -VMName web1 -NewName first", "Gives one another name."),),
    support=_KEPT,
)  # fmt: skip
def rename_vmsnapshot(call: Call) -> Iterator[object]:
    """Give checkpoints another name."""
    new = call.get("NewName")
    for ref in list(_chosen(call)):
        if call.change(ref.name, edit.vm(ref.vm.host, ref.vm.name, partial(_with_name, name=ref.name, new=new))):
            recorded(call, "checkpoints")
            ref.name = new
            if call.is_on("Passthru"):
                yield snapshot_object(ref)


def _with_name(vm: VirtualMachine, name: str, new: str) -> VirtualMachine:
    return with_checkpoints(
        vm, [{**each, "Name": new} if each["Name"] == name else each for each in checkpoints_of(vm)]
    )


@command(
    "Restore-VMSnapshot",
    "Hyper-V",
    "Restores a virtual machine checkpoint; a lab cannot.",
    (
        *which_vm(many=False, position=1),
        Parameter("Name", sets=_SETS, position=0, mandatory=True, help="The name of the checkpoint."),
        Parameter("VMSnapshot", "VMSnapshot", sets=("Object",), position=0, mandatory=True, aliases=("VMCheckpoint",),
                  pipe="V", help="The checkpoint."),
        PASSTHRU,
    ),
    default_set="VMName",
    aliases=("Restore-VMCheckpoint",),
    confirms=True,
    impact=Impact.HIGH,
    output="VMSnapshot",
    examples=(Example("Restore-VMSnapshot before -VMName web1", "Says that a lab cannot restore checkpoints."),),
)  # fmt: skip
def restore_vmsnapshot(call: Call) -> None:
    """Refuse: there is nothing that could be restored."""
    for ref in _chosen(call):
        raise failure(
            f"The checkpoint '{ref.name}' of the virtual machine '{ref.vm.name}' cannot be restored: "
            "a lab records that there is a checkpoint, not what the machine was then.",
            category="NotImplemented", error_id="NotSupported", target=ref.name,
            remedy="Start the lab anew to have everything as it was described.",
        )  # fmt: skip
