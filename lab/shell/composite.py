"""Values in a format: ``'{0,-10} {1:N2}' -f $a, $b``, and ``ToString('D3')`` (.NET's composite formatting, en-US)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from math import isfinite
from typing import Final
from uuid import UUID

from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.moment_formats import format_moment, format_span
from lab.shell.text import double_text, to_text

Number = int | float | Decimal

_ITEM: Final = re.compile(r"\{\{|\}\}|\{(\d{1,6})\s*(?:,\s*(-?\d{1,6})\s*)?(?::((?:[^{}]|\{\{|\}\})*))?\}|[{}]")
_INDEX: Final = "Index (zero based) must be greater than or equal to zero and less than the size of the argument list."
_INPUT: Final = "Input string was not in a correct format."
_BAD: Final = "Format specifier was invalid."


def composed(form: str, values: Sequence[object]) -> str:
    """Return a text with its items, ``{index,width:format}``, replaced; ShellError (FormatError) if it is malformed."""

    def one(found: re.Match[str]) -> str:
        if found[0] in ("{{", "}}"):
            return found[0][0]
        if found[1] is None:
            raise _wrong(_INPUT)
        if int(found[1]) >= len(values):
            raise _wrong(_INDEX)
        try:
            text = formatted(values[int(found[1])], found[3] or "")
        except ValueError as error:
            raise _wrong(str(error)) from None
        width = int(found[2] or 0)
        return text.rjust(width) if width > 0 else text.ljust(-width)

    return _ITEM.sub(one, form)


def _wrong(why: str) -> ShellError:
    message = f"Error formatting a string: {why}."
    return ShellError(ErrorRecord(message, "InvalidOperation", "FormatError", "RuntimeException"))


def formatted(value: object, form: str) -> str:
    """Return one value in a format; a value that knows none as text. ValueError if the format is none of its type."""
    match value:
        case bool() | Enum() | str() | None:
            return to_text(value)
        case int() | float() | Decimal():
            return _number(value, form) if form else to_text(value)
        case datetime():
            return format_moment(value, form or "G")
        case timedelta():
            return format_span(value, form or "c")
        case UUID():
            return _guid(value, form)
        case list() | tuple():
            return "System.Object[]"
    return to_text(value)


def _guid(value: UUID, form: str) -> str:
    match form.upper():
        case "" | "D":
            return str(value)
        case "N":
            return value.hex
        case "B":
            return f"{{{value}}}"
        case "P":
            return f"({value})"
    raise ValueError('Format String can be only "D", "d", "N", "n", "P", "p", "B", "b", "X" or "x".')


def _number(value: Number, form: str) -> str:
    found = re.fullmatch(r"([A-Za-z])(\d{0,2})", form)
    if isinstance(value, float) and not isfinite(value):
        return to_text(value)
    if found:
        return _standard(value, found[1], int(found[2]) if found[2] else None)
    return custom_number(value, form)


def _standard(value: Number, kind: str, digits: int | None) -> str:  # noqa: C901, PLR0911 - one for each letter
    match kind.upper():
        case "D" | "X" if not isinstance(value, int):
            raise ValueError(_BAD)
        case "D":
            return f"{'-' if value < 0 else ''}{abs(int(value)):0{digits or 1}d}"
        case "X":
            return _hexadecimal(int(value), kind, digits or 0)
        case "N":
            return f"{rounded(value, 2 if digits is None else digits):,f}"
        case "F":
            return f"{rounded(value, 2 if digits is None else digits):f}"
        case "P":
            return f"{rounded(exact(value) * 100, 2 if digits is None else digits):,f}%"
        case "C":
            text = f"{rounded(abs(exact(value)), 2 if digits is None else digits):,f}"
            return f"(${text})" if value < 0 else f"${text}"
        case "E":
            return _exponential(value, kind, 6 if digits is None else digits)
        case "G" | "R":
            if isinstance(value, int) and not digits:
                return str(int(value))
            return double_text(float(value), digits or 15)
    raise ValueError(_BAD)


def _hexadecimal(value: int, kind: str, digits: int) -> str:
    if value < 0:
        value += 1 << (32 if value >= -(2**31) else 64)
    text = f"{value:0{digits}X}"
    return text if kind == "X" else text.lower()


def _exponential(value: Number, kind: str, digits: int) -> str:
    mantissa, _, exponent = f"{value:.{digits}e}".partition("e")
    return f"{mantissa}{kind}{exponent[0]}{int(exponent[1:]):03d}"


def exact(value: Number) -> Decimal:
    """Return a number as .NET Framework formats it: a Double by its fifteen digits."""
    return Decimal(f"{value:.15g}") if isinstance(value, float) else Decimal(value)


def rounded(value: Number, digits: int) -> Decimal:
    """Return a number with so many decimal places, halves away from zero, as formats round."""
    number = exact(value)
    if number.adjusted() + digits > 27:
        return number
    made = number.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_UP)
    return abs(made) if made == 0 else made


# Custom formats: 0.00, #,##0, 000-00


def custom_number(value: Number, form: str) -> str:
    """Return a number in a custom format: ``0.00``, ``#,##0``, ``0.0%``; sections for negative ones and zero."""
    sections = _sections(form)
    section = sections[0]
    if value < 0 and len(sections) > 1 and sections[1]:
        return _section(-value, sections[1])
    if value == 0 and len(sections) > 2:
        section = sections[2]
    return _section(value, section)


def _sections(form: str) -> list[str]:
    return re.findall(r"(?:'[^']*'|\"[^\"]*\"|\\.|[^;])+|(?<=;)(?=;|$)", form) or [""]


_TOKEN: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|[0#.,%‰]|[eE][+-]?0+|.", re.DOTALL)


def _section(value: Number, section: str) -> str:
    tokens = _TOKEN.findall(section)
    places = [at for at, token in enumerate(tokens) if token in "0#" and token]
    if not places:
        return "".join(_plain(token) for token in tokens)
    point = next((at for at, token in enumerate(tokens) if token == "."), len(tokens))
    whole = [at for at in places if at < point]
    decimals = [at for at in places if at > point]
    number = exact(value) * (100 if "%" in tokens else 1)
    grouped = any(tokens[at] == "," and whole and whole[0] < at < whole[-1] for at in range(len(tokens)))
    scaled = sum(token == "," for at, token in enumerate(tokens) if whole and whole[-1] < at < point)
    number = rounded(number / Decimal(1000) ** scaled, len(decimals))
    return _filled(tokens, number, (whole, decimals, point), grouped)


def _filled(tokens: list[str], number: Decimal, where: tuple[list[int], list[int], int], grouped: bool) -> str:
    whole, decimals, point = where
    left, _, right = f"{abs(number):f}".partition(".")
    right = right.ljust(len(decimals), "0")[: len(decimals)]
    needed = len(whole) - next((at for at, place in enumerate(whole) if tokens[place] == "0"), len(whole))
    left = left.lstrip("0").rjust(needed, "0")
    kept = max(
        (at + 1 for at, place in enumerate(decimals) if tokens[place] == "0" or right[at : at + 1] > "0"), default=0
    )
    right = _kept(tokens, decimals, right, kept)
    text = f"{int(left):,}".rjust(len(left), "0") if grouped and left and needed <= len(left.lstrip("0")) else left
    if grouped and needed > len(left.lstrip("0")):
        text = f"{int(left or 0):0{len(left) + (len(left) - 1) // 3},}" if left else ""
    out = ["-"] if number < 0 else []
    out += _spread(tokens, whole, text)
    if right:
        out.append(f".{right}")
    out += [_plain(token) for at, token in enumerate(tokens) if at > point and token not in ("0", "#", ",", ".")]
    return "".join(out)


def _kept(tokens: list[str], decimals: list[int], right: str, kept: int) -> str:
    return right[: max(kept, len(right.rstrip("0")))] if right.rstrip("0") else right[:kept]


def _spread(tokens: list[str], whole: list[int], text: str) -> list[str]:
    """Return the digits before the point in their places, with what stands between those."""
    point = next((at for at, token in enumerate(tokens) if token == "."), len(tokens))
    inner = [at for at in range(point) if whole and whole[0] < at < whole[-1] and tokens[at] not in ("0", "#", ",")]
    out = [_plain(tokens[at]) for at in range(whole[0] if whole else point)]
    if not inner:
        out.append(text)
    else:
        digits = list(text)
        spread: list[str] = []
        for at in range(whole[-1], whole[0] - 1, -1):
            if tokens[at] in ("0", "#"):
                spread.insert(0, digits.pop() if digits else "")
            elif tokens[at] != ",":
                spread.insert(0, _plain(tokens[at]))
        out += ["".join(digits), *spread]
    last = whole[-1] + 1 if whole else point
    return out + [_plain(tokens[at]) for at in range(last, point) if tokens[at] != ","]


def _plain(token: str) -> str:
    if token[0] in "'\"":
        return token[1:-1]
    return token[1:] if token[0] == "\\" and len(token) > 1 else token
