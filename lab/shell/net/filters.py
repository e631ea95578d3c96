"""Choosing among the objects of a CIM class by the parameters of its Get-, Set- and Remove- cmdlets."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, TypeVar

from lab.shell.command import Call, Parameter
from lab.shell.net.cim import none_fits
from lab.shell.net.targets import listed
from lab.shell.wildcards import has_wildcards, matches

T = TypeVar("T")

QUERY, OBJECT_SET = "Query (cdxml)", "InputObject (cdxml)"

FAMILIES: Final = ("IPv4", "IPv6")

ALIAS_AND_INDEX: Final = (
    Parameter("InterfaceAlias", "String[]", sets=(QUERY,), aliases=("ifAlias",), pipe="P", wildcards=True,
              complete="interface", help="The name of the interface."),
    Parameter("InterfaceIndex", "UInt32[]", sets=(QUERY,), aliases=("ifIndex",), pipe="P",
              help="The number of the interface."),
    Parameter("AddressFamily", "AddressFamily[]", sets=(QUERY,), values=FAMILIES, pipe="P", help="IPv4 or IPv6."),
)  # fmt: skip
"""The parameters that choose by interface and version of IP."""

BY_ALIAS, BY_INDEX = "ByInterfaceAlias", "ByInterfaceIndex"

OF_INTERFACE: Final = (
    Parameter("InterfaceAlias", sets=(BY_ALIAS,), mandatory=True, aliases=("ifAlias",), pipe="P",
              complete="interface", help="The name of the interface."),
    Parameter("InterfaceIndex", "UInt32", sets=(BY_INDEX,), mandatory=True, aliases=("ifIndex",), pipe="P",
              help="The number of the interface."),
)  # fmt: skip
"""The parameters of New- cmdlets that say by which interface."""

STORE: Final = Parameter(
    "PolicyStore", values=("ActiveStore", "PersistentStore"), help="What is in force, or what is kept: here the same."
)
PASSTHRU: Final = Parameter("PassThru", "Switch", help="Outputs the object.")


def chosen(call: Call, kind: str, items: Iterable[T], properties: Mapping[str, Callable[[T], Any]]) -> list[T]:
    """Return the items that fit every parameter of `properties` that was given.

    If there are none, and no pattern was given, that is a non-terminating error in the words of CIM class `kind`.
    """
    found = list(items)
    conditions: list[tuple[str, object]] = []
    for name, of in properties.items():
        if name not in call:
            continue
        wanted = listed(call.get(name))
        conditions += [(name, value) for value in wanted]
        found = [each for each in found if any(_fits(of(each), value) for value in wanted)]
    if not found and conditions and not any(isinstance(value, str) and has_wildcards(value) for _, value in conditions):
        none_fits(call, kind, [(name, _FAMILY_NUMBERS.get(str(value), value)) for name, value in conditions])
    return found


_FAMILY_NUMBERS: Final[dict[str, object]] = {"IPv4": 2, "IPv6": 23}


def _fits(found: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return matches(wanted, str(found))
    return bool(found == wanted)
