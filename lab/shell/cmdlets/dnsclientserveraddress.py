"""The DNS servers that interfaces are told to ask: Get- and Set-DnsClientServerAddress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.net.addresses import LOOPBACK, LOOPBACK_INDEX
from lab.shell.net.cim import full_name, refused, type_names
from lab.shell.net.dns import DNS, servers_of
from lab.shell.net.edits import recorded
from lab.shell.net.filters import ALIAS_AND_INDEX, FAMILIES, OBJECT_SET, PASSTHRU, QUERY, chosen
from lab.shell.net.interfaces import InterfaceRef, NetInterface, interfaces_of
from lab.shell.net.targets import listed
from lab.shell.objects import PSObject
from lab.shell.recording import accepted
from lab.shell.recording import recorded as say_recorded
from lab.shell.views import Column, show

_CLASS: Final = "MSFT_DNSClientServerAddress"
_CODES: Final = {"IPv4": 2, "IPv6": 23}

show(
    full_name(_CLASS), "table",
    Column("InterfaceAlias", width=28), Column("Interface Index", "InterfaceIndex", align="right", width=9),
    Column("Address Family", "AddressFamilyText", width=7), Column("ServerAddresses", "ServerAddresses"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Servers:
    """The servers of an interface, of one version of IP."""

    family: str
    on: NetInterface | None
    interface: InterfaceRef | None

    @property
    def servers(self) -> list[str]:
        """What they are: of a lease only a running lab knows that."""
        return servers_of(self.interface, self.on, self.family) if self.interface and self.on else []

    @property
    def alias(self) -> str:
        return self.on.alias if self.on else LOOPBACK

    @property
    def index(self) -> int:
        return self.on.index if self.on else LOOPBACK_INDEX


_PROPERTIES: Final[dict[str, Callable[[_Servers], Any]]] = {
    "InterfaceAlias": lambda each: each.alias,
    "InterfaceIndex": lambda each: each.index,
    "AddressFamily": lambda each: each.family,
}


@command(
    "Get-DnsClientServerAddress",
    "DnsClient",
    "Gets DNS server IP addresses from the TCP/IP properties on an interface.",
    (
        Parameter("InterfaceAlias", "String[]", position=0, aliases=("ifAlias",), pipe="P", wildcards=True,
                  complete="interface", help="The name of the interface."),
        *ALIAS_AND_INDEX[1:],
    ),
    default_set=QUERY,
    output="MSFT_DNSClientServerAddress",
    guest=True,
    examples=(Example("Get-DnsClientServerAddress -AddressFamily IPv4", "Shows the DNS servers of all interfaces."),),
)  # fmt: skip
def get_dnsclientserveraddress(call: Call) -> Iterator[object]:
    """Output the DNS servers of the machine's interfaces: those that are set, else those of their leases."""
    for each in chosen(call, _CLASS, _all(call), _PROPERTIES):
        yield _object(each)


def _all(call: Call) -> list[_Servers]:
    found = []
    for interface in interfaces_of(call.place, call.machine):
        if interface.has_ip:
            ref = interface.at(call.place, call.machine)
            found += [_Servers(family, interface, ref) for family in FAMILIES]
    return [*found, *(_Servers(family, None, None) for family in FAMILIES)]


def _object(each: _Servers) -> PSObject:
    return PSObject(
        type_names(_CLASS),
        {
            "InterfaceAlias": each.alias,
            "InterfaceIndex": each.index,
            "AddressFamily": _CODES[each.family],
            "AddressFamilyText": each.family,
            "ServerAddresses": each.servers,
            "Address": each.servers,
            "ElementName": each.alias,
        },
        source=each,
    )


@command(
    "Set-DnsClientServerAddress",
    "DnsClient",
    "Sets DNS server addresses associated with the TCP/IP properties on an interface.",
    (
        Parameter("InterfaceAlias", "String[]", sets=("ByAlias",), position=0, mandatory=True, aliases=("ifAlias",),
                  pipe="P", wildcards=True, complete="interface", help="The name of the interface."),
        Parameter("InterfaceIndex", "UInt32[]", sets=("ByIndex",), mandatory=True, aliases=("ifIndex",), pipe="P",
                  help="The number of the interface."),
        Parameter("InputObject", "CimInstance[]", sets=(OBJECT_SET,), mandatory=True, pipe="V",
                  help="An object of Get-DnsClientServerAddress."),
        Parameter("ServerAddresses", "String[]", aliases=("Addresses",), support=Support.RECORDED,
                  help="The addresses of the servers, in the order in which they are to be asked."),
        Parameter("ResetServerAddresses", "Switch", aliases=("ResetAddresses",),
                  help="Takes those of DHCP again."),
        Parameter("Validate", "Switch", support=Support.ACCEPTED),
        PASSTHRU,
    ),
    default_set="ByAlias",
    confirms=True,
    output="MSFT_DNSClientServerAddress",
    guest=True,
    support=Support.RECORDED,
    examples=(
        Example("Set-DnsClientServerAddress -InterfaceAlias Ethernet -ServerAddresses 10.0.0.10",
                "Has Resolve-DnsName ask this server."),
    ),
    remarks="Resolve-DnsName and nslookup ask these servers. Programs look names up in the lab's own list first.",
)  # fmt: skip
def set_dnsclientserveraddress(call: Call) -> Iterator[object]:
    """Record the DNS servers of interfaces, by which Resolve-DnsName and nslookup go."""
    accepted(call)
    addresses = [] if call.is_on("ResetServerAddresses") else listed(call.get("ServerAddresses"))
    for text in addresses:
        if not _is_address(text):
            call.error(refused(_CLASS, f"Invalid parameter ServerAddresses {text}"))
            return
    by_family = {
        family: [text for text in addresses if (":" in text) == (family == "IPv6")] for family in FAMILIES
    }  # fmt: skip
    kept = by_family if addresses else None
    for ref in _given(call):
        interface = ref.now
        if interface and call.change(interface.alias, recorded(ref, **{DNS: kept})):
            if addresses:
                say_recorded(call, "DNS servers for Resolve-DnsName and nslookup")
            if call.is_on("PassThru"):
                new = ref.now
                assert new
                yield from (_object(_Servers(each, new, ref)) for each in FAMILIES)


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _given(call: Call) -> list[InterfaceRef]:
    if "InputObject" in call:
        found = [each.source for each in listed(call.get("InputObject")) if isinstance(each.source, _Servers)]
    else:
        found = chosen(call, _CLASS, _all(call), _PROPERTIES)
    refs = {(ref.kind, ref.name, ref.tag): ref for each in found if (ref := each.interface)}
    return list(refs.values())
