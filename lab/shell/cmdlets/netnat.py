"""Address translation of hosts: New-, Get-, Set- and Remove-NetNat, NetNatGlobal, NetNatSession."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Network
from typing import Any, Final

from lab.model.nat import NetNat
from lab.model.objects import HypervHost
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.net import machines
from lab.shell.net.cim import full_name, none_has, type_names, unsupported
from lab.shell.net.nats import DEFAULTS, NO_DOMAIN, NatRef, nat_error, settings_of, the_host, with_nat
from lab.shell.net.targets import fits, listed
from lab.shell.objects import PSObject
from lab.shell.recording import accepted, recorded_parameters
from lab.shell.recording import recorded as say_recorded
from lab.shell.views import show
from lab.shell.wildcards import has_wildcards

CLASS: Final = "MSFT_NetNat"
_SESSION: Final = "MSFT_NetNatSession"
_GLOBAL: Final = "MSFT_NetNatGlobal"
_FILTERING: Final = ("EndpointIndependentFiltering", "AddressDependentFiltering")
_QUERY, _OBJECT = "Query (cdxml)", "InputObject (cdxml)"

show(
    full_name(CLASS), "list",
    "Name", "ExternalIPInterfaceAddressPrefix", "InternalIPInterfaceAddressPrefix", "IcmpQueryTimeout",
    "TcpEstablishedConnectionTimeout", "TcpTransientConnectionTimeout", "TcpFilteringBehavior",
    "UdpFilteringBehavior", "UdpIdleSessionTimeout", "UdpInboundRefresh", "Store", "Active",
)  # fmt: skip
show(
    full_name(_SESSION), "list",
    "NatName", "InternalRoutingDomainId", "Protocol", "InternalSourceAddress", "InternalSourcePort",
    "InternalDestinationAddress", "InternalDestinationPort", "ExternalSourceAddress", "ExternalSourcePort",
    "ExternalDestinationAddress", "ExternalDestinationPort", "SecondsLeft",
)  # fmt: skip

_NAME: Final = Parameter("Name", "String[]", sets=(_QUERY,), position=0, pipe="P", wildcards=True,
                         help="The name of the NAT.")  # fmt: skip
_INPUT: Final = Parameter("InputObject", "CimInstance[]", sets=(_OBJECT,), mandatory=True, pipe="V",
                          help="An object of Get-NetNat.")  # fmt: skip


@command(
    "Get-NetNat",
    "NetNat",
    "Gets NAT objects configured on a computer.",
    (Parameter("Name", "String[]", position=0, pipe="P", wildcards=True, help="The name of the NAT."),),
    output="MSFT_NetNat",
    guest=True,
    examples=(Example("Get-NetNat", "Shows the NAT of the host."),),
)
def get_netnat(call: Call) -> Iterator[object]:
    """Output the host's NAT."""
    for host, nat in _given(call):
        yield _object(call, host, nat)


def _given(call: Call) -> list[tuple[HypervHost, NetNat]]:
    host = the_host(call)
    if "InputObject" in call:
        names = {each.source.name for each in listed(call.get("InputObject")) if isinstance(each.source, NatRef)}
        return [(host, host.nat)] if host.nat and host.nat.name in names else []
    there = [(host, host.nat)] if host.nat else []
    if "Name" not in call:
        return there
    for name in call.get("Name"):
        if not has_wildcards(name) and not any(fits(nat.name, (name,)) for _, nat in there):
            none_has(call, CLASS, "Name", name)
    return [each for each in there if fits(each[1].name, call.get("Name"))]


def _object(call: Call, host: HypervHost, nat: NetNat) -> PSObject:
    settings = settings_of(host)
    return PSObject(
        type_names(CLASS),
        {
            "Name": nat.name,
            "ExternalIPInterfaceAddressPrefix": settings.get("ExternalIPInterfaceAddressPrefix"),
            "InternalIPInterfaceAddressPrefix": str(nat.prefix),
            "InternalRoutingDomainId": NO_DOMAIN,
            **{name: settings[name] for name in DEFAULTS},
            "Store": "Local",
            "Active": True,
        },
        source=NatRef(call.place, host.name, nat.name),
    )


@command(
    "New-NetNat",
    "NetNat",
    "Creates a NAT object.",
    (
        Parameter("Name", position=0, mandatory=True, help="The name of the NAT."),
        Parameter("InternalIPInterfaceAddressPrefix", help="The addresses inside, as 192.168.100.0/24."),
        Parameter("ExternalIPInterfaceAddressPrefix", support=Support.RECORDED,
                  help="The addresses outside; in a lab it is always that of the interface that packets leave by."),
        Parameter("InternalRoutingDomainId", support=Support.ACCEPTED),
    ),
    confirms=True,
    output="MSFT_NetNat",
    guest=True,
    examples=(
        Example("New-NetNat -Name Lab -InternalIPInterfaceAddressPrefix 192.168.100.0/24",
                "Hides a subnet behind the host's addresses."),
    ),
    remarks="A host has one NAT. It gives nobody an address: the VMs inside need static ones, and the host as gateway.",
)  # fmt: skip
def new_netnat(call: Call) -> Iterator[object]:
    """Hide a subnet behind the host's own addresses."""
    accepted(call)
    host, name = the_host(call), call.get("Name")
    text = call.get("InternalIPInterfaceAddressPrefix")
    if text is None:
        raise unsupported(
            "In a lab a NAT has addresses inside.",
            "Say which: -InternalIPInterfaceAddressPrefix 192.168.100.0/24",
            name,
        )
    try:
        prefix = IPv4Network(text, strict=False)
    except ValueError:
        call.error(nat_error(CLASS, "The parameter is incorrect.", remedy=f'"{text}" is no IPv4 prefix.'))
        return
    if host.nat:
        there = f'The host has the NAT "{host.nat.name}" of {host.nat.prefix} already, and can have one only.'
        call.error(nat_error(CLASS, "The parameter is incorrect.", remedy=there))
        return
    settings = recorded_parameters(call)
    if call.change(name, with_nat(host.name, NetNat(name, prefix), settings)):
        if settings:
            say_recorded(call, "which addresses a NAT has outside")
        new = the_host(call)
        assert new.nat
        yield _object(call, new, new.nat)


@command(
    "Set-NetNat",
    "NetNat",
    "Modifies settings of NAT objects.",
    (
        _NAME,
        _INPUT,
        *(
            Parameter(name, "UInt32", support=Support.RECORDED, help="In seconds.")
            for name in ("IcmpQueryTimeout", "TcpEstablishedConnectionTimeout", "TcpTransientConnectionTimeout",
                         "UdpIdleSessionTimeout")
        ),
        Parameter("TcpFilteringBehavior", support=Support.RECORDED, values=_FILTERING),
        Parameter("UdpFilteringBehavior", support=Support.RECORDED, values=_FILTERING),
        Parameter("UdpInboundRefresh", "Boolean", support=Support.RECORDED),
        Parameter("PassThru", "Switch", help="Outputs the NAT."),
    ),
    default_set=_QUERY,
    confirms=True,
    output="MSFT_NetNat",
    guest=True,
    support=Support.RECORDED,
    examples=(Example("Set-NetNat -Name Lab -IcmpQueryTimeout 60", "Records how long a ping is remembered."),),
)  # fmt: skip
def set_netnat(call: Call) -> Iterator[object]:
    """Record settings of the host's NAT."""
    settings = recorded_parameters(call)
    for host, nat in _given(call):
        if settings and call.change(nat.name, with_nat(host.name, nat, settings)):
            say_recorded(call, "settings of a NAT")
            if call.is_on("PassThru"):
                yield _object(call, the_host(call), nat)


@command(
    "Remove-NetNat",
    "NetNat",
    "Removes NAT objects.",
    (_NAME, _INPUT, Parameter("PassThru", "Switch", help="Outputs the NAT.")),
    default_set=_QUERY,
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    examples=(Example("Get-NetNat | Remove-NetNat -Confirm:$false", "Removes the host's NAT without asking."),),
    remarks="The switch and the host's address on it stay.",
)
def remove_netnat(call: Call) -> Iterator[object]:
    """Remove the host's NAT, with its static mappings; the switch and the address on it stay."""
    for host, nat in _given(call):
        gone = _object(call, host, nat)
        if call.change(nat.name, with_nat(host.name, None), settle=True) and call.is_on("PassThru"):
            yield gone


@command(
    "Get-NetNatSession",
    "NetNat",
    "Gets the active translations for a NAT object.",
    (Parameter("NatName", "String[]", position=0, pipe="P", wildcards=True, help="The name of the NAT."),),
    output="MSFT_NetNatSession",
    guest=True,
    examples=(Example("Get-NetNatSession", "Shows what the host translates now."),),
)
def get_netnatsession(call: Call) -> Iterator[object]:
    """Output what the host's kernel translates now."""
    host = the_host(call)
    for each in call.place.ask("nat")["sessions"]:
        if each["host"] == host.name and ("NatName" not in call or fits(each["nat"], call.get("NatName"))):
            yield PSObject(type_names(_SESSION), _session(each))


def _session(each: dict[str, Any]) -> dict[str, object]:
    inside, outside, remote = (_end(each[name]) for name in ("internal", "external", "remote"))
    return {
        "NatName": each["nat"],
        "InternalRoutingDomainId": NO_DOMAIN,
        "Protocol": each["protocol"],
        "InternalSourceAddress": inside[0],
        "InternalSourcePort": inside[1],
        "InternalDestinationAddress": remote[0],
        "InternalDestinationPort": remote[1],
        "ExternalSourceAddress": outside[0],
        "ExternalSourcePort": outside[1],
        "ExternalDestinationAddress": remote[0],
        "ExternalDestinationPort": remote[1],
        "SecondsLeft": each["seconds"],
    }


def _end(text: str) -> tuple[str, int]:
    address, _, port = text.partition(":")
    return address, int(port) if port.isdigit() else 0


_HAIRPINNING: Final = "InterRoutingDomainHairpinningMode"


@command(
    "Get-NetNatGlobal",
    "NetNat",
    "Gets global NAT settings for a computer.",
    (),
    output="MSFT_NetNatGlobal",
    guest=True,
    examples=(Example("Get-NetNatGlobal", "Shows what holds for all NATs of a host."),),
)
def get_netnatglobal(call: Call) -> Iterator[object]:
    """Output what holds for all NATs of the host."""
    mode = machines.kept_of(call.place.model, call.machine, _HAIRPINNING, "Local")
    yield PSObject(type_names(_GLOBAL), {_HAIRPINNING: mode})


@command(
    "Set-NetNatGlobal",
    "NetNat",
    "Modifies global NAT settings.",
    (
        Parameter(_HAIRPINNING, position=0, values=("Local", "Remote"), support=Support.RECORDED,
                  help="Where packets between routing domains turn round."),
    ),
    confirms=True,
    guest=True,
    support=Support.RECORDED,
    examples=(Example("Set-NetNatGlobal -InterRoutingDomainHairpinningMode Remote", "Records the setting."),),
)  # fmt: skip
def set_netnatglobal(call: Call) -> None:
    """Record what holds for all NATs of the host."""
    host = the_host(call)
    mode = call.get(_HAIRPINNING)
    if mode and call.change(host.name, machines.recorded(call.machine, _HAIRPINNING, mode)):
        say_recorded(call, "where packets between routing domains turn round")
