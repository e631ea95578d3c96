"""Texts in a given number of columns: how wide they are, cut, aligned, and wrapped as PowerShell wraps them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from lab.shell.formatting.packets import RIGHT

ELLIPSIS: Final = "..."
_BREAKS: Final = re.compile(r"\r\n|\n|\r")
_WORDS: Final = re.compile("[^ \t\u00ad\u2010]*[ \t\u00ad\u2010]|[^ \t\u00ad\u2010]+")


def cells(text: str) -> int:
    """Return how many columns a text takes."""
    if text.isascii():
        return len(text)
    return sum(_cells_of(char) for char in text)


def _cells_of(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def lines_of(text: str) -> list[str]:
    """Return the lines of a text: at least one."""
    return _BREAKS.split(text)


def field(text: str, width: int, align: str) -> str:
    """Return a text in exactly so many columns, cut with an ellipsis if it is longer; of several lines the first."""
    first, *more = lines_of(text)
    shown = first + ELLIPSIS if more else first
    if cells(shown) > width:
        shown = _cut(shown, width, from_right=align == RIGHT)
    return padded(shown, width, align)


def padded(text: str, width: int, align: str) -> str:
    missing = max(0, width - cells(text))
    if align == RIGHT:
        return " " * missing + text
    if align == "center":
        return " " * (missing // 2) + text + " " * (missing - missing // 2)
    return text + " " * missing


def _cut(text: str, width: int, *, from_right: bool) -> str:
    """Return the head of a text, or its tail where the column is aligned right."""
    room, dots = (width - len(ELLIPSIS), ELLIPSIS) if width > len(ELLIPSIS) else (width, "")
    return dots + head(text[::-1], room)[::-1] if from_right else head(text, room) + dots


def head(text: str, width: int) -> str:
    """Return as much of a text's beginning as has room."""
    used = 0
    for at, char in enumerate(text):
        used += _cells_of(char)
        if used > width:
            return text[:at]
    return text


def wrapped(text: str, width: int) -> list[str]:
    """Return a text as lines of at most so many columns, broken after blanks; blanks stay where they are."""
    return [piece for line in lines_of(text) for piece in ([line] if cells(line) <= width else _broken(line, width))]


def _broken(line: str, width: int) -> Iterator[str]:
    current = ""
    for word in _WORDS.findall(line):
        if cells(word) <= width:
            if cells(current) + cells(word) > width:
                yield current
                current = ""
            current += word
            continue
        for char in word:
            if cells(current) + _cells_of(char) > width and current:
                yield current
                current = ""
            current += char
    yield current
