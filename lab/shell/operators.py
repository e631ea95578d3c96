"""The operators between two values, but for ``-and``, ``-or`` and ``-xor``, which need not evaluate both.

about_Operators. Those of comparison filter where the left operand is an array; ``-match`` also tells what it found.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import Final

from lab.shell import arithmetic
from lab.shell.casts import convert, truth
from lab.shell.comparison import compare, equal
from lab.shell.composite import composed
from lab.shell.errors import ErrorRecord, NotConverted, ShellError
from lab.shell.objects import Hashtable, ScriptBlock, TypeValue
from lab.shell.patterns import expanded, pattern
from lab.shell.scalars import Char
from lab.shell.text import to_text
from lab.shell.type_names import full_name, is_a
from lab.shell.wildcards import matches

Operator = Callable[[object, object], object]
Invoke = Callable[[ScriptBlock, object], object]
"""Calls a script block with ``$_``, and returns what it gives."""


def binary(name: str, left: object, right: object) -> object:
    """Apply an operator, named as in :mod:`syntax`; ShellError if it has no meaning for these values."""
    if plain := _PLAIN.get(name):
        return plain(left, right)
    base, case = _case(name)
    if base in _TESTS:
        return _filtered(partial(_TESTS[base], case=case), left, right)
    if base in ("match", "notmatch"):
        return match(base, left, right, case)[0]
    if base in ("contains", "notcontains"):
        return _contains(left, right, case) != (base == "notcontains")
    if base in ("in", "notin"):
        return _contains(right, left, case) != (base == "notin")
    if base == "replace":
        return replaced(left, right, case)
    if base == "split":
        return split(left, right, case)
    raise AssertionError(name)


def _case(name: str) -> tuple[str, bool]:
    """Return an operator's name without the letter for case, and whether capitals count."""
    if name[0] in "ci" and name[1:] in _CASED:
        return name[1:], name[0] == "c"
    return name, False


def _filtered(test: Callable[[object, object], bool], left: object, right: object) -> object:
    if isinstance(left, list):
        return [each for each in left if test(each, right)]
    return test(left, right)


def _like(left: object, right: object, *, case: bool) -> bool:
    return matches(to_text(right), to_text(left), case=case)


_TESTS: Final[dict[str, Callable[..., bool]]] = {
    "eq": lambda left, right, case: equal(left, right, case=case),
    "ne": lambda left, right, case: not equal(left, right, case=case),
    "lt": lambda left, right, case: compare(left, right, case=case) < 0,
    "le": lambda left, right, case: compare(left, right, case=case) <= 0,
    "gt": lambda left, right, case: compare(left, right, case=case) > 0,
    "ge": lambda left, right, case: compare(left, right, case=case) >= 0,
    "like": _like,
    "notlike": lambda left, right, case: not _like(left, right, case=case),
}
_CASED: Final = {*_TESTS, "match", "notmatch", "contains", "notcontains", "in", "notin", "replace", "split"}


def match(name: str, left: object, right: object, case: bool) -> tuple[object, Hashtable | None]:
    """Return the result of ``-match`` or ``-notmatch``, and $Matches; None where that stays as it is."""
    regex = pattern(to_text(right), case=case)
    wanted = not name.endswith("notmatch")
    if isinstance(left, list):
        return [each for each in left if (regex.search(to_text(each)) is not None) == wanted], None
    found = regex.search(to_text(left))
    return (found is not None) == wanted, groups(found) if found else None


def groups(found: re.Match[str]) -> Hashtable:
    """Return $Matches: the groups that took part, by number or name."""
    names = {number: name for name, number in found.re.groupindex.items()}
    return Hashtable([(names.get(at, at), found[at]) for at in range(len(found.groups()) + 1) if found[at] is not None])


def _contains(items: object, wanted: object, case: bool) -> bool:
    held = items if isinstance(items, list) else [items]
    return any(equal(each, wanted, case=case) for each in held)


def replaced(left: object, right: object, case: bool) -> object:
    """``-replace``: a pattern, and what takes the place of what it finds."""
    parts = right if isinstance(right, list) else [right]
    if not 1 <= len(parts) <= 2:
        raise ShellError(
            ErrorRecord(
                f"The -ireplace operator allows only two elements to follow it, not {len(parts)}.", "InvalidOperation",
                "BadReplaceArgument", "RuntimeException", right,
            )
        )  # fmt: skip
    regex = pattern(to_text(parts[0]), case=case)
    by = to_text(parts[1]) if len(parts) == 2 else ""

    def one(value: object) -> str:
        return regex.sub(lambda found: expanded(by, found), to_text(value))

    return [one(each) for each in left] if isinstance(left, list) else one(left)


# Splitting and joining


def split(left: object, right: object, case: bool, invoke: Invoke | None = None) -> list[object]:
    """``-split``: by a pattern, at most so many parts, ``SimpleMatch`` for plain text; or by a script block."""
    options = right if isinstance(right, list) else [right]
    texts = [to_text(each) for each in left] if isinstance(left, list) else [to_text(left)]
    limit = convert(options[1], "int") if len(options) > 1 else 0
    assert isinstance(limit, int)
    by = options[0] if options else " "
    if isinstance(by, ScriptBlock):
        return [
            part for text in texts for part in _split_by(text, lambda char: truth(invoke and invoke(by, Char(char))))
        ]
    chosen = to_text(options[2]).casefold() if len(options) > 2 else ""
    source = re.escape(to_text(by)) if "simplematch" in chosen else to_text(by)
    flags = (re.MULTILINE if "multiline" in chosen else 0) | (re.DOTALL if "singleline" in chosen else 0)
    regex = pattern(source, case=case and "ignorecase" not in chosen, flags=flags)
    return [part for text in texts for part in _parts(regex, text, limit)]


def _parts(regex: re.Pattern[str], text: str, limit: int) -> list[str]:
    parts: list[str] = []
    start = 0
    found = list(regex.finditer(text))
    if limit > 0:
        found = found[: limit - 1]
    elif limit < 0:
        found = found[limit + 1 :] if limit < -1 else []
    for each in found:
        parts.append(text[start : each.start()])
        parts.extend(group for group in each.groups() if group is not None)
        start = each.end()
    return [*parts, text[start:]]


def _split_by(text: str, test: Callable[[str], bool]) -> list[str]:
    parts = [""]
    for char in text:
        if test(char):
            parts.append("")
        else:
            parts[-1] += char
    return parts


def split_words(value: object) -> list[object]:
    """``-split`` before a value: the words of it."""
    texts = value if isinstance(value, list) else [value]
    return [part for text in texts for part in to_text(text).split()]


def join(value: object, separator: object = "") -> str:
    """``-join``: the elements as one string."""
    items = value if isinstance(value, list) else [value]
    return to_text(separator).join(to_text(each) for each in items)


def _range(left: object, right: object) -> list[object]:
    first, last = arithmetic.integer(left), arithmetic.integer(right)
    if abs(first - last) > 10_000_000:
        raise ShellError(
            ErrorRecord("Exception of type 'System.OutOfMemoryException' was thrown.", "OperationStopped",
                        "System.OutOfMemoryException", "System.OutOfMemoryException")
        )  # fmt: skip
    return list(range(first, last + 1) if first <= last else range(first, last - 1, -1))


# Types


def _type_of(right: object) -> str:
    if isinstance(right, TypeValue):
        return right.name
    name = to_text(right)
    found = full_name(name)
    if found is None:
        raise ShellError(
            ErrorRecord(
                "The right operand of '-is' must be a type.", "InvalidOperation", "IsOperatorRequiresType",
                "RuntimeException",
            )
        )  # fmt: skip
    return found


def _as(left: object, right: object) -> object:
    try:
        return convert(left, _type_of(right))
    except NotConverted:
        return None


def _format(left: object, right: object) -> str:
    return composed(to_text(left), right if isinstance(right, list) else [right])


_PLAIN: Final[dict[str, Operator]] = {
    "+": arithmetic.add,
    "-": arithmetic.subtract,
    "*": arithmetic.multiply,
    "/": arithmetic.divide,
    "%": arithmetic.remainder,
    "..": _range,
    "f": _format,
    "join": lambda left, right: join(left, right),
    "is": lambda left, right: is_a(left, _type_of(right)),
    "isnot": lambda left, right: not is_a(left, _type_of(right)),
    "as": _as,
    **{name: partial(arithmetic.bits, name) for name in ("band", "bor", "bxor", "shl", "shr")},
}
