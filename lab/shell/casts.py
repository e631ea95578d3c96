"""Casts: values become values of other types, as PowerShell converts them (about_Type_Conversion).

``convert`` is what a cast, a typed variable and the binding of parameters do. It raises :class:`NotConverted` in
PowerShell's words; the record's id is that of a cast.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from typing import Final
from uuid import UUID

from lab.shell.conversion_errors import invalid, refused, unknown_type
from lab.shell.enumerations import enumerator, is_enumeration
from lab.shell.moments import parse_moment, parse_span
from lab.shell.number_casts import to_decimal, to_double, to_integer, to_single
from lab.shell.objects import CUSTOM_OBJECT, Hashtable, PSObject, ScriptBlock, TypeValue, Version
from lab.shell.scalars import INTEGERS, ArrayList, Char, Ordered, Queue, Stack
from lab.shell.text import to_text
from lab.shell.type_names import bases, full_name, is_a


def convert(value: object, name: str) -> object:
    """Return a value as one of a type, which is named in short or in full; NotConverted if it cannot become one."""
    full = full_name(name)
    if full is None:
        return _as_object(value, name)
    if full.endswith("[]"):
        return _as_array(value, full)
    if converter := _CONVERTERS.get(full):
        return converter(value)
    if full in INTEGERS:
        return to_integer(value, full)
    if is_enumeration(full):
        return enumerator(full, value, to_text(value))
    if is_a(value, full):
        return value
    return _constructed(value, full)


def _as_object(value: object, name: str) -> object:
    """Return a value for a type that is known by its objects only: VMSwitch, CimInstance[]."""
    if name.endswith("[]"):
        items = value if isinstance(value, list) else [value]
        return [_as_object(each, name[:-2]) for each in items]
    if value is None or (isinstance(value, PSObject) and value.is_a(name)):
        return value
    if "." in name or isinstance(value, PSObject):
        raise refused(value, name)
    raise unknown_type(name)


def _as_array(value: object, full: str) -> object:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        items: list[object] = list(value)
    elif isinstance(value, str) and full == "System.Char[]":
        items = [Char(each) for each in value]
    elif isinstance(value, bytes):
        items = list(value)
    else:
        items = [value]
    element = full[:-2]
    return items if element == "System.Object" else [convert(each, element) for each in items]


# Truth and text


def truth(value: object) -> bool:
    """Tell whether a value is true (about_Booleans): not $null, 0, an empty string, an empty array, one of such."""
    if isinstance(value, (list, tuple)):
        return truth(value[0]) if len(value) == 1 else bool(value)
    if isinstance(value, (bool, int, float, Decimal, str)):
        return bool(value)
    return value is not None


def _to_string(value: object) -> str:
    return value if type(value) is str else to_text(value)


def _to_char(value: object) -> Char:
    match value:
        case str() if len(value) == 1:
            return Char(value)
        case str():
            raise invalid(value, "System.Char", "String must be exactly one character long.", "InvalidCastIConvertible")
        case int() if not isinstance(value, bool):
            if not 0 <= value <= 0xFFFF:
                why = "Value was either too large or too small for a character."
                raise invalid(value, "System.Char", why, "InvalidCastIConvertible")
            return Char(chr(value))
        case None:
            return Char("\0")
    raise refused(value, "System.Char")


# Other types


def _parsed(
    full: str, kind: type | tuple[type, ...], parse: Callable[[str], object], why: str
) -> Callable[[object], object]:
    """Return the conversion to a type that has only its own values, and texts that it can read."""

    def converted(value: object) -> object:
        if isinstance(value, kind):
            return value
        if isinstance(value, str):
            try:
                return parse(value.strip())
            except (ValueError, OverflowError):
                raise invalid(value, full, why) from None
        raise refused(value, full)

    return converted


def _address(text: str) -> IPv4Address | IPv6Address:
    parts = text.split(".")
    if ":" in text:
        return IPv6Address(text)
    if not (text.isascii() and 1 <= len(parts) <= 4) or not all(part.isdigit() for part in parts):
        raise ValueError(text)
    *heads, tail = (int(part) for part in parts)
    if any(each > 255 for each in heads) or tail >= 256 ** (4 - len(heads)):
        raise ValueError(text)
    return IPv4Address(sum(each << 8 * (3 - at) for at, each in enumerate(heads)) + tail)


def _version(text: str) -> Version:
    parts = text.split(".")
    if not (2 <= len(parts) <= 4 and all(part.isascii() and part.isdigit() for part in parts)):
        raise ValueError(text)
    return Version(tuple(int(part) for part in parts))


def _to_version(value: object) -> object:
    if isinstance(value, (float, Decimal)) and not isinstance(value, bool):
        value = to_text(value)
    return _VERSION(value)


def _to_address(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**32:
        return IPv4Address(int(value).to_bytes(4, "little"))
    if isinstance(value, bytes):
        return IPv4Address(value) if len(value) == 4 else IPv6Address(value)
    return _ADDRESS(value)


def _to_span(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        return timedelta(microseconds=value / 10)
    return _SPAN(value)


def _to_moment(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool):
        try:
            return datetime(1, 1, 1) + timedelta(microseconds=value // 10)
        except OverflowError:
            raise invalid(value, "System.DateTime", "Ticks must be between DateTime.MinValue.Ticks and "
                          "DateTime.MaxValue.Ticks.") from None  # fmt: skip
    return _MOMENT(value)


def _to_type(value: object) -> object:
    if isinstance(value, TypeValue):
        return value
    found = full_name(to_text(value))
    if found is None:
        raise invalid(value, "System.Type", f'Could not load type "{to_text(value)}".', "InvalidCastFromStringToType")
    return TypeValue(found)


def _to_pattern(value: object) -> object:
    from re import Pattern

    from lab.shell.patterns import pattern

    return value if isinstance(value, Pattern) else pattern(to_text(value))


def _to_hashtable(value: object) -> object:
    if value is None or isinstance(value, Hashtable):
        return value
    raise refused(value, "System.Collections.Hashtable")


def _to_ordered(value: object) -> object:
    if isinstance(value, Hashtable):
        return value if isinstance(value, Ordered) else Ordered(value)
    raise refused(value, "System.Collections.Specialized.OrderedDictionary")


def _to_custom(value: object) -> object:
    if isinstance(value, Hashtable):
        return PSObject(CUSTOM_OBJECT, [(to_text(key), item) for key, item in value.items()])
    return value


def _to_block(value: object) -> object:
    if value is None or isinstance(value, ScriptBlock):
        return value
    if isinstance(value, str):
        from lab.shell.parser import parse

        return ScriptBlock(parse(value))
    raise refused(value, "System.Management.Automation.ScriptBlock")


def _to_list(kind: type[ArrayList], full: str) -> Callable[[object], object]:
    def converted(value: object) -> object:
        if isinstance(value, kind):
            return value
        element = "System.Object" if full.endswith("List`1") else ""
        items = list(value) if isinstance(value, (list, tuple)) else [value]
        return None if value is None else kind(items, element)

    return converted


def _to_array(value: object) -> object:
    return value if value is None or isinstance(value, list) else [value]


def _constructed(value: object, full: str) -> object:
    """Return a new object of what has a constructor that takes such a value: an exception of its message."""
    if isinstance(value, str) and "System.Exception" in bases(full):
        return exception(full, value)
    if value is None:
        return None
    raise refused(value, full)


def exception(full: str, message: str, inner: object = None) -> PSObject:
    """Return an exception as an object."""
    kinds = bases(full)
    properties = {"Message": message, "Data": Hashtable(), "InnerException": inner, "StackTrace": None, "HResult": None}
    return PSObject(kinds, properties, text=f"{kinds[0]}: {message}")


_ADDRESS: Final = _parsed(
    "System.Net.IPAddress", (IPv4Address, IPv6Address), _address, "An invalid IP address was specified."
)
_VERSION: Final = _parsed(
    "System.Version", Version, _version, "Version string portion was too short or too long."
)  # fmt: skip
_SPAN: Final = _parsed("System.TimeSpan", timedelta, parse_span, "String was not recognized as a valid TimeSpan.")
_MOMENT: Final = _parsed(
    "System.DateTime", datetime, parse_moment, "String was not recognized as a valid DateTime."
)  # fmt: skip
_GUID: Final = _parsed(
    "System.Guid", UUID, UUID,
    "Guid should contain 32 digits with 4 dashes (xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx).",
)  # fmt: skip

_CONVERTERS: Final[dict[str, Callable[[object], object]]] = {
    "System.String": _to_string,
    "System.Boolean": truth,
    "System.Management.Automation.SwitchParameter": truth,
    "System.Char": _to_char,
    "System.Double": to_double,
    "System.Single": to_single,
    "System.Decimal": to_decimal,
    "System.Object": lambda value: value,
    "System.Management.Automation.PSObject": lambda value: value,
    "System.Void": lambda value: None,
    "System.Array": _to_array,
    "System.DateTime": _to_moment,
    "System.TimeSpan": _to_span,
    "System.Net.IPAddress": _to_address,
    "System.Guid": _GUID,
    "System.Version": _to_version,
    "System.Type": _to_type,
    "System.Text.RegularExpressions.Regex": _to_pattern,
    "System.Collections.Hashtable": _to_hashtable,
    "System.Collections.IDictionary": _to_hashtable,
    "System.Collections.Specialized.OrderedDictionary": _to_ordered,
    "System.Collections.ArrayList": _to_list(ArrayList, "System.Collections.ArrayList"),
    "System.Collections.Generic.List`1": _to_list(ArrayList, "System.Collections.Generic.List`1"),
    "System.Collections.Stack": _to_list(Stack, "System.Collections.Stack"),
    "System.Collections.Queue": _to_list(Queue, "System.Collections.Queue"),
    CUSTOM_OBJECT: _to_custom,
    "System.Management.Automation.ScriptBlock": _to_block,
}
