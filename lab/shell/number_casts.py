"""Values become numbers: of the integer types, Double, Single and Decimal."""

from __future__ import annotations

from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Final

from lab.shell.conversion_errors import invalid, refused
from lab.shell.numerals import parse_number
from lab.shell.scalars import INTEGERS, Char, Single
from lab.shell.text import to_text

_BAD_FORMAT: Final = "Input string was not in a correct format."


def number(text: str) -> int | float | Decimal | None:
    """Return the number that a text is in PowerShell: decimal, hexadecimal, with a suffix as ``2KB``; None if none."""
    return parse_number(text)


def to_integer(value: object, full: str) -> int:
    """Return a value as an integer of a type; halves are rounded to the even one."""
    made, low, high, article = INTEGERS[full]
    if isinstance(value, str) and not isinstance(value, (Char, Enum)):
        found, error_id = _integer_of_text(value, full), "InvalidCastFromStringToInteger"
    else:
        found, error_id = _integer_of(value, full), "InvalidCastIConvertible"
    if not low <= found <= high:
        raise invalid(value, full, f"Value was either too large or too small for {article}.", error_id)
    return made(found)


def _integer_of_text(value: str, full: str) -> int:
    if not value.strip():
        return 0
    found = number(value.strip())
    if found is None or (isinstance(found, float) and not isfinite(found)):
        raise invalid(value, full, _BAD_FORMAT, "InvalidCastFromStringToInteger")
    return round(found)


def _integer_of(value: object, full: str) -> int:
    match value:
        case None:
            return 0
        case Char():
            return ord(value)
        case Enum():
            return list(type(value)).index(value) if isinstance(value, str) else int(to_text(value))
        case bool() | int():
            return int(value)
        case float() if not isfinite(value):
            article = INTEGERS[full][3]
            why = f"Value was either too large or too small for {article}."
            raise invalid(value, full, why, "InvalidCastIConvertible")
        case float() | Decimal():
            return round(value)
        case list() if len(value) == 1:
            return to_integer(value[0], full)
    raise refused(value, full)


def to_double(value: object) -> float:
    return _floating(value, "System.Double")


def to_single(value: object) -> Single:
    return Single(_floating(value, "System.Single"))


def _floating(value: object, full: str) -> float:
    match value:
        case None:
            return 0.0
        case Char():
            raise invalid(value, full, "Invalid cast from 'Char' to 'Double'.", "InvalidCastIConvertible")
        case str():
            return _float_of_text(value, full)
        case bool() | int() | float() | Decimal():
            return float(value)
        case list() if len(value) == 1:
            return _floating(value[0], full)
    raise refused(value, full)


def _float_of_text(value: str, full: str) -> float:
    found = number(value.strip()) if value.strip() else 0
    if found is None:
        raise invalid(value, full, _BAD_FORMAT, "InvalidCastFromStringToDoubleOrSingle")
    return float(found)


def _decimal_of_text(text: str) -> int | float | Decimal | None:
    """Return a text as a decimal number, with the zeros at its end."""
    return number(f"{text}d" if text[-1:].isdigit() and "x" not in text.casefold() else text) if text else 0


def to_decimal(value: object) -> Decimal:
    match value:
        case None:
            return Decimal(0)
        case str():
            found = _decimal_of_text(value.strip())
            if found is None:
                raise invalid(value, "System.Decimal", _BAD_FORMAT, "InvalidCastFromStringToDecimal")
            return found if isinstance(found, Decimal) else Decimal(repr(found))
        case Decimal():
            return value
        case float() if not isfinite(value) or abs(value) > 7.9e28:
            why = "Value was either too large or too small for a Decimal."
            raise invalid(value, "System.Decimal", why, "InvalidCastIConvertible")
        case float():
            return Decimal(f"{value:.15g}")
        case bool() | int():
            return Decimal(int(value))
        case list() if len(value) == 1:
            return to_decimal(value[0])
    raise refused(value, "System.Decimal")
