"""Virtual hard disks: New-, Get- and Resize-VHD. They are only recorded: a lab has no disks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from lab.model import edit
from lab.model.edit import Edit
from lab.model.objects import HypervHost
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import ShellError, failure
from lab.shell.hyperv.disks import SETTING, created, disk_object, disks_of
from lab.shell.hyperv.drives import HARD, listed_drives
from lab.shell.hyperv.refs import HostRef
from lab.shell.hyperv.targets import listed, the_host
from lab.shell.recording import accepted, kept, recorded, with_kept

_KEPT: Final = Support.RECORDED
_FIXED, _DYNAMIC, _DIFFERENCING = "FixedWithoutSource", "DynamicWithoutSource", "DifferencingWithSource"
_SMALLEST: Final = 3 << 20


@command(
    "New-VHD",
    "Hyper-V",
    "Creates one or more new virtual hard disks.",
    (
        Parameter("Path", "String[]", position=0, mandatory=True, pipe="VP", help="Where the disk is to be."),
        Parameter("SizeBytes", "UInt64", sets=(_DYNAMIC, _FIXED), position=1, mandatory=True, minimum=_SMALLEST,
                  support=_KEPT, help="How large it is to be."),
        Parameter("SizeBytes", "UInt64", sets=(_DIFFERENCING,), position=2, minimum=_SMALLEST, support=_KEPT),
        Parameter("ParentPath", sets=(_DIFFERENCING,), position=1, mandatory=True, support=_KEPT,
                  help="The disk that it differs from."),
        Parameter("Dynamic", "Switch", sets=(_DYNAMIC,), support=_KEPT, help="It grows as needed."),
        Parameter("Fixed", "Switch", sets=(_FIXED,), mandatory=True, support=_KEPT, help="It has its size at once."),
        Parameter("Differencing", "Switch", sets=(_DIFFERENCING,), support=_KEPT, help="It has a parent."),
        Parameter("BlockSizeBytes", "UInt32", support=Support.ACCEPTED),
        Parameter("LogicalSectorSizeBytes", "UInt32", support=Support.ACCEPTED),
        Parameter("PhysicalSectorSizeBytes", "UInt32", support=Support.ACCEPTED),
        Parameter("SourceDisk", "UInt32", support=Support.ACCEPTED),
    ),
    default_set=_DYNAMIC,
    confirms=True,
    output="VirtualHardDisk",
    examples=(Example("New-VHD -Path C:\\VHD\\web1.vhdx -SizeBytes 40GB -Dynamic", "Creates a disk."),),
    support=_KEPT,
)  # fmt: skip
def new_vhd(call: Call) -> Iterator[object]:
    """Record new disks."""
    accepted(call)
    ref = HostRef(call.place, the_host(call).name)
    kinds = {_FIXED: "Fixed", _DYNAMIC: "Dynamic", _DIFFERENCING: "Differencing"}
    parent = call.get("ParentPath", "")
    size = call.get("SizeBytes") or _found(ref, parent)["Size"]
    disk = created(size, kinds[call.set], parent)
    for path in listed(call.get("Path")):
        if _same(ref, path):
            raise failure(
                f"Failed to create the virtual hard disk. The system failed to create '{path}': "
                "The file exists. (0x80070050).",
                category="NotSpecified", error_id="Unspecified", target=path,
            )  # fmt: skip
        if call.change(path, _with_disk(ref, path, disk)):
            recorded(call, "virtual hard disks")
            yield disk_object(ref, path, disk)


def _same(ref: HostRef, path: str) -> str | None:
    """Return how a path is recorded, for one in whatever case."""
    return next((each for each in disks_of(ref) if each.casefold() == path.casefold()), None)


def _found(ref: HostRef, path: str) -> dict[str, Any]:
    found = _same(ref, path)
    if found is None:
        raise _missing(path)
    return disks_of(ref)[found]


def _missing(path: str) -> ShellError:
    return failure(
        f"Getting the mounted storage instance for the path '{path}' failed.\n"
        "The system cannot find the file specified.",
        category="NotSpecified", error_id="Unspecified", target=path,
        remedy="A lab knows the disks that New-VHD and New-VM have created in it.",
    )  # fmt: skip


def _with_disk(ref: HostRef, path: str, disk: dict[str, Any]) -> Edit:
    def changed(host: HypervHost) -> HypervHost:
        disks = {**kept(host.recorded, SETTING, {}), path: disk}
        return replace(host, recorded=with_kept(host.recorded, SETTING, disks))

    return edit.host(ref.host, changed)


@command(
    "Get-VHD",
    "Hyper-V",
    "Gets the virtual hard disk object associated with a virtual hard disk.",
    (
        Parameter("Path", "String[]", sets=("Path",), position=0, mandatory=True, aliases=("FullName",), pipe="VP",
                  help="Where the disk is."),
        Parameter("VMId", "Guid[]", sets=("VMId",), position=0, mandatory=True, aliases=("Id",), pipe="VP",
                  help="The disks of a VM, by its Id."),
    ),
    default_set="Path",
    output="VirtualHardDisk",
    examples=(Example("Get-VHD C:\\VHD\\web1.vhdx", "Shows a disk."),),
    support=_KEPT,
)  # fmt: skip
def get_vhd(call: Call) -> Iterator[object]:
    """Output disks, by path or of VMs."""
    host = the_host(call)
    ref = HostRef(call.place, host.name)
    paths = listed(call.get("Path"))
    if "VMId" in call:
        from lab.shell.hyperv.targets import vms

        found = [each.model for each in vms(call, None) if each.id in call.get("VMId")]
        paths = [drive["Path"] for vm in found if vm for drive in listed_drives(vm, HARD) if drive.get("Path")]
    for path in paths:
        real = _same(ref, path)
        if real is None:
            call.error(_missing(path).record)
        else:
            yield disk_object(ref, real, disks_of(ref)[real])


@command(
    "Resize-VHD",
    "Hyper-V",
    "Resizes a virtual hard disk.",
    (
        Parameter("Path", "String[]", position=0, mandatory=True, aliases=("FullName",), pipe="VP",
                  help="Where the disk is."),
        Parameter("SizeBytes", "UInt64", sets=("Size",), position=1, mandatory=True, minimum=_SMALLEST,
                  help="How large it is to be."),
        Parameter("ToMinimumSize", "Switch", sets=("MinimumSize",), mandatory=True, help="As small as possible."),
        Parameter("Passthru", "Switch", help="Outputs the disk."),
    ),
    default_set="Size",
    confirms=True,
    output="VirtualHardDisk",
    examples=(Example("Resize-VHD C:\\VHD\\web1.vhdx -SizeBytes 80GB", "Makes a disk larger."),),
    support=_KEPT,
)  # fmt: skip
def resize_vhd(call: Call) -> Iterator[object]:
    """Record other sizes of disks."""
    ref = HostRef(call.place, the_host(call).name)
    for path in listed(call.get("Path")):
        disk = _found(ref, path)
        new = {**disk, "Size": call.get("SizeBytes", disk["Size"])}
        real = _same(ref, path)
        assert real is not None
        if call.change(real, _with_disk(ref, real, new)):
            recorded(call, "virtual hard disks")
            if call.is_on("Passthru"):
                yield disk_object(ref, real, new)
