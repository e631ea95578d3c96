"""What Out-Default makes of values that are no objects with properties of their own: text, or an object to show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from uuid import UUID

from lab.shell.dotnet.moments import MOMENT
from lab.shell.error_text import render
from lab.shell.errors import ErrorRecord
from lab.shell.formatting.cells import long_date
from lab.shell.objects import Hashtable, PSObject, TypeValue, Version
from lab.shell.text import to_text
from lab.shell.views import Column, show

_DAY = timedelta(days=1)
_UNITS = (
    ("TotalDays", 86_400_000_000),
    ("TotalHours", 3_600_000_000),
    ("TotalMinutes", 60_000_000),
    ("TotalSeconds", 1_000_000),
    ("TotalMilliseconds", 1_000),
)

show("System.Collections.DictionaryEntry", "table", Column("Name", width=30), Column("Value"))
show(
    "System.Version", "table",
    Column("Major", width=6), Column("Minor", width=6),
    Column("Build", width=6), Column("Revision", width=8),
)  # fmt: skip
show(
    "System.RuntimeType", "table",
    Column("IsPublic", width=8), Column("IsSerial", width=8), Column("Name", width=40), Column("BaseType"),
)  # fmt: skip


def presented(value: object) -> Iterator[PSObject | str]:
    """Yield what is shown of a value: its entries or elements, itself, or its text; of null nothing."""
    match value:
        case None:
            return
        case PSObject():
            yield render(value.source) if isinstance(value.source, ErrorRecord) else value
        case Hashtable():
            for key, each in value.items():
                yield PSObject("System.Collections.DictionaryEntry", {"Name": key, "Key": key, "Value": each})
        case list() | tuple():
            for each in value:
                yield each if isinstance(each, PSObject) else _single(each)
        case _:
            yield _single(value)


def _single(value: object) -> PSObject | str:
    match value:
        case datetime():
            about = {
                name: MOMENT.properties[name.casefold()](value) for name in sorted(MOMENT.names) if name != "DateTime"
            }
            return PSObject("System.DateTime", {**about, "DateTime": long_date(value)}, source=value)
        case timedelta():
            return PSObject("System.TimeSpan", _span(value))
        case UUID():
            return PSObject("System.Guid", {"Guid": str(value)})
        case Version():
            parts = (*value.parts, -1, -1)[:4]
            return PSObject("System.Version", zip(("Major", "Minor", "Build", "Revision"), parts, strict=True))
        case IPv4Address() | IPv6Address():
            return PSObject("System.Net.IPAddress", _address(value))
        case TypeValue():
            about = {
                "IsPublic": True,
                "IsSerial": True,
                "Name": value.name.rpartition(".")[2],
                "BaseType": _base(value),
            }
            return PSObject("System.RuntimeType", about)
    return to_text(value)


def _address(value: IPv4Address | IPv6Address) -> dict[str, object]:
    four = value if isinstance(value, IPv4Address) else None
    six = value if isinstance(value, IPv6Address) else None
    return {
        "Address": int.from_bytes(value.packed, "little") if four else None,
        "AddressFamily": "InterNetwork" if four else "InterNetworkV6",
        "ScopeId": int(six.scope_id or 0) if six else None,
        "IsIPv6Multicast": bool(six and six.is_multicast),
        "IsIPv6LinkLocal": bool(six and six.is_link_local),
        "IsIPv6SiteLocal": bool(six and six.is_site_local),
        "IsIPv6Teredo": bool(six and six.teredo),
        "IsIPv4MappedToIPv6": bool(six and six.ipv4_mapped),
        "IPAddressToString": str(value),
    }


def _base(kind: TypeValue) -> str:
    if kind.name.endswith("[]"):
        return "System.Array"
    values = ("Boolean", "Char", "Byte", "SByte", "Double", "Single", "Decimal", "DateTime", "TimeSpan", "Guid")
    is_value = "Int" in kind.name.rpartition(".")[2] or kind.name.removeprefix("System.") in values
    return "System.ValueType" if is_value else "System.Object"


def _span(value: timedelta) -> dict[str, object]:
    """Return the properties of a TimeSpan. All parts of a negative one are negative."""
    total = value // timedelta(microseconds=1)
    sign, rest = (-1 if total < 0 else 1), abs(total)
    return {
        "Days": sign * (rest // 86_400_000_000),
        "Hours": sign * (rest // 3_600_000_000 % 24),
        "Minutes": sign * (rest // 60_000_000 % 60),
        "Seconds": sign * (rest // 1_000_000 % 60),
        "Milliseconds": sign * (rest // 1_000 % 1_000),
        "Ticks": total * 10,
        **{name: total / size for name, size in _UNITS},
    }
