"""What is in files: Get-Content, Set-Content, Add-Content, Clear-Content and Select-String."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.commands.paths import given_paths
from lab.shell.conversion import to_text
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.files import ENCODING, read_text, write_text
from lab.shell.incoming import incoming
from lab.shell.objects import PSObject
from lab.shell.patterns import pattern

_MODULE = "Microsoft.PowerShell.Management"
MATCH = "Microsoft.PowerShell.Commands.MatchInfo"
_FILES = (
    Parameter("Path", "String[]", sets=("Path",), position=0, mandatory=True, pipe="P", wildcards=True,
              complete="file", help="The files."),
    Parameter("LiteralPath", "String[]", sets=("LiteralPath",), mandatory=True, aliases=("PSPath",), pipe="P",
              complete="file", help="The files, without wildcards."),
)  # fmt: skip
_WRITING = (
    *_FILES,
    Parameter("Value", "Object[]", position=1, pipe="VP", help="The lines."),
    Parameter("PassThru", "Switch", help="Outputs what was written."),
    Parameter("Force", "Switch", help="Writes files that are read-only, too."),
    Parameter("NoNewline", "Switch", help="Writes no line ends."),
    ENCODING,
)


@command(
    "Get-Content",
    _MODULE,
    "Gets the content of the item at the specified location.",
    (
        Parameter("Path", "String[]", sets=("Path",), position=0, mandatory=True, pipe="VP", wildcards=True,
                  complete="file", help="The files."),
        _FILES[1],
        Parameter("ReadCount", "Int64", help="How many lines are output at once."),
        Parameter("TotalCount", "Int64", aliases=("First", "Head"), minimum=0, help="So many lines from the top."),
        Parameter("Tail", "Int32", aliases=("Last",), minimum=0, help="So many lines from the end."),
        Parameter("Raw", "Switch", help="Outputs the whole content as one string."),
        Parameter("Delimiter", help="What separates the pieces, instead of line ends."),
        Parameter("Force", "Switch", help="Reads hidden files, too."),
        ENCODING,
    ),
    default_set="Path",
    aliases=("gc", "cat", "type"),
    output="String",
    examples=(Example("Get-Content names.txt | ForEach-Object { New-VM $_ -NoVHD }", "Makes a VM for each line."),),
)  # fmt: skip
def get_content(call: Call) -> Iterator[object]:
    """Output the lines of files."""
    for path in given_paths(call):
        try:
            text = read_text(path, call.get("Encoding"))
        except OSError as error:
            call.error(call.files.refusal(error, path, "GetContentReaderUnauthorizedAccessError"))
            continue
        if call.is_on("Raw"):
            if text:
                yield text
            continue
        yield from _part(call, _lines(text, call.get("Delimiter")))


def _lines(text: str, delimiter: str | None) -> list[str]:
    lines = text.split(delimiter) if delimiter else re.split(r"\r\n|\n|\r", text)
    return lines[:-1] if lines[-1] == "" else lines


def _part(call: Call, lines: list[str]) -> Iterator[object]:
    if "TotalCount" in call:
        lines = lines[: call.get("TotalCount")]
    if "Tail" in call:
        lines = lines[-call.get("Tail") :] if call.get("Tail") else []
    at_once = call.get("ReadCount", 1)
    if at_once == 1:
        yield from lines
        return
    size = at_once or len(lines) or 1
    yield from (lines[start : start + size] for start in range(0, len(lines), size))


@command(
    "Set-Content",
    _MODULE,
    "Writes new content or replaces existing content in a file.",
    _WRITING,
    default_set="Path",
    aliases=("sc",),
    confirms=True,
    stream=True,
    examples=(Example("Get-VM | ForEach-Object Name | Set-Content names.txt", "Writes the names to a file."),),
)
def set_content(call: Call) -> Iterator[object]:
    """Write lines to files."""
    yield from _written(call, "Set Content", append=False)


@command(
    "Add-Content",
    _MODULE,
    "Adds content to the specified items, such as adding words to a file.",
    _WRITING,
    default_set="Path",
    aliases=("ac",),
    confirms=True,
    stream=True,
    examples=(Example("Add-Content log.txt (Get-Date)", "Adds a line to a file."),),
)
def add_content(call: Call) -> Iterator[object]:
    """Add lines to the end of files."""
    yield from _written(call, "Add Content", append=True)


def _written(call: Call, action: str, *, append: bool) -> Iterator[object]:
    values = list(call.input) if call.piped else call.get("Value")
    flat = [each for value in values for each in (value if isinstance(value, list) else [value])]
    end = "" if call.is_on("NoNewline") else "\n"
    text = "".join(to_text(each) + end for each in flat)
    for given in call.get("LiteralPath") or call.get("Path"):
        path = call.files.written(given)
        if not call.agreed(f"Path: {call.files.shown(path)}", action):
            continue
        try:
            write_text(path, text, call.get("Encoding"), append=append)
        except OSError as error:
            raise ShellError(call.files.refusal(error, path, "GetContentWriterIOError")) from None
    if call.is_on("PassThru"):
        yield from flat


@command(
    "Clear-Content",
    _MODULE,
    "Deletes the contents of an item, but does not delete the item.",
    (*_FILES, Parameter("Force", "Switch", help="Clears files that are read-only, too.")),
    default_set="Path",
    aliases=("clc",),
    confirms=True,
    examples=(Example("Clear-Content log.txt", "Empties a file."),),
)
def clear_content(call: Call) -> None:
    """Empty files."""
    for path in given_paths(call):
        if call.agreed(f"Item: {call.files.shown(path)}", "Clear Content"):
            try:
                write_text(path, "")
            except OSError as error:
                call.error(call.files.refusal(error, path, "ClearContentUnauthorizedAccessError"))


@command(
    "Select-String",
    "Microsoft.PowerShell.Utility",
    "Finds text in strings and files.",
    (
        Parameter("InputObject", "PSObject", sets=("Object",), pipe="V", help="The texts."),
        Parameter("Pattern", "String[]", position=0, mandatory=True, help="What is looked for: regular expressions."),
        Parameter("Path", "String[]", sets=("File",), position=1, mandatory=True, pipe="P", wildcards=True,
                  complete="file", help="The files."),
        Parameter("LiteralPath", "String[]", sets=("LiteralFile",), mandatory=True, aliases=("PSPath",), pipe="P",
                  complete="file", help="The files, without wildcards."),
        Parameter("SimpleMatch", "Switch", help="Looks for the very text."),
        Parameter("CaseSensitive", "Switch", help="Capitals count."),
        Parameter("Quiet", "Switch", help="Outputs only whether there is a match."),
        Parameter("List", "Switch", help="Outputs the first match of each file only."),
        Parameter("Include", "String[]", wildcards=True, help="Searches only files with such names."),
        Parameter("Exclude", "String[]", wildcards=True, help="Leaves files with such names out."),
        Parameter("NotMatch", "Switch", help="Finds what does not match."),
        Parameter("AllMatches", "Switch", help="Finds every match of a line."),
        ENCODING,
    ),
    default_set="File",
    aliases=("sls",),
    stream=True,
    examples=(Example("ipconfig | Select-String IPv4", "Finds the lines with an address."),),
)  # fmt: skip
def select_string(call: Call) -> Iterator[object]:
    """Output what matches, as lines that know where they are."""
    found = _in_files(call) if "Path" in call or "LiteralPath" in call else _in_objects(call)
    if call.is_on("Quiet"):
        first = next(found, None)
        if first is not None:
            yield True
        return
    yield from found


def _in_objects(call: Call) -> Iterator[object]:
    for number, item in enumerate(incoming(call), 1):
        if match := _match(call, to_text(item), number, None):
            yield match


def _in_files(call: Call) -> Iterator[object]:
    literal = "LiteralPath" in call
    for path in call.files.existing(call.get("LiteralPath") or call.get("Path"), literal=literal):
        if isinstance(path, ErrorRecord):
            call.error(path)
            continue
        try:
            lines = _lines(read_text(path, call.get("Encoding")), None)
        except OSError as error:
            call.error(call.files.refusal(error, path, "ProcessingFile"))
            continue
        for number, line in enumerate(lines, 1):
            if match := _match(call, line, number, path):
                yield match
                if call.is_on("List"):
                    break


def _named(call: Call, path: Path) -> str:
    return call.files.shown(path) if call.files.is_on_drive(path) else str(path)


def _match(call: Call, line: str, number: int, path: Path | None) -> PSObject | None:
    """Return a line if it matches one of the patterns."""
    for wanted in call.get("Pattern"):
        source = re.escape(wanted) if call.is_on("SimpleMatch") else wanted
        found = list(pattern(source, case=call.is_on("CaseSensitive")).finditer(line))
        if bool(found) == call.is_on("NotMatch"):
            continue
        return PSObject(
            MATCH,
            {
                "IgnoreCase": not call.is_on("CaseSensitive"),
                "LineNumber": number,
                "Line": line,
                "Filename": path.name if path else "InputStream",
                "Path": call.files.shown(path) if path else "InputStream",
                "Pattern": wanted,
                "Context": None,
                "Matches": list(found if call.is_on("AllMatches") else found[:1]),
            },
            text=f"{_named(call, path)}:{number}:{line}" if path else line,
        )
    return None
