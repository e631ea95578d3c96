"""Objects as JSON and back: ConvertTo-Json and ConvertFrom-Json, with the indentation of Windows PowerShell 5.1."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from lab.shell.calculated import names_of, property_of
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.files import NEWLINE
from lab.shell.incoming import incoming
from lab.shell.objects import Hashtable, PSObject, Version
from lab.shell.text import double_text, to_text

_MODULE = "Microsoft.PowerShell.Utility"
_ESCAPES: Final = {
    '"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t",
    "'": "\\u0027", "<": "\\u003c", ">": "\\u003e", "&": "\\u0026",
}  # fmt: skip
_SPECIAL: Final = re.compile("[\"\\\\'<>&\u0000-\u001f\u0085\u2028\u2029]")
_MOMENT: Final = re.compile(r"/Date\((-?\d+)\)/")
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

Tree = str | list["Tree"] | dict[str, "Tree"]
"""What is to be written: the text of a plain value, a list, or names and what they have."""


@command(
    "ConvertTo-Json",
    _MODULE,
    "Converts an object to a JSON-formatted string.",
    (
        Parameter("InputObject", "Object", position=0, pipe="V", help="The objects to convert."),
        Parameter("Depth", "Int32", minimum=1, maximum=100, default=2,
                  help="How deep objects in objects are converted; what is deeper becomes a string."),
        Parameter("Compress", "Switch", help="Leaves out blanks and line ends."),
    ),
    stream=True,
    output="String",
    examples=(Example("Get-VM | Select-Object Name, State | ConvertTo-Json", "Returns the VMs as JSON."),),
)  # fmt: skip
def convertto_json(call: Call) -> Iterator[object]:
    """Output one string for all objects: of several an array."""
    items = list(incoming(call))
    if not items:
        return
    tree = _tree(items[0] if len(items) == 1 else items, call.get("Depth"), 0)
    yield _compressed(tree) if call.is_on("Compress") else "".join(_indented(tree, 0))


def _tree(value: object, depth: int, level: int) -> Tree:
    if (plain := _plain(value)) is not None:
        return plain
    if level > depth:
        return _quoted(to_text(value))
    if isinstance(value, list | tuple):
        return [_tree(each, depth, level + 1) for each in value]
    return {name: _tree(each, depth, level + 1) for name, each in _members(value).items()}


def _plain(value: object) -> str | None:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case Enum() | str():
            return _quoted(to_text(value))
        case int() | Decimal():
            return to_text(value)
        case float():
            return double_text(value, 17) if float(double_text(value)) != value else double_text(value)
        case datetime():
            moment = value if value.tzinfo else value.astimezone()
            return f'"\\/Date({(moment - _EPOCH) // timedelta(milliseconds=1)})\\/"'
        case list() | tuple() | Hashtable() | PSObject() | timedelta() | Version() | IPv4Address() | IPv6Address():
            return None
    return _quoted(to_text(value))


def _members(value: object) -> Mapping[str, object]:
    if isinstance(value, Hashtable):
        return {to_text(key): each for key, each in value.items()}
    return {name: property_of(value, name) for name in names_of(value)}


def _quoted(text: str) -> str:
    return '"' + _SPECIAL.sub(lambda found: _ESCAPES.get(found[0], f"\\u{ord(found[0]):04x}"), text) + '"'


def _compressed(tree: Tree) -> str:
    if isinstance(tree, str):
        return tree
    if isinstance(tree, list):
        return f"[{','.join(_compressed(each) for each in tree)}]"
    return "{" + ",".join(f"{_quoted(name)}:{_compressed(each)}" for name, each in tree.items()) + "}"


def _indented(tree: Tree, column: int) -> Iterator[str]:
    """Yield pieces of text; what is in brackets is indented from where the opening one stands."""
    if isinstance(tree, str):
        yield tree
        return
    inside = " " * (column + 4)
    names = list(tree) if isinstance(tree, dict) else [None] * len(tree)
    yield "{" if isinstance(tree, dict) else "["
    yield NEWLINE
    for at, (name, each) in enumerate(zip(names, tree.values() if isinstance(tree, dict) else tree, strict=True)):
        head = "" if name is None else f"{_quoted(name)}:  "
        yield ("," + NEWLINE if at else "") + inside + head
        yield from _indented(each, column + 4 + len(head))
    yield NEWLINE + " " * column + ("}" if isinstance(tree, dict) else "]")


@command(
    "ConvertFrom-Json",
    _MODULE,
    "Converts a JSON-formatted string to a custom object.",
    (Parameter("InputObject", position=0, pipe="V", help="The JSON text."),),
    stream=True,
    examples=(Example("Get-Content lab.json -Raw | ConvertFrom-Json", "Reads a file of JSON."),),
)
def convertfrom_json(call: Call) -> Iterator[object]:
    """Output what a text means; an array is one object."""
    texts = [to_text(item) for item in incoming(call)]
    if len(texts) > 1 and _is_json(texts[0]):
        yield from (_parsed(text) for text in texts)
    elif any(text.strip() for text in texts):
        yield _parsed("\n".join(texts))


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _parsed(text: str) -> object:
    try:
        return _value(json.loads(text, parse_float=Decimal, object_pairs_hook=_pairs))
    except (ValueError, RecursionError):
        word = re.match(r"\s*([^\s,:\[\]{}\"]*)", text)
        raise ShellError(
            ErrorRecord(
                f"Invalid JSON primitive: {word[1] if word and word[1] else text.strip()}.", "NotSpecified",
                "System.ArgumentException", "System.ArgumentException",
            )
        ) from None  # fmt: skip


class _Pairs(list[tuple[str, object]]):
    """The members of an object, which are no array."""


def _pairs(pairs: list[tuple[str, object]]) -> _Pairs:
    return _Pairs(pairs)


def _value(found: object) -> object:
    if isinstance(found, _Pairs):
        return PSObject(properties=[(name, _value(each)) for name, each in found])
    if isinstance(found, list):
        return [_value(each) for each in found]
    if isinstance(found, str) and (moment := _MOMENT.fullmatch(found)):
        return (_EPOCH + timedelta(milliseconds=int(moment[1]))).replace(tzinfo=None)
    return found
