"""IP addresses: Get-, New-, Set- and Remove-NetIPAddress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_interface
from typing import Any, Final

from lab.model.addresses import Address, Interface, IpSettings
from lab.model.edit import Edit
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.errors import ErrorRecord
from lab.shell.net.addresses import MANUAL, IpAddress, addresses_of
from lab.shell.net.cim import exists, full_name, no_element, refused, type_names
from lab.shell.net.edits import changed_ip
from lab.shell.net.filters import ALIAS_AND_INDEX, FAMILIES, OBJECT_SET, OF_INTERFACE, PASSTHRU, QUERY, STORE, chosen
from lab.shell.net.interfaces import InterfaceRef, NetInterface
from lab.shell.net.targets import listed, one
from lab.shell.objects import PSObject
from lab.shell.recording import accepted
from lab.shell.views import Column, show

_CLASS: Final = "MSFT_NetIPAddress"
_FOREVER: Final = "Infinite ([TimeSpan]::MaxValue)"
_ORIGINS: Final = ("Other", "Manual", "WellKnown", "Dhcp", "RouterAdvertisement")

_LINES: Final = (
    "IPAddress", "InterfaceIndex", "InterfaceAlias", "AddressFamily", "Type", "PrefixLength", "PrefixOrigin",
    "SuffixOrigin", "AddressState", "ValidLifetime", "PreferredLifetime", "SkipAsSource", "PolicyStore",
)  # fmt: skip
show(full_name(_CLASS), "list", *_LINES)
show(
    full_name(_CLASS), "table",
    Column("ifIndex", width=7), Column("IPAddress", width=47), Column("PrefixLength", align="right", width=12),
    Column("PrefixOrigin", width=12), Column("SuffixOrigin", width=12), Column("AddressState", width=12),
    Column("PolicyStore", width=11),
)  # fmt: skip


@command(
    "Get-NetIPAddress",
    "NetTCPIP",
    "Gets the IP address configuration.",
    (
        Parameter("IPAddress", "String[]", position=0, aliases=("LocalAddress",), pipe="P", wildcards=True,
                  help="The address."),
        *ALIAS_AND_INDEX,
        Parameter("PrefixLength", "Byte[]", help="The length of its prefix, in bits."),
        Parameter("PrefixOrigin", "PrefixOrigin[]", values=_ORIGINS, help="Where it comes from."),
        Parameter("SuffixOrigin", "SuffixOrigin[]", values=(*_ORIGINS[:4], "Link", "Random"),
                  help="Where its last part comes from."),
        Parameter("AddressState", "AddressState[]", values=("Invalid", "Tentative", "Duplicate", "Deprecated",
                  "Preferred"), help="Whether it can be used."),
        Parameter("Type", "Type[]", values=("Unicast", "Anycast"), help="Its type; all are Unicast."),
        STORE,
    ),
    default_set=QUERY,
    output="MSFT_NetIPAddress",
    guest=True,
    examples=(
        Example("Get-NetIPAddress -AddressFamily IPv4", "Gets the IPv4 addresses of the machine."),
        Example("Get-NetIPAddress -InterfaceAlias Ethernet | Format-Table", "Gets the addresses of an interface."),
    ),
)  # fmt: skip
def get_netipaddress(call: Call) -> Iterator[object]:
    """Output the addresses of the machine, those of DHCP and of routers among them."""
    for each in _chosen(call, addresses_of(call.place, call.machine)):
        yield _object(each)


def _chosen(call: Call, items: list[IpAddress]) -> list[IpAddress]:
    by_length: dict[str, Callable[[IpAddress], Any]] = {"PrefixLength": lambda each: each.address.network.prefixlen}
    return chosen(
        call, _CLASS, items,
        {
            **({} if call.command.name == "Set-NetIPAddress" else by_length),
            "IPAddress": lambda each: each.address.ip,
            "InterfaceAlias": lambda each: each.alias,
            "InterfaceIndex": lambda each: each.index,
            "AddressFamily": lambda each: each.family,
            "PrefixOrigin": lambda each: each.origin,
            "SuffixOrigin": lambda each: each.suffix,
            "AddressState": _state,
            "Type": lambda each: "Unicast",
        },
    )  # fmt: skip


def _state(each: IpAddress) -> str:
    return "Preferred" if each.usable else "Tentative"


def _object(each: IpAddress, *, state: str = "", store: str = "ActiveStore") -> PSObject:
    text = str(each.address.ip)
    return PSObject(
        type_names(_CLASS),
        {
            "IPAddress": text,
            "InterfaceIndex": each.index,
            "ifIndex": each.index,
            "InterfaceAlias": each.alias,
            "ifAlias": each.alias,
            "AddressFamily": each.family,
            "Type": "Unicast",
            "PrefixLength": each.address.network.prefixlen,
            "PrefixOrigin": each.origin,
            "SuffixOrigin": each.suffix,
            "AddressState": state or _state(each),
            "ValidLifetime": _FOREVER,
            "PreferredLifetime": _FOREVER,
            "SkipAsSource": False,
            "PolicyStore": store,
            "IPv4Address": text if each.address.version == 4 else None,
            "IPv6Address": text if each.address.version == 6 else None,
            "PSComputerName": None,
        },
        source=each,
        text=text,
    )


@command(
    "New-NetIPAddress",
    "NetTCPIP",
    "Creates and configures an IP address.",
    (
        Parameter("IPAddress", position=0, mandatory=True, aliases=("LocalAddress",), pipe="P", help="The address."),
        *OF_INTERFACE,
        Parameter("DefaultGateway", help="The address of the router that leads everywhere else."),
        Parameter("AddressFamily", "AddressFamily", values=FAMILIES, help="IPv4 or IPv6."),
        Parameter("Type", "Type", values=("Unicast", "Anycast"), support=Support.ACCEPTED),
        Parameter("PrefixLength", "Byte", help="The length of its prefix, in bits; a single address unless given."),
        Parameter("ValidLifetime", "TimeSpan", support=Support.ACCEPTED),
        Parameter("PreferredLifetime", "TimeSpan", support=Support.ACCEPTED),
        Parameter("SkipAsSource", "Boolean", support=Support.ACCEPTED),
        STORE,
    ),
    default_set="ByInterfaceAlias",
    confirms=True,
    output="MSFT_NetIPAddress",
    guest=True,
    examples=(
        Example('New-NetIPAddress 192.168.100.1 -PrefixLength 24 -InterfaceAlias "vEthernet (Lab)"',
                "Gives the management operating system an address on a switch."),
        Example("New-NetIPAddress 10.0.0.2 -PrefixLength 24 -InterfaceAlias Ethernet -DefaultGateway 10.0.0.1",
                "Gives an interface an address and a gateway."),
    ),
)  # fmt: skip
def new_netipaddress(call: Call) -> Iterator[object]:
    """Give an interface an address; one that had its IPv4 addresses by DHCP has them no longer."""
    accepted(call)
    interface = one(call, _CLASS)
    address, gateway = _address(call), _gateway(call)
    if interface is None or address is None or ("DefaultGateway" in call and gateway is None):
        return
    if (why := _why_not(call, interface, address, gateway)) is not None:
        call.error(why)
        return
    ref = interface.at(call.place, call.machine)
    if call.change(_target(address, interface), _added(ref, address, gateway)):
        made = IpAddress(ref.now, address, interface=ref)
        yield _object(made, state="Tentative")
        yield _object(made, state="Invalid", store="PersistentStore")


def _address(call: Call) -> Interface | None:
    text = call.get("IPAddress")
    try:
        found = ip_address(text)
        return ip_interface(f"{found}/{call.get('PrefixLength', found.max_prefixlen)}")
    except ValueError:
        name = "PrefixLength" if _is_address(text) else "IPAddress"
        call.error(refused(_CLASS, f"Invalid parameter {name} {call.get(name)}"))
        return None


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _gateway(call: Call) -> Address | None:
    text = call.get("DefaultGateway")
    if text is None:
        return None
    if not _is_address(text):
        call.error(refused(_CLASS, f"Invalid parameter DefaultGateway {text}"))
        return None
    return ip_address(text)


def _why_not(
    call: Call, interface: NetInterface, address: Interface, gateway: Address | None
) -> ErrorRecord | None:  # fmt: skip
    if not interface.has_ip:
        remedy = f'Use "vEthernet ({interface.bound_to})".' if interface.bound_to else ""
        return no_element(_CLASS, f'TCP/IP is not bound to "{interface.alias}". {remedy}'.rstrip())
    # What has been changed is not carried out for this: a script gives many machines their addresses.
    mine = addresses_of(call.place, call.machine, settled=False)
    there = [each for each in mine if each.address.ip == address.ip]
    if any(each.index == interface.index for each in there):
        return exists(_CLASS)
    if there:
        return refused(_CLASS, "The object already exists.", code=5010, category="NotSpecified")
    if gateway is None:
        return None
    if gateway.version != address.version:
        return refused(_CLASS, f"Invalid parameter DefaultGateway {gateway}")
    if any(each.version == gateway.version for each in (*interface.own.gateways, *interface.idle.gateways)):
        return exists(_CLASS, "DefaultGateway")
    return None


def _added(ref: InterfaceRef, address: Interface, gateway: Address | None) -> Edit:
    def added(ip: IpSettings) -> IpSettings:
        return replace(
            ip,
            addresses=(*ip.addresses, address),
            gateways=(*ip.gateways, *([gateway] if gateway else [])),
            dhcp=ip.dhcp and address.version != 4,
            auto=ip.auto and address.version != 6,
        )

    return changed_ip(ref, added)


def _target(address: Interface, interface: NetInterface) -> str:
    return f"NetIPAddress -IPv{address.version}Address {address.ip} -InterfaceIndex {interface.index} -Store Active"


_WHICH: Final = (
    Parameter("IPAddress", "String[]", sets=(QUERY,), position=0, aliases=("LocalAddress",), pipe="P", wildcards=True,
              help="The address."),
    *ALIAS_AND_INDEX,
    Parameter("PrefixOrigin", "PrefixOrigin[]", sets=(QUERY,), values=_ORIGINS, help="Where it comes from."),
    Parameter("AddressState", "AddressState[]", sets=(QUERY,), values=("Invalid", "Tentative", "Preferred"),
              help="Whether it can be used."),
    Parameter("InputObject", "CimInstance[]", sets=(OBJECT_SET,), mandatory=True, pipe="V",
              help="An object of Get-NetIPAddress."),
    STORE,
    PASSTHRU,
)  # fmt: skip


def _given(call: Call) -> list[IpAddress]:
    """Return the addresses that a cmdlet is to change: what others have given stays as it is."""
    if "InputObject" in call:
        found = [each.source for each in listed(call.get("InputObject")) if isinstance(each.source, IpAddress)]
    else:
        found = _chosen(call, addresses_of(call.place, call.machine))
    for each in found:
        if each.origin != MANUAL:
            call.verbose(f"The address {each.address.ip} of {each.alias} was not set by anybody here and stays.")
    return [each for each in found if each.origin == MANUAL]


@command(
    "Set-NetIPAddress",
    "NetTCPIP",
    "Modifies the configuration of an IP address.",
    (
        *_WHICH,
        Parameter("PrefixLength", "Byte", help="The length that its prefix is to have, in bits."),
        Parameter("ValidLifetime", "TimeSpan", support=Support.ACCEPTED),
        Parameter("PreferredLifetime", "TimeSpan", support=Support.ACCEPTED),
        Parameter("SkipAsSource", "Boolean", support=Support.ACCEPTED),
    ),
    default_set=QUERY,
    confirms=True,
    output="MSFT_NetIPAddress",
    guest=True,
    examples=(Example("Set-NetIPAddress -IPAddress 10.0.0.2 -PrefixLength 16", "Gives an address another subnet."),),
)
def set_netipaddress(call: Call) -> Iterator[object]:
    """Give addresses another prefix length."""
    accepted(call)
    for each in _given(call):
        if "PrefixLength" not in call or each.interface is None or each.on is None:
            continue
        try:
            new = ip_interface(f"{each.address.ip}/{call.get('PrefixLength')}")
        except ValueError:
            call.error(refused(_CLASS, f"Invalid parameter PrefixLength {call.get('PrefixLength')}"))
            continue
        if call.change(_target(new, each.on), _replaced(each.interface, each.address, new)) and call.is_on("PassThru"):
            yield _object(replace(each, address=new))


def _replaced(ref: InterfaceRef, old: Interface, new: Interface) -> Edit:
    def changed(ip: IpSettings) -> IpSettings:
        return replace(ip, addresses=tuple(new if each == old else each for each in ip.addresses))

    return changed_ip(ref, changed)


@command(
    "Remove-NetIPAddress",
    "NetTCPIP",
    "Removes an IP address and its configuration.",
    (
        *_WHICH,
        Parameter("PrefixLength", "Byte[]", sets=(QUERY,), help="The length of its prefix, in bits."),
        Parameter("DefaultGateway", sets=(QUERY,), help="A gateway that is to go, too."),
    ),
    default_set=QUERY,
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    examples=(
        Example("Remove-NetIPAddress -IPAddress 10.0.0.2 -Confirm:$false", "Takes an address away without asking."),
    ),
    remarks="As on Windows a gateway stays when its address goes: Remove-NetRoute takes it away.",
)
def remove_netipaddress(call: Call) -> Iterator[object]:
    """Take addresses away that somebody has set."""
    gateway = _gateway(call)
    for each in _given(call):
        if each.interface is None or each.on is None:
            continue
        edit = _removed(each.interface, each.address, gateway)
        if call.change(_target(each.address, each.on), edit, "Remove", settle=True) and call.is_on("PassThru"):
            yield _object(each)


def _removed(ref: InterfaceRef, address: Interface, gateway: Address | None) -> Edit:
    def without(ip: IpSettings) -> IpSettings:
        return replace(
            ip,
            addresses=tuple(each for each in ip.addresses if each != address),
            gateways=tuple(each for each in ip.gateways if each != gateway),
        )

    return changed_ip(ref, without)
