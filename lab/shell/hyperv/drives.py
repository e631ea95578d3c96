"""The disk and DVD drives of a VM: recorded, as a lab has no disks (Get-VMHardDiskDrive, Get-VMDvdDrive)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.model.objects import VirtualMachine
from lab.shell.hyperv.refs import VmRef
from lab.shell.objects import Live
from lab.shell.recording import kept, with_kept
from lab.shell.views import show

HARD: Final = "HardDrives"
DVD: Final = "DVDDrives"
TYPES: Final = {
    HARD: "Microsoft.HyperV.PowerShell.HardDiskDrive",
    DVD: "Microsoft.HyperV.PowerShell.DvdDrive",
}

show(TYPES[HARD], "table", "VMName", "ControllerType", "ControllerNumber", "ControllerLocation", "DiskNumber", "Path")
show(TYPES[DVD], "table", "VMName", "ControllerType", "ControllerNumber", "ControllerLocation", "DvdMediaType", "Path")

_PLACES: Final = {"IDE": [(0, 0), (0, 1), (1, 0), (1, 1)], "SCSI": [(0, each) for each in range(64)]}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a drive is: at which controller of which type, and at which of its places."""

    kind: str
    number: int
    location: int

    def __str__(self) -> str:
        return f"{self.kind} {self.number} {self.location}"


@dataclass(slots=True, eq=False)
class DriveRef:
    """A drive of a VM. ``name`` is the setting that it is part of."""

    vm: VmRef
    name: str
    place: Place


def listed_drives(vm: VirtualMachine, name: str) -> list[dict[str, Any]]:
    """Return the drives of a kind as they are recorded; one that New-VM gives a VM of generation 1 is there at once."""
    with_dvd = [{"ControllerType": "IDE", "ControllerNumber": 1, "ControllerLocation": 0, "Path": None}]
    default = with_dvd if name == DVD and vm.generation == 1 else []
    found: list[dict[str, Any]] = kept(vm.recorded, name, default)
    return found


def place_of(drive: Mapping[str, Any]) -> Place:
    """Return where a recorded drive is."""
    return Place(drive["ControllerType"], drive["ControllerNumber"], drive["ControllerLocation"])


def with_drives(vm: VirtualMachine, name: str, drives: Iterable[Mapping[str, Any]]) -> VirtualMachine:
    """Return a VM with other drives of a kind."""
    ordered = sorted((dict(each) for each in drives), key=lambda each: str(place_of(each)))
    return replace(vm, recorded=with_kept(vm.recorded, name, ordered))


def free_place(vm: VirtualMachine, kind: str | None, number: int | None, location: int | None) -> Place | None:
    """Return the first free place for a drive that fits what is asked for; None if there is none."""
    taken = {place_of(each) for name in (HARD, DVD) for each in listed_drives(vm, name)}
    wanted = kind or ("IDE" if vm.generation == 1 else "SCSI")
    if wanted == "IDE" and vm.generation == 2:
        return None
    for at, where in _PLACES.get(wanted, ()):
        place = Place(wanted, at, where)
        if place not in taken and number in (None, at) and location in (None, where):
            return place
    return None


def drives_of(ref: VmRef, name: str) -> Iterator[DriveRef]:
    """Yield the drives of a kind that a VM has."""
    vm = ref.model
    for each in listed_drives(vm, name) if vm else ():
        yield DriveRef(ref, name, place_of(each))


def drive_object(ref: DriveRef) -> Live:
    """Return a drive as the cmdlets output it."""
    return Live(TYPES[ref.name], lambda: _properties(ref), lambda: ref.vm.place.model, source=ref)


def _properties(ref: DriveRef) -> Mapping[str, object] | None:
    vm = ref.vm.model
    found = (each for each in listed_drives(vm, ref.name) if place_of(each) == ref.place) if vm else iter(())
    drive = next(found, None)
    if drive is None or vm is None:
        return None
    path = drive.get("Path")
    kind = {"DvdMediaType": "ISO" if path else "None"} if ref.name == DVD else {"DiskNumber": None}
    return {
        "Path": path or "",
        **kind,
        "ControllerLocation": ref.place.location,
        "ControllerNumber": ref.place.number,
        "ControllerType": ref.place.kind,
        "Name": f"{'DVD Drive' if ref.name == DVD else 'Hard Drive'} on {ref.place.kind} controller number "
        f"{ref.place.number} at location {ref.place.location}",
        "PoolName": "Primordial",
        "VMId": ref.vm.id,
        "VMName": vm.name,
        "ComputerName": ref.vm.host,
        "IsDeleted": False,
    }
