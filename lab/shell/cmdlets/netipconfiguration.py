"""The IP configuration of a machine at a glance: Get-NetIPConfiguration."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.net.adapters import adapter_object
from lab.shell.net.addresses import LOOPBACK, LOOPBACK_INDEX, with_leases
from lab.shell.net.cim import none_has
from lab.shell.net.dns import servers_of
from lab.shell.net.interfaces import NetInterface
from lab.shell.objects import PSObject
from lab.shell.views import Column, show
from lab.shell.wildcards import has_wildcards, matches

_TYPE: Final = "NetIPConfiguration"
_CUT_OFF: Final = "NetIPConfiguration#Disconnected"
_DETAILED: Final = "NetIPConfiguration#Detailed"


def _of(name: str, inner: str) -> Column:
    """Return a line that shows a property of an object within the object."""

    def value(item: PSObject) -> object:
        found = item.get(name)
        values = [each.get(inner) for each in found if isinstance(each, PSObject)] if isinstance(found, list) else []
        if isinstance(found, PSObject):
            return found.get(inner)
        return values[0] if len(values) == 1 else values or None

    return Column(f"{name}.{inner}" if name.startswith("Net") else name, value)


def _servers(item: PSObject) -> str:
    found = item.get("DNSServer")
    each = (
        [each.get("ServerAddresses") for each in found if isinstance(each, PSObject)] if isinstance(found, list) else []
    )
    return "\n".join(str(text) for servers in each if isinstance(servers, list) for text in servers)


_HEAD: Final = ("InterfaceAlias", "InterfaceIndex", "InterfaceDescription")
_ADDRESSES: Final = (
    _of("IPv6Address", "IPAddress"), _of("IPv4Address", "IPAddress"),
    _of("IPv6DefaultGateway", "NextHop"), _of("IPv4DefaultGateway", "NextHop"),
)  # fmt: skip
_DNS: Final = Column("DNSServer", _servers)

show(_TYPE, "list", *_HEAD, _of("NetProfile", "Name"), *_ADDRESSES[1:], _DNS)
show(f"{_TYPE}#IPv6", "list", *_HEAD, _of("NetProfile", "Name"), *_ADDRESSES, _DNS)
show(_CUT_OFF, "list", *_HEAD, _of("NetAdapter", "Status"))
show(
    _DETAILED, "list",
    "ComputerName", *_HEAD, _of("NetAdapter", "LinkLayerAddress"), _of("NetAdapter", "Status"),
    _of("NetProfile", "Name"), *_ADDRESSES, _of("NetIPv6Interface", "NlMTU"), _of("NetIPv4Interface", "NlMTU"),
    _of("NetIPv6Interface", "DHCP"), _of("NetIPv4Interface", "DHCP"), _DNS,
)  # fmt: skip


@command(
    "Get-NetIPConfiguration",
    "NetTCPIP",
    "Gets IP network configuration.",
    (
        Parameter("InterfaceAlias", sets=("Alias",), position=0, aliases=("ifAlias",), pipe="P", wildcards=True,
                  complete="interface", help="The name of the interface."),
        Parameter("InterfaceIndex", "UInt32", sets=("Index",), mandatory=True, aliases=("ifIndex",), pipe="P",
                  help="The number of the interface."),
        Parameter("All", "Switch", sets=("All",), mandatory=True, help="Also the loopback interface."),
        Parameter("Detailed", "Switch", help="Shows more of each."),
    ),
    default_set="Alias",
    aliases=("gip",),
    output="NetIPConfiguration",
    guest=True,
    examples=(
        Example("Get-NetIPConfiguration", "Shows addresses, gateways and DNS servers of the machine."),
        Example("(Get-NetIPConfiguration -InterfaceAlias Ethernet).IPv4Address.IPAddress",
                "Tells the address of an interface."),
    ),
)  # fmt: skip
def get_netipconfiguration(call: Call) -> Iterator[object]:
    """Output what each interface of the machine has."""
    found = False
    for own, leased in with_leases(call.place, call.machine):
        if "InterfaceAlias" in call and not matches(call.get("InterfaceAlias"), own.alias):
            continue
        if "InterfaceIndex" in call and call.get("InterfaceIndex") != own.index:
            continue
        found = True
        yield _object(call, own, leased)
    for name in ("InterfaceAlias", "InterfaceIndex"):
        if not found and name in call and not has_wildcards(str(call.get(name))):
            none_has(call, "MSFT_NetIPInterface", name, call.get(name))
    if call.is_on("All"):
        yield PSObject(
            _TYPE, {"ComputerName": call.machine.name, "InterfaceAlias": LOOPBACK, "InterfaceIndex": LOOPBACK_INDEX}
        )


def _object(call: Call, own: NetInterface, leased: NetInterface) -> PSObject:
    ref = own.at(call.place, call.machine)
    gateways = {version: leased.own.gateway(version) for version in (4, 6)}
    six = _addresses(leased, 6)
    kind = (_TYPE,) if own.up else (_CUT_OFF, _TYPE)
    if six and own.up:
        kind = (f"{_TYPE}#IPv6", _TYPE)
    if call.is_on("Detailed"):
        kind = (_DETAILED, _TYPE)
    adapter = adapter_object(ref)
    adapter.set("LinkLayerAddress", own.mac)
    servers = [_dns(own, family, servers_of(ref, own, family)) for family in ("IPv6", "IPv4")] if own.up else []
    return PSObject(
        kind,
        {
            "ComputerName": call.machine.name,
            "InterfaceAlias": own.alias,
            "InterfaceIndex": own.index,
            "InterfaceDescription": own.description,
            "NetAdapter": adapter,
            "NetProfile": PSObject("MSFT_NetConnectionProfile", _profile(gateways[4] or gateways[6])),
            "IPv6Address": six,
            "IPv4Address": _addresses(leased, 4),
            "IPv6DefaultGateway": _gateway(gateways[6]),
            "IPv4DefaultGateway": _gateway(gateways[4]),
            "NetIPv6Interface": _interface(own, dhcp=own.own.auto),
            "NetIPv4Interface": _interface(own, dhcp=own.own.dhcp),
            "DNSServer": servers,
        },
        source=ref,
    )


def _dns(own: NetInterface, family: str, servers: Iterable[str]) -> PSObject:
    """Return the DNS servers of one address family, as Get-DnsClientServerAddress has them."""
    return PSObject(
        "MSFT_DNSClientServerAddress",
        {
            "InterfaceAlias": own.alias,
            "InterfaceIndex": own.index,
            "AddressFamily": family,
            "ServerAddresses": list(servers),
        },
    )


def _addresses(leased: NetInterface, version: int) -> list[PSObject]:
    return [
        PSObject(
            "MSFT_NetIPAddress",
            {"IPAddress": str(each.ip), "PrefixLength": each.network.prefixlen, "InterfaceIndex": leased.index},
            text=str(each.ip),
        )
        for each in leased.own.addresses
        if each.version == version
    ]


def _gateway(gateway: Any) -> list[PSObject]:
    return [PSObject("MSFT_NetRoute", {"NextHop": str(gateway)}, text=str(gateway))] if gateway else []


def _interface(own: NetInterface, *, dhcp: bool) -> PSObject:
    return PSObject("MSFT_NetIPInterface", {"NlMTU": own.mtu, "DHCP": "Enabled" if dhcp else "Disabled"})


def _profile(gateway: object) -> dict[str, object]:
    # Windows knows a network by its gateway.
    return {"Name": "Network" if gateway else "Unidentified network", "NetworkCategory": "Public"}
