"""The shell's one matcher of wildcards (about_Wildcards): ``*``, ``?``, ``[a-z]``; a backtick takes a meaning away."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache


def has_wildcards(text: str) -> bool:
    """Tell whether a text has a wildcard that means something."""
    return bool(re.search(r"(?<!`)(?:``)*[*?\[]", text))


def matches(pattern: str, text: str, *, case: bool = False) -> bool:
    """Tell whether a text matches a pattern as a whole; ``case``: it must have the same case."""
    return compiled(pattern, case).fullmatch(text) is not None


def matches_any(patterns: Iterable[str], text: str) -> bool:
    """Tell whether a text matches one of several patterns."""
    return any(matches(pattern, text) for pattern in patterns)


@lru_cache(maxsize=256)
def compiled(pattern: str, case: bool = False) -> re.Pattern[str]:
    """Return the regular expression of a pattern. A ``[`` that nothing closes stands for itself."""
    flags = re.DOTALL if case else re.DOTALL | re.IGNORECASE
    return re.compile("".join(_pieces(pattern)), flags)


def _pieces(pattern: str) -> Iterator[str]:
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if char == "`" and at + 1 < len(pattern):
            at += 1
            yield re.escape(pattern[at])
        elif char == "*":
            yield ".*"
        elif char == "?":
            yield "."
        elif char == "[" and (end := pattern.find("]", at + 2)) > 0:
            yield _class(pattern[at + 1 : end])
            at = end
        else:
            yield re.escape(char)
        at += 1


def _class(inside: str) -> str:
    """Return the class of characters of what stands between brackets; a dash between two of them makes a range."""
    return "[" + "".join(_ranges(inside)) + "]"


def _ranges(inside: str) -> Iterator[str]:
    at = 0
    while at < len(inside):
        if inside[at + 1 : at + 2] == "-" and at + 2 < len(inside):
            yield _range(inside[at], inside[at + 2])
            at += 3
        else:
            yield _literal(inside[at])
            at += 1


def _range(first: str, last: str) -> str:
    return f"{_literal(first)}-{_literal(last)}" if first <= last else f"{_literal(last)}-{_literal(first)}"


def _literal(char: str) -> str:
    return f"\\{char}" if char in "\\]^-[&~|" else char


def unescaped(pattern: str) -> str:
    """Return a pattern without wildcards as the text that it means."""
    return re.sub(r"`(.)", r"\1", pattern, flags=re.DOTALL)
