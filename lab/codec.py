"""Frozen dataclasses to canonical JSON and back: the save format, and the intent documents.

A field that has its default is left out, except ``version``: most settings of most adapters have theirs. Otherwise
decoding is strict: an unknown or missing key, a wrong type or an unknown value is a :class:`CodecError` that names the
place (``hosts[0].switches[1].type``), never a guess. Canonical JSON has sorted keys and no spaces, so that equal values
are equal strings.
"""

from __future__ import annotations

import json
import reprlib
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import Enum
from functools import cache
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
    ip_address,
    ip_interface,
    ip_network,
)
from operator import attrgetter
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from lab.errors import LabFault

T = TypeVar("T")

_ADDRESSES: Final[Mapping[type, Callable[[str], Any]]] = {
    IPv4Address: ip_address, IPv6Address: ip_address,
    IPv4Interface: ip_interface, IPv6Interface: ip_interface,
    IPv4Network: ip_network, IPv6Network: ip_network,
}  # fmt: skip


_ALWAYS: Final = "version"
"""The field that is written even if it has its default: what it says is read before anything else is."""

_kind: Final[Callable[[object], Any]] = type
_Write = Callable[[Any], Any]
_Read = Callable[[object], Any]
"""Turns a part of a JSON document into a value; :class:`_Misfit` if it cannot."""


class CodecError(LabFault):
    """A document that is not what this version of hvlab writes."""


class _Misfit(Exception):
    """What is wrong with a part of a document, to be read after its place, which grows on the way out."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.place = ""

    def within(self, place: str) -> _Misfit:
        self.place = place + self.place
        return self


def dumps(value: object) -> str:
    """Return the canonical JSON of a dataclass."""
    plain = _writer(_kind(value))(value)
    return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(kind: type[T], text: str | bytes) -> T:
    """Return the `kind` in a JSON text; CodecError if it is not exactly one."""
    try:
        content = json.loads(text, parse_constant=_no_number, object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"{kind.__name__} is not JSON: {error}") from error
    anything: Any = kind
    try:
        value: T = _reader(anything)(content)
    except _Misfit as misfit:
        raise CodecError(f"{kind.__name__}{misfit.place}{misfit}") from misfit.__cause__
    return value


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"the keys {reprlib.repr([key for key, _ in pairs])} are not all different")
    return found


@cache
def _writer(kind: Any) -> _Write:
    """Return what makes JSON's plain values of the values of a type."""
    if kind in _AS_THEY_ARE:
        return _itself
    if known := _defaults(kind):
        return lambda value: _written(value, known)
    if issubclass(kind, frozenset):
        return lambda value: sorted(_items(value), key=json.dumps)
    if issubclass(kind, tuple | list):
        return _items
    if issubclass(kind, Mapping):
        return lambda value: {str(key): _writer(_kind(item))(item) for key, item in value.items()}
    return attrgetter("value") if issubclass(kind, Enum) else str


def _itself(value: Any) -> Any:
    return value


def _items(value: Any) -> list[Any]:
    return [_writer(_kind(item))(item) for item in value]


def _written(value: Any, known: tuple[tuple[str, object], ...]) -> dict[str, Any]:
    content = {}
    for name, default in known:
        part = getattr(value, name)
        if part is not default and part != default:
            content[name] = _writer(_kind(part))(part)
    return content


_AS_THEY_ARE: Final = frozenset((str, int, float, bool, type(None)))


@cache
def _defaults(kind: type) -> tuple[tuple[str, object], ...]:
    """Return the name of each field of a dataclass and the value that is not written; of another type nothing."""
    found = fields(kind) if is_dataclass(kind) else ()
    return tuple((field.name, MISSING if field.name == _ALWAYS else _default(field)) for field in found)


def _default(field: Field[Any]) -> object:
    """Return the value that a field has if nobody gives it one; MISSING if somebody must."""
    return field.default if field.default_factory is MISSING else field.default_factory()


@cache
def _reader(kind: Any) -> _Read:
    """Return what reads a type."""
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_union(get_args(kind))
    if origin is tuple:
        return _read_tuple(_reader(get_args(kind)[0]))
    if origin in (dict, Mapping) or (origin is not None and issubclass(origin, Mapping)):
        return _read_mapping(_reader(get_args(kind)[1]))
    if is_dataclass(kind):
        return _read_object(kind)
    if issubclass(kind, Enum):
        return _read_member(kind)
    if kind in _ADDRESSES:
        return _read_address((kind,))
    return _read_float if kind is float else _read_exactly(kind)


def _read_union(kinds: tuple[Any, ...]) -> _Read:
    rest = tuple(kind for kind in kinds if kind is not type(None))
    read = _reader(rest[0]) if len(rest) == 1 else _read_address(rest)
    return (lambda found: None if found is None else read(found)) if type(None) in kinds else read


def _read_tuple(read: _Read) -> _Read:
    def reader(found: object) -> tuple[Any, ...]:
        items = []
        for item in _expect(list, found):
            try:
                items.append(read(item))
            except _Misfit as misfit:
                raise misfit.within(f"[{len(items)}]") from misfit.__cause__
        return tuple(items)

    return reader


def _read_mapping(read: _Read) -> _Read:
    return lambda found: _read_items(_expect(dict, found), lambda key: read)


def _read_object(kind: Any) -> _Read:
    hints = get_type_hints(kind)
    readers = {field.name: _reader(hints[field.name]) for field in fields(kind)}
    needed = {field.name for field in fields(kind) if _default(field) is MISSING or field.name == _ALWAYS}

    def reader(found: object) -> Any:
        content = _expect(dict, found)
        different = sorted((content.keys() - readers.keys()) | (needed - content.keys()))
        if different:
            raise _Misfit(f" has other keys than expected: {', '.join(different)}")
        return kind(**_read_items(content, readers.__getitem__))

    return reader


def _read_items(content: dict[str, object], reader_of: Callable[[str], _Read]) -> dict[str, Any]:
    values = {}
    for key, found in content.items():
        try:
            values[key] = reader_of(key)(found)
        except _Misfit as misfit:
            raise misfit.within(f".{key}") from misfit.__cause__
    return values


def _read_member(kind: type[Enum]) -> _Read:
    def reader(found: object) -> Enum:
        try:
            return kind(found)
        except ValueError:
            choices = ", ".join(str(member.value) for member in kind)
            raise _Misfit(f" is {reprlib.repr(found)}, expected one of {choices}") from None

    return reader


def _read_address(kinds: tuple[Any, ...]) -> _Read:
    def reader(found: object) -> Any:
        try:
            value = _ADDRESSES[kinds[0]](_expect(str, found))
        except ValueError as error:
            raise _Misfit(f": {error}") from error
        if type(value) not in kinds:
            raise _Misfit(f" is {reprlib.repr(found)}, expected {' or '.join(kind.__name__ for kind in kinds)}")
        return value

    return reader


def _read_float(found: object) -> float:
    return float(found) if type(found) is int and abs(found) < 2**53 else _expect(float, found)


def _read_exactly(kind: type) -> _Read:
    return lambda found: _expect(kind, found)


def _expect(kind: type[T], found: object) -> T:
    if type(found) is not kind:
        raise _Misfit(f" is {reprlib.repr(found)}, expected {kind.__name__}")
    return found
