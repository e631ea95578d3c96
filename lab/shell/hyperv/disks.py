"""Virtual hard disks as records of a host: a path, a type and a size (Get-VHD)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from lab.shell.hyperv.refs import HostRef, identity
from lab.shell.objects import PSObject
from lab.shell.recording import kept

TYPE: Final = "Microsoft.Vhd.PowerShell.VirtualHardDisk"
SETTING: Final = "VHDs"


def created(size: int, kind: str = "Dynamic", parent: str = "") -> dict[str, Any]:
    """Return the record of a new disk."""
    return {"Size": size, "VhdType": kind, "ParentPath": parent}


def disks_of(ref: HostRef) -> dict[str, dict[str, Any]]:
    """Return the disks of a host by their paths."""
    found: dict[str, dict[str, Any]] = kept(ref.model.recorded, SETTING, {}) if ref.model else {}
    return found


def disk_object(ref: HostRef, path: str, disk: Mapping[str, Any]) -> PSObject:
    """Return a disk as Get-VHD outputs it."""
    used = disk["Size"] if disk["VhdType"] == "Fixed" else 4 << 20
    return PSObject(
        TYPE,
        {
            "ComputerName": ref.host,
            "Path": path,
            "VhdFormat": "VHD" if path.casefold().endswith(".vhd") else "VHDX",
            "VhdType": disk["VhdType"],
            "FileSize": used,
            "Size": disk["Size"],
            "MinimumSize": None,
            "LogicalSectorSize": 512,
            "PhysicalSectorSize": 4096,
            "BlockSize": 32 << 20 if disk["VhdType"] != "Fixed" else 0,
            "ParentPath": disk["ParentPath"],
            "DiskIdentifier": str(identity(ref.place, ref.host, "disk", path)).upper(),
            "FragmentationPercentage": 0,
            "Alignment": 1,
            "Attached": False,
            "DiskNumber": None,
            "IsPMEMCompatible": False,
            "AddressAbstractionType": "None",
            "Number": None,
        },
    )
