"""Files and directories to other places: Copy-Item, Move-Item and Rename-Item."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.commands.items import FORCE, LITERAL, PATH, RECURSE, in_use, item_object
from lab.shell.commands.paths import given_paths
from lab.shell.errors import ErrorRecord, ShellError

_MODULE = "Microsoft.PowerShell.Management"


def _destination(position: int) -> Parameter:
    return Parameter("Destination", position=position, pipe="P", complete="file", help="Where to; by default here.")


@command(
    "Copy-Item",
    _MODULE,
    "Copies an item from one location to another.",
    (PATH, LITERAL, _destination(1), RECURSE, FORCE, Parameter("PassThru", "Switch", help="Outputs the copy.")),
    default_set="Path",
    aliases=("cp", "copy", "cpi"),
    confirms=True,
    examples=(Example("Copy-Item vms.csv backup.csv", "Copies a file."),),
)
def copy_item(call: Call) -> Iterator[object]:
    """Copy files; what is in directories only with -Recurse."""
    yield from _moved(call, "Copy")


@command(
    "Move-Item",
    _MODULE,
    "Moves an item from one location to another.",
    (PATH, LITERAL, _destination(1), FORCE, Parameter("PassThru", "Switch", help="Outputs what was moved.")),
    default_set="Path",
    aliases=("mv", "move", "mi"),
    confirms=True,
    examples=(Example("Move-Item vms.csv old.csv", "Moves a file."),),
)
def move_item(call: Call) -> Iterator[object]:
    """Move files and directories."""
    yield from _moved(call, "Move")


@command(
    "Rename-Item",
    _MODULE,
    "Renames an item in a PowerShell provider namespace.",
    (
        Parameter("Path", sets=("ByPath",), position=0, mandatory=True, pipe="VP", complete="file", help="The file."),
        Parameter("LiteralPath", sets=("ByLiteralPath",), mandatory=True, aliases=("PSPath",), pipe="P",
                  complete="file", help="The file, without wildcards."),
        Parameter("NewName", position=1, mandatory=True, pipe="P", help="Its new name."),
        FORCE,
        Parameter("PassThru", "Switch", help="Outputs the file."),
    ),
    default_set="ByPath",
    aliases=("ren", "rni"),
    confirms=True,
    examples=(Example("Rename-Item vms.csv old.csv", "Gives a file another name."),),
)  # fmt: skip
def rename_item(call: Call) -> Iterator[object]:
    """Give a file or directory another name."""
    given, name = call.get("LiteralPath") or call.get("Path"), call.get("NewName")
    path = call.files.path(given)
    if "/" in name or "\\" in name or ":" in name:
        text = "Cannot rename the specified target, because it represents a path or device name."
        raise ShellError(
            ErrorRecord(text, "InvalidArgument", "Argument", "System.Management.Automation.PSArgumentException", given)
        )
    target = call.files.below(path.parent, name)
    yield from _transferred(call, path, path.parent / name if target == path else target, "Rename")


def _moved(call: Call, how: str) -> Iterator[object]:
    target = call.files.path(call.get("Destination", "."))
    for path in given_paths(call):
        yield from _transferred(call, path, call.files.below(target, path.name) if target.is_dir() else target, how)


def _transferred(call: Call, path: Path, target: Path, how: str) -> Iterator[object]:
    if how != "Copy" and call.files.is_root(path):
        call.error(in_use(call, path))
        return
    kind = "Directory" if path.is_dir() else "File"
    if not call.agreed(f"Item: {call.files.shown(path)} Destination: {call.files.shown(target)}", f"{how} {kind}"):
        return
    try:
        if how != "Copy":
            shutil.move(path, target)
        elif not path.is_dir():
            shutil.copy2(path, target)
        elif call.is_on("Recurse"):
            links = call.files.is_on_drive(path)
            shutil.copytree(path, target, symlinks=links, dirs_exist_ok=call.is_on("Force"))
        else:
            target.mkdir(exist_ok=True)
    except OSError as error:
        call.error(call.files.refusal(error, path, f"{how}{kind}InfoItemIOError"))
        return
    if call.is_on("PassThru"):
        yield item_object(call, target)
