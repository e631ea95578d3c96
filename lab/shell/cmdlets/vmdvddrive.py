"""DVD drives of VMs: Add-, Get-, Set- and Remove-VMDvdDrive. They are only recorded."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.hyperv.drive_actions import add, chosen, insert, remove, where
from lab.shell.hyperv.drives import DVD, drive_object
from lab.shell.hyperv.parameters import PASSTHRU, which_vm

_KEPT: Final = Support.RECORDED
_OBJECT: Final = "VMDvdDrive"
_BY_VM: Final = ("VMName", "VMObject")
_DRIVE: Final = Parameter(_OBJECT, "DvdDrive[]", sets=("Object",), position=0, mandatory=True, pipe="V",
                          help="The drive, as Get-VMDvdDrive outputs it.")  # fmt: skip
_PATH: Final = Parameter("Path", position=3, support=_KEPT, help="The file of the DVD: an ISO image.")
_ACCEPTED: Final = (
    Parameter("AllowUnverifiedPaths", "Switch", support=Support.ACCEPTED),
    Parameter("ResourcePoolName", support=Support.ACCEPTED),
)


@command(
    "Add-VMDvdDrive",
    "Hyper-V",
    "Adds a DVD drive to a virtual machine.",
    (*which_vm(), *where(kind=False), _PATH, *_ACCEPTED, PASSTHRU),
    default_set="VMName",
    confirms=True,
    output="DvdDrive",
    examples=(Example("Add-VMDvdDrive web1 -Path C:\\\\ISO\\\\setup.iso", "Adds a drive with a file."),),
    support=_KEPT,
)
def add_drive(call: Call) -> Iterator[object]:
    """Record a new drive."""
    yield from add(call, DVD)


@command(
    "Get-VMDvdDrive",
    "Hyper-V",
    "Gets the DVD drives of virtual machines.",
    (*which_vm(), *where(kind=False)),
    default_set="VMName",
    output="DvdDrive",
    examples=(Example("Get-VMDvdDrive web1", "Shows the drives of a VM."),),
    support=_KEPT,
)
def get_drive(call: Call) -> Iterator[object]:
    """Output drives."""
    yield from map(drive_object, chosen(call, DVD, _OBJECT))


@command(
    "Set-VMDvdDrive",
    "Hyper-V",
    "Configures a DVD drive of a virtual machine.",
    (*which_vm(), *where(kind=False, sets=_BY_VM), _DRIVE, _PATH, *_ACCEPTED, PASSTHRU),
    default_set="VMName",
    confirms=True,
    output="DvdDrive",
    examples=(Example("Set-VMDvdDrive web1 -Path C:\\\\ISO\\\\setup.iso", "Gives the drive another file."),),
    support=_KEPT,
)
def set_drive(call: Call) -> Iterator[object]:
    """Record the file of a drive."""
    yield from insert(call, DVD, _OBJECT)


@command(
    "Remove-VMDvdDrive",
    "Hyper-V",
    "Removes a DVD drive from a virtual machine.",
    (*which_vm(), *where(kind=False, sets=_BY_VM), _DRIVE, PASSTHRU),
    default_set="VMName",
    confirms=True,
    output="DvdDrive",
    examples=(Example("Get-VMDvdDrive web1 | Remove-VMDvdDrive", "Removes the drives of a VM."),),
    support=_KEPT,
)
def remove_drive(call: Call) -> Iterator[object]:
    """Record that drives are gone."""
    yield from remove(call, DVD, _OBJECT)
