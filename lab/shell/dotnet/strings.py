"""What strings and characters have (System.String, System.Char)."""

from __future__ import annotations

from typing import Any, Final

from lab.shell.casts import truth
from lab.shell.dotnet.table import MANY, Refused, Table, integer
from lab.shell.scalars import Char
from lab.shell.text import to_text

STRING: Final = Table()
_RANGE: Final = "ArgumentOutOfRangeException"


def _characters(given: tuple[Any, ...]) -> str:
    """Return the characters that arguments mean: a string stands for all of its own."""
    flat = [part for each in given for part in (each if isinstance(each, list) else [each])]
    return "".join(to_text(each) for each in flat)


def _substring(text: str, start: object, length: object = None) -> str:
    at = integer(start)
    if at < 0:
        raise Refused("StartIndex cannot be less than zero.\nParameter name: startIndex", _RANGE)
    if at > len(text):
        raise Refused("startIndex cannot be larger than length of string.\nParameter name: startIndex", _RANGE)
    if length is None:
        return text[at:]
    many = integer(length)
    if many < 0:
        raise Refused("Length cannot be less than zero.\nParameter name: length", _RANGE)
    if at + many > len(text):
        raise Refused("Index and length must refer to a location within the string.\nParameter name: length", _RANGE)
    return text[at : at + many]


def _remove(text: str, start: object, count: object = None) -> str:
    at = integer(start)
    if at < 0:
        raise Refused("StartIndex cannot be less than zero.\nParameter name: startIndex", _RANGE)
    many = len(text) - at if count is None else integer(count)
    if at > len(text) or at + many > len(text):
        raise Refused("Index and count must refer to a location within the string.\nParameter name: count", _RANGE)
    return text[:at] + text[at + many :]


def _insert(text: str, start: object, more: object) -> str:
    at = integer(start)
    if not 0 <= at <= len(text):
        raise Refused("Specified argument was out of the range of valid values.\nParameter name: startIndex", _RANGE)
    return text[:at] + to_text(more) + text[at:]


def _replace(text: str, old: object, new: object) -> str:
    if to_text(old) == "":
        raise Refused("String cannot be of zero length.\nParameter name: oldValue")
    return text.replace(to_text(old), to_text(new))


def _split(text: str, *given: Any) -> list[object]:
    separators, limit, drop = _split_options(given)
    parts: list[str] = [""]
    at = 0
    while at < len(text):
        found = next((each for each in separators if each and text.startswith(each, at)), None)
        if found is None or (limit and len([part for part in parts if part or not drop]) >= limit):
            parts[-1] += text[at]
            at += 1
        else:
            parts.append("")
            at += len(found)
    return [part for part in parts if part or not drop]


def _split_options(given: tuple[Any, ...]) -> tuple[list[str], int, bool]:
    rest = list(given)
    drop, limit = False, 0
    if rest and "removeempty" in to_text(rest[-1]).casefold():
        drop = True
        rest.pop()
    elif rest and to_text(rest[-1]) == "None" and len(rest) > 1:
        rest.pop()
    if len(rest) > 1 and isinstance(rest[-1], int):
        limit = int(rest.pop())
    first = rest[0] if rest else None
    if isinstance(first, list) and any(len(to_text(each)) > 1 for each in first):
        return [to_text(each) for each in first], limit, drop
    characters = _characters(tuple(rest))
    return list(characters) if characters else [" ", "\t", "\n", "\r", "\v", "\f"], limit, drop


def _ignores_case(given: tuple[Any, ...]) -> bool:
    return any("ignorecase" in to_text(each).casefold() or each is True for each in given)


def _starts(text: str, start: object, *how: object) -> bool:
    return (
        text.casefold().startswith(to_text(start).casefold()) if _ignores_case(how) else text.startswith(to_text(start))
    )


def _ends(text: str, end: object, *how: object) -> bool:
    return text.casefold().endswith(to_text(end).casefold()) if _ignores_case(how) else text.endswith(to_text(end))


def _index(text: str, wanted: object, *how: Any) -> int:
    start = integer(how[0]) if how and isinstance(how[0], int) and not isinstance(how[0], bool) else 0
    if start > len(text):
        raise Refused("Index was out of range. Must be non-negative and less than the size of the collection.\n"
                      "Parameter name: startIndex", _RANGE)  # fmt: skip
    if _ignores_case(how):
        return text.casefold().find(to_text(wanted).casefold(), start)
    return text.find(to_text(wanted), start)


def _last_index(text: str, wanted: object, *how: object) -> int:
    return text.casefold().rfind(to_text(wanted).casefold()) if _ignores_case(how) else text.rfind(to_text(wanted))


def _pad(text: str, width: object, by: object, *, left: bool) -> str:
    wide = integer(width)
    if wide < 0:
        raise Refused("Non-negative number required.\nParameter name: totalWidth", _RANGE)
    fill = to_text(by)[:1] or " "
    return text.rjust(wide, fill) if left else text.ljust(wide, fill)


def _compare(text: str, other: object) -> int:
    one, two = text.casefold(), to_text(other).casefold()
    return (one > two) - (one < two)


def _equals(text: str, other: object, *how: object) -> bool:
    if not isinstance(other, str):
        return False
    return text.casefold() == other.casefold() if _ignores_case(how) else text == other


def _trimmed(act: Any) -> Any:
    return lambda text, *given: act(text, _characters(given) or None)


def _chars(text: str, at: object) -> Char:
    index = integer(at)
    if not 0 <= index < len(text):
        raise Refused("Index was outside the bounds of the array.", "IndexOutOfRangeException")
    return Char(text[index])


STRING.prop("Length", len)
STRING.method("ToUpper ToUpperInvariant", lambda text, *_: str(text).upper(), 0, 1)
STRING.method("ToLower ToLowerInvariant", lambda text, *_: str(text).lower(), 0, 1)
STRING.method("Trim", _trimmed(str.strip), 0, MANY)
STRING.method("TrimStart", _trimmed(str.lstrip), 0, MANY)
STRING.method("TrimEnd", _trimmed(str.rstrip), 0, MANY)
STRING.method("Substring", _substring, 1, 2)
STRING.method("Remove", _remove, 1, 2)
STRING.method("Insert", _insert, 2)
STRING.method("Replace", _replace, 2)
STRING.method("Split", _split, 0, MANY)
STRING.method("StartsWith", _starts, 1, 3)
STRING.method("EndsWith", _ends, 1, 3)
STRING.method("Contains", lambda text, wanted: to_text(wanted) in text, 1)
STRING.method("IndexOf", _index, 1, 3)
STRING.method("LastIndexOf", _last_index, 1, 3)
STRING.method(
    "IndexOfAny", lambda text, any_of: min((text.find(c) for c in _characters((any_of,)) if c in text), default=-1), 1
)
STRING.method("PadLeft", lambda text, width, by=" ": _pad(text, width, by, left=True), 1, 2)
STRING.method("PadRight", lambda text, width, by=" ": _pad(text, width, by, left=False), 1, 2)
STRING.method("ToCharArray", lambda text: [Char(each) for each in text])
STRING.method("GetEnumerator", lambda text: [Char(each) for each in text])
STRING.method("CompareTo", _compare, 1)
STRING.method("Equals", _equals, 1, 2)
STRING.method("Clone Normalize ToString", lambda text, *_: str(text), 0, 1)
STRING.method("Chars get_Chars", _chars, 1)

CHARACTER: Final = Table()
"""Static members of System.Char."""

CHARACTER.method("IsDigit IsNumber", lambda char, *_: to_text(char)[:1].isdigit(), 1, 2)
CHARACTER.method("IsLetter", lambda char, *_: to_text(char)[:1].isalpha(), 1, 2)
CHARACTER.method("IsLetterOrDigit", lambda char, *_: to_text(char)[:1].isalnum(), 1, 2)
CHARACTER.method("IsUpper", lambda char, *_: to_text(char)[:1].isupper(), 1, 2)
CHARACTER.method("IsLower", lambda char, *_: to_text(char)[:1].islower(), 1, 2)
CHARACTER.method("IsWhiteSpace", lambda char, *_: to_text(char)[:1].isspace(), 1, 2)
CHARACTER.method(
    "IsPunctuation", lambda char, *_: to_text(char)[:1] in "!\"#%&'()*,-./:;?@[\\]_{}", 1, 2
)  # fmt: skip
CHARACTER.method("ToUpper ToUpperInvariant", lambda char, *_: Char(to_text(char)[:1].upper()), 1, 2)
CHARACTER.method("ToLower ToLowerInvariant", lambda char, *_: Char(to_text(char)[:1].lower()), 1, 2)
CHARACTER.method("ConvertFromUtf32", lambda code: chr(integer(code)) if 0 <= integer(code) < 0x110000 else "", 1)

TEXT: Final = Table()
"""Static members of System.String."""


def _join(separator: object, *parts: object) -> str:
    items = parts[0] if len(parts) == 1 and isinstance(parts[0], list) else parts
    return to_text(separator).join(to_text(each) for each in items)


def _format(form: object, *values: object) -> str:
    from lab.shell.composite import composed

    items = values[0] if len(values) == 1 and isinstance(values[0], list) else list(values)
    return composed(to_text(form), items)


def _compare_static(one: object, two: object, *how: object) -> int:
    left, right = to_text(one), to_text(two)
    if _ignores_case(how):
        left, right = left.casefold(), right.casefold()
    else:
        left, right = f"{left.casefold()}\0{left.swapcase()}", f"{right.casefold()}\0{right.swapcase()}"
    return (left > right) - (left < right)


def _concat(*parts: object) -> str:
    items = parts[0] if len(parts) == 1 and isinstance(parts[0], list) else parts
    return "".join(to_text(each) for each in items)


TEXT.prop("Empty", lambda _: "")
TEXT.method("IsNullOrEmpty", lambda text: to_text(text) == "", 1)
TEXT.method("IsNullOrWhiteSpace", lambda text: to_text(text).strip() == "", 1)
TEXT.method("Join", _join, 1, MANY)
TEXT.method("Format", _format, 1, MANY)
TEXT.method("Concat", _concat, 1, MANY)
TEXT.method("Compare", _compare_static, 2, 4)
TEXT.method("Equals", lambda one, two, *how: _equals(to_text(one), two, *how), 2, 3)
TEXT.method("new", lambda char, count: to_text(char)[:1] * max(integer(count), 0), 2)

BOOLEAN: Final = Table()
"""Static members of System.Boolean."""


def _parse_boolean(text: object) -> bool:
    folded = to_text(text).strip().casefold()
    if folded not in ("true", "false"):
        raise Refused("String was not recognized as a valid Boolean.", "FormatException")
    return truth(folded == "true")


BOOLEAN.prop("TrueString", lambda _: "True")
BOOLEAN.prop("FalseString", lambda _: "False")
BOOLEAN.method("Parse", _parse_boolean, 1)
