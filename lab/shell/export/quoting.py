"""Values as PowerShell reads them in the arguments of a command (about_Parsing, about_Quoting_Rules)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_PLAIN: Final = re.compile(r"[A-Za-z][A-Za-z0-9_-]*|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?")
_SINGLE: Final = "'\u2018\u2019\u201a\u201b"
"""What ends a text in single quotes; each stands for itself if it is written twice."""
_DOUBLE: Final = '"\u201c\u201d\u201e'
_ESCAPES: Final = {"\n": "`n", "\r": "`r", "\t": "`t", "\0": "`0", "\a": "`a", "\b": "`b", "\f": "`f", "\v": "`v"}


@dataclass(frozen=True, slots=True)
class Raw:
    """An expression that is written as it is: ``(Get-VMNetworkAdapter -VMName web1)``."""

    text: str


def text(value: str) -> str:
    """Return a text as it is written: as a bare word if it can be one, else in quotes.

    Control characters are escaped, so that it is on one line.
    """
    if _PLAIN.fullmatch(value):
        return value
    if all(char.isprintable() for char in value):
        return "'" + "".join(char * 2 if char in _SINGLE else char for char in value) + "'"
    return '"' + "".join(map(_escaped, value)) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    if char in _DOUBLE or char in "`$":
        return f"`{char}"
    return char if char.isprintable() else f"$([char]{ord(char)})"


def pattern(value: str) -> str:
    """Return a name for a parameter that takes wildcards: what would be one in it stands for itself."""
    return re.sub(r"([`*?\[\]])", r"`\1", value)


def written(value: object) -> str:
    """Return a value as an argument: a number, a truth value, a text, or a list of such."""
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, bool):
        return "$true" if value else "$false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, str) or not isinstance(value, Iterable):
        return text(str(value))
    items = [written(each) for each in value]
    return ", ".join(items) if items else "@()"
