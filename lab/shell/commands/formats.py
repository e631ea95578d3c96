"""Format-Table, Format-List and Format-Wide: what a pipeline is to look like. Format-Custom is not emulated."""

from __future__ import annotations

from collections.abc import Iterator

from lab.shell.calculated import LABEL, Calculated, properties
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.conversion import convert
from lab.shell.errors import failure
from lab.shell.formatting import Shaper, Wishes, as_object
from lab.shell.formatting.cells import ENUMERATION_LIMIT
from lab.shell.incoming import INPUT, evaluating, unrolled

_MODULE = "Microsoft.PowerShell.Utility"
_SHARED = (
    Parameter("GroupBy", "Object", help="Shows groups of neighbours that are equal in this, each with a heading."),
    Parameter("View", help="The name of another view; there are none."),
    Parameter("ShowError", "Switch", help="Shows errors in calculated properties."),
    Parameter("DisplayError", "Switch", help="Shows errors in calculated properties in the cells."),
    Parameter("Force", "Switch", help="Formats strings and numbers, too."),
    Parameter("Expand", values=("CoreOnly", "EnumOnly", "Both"), help="What is shown of a collection."),
    INPUT,
)


@command(
    "Format-Table",
    _MODULE,
    "Formats the output as a table.",
    (
        Parameter("Property", "Object[]", position=0, wildcards=True,
                  help="The columns: names, patterns, or @{Name='…'; Expression={…}; Width=…; Alignment='…'}."),
        Parameter("AutoSize", "Switch", help="Makes the columns as wide as all of the rows need."),
        Parameter("HideTableHeaders", "Switch", help="Leaves the headers out."),
        Parameter("Wrap", "Switch", help="Continues in the next line what is too long for its column."),
        *_SHARED,
    ),
    aliases=("ft",),
    stream=True,
    examples=(Example("Get-VM | Format-Table Name, State -AutoSize", "Shows two columns."),),
)  # fmt: skip
def format_table(call: Call) -> Iterator[object]:
    """Output a table, for a command that prints."""
    yield from _formatted(call, "table", (LABEL, "formatstring", "width", "alignment"))


@command(
    "Format-List",
    _MODULE,
    "Formats the output as a list of properties in which each property appears on a new line.",
    (
        Parameter("Property", "Object[]", position=0, wildcards=True, help="The properties to show; * for all."),
        *_SHARED,
    ),
    aliases=("fl",),
    stream=True,
    examples=(Example("Get-VMSwitch | Format-List *", "Shows all properties of the switches."),),
)  # fmt: skip
def format_list(call: Call) -> Iterator[object]:
    """Output a list, for a command that prints."""
    yield from _formatted(call, "list", (LABEL, "formatstring"))


@command(
    "Format-Wide",
    _MODULE,
    "Formats objects as a wide table that displays only one property of each object.",
    (
        Parameter("Property", "Object", position=0, help="The property to show."),
        Parameter("AutoSize", "Switch", help="Makes as many columns as fit."),
        Parameter("Column", "Int32", minimum=1, help="The number of columns; by default 2."),
        *_SHARED,
    ),
    aliases=("fw",),
    stream=True,
    examples=(Example("Get-VM | Format-Wide -Column 3", "Shows the names of the VMs in three columns."),),
)  # fmt: skip
def format_wide(call: Call) -> Iterator[object]:
    """Output several objects in a line, for a command that prints."""
    yield from _formatted(call, "wide", ("formatstring",))


@command(
    "Format-Custom",
    _MODULE,
    "Uses a customized view to format the output.",
    (Parameter("Property", "Object[]", position=0, help="The properties to show."), *_SHARED),
    aliases=("fc",),
    stream=True,
    examples=(Example("Get-VM | Format-Custom", "Is refused: there are no custom views."),),
)
def format_custom(call: Call) -> Iterator[object]:
    """Say that there are no custom views here."""
    raise failure(
        "Format-Custom is not emulated.", category="NotImplemented", error_id="NotImplemented",
        exception="System.NotImplementedException", remedy="use Format-List -Property *",
    )  # fmt: skip


def _formatted(call: Call, kind: str, keys: tuple[str, ...]) -> Iterator[object]:
    shaper = Shaper(_wishes(call, kind, keys))
    for item in unrolled(call):
        for packet in shaper.shaped(item):
            yield as_object(packet)
    for packet in shaper.ended():
        yield as_object(packet)


def _wishes(call: Call, kind: str, keys: tuple[str, ...]) -> Wishes:
    if "View" in call:
        raise failure(
            f"View name {call.get('View')} cannot be found.", error_id="FormatViewNotFound",
            exception="System.InvalidOperationException",
        )  # fmt: skip
    given = call.get("Property", ())
    return Wishes(
        kind,
        properties(given if isinstance(given, list) else [given], keys) if "Property" in call else (),
        _group(call),
        call.is_on("AutoSize"),
        call.is_on("Wrap"),
        call.is_on("HideTableHeaders"),
        call.get("Column", 0),
        call.is_on("Force"),
        evaluating(call),
        enumeration_limit(call),
    )


def _group(call: Call) -> Calculated | None:
    return properties([call.get("GroupBy")], (LABEL, "formatstring"))[0] if "GroupBy" in call else None


def enumeration_limit(call: Call) -> int:
    """Return how many elements of a collection are shown: $FormatEnumerationLimit, or 4."""
    given = call.runtime.variable("FormatEnumerationLimit")
    limit = ENUMERATION_LIMIT if given is None else convert(given, "int")
    assert isinstance(limit, int)
    return limit
