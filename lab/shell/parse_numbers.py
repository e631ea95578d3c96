"""Numbers of a script (about_Numeric_Literals)."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from lab.shell import syntax
from lab.shell.lexer import DASHES, Cursor

_NUMBER: Final = re.compile(
    r"(?:0[xX](?P<hex>[0-9a-fA-F]+)"
    r"|(?P<real>(?:[0-9]+\.(?!\.)[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|[0-9]+[eE][-+]?[0-9]+)"
    r"|(?P<int>[0-9]+))(?P<suffix>[lLdD]?)(?P<unit>[kKmMgGtTpP][bB])?"
)
_UNITS: Final = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_BIGGEST_LONG: Final = (1 << 63) - 1
_BIGGEST_DECIMAL: Final = (1 << 96) - 1


class Numbers(Cursor):
    """Reads numbers."""

    def number(self, argument: bool = False) -> syntax.Constant | None:
        """Read a number, with its sign if there is one; None if it is not one (``7z``, ``10.0.0.1``)."""
        start = self.pos
        sign = self.text[start] in "+" + DASHES
        found = _NUMBER.match(self.text, start + sign)
        if found is None or not self.ends_number(found.end(), argument):
            return None
        end = found.end()
        value = _number(found, sign and self.text[start] != "+")
        if value is None:
            if argument:
                return None
            message = f"The numeric constant {self.text[start:end]} is not valid."
            raise self.fail("BadNumericConstant", message, start, end)
        self.pos = end
        self.mark("number", start)
        return syntax.Constant(value, argument, extent=self.extent(start))


def _number(found: re.Match[str], negative: bool) -> object:
    """Return the value of a number as PowerShell types it: Int32, Int64, Decimal or Double; None if none holds it."""
    unit = _UNITS[found["unit"][0].lower()] if found["unit"] else 1
    suffix = found["suffix"].lower()
    sign = -1 if negative else 1
    if found["hex"]:
        return _hexadecimal(found["hex"], bool(suffix), unit * sign)
    digits = found["real"] or found["int"]
    try:
        if suffix == "d":
            decimal = Decimal(digits) * unit * sign
            return decimal if abs(decimal) <= _BIGGEST_DECIMAL else None
        if found["real"]:
            value = float(digits) * unit * sign
            return int(value) if suffix else value
        number = int(digits) * unit * sign if len(digits) < 400 else None  # no Double holds more digits
    except (InvalidOperation, OverflowError):
        return None
    if number is None or abs(number) > _BIGGEST_LONG + negative:
        return None if suffix or number is None else _big(number)
    return number


def _big(number: int) -> object:
    if abs(number) <= _BIGGEST_DECIMAL:
        return Decimal(number)
    try:
        return float(number)
    except OverflowError:
        return None


def _hexadecimal(digits: str, long: bool, factor: int) -> int | None:
    """Return a hexadecimal number's value: eight digits are an Int32, sixteen an Int64, both with a sign bit."""
    stripped = digits.lstrip("0")
    if len(stripped) > 16:
        return None
    number = int(digits, 16)
    bits = 64 if long or len(stripped) > 8 else 32
    return (number - (1 << bits) if number >> (bits - 1) else number) * factor
