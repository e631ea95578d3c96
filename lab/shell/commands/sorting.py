"""Objects in order, in groups, and side by side: Sort-Object, Group-Object and Compare-Object."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cmp_to_key

from lab.shell.calculated import Calculated, properties, resolved, value_of
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.comparison import compare
from lab.shell.errors import ShellError
from lab.shell.incoming import INPUT, evaluating, incoming
from lab.shell.objects import Hashtable, PSObject
from lab.shell.scalars import ArrayList
from lab.shell.text import to_text
from lab.shell.views import Column, show

_MODULE = "Microsoft.PowerShell.Utility"
_CULTURE = Parameter("Culture", help="The culture to compare in; en-US is the only one here.")
_CASE = Parameter("CaseSensitive", "Switch", help="Capitals count.")
GROUP = "Microsoft.PowerShell.Commands.GroupInfo"
GROUP_ONLY = "Microsoft.PowerShell.Commands.GroupInfoNoElement"

show(GROUP, "table", Column("Count", width=5, align="right"), Column("Name", width=25), "Group")
show(GROUP_ONLY, "table", Column("Count", width=5, align="right"), "Name")


def ordered(one: object, other: object, *, case: bool = False) -> int:
    """Compare two values of whatever types: null first, and as text where they have no order of their own."""
    try:
        return compare(one, other, case=case)
    except ShellError:
        return compare(to_text(one), to_text(other), case=case)


@command(
    "Sort-Object",
    _MODULE,
    "Sorts objects by property values.",
    (
        INPUT,
        Parameter("Property", "Object[]", position=0, wildcards=True,
                  help="What to sort by, the most important first; also @{Expression={…}; Descending=$true}."),
        Parameter("Descending", "Switch", help="Sorts from the greatest to the least."),
        Parameter("Unique", "Switch", help="Of objects that are equal in what is sorted by outputs only one."),
        _CULTURE,
        _CASE,
    ),
    aliases=("sort",),
    stream=True,
    examples=(
        Example("Get-VM | Sort-Object Name", "Sorts the VMs by name."),
        Example("Get-VM | Sort-Object State, @{Expression='Name'; Descending=$true}", "Sorts by two properties."),
    ),
)  # fmt: skip
def sort_object(call: Call) -> Iterator[object]:
    """Output the objects in order."""
    wanted = properties(call.get("Property", ()), ("ascending", "descending"))
    keyed = [(_keys(call, wanted, item), item) for item in incoming(call) if item is not None]
    case, down = call.is_on("CaseSensitive"), call.is_on("Descending")
    ways = [down if each.descending is None else each.descending for each in wanted] or [down]

    def order(one: tuple[list[object], object], other: tuple[list[object], object]) -> int:
        for mine, theirs, descending in zip(one[0], other[0], ways, strict=True):
            if found := ordered(mine, theirs, case=case):
                return -found if descending else found
        return 0

    keyed.sort(key=cmp_to_key(order))
    for at, each in enumerate(keyed):
        if not (call.is_on("Unique") and at and order(keyed[at - 1], each) == 0):
            yield each[1]


def _keys(call: Call, wanted: Iterable[Calculated], item: object) -> list[object]:
    """Return what an object is sorted or grouped by: without properties by itself."""
    evaluate = evaluating(call)
    found: list[object] = []
    for each in wanted:
        meant = resolved(each, item)
        found.append(value_of(meant[0][1], item, evaluate) if meant else value_of(each.expression, item, evaluate))
    return found or [item]


@command(
    "Group-Object",
    _MODULE,
    "Groups objects that contain the same value for specified properties.",
    (
        INPUT,
        Parameter("Property", "Object[]", position=0, wildcards=True, help="What to group by."),
        Parameter("NoElement", "Switch", help="Leaves the members of the groups out."),
        Parameter("AsHashTable", "Switch", sets=("HashTable",), aliases=("AHT",),
                  help="Returns a hash table of the groups by their values."),
        Parameter("AsString", "Switch", sets=("HashTable",), help="Makes its keys strings."),
        _CULTURE,
        _CASE,
    ),
    aliases=("group",),
    stream=True,
    examples=(Example("Get-VM | Group-Object State", "Tells how many VMs are in which state."),),
)  # fmt: skip
def group_object(call: Call) -> Iterator[object]:
    """Output the groups, in the order of their first members."""
    wanted = properties(call.get("Property", ()), ())
    groups: dict[tuple[str, ...], tuple[list[object], ArrayList]] = {}
    for item in incoming(call):
        if item is None:
            continue
        values = _keys(call, wanted, item)
        texts = tuple(to_text(each) for each in values)
        key = texts if call.is_on("CaseSensitive") else tuple(text.casefold() for text in texts)
        groups.setdefault(key, (values, ArrayList()))[1].append(item)
    if call.is_on("AsHashTable"):
        if groups:
            as_string = call.is_on("AsString") or len(wanted) > 1
            yield Hashtable(
                (_name(values) if as_string else _key(values[0]), found) for values, found in groups.values()
            )
        return
    alone = call.is_on("NoElement")
    for values, found in groups.values():
        members = {} if alone else {"Group": found}
        about = {"Values": ArrayList(values), "Count": len(found), **members, "Name": _name(values)}
        yield PSObject((GROUP_ONLY, GROUP) if alone else GROUP, about)


def _key(value: object) -> object:
    """Return a value as the key of a hash table: an array or a table, which cannot be one, by its text."""
    return to_text(value) if isinstance(value, list | Hashtable) else value


def _name(values: Iterable[object]) -> str:
    return ", ".join(to_text(each) for each in values)


@command(
    "Compare-Object",
    _MODULE,
    "Compares two sets of objects.",
    (
        Parameter("ReferenceObject", "PSObject[]", position=0, mandatory=True, help="The objects to compare with."),
        Parameter("DifferenceObject", "PSObject[]", position=1, pipe="V",
                  help="The objects that are compared."),
        Parameter("SyncWindow", "Int32", minimum=0, help="How many objects around it are searched for an equal one."),
        Parameter("Property", "Object[]", help="The properties to compare."),
        Parameter("ExcludeDifferent", "Switch", help="Leaves out what differs."),
        Parameter("IncludeEqual", "Switch", help="Shows what is equal, too."),
        Parameter("PassThru", "Switch", help="Outputs the objects themselves."),
        _CULTURE,
        _CASE,
    ),
    aliases=("compare", "diff"),
    stream=True,
    examples=(Example("Compare-Object (1, 2, 3) (2, 3, 4)", "Shows what only one of the two has."),),
)  # fmt: skip
def compare_object(call: Call) -> Iterator[object]:
    """Output what is in both sets if that is asked for, then what is new, then what is missing."""
    wanted = properties(call.get("Property", ()), ())
    reference = list(call.get("ReferenceObject"))
    difference = list(call.input) if call.piped else list(call.get("DifferenceObject"))
    case = call.is_on("CaseSensitive")

    def same(one: object, other: object) -> bool:
        mine, theirs = _keys(call, wanted, one), _keys(call, wanted, other)
        return all(ordered(each, its, case=case) == 0 for each, its in zip(mine, theirs, strict=True))

    both, new, missing = _sides(reference, difference, call.get("SyncWindow"), same)
    if call.is_on("IncludeEqual"):
        yield from (_side(call, wanted, item, "==") for item in both)
    if not call.is_on("ExcludeDifferent"):
        yield from (_side(call, wanted, item, "=>") for item in new)
        yield from (_side(call, wanted, item, "<=") for item in missing)


def _sides(
    reference: list[object], difference: list[object], window: int | None, same: Callable[[object, object], bool]
) -> tuple[list[object], list[object], list[object]]:
    """Return what both have, what only the second has and what only the first has."""
    left = list(enumerate(reference))
    both, new = [], []
    for at, item in enumerate(difference):
        near = (pair for pair in left if window is None or abs(pair[0] - at) <= window)
        found = next((pair for pair in near if same(pair[1], item)), None)
        if found is None:
            new.append(item)
        else:
            left.remove(found)
            both.append(found[1])
    return both, new, [item for _, item in left]


def _side(call: Call, wanted: tuple[Calculated, ...], item: object, indicator: str) -> object:
    if call.is_on("PassThru"):
        if isinstance(item, PSObject):
            item.set("SideIndicator", indicator)
        return item
    made = PSObject()
    if wanted:
        for each, value in zip(wanted, _keys(call, wanted, item), strict=True):
            made.set(each.title(), value)
    else:
        made.set("InputObject", item)
    made.set("SideIndicator", indicator)
    return made
