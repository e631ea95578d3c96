"""Locations that are kept, and the drives that there are: Push-Location, Pop-Location and Get-PSDrive."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.commands.paths import path_info
from lab.shell.drive import ROOT
from lab.shell.errors import ErrorRecord
from lab.shell.objects import PSObject
from lab.shell.views import Column, show
from lab.shell.wildcards import has_wildcards, matches

_MODULE = "Microsoft.PowerShell.Management"
_DRIVE = "System.Management.Automation.PSDriveInfo"
_OTHERS = ("Alias", "Env", "Function", "Variable")


def _gigabytes(name: str) -> Column:
    def read(drive: PSObject) -> object:
        found = drive.get(name)
        return f"{found / (1 << 30):,.2f}" if isinstance(found, int) else None

    return Column(f"{name} (GB)", read, width=13, align="right")


show(
    _DRIVE, "table",
    Column("Name", width=10), _gigabytes("Used"), _gigabytes("Free"), Column("Provider", width=13),
    Column("Root", width=20), Column("CurrentLocation"),
)  # fmt: skip


@command(
    "Push-Location",
    _MODULE,
    "Adds the current location to the top of a location stack.",
    (
        Parameter("Path", sets=("Path",), position=0, pipe="VP", complete="file", help="The directory to go to."),
        Parameter("LiteralPath", sets=("LiteralPath",), mandatory=True, aliases=("PSPath",), pipe="P", complete="file",
                  help="The directory to go to, without wildcards."),
        Parameter("PassThru", "Switch", help="Outputs the directory."),
    ),
    default_set="Path",
    aliases=("pushd",),
    examples=(Example("Push-Location C:\\VMs", "Goes to a directory, from which Pop-Location leads back."),),
)  # fmt: skip
def push_location(call: Call) -> Iterator[object]:
    """Keep the current location, and go to another one."""
    before, given = call.files.here, call.get("LiteralPath") or call.get("Path")
    if given:
        call.files.go(given)
    call.files.kept.append(before)
    if call.is_on("PassThru"):
        yield path_info(call.files.here)


@command(
    "Pop-Location",
    _MODULE,
    "Changes the current location to the location most recently pushed onto the stack.",
    (Parameter("PassThru", "Switch", help="Outputs the directory."),),
    aliases=("popd",),
    examples=(Example("Pop-Location", "Goes back to where Push-Location was called."),),
)
def pop_location(call: Call) -> Iterator[object]:
    """Go back to the location that was kept last; nothing happens if there is none."""
    if call.files.kept:
        call.files.go(call.files.kept.pop())
    if call.is_on("PassThru"):
        yield path_info(call.files.here)


@command(
    "Get-PSDrive",
    _MODULE,
    "Gets drives in the current session.",
    (
        Parameter("Name", "String[]", sets=("Name",), position=0, pipe="P", wildcards=True, help="The drives."),
        Parameter("LiteralName", "String[]", sets=("LiteralName",), position=0, mandatory=True, pipe="P",
                  help="The drives, without wildcards."),
        Parameter("PSProvider", "String[]", pipe="P", wildcards=True, help="Drives of these providers only."),
    ),
    default_set="Name",
    aliases=("gdr",),
    examples=(Example("Get-PSDrive C", "Shows the drive of this machine."),),
)  # fmt: skip
def get_psdrive(call: Call) -> Iterator[object]:
    """Output the drives: C: of this machine, and those of the session's own things."""
    literal = "LiteralName" in call
    for wanted in call.get("LiteralName") or call.get("Name") or ["*"]:
        names = [
            each
            for each in sorted(("C", *_OTHERS))
            if (each.casefold() == wanted.casefold() if literal else matches(wanted, each))
        ]
        if not names and (literal or not has_wildcards(wanted)):
            text = f"Cannot find drive. A drive with the name '{wanted}' does not exist."
            exception = "System.Management.Automation.DriveNotFoundException"
            call.error(ErrorRecord(text, "ObjectNotFound", "GetLocationNoMatchingDrive", exception, wanted))
        for name in names:
            drive = _drive(call, name)
            providers = call.get("PSProvider", ["*"])
            if any(matches(each, str(drive.get("Provider"))) for each in providers):
                yield drive


def _drive(call: Call, name: str) -> PSObject:
    if name != "C":
        provider = "Environment" if name == "Env" else name
        about = {"Name": name, "Provider": provider, "Root": "", "CurrentLocation": "", "Used": None, "Free": None}
        return PSObject(_DRIVE, about, text=name)
    space = shutil.disk_usage(call.files.path(ROOT))
    here = call.files.here if call.files.here.startswith(ROOT) else ROOT
    return PSObject(
        _DRIVE,
        {
            "Name": name, "Provider": "FileSystem", "Root": ROOT, "CurrentLocation": here[len(ROOT):],
            "Used": space.used, "Free": space.free, "Description": "", "DisplayRoot": None,
        },
        text=name,
    )  # fmt: skip
