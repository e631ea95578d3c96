"""Parts of objects, and some of many: Select-Object and Get-Unique."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import islice

from lab.shell.calculated import LABEL, Calculated, properties, property_of, resolved, value_of
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.comparison import equal
from lab.shell.errors import ErrorRecord
from lab.shell.incoming import INPUT, evaluating, incoming
from lab.shell.objects import CUSTOM_OBJECT, PSObject
from lab.shell.text import to_text
from lab.shell.type_names import type_name
from lab.shell.wildcards import matches_any

_MODULE = "Microsoft.PowerShell.Utility"
_PROPERTY_SETS = ("DefaultParameter", "SkipLastParameter")


@command(
    "Select-Object",
    _MODULE,
    "Selects objects or object properties.",
    (
        INPUT,
        Parameter("Property", "Object[]", sets=_PROPERTY_SETS, position=0, wildcards=True,
                  help="The properties to select; calculated ones as @{Name='…'; Expression={…}}."),
        Parameter("ExcludeProperty", "String[]", sets=_PROPERTY_SETS, wildcards=True,
                  help="The properties to leave out of those that -Property selects."),
        Parameter("ExpandProperty", sets=_PROPERTY_SETS, help="Outputs the values of this property."),
        Parameter("Unique", "Switch", help="Of equal objects outputs only one."),
        Parameter("Last", "Int32", sets=("DefaultParameter",), minimum=0, help="So many objects from the end."),
        Parameter("First", "Int32", sets=("DefaultParameter",), minimum=0, help="So many objects from the beginning."),
        Parameter("Skip", "Int32", sets=("DefaultParameter",), minimum=0, help="Leaves out so many objects first."),
        Parameter("SkipLast", "Int32", sets=("SkipLastParameter",), minimum=0, help="Leaves out the last ones."),
        Parameter("Index", "Int32[]", sets=("IndexParameter",), minimum=0, help="The objects at these places, from 0."),
        Parameter("Wait", "Switch", sets=("DefaultParameter", "IndexParameter"),
                  help="Takes all objects, even when no more are needed."),
    ),
    default_set="DefaultParameter",
    aliases=("select",),
    stream=True,
    examples=(
        Example("Get-VM | Select-Object Name, State", "Gets two properties of each VM."),
        Example("Get-VM | Select-Object -First 1", "Gets the first VM."),
        Example("Get-VM | Select-Object -ExpandProperty Name", "Gets the names as strings."),
    ),
)  # fmt: skip
def select_object(call: Call) -> Iterator[object]:
    """Output the objects that are chosen, or what is chosen of them."""
    wanted = properties(call.get("Property", ()), (LABEL,))
    chosen = _chosen(call, incoming(call))
    made = (each for item in chosen for each in _made(call, wanted, item))
    if not call.is_on("Unique"):
        yield from made
        return
    seen: list[object] = []
    for item in made:
        if not any(_same(item, other) for other in seen):
            seen.append(item)
            yield item


def _chosen(call: Call, items: Iterator[object]) -> Iterator[object]:
    if "Index" in call:
        wanted = sorted(set(call.get("Index")))
        last = None if call.is_on("Wait") or not wanted else wanted[-1] + 1
        yield from (item for at, item in enumerate(islice(items, last)) if at in wanted)
        return
    first, last, skip = call.get("First"), call.get("Last"), call.get("Skip", 0)
    if "SkipLast" in call:
        yield from _but_last(items, call.get("SkipLast"))
    elif first is None and last is None:
        yield from islice(items, skip, None)
    elif last is None:
        # With nothing left to take, the commands before it are stopped.
        yield from islice(items, skip, skip + first)
        for _ in items if call.is_on("Wait") else ():
            pass
    else:
        yield from _ends(items, first, last, skip)


def _ends(items: Iterator[object], first: int | None, last: int, skip: int) -> Iterator[object]:
    """Yield the first objects, then the last ones; with -Last alone -Skip counts from the end."""
    if first is not None:
        yield from islice(items, skip, skip + first)
        yield from deque(items, maxlen=last)
        return
    kept = list(deque(items, maxlen=last + skip))
    yield from kept[: len(kept) - skip][-last:] if last else ()


def _but_last(items: Iterator[object], count: int) -> Iterator[object]:
    waiting: deque[object] = deque()
    for item in items:
        waiting.append(item)
        if len(waiting) > count:
            yield waiting.popleft()


def _made(call: Call, wanted: tuple[Calculated, ...], item: object) -> Iterator[object]:
    if "ExpandProperty" in call:
        yield from _expanded(call, wanted, item)
    elif wanted:
        yield _selected(call, wanted, item)
    else:
        yield item


def _selected(call: Call, wanted: tuple[Calculated, ...], item: object) -> PSObject:
    original = item.type_names if isinstance(item, PSObject) else (type_name(item),)
    made = PSObject((f"Selected.{original[0]}", CUSTOM_OBJECT))
    for name, value in _values(call, wanted, item):
        if made.has(name):
            call.error(
                ErrorRecord(
                    f'Property cannot be processed because property "{name}" already exists.', "InvalidOperation",
                    "AlreadyExistingUserSpecifiedPropertyNoExpand",
                    "System.Management.Automation.PSArgumentException", item,
                )
            )  # fmt: skip
        else:
            made.set(name, value)
    return made


def _values(call: Call, wanted: Iterable[Calculated], item: object) -> Iterator[tuple[str, object]]:
    excluded, evaluate = call.get("ExcludeProperty", ()), evaluating(call)
    for each in wanted:
        meant = resolved(each, item)
        if not meant and not each.is_pattern:
            meant = [(each.title(), each.expression)]
        for name, expression in meant:
            if not matches_any(excluded, name):
                yield name, value_of(expression, item, evaluate)


def _expanded(call: Call, wanted: tuple[Calculated, ...], item: object) -> Iterator[object]:
    name = call.get("ExpandProperty")
    meant = resolved(Calculated(name), item)
    if not meant:
        call.error(
            ErrorRecord(
                f'Property "{name}" cannot be found.', "InvalidArgument", "ExpandPropertyNotFound",
                "System.Management.Automation.PSArgumentException", item,
            )
        )  # fmt: skip
        return
    value = property_of(item, str(meant[0][1]))
    if value is None:
        return
    for each in value if isinstance(value, list) else [value]:
        if wanted and isinstance(each, PSObject):
            made = PSObject(each.type_names, each.items(), source=each.source, methods=each.methods, text=each.text)
            for other, added in _values(call, wanted, item):
                made.set(other, added)
            yield made
        else:
            yield each


def _same(one: object, other: object) -> bool:
    """Tell whether two objects are equal in all of their properties, capitals and all."""
    if isinstance(one, PSObject) and isinstance(other, PSObject):
        mine, theirs = dict(one.items()), dict(other.items())
        return mine.keys() == theirs.keys() and all(_same(mine[name], theirs[name]) for name in mine)
    if isinstance(one, list) and isinstance(other, list):
        return to_text(one) == to_text(other)
    return type(one) is type(other) and equal(one, other, case=True)


@command(
    "Get-Unique",
    _MODULE,
    "Returns unique items from a sorted list.",
    (
        INPUT,
        Parameter("AsString", "Switch", sets=("AsString",), help="Compares the objects as strings."),
        Parameter("OnType", "Switch", sets=("UniqueByType",), help="Returns one object of each type."),
    ),
    default_set="AsString",
    aliases=("gu",),
    stream=True,
    examples=(Example("Get-VM | ForEach-Object State | Sort-Object | Get-Unique", "Gets each state once."),),
)  # fmt: skip
def get_unique(call: Call) -> Iterator[object]:
    """Output each object that differs from the one before it."""
    before: object = None
    for at, item in enumerate(incoming(call)):
        if call.is_on("OnType"):
            new = type_name(item) != type_name(before)
        elif call.is_on("AsString"):
            new = to_text(item) != to_text(before)
        else:
            new = not _same(item, before)
        if at == 0 or new:
            yield item
        before = item
