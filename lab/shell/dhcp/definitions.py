"""The options of DHCP by name and type: those that Windows Server defines at first (RFC 2132), and those added."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from lab.model.dhcp import ADDRESS_OPTIONS, KEPT_OPTIONS, NUMBER_OPTIONS
from lab.shell.dhcp.mistakes import instance, type_name
from lab.shell.dhcp.server import ServerRef
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

DEFINITION: Final = "DhcpServerv4OptionDefinition"
_ADDRESS, _TEXT, _BINARY = "IPv4Address", "String", "BinaryData"

show(
    type_name(DEFINITION), "table",
    Column("Name", width=30), Column("OptionId", align="left", width=10), Column("Type", width=10),
    Column("VendorClass", width=15), Column("MultiValued", width=11),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Definition:
    """What an option is called, and what its values are."""

    id: int
    name: str
    type: str = _ADDRESS
    multi: bool = False
    description: str = ""

    @property
    def why_not(self) -> str:
        """Why the server of a lab cannot send it; empty if it can."""
        if self.id == LEASE:
            return ""
        if not 0 < self.id < 255 or self.id in KEPT_OPTIONS:
            return "it is the server's own, or the client's, to set"
        fits = {_ADDRESS: ADDRESS_OPTIONS, "Byte": NUMBER_OPTIONS, "Word": NUMBER_OPTIONS, "DWord": NUMBER_OPTIONS}
        some = fits.get(self.type, frozenset())
        if self.type == _TEXT or self.id in some:
            return ""
        numbers = ", ".join(map(str, sorted(some)))
        return f"of type {self.type} only the options {numbers} are sent" if some else f"no {self.type} is sent"


LEASE: Final = 51

STANDARD: Final = {
    each.id: each
    for each in (
        Definition(2, "Time Offset", "DWord"),
        Definition(3, "Router", multi=True),
        Definition(4, "Time Server", multi=True),
        Definition(5, "Name Servers", multi=True),
        Definition(6, "DNS Servers", multi=True),
        Definition(7, "Log Servers", multi=True),
        Definition(8, "Cookie Servers", multi=True),
        Definition(9, "LPR Servers", multi=True),
        Definition(10, "Impress Servers", multi=True),
        Definition(11, "Resource Location Servers", multi=True),
        Definition(12, "Host Name", _TEXT),
        Definition(13, "Boot File Size", "Word"),
        Definition(14, "Merit Dump File", _TEXT),
        Definition(15, "DNS Domain Name", _TEXT),
        Definition(16, "Swap Server"),
        Definition(17, "Root Path", _TEXT),
        Definition(18, "Extensions Path", _TEXT),
        Definition(19, "IP Layer Forwarding", "Byte"),
        Definition(20, "Nonlocal Source Routing", "Byte"),
        Definition(21, "Policy Filter Masks", multi=True),
        Definition(22, "Max DG Reassembly Size", "Word"),
        Definition(23, "Default IP Time-to-live", "Byte"),
        Definition(24, "Path MTU Aging Timeout", "DWord"),
        Definition(25, "Path MTU Plateau Table", "Word", multi=True),
        Definition(26, "MTU Option", "Word"),
        Definition(27, "All subnets are local", "Byte"),
        Definition(28, "Broadcast Address"),
        Definition(29, "Perform Mask Discovery", "Byte"),
        Definition(30, "Mask Supplier Option", "Byte"),
        Definition(31, "Perform Router Discovery", "Byte"),
        Definition(32, "Router Solicitation Address"),
        Definition(33, "Static Route Option", multi=True),
        Definition(34, "Trailer Encapsulation", "Byte"),
        Definition(35, "ARP Cache Timeout", "DWord"),
        Definition(36, "Ethernet Encapsulation", "Byte"),
        Definition(37, "TCP Default Time-to-live", "Byte"),
        Definition(38, "Keepalive Interval", "DWord"),
        Definition(39, "Keepalive Garbage", "Byte"),
        Definition(40, "NIS Domain Name", _TEXT),
        Definition(41, "NIS Servers", multi=True),
        Definition(42, "NTP Servers", multi=True),
        Definition(43, "Vendor Specific Info", _BINARY),
        Definition(44, "WINS/NBNS Servers", multi=True),
        Definition(45, "NetBIOS over TCP/IP NBDD", multi=True),
        Definition(46, "WINS/NBT Node Type", "Byte"),
        Definition(47, "NetBIOS Scope ID", _TEXT),
        Definition(48, "X Window System Font", multi=True),
        Definition(49, "X Window System Display", multi=True),
        Definition(LEASE, "Lease", "DWord"),
        Definition(58, "Renewal (T1) Time Value", "DWord"),
        Definition(59, "Rebinding (T2) Time Value", "DWord"),
        Definition(64, "NIS+ Domain Name", _TEXT),
        Definition(65, "NIS+ Servers", multi=True),
        Definition(66, "Boot Server Host Name", _TEXT),
        Definition(67, "Bootfile Name", _TEXT),
        Definition(68, "Mobile IP Home Agents", multi=True),
        Definition(69, "Simple Mail Transport Protocol (SMTP) Servers", multi=True),
        Definition(70, "Post Office Protocol (POP3) Servers", multi=True),
        Definition(71, "Network News Transport Protocol (NNTP) Servers", multi=True),
        Definition(72, "World Wide Web (WWW) Servers", multi=True),
        Definition(73, "Finger Servers", multi=True),
        Definition(74, "Internet Relay Chat (IRC) Servers", multi=True),
        Definition(75, "StreetTalk Servers", multi=True),
        Definition(76, "StreetTalk Directory Assistance (STDA) Servers", multi=True),
        Definition(121, "Classless Static Routes", _BINARY),
    )
}
_KNOWN: Final = {60: "Vendor class identifier", 252: "WPAD"}
"""What a topology can set and Windows does not define at first."""


def definitions(ref: ServerRef) -> dict[int, Definition]:
    """Return the definitions that a server has, by number: also of what the lab's description sets."""
    found = dict(STANDARD)
    for option_id in _used(ref):
        found.setdefault(option_id, Definition(option_id, _KNOWN.get(option_id, f"Option {option_id}"), _TEXT))
    for key, value in ref.kept(DEFINITION, "").items():
        found[int(key)] = _added(int(key), value)
    return dict(sorted(found.items()))


def _used(ref: ServerRef) -> Iterator[int]:
    """Yield the numbers of all options that a server has set anywhere."""
    holders: list[Any] = [ref.model, *ref.model.policies]
    for scope in ref.scopes:
        holders += [scope, *scope.policies, *scope.reservations]
    for holder in holders:
        yield from (option.id for option in holder.options)


def _added(option_id: int, value: Any) -> Definition:
    return Definition(option_id, value["Name"], value["Type"], value["MultiValued"], value["Description"])


def definition_object(definition: Definition) -> PSObject:
    """Return the definition of an option as the cmdlets output it."""
    return instance(
        DEFINITION,
        {
            "OptionId": definition.id,
            "Name": definition.name,
            "Description": definition.description,
            "VendorClass": "",
            "MultiValued": definition.multi,
            "Type": definition.type,
            "DefaultValue": [],
        },
    )
