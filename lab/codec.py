"""Frozen dataclasses to canonical JSON and back: the save format, and the intent documents.

Decoding is strict: an unknown or missing key, a wrong type or an unknown value is a :class:`CodecError` that names the
place (``hosts[0].switches[1].type``), never a guess. Canonical JSON has sorted keys and no spaces, so that equal values
are equal strings.
"""

from __future__ import annotations

import json
import reprlib
import types
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
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
from typing import Any, Final, TypeVar, Union, get_args, get_origin, get_type_hints

from lab.errors import LabFault

T = TypeVar("T")

_ADDRESSES: Final[Mapping[type, Callable[[str], Any]]] = {
    IPv4Address: ip_address, IPv6Address: ip_address,
    IPv4Interface: ip_interface, IPv6Interface: ip_interface,
    IPv4Network: ip_network, IPv6Network: ip_network,
}  # fmt: skip


class CodecError(LabFault):
    """A document that is not what this version of hvlab writes."""


def dumps(value: object) -> str:
    """Return the canonical JSON of a dataclass."""
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(kind: type[T], text: str | bytes) -> T:
    """Return the `kind` in a JSON text; CodecError if it is not exactly one."""
    try:
        content = json.loads(text, parse_constant=_no_number, object_pairs_hook=_pairs)
    except (ValueError, RecursionError) as error:
        raise CodecError(f"{kind.__name__} is not JSON: {error}") from error
    value: T = _value(kind, content, kind.__name__)
    return value


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a number")


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"the keys {reprlib.repr([key for key, _ in pairs])} are not all different")
    return found


def _plain(value: object) -> object:
    kind: Any = type(value)
    if kind in _AS_THEY_ARE:
        return value
    if names := _names(kind):
        return {name: _plain(getattr(value, name)) for name in names}
    if isinstance(value, tuple | list | frozenset):
        items = [_plain(item) for item in value]
        return sorted(items, key=json.dumps) if isinstance(value, frozenset) else items
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    return value.value if isinstance(value, Enum) else str(value)


_AS_THEY_ARE: Final = frozenset((str, int, float, bool, type(None)))


@cache
def _names(kind: type) -> tuple[str, ...]:
    """Return the names of a dataclass's fields, of another type none."""
    return tuple(field.name for field in fields(kind)) if is_dataclass(kind) else ()


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _value(kind: Any, found: object, path: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _union(get_args(kind), found, path)
    if origin is tuple:
        item = get_args(kind)[0]
        return tuple(_value(item, each, f"{path}[{at}]") for at, each in enumerate(_expect(list, found, path)))
    if origin in (dict, Mapping) or (origin is not None and issubclass(origin, Mapping)):
        item = get_args(kind)[1]
        return {key: _value(item, each, f"{path}.{key}") for key, each in _expect(dict, found, path).items()}
    if is_dataclass(kind):
        return _object(kind, _expect(dict, found, path), path)
    if issubclass(kind, Enum):
        return _member(kind, found, path)
    if kind in _ADDRESSES:
        return _address((kind,), found, path)
    if kind is float and type(found) is int and abs(found) < 2**53:
        return float(found)
    return _expect(kind, found, path)


def _union(kinds: tuple[Any, ...], found: object, path: str) -> Any:
    if found is None and type(None) in kinds:
        return None
    rest = tuple(kind for kind in kinds if kind is not type(None))
    if len(rest) == 1:
        return _value(rest[0], found, path)
    return _address(rest, found, path)


def _address(kinds: tuple[Any, ...], found: object, path: str) -> Any:
    try:
        value = _ADDRESSES[kinds[0]](_expect(str, found, path))
    except ValueError as error:
        raise CodecError(f"{path}: {error}") from error
    if type(value) not in kinds:
        raise CodecError(f"{path} is {reprlib.repr(found)}, expected {' or '.join(kind.__name__ for kind in kinds)}")
    return value


def _member(kind: type[Enum], found: object, path: str) -> Enum:
    try:
        return kind(found)
    except ValueError:
        choices = ", ".join(str(member.value) for member in kind)
        raise CodecError(f"{path} is {reprlib.repr(found)}, expected one of {choices}") from None


def _object(kind: Any, content: dict[str, object], path: str) -> Any:
    hints, names = _hints(kind), _names(kind)
    if set(content) != set(names):
        different = ", ".join(sorted(set(content) ^ set(names)))
        raise CodecError(f"{path} has other keys than expected: {different}")
    return kind(**{name: _value(hints[name], content[name], f"{path}.{name}") for name in names})


def _expect(kind: type[T], found: object, path: str) -> T:
    if type(found) is not kind:
        raise CodecError(f"{path} is {reprlib.repr(found)}, expected {kind.__name__}")
    return found
