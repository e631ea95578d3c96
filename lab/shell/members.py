"""Properties and methods of values: ``$x.Name``, ``$x.Method()`` (about_Properties, about_Methods).

Of an array that has no such member, those of its elements are meant (member enumeration).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from re import Pattern
from typing import Any, Final
from uuid import UUID

from lab.shell.arithmetic import no_method
from lab.shell.casts import truth
from lab.shell.comparison import compare, equal
from lab.shell.dotnet.collections import ARRAY, LIST, TABLE
from lab.shell.dotnet.moments import MOMENT, SPAN
from lab.shell.dotnet.strings import STRING
from lab.shell.dotnet.table import Table, called, no_overload
from lab.shell.dotnet.values import ADDRESS, GUID, NUMBER, PATTERN, TYPE, VERSION
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.flow import NOTHING
from lab.shell.frames import Frame
from lab.shell.objects import Hashtable, PSObject, ScriptBlock, TypeValue, Version
from lab.shell.properties import adapted
from lab.shell.scalars import ArrayList, NamedList
from lab.shell.scopes import Scope, Variable
from lab.shell.text import block_text, to_text
from lab.shell.type_names import type_name

_TABLES: Final[tuple[tuple[Any, Table], ...]] = (
    (str, STRING),
    (ArrayList, LIST),
    ((list, tuple), ARRAY),
    (Hashtable, TABLE),
    (datetime, MOMENT),
    (timedelta, SPAN),
    ((IPv4Address, IPv6Address), ADDRESS),
    (UUID, GUID),
    (Version, VERSION),
    (TypeValue, TYPE),
    (Pattern, PATTERN),
    ((int, float, Decimal), NUMBER),
)
_EMPTY: Final = Table()
_MISSING: Final = object()


def table_of(value: object) -> Table:
    """Return the members of a value's type."""
    return next((table for kind, table in _TABLES if isinstance(value, kind)), _EMPTY)


def member(target: object, name: str, frame: Frame | None = None) -> object:
    """Return a property's value; $null if there is none."""
    found = _own(target, name, frame)
    if found is not _MISSING:
        return list(found) if isinstance(found, tuple) else found
    if isinstance(target, (list, tuple)):
        return _of_elements(target, name, frame)
    folded = name.casefold()
    if folded in ("count", "length"):
        return 0 if target is None else 1
    return None


def _own(target: object, name: str, frame: Frame | None) -> object:  # noqa: PLR0911 - one for each place
    """Return the value of a property that a value itself has, else `_MISSING`."""
    folded = name.casefold()
    if target is None:
        return _MISSING
    if isinstance(target, Hashtable) and name in target:
        return target[name]
    if isinstance(target, PSObject) and target.has(name):
        found = target.get(name)
        return _computed(found, target, frame)
    if isinstance(target, NamedList) and folded in target.names:
        return target.named(name)
    read = table_of(target).properties.get(folded)
    if read:
        return read(target)
    if folded == "psobject":
        return adapted(target, method_names(target))
    if folded == "pstypenames":
        return list(target.type_names) if isinstance(target, PSObject) else [type_name(target), "System.Object"]
    if folded == "ispresent" and isinstance(target, bool):
        return target
    return _MISSING


def _computed(found: object, target: PSObject, frame: Frame | None) -> object:
    """Return a property's value: that of a script property (Add-Member) is what its script gives."""
    if isinstance(found, PSObject) and found.type_name == "System.Management.Automation.PSScriptProperty" and frame:
        block = found.get("GetterScript")
        if isinstance(block, ScriptBlock):
            return _ran(block, [], frame, target)
    return found


def _of_elements(target: list[Any] | tuple[Any, ...], name: str, frame: Frame | None) -> object:
    found: list[object] = []
    for each in target:
        value = _own(each, name, frame)
        if value is _MISSING and isinstance(each, (list, tuple)):
            value = _of_elements(each, name, frame)
        if value is _MISSING or value is None:
            continue
        if isinstance(value, (list, tuple)):
            found.extend(value)
        else:
            found.append(value)
    if not found:
        return None
    return found[0] if len(found) == 1 else found


def set_member(target: object, name: str, value: object) -> None:
    """Set a property; ShellError (PropertyNotFound) if the value has none of that name."""
    if isinstance(target, Hashtable):
        target[name] = value
        return
    if isinstance(target, PSObject) and target.has(name):
        target.set(name, value)
        return
    if isinstance(target, list) and any(isinstance(each, PSObject) and each.has(name) for each in target):
        for each in target:
            set_member(each, name, value)
        return
    raise ShellError(
        ErrorRecord(
            f"The property '{name}' cannot be found on this object. Verify that the property exists and can be set.",
            "InvalidOperation", "PropertyNotFound", "RuntimeException",
        )
    )  # fmt: skip


# Methods


def call_method(target: object, name: str, given: list[Any], frame: Frame) -> object:
    """Call a method; NOTHING if it returns nothing."""
    if target is None:
        raise ShellError(
            ErrorRecord("You cannot call a method on a null-valued expression.", "InvalidOperation",
                        "InvokeMethodOnNull", "RuntimeException")
        )  # fmt: skip
    found = _called(target, name, given, frame)
    if found is not _MISSING:
        return list(found) if isinstance(found, tuple) else found
    if isinstance(target, (list, tuple)) and target:
        return _on_elements(list(target), name, given, frame)
    raise no_method(target, name)


def _on_elements(target: list[Any], name: str, given: list[Any], frame: Frame) -> object:
    results: list[object] = []
    for each in target:
        found = call_method(each, name, given, frame)
        if found is not NOTHING:
            results.extend(found if isinstance(found, list) else [found])
    if not results:
        return NOTHING
    return results[0] if len(results) == 1 else results


def _called(target: object, name: str, given: list[Any], frame: Frame) -> object:
    folded = name.casefold()
    if isinstance(target, PSObject):
        return _on_object(target, name, given, frame)
    entry = table_of(target).methods.get(folded)
    if entry:
        return called(entry, name, given, (target,))
    if isinstance(target, ScriptBlock):
        return _on_block(target, name, given, frame)
    if isinstance(target, list) and folded in ("foreach", "where"):
        return _filtered(target, folded, given, frame)
    return _universal(target, name, given)


def _on_object(target: PSObject, name: str, given: list[Any], frame: Frame) -> object:
    folded = name.casefold()
    method: Any = target.methods.get(folded)
    if method is None and folded.startswith(("get_", "set_")) and target.has(folded[4:]):
        if folded.startswith("get_"):
            return target.get(folded[4:])
        target.set(folded[4:], given[0] if given else None)
        return NOTHING
    if isinstance(method, ScriptBlock):
        return _ran(method, given, frame, target)
    if method is None:
        if isinstance(target.get(name), ScriptBlock) and folded not in ("tostring", "gettype", "equals"):
            return _MISSING
        return _universal(target, name, given)
    try:
        return method(*given)
    except TypeError as error:
        # Methods are plain functions: too many or too few arguments are a TypeError of the call itself.
        if error.__traceback__ is not None and error.__traceback__.tb_next is not None:
            raise
        raise no_overload(name, len(given)) from None


def _ran(block: ScriptBlock, given: list[Any], frame: Frame, this: object) -> object:
    """Run a script block as a method: ``$this`` is the object."""
    from lab.shell.evaluation import gathered
    from lab.shell.functions import run_block

    inner = frame.but(scope=Scope(frame.scope))
    inner.scope.set("this", this)
    return gathered(run_block(block, inner, arguments=given))


def _on_block(target: ScriptBlock, name: str, given: list[Any], frame: Frame) -> object:
    from lab.shell.functions import run_block

    match name.casefold():
        case "invoke":
            return list(run_block(target, frame, arguments=given, own_scope=True))
        case "invokereturnasis":
            from lab.shell.evaluation import gathered

            return gathered(run_block(target, frame, arguments=given, own_scope=True))
        case "getnewclosure":
            captured = Scope()
            for scope in reversed(list(frame.scope.chain())[:-1] or [frame.scope]):
                captured.variables.update(
                    {name: Variable(each.name, each.value, each.checks) for name, each in scope.variables.items()}
                )
            return ScriptBlock(target.body, captured)
        case "tostring":
            return block_text(target)
    return _universal(target, name, given)


def _filtered(target: list[Any], name: str, given: list[Any], frame: Frame) -> object:
    """``.ForEach({ … })`` and ``.Where({ … })`` (about_Arrays)."""
    from lab.shell.evaluation import gathered
    from lab.shell.functions import run_block

    block = given[0] if given else None
    if not isinstance(block, ScriptBlock):
        if name == "foreach" and isinstance(block, str):
            return ArrayList([member(each, block, frame) for each in target], "System.Object")
        raise no_overload(name, len(given))
    if name == "foreach":
        results = [found for each in target for found in run_block(block, frame, each, given[1:])]
        return ArrayList(results, "System.Object")

    def holds(each: object) -> bool:
        found = gathered(run_block(block, frame, each))
        return found is not NOTHING and truth(found)

    mode = to_text(given[1]).casefold() if len(given) > 1 else "default"
    limit = int(given[2]) if len(given) > 2 else 0
    return ArrayList(_where(target, holds, mode, limit), "System.Object")


def _where(target: list[Any], holds: Any, mode: str, limit: int) -> list[Any]:
    if mode == "split":
        flags = [holds(each) for each in target]
        return [
            [each for each, flag in zip(target, flags, strict=True) if flag],
            [each for each, flag in zip(target, flags, strict=True) if not flag],
        ]
    if mode in ("until", "skipuntil"):
        at = next((at for at, each in enumerate(target) if holds(each)), len(target))
        return target[:at] if mode == "until" else target[at:]
    found = [each for each in target if holds(each)]
    if mode == "first":
        return found[: limit or 1]
    if mode == "last":
        return found[-(limit or 1) :]
    return found[:limit] if limit else found


def _universal(target: object, name: str, given: list[Any]) -> object:
    """Call a method that everything has."""
    match name.casefold():
        case "tostring":
            text = type_name(target) if isinstance(target, (list, Hashtable)) else to_text(target)
            return text if len(given) <= 2 else _MISSING
        case "gettype" if not given:
            return TypeValue(type_name(target))
        case "equals" if len(given) == 1:
            return equal(target, given[0], case=True)
        case "compareto" if len(given) == 1:
            return compare(target, given[0], case=True)
        case "gethashcode" if not given:
            return hash(to_text(target)) % 2**31
    return _MISSING


def method_names(target: object) -> list[str]:
    """Return the names of the methods that a value has, in lower case."""
    if isinstance(target, PSObject):
        return list(target.methods)
    return list(table_of(target).methods)
