"""What one argument is, and what it becomes for the parameter that it goes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from uuid import UUID

from lab.shell import binding_errors as wrong
from lab.shell.command import Parameter
from lab.shell.errors import NotConverted
from lab.shell.objects import Hashtable, PSObject, ScriptBlock, Version
from lab.shell.scalars import Char
from lab.shell.syntax import Extent


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a command line. ``name`` without its dash, None if it has none.

    ``given``: it has a ``value``; a name without one is a switch, or takes the next argument. ``bare``: how a word
    without quotes was written.
    """

    name: str | None
    value: object = None
    given: bool = True
    extent: Extent | None = None
    bare: str | None = None


PREFERENCES: Final = ("SilentlyContinue", "Stop", "Continue", "Inquire", "Ignore", "Suspend")

_PLAIN: Final[dict[str, tuple[type, ...]]] = {
    "string": (str,), "char": (Char,),
    "int16": (int,), "int32": (int,), "int64": (int,), "uint16": (int,), "uint32": (int,), "uint64": (int,),
    "byte": (int,), "sbyte": (int,), "double": (float,), "boolean": (bool,), "switch": (bool,),
    "guid": (UUID,), "ipaddress": (IPv4Address, IPv6Address), "timespan": (timedelta,), "datetime": (datetime,),
    "scriptblock": (ScriptBlock,), "hashtable": (Hashtable,), "version": (Version,),
}  # fmt: skip
_BITS: Final = {"int16": 16, "int32": 32, "int64": 64, "uint16": 16, "uint32": 32, "uint64": 64, "byte": 8, "sbyte": 8}


def accepts(parameter: Parameter, value: object) -> bool:
    """Tell whether a parameter takes a value as it is, without converting it."""
    items = value if parameter.is_array and isinstance(value, list) else [value]
    if parameter.values:
        known = {each.casefold() for each in parameter.values}
        return all(isinstance(each, str) and each.casefold() in known for each in items)
    return all(_accepts(_short(parameter), each) for each in items)


def _accepts(kind: str, value: object) -> bool:
    if kind in ("object", "psobject"):
        return True
    plain = _PLAIN.get(kind)
    if plain is None:
        return isinstance(value, PSObject) and value.is_a(kind)
    if isinstance(value, bool) and bool not in plain:
        return False
    return isinstance(value, plain) and (not isinstance(value, int) or _fits(kind, value))


def _fits(kind: str, value: int) -> bool:
    """Tell whether a number is one of its type's."""
    bits = _BITS.get(kind)
    if bits is None:
        return True
    low = 0 if kind.startswith(("u", "byte")) else -(1 << (bits - 1))
    return low <= value < low + (1 << bits)


def _short(parameter: Parameter) -> str:
    return parameter.type.removesuffix("[]").casefold()


def converted(parameter: Parameter, argument: Argument) -> object:
    """Return a parameter's value; ShellError in PowerShell's words if an argument cannot be one."""
    value = argument.value
    if argument.bare is not None and _short(parameter) in ("string", "object") and not isinstance(value, str):
        # A bare word that looks like a number is text where text is asked for: -VlanIdList 010 keeps its zero.
        value = argument.bare if _short(parameter) == "string" else value
    if value is None:
        return _nothing(parameter)
    if parameter.is_array:
        items = list(value) if isinstance(value, (list, tuple)) else [value]
        return [_one(parameter, each) for each in items]
    if isinstance(value, list) and _short(parameter) not in ("object", "psobject"):
        if len(value) == 1:
            value = value[0]
        elif _short(parameter) == "string":
            raise wrong.no_text(parameter)
        else:
            raise wrong.not_converted(parameter, value)
    return _one(parameter, value)


def _nothing(parameter: Parameter) -> object:
    if parameter.mandatory and _short(parameter) not in ("object", "psobject", "object[]"):
        raise wrong.null(parameter)
    if _short(parameter) == "string":
        return [""] if parameter.is_array else ""
    return None


def _one(parameter: Parameter, value: object) -> object:
    kind = _short(parameter)
    if parameter.values:
        return _enumerator(parameter, value)
    if kind == "actionpreference":
        return _match(PREFERENCES, value) or _wrong_enumerator(parameter, value, PREFERENCES)
    if kind == "string" and value == "" and parameter.mandatory:
        raise wrong.empty(parameter)
    if _accepts(kind, value):
        found = value
    elif kind in _PLAIN:
        found = _as_plain(parameter, kind, value)
    else:
        raise wrong.not_converted(parameter, value)
    return _in_range(parameter, found)


def _as_plain(parameter: Parameter, kind: str, value: object) -> object:
    from lab.shell.conversion import convert

    if kind == "boolean" and not isinstance(value, (bool, int, float)):
        raise wrong.no_boolean(parameter, value)
    try:
        return convert(value, "bool" if kind in ("switch", "boolean") else kind)
    except NotConverted as error:
        raise wrong.not_converted(parameter, value, error.record.message) from None


def _in_range(parameter: Parameter, value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        if parameter.minimum is not None and value < parameter.minimum:
            raise wrong.too_small(parameter, value)
        if parameter.maximum is not None and value > parameter.maximum:
            raise wrong.too_big(parameter, value)
    return value


def _enumerator(parameter: Parameter, value: object) -> object:
    if _short(parameter) == "string":
        text = str(value)
        found = next((each for each in parameter.values if each.casefold() == text.casefold()), None)
        if found is None:
            raise wrong.not_in_set(parameter, text)
        return found
    return _match(parameter.values, value) or _wrong_enumerator(parameter, value, parameter.values)


def _match(values: tuple[str, ...], value: object) -> str | None:
    """Return the enumerator that a text names, in whatever case, or that it is a prefix of as the only one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return values[value] if 0 <= value < len(values) else None
    text = str(value).strip().casefold()
    exact = [each for each in values if each.casefold() == text]
    near = exact or [each for each in values if text and each.casefold().startswith(text)]
    return near[0] if len(near) == 1 else None


def _wrong_enumerator(parameter: Parameter, value: object, values: tuple[str, ...]) -> object:
    raise wrong.no_enumerator(parameter, value, values)
