"""Moments and durations in the formats of .NET (culture en-US)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final

from lab.shell.text import span_text

_STANDARD: Final = {
    "d": "M/d/yyyy", "D": "dddd, MMMM d, yyyy", "t": "h:mm tt", "T": "h:mm:ss tt", "f": "dddd, MMMM d, yyyy h:mm tt",
    "F": "dddd, MMMM d, yyyy h:mm:ss tt", "g": "M/d/yyyy h:mm tt", "G": "M/d/yyyy h:mm:ss tt", "m": "MMMM d",
    "M": "MMMM d", "y": "MMMM yyyy", "Y": "MMMM yyyy", "s": "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
    "u": "yyyy'-'MM'-'dd HH':'mm':'ss'Z'", "o": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffff",
    "O": "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffff", "r": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
    "R": "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
}  # fmt: skip
_TOKEN: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|%?(?:y+|M+|d+|h+|H+|m+|s+|f+|F+|t+|z+|g+|K)|.", re.DOTALL)
_SPAN_TOKEN: Final = re.compile(r"'[^']*'|\"[^\"]*\"|\\.|%?(?:d+|h+|m+|s+|f+|F+)|.", re.DOTALL)
_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_BAD: Final = "Input string was not in a correct format."


def format_moment(value: datetime, form: str) -> str:
    """Return a moment in a standard (``g``, ``s``) or a custom format (``yyyy-MM-dd``); ValueError if it is none."""
    if len(form) == 1:
        if form not in _STANDARD:
            raise ValueError(_BAD)
        form = _STANDARD[form]
    return "".join(_part(value, token) for token in _TOKEN.findall(form))


def _part(value: datetime, token: str) -> str:
    if token[0] in "'\"" and len(token) > 1:
        return token[1:-1]
    if token[0] == "\\":
        return token[1:]
    token = token.removeprefix("%") or token
    letter, count = token[0], len(token)
    numbers = {
        "d": value.day, "M": value.month, "h": value.hour % 12 or 12, "H": value.hour, "m": value.minute,
        "s": value.second,
    }  # fmt: skip
    if letter in "dM" and count > 2:
        name = _DAYS[value.weekday()] if letter == "d" else _MONTHS[value.month - 1]
        return name if count > 3 else name[:3]
    if letter in numbers:
        return f"{numbers[letter]:0{min(count, 2)}d}"
    return _rest(value, token, letter, count)


def _rest(value: datetime, token: str, letter: str, count: int) -> str:
    match letter:
        case "y":
            return f"{value.year % 100:0{count}d}" if count < 3 else f"{value.year:0{count}d}"
        case "f" | "F":
            digits = f"{value.microsecond:06d}0"[:count]
            return digits if letter == "f" else digits.rstrip("0")
        case "t":
            half = "AM" if value.hour < 12 else "PM"
            return half if count > 1 else half[0]
        case "z":
            return _offset(value, count)
        case "K":
            return ""
        case "g":
            return "A.D."
    return token


def _offset(value: datetime, count: int) -> str:
    minutes = int((value.astimezone().utcoffset() or timedelta()).total_seconds()) // 60
    sign, minutes = ("-" if minutes < 0 else "+"), abs(minutes)
    hours = f"{sign}{minutes // 60:0{min(count, 2)}d}"
    return f"{hours}:{minutes % 60:02d}" if count > 2 else hours


def format_span(value: timedelta, form: str) -> str:
    """Return a duration in a standard (``c``, ``g``) or custom format (``hh\\:mm``); ValueError if it is none."""
    micros = abs(value // timedelta(microseconds=1))
    seconds, fraction = divmod(micros, 1_000_000)
    days, hours, minutes = seconds // 86400, seconds // 3600 % 24, seconds // 60 % 60
    sign = "-" if value < timedelta() else ""
    if form in ("c", "t", "T"):
        return span_text(value)
    if form == "g":
        part = f".{fraction:06d}".rstrip("0") if fraction else ""
        return f"{sign}{f'{days}:' if days else ''}{hours}:{minutes:02d}:{seconds % 60:02d}{part}"
    if form == "G":
        return f"{sign}{days}:{hours:02d}:{minutes:02d}:{seconds % 60:02d}.{fraction:06d}0"
    if len(form) == 1:
        raise ValueError(_BAD)
    numbers = {"d": days, "h": hours, "m": minutes, "s": seconds % 60}
    return "".join(_span_part(token, numbers, fraction) for token in _SPAN_TOKEN.findall(form))


def _span_part(token: str, numbers: dict[str, int], fraction: int) -> str:
    if token[0] in "'\"" and len(token) > 1:
        return token[1:-1]
    if token[0] == "\\" and len(token) > 1:
        return token[1:]
    token = token.removeprefix("%") or token
    if token[0] in numbers:
        return f"{numbers[token[0]]:0{len(token)}d}"
    if token[0] in "fF":
        digits = f"{fraction:06d}0"[: len(token)]
        return digits if token[0] == "f" else digits.rstrip("0")
    raise ValueError(_BAD)
