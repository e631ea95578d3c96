"""Hard disk drives of VMs: Add-, Get-, Set- and Remove-VMHardDiskDrive. They are only recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.hyperv.drive_actions import add, chosen, insert, remove, where
from lab.shell.hyperv.drives import HARD, drive_object
from lab.shell.hyperv.parameters import PASSTHRU, which_vm

_KEPT: Final = Support.RECORDED
_OBJECT: Final = "VMHardDiskDrive"
_BY_VM: Final = ("VMName", "VMObject")
_DRIVE: Final = Parameter(_OBJECT, "HardDiskDrive[]", sets=("Object",), position=0, mandatory=True, pipe="V",
                          help="The drive, as Get-VMHardDiskDrive outputs it.")  # fmt: skip
_PATH: Final = Parameter("Path", position=4, support=_KEPT, help="The file of the disk.")
_ACCEPTED: Final = (
    Parameter("AllowUnverifiedPaths", "Switch", support=Support.ACCEPTED),
    Parameter("ResourcePoolName", support=Support.ACCEPTED),
)


@command(
    "Add-VMHardDiskDrive",
    "Hyper-V",
    "Adds a hard disk drive to a virtual machine.",
    (*which_vm(), *where(), _PATH, *_ACCEPTED, PASSTHRU),
    default_set="VMName",
    confirms=True,
    output="HardDiskDrive",
    examples=(Example("Add-VMHardDiskDrive web1 -Path C:\\\\VHD\\\\data.vhdx", "Adds a drive with a file."),),
    support=_KEPT,
)
def add_drive(call: Call) -> Iterator[object]:
    """Record a new drive."""
    yield from add(call, HARD)


@command(
    "Get-VMHardDiskDrive",
    "Hyper-V",
    "Gets the hard disk drives of virtual machines.",
    (*which_vm(), *where()),
    default_set="VMName",
    output="HardDiskDrive",
    examples=(Example("Get-VMHardDiskDrive web1", "Shows the drives of a VM."),),
    support=_KEPT,
)
def get_drive(call: Call) -> Iterator[object]:
    """Output drives."""
    yield from map(drive_object, chosen(call, HARD, _OBJECT))


@command(
    "Set-VMHardDiskDrive",
    "Hyper-V",
    "Configures a hard disk drive of a virtual machine.",
    (*which_vm(), *where(sets=_BY_VM), _DRIVE, _PATH, *_ACCEPTED, PASSTHRU),
    default_set="VMName",
    confirms=True,
    output="HardDiskDrive",
    examples=(Example("Set-VMHardDiskDrive web1 -Path C:\\\\VHD\\\\data.vhdx", "Gives the drive another file."),),
    support=_KEPT,
)
def set_drive(call: Call) -> Iterator[object]:
    """Record the file of a drive."""
    yield from insert(call, HARD, _OBJECT)


@command(
    "Remove-VMHardDiskDrive",
    "Hyper-V",
    "Removes a hard disk drive from a virtual machine.",
    (*which_vm(), *where(sets=_BY_VM), _DRIVE, PASSTHRU),
    default_set="VMName",
    confirms=True,
    output="HardDiskDrive",
    examples=(Example("Get-VMHardDiskDrive web1 | Remove-VMHardDiskDrive", "Removes the drives of a VM."),),
    support=_KEPT,
)
def remove_drive(call: Call) -> Iterator[object]:
    """Record that drives are gone."""
    yield from remove(call, HARD, _OBJECT)
