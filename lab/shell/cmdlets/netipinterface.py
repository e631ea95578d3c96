"""IP interfaces: Get- and Set-NetIPInterface."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.model.addresses import IpSettings
from lab.model.advertising import RouterAdvertisements
from lab.model.edit import Edit
from lab.model.objects import LabModel
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.net import machines
from lab.shell.net.addresses import LOOPBACK, LOOPBACK_INDEX, metric_of
from lab.shell.net.cim import full_name, type_names, unsupported
from lab.shell.net.edits import both, changed, changed_ip, recorded
from lab.shell.net.filters import ALIAS_AND_INDEX, FAMILIES, OBJECT_SET, PASSTHRU, QUERY, STORE, chosen
from lab.shell.net.interfaces import InterfaceRef, Kind, NetInterface, interfaces_of
from lab.shell.net.targets import listed
from lab.shell.objects import PSObject
from lab.shell.place import Machine
from lab.shell.recording import accepted
from lab.shell.recording import recorded as say_recorded
from lab.shell.views import Column, show

_CLASS: Final = "MSFT_NetIPInterface"
_SWITCHED: Final = ("Disabled", "Enabled")
_LOOPBACK_MTU: Final = 2**32 - 1

show(
    full_name(_CLASS), "table",
    Column("ifIndex", width=7), Column("InterfaceAlias", width=31), Column("AddressFamily", width=13),
    Column("NlMtu(Bytes)", "NlMtu", align="right", width=12), Column("InterfaceMetric", align="right", width=15),
    Column("Dhcp", width=8), Column("ConnectionState", width=15), Column("PolicyStore", width=11),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Interface:
    """An interface for one version of IP; ``on`` is None for loopback."""

    family: str
    on: NetInterface | None
    interface: InterfaceRef | None

    @property
    def alias(self) -> str:
        return self.on.alias if self.on else LOOPBACK

    @property
    def index(self) -> int:
        return self.on.index if self.on else LOOPBACK_INDEX


_PROPERTIES: Final[dict[str, Callable[[_Interface], Any]]] = {
    "InterfaceAlias": lambda each: each.alias,
    "InterfaceIndex": lambda each: each.index,
    "AddressFamily": lambda each: each.family,
}
_BY_STATE: Final[dict[str, Callable[[_Interface], Any]]] = {
    "Dhcp": lambda each: _dhcp(each),
    "ConnectionState": lambda each: _connection(each),
}


@command(
    "Get-NetIPInterface",
    "NetTCPIP",
    "Gets an IP interface.",
    (
        Parameter("InterfaceAlias", "String[]", position=0, aliases=("ifAlias",), pipe="P", wildcards=True,
                  complete="interface", help="The name of the interface."),
        *ALIAS_AND_INDEX[1:],
        Parameter("Dhcp", "Dhcp[]", values=_SWITCHED, help="Whether it has its addresses by DHCP."),
        Parameter("Forwarding", "Forwarding[]", values=_SWITCHED, help="Whether its machine forwards packets."),
        Parameter("ConnectionState", "ConnectionState[]", values=("Disconnected", "Connected"),
                  help="Whether it is connected."),
        STORE,
    ),
    default_set=QUERY,
    output="MSFT_NetIPInterface",
    guest=True,
    examples=(
        Example("Get-NetIPInterface -AddressFamily IPv4", "Gets the interfaces as IPv4 sees them."),
        Example("Get-NetIPInterface | Select-Object InterfaceAlias, AddressFamily, Forwarding",
                "Shows whether the machine forwards packets."),
    ),
)  # fmt: skip
def get_netipinterface(call: Call) -> Iterator[object]:
    """Output the interfaces of the machine that have TCP/IP, for each version of it."""
    forwarding = _SWITCHED[_forwards(call.place.model, call.machine)]
    found = _all(call)
    properties = {**_PROPERTIES, **_BY_STATE, "Forwarding": lambda each: forwarding if each.on else "Disabled"}
    for each in chosen(call, _CLASS, found, properties):
        yield _object(each, forwarding)


def _all(call: Call) -> list[_Interface]:
    mine = [each for each in interfaces_of(call.place, call.machine) if each.has_ip]
    return [
        interface
        for family in reversed(FAMILIES)
        for interface in (
            *(_Interface(family, each, each.at(call.place, call.machine)) for each in mine),
            _Interface(family, None, None),
        )
    ]


def _dhcp(each: _Interface) -> str:
    return _SWITCHED[bool(each.on and (each.on.own.dhcp if each.family == "IPv4" else each.on.own.auto))]


def _connection(each: _Interface) -> str:
    return "Connected" if each.on is None or each.on.up else "Disconnected"


def _object(each: _Interface, forwarding: str) -> PSObject:
    automatic = each.on is None or each.on.kept("InterfaceMetric") is None
    discovers = each.family == "IPv6" and each.on is not None and each.on.own.auto
    return PSObject(
        type_names(_CLASS),
        {
            "InterfaceIndex": each.index,
            "ifIndex": each.index,
            "InterfaceAlias": each.alias,
            "ifAlias": each.alias,
            "AddressFamily": each.family,
            "Forwarding": forwarding if each.on else "Disabled",
            "Advertising": _SWITCHED[bool(each.interface and _advertises(each.interface, each.family))],
            "NlMtu": each.on.mtu if each.on else _LOOPBACK_MTU,
            "NlMtuBytes": each.on.mtu if each.on else _LOOPBACK_MTU,
            "AutomaticMetric": _SWITCHED[automatic],
            "InterfaceMetric": metric_of(each.on),
            "RouterDiscovery": _SWITCHED[discovers] if each.family == "IPv6" else "ControlledByDHCP",
            "Dhcp": _dhcp(each),
            "WeakHostSend": "Disabled",
            "WeakHostReceive": "Disabled",
            "ConnectionState": _connection(each),
            "PolicyStore": "ActiveStore",
        },
        source=each,
    )


@command(
    "Set-NetIPInterface",
    "NetTCPIP",
    "Modifies an IP interface.",
    (
        Parameter("InterfaceAlias", "String[]", sets=(QUERY,), position=0, aliases=("ifAlias",), pipe="P",
                  wildcards=True, complete="interface", help="The name of the interface."),
        *ALIAS_AND_INDEX[1:],
        Parameter("InputObject", "CimInstance[]", sets=(OBJECT_SET,), mandatory=True, pipe="V",
                  help="An object of Get-NetIPInterface."),
        Parameter("Dhcp", values=_SWITCHED, help="Whether it is to have its IPv4 addresses by DHCP."),
        Parameter("RouterDiscovery", values=(*_SWITCHED, "ControlledByDHCP"),
                  help="Whether it is to have its IPv6 addresses from routers."),
        Parameter("Forwarding", values=_SWITCHED, help="Whether its machine forwards packets between its interfaces."),
        Parameter("Advertising", values=_SWITCHED,
                  help="Whether the machine advertises itself by it as a router of IPv6."),
        Parameter("ManagedAddressConfiguration", values=_SWITCHED,
                  help="Whether it advertises that a DHCPv6 server gives addresses."),
        Parameter("OtherStatefulConfiguration", values=_SWITCHED,
                  help="Whether it advertises that a DHCPv6 server gives everything else."),
        Parameter("NlMtuBytes", "UInt32", aliases=("NlMtu",), help="The largest packet, in bytes."),
        Parameter("InterfaceMetric", "UInt32", support=Support.RECORDED, help="The metric of its routes."),
        Parameter("AutomaticMetric", values=_SWITCHED, support=Support.RECORDED,
                  help="Whether the metric follows from the speed."),
        Parameter("WeakHostSend", values=_SWITCHED, support=Support.ACCEPTED),
        Parameter("WeakHostReceive", values=_SWITCHED, support=Support.ACCEPTED),
        Parameter("DadTransmits", "UInt32", support=Support.ACCEPTED),
        Parameter("NeighborDiscoverySupported", values=("No", "Yes"), support=Support.ACCEPTED),
        STORE,
        PASSTHRU,
    ),
    default_set=QUERY,
    confirms=True,
    output="MSFT_NetIPInterface",
    guest=True,
    examples=(
        Example("Set-NetIPInterface -InterfaceAlias Ethernet -Dhcp Enabled", "Has a VM ask for an address by DHCP."),
        Example("Set-NetIPInterface -Forwarding Enabled", "Makes the machine a router between its interfaces."),
    ),
    remarks="In a lab a machine forwards between all its interfaces or between none.",
)  # fmt: skip
def set_netipinterface(call: Call) -> Iterator[object]:
    """Change how interfaces get their addresses, and whether their machine forwards packets."""
    accepted(call)
    if "InputObject" in call:
        found = [each.source for each in listed(call.get("InputObject")) if isinstance(each.source, _Interface)]
    else:
        found = chosen(call, _CLASS, _all(call), _PROPERTIES)
    for each in found:
        if each.on is None or each.interface is None:
            continue
        edits = list(_edits(call, each, each.on, each.interface))
        target = f"NetIPInterface -InterfaceAlias {each.alias} -AddressFamily {each.family} -Store Active"
        if edits and call.change(target, both(*edits)) and call.is_on("PassThru"):
            new = _Interface(each.family, each.interface.now, each.interface)
            yield _object(new, _SWITCHED[_forwards(call.place.model, call.machine)])
    if "InterfaceMetric" in call or "AutomaticMetric" in call:
        say_recorded(call, "the metric of an interface")


def _edits(call: Call, each: _Interface, on: NetInterface, ref: InterfaceRef) -> Iterator[Edit]:
    four = each.family == "IPv4"
    if "Dhcp" in call and four:
        yield changed_ip(ref, _with_dhcp(call.get("Dhcp") == "Enabled"))
    if "RouterDiscovery" in call and not four:
        yield changed_ip(ref, _with_discovery(call.get("RouterDiscovery") == "Enabled"))
    if "Forwarding" in call:
        yield _forwarding(call.machine, call.get("Forwarding") == "Enabled")
    if not four and any(name in call for name in _ADVERTISED):
        yield _advertising(call, ref)
    if "NlMtuBytes" in call:
        if on.kind in (Kind.VLAN, Kind.TEAM, Kind.ROUTER):
            raise unsupported(f'The lab cannot give the interface "{on.alias}" another MTU.', target=on.alias)
        mtu = call.get("NlMtuBytes")
        yield changed(ref, lambda one: replace(one, mtu=mtu))
    if "InterfaceMetric" in call:
        yield recorded(ref, InterfaceMetric=call.get("InterfaceMetric"))
    elif call.get("AutomaticMetric") == "Enabled":
        yield recorded(ref, InterfaceMetric=None)


def _with_dhcp(wanted: bool) -> Callable[[IpSettings], IpSettings]:
    """Return the change that switches DHCP: with it static addresses go, and static gateways stay unused."""

    def change(ip: IpSettings) -> IpSettings:
        kept = tuple(each for each in ip.addresses if each.version == 6) if wanted else ip.addresses
        return replace(ip, dhcp=wanted, addresses=kept)

    return change


def _with_discovery(wanted: bool) -> Callable[[IpSettings], IpSettings]:
    def change(ip: IpSettings) -> IpSettings:
        kept = tuple(each for each in ip.addresses if each.version == 4) if wanted else ip.addresses
        return replace(ip, auto=wanted, addresses=kept)

    return change


def _forwards(model: LabModel, machine: Machine) -> bool:
    found = machines.object_of(model, machine)
    return bool(found and found.forwarding)


def _forwarding(machine: Machine, wanted: bool) -> Edit:
    return machines.changed(machine, lambda each: replace(each, forwarding=wanted))


_ADVERTISED: Final = ("Advertising", "ManagedAddressConfiguration", "OtherStatefulConfiguration")


def _label(ref: InterfaceRef) -> str:
    """Return what the model calls an interface that advertises."""
    return f"vEthernet ({ref.name})" if ref.kind is Kind.MANAGEMENT else ref.name


def _advertises(ref: InterfaceRef, family: str) -> bool:
    found = machines.object_of(ref.place.model, ref.machine)
    told = found.router_advertisements if found else None
    return family == "IPv6" and told is not None and (not told.adapters or _label(ref) in told.adapters)


def _advertising(call: Call, ref: InterfaceRef) -> Edit:
    label = _label(ref)
    labels = tuple(_label(each.at(call.place, call.machine)) for each in interfaces_of(call.place, call.machine))

    def change(each: Any) -> Any:
        old: RouterAdvertisements | None = each.router_advertisements
        names = set(old.adapters or labels) if old else set()
        wanted = call.get("Advertising", "Enabled" if label in names else "Disabled") == "Enabled"
        names = names | {label} if wanted else names - {label}
        if not names:
            return replace(each, router_advertisements=None)
        new = replace(old or RouterAdvertisements(), adapters=tuple(name for name in labels if name in names))
        for name, field in (("ManagedAddressConfiguration", "managed"), ("OtherStatefulConfiguration", "other")):
            if name in call:
                new = replace(new, **{field: call.get(name) == "Enabled"})
        return replace(each, router_advertisements=new)

    return machines.changed(call.machine, change)
