"""Sums and counts: Measure-Object; and how long something takes: Measure-Command."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from lab.shell.calculated import names_of, property_of
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.commands.sorting import ordered
from lab.shell.conversion import convert
from lab.shell.errors import ErrorRecord, NotConverted
from lab.shell.incoming import INPUT, incoming
from lab.shell.objects import PSObject
from lab.shell.text import to_text
from lab.shell.wildcards import matches

_MODULE = "Microsoft.PowerShell.Utility"
_GENERIC = ("Microsoft.PowerShell.Commands.GenericMeasureInfo", "Microsoft.PowerShell.Commands.MeasureInfo")
_TEXT = ("Microsoft.PowerShell.Commands.TextMeasureInfo", "Microsoft.PowerShell.Commands.MeasureInfo")


@command(
    "Measure-Object",
    _MODULE,
    "Calculates the numeric properties of objects, and the characters, words, and lines in string objects.",
    (
        INPUT,
        Parameter("Property", "String[]", position=0, wildcards=True, help="The properties to measure."),
        Parameter("Sum", "Switch", sets=("GenericMeasure",), help="Calculates the sum."),
        Parameter("Average", "Switch", sets=("GenericMeasure",), help="Calculates the average."),
        Parameter("Maximum", "Switch", sets=("GenericMeasure",), help="Finds the greatest value."),
        Parameter("Minimum", "Switch", sets=("GenericMeasure",), help="Finds the least value."),
        Parameter("Line", "Switch", sets=("TextMeasure",), help="Counts lines."),
        Parameter("Word", "Switch", sets=("TextMeasure",), help="Counts words."),
        Parameter("Character", "Switch", sets=("TextMeasure",), help="Counts characters."),
        Parameter("IgnoreWhiteSpace", "Switch", sets=("TextMeasure",), help="Counts characters without blanks."),
    ),
    default_set="GenericMeasure",
    aliases=("measure",),
    stream=True,
    examples=(
        Example("Get-VM | Measure-Object", "Counts the VMs."),
        Example("(1..10 | Measure-Object -Sum).Sum", "Adds numbers."),
    ),
)  # fmt: skip
def measure_object(call: Call) -> Iterator[object]:
    """Output what was measured, of each property or of the objects themselves."""
    values = _values(call)
    text = call.set == "TextMeasure" or any(map(call.is_on, ("Line", "Word", "Character", "IgnoreWhiteSpace")))
    for name, found in values.items():
        if name is not None and not found:
            call.error(
                ErrorRecord(
                    f'The property "{name}" cannot be found in the input for any objects.', "InvalidArgument",
                    "GenericMeasurePropertyNotFound", "System.Management.Automation.PSArgumentException",
                )
            )  # fmt: skip
        elif text:
            yield _texts(call, name, found)
        else:
            yield _numbers(call, name, found)


def _values(call: Call) -> dict[str | None, list[object]]:
    """Return the values to measure by the properties' names; None is the objects themselves."""
    wanted = call.get("Property")
    found: dict[str | None, list[object]] = {}
    for item in incoming(call):
        if item is None:
            continue
        if not wanted:
            found.setdefault(None, []).append(item)
        for pattern in wanted or ():
            for name in names_of(item):
                if matches(pattern, name) and (value := property_of(item, name)) is not None:
                    found.setdefault(name, []).append(value)
    if not wanted:
        return found or {None: []}
    for pattern in wanted:
        if not any(matches(pattern, name) for name in found if name is not None):
            found[pattern] = []
    return found


def _numbers(call: Call, name: str | None, values: list[object]) -> PSObject:
    about: dict[str, object] = {"Count": len(values), **dict.fromkeys(("Average", "Sum", "Maximum", "Minimum"))}
    if call.is_on("Sum") or call.is_on("Average"):
        numbers = [number for value in values for number in _number(call, value)]
        total = sum(numbers)
        about["Sum"] = float(total) if call.is_on("Sum") else None
        about["Average"] = float(total) / len(numbers) if call.is_on("Average") and numbers else None
    for title, sign in (("Maximum", 1), ("Minimum", -1)):
        if call.is_on(title) and values:
            best = values[0]
            for value in values[1:]:
                if ordered(value, best) * sign > 0:
                    best = value
            is_number = isinstance(best, int | float | Decimal) and not isinstance(best, bool)
            about[title] = float(best) if is_number else best  # type: ignore[arg-type]
    return PSObject(_GENERIC, {**about, "Property": name})


def _number(call: Call, value: object) -> Iterator[float]:
    try:
        found = convert(value, "double")
    except NotConverted:
        call.error(
            ErrorRecord(
                f'Input object "{to_text(value)}" is not numeric.', "InvalidType", "NonNumericInputObject",
                "System.Management.Automation.PSInvalidCastException", value,
            )
        )  # fmt: skip
        return
    assert isinstance(found, float)
    yield found


def _texts(call: Call, name: str | None, values: list[object]) -> PSObject:
    texts = [to_text(value) for value in values]
    lines = sum(len(text.splitlines()) or 1 for text in texts)
    words = sum(len(text.split()) for text in texts)
    chars = sum(len(re.sub(r"\s", "", text) if call.is_on("IgnoreWhiteSpace") else text) for text in texts)
    return PSObject(
        _TEXT,
        {
            "Lines": lines if call.is_on("Line") else None,
            "Words": words if call.is_on("Word") else None,
            "Characters": chars if call.is_on("Character") or call.is_on("IgnoreWhiteSpace") else None,
            "Property": name,
        },
    )


@command(
    "Measure-Command",
    _MODULE,
    "Measures the time it takes to run script blocks and cmdlets.",
    (
        INPUT,
        Parameter("Expression", "ScriptBlock", position=0, mandatory=True, help="What is measured."),
    ),
    stream=True,
    output="TimeSpan",
    examples=(Example("Measure-Command { Start-VM web1 }", "Tells how long the start of a VM takes."),),
)  # fmt: skip
def measure_command(call: Call) -> Iterator[object]:
    """Run the script block, leave its output out, and output how long it took."""
    block = call.get("Expression")
    began = time.monotonic()
    if call.piped or "InputObject" in call:
        for item in incoming(call):
            for _ in call.runtime.invoke(block, item=item):
                pass
    else:
        for _ in call.runtime.invoke(block):
            pass
    yield timedelta(seconds=time.monotonic() - began)
