"""Where files are: Test-Path, Join-Path, Split-Path, Resolve-Path, Get-Location and Set-Location."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.commands.disk_files import disks_at
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.files import is_windows, joined, relative, split
from lab.shell.objects import PSObject
from lab.shell.views import show
from lab.shell.wildcards import has_wildcards

_MODULE = "Microsoft.PowerShell.Management"
_PATH_INFO = "System.Management.Automation.PathInfo"

show(_PATH_INFO, "table", "Path")


def _paths(position: int | None = 0, *, mandatory: bool = True) -> tuple[Parameter, Parameter]:
    """Return the parameters -Path and -LiteralPath."""
    path = Parameter("Path", "String[]", sets=("Path",), position=position, mandatory=mandatory, pipe="VP",
                     wildcards=True, complete="file", help="The paths.")  # fmt: skip
    literal = Parameter("LiteralPath", "String[]", sets=("LiteralPath",), mandatory=True, aliases=("PSPath",), pipe="P",
                        complete="file", help="The paths, without wildcards.")  # fmt: skip
    return path, literal


def given_paths(call: Call) -> Iterator[Path]:
    """Yield what -Path or -LiteralPath mean; what does not exist is a non-terminating error."""
    yield from paths_of(call, call.get("LiteralPath") or call.get("Path") or ["."])


def paths_of(call: Call, given: Iterable[str]) -> Iterator[Path]:
    """Yield what some paths mean: literally, if the call has -LiteralPath."""
    for path in call.files.existing(given, literal="LiteralPath" in call):
        if isinstance(path, ErrorRecord):
            call.error(path)
        else:
            yield path


@command(
    "Test-Path",
    _MODULE,
    "Determines whether all elements of a path exist.",
    (
        *_paths(),
        Parameter("PathType", aliases=("Type",), values=("Any", "Container", "Leaf"), default="Any",
                  help="A directory (Container), a file (Leaf) or either."),
        Parameter("IsValid", "Switch", help="Asks only whether it could be a path."),
    ),
    default_set="Path",
    output="Boolean",
    examples=(Example("Test-Path .\\vms.csv", "Tells whether there is such a file."),),
)  # fmt: skip
def test_path(call: Call) -> Iterator[object]:
    """Output whether there is something at each path."""
    for given in call.get("LiteralPath") or call.get("Path"):
        yield call.is_on("IsValid") or _exists(call, given)


def _exists(call: Call, given: str) -> bool:
    drive, colon, name = given.partition(":")
    if colon and drive.casefold() in ("variable", "env", "function", "alias"):
        return _known(call, drive.casefold(), name.lstrip("\\/"))
    try:
        pattern = "LiteralPath" not in call and has_wildcards(given)
        found = call.files.matching(given) if pattern else [call.files.path(given)]
    except ShellError:
        return False
    kind = call.get("PathType")
    tests = {"Any": os.path.exists, "Container": os.path.isdir, "Leaf": os.path.isfile}
    return any(tests[kind](each) for each in found) or (kind != "Container" and bool(disks_at(call, given)))


def _known(call: Call, drive: str, name: str) -> bool:
    match drive:
        case "variable":
            return call.runtime.frame.scope.find(name) is not None or call.runtime.variable(name) is not None
        case "function":
            return call.runtime.frame.scope.function(name) is not None
        case "alias":
            return call.runtime.frame.scope.alias(name) is not None
    return name.casefold() in call.runtime.frame.session.environment


@command(
    "Join-Path",
    _MODULE,
    "Combines a path and a child path into a single path.",
    (
        Parameter("Path", "String[]", position=0, mandatory=True, aliases=("PSPath",), pipe="VP", help="The path."),
        Parameter("ChildPath", position=1, mandatory=True, pipe="P", help="What is added to it."),
        Parameter("Resolve", "Switch", help="Outputs what exists there."),
    ),
    output="String",
    examples=(Example("Join-Path $PSScriptRoot vms.csv", "Names a file beside the script."),),
)
def join_path(call: Call) -> Iterator[object]:
    """Output the paths with the child path added."""
    child = call.get("ChildPath").lstrip("\\/")
    for given in call.get("Path"):
        path_text = joined(given, child)
        if not call.is_on("Resolve"):
            yield path_text
            continue
        for path in call.files.existing([path_text]):
            if isinstance(path, ErrorRecord):
                call.error(path)
            else:
                yield call.files.shown(path)


@command(
    "Split-Path",
    _MODULE,
    "Returns the specified part of a path.",
    (
        Parameter("Path", "String[]", position=0, mandatory=True, pipe="VP", help="The path."),
        Parameter("LiteralPath", "String[]", sets=("LiteralPathSet",), mandatory=True, aliases=("PSPath",), pipe="P",
                  help="The path, without wildcards."),
        Parameter("Parent", "Switch", sets=("ParentSet",), help="Everything but the last part; the default."),
        Parameter("Leaf", "Switch", sets=("LeafSet",), mandatory=True, help="The last part."),
        Parameter("Qualifier", "Switch", sets=("QualifierSet",), mandatory=True, help="The drive."),
        Parameter("NoQualifier", "Switch", sets=("NoQualifierSet",), mandatory=True, help="The path without drive."),
        Parameter("IsAbsolute", "Switch", sets=("IsAbsoluteSet",), mandatory=True, help="Whether it is absolute."),
        Parameter("Resolve", "Switch", help="Follows wildcards."),
    ),
    default_set="ParentSet",
    examples=(Example("Split-Path $PSCommandPath -Leaf", "Returns the name of the script."),),
)  # fmt: skip
def split_path(call: Call) -> Iterator[object]:
    """Output a part of each path."""
    for given in call.get("Path") or call.get("LiteralPath"):
        drive, colon, rest = given.rpartition(":")
        if call.is_on("IsAbsolute"):
            yield given.startswith(("/", "\\")) or bool(colon)
        elif call.is_on("Qualifier"):
            if not colon:
                text = f"Cannot parse path because path '{given}' does not have a qualifier specified."
                call.error(
                    ErrorRecord(text, "InvalidArgument", "ParsePathNoQualifier", "System.FormatException", given)
                )
            else:
                yield drive + colon
        elif call.is_on("NoQualifier"):
            yield rest
        else:
            parent, leaf = split(given)
            yield leaf if call.is_on("Leaf") else parent


@command(
    "Resolve-Path",
    _MODULE,
    "Resolves the wildcard characters in a path, and displays the path contents.",
    (*_paths(), Parameter("Relative", "Switch", help="Outputs paths from here.")),
    default_set="Path",
    aliases=("rvpa",),
    examples=(Example("Resolve-Path *.csv", "Gets the full paths of the CSV files."),),
)
def resolve_path(call: Call) -> Iterator[object]:
    """Output what exists at the paths."""
    for path in given_paths(call):
        full = call.files.shown(path)
        yield _from_here(call, full) if call.is_on("Relative") else path_info(full)


def _from_here(call: Call, full: str) -> str:
    found = relative(full, call.files.here)
    return found if found == full else joined("." + full[2:3] if is_windows(full) else ".", found)


def path_info(path: str) -> PSObject:
    """Return a path as an object."""
    return PSObject(_PATH_INFO, {"Path": path, "ProviderPath": path}, text=path)


@command(
    "Get-Location",
    _MODULE,
    "Gets information about the current working location.",
    (
        Parameter("PSProvider", "String[]", sets=("Location",), help="The provider; there is only FileSystem."),
        Parameter("PSDrive", "String[]", sets=("Location",), help="The drive; there is only C."),
        Parameter("Stack", "Switch", sets=("Stack",), help="Gets the locations that were kept; there are none."),
    ),
    default_set="Location",
    aliases=("gl", "pwd"),
    examples=(Example("Get-Location", "Shows the current directory."),),
)
def get_location(call: Call) -> Iterator[object]:
    """Output the current directory."""
    if not call.is_on("Stack"):
        yield path_info(call.files.here)


@command(
    "Set-Location",
    _MODULE,
    "Sets the current working location to a specified location.",
    (
        Parameter("Path", sets=("Path",), position=0, pipe="VP", complete="file", help="The directory."),
        Parameter("LiteralPath", sets=("LiteralPath",), mandatory=True, aliases=("PSPath",), pipe="P",
                  complete="file", help="The directory, without wildcards."),
        Parameter("PassThru", "Switch", help="Outputs the directory."),
    ),
    default_set="Path",
    aliases=("cd", "chdir", "sl"),
    examples=(Example("Set-Location ~/scripts", "Goes to a directory."),),
)  # fmt: skip
def set_location(call: Call) -> Iterator[object]:
    """Make a directory the current one."""
    call.files.go(call.get("LiteralPath") or call.get("Path", "~"))
    if call.is_on("PassThru"):
        yield path_info(call.files.here)
