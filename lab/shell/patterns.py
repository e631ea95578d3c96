"""Regular expressions of .NET, as those of Python (about_Regular_Expressions)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from lab.shell.errors import ErrorRecord, ShellError

_NAMED: Final = re.compile(r"\\\\|\(\?<([A-Za-z_]\w*)>|\(\?'([A-Za-z_]\w*)'|\\k<(\w+)>|\\k'(\w+)'|\\z|\\Z|\\p\{(\w+)\}")
_CLASSES: Final = {"L": "a-zA-Z\u00aa-\U000e01ef", "Lu": "A-Z", "Ll": "a-z", "N": "0-9", "Nd": "0-9"}
_REPLACEMENT: Final = re.compile(r"\$(?:(\$)|(&)|(`)|(')|(_)|(\+)|(\d+)|\{(\w+)\})")


def pattern(text: str, *, case: bool = False, flags: int = 0) -> re.Pattern[str]:
    """Return a regular expression; ShellError if it is none. ``case``: it distinguishes capitals."""
    return _compiled(text, flags | (0 if case else re.IGNORECASE))


@lru_cache(maxsize=256)
def _compiled(text: str, flags: int) -> re.Pattern[str]:
    try:
        return re.compile(_NAMED.sub(_translated, text), flags)
    except (re.error, OverflowError, RecursionError) as error:
        raise ShellError(
            ErrorRecord(
                f'parsing "{text}" - {_mistake(str(error))}', "OperationStopped",
                "System.ArgumentException", "System.ArgumentException",
            )
        ) from None  # fmt: skip


_MISTAKES: Final = {
    "unterminated character set": "Unterminated [] set.",
    "missing ), unterminated subpattern": "Not enough )'s.",
    "unbalanced parenthesis": "Too many )'s.",
    "nothing to repeat": "Quantifier {x,y} following nothing.",
    "multiple repeat": "Nested quantifier.",
    "bad escape (end of pattern)": "Illegal \\ at end of pattern.",
    "bad character range": "[x-y] range in reverse order.",
    "invalid group reference": "Reference to undefined group number.",
    "bad escape": "Unrecognized escape sequence.",
}


def _mistake(said: str) -> str:
    """Return what .NET says of a mistake that Python has found."""
    return next(
        (told for begin, told in _MISTAKES.items() if said.startswith(begin)), "Unrecognized grouping construct."
    )


def _translated(found: re.Match[str]) -> str:
    whole = found[0]
    if name := found[1] or found[2]:
        return f"(?P<{name}>"
    if name := found[3] or found[4]:
        return f"(?P={name})"
    if found[5]:
        return f"[{_CLASSES.get(found[5], _CLASSES['L'])}]"
    return {"\\z": "\\Z", "\\Z": "(?=\\n?\\Z)"}.get(whole, whole)


def expanded(replacement: str, found: re.Match[str]) -> str:
    """Return the replacement of a match: ``$1``, ``${name}``, ``$&``, ``$$``; what names no group stands for itself."""

    def one(sign: re.Match[str]) -> str:
        if sign[1]:
            return "$"
        if sign[2]:
            return found[0]
        if sign[3]:
            return found.string[: found.start()]
        if sign[4]:
            return found.string[found.end() :]
        if sign[5]:
            return found.string
        if sign[6]:
            return (found[found.lastindex] if found.lastindex else found[0]) or ""
        return _group(sign[7] or sign[8], sign[0], found)

    return _REPLACEMENT.sub(one, replacement)


def _group(name: str, whole: str, found: re.Match[str]) -> str:
    key: int | str = int(name) if name.isdigit() else name
    if isinstance(key, int) and key > len(found.groups()):
        # $10 is group 1 and a zero where there is no group 10
        if len(name) > 1 and "{" not in whole and 0 < int(name[0]) <= len(found.groups()):
            return (found[int(name[0])] or "") + name[1:]
        return whole
    if isinstance(key, str) and key not in found.re.groupindex:
        return whole
    return found[key] or ""
