"""IP settings as parameters: of what has no PowerShell of its own, or does not run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from ipaddress import ip_address, ip_interface, ip_network
from typing import Final

from lab.errors import InputError
from lab.model.addresses import Address, Interface, IpSettings, Network, parse_mac
from lab.model.objects import LabModel, PhysicalNetwork
from lab.shell.command import Call, Parameter
from lab.shell.labs.targets import listed, one

IP: Final = (
    Parameter("IPAddress", "String[]",
              help='Its addresses, with prefix lengths: "192.168.1.31/24"; it has no others then.'),
    Parameter("DefaultGateway", "String[]", help="Its gateways, one for IPv4 and one for IPv6 at most."),
    Parameter("Dhcp", "Boolean", help="Whether it gets its IPv4 settings from a DHCP server."),
    Parameter("RouterDiscovery", "Boolean", help="Whether it gets its IPv6 settings from what routers advertise."),
)  # fmt: skip
MAC: Final = Parameter("MacAddress", help="Its MAC address, such as 00155D010203; one that the lab gives unless given.")


def ip_settings(call: Call, before: IpSettings, network: PhysicalNetwork | None = None) -> IpSettings:
    """Return IP settings, changed as the parameters say.

    On a physical network the prefix length of an address may be left out; who has none before gets its router as the
    default gateway, unless -DefaultGateway is given.
    """
    found = before
    if "IPAddress" in call:
        subnets = network.subnets if network else ()
        found = replace(found, addresses=tuple(_interface(text, subnets) for text in listed(call.get("IPAddress"))))
        if network and before == IpSettings() and "DefaultGateway" not in call:
            found = replace(found, gateways=_gateways(found, network))
    if "DefaultGateway" in call:
        found = replace(found, gateways=tuple(_address(text) for text in listed(call.get("DefaultGateway"))))
    if "Dhcp" in call:
        found = replace(found, dhcp=call.get("Dhcp"))
    if "RouterDiscovery" in call:
        found = replace(found, auto=call.get("RouterDiscovery"))
    return found


def is_given(call: Call) -> bool:
    """Tell whether any of the parameters for IP settings was given."""
    return any(each.name in call for each in IP)


def _gateways(ip: IpSettings, network: PhysicalNetwork) -> tuple[Address, ...]:
    inside = network.router.inside.addresses if network.router else ()
    near = [each for each in inside if any(each.ip in mine.network and each.ip != mine.ip for mine in ip.addresses)]
    first = {each.version: each.ip for each in reversed(near)}
    return tuple(first[version] for version in sorted(first))


def _interface(text: str, subnets: Iterable[Network] = ()) -> Interface:
    try:
        if "/" in text:
            return ip_interface(text)
        address = ip_address(text)
    except ValueError:
        raise InputError(f'"{text}" is no IP address', target=text, remedy="expected such as 192.168.1.31/24") from None
    for subnet in subnets:
        if address in subnet:
            return ip_interface(f"{address}/{subnet.prefixlen}")
    raise InputError(f'"{text}" has no prefix length', target=text, remedy=f"expected such as {text}/24")


def interfaces(call: Call, name: str, subnets: Iterable[Network] = ()) -> tuple[Interface, ...]:
    """Return the addresses that a parameter has."""
    return tuple(_interface(text, subnets) for text in listed(call.get(name)))


def _address(text: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise InputError(f'"{text}" is no IP address', target=text, remedy="expected such as 192.168.1.1") from None


def networks(call: Call, name: str) -> tuple[Network, ...]:
    """Return the subnets that a parameter has."""
    found = []
    for text in listed(call.get(name)):
        try:
            found.append(ip_network(text))
        except ValueError:
            raise InputError(f'"{text}" is no subnet', target=text, remedy="expected such as 192.168.1.0/24") from None
    return tuple(found)


def mac_given(call: Call, before: str = "") -> str:
    """Return the MAC address that is given, as the model has it; ``""`` takes one away."""
    text = call.get("MacAddress")
    if text is None:
        return before
    if not text:
        return ""
    try:
        return parse_mac(text)
    except ValueError as error:
        raise InputError(str(error), target=text) from None


def shown(ip: IpSettings | None) -> Mapping[str, object]:
    """Return IP settings as properties; of an adapter that takes over those of its NIC there are none."""
    found = ip or IpSettings()
    return {
        "IPAddress": [str(address) for address in found.addresses],
        "DefaultGateway": [str(gateway) for gateway in found.gateways],
        "Dhcp": found.dhcp,
        "RouterDiscovery": found.auto,
    }


def network_named(model: LabModel, name: str) -> PhysicalNetwork:
    """Return a physical network by its name, in whatever case; UnknownName if there is none of it."""
    found = model.network(one("physical network", (each.name for each in model.networks), name))
    assert found is not None
    return found
