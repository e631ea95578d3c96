"""What a host's NAT lets in, and by which addresses: NetNatStaticMapping and NetNatExternalAddress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from ipaddress import AddressValueError, IPv4Address
from typing import Any, Final

from lab.model import edit
from lab.model.nat import ANY_ADDRESS, NatMapping
from lab.model.objects import HypervHost
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.net import machines
from lab.shell.net.cim import full_name, type_names
from lab.shell.net.filters import chosen
from lab.shell.net.nats import EXTERNAL, NO_DOMAIN, MappingRef, mappings_of, nat_error, the_host, with_mappings
from lab.shell.net.targets import listed
from lab.shell.objects import PSObject
from lab.shell.recording import accepted
from lab.shell.recording import recorded as say_recorded
from lab.shell.views import show

_CLASS: Final = "MSFT_NetNatStaticMapping"
_ADDRESS: Final = "MSFT_NetNatExternalAddress"
_QUERY, _OBJECT = "Query (cdxml)", "InputObject (cdxml)"
_ANY_REMOTE: Final = "0.0.0.0/0"

show(
    full_name(_CLASS), "list",
    "StaticMappingID", "NatName", "Protocol", "RemoteExternalIPAddressPrefix", "ExternalIPAddress", "ExternalPort",
    "InternalIPAddress", "InternalPort", "InternalRoutingDomainId", "Active",
)  # fmt: skip
show(full_name(_ADDRESS), "list", "ExternalAddressID", "NatName", "IPAddress", "PortStart", "PortEnd", "Active")

_PROPERTIES: Final[dict[str, Callable[[MappingRef], Any]]] = {
    "StaticMappingID": lambda each: each.id,
    "NatName": lambda each: each.nat,
}
_WHICH: Final = (
    Parameter("NatName", "String[]", sets=(_QUERY,), position=0, pipe="P", wildcards=True, help="The name of the NAT."),
    Parameter("StaticMappingID", "UInt32[]", sets=(_QUERY,), pipe="P", help="The number of the mapping."),
)


@command(
    "Get-NetNatStaticMapping",
    "NetNat",
    "Gets static mappings configured on a NAT.",
    _WHICH,
    default_set=_QUERY,
    output="MSFT_NetNatStaticMapping",
    guest=True,
    examples=(Example("Get-NetNatStaticMapping", "Shows which ports of the host lead inside."),),
)
def get_netnatstaticmapping(call: Call) -> Iterator[object]:
    """Output the static mappings of the host's NAT."""
    for each in chosen(call, _CLASS, mappings_of(call.place, the_host(call)), _PROPERTIES):
        yield _object(each)


def _object(each: MappingRef) -> PSObject:
    return PSObject(
        type_names(_CLASS),
        {
            "StaticMappingID": each.id,
            "NatName": each.nat,
            "Protocol": each.mapping.protocol,
            "RemoteExternalIPAddressPrefix": _ANY_REMOTE,
            "ExternalIPAddress": str(each.mapping.external_ip),
            "ExternalPort": each.mapping.external_port,
            "InternalIPAddress": str(each.mapping.internal_ip),
            "InternalPort": each.mapping.internal_port,
            "InternalRoutingDomainId": NO_DOMAIN,
            "Active": True,
        },
        source=each,
    )


@command(
    "Add-NetNatStaticMapping",
    "NetNat",
    "Adds a static mapping to a NAT instance.",
    (
        Parameter("NatName", position=0, mandatory=True, pipe="P", aliases=("Name",), help="The name of the NAT."),
        Parameter("Protocol", "Protocol", mandatory=True, values=("TCP", "UDP"), help="TCP or UDP."),
        Parameter("ExternalIPAddress", mandatory=True, help="The host's address; 0.0.0.0 is any of them."),
        Parameter("ExternalPort", "UInt16", mandatory=True, help="The host's port."),
        Parameter("InternalIPAddress", mandatory=True, help="The address inside that it leads to."),
        Parameter("InternalPort", "UInt16", help="The port inside; the same unless given."),
        Parameter("RemoteExternalIPAddressPrefix", support=Support.ACCEPTED),
        Parameter("InternalRoutingDomainId", support=Support.ACCEPTED),
    ),
    confirms=True,
    output="MSFT_NetNatStaticMapping",
    guest=True,
    examples=(
        Example("Add-NetNatStaticMapping -NatName Lab -Protocol TCP -ExternalIPAddress 0.0.0.0 -ExternalPort 8080 "
                "-InternalIPAddress 192.168.100.2 -InternalPort 80", "Leads port 8080 of the host to a web server."),
    ),
)  # fmt: skip
def add_netnatstaticmapping(call: Call) -> Iterator[object]:
    """Lead a port of the host to a machine inside."""
    accepted(call)
    host, name = the_host(call), call.get("NatName")
    if host.nat is None or host.nat.name.casefold() != name.casefold():
        remedy = "Get-NetNat shows the NAT that there is."
        call.error(nat_error(_CLASS, "The system cannot find the file specified.", 2, "ObjectNotFound", remedy))
        return
    try:
        outside, inside = (_address(call.get(each)) for each in ("ExternalIPAddress", "InternalIPAddress"))
    except AddressValueError as error:
        call.error(nat_error(_CLASS, "The parameter is incorrect.", remedy=f"{error}."))
        return
    port = call.get("ExternalPort")
    mapping = NatMapping(call.get("Protocol"), port, inside, call.get("InternalPort", port), outside)
    if any(_collide(mapping, each) for each in host.nat.mappings):
        text = "The process cannot access the file because it is being used by another process."
        remedy = f"Port {port} is mapped already: Get-NetNatStaticMapping shows where to."
        call.error(nat_error(_CLASS, text, 32, "NotSpecified", remedy))
        return

    def added(each: HypervHost) -> HypervHost:
        return with_mappings(each, (*each.nat.mappings, mapping)) if each.nat else each

    if call.change(str(mapping), edit.host(host.name, added)):
        yield from (_object(each) for each in mappings_of(call.place, the_host(call)) if each.mapping == mapping)


def _address(text: str) -> IPv4Address:
    """Read an address; labs also write 0.0.0.0/24 for any."""
    return IPv4Address(text.partition("/")[0])


def _collide(one: NatMapping, other: NatMapping) -> bool:
    if (one.protocol, one.external_port) != (other.protocol, other.external_port):
        return False
    return one.external_ip == other.external_ip or ANY_ADDRESS in (one.external_ip, other.external_ip)


@command(
    "Remove-NetNatStaticMapping",
    "NetNat",
    "Removes a static mapping from a NAT.",
    (
        *_WHICH,
        Parameter("InputObject", "CimInstance[]", sets=(_OBJECT,), mandatory=True, pipe="V",
                  help="An object of Get-NetNatStaticMapping."),
        Parameter("PassThru", "Switch", help="Outputs the mapping."),
    ),
    default_set=_QUERY,
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    examples=(Example("Remove-NetNatStaticMapping -StaticMappingID 0 -Confirm:$false", "Closes a port of the host."),),
)  # fmt: skip
def remove_netnatstaticmapping(call: Call) -> Iterator[object]:
    """Remove static mappings of the host's NAT."""
    if "InputObject" in call:
        found = [each.source for each in listed(call.get("InputObject")) if isinstance(each.source, MappingRef)]
    else:
        found = chosen(call, _CLASS, mappings_of(call.place, the_host(call)), _PROPERTIES)
    for each in found:
        if call.change(str(each.mapping), _without(each), settle=True) and call.is_on("PassThru"):
            yield _object(each)


def _without(gone: MappingRef) -> edit.Edit:
    def change(host: HypervHost) -> HypervHost:
        if host.nat is None:
            return host
        return with_mappings(host, tuple(each for each in host.nat.mappings if each != gone.mapping))

    return edit.host(gone.host, change)


@command(
    "Get-NetNatExternalAddress",
    "NetNat",
    "Gets a list of external addresses configured on a NAT.",
    (Parameter("NatName", "String[]", position=0, pipe="P", wildcards=True, help="The name of the NAT."),),
    output="MSFT_NetNatExternalAddress",
    guest=True,
    examples=(Example("Get-NetNatExternalAddress", "Shows the addresses that were added to the NAT."),),
)
def get_netnatexternaladdress(call: Call) -> Iterator[object]:
    """Output the external addresses that are recorded of the host's NAT."""
    for each in chosen(call, _ADDRESS, _addresses(call), {"NatName": lambda one: one["NatName"]}):
        yield PSObject(type_names(_ADDRESS), {**each, "Active": True}, source=each["ExternalAddressID"])


def _addresses(call: Call) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = machines.kept_of(call.place.model, call.machine, EXTERNAL, [])
    return found


@command(
    "Add-NetNatExternalAddress",
    "NetNat",
    "Adds an external address to a NAT instance.",
    (
        Parameter("NatName", position=0, mandatory=True, help="The name of the NAT."),
        Parameter("IPAddress", mandatory=True, help="The address."),
        Parameter("PortStart", "UInt16", help="The first of its ports."),
        Parameter("PortEnd", "UInt16", help="The last of its ports."),
    ),
    confirms=True,
    output="MSFT_NetNatExternalAddress",
    guest=True,
    support=Support.RECORDED,
    examples=(Example("Add-NetNatExternalAddress -NatName Lab -IPAddress 192.168.1.20", "Records an address."),),
)
def add_netnatexternaladdress(call: Call) -> Iterator[object]:
    """Record an external address of the host's NAT, which uses that of the interface that a packet leaves by."""
    host, name = the_host(call), call.get("NatName")
    if host.nat is None or host.nat.name.casefold() != name.casefold():
        call.error(nat_error(_ADDRESS, "The system cannot find the file specified.", 2, "ObjectNotFound"))
        return
    there = _addresses(call)
    new = {
        "ExternalAddressID": max((each["ExternalAddressID"] + 1 for each in there), default=0),
        "NatName": host.nat.name,
        "IPAddress": call.get("IPAddress"),
        "PortStart": call.get("PortStart", 0),
        "PortEnd": call.get("PortEnd", 0),
    }
    if call.change(host.nat.name, machines.recorded(call.machine, EXTERNAL, [*there, new])):
        say_recorded(call, "external addresses of a NAT")
        yield PSObject(type_names(_ADDRESS), {**new, "Active": True}, source=new["ExternalAddressID"])


@command(
    "Remove-NetNatExternalAddress",
    "NetNat",
    "Removes an external address from a NAT.",
    (
        Parameter("NatName", "String[]", sets=(_QUERY,), position=0, pipe="P", wildcards=True,
                  help="The name of the NAT."),
        Parameter("ExternalAddressID", "UInt32[]", sets=(_QUERY,), pipe="P", help="The number of the address."),
        Parameter("InputObject", "CimInstance[]", sets=(_OBJECT,), mandatory=True, pipe="V",
                  help="An object of Get-NetNatExternalAddress."),
    ),
    default_set=_QUERY,
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    support=Support.RECORDED,
    examples=(Example("Remove-NetNatExternalAddress -ExternalAddressID 0", "Removes an address."),),
)  # fmt: skip
def remove_netnatexternaladdress(call: Call) -> None:
    """Remove external addresses from what is recorded of the host's NAT."""
    properties: dict[str, Callable[[dict[str, Any]], Any]] = {
        "NatName": lambda one: one["NatName"],
        "ExternalAddressID": lambda one: one["ExternalAddressID"],
    }
    if "InputObject" in call:
        gone = {each.source for each in listed(call.get("InputObject"))}
    else:
        gone = {each["ExternalAddressID"] for each in chosen(call, _ADDRESS, _addresses(call), properties)}
    left = [each for each in _addresses(call) if each["ExternalAddressID"] not in gone]
    if gone:
        call.change(the_host(call).name, machines.recorded(call.machine, EXTERNAL, left or None), settle=True)
