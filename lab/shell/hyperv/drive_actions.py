"""What Add-, Get-, Set- and Remove- do with drives of VMs, hard disks and DVDs alike."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from lab.model import edit
from lab.model.objects import VirtualMachine
from lab.shell.command import Call, Parameter, Support
from lab.shell.errors import failure
from lab.shell.hyperv.drives import (
    DriveRef,
    Place,
    drive_object,
    drives_of,
    free_place,
    listed_drives,
    place_of,
    with_drives,
)
from lab.shell.hyperv.targets import given_vms, listed
from lab.shell.recording import accepted, recorded

_KEPT = Support.RECORDED
_WHAT = "the drives of VMs"


def where(*, kind: bool = True, sets: tuple[str, ...] = (), at: int = 1) -> tuple[Parameter, ...]:
    """Return the parameters that say where a drive is."""
    first = (
        (Parameter("ControllerType", "ControllerType", sets=sets, position=at, values=("IDE", "SCSI", "PMEM"),
                   support=_KEPT, help="IDE in generation 1, SCSI in both."),) if kind else ()
    )  # fmt: skip
    return (
        *first,
        Parameter("ControllerNumber", "Int32", sets=sets, position=at + len(first), minimum=0, maximum=3, support=_KEPT,
                  help="Which of the controllers."),
        Parameter("ControllerLocation", "Int32", sets=sets, position=at + 1 + len(first), minimum=0, maximum=63,
                  support=_KEPT, help="Which place at the controller."),
    )  # fmt: skip


def add(call: Call, name: str) -> Iterator[object]:
    """Add a drive of a kind to VMs."""
    accepted(call)
    wanted = call.get("ControllerType"), call.get("ControllerNumber"), call.get("ControllerLocation")
    for ref in given_vms(call):
        vm = ref.model
        if vm is None:
            continue
        place = free_place(vm, *wanted)
        if place is None:
            raise failure(
                f"Failed to add device '{'Virtual CD/DVD Disk' if name == 'DVDDrives' else 'Virtual Hard Disk'}'. "
                f"There is no free location for it on the controllers of the virtual machine '{vm.name}'.",
                category="ResourceUnavailable", error_id="InvalidParameter", target=vm.name,
            )  # fmt: skip
        drive = {"ControllerType": place.kind, "ControllerNumber": place.number, "ControllerLocation": place.location,
                 "Path": call.get("Path")}  # fmt: skip
        if call.change(ref.name, edit.vm(ref.host, ref.name, partial(_added, name=name, drive=drive))):
            recorded(call, _WHAT)
            if call.is_on("Passthru"):
                yield drive_object(DriveRef(ref, name, place))


def _added(vm: VirtualMachine, name: str, drive: dict[str, Any]) -> VirtualMachine:
    return with_drives(vm, name, [*listed_drives(vm, name), drive])


def chosen(call: Call, name: str, parameter: str) -> Iterator[DriveRef]:
    """Yield the drives that are meant: as objects, or those of VMs at a place."""
    if parameter in call:
        for item in listed(call.get(parameter)):
            yield item.source
        return
    for ref in given_vms(call):
        for drive in drives_of(ref, name):
            if _fits(call, drive.place):
                yield drive


def _fits(call: Call, place: Place) -> bool:
    asked = {"ControllerType": place.kind, "ControllerNumber": place.number, "ControllerLocation": place.location}
    return all(call.get(name) in (None, value) for name, value in asked.items())


def insert(call: Call, name: str, parameter: str) -> Iterator[object]:
    """Give drives another file."""
    accepted(call)
    for ref in list(chosen(call, name, parameter)):
        change = partial(_with_path, name=name, place=ref.place, path=call.get("Path"))
        if call.change(ref.vm.name, edit.vm(ref.vm.host, ref.vm.name, change)):
            recorded(call, _WHAT)
            if call.is_on("Passthru"):
                yield drive_object(ref)


def _with_path(vm: VirtualMachine, name: str, place: Place, path: str | None) -> VirtualMachine:
    found = listed_drives(vm, name)
    return with_drives(vm, name, [{**each, "Path": path} if place_of(each) == place else each for each in found])


def remove(call: Call, name: str, parameter: str) -> Iterator[object]:
    """Take drives out of VMs."""
    for ref in list(chosen(call, name, parameter)):
        shown = drive_object(ref)
        list(shown.items())  # what it was last is what -Passthru outputs
        change = partial(_removed, name=name, place=ref.place)
        if call.change(ref.vm.name, edit.vm(ref.vm.host, ref.vm.name, change)):
            recorded(call, _WHAT)
            if call.is_on("Passthru"):
                yield shown


def _removed(vm: VirtualMachine, name: str, place: Place) -> VirtualMachine:
    return with_drives(vm, name, [each for each in listed_drives(vm, name) if place_of(each) != place])
