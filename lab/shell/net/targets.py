"""Which interfaces a cmdlet of Windows' network modules is told to act on: by names, numbers, descriptions, objects."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from lab.shell.command import Call, Parameter
from lab.shell.net.cim import no_element, none_has, unsupported
from lab.shell.net.interfaces import InterfaceRef, NetInterface, interfaces_of, named, numbered
from lab.shell.objects import PSObject
from lab.shell.wildcards import has_wildcards, matches

ADAPTER: Final = "MSFT_NetAdapter"

BY_NAME, BY_DESCRIPTION, BY_INDEX, BY_OBJECT = "ByName", "ByInstanceID", "ByIfIndex", "InputObject (cdxml)"

WHICH: Final = (
    Parameter("Name", "String[]", sets=(BY_NAME,), position=0, aliases=("ifAlias", "InterfaceAlias"), pipe="P",
              wildcards=True, complete="interface", help="The name of the interface."),
    Parameter("InterfaceDescription", "String[]", sets=(BY_DESCRIPTION,), mandatory=True,
              aliases=("ifDesc", "InstanceID"), wildcards=True, help="The description of the interface."),
)  # fmt: skip
"""The parameters that say which interfaces are meant, of most cmdlets of module NetAdapter that get something."""

OBJECT: Final = Parameter(
    "InputObject", "CimInstance[]", sets=(BY_OBJECT,), mandatory=True, pipe="V", help="The object of a Get- cmdlet."
)


def must_say(*, many: bool = True) -> tuple[Parameter, ...]:
    """Return the same of those cmdlets that change something, where one of the parameters has to be given."""
    plural = "[]" if many else ""
    return (
        Parameter("Name", f"String{plural}", sets=(BY_NAME,), position=0, mandatory=True,
                  aliases=("ifAlias", "InterfaceAlias"), wildcards=many, complete="interface",
                  help="The name of the interface."),
        Parameter("InterfaceDescription", f"String{plural}", sets=(BY_DESCRIPTION,), mandatory=True,
                  aliases=("ifDesc", "InstanceID"), wildcards=many, help="The description of the interface."),
        OBJECT,
    )  # fmt: skip


def fits(text: str, patterns: Iterable[str]) -> bool:
    """Tell whether a text fits one of several patterns."""
    return any(matches(pattern, text) for pattern in patterns)


def listed(value: object) -> list:  # type: ignore[type-arg]  # of strings or objects, as the parameter is declared
    """Return the values of a parameter that may be declared as one or as several."""
    return value if isinstance(value, list) else [] if value is None else [value]


def adapters(call: Call, *, hidden: bool = False, kind: str = ADAPTER) -> Iterator[InterfaceRef]:
    """Yield the interfaces that Name, InterfaceDescription, InterfaceIndex or InputObject give; all if none is given.

    What nothing has is a non-terminating error for each, but for patterns. What has no driver is not there, unless
    `hidden`. `kind` is the CIM class that errors name.
    """
    if "InputObject" in call:
        for item in listed(call.get("InputObject")):
            yield reference(item)
        return
    there = [each for each in interfaces_of(call.place, call.machine) if each.present or hidden]
    for name, of in _PROPERTIES.items():
        if name in call:
            chosen = _chosen(call, there, kind, name, of)
            there = [each for each in there if each.key in chosen]
    yield from (each.at(call.place, call.machine) for each in there)


_PROPERTIES: Final[dict[str, Callable[[NetInterface], Any]]] = {
    "Name": lambda each: each.alias,
    "InterfaceAlias": lambda each: each.alias,
    "InterfaceDescription": lambda each: each.description,
    "InterfaceIndex": lambda each: each.index,
}


def _chosen(
    call: Call, there: list[NetInterface], kind: str, name: str, of: Callable[[NetInterface], Any]
) -> set[object]:
    found: set[object] = set()
    for wanted in listed(call.get(name)):
        if isinstance(wanted, str):
            mine = {each.key for each in there if matches(wanted, of(each))}
        else:
            mine = {each.key for each in there if of(each) == wanted}
        found |= mine
        if not mine and not (isinstance(wanted, str) and has_wildcards(wanted)):
            none_has(call, kind, name, wanted)
    return found


def reference(item: PSObject) -> InterfaceRef:
    """Return the interface that an object of one of these modules is about; a terminating error if it is of none."""
    if isinstance(item.source, InterfaceRef):
        return item.source
    of = getattr(item.source, "interface", None)
    if isinstance(of, InterfaceRef):
        return of
    raise unsupported(f"An object of type {item.type_name} stands for no network interface.", target=item)


def one(call: Call, kind: str) -> NetInterface | None:
    """Return the interface that InterfaceAlias or InterfaceIndex gives; None, with an error, if there is none."""
    found = None
    if "InterfaceAlias" in call:
        found = named(call.place, call.machine, call.get("InterfaceAlias"))
    elif "InterfaceIndex" in call:
        found = numbered(call.place, call.machine, call.get("InterfaceIndex"))
    if found is None:
        call.error(no_element(kind, "Get-NetAdapter shows the interfaces that there are."))
    return found
