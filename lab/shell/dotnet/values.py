"""What addresses, identifiers, versions, types, patterns and script blocks have."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final
from uuid import UUID

from lab.shell.casts import convert
from lab.shell.composite import formatted
from lab.shell.dotnet.table import MANY, Refused, Table, integer
from lab.shell.enumerations import enumeration, is_enumeration
from lab.shell.objects import PSObject, TypeValue, Version
from lab.shell.patterns import expanded, pattern
from lab.shell.scalars import Byte, NamedList, UInt32
from lab.shell.text import to_text
from lab.shell.type_names import bases, is_a

Address = IPv4Address | IPv6Address

ADDRESS: Final = Table()
GUID: Final = Table()
VERSION: Final = Table()
TYPE: Final = Table()
PATTERN: Final = Table()
NUMBER: Final = Table()


def _number_text(value: Any, form: object = "", *_: object) -> str:
    try:
        return formatted(value, form) if isinstance(form, str) else to_text(value)
    except ValueError as error:
        raise Refused(str(error), "FormatException") from None


NUMBER.method("ToString", _number_text, 0, 2)

ADDRESS.prop("IPAddressToString", str)
ADDRESS.prop(
    "AddressFamily", lambda address: list(enumeration("System.Net.Sockets.AddressFamily"))[address.version == 6]
)
ADDRESS.prop(
    "Address", lambda address: UInt32(int.from_bytes(address.packed, "little")) if address.version == 4 else None
)
ADDRESS.prop("ScopeId", lambda address: None if address.version == 4 else int(address.scope_id or 0))
ADDRESS.prop("IsIPv6LinkLocal", lambda address: address.version == 6 and address.is_link_local)
ADDRESS.prop("IsIPv6Multicast", lambda address: address.version == 6 and address.is_multicast)
ADDRESS.method("GetAddressBytes", lambda address: [Byte(each) for each in address.packed])
ADDRESS.method("MapToIPv6", lambda address: IPv6Address(f"::ffff:{address}") if address.version == 4 else address)

GUID.prop("Guid", str)
GUID.method("ToString", _number_text, 0, 2)
GUID.method("ToByteArray", lambda value: [Byte(each) for each in value.bytes_le])


def _version_part(at: int) -> Any:
    return lambda version: version.parts[at] if at < len(version.parts) else -1


for _at, _name in enumerate(("Major", "Minor", "Build", "Revision")):
    VERSION.prop(_name, _version_part(_at))


def _version_text(version: Version, count: object = None) -> str:
    many = len(version.parts) if count is None else integer(count)
    if not 0 <= many <= len(version.parts):
        raise Refused("Argument must be between 0 and 4.\nParameter name: fieldCount")
    return ".".join(map(str, version.parts[:many]))


VERSION.method("ToString", _version_text, 0, 1)
VERSION.method("CompareTo", lambda one, other: (one > convert(other, "version")) - (one < convert(other, "version")), 1)


# Types


def _short(kind: TypeValue) -> str:
    return kind.name.rpartition(".")[2]


TYPE.prop("Name", _short)
TYPE.prop("FullName", lambda kind: kind.name)
TYPE.prop("Namespace", lambda kind: kind.name.rpartition(".")[0])
TYPE.prop("IsArray", lambda kind: kind.name.endswith("[]"))
TYPE.prop("IsEnum", lambda kind: is_enumeration(kind.name))
TYPE.prop("IsPublic", lambda _: True)
TYPE.prop("IsSerial", lambda _: True)
TYPE.prop("BaseType", lambda kind: _base(kind.name))
TYPE.method("ToString", lambda kind: kind.name)
TYPE.method(
    "GetEnumNames", lambda kind: [each.value for each in enumeration(kind.name)] if is_enumeration(kind.name) else []
)
TYPE.method("IsInstanceOfType", lambda kind, value: is_a(value, kind.name), 1)
TYPE.method("GetElementType", lambda kind: TypeValue(kind.name[:-2]) if kind.name.endswith("[]") else None)

_VALUES: Final = ("Boolean", "Char", "Int16", "Int32", "Int64", "UInt16", "UInt32", "UInt64", "Byte", "SByte", "Double",
                  "Single", "Decimal", "DateTime", "TimeSpan", "Guid")  # fmt: skip


def _base(name: str) -> TypeValue | None:
    if name == "System.Object":
        return None
    if name.endswith("[]"):
        return TypeValue("System.Array")
    if name.removeprefix("System.") in _VALUES:
        return TypeValue("System.ValueType")
    if is_enumeration(name):
        return TypeValue("System.Enum")
    above = bases(name)
    return TypeValue(above[1]) if name.endswith("Exception") else TypeValue("System.Object")


# Regular expressions


def match_object(found: re.Match[str] | None) -> PSObject:
    """Return a match (System.Text.RegularExpressions.Match); without one, an object whose Success is false."""
    kind = ("System.Text.RegularExpressions.Match", "System.Text.RegularExpressions.Group")
    if found is None:
        empty = {
            "Groups": NamedList(),
            "Success": False,
            "Name": "0",
            "Captures": [],
            "Index": 0,
            "Length": 0,
            "Value": "",
        }
        return PSObject(kind, empty, text="")
    count = len(found.groups()) + 1
    names = {at: name for name, at in found.re.groupindex.items()}
    groups = [_group(found, at, names.get(at, str(at))) for at in range(count)]
    properties = {
        "Groups": NamedList(groups, [names.get(at, at) for at in range(count)]), "Success": True, "Name": "0",
        "Captures": [], "Index": found.start(), "Length": len(found[0]), "Value": found[0],
    }  # fmt: skip
    return PSObject(
        kind, properties, methods={"Result": lambda by: expanded(to_text(by), found)}, text=found[0]
    )  # fmt: skip


def _group(found: re.Match[str], at: int, name: str) -> PSObject:
    value = found[at]
    properties = {
        "Success": value is not None, "Name": name, "Index": max(found.start(at), 0), "Length": len(value or ""),
        "Value": value or "",
    }  # fmt: skip
    return PSObject("System.Text.RegularExpressions.Group", properties, text=value or "")


def _replaced(regex: re.Pattern[str], text: object, by: object, count: object = 0) -> str:
    if not isinstance(by, str):
        by = to_text(by)
    form = by
    return regex.sub(lambda found: expanded(form, found), to_text(text), count=max(integer(count), 0))


def _split(regex: re.Pattern[str], text: object) -> list[object]:
    return [part for part in regex.split(to_text(text)) if part is not None]


PATTERN.method("IsMatch", lambda regex, text, *_: regex.search(to_text(text)) is not None, 1, 2)
PATTERN.method("Match", lambda regex, text, *_: match_object(regex.search(to_text(text))), 1, 2)
PATTERN.method("Matches", lambda regex, text, *_: [match_object(each) for each in regex.finditer(to_text(text))], 1, 2)
PATTERN.method("Replace", _replaced, 2, 3)
PATTERN.method("Split", _split, 1)
PATTERN.method("ToString", lambda regex: regex.pattern)

PATTERNS: Final = Table()
"""Static members of Regex: there capitals count unless an option says otherwise."""


def _regex(source: object, options: tuple[object, ...] = ()) -> re.Pattern[str]:
    text = " ".join(to_text(each) for each in options).casefold()
    flags = (re.MULTILINE if "multiline" in text else 0) | (re.DOTALL if "singleline" in text else 0)
    return pattern(to_text(source), case="ignorecase" not in text, flags=flags)


def _static(name: str, fixed: int) -> Any:
    call = PATTERN.methods[name.casefold()][0]
    return lambda text, source, *rest: call(_regex(source, rest[fixed:]), text, *rest[:fixed])


PATTERNS.method("IsMatch", _static("IsMatch", 0), 2, 3)
PATTERNS.method("Match", _static("Match", 0), 2, 3)
PATTERNS.method("Matches", _static("Matches", 0), 2, 3)
PATTERNS.method("Replace", _static("Replace", 1), 3, 4)
PATTERNS.method("Split", _static("Split", 0), 2, 3)
PATTERNS.method("Escape", lambda text: re.sub(r"[\\*+?|{\[()^$.#\s]", lambda each: f"\\{each[0]}", to_text(text)), 1)
PATTERNS.method("Unescape", lambda text: re.sub(r"\\(.)", r"\1", to_text(text)), 1)
PATTERNS.method("new", lambda source, *options: _regex(source, options), 1, 2)

ADDRESSES: Final = Table()
"""Static members of IPAddress."""


def _parse_address(text: object) -> object:
    from lab.shell.errors import NotConverted

    try:
        return convert(to_text(text), "ipaddress")
    except NotConverted:
        raise Refused("An invalid IP address was specified.", "FormatException") from None


def _new_address(value: object) -> object:
    if isinstance(value, list):
        data = bytes(integer(each) & 255 for each in value)
        if len(data) not in (4, 16):
            raise Refused("An invalid IP address was specified.\nParameter name: address")
        return IPv4Address(data) if len(data) == 4 else IPv6Address(data)
    return convert(value, "ipaddress")


for _name, _address in (
    ("Any", "0.0.0.0"), ("Loopback", "127.0.0.1"), ("Broadcast", "255.255.255.255"), ("None", "255.255.255.255"),
    ("IPv6Any", "::"), ("IPv6Loopback", "::1"), ("IPv6None", "::"),
):  # fmt: skip
    ADDRESSES.prop(_name, lambda _, text=_address: convert(text, "ipaddress"))  # type: ignore[misc]
ADDRESSES.method("Parse", _parse_address, 1)
ADDRESSES.method("IsLoopback", lambda address: convert(address, "ipaddress").is_loopback, 1)  # type: ignore[attr-defined]
ADDRESSES.method("new", _new_address, 1)


def _swapped(number: object) -> int:
    return int.from_bytes(integer(number).to_bytes(4, "little", signed=True), "big", signed=True)


ADDRESSES.method("HostToNetworkOrder NetworkToHostOrder", _swapped, 1)

GUIDS: Final = Table()
"""Static members of Guid."""


def _parse_guid(text: object) -> UUID:
    try:
        return UUID(to_text(text))
    except ValueError:
        raise Refused("Unrecognized Guid format.", "FormatException") from None


def _new_guid() -> UUID:
    from uuid import uuid4

    return uuid4()


GUIDS.prop("Empty", lambda _: UUID(int=0))
GUIDS.method("NewGuid", _new_guid)
GUIDS.method("Parse", _parse_guid, 1)
GUIDS.method("new", lambda *text: _parse_guid(text[0]) if text else UUID(int=0), 0, 1)

VERSIONS: Final = Table()
"""Static members of Version."""

VERSIONS.method("Parse", lambda text: convert(to_text(text), "version"), 1)
VERSIONS.method(
    "new", lambda *given: convert(given[0], "version") if len(given) == 1 else Version(tuple(map(integer, given))), 1, 4
)

ENUMERATIONS: Final = Table()
"""Static members of Enum."""


def _enumeration_of(kind: object) -> str:
    found = convert(kind, "type")
    if not isinstance(found, TypeValue) or not is_enumeration(found.name):
        raise Refused("Type provided must be an Enum.\nParameter name: enumType")
    return found.name


def _enumerated(kind: object) -> list[object]:
    return list(enumeration(_enumeration_of(kind)))


def _parsed_name(kind: object, name: object, *_: object) -> object:
    return convert(name, _enumeration_of(kind))


ENUMERATIONS.method("GetNames", lambda kind: [to_text(each) for each in _enumerated(kind)], 1)
ENUMERATIONS.method("GetValues", _enumerated, 1)
ENUMERATIONS.method("IsDefined", lambda kind, name: to_text(name) in [to_text(each) for each in _enumerated(kind)], 2)
ENUMERATIONS.method("Parse", _parsed_name, 2, MANY)
