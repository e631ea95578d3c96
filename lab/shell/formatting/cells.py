"""The text of a value in a cell of a table or a line of a list, which is not the one it has in a string.

A date is written as the culture en-US has it, a collection between braces, at most $FormatEnumerationLimit of its
elements, and an object in a collection by its name.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable
from decimal import Decimal
from fnmatch import fnmatchcase
from itertools import islice
from typing import Final

from lab.shell.formatting.words import ELLIPSIS
from lab.shell.objects import CUSTOM_OBJECT, Hashtable, PSObject
from lab.shell.text import to_text

ENUMERATION_LIMIT: Final = 4
_NAMING: Final = ("name", "id", "key", "*key", "*name", "*id")


def cell_text(value: object, limit: int = ENUMERATION_LIMIT) -> str:
    """Return how a value is shown; a `limit` below 0 is none."""
    if isinstance(value, Hashtable):
        return _braced(value, limit)
    if isinstance(value, list | tuple):
        return _braced(value, limit)
    if isinstance(value, datetime.datetime):
        return short_date(value)
    return to_text(value)


def is_scalar(value: object) -> bool:
    """Tell whether a value is of the types that are aligned right in a table made for them (not strings)."""
    return isinstance(value, bool | int | float | Decimal | enum.Enum)


def short_date(value: datetime.datetime) -> str:
    """Return a date as ``11/21/2026 9:05:00 PM``."""
    return f"{value.month}/{value.day}/{value.year:04} {_clock(value)}"


def long_date(value: datetime.datetime) -> str:
    """Return a date as ``Saturday, November 21, 2026 9:05:00 PM``."""
    return f"{_DAYS[value.weekday()]}, {_MONTHS[value.month - 1]} {value.day}, {value.year:04} {_clock(value)}"


def _clock(value: datetime.datetime) -> str:
    return f"{value.hour % 12 or 12}:{value:%M:%S} {'PM' if value.hour >= 12 else 'AM'}"


_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _braced(values: Iterable[object], limit: int) -> str:
    found = list(values if limit < 0 else islice(values, limit + 1))
    shown = ", ".join(_element(each) for each in found[: limit if limit >= 0 else None])
    more = ELLIPSIS if 0 <= limit < len(found) else ""
    return "{" + shown + more + "}"


def _element(value: object) -> str:
    if value is None:
        return "$null"
    if isinstance(value, PSObject) and value.text is None and value.type_names[-1] != CUSTOM_OBJECT:
        named = _name(value)
        return to_text(value) if named is None else cell_text(named)
    return cell_text(value) if isinstance(value, datetime.datetime) else to_text(value)


def _name(item: PSObject) -> object:
    """Return the property that tells objects apart, None if there is none."""
    names = [(name, name.casefold()) for name in item.names()]
    found = (name for pattern in _NAMING for name, folded in names if fnmatchcase(folded, pattern))
    return next((item.get(name) for name in found), None)
