"""How values compare (about_Comparison_Operators): the right one becomes what the left one is."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final
from uuid import UUID

from lab.shell.casts import convert, truth
from lab.shell.errors import ErrorRecord, NotConverted, ShellError
from lab.shell.number_casts import number
from lab.shell.objects import PSObject, ScriptBlock, TypeValue, Version
from lab.shell.scalars import Char
from lab.shell.text import to_text
from lab.shell.type_names import type_name

_ORDERED: Final = (datetime, timedelta, UUID, Version)


def equal(left: object, right: object, *, case: bool = False) -> bool:  # noqa: PLR0911 - one for each type
    """Tell whether two values are equal (``-eq``, ``-ceq``); of two objects, whether they are the same one."""
    if left is None or right is None:
        return left is right
    match left:
        case str():
            return _same_text(to_text(left), to_text(right), case)
        case bool():
            return left == truth(right)
        case int() | float() | Decimal():
            return _equal_numbers(left, right)
        case PSObject() if left.text is not None and isinstance(right, str):
            return _same_text(left.text, right, case)
        case PSObject() | ScriptBlock():
            return left is right
        case TypeValue():
            return isinstance(right, TypeValue) and left == right
        case list() | tuple():
            return left is right
    try:
        return bool(left == convert(right, type_name(left)))
    except ShellError:
        return False


def _same_text(left: str, right: str, case: bool) -> bool:
    return left == right if case else left.casefold() == right.casefold()


def _equal_numbers(left: int | float | Decimal, right: object) -> bool:
    try:
        other = as_number(right)
    except ShellError:
        return False
    return bool(left == other)


def as_number(value: object) -> int | float | Decimal:
    """Return a value as a number, as the operators of arithmetic take it; NotConverted if it is none."""
    match value:
        case None:
            return 0
        case bool():
            return int(value)
        case int() | float() | Decimal():
            return value
        case Char():
            return ord(value)
        case str() if not isinstance(value, Enum):
            found = number(value) if value.strip() else 0
            if found is not None:
                return found
    return convert(value, "int")  # type: ignore[return-value]


def compare(left: object, right: object, *, case: bool = False) -> int:
    """Return -1, 0 or 1; ShellError if there is no order between the two (ComparisonFailure, NotIcomparable)."""
    if left is None or right is None:
        return (left is not None) - (right is not None)
    try:
        one, other = _comparable(left, right)
    except NotConverted as error:
        raise _failed(left, right, error.record.message, "ComparisonFailure") from None
    if isinstance(one, str) and not case:
        one, other = one.casefold(), other.casefold()
    elif isinstance(one, str):
        # Capitals come after small letters, and only where the texts are otherwise the same.
        one, other = (one.casefold(), one.swapcase()), (other.casefold(), other.swapcase())
    return int(one > other) - int(one < other)


def _comparable(left: object, right: object) -> tuple[Any, Any]:
    match left:
        case str():
            return to_text(left), to_text(right)
        case bool():
            return left, truth(right)
        case int() | float() | Decimal():
            return _numbers(left, right)
        case IPv4Address() | IPv6Address():
            raise _not_comparable(left)
        case datetime() | timedelta() | UUID() | Version():
            return left, convert(right, type_name(left))
    raise _not_comparable(left)


def _numbers(left: int | float | Decimal, right: object) -> tuple[Any, Any]:
    other = as_number(right)
    if isinstance(left, float) and isinstance(other, Decimal):
        return left, float(other)
    if isinstance(left, Decimal) and isinstance(other, float):
        return float(left), other
    return left, other


def _not_comparable(left: object) -> ShellError:
    return ShellError(
        ErrorRecord(f'Cannot compare "{to_text(left)}" because it is not IComparable.', "InvalidOperation",
                    "NotIcomparable", "RuntimeException", left)
    )  # fmt: skip


def _failed(left: object, right: object, why: str, error_id: str) -> ShellError:
    message = f'Could not compare "{to_text(left)}" to "{to_text(right)}". Error: "{why}"'
    return ShellError(ErrorRecord(message, "InvalidOperation", error_id, "RuntimeException", left))
