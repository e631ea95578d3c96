"""Static members of System.Math and System.Convert."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import Any, Final

from lab.shell.casts import convert
from lab.shell.comparison import as_number
from lab.shell.dotnet.table import Refused, Table, integer, real
from lab.shell.errors import NotConverted
from lab.shell.scalars import INTEGERS, Byte
from lab.shell.text import to_text

MATHEMATICS: Final = Table()
CONVERT: Final = Table()


def _guarded(act: Callable[..., float]) -> Callable[..., float]:
    """Return a function of real numbers that gives NaN or an infinity where it has no value."""

    def call(*given: object) -> float:
        try:
            return float(act(*(real(each) for each in given)))
        except OverflowError:
            return math.inf
        except (ValueError, ZeroDivisionError):
            return math.nan

    return call


def _round(value: object, *rest: object) -> object:
    number = as_number(value)
    away = any("away" in to_text(each).casefold() for each in rest)
    digits = next((integer(each) for each in rest if isinstance(each, int)), 0)
    if not 0 <= digits <= 28:
        raise Refused("Rounding digits must be between 0 and 15, inclusive.\nParameter name: digits",
                      "ArgumentOutOfRangeException")  # fmt: skip
    if isinstance(number, float) and not math.isfinite(number):
        return number
    exact = number if isinstance(number, Decimal) else Decimal(repr(number) if isinstance(number, float) else number)
    if exact.adjusted() + digits > 26:
        return number
    made = exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP if away else ROUND_HALF_EVEN)
    return made if isinstance(number, Decimal) else float(made)


def _whole(act: Callable[[Any], int]) -> Callable[[object], object]:
    def call(value: object) -> object:
        number = as_number(value)
        if isinstance(number, Decimal):
            return Decimal(act(number))
        return float(act(number)) if math.isfinite(number) else number

    return call


def _chosen(act: Callable[[Any, Any], Any]) -> Callable[[object, object], object]:
    def call(one: object, other: object) -> object:
        left, right = as_number(one), as_number(other)
        if isinstance(left, float) or isinstance(right, float):
            return act(float(left), float(right))
        return act(left, right)

    return call


MATHEMATICS.prop("PI", lambda _: math.pi)
MATHEMATICS.prop("E", lambda _: math.e)
MATHEMATICS.method("Abs", lambda value: abs(as_number(value)), 1)
MATHEMATICS.method("Sign", lambda value: (as_number(value) > 0) - (as_number(value) < 0), 1)
MATHEMATICS.method("Max", _chosen(max), 2)
MATHEMATICS.method("Min", _chosen(min), 2)
MATHEMATICS.method("Round", _round, 1, 3)
MATHEMATICS.method("Floor", _whole(math.floor), 1)
MATHEMATICS.method("Ceiling", _whole(math.ceil), 1)
MATHEMATICS.method("Truncate", _whole(math.trunc), 1)
MATHEMATICS.method("Pow", _guarded(math.pow), 2)
MATHEMATICS.method("Sqrt", _guarded(math.sqrt), 1)
MATHEMATICS.method("Log", _guarded(lambda value, *base: math.log(value, *base) if value else -math.inf), 1, 2)
MATHEMATICS.method("Log10", _guarded(lambda value: math.log10(value) if value else -math.inf), 1)
for _name in ("Exp", "Sin", "Cos", "Tan", "Asin", "Acos", "Atan"):
    MATHEMATICS.method(_name, _guarded(getattr(math, _name.casefold())), 1)
MATHEMATICS.method("Atan2", _guarded(math.atan2), 2)


# Convert


def _to_integer(full: str) -> Callable[..., object]:
    made, low, high, article = INTEGERS[full]

    def call(value: object, base: object = None) -> object:
        if base is None:
            return _plain(full)(value)
        radix = integer(base)
        if radix not in (2, 8, 10, 16):
            raise Refused("Invalid Base.")
        try:
            found = int(to_text(value).removeprefix("-" if radix == 10 else " "), radix)
        except ValueError:
            raise Refused("Could not find any recognizable digits.", "FormatException") from None
        if found > high and radix != 10 and found < 2 * (high + 1):
            found -= 2 * (high + 1)
        if not low <= found <= high:
            raise Refused(f"Value was either too large or too small for {article}.", "OverflowException")
        return made(found)

    return call


def _plain(kind: str) -> Callable[[object], object]:
    def call(value: object) -> object:
        try:
            return convert(value, kind)
        except NotConverted as error:
            why = error.record.message.partition('Error: "')[2].removesuffix('"') or error.record.message
            raise Refused(why, "OverflowException" if "too large" in why else "FormatException") from None

    return call


def _to_string(value: object, base: object = None) -> str:
    if base is None or not isinstance(value, int):
        return to_text(value)
    number, radix = int(value), integer(base)
    if number < 0 and radix != 10:
        number += 1 << (32 if number >= -(2**31) else 64)
    forms = {2: "b", 8: "o", 10: "d", 16: "x"}
    if radix not in forms:
        raise Refused("Invalid Base.")
    return format(number, forms[radix])


def _from_base64(text: object) -> list[object]:
    import base64
    import binascii

    try:
        return [Byte(each) for each in base64.b64decode(to_text(text), validate=True)]
    except binascii.Error:
        raise Refused(
            "The input is not a valid Base-64 string as it contains a non-base 64 character, more than two padding "
            "characters, or an illegal character among the padding characters.",
            "FormatException",
        ) from None


def _to_base64(items: object) -> str:
    import base64

    data = items if isinstance(items, list) else [items]
    return base64.b64encode(bytes(integer(each) & 255 for each in data)).decode("ascii")


for _full in INTEGERS:
    CONVERT.method(f"To{_full.removeprefix('System.')}", _to_integer(_full), 1, 2)
for _kind in ("Double", "Decimal", "Boolean", "Char", "DateTime", "Single"):
    CONVERT.method(f"To{_kind}", _plain(f"System.{_kind}"), 1)
CONVERT.method("ToString", _to_string, 1, 2)
CONVERT.method("ToBase64String", _to_base64, 1)
CONVERT.method("FromBase64String", _from_base64, 1)
