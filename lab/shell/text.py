"""What a value is as text: how PowerShell makes a string of anything (about_Quoting_Rules, about_Type_Conversion)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite, isnan
from re import Pattern

from lab.shell.objects import CUSTOM_OBJECT, Hashtable, PSObject, ScriptBlock, TypeValue
from lab.shell.scalars import Single
from lab.shell.type_names import accelerator, type_name


def to_text(value: object, separator: str = " ") -> str:  # noqa: PLR0911 - one for each type
    """Return a value as a string; `separator` is $OFS, between the elements of an array."""
    match value:
        case None:
            return ""
        case Enum():
            return str(value.value)
        case str():
            return str(value)
        case bool():
            return "True" if value else "False"
        case int():
            return int.__repr__(value)
        case float():
            return double_text(value, 7 if isinstance(value, Single) else 15)
        case Decimal():
            return f"{value:f}"
        case list() | tuple():
            return separator.join(_inner_text(each) for each in value)
        case PSObject():
            return object_text(value)
    return _other_text(value)


def _inner_text(value: object) -> str:
    """Return an element of an array as text: an array in an array by its elements, too."""
    return to_text(value)


def _other_text(value: object) -> str:
    match value:
        case datetime():
            return f"{value:%m/%d/%Y %H:%M:%S}"
        case timedelta():
            return span_text(value)
        case ScriptBlock():
            return block_text(value)
        case TypeValue():
            return accelerator(value.name)
        case Hashtable():
            return type_name(value)
        case Pattern():
            return str(value.pattern)
    return str(value)


def block_text(block: ScriptBlock) -> str:
    """Return the source of a script block without its braces."""
    return str(block)


def object_text(value: PSObject) -> str:
    """Return an object as text: what it says itself, ``@{a=1; b=2}`` of a custom object, else the name of its type."""
    if value.text is not None:
        return value.text
    if CUSTOM_OBJECT in value.type_names:
        return f"@{{{'; '.join(f'{name}={_member_text(item)}' for name, item in value.items())}}}"
    return value.type_name


def _member_text(value: object) -> str:
    return type_name(value) if isinstance(value, (list, tuple)) else to_text(value)


def double_text(value: float, digits: int = 15) -> str:
    """Return a floating point number as .NET Framework writes it (format G15, of a Single G7)."""
    if not isfinite(value):
        return "NaN" if isnan(value) else ("Infinity" if value > 0 else "-Infinity")
    if value == 0:
        return "0"
    mantissa, _, exponent_text = f"{value:.{digits - 1}e}".partition("e")
    exponent = int(exponent_text)
    if -5 < exponent < digits:
        plain = f"{value:.{max(digits - 1 - exponent, 0)}f}"
        return plain.rstrip("0").rstrip(".") if "." in plain else plain
    return f"{mantissa.rstrip('0').rstrip('.')}E{'+' if exponent >= 0 else '-'}{abs(exponent):02d}"


def span_text(value: timedelta) -> str:
    """Return a TimeSpan in its constant format: ``8.00:00:00``, ``-00:00:01.5000000``."""
    micros = value // timedelta(microseconds=1)
    sign, micros = ("-" if micros < 0 else ""), abs(micros)
    seconds, fraction = divmod(micros, 1_000_000)
    days, seconds = divmod(seconds, 86400)
    text = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{sign}{f'{days}.' if days else ''}{text}{f'.{fraction:06d}0' if fraction else ''}"


def joined(values: Iterable[object], separator: str = " ") -> str:
    """Return the texts of values with a separator between them."""
    return separator.join(to_text(each) for each in values)
