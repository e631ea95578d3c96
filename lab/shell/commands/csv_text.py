"""Objects as rows of text and back: ConvertTo-Csv, Export-Csv, ConvertFrom-Csv and Import-Csv."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import chain

from lab.shell.calculated import names_of, property_of
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.commands.output import save
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.files import ENCODING, read_text
from lab.shell.formatting.cells import short_date
from lab.shell.incoming import INPUT, incoming
from lab.shell.objects import CUSTOM_OBJECT, PSObject
from lab.shell.text import to_text
from lab.shell.type_names import type_name

_MODULE = "Microsoft.PowerShell.Utility"
_DELIMITER = Parameter("Delimiter", "Char", sets=("Delimiter",), position=1, help="What separates; by default a comma.")
_CULTURE = Parameter("UseCulture", "Switch", sets=("UseCulture",), help="Separates as the culture does: by a comma.")
_TYPE = Parameter("NoTypeInformation", "Switch", aliases=("NTI",), help="Leaves out the line that says the type.")
_HEADER = Parameter("Header", "String[]", help="The names of the columns, where the first line does not say them.")


@command(
    "ConvertTo-Csv",
    _MODULE,
    "Converts objects into a series of character-separated value (CSV) strings.",
    (INPUT, _DELIMITER, _CULTURE, _TYPE),
    default_set="Delimiter",
    stream=True,
    output="String",
    examples=(Example("Get-VM | ConvertTo-Csv -NoTypeInformation", "Returns the VMs as lines of text."),),
)
def convertto_csv(call: Call) -> Iterator[object]:
    """Output the header and a line for each object."""
    yield from _rows(call, incoming(call))


@command(
    "Export-Csv",
    _MODULE,
    "Converts objects into a series of character-separated value (CSV) strings and saves the strings to a file.",
    (
        INPUT,
        Parameter("Path", position=0, complete="file", help="The file."),
        Parameter("LiteralPath", aliases=("PSPath",), complete="file", help="The file, without wildcards."),
        Parameter("Force", "Switch", help="Writes files that are read-only, and columns that do not fit."),
        Parameter("NoClobber", "Switch", aliases=("NoOverwrite",), help="Does not replace a file."),
        ENCODING,
        Parameter("Append", "Switch", help="Adds to the end of the file."),
        _DELIMITER, _CULTURE, _TYPE,
    ),
    default_set="Delimiter",
    aliases=("epcsv",),
    confirms=True,
    stream=True,
    examples=(Example("Get-VM | Export-Csv vms.csv -NoTypeInformation", "Writes the VMs to a file."),),
)  # fmt: skip
def export_csv(call: Call) -> None:
    """Write the header and a line for each object to a file."""
    given = call.get("Path") or call.get("LiteralPath")
    if not given:
        raise ShellError(
            ErrorRecord(
                "You must specify either the -Path or -LiteralPath parameters, but not both.", "InvalidData",
                "CannotSpecifyPathAndLiteralPath", "System.InvalidOperationException",
            )
        )  # fmt: skip
    path = call.files.path(given)
    append = call.is_on("Append") and path.exists() and path.stat().st_size > 0
    lines = _added(call, given) if append else _rows(call, incoming(call))
    save(call, given, "".join(f"{line}\n" for line in lines), append=append)


def _added(call: Call, given: str) -> Iterator[str]:
    """Yield the lines to add to a file, with the columns that it has."""
    try:
        text = read_text(call.files.path(given), call.get("Encoding"))
    except OSError as error:
        raise ShellError(call.files.refusal(error, call.files.path(given), "FileOpenFailure")) from None
    rows = [line for line in text.splitlines() if not line.startswith("#TYPE")]
    names = next(_read(call, rows[:1]), [])
    for item in incoming(call):
        own = {name.casefold() for name in names_of(item)}
        absent = next((name for name in names if name.casefold() not in own), None)
        if absent is not None and not call.is_on("Force"):
            raise ShellError(
                ErrorRecord(
                    "Cannot append CSV content to the following file: "
                    f"{given}. The appended object does not have a property that corresponds to the following column: "
                    f"{absent}. To continue with mismatched properties, add the -Force parameter, and then retry the "
                    "command.", "InvalidData", "CannotAppendCsvWithMismatchedPropertyNames",
                    "System.InvalidOperationException", absent,
                )
            )  # fmt: skip
        yield _delimiter(call).join(_field(property_of(item, name)) for name in names)


def _rows(call: Call, items: Iterable[object]) -> Iterator[str]:
    names: list[str] | None = None
    for item in items:
        if names is None:
            names = names_of(item)
            if not call.is_on("NoTypeInformation"):
                yield f"#TYPE {item.type_name if isinstance(item, PSObject) else type_name(item)}"
            yield _delimiter(call).join(_quoted(name) for name in names)
        yield _delimiter(call).join(_field(property_of(item, name)) for name in names)


def _delimiter(call: Call) -> str:
    return str(call.get("Delimiter", ","))


def _field(value: object) -> str:
    """Return a field: null is nothing at all, a collection the name of its type."""
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        return _quoted(type_name(value))
    return _quoted(short_date(value) if isinstance(value, datetime) else to_text(value))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


@command(
    "ConvertFrom-Csv",
    _MODULE,
    "Converts object properties in character-separated value (CSV) format into CSV versions of the original objects.",
    (
        Parameter("InputObject", "PSObject[]", position=0, pipe="V", help="The lines."),
        _DELIMITER, _CULTURE, _HEADER,
    ),
    default_set="Delimiter",
    stream=True,
    examples=(Example('"name,ram", "web1,512" | ConvertFrom-Csv', "Makes an object of two lines."),),
)  # fmt: skip
def convertfrom_csv(call: Call) -> Iterator[object]:
    """Output an object for each line after the header."""
    items = (item if isinstance(item, list) else [item] for item in incoming(call))
    lines = [line for each in chain.from_iterable(items) for line in to_text(each).splitlines(keepends=False)]
    yield from _objects(call, lines)


@command(
    "Import-Csv",
    _MODULE,
    "Creates table-like custom objects from the items in a character-separated value (CSV) file.",
    (
        Parameter("Path", "String[]", position=0, pipe="V", complete="file", help="The files."),
        Parameter("LiteralPath", "String[]", aliases=("PSPath",), pipe="P", complete="file",
                  help="The files, without wildcards."),
        _DELIMITER, _CULTURE, _HEADER, ENCODING,
    ),
    default_set="Delimiter",
    aliases=("ipcsv",),
    examples=(Example("Import-Csv vms.csv | ForEach-Object { New-VM $_.Name -NoVHD }", "Makes the VMs of a file."),),
)  # fmt: skip
def import_csv(call: Call) -> Iterator[object]:
    """Output an object for each line of the files after the header."""
    literal = "LiteralPath" in call
    for path in call.files.existing(call.get("LiteralPath") or call.get("Path") or (), literal=literal):
        if isinstance(path, ErrorRecord):
            call.error(_not_found(path))
            continue
        try:
            text = read_text(path, call.get("Encoding"))
        except OSError as error:
            call.error(call.files.refusal(error, path, "FileOpenFailure"))
            continue
        yield from _objects(call, text.splitlines())


def _not_found(record: ErrorRecord) -> ErrorRecord:
    if record.error_id != "PathNotFound":
        return record
    message = record.message.replace("Cannot find path", "Could not find file").replace(
        " because it does not exist", ""
    )
    return ErrorRecord(message, "OpenError", "FileOpenFailure", "System.IO.FileNotFoundException", None)


def _objects(call: Call, lines: list[str]) -> Iterator[object]:
    kind = CUSTOM_OBJECT
    if lines and lines[0].startswith("#TYPE "):
        kind = f"CSV:{lines[0].removeprefix('#TYPE ').strip()}"
        lines = lines[1:]
    rows = _read(call, lines)
    names = call.get("Header") or next(rows, [])
    names = [name or f"H{at}" for at, name in enumerate(names, 1)]
    for row in rows:
        if row:
            values = [*row, *[None] * len(names)]
            yield PSObject((kind, CUSTOM_OBJECT) if kind != CUSTOM_OBJECT else kind, zip(names, values, strict=False))


def _read(call: Call, lines: list[str]) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=_delimiter(call), skipinitialspace=True)
    except (csv.Error, TypeError, ValueError) as error:
        raise ShellError(
            ErrorRecord(f"The lines are no comma separated values: {error}.", "InvalidData", "InvalidCsv",
                        "System.InvalidOperationException")
        ) from None  # fmt: skip
