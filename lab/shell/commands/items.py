"""Files and directories as such: Get-ChildItem, Get-Item, New-Item and Remove-Item."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.commands.disk_files import remove_disks
from lab.shell.commands.paths import given_paths, paths_of
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.files import Files, joined, relative, split, write_text
from lab.shell.objects import PSObject
from lab.shell.text import to_text
from lab.shell.views import Column, show
from lab.shell.wildcards import has_wildcards, matches, matches_any

_MODULE = "Microsoft.PowerShell.Management"
_FILE = ("System.IO.FileInfo", "System.IO.FileSystemInfo")
_DIRECTORY = ("System.IO.DirectoryInfo", "System.IO.FileSystemInfo")
PATH = Parameter("Path", "String[]", sets=("Path",), position=0, mandatory=True, pipe="VP", wildcards=True,
                  complete="file", help="The files or directories.")  # fmt: skip
LITERAL = Parameter("LiteralPath", "String[]", sets=("LiteralPath",), mandatory=True, aliases=("PSPath",), pipe="P",
                     complete="file", help="The same, without wildcards.")  # fmt: skip
FORCE = Parameter("Force", "Switch", help="Does it with hidden and read-only ones, too.")
RECURSE = Parameter("Recurse", "Switch", aliases=("s",), help="Goes into directories.")


def _written(item: PSObject) -> object:
    when = item.get("LastWriteTime")
    if not isinstance(when, datetime):
        return None
    clock = f"{when.hour % 12 or 12}:{when.minute:02d} {'PM' if when.hour >= 12 else 'AM'}"
    return f"{when.month}/{when.day}/{when.year}".rjust(10) + clock.rjust(10)


show(
    "System.IO.FileSystemInfo", "table",
    Column("Mode", width=7), Column("LastWriteTime", _written, width=25, align="right"),
    Column("Length", lambda item: item.get("Length") if item.has("Length") else "", width=14, align="right"),
    Column("Name"),
    group_by=(Column("Directory", lambda item: split(to_text(item.get("FullName")))[0]),),
)  # fmt: skip


def item_object(call: Call, path: Path) -> PSObject:
    """Return a file or directory as an object."""
    return file_object(call.files, path)


def file_object(files: Files, path: Path) -> PSObject:
    """Return a file or directory as an object."""
    full = files.shown(path)
    name = full if files.is_root(path) else path.name or full
    status = path.lstat()
    is_dir = path.is_dir()
    about: dict[str, object] = {
        "Name": name,
        "FullName": full,
        "Extension": path.suffix,
        "BaseName": name if is_dir else path.stem,
        "Mode": "d-----" if is_dir else "-a----",
        "PSIsContainer": is_dir,
        "Exists": True,
        "CreationTime": datetime.fromtimestamp(status.st_ctime),
        "LastWriteTime": datetime.fromtimestamp(status.st_mtime),
        "LastAccessTime": datetime.fromtimestamp(status.st_atime),
        "PSPath": full,
    }
    if not is_dir:
        about |= {"Length": status.st_size, "DirectoryName": split(full)[0]}
    return PSObject(_DIRECTORY if is_dir else _FILE, about, text=name if is_dir else full)


@command(
    "Get-ChildItem",
    _MODULE,
    "Gets the items and child items in one or more specified locations.",
    (
        Parameter("Path", "String[]", sets=("Items",), position=0, pipe="VP", wildcards=True, complete="file",
                  help="The directories, by default the current one."),
        Parameter("Filter", position=1, wildcards=True, help="Only what has such a name."),
        Parameter("LiteralPath", "String[]", sets=("LiteralItems",), mandatory=True, aliases=("PSPath",), pipe="P",
                  complete="file", help="The directories, without wildcards."),
        Parameter("Include", "String[]", wildcards=True, help="Only what has one of these names."),
        Parameter("Exclude", "String[]", wildcards=True, help="Leaves out what has one of these names."),
        RECURSE,
        Parameter("Depth", "UInt32", help="How deep it goes into directories."),
        Parameter("Force", "Switch", help="Shows hidden ones, too."),
        Parameter("Name", "Switch", help="Outputs the names only."),
        Parameter("Directory", "Switch", aliases=("ad", "d"), help="Directories only."),
        Parameter("File", "Switch", aliases=("af",), help="Files only."),
        Parameter("Hidden", "Switch", aliases=("ah", "h"), help="Hidden ones only."),
    ),
    default_set="Items",
    aliases=("gci", "ls", "dir"),
    examples=(Example("Get-ChildItem *.ps1", "Lists the scripts here."),),
)  # fmt: skip
def get_childitem(call: Call) -> Iterator[object]:
    """Output what is in directories."""
    depth = call.get("Depth") if "Depth" in call else (None if call.is_on("Recurse") else 0)
    for given in call.get("LiteralPath") or call.get("Path") or ["."]:
        pattern = "LiteralPath" not in call and has_wildcards(given)
        parent, leaf = split(given) if pattern and depth != 0 else ("", "")
        for root in paths_of(call, [(parent or ".") if leaf else given]):
            for path in [root] if (pattern and not leaf) or not root.is_dir() else _below(call, root, depth):
                if _wanted(call, path) and (not leaf or matches(leaf, path.name)):
                    yield _named_or_whole(call, path, root)


def _named_or_whole(call: Call, path: Path, root: Path) -> object:
    if not call.is_on("Name"):
        return item_object(call, path)
    return relative(call.files.shown(path), call.files.shown(root)) if path != root else path.name


def _below(call: Call, root: Path, depth: int | None) -> Iterator[Path]:
    """Yield what is in a directory, directories first, each level before the next one."""
    try:
        found = sorted(root.iterdir(), key=lambda path: (not path.is_dir(), path.name.casefold()))
    except OSError as error:
        call.error(call.files.refusal(error, root, "DirUnauthorizedAccessError"))
        return
    if call.files.is_on_drive(root):
        found = [path for path in found if not path.is_symlink()]
    yield from found
    if depth != 0:
        for path in found:
            if path.is_dir() and not path.is_symlink():
                yield from _below(call, path, None if depth is None else depth - 1)


def _wanted(call: Call, path: Path) -> bool:
    hidden = path.name.startswith(".")
    if hidden and not (call.is_on("Force") or call.is_on("Hidden")):
        return False
    if call.is_on("Hidden") and not hidden:
        return False
    if (call.is_on("Directory") and not path.is_dir()) or (call.is_on("File") and path.is_dir()):
        return False
    if "Filter" in call and not matches(call.get("Filter"), path.name):
        return False
    if "Include" in call and not matches_any(call.get("Include"), path.name):
        return False
    return not matches_any(call.get("Exclude", ()), path.name)


@command(
    "Get-Item",
    _MODULE,
    "Gets files and folders.",
    (PATH, LITERAL, FORCE),
    default_set="Path",
    aliases=("gi",),
    examples=(Example("(Get-Item vms.csv).Length", "Gets the size of a file."),),
)
def get_item(call: Call) -> Iterator[object]:
    """Output files and directories."""
    for path in given_paths(call):
        yield item_object(call, path)


@command(
    "New-Item",
    _MODULE,
    "Creates a new item.",
    (
        Parameter("Path", "String[]", sets=("pathSet",), position=0, mandatory=True, pipe="P", complete="file",
                  help="The path of the new file or directory."),
        Parameter("Path", "String[]", sets=("nameSet",), position=0, pipe="P", complete="file",
                  help="The path of the new file or directory."),
        Parameter("Name", sets=("nameSet",), mandatory=True, pipe="P", help="Its name."),
        Parameter("ItemType", aliases=("Type",), pipe="P", help="File or Directory."),
        Parameter("Value", "Object", aliases=("Target",), pipe="VP", help="The content of the new file."),
        Parameter("Force", "Switch", help="Replaces a file, and makes the directories that are missing."),
    ),
    default_set="pathSet",
    aliases=("ni",),
    confirms=True,
    examples=(Example("New-Item -ItemType Directory out", "Makes a directory."),),
)  # fmt: skip
def new_item(call: Call) -> Iterator[object]:
    """Make files and directories, and output them."""
    kind = call.get("ItemType", "File").casefold()
    is_dir = bool(kind) and "directory".startswith(kind)
    if not is_dir and not (kind and "file".startswith(kind)):
        raise ShellError(
            ErrorRecord(
                "The type is not a known type for the file system. Only \"file\",\"directory\" or "
                "\"symboliclink\" can be specified.", "InvalidArgument", "Argument",
                "System.Management.Automation.PSArgumentException", kind,
            )
        )  # fmt: skip
    for given in call.get("Path", ["."]):
        path = call.files.written(joined(given, call.get("Name")) if "Name" in call else given)
        if call.agreed(f"Destination: {call.files.shown(path)}", f"Create {'Directory' if is_dir else 'File'}"):
            yield from _created(call, path, is_dir=is_dir)


def _created(call: Call, path: Path, *, is_dir: bool) -> Iterator[object]:
    error_id = f"New{'Directory' if is_dir else 'File'}IOError"
    if path.exists() and not (call.is_on("Force") and path.is_dir() == is_dir):
        what = f"An item with the specified name {call.files.shown(path)} already exists."
        text = what if is_dir else f"The file '{call.files.shown(path)}' already exists."
        error_id = "DirectoryExist" if is_dir else error_id
        call.error(ErrorRecord(text, "ResourceExists" if is_dir else "WriteError", error_id, "System.IO.IOException",
                               call.files.shown(path)))  # fmt: skip
        return
    try:
        if is_dir:
            path.mkdir(parents=True, exist_ok=True)
        else:
            if call.is_on("Force"):
                path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, to_text(call.get("Value")))
    except OSError as error:
        call.error(call.files.refusal(error, path, error_id))
        return
    yield item_object(call, path)


@command(
    "mkdir",
    _MODULE,
    "Creates a directory.",
    (
        Parameter("Path", "String[]", position=0, mandatory=True, pipe="P", complete="file", help="The directories."),
        FORCE,
    ),
    aliases=("md",),
    confirms=True,
    examples=(Example("mkdir out", "Makes a directory."),),
)
def mkdir(call: Call) -> Iterator[object]:
    """Make directories, and output them."""
    for given in call.get("Path"):
        path = call.files.written(given)
        if call.agreed(f"Destination: {call.files.shown(path)}", "Create Directory"):
            yield from _created(call, path, is_dir=True)


@command(
    "Remove-Item",
    _MODULE,
    "Deletes the specified items.",
    (PATH, LITERAL, RECURSE, FORCE),
    default_set="Path",
    aliases=("ri", "rm", "rmdir", "del", "erase", "rd"),
    confirms=True,
    examples=(Example("Remove-Item vms.csv", "Deletes a file."),),
)
def remove_item(call: Call) -> None:
    """Delete files; directories that are not empty only with -Recurse."""
    for path in _removable(call):
        is_dir = path.is_dir() and not path.is_symlink()
        if not call.agreed(call.files.shown(path), f"Remove {'Directory' if is_dir else 'File'}"):
            continue
        try:
            if is_dir and any(path.iterdir()) and not call.is_on("Recurse"):
                call.error(
                    ErrorRecord(
                        f"Directory {call.files.shown(path)} cannot be removed because it is not empty.", "WriteError",
                        "DirectoryNotEmpty", "System.IO.IOException", call.files.shown(path),
                        remedy="to remove it with all that is in it, add -Recurse",
                    )
                )  # fmt: skip
            elif is_dir:
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            call.error(call.files.refusal(error, path, "RemoveFileSystemItemUnAuthorizedAccess"))


def _removable(call: Call) -> Iterator[Path]:
    """Yield what is to be removed, and take away the records of the virtual hard disks that are meant, too."""
    given = []
    for each in call.get("LiteralPath") or call.get("Path"):
        if not remove_disks(call, each):
            given.append(each)
    for path in paths_of(call, given) if given else ():
        if call.files.is_root(path):
            call.error(in_use(call, path))
        else:
            yield path


def in_use(call: Call, path: Path) -> ErrorRecord:
    """Return the error of what cannot be taken away while somebody uses it."""
    return ErrorRecord(
        f"Cannot remove the item at '{call.files.shown(path)}' because it is in use.", "InvalidOperation",
        "InvalidOperation", "System.Management.Automation.PSInvalidOperationException", call.files.shown(path),
    )  # fmt: skip
