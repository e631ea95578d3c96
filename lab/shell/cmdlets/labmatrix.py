"""Who reaches whom: Test-LabMatrix."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from lab.errors import InputError
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.labs.targets import MODULE, fits, listed, row_object, unknown
from lab.shell.views import show
from lab.shell.wildcards import has_wildcards

_NAMES: Final = {
    "from": "From", "to": "To", "predicted": "Expected", "measured": "Measured", "agrees": "Agrees",
    "reason": "Reason", "version": "IPVersion", "time_ms": "TimeMs",
}  # fmt: skip

show(f"{MODULE}.LabPair", "table", "From", "To", "Expected", "Measured", "Agrees", "Reason")


@command(
    "Test-LabMatrix",
    MODULE,
    "Pings every pair of machines, and holds each answer against what the lab's description predicts.",
    (
        Parameter("From", "String[]", sets=("Pairs",), position=0, wildcards=True, complete="vm",
                  help="Pairs from these machines, or adapters, only."),
        Parameter("To", "String[]", sets=("Pairs",), position=1, wildcards=True, complete="vm",
                  help="Pairs to these machines, or adapters, only."),
        Parameter("Matrix", "Switch", sets=("Matrix",), mandatory=True, help="Prints a grid, a mark for each pair."),
        Parameter("IPv4", "Switch", help="By IPv4 only."),
        Parameter("IPv6", "Switch", help="By IPv6 only."),
    ),
    default_set="Pairs",
    output="LabPair",
    guest=True,
    examples=(
        Example("Test-LabMatrix -Matrix", "Shows at a glance who reaches whom, and why not."),
        Example("Test-LabMatrix web1 db*", "Shows whether web1 reaches the machines whose names begin with db."),
        Example("Test-LabMatrix | Where-Object { -not $_.Agrees }", "Shows what is not as predicted: nothing."),
    ),
)  # fmt: skip
def test_labmatrix(call: Call) -> Iterator[object]:
    """Output a pair of endpoints after the other, or the grid."""
    version = _version(call)
    if call.is_on("Matrix"):
        yield call.place.tell("matrix", *version).rstrip("\n")
        return
    rows = call.place.ask("matrix", *version)
    starts = _asked(call, "From", dict.fromkeys(row["from"] for row in rows))
    ends = _asked(call, "To", dict.fromkeys(row["to"] for row in rows))
    for row in rows:
        if starts(row["from"]) and ends(row["to"]):
            yield row_object("LabPair", row, _NAMES)


def _version(call: Call) -> list[str]:
    if call.is_on("IPv4") and call.is_on("IPv6"):
        raise InputError("IPv4 and IPv6 are both asked for", remedy="leave out one; without both, IPv4 comes first")
    return ["-4"] if call.is_on("IPv4") else ["-6"] if call.is_on("IPv6") else []


def _asked(call: Call, parameter: str, names: dict[str, None]) -> Callable[[str], bool]:
    """Return what tells whether an endpoint is asked for: by its own name, or by that of its machine."""
    if parameter not in call:
        return lambda name: True
    found: set[str] = set()
    for wanted in listed(call.get(parameter)):
        mine = {name for name in names if fits(name, wanted) or fits(name.partition(" ")[0], wanted)}
        if not mine and not has_wildcards(wanted):
            call.error(unknown("endpoint of this lab", wanted, names))
        found |= mine
    return found.__contains__
