"""Numbers as PowerShell writes them: in scripts, and in strings that are taken for numbers (about_Numeric_Literals)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

_MULTIPLES: Final = {"": 1, "kb": 2**10, "mb": 2**20, "gb": 2**30, "tb": 2**40, "pb": 2**50}
_NUMBER: Final = re.compile(
    r"(?P<sign>[+-]?)(?:0x(?P<hex>[0-9a-f]+)|(?P<digits>(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))"
    r"(?P<type>[dl]?)(?P<multiple>(?:[kmgtp]b)?)",
    re.IGNORECASE | re.ASCII,
)


def parse_number(text: str) -> int | float | Decimal | None:
    """Return the number that a text is; None if it is none. Without a point or an exponent it is an integer."""
    found = _NUMBER.fullmatch(text.strip())
    if not found or len(text) > 400:
        return None
    sign = -1 if found["sign"] == "-" else 1
    factor = sign * _MULTIPLES[found["multiple"].casefold()]
    kind = found["type"].casefold()
    if found["hex"]:
        return _hexadecimal(found["hex"]) * factor
    digits = found["digits"]
    if kind == "d":
        return Decimal(digits) * factor
    if re.search(r"[.e]", digits, re.IGNORECASE):
        value = float(digits) * factor
        return round(value) if kind == "l" else value
    whole = int(digits) * factor
    return whole if -(2**63) <= whole < 2**63 else _too_long(whole)


def _too_long(whole: int) -> Decimal | float:
    return Decimal(whole) if abs(whole) < 2**96 else float(whole)


def _hexadecimal(digits: str) -> int:
    """Return a hexadecimal number: eight digits are an Int32, with its sign in the first bit; sixteen an Int64."""
    value = int(digits, 16)
    if len(digits) <= 8 and value >= 2**31:
        return value - 2**32
    if 8 < len(digits) <= 16 and value >= 2**63:
        return value - 2**64
    return value
