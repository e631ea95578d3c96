"""Routes: Get-, New-, Set- and Remove-NetRoute."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import ip_address, ip_network
from typing import Any, Final

from lab.model.addresses import Address, IpSettings, Network, StaticRoute
from lab.model.edit import Edit
from lab.shell.command import Call, Example, Impact, Parameter, Support, command
from lab.shell.net.addresses import ON_LINK, IpRoute, metric_of, routes_of
from lab.shell.net.cim import exists, full_name, no_element, refused, type_names
from lab.shell.net.edits import both, changed_ip, recorded
from lab.shell.net.filters import ALIAS_AND_INDEX, FAMILIES, OBJECT_SET, OF_INTERFACE, PASSTHRU, QUERY, STORE, chosen
from lab.shell.net.interfaces import InterfaceRef, NetInterface
from lab.shell.net.targets import listed, one
from lab.shell.objects import PSObject
from lab.shell.recording import recorded as say_recorded
from lab.shell.views import Column, show

CLASS: Final = "MSFT_NetRoute"
_METRIC: Final = 256

show(
    full_name(CLASS), "table",
    Column("ifIndex", width=7), Column("DestinationPrefix", width=42), Column("NextHop", width=35),
    Column("RouteMetric", align="right", width=11), Column("ifMetric", width=8), Column("PolicyStore", width=11),
)  # fmt: skip

_CHOICE: Final = (
    Parameter("DestinationPrefix", "String[]", sets=(QUERY,), position=0, pipe="P", wildcards=True,
              help="Where it leads to, as 10.1.0.0/16."),
    *ALIAS_AND_INDEX,
    Parameter("NextHop", "String[]", sets=(QUERY,), pipe="P", wildcards=True, help="Whom it leads by."),
)  # fmt: skip
_PROPERTIES: Final[dict[str, Callable[[IpRoute], Any]]] = {
    "DestinationPrefix": lambda each: each.destination,
    "InterfaceAlias": lambda each: each.alias,
    "InterfaceIndex": lambda each: each.index,
    "AddressFamily": lambda each: each.family,
    "NextHop": lambda each: each.next_hop,
}
_ONLY_SHOWN: Final[dict[str, Callable[[IpRoute], Any]]] = {
    "RouteMetric": lambda each: each.metric,
    "Protocol": lambda each: each.protocol,
}


@command(
    "Get-NetRoute",
    "NetTCPIP",
    "Gets the IP route information from the IP routing table.",
    (
        *_CHOICE,
        Parameter("RouteMetric", "UInt16[]", help="Its metric."),
        Parameter("Protocol", "Protocol[]", values=("Local", "NetMgmt", "Dhcp"), help="Where it comes from."),
        STORE,
    ),
    default_set=QUERY,
    output="MSFT_NetRoute",
    guest=True,
    examples=(
        Example("Get-NetRoute -AddressFamily IPv4", "Gets the routes of IPv4."),
        Example("Get-NetRoute -DestinationPrefix 0.0.0.0/0", "Gets the default gateways."),
    ),
)
def get_netroute(call: Call) -> Iterator[object]:
    """Output the machine's routes: those that are set, and those that its addresses bring with them."""
    for each in chosen(call, CLASS, routes_of(call.place, call.machine), {**_PROPERTIES, **_ONLY_SHOWN}):
        yield _object(each)


def _object(each: IpRoute, store: str = "ActiveStore") -> PSObject:
    return PSObject(
        type_names(CLASS),
        {
            "InterfaceIndex": each.index,
            "ifIndex": each.index,
            "InterfaceAlias": each.alias,
            "ifAlias": each.alias,
            "AddressFamily": each.family,
            "DestinationPrefix": str(each.destination),
            "NextHop": each.next_hop,
            "RouteMetric": each.metric,
            "InterfaceMetric": metric_of(each.on),
            "ifMetric": metric_of(each.on),
            "Protocol": each.protocol,
            "Publish": "No",
            "State": "Alive",
            "PolicyStore": store,
        },
        source=each,
    )


@command(
    "New-NetRoute",
    "NetTCPIP",
    "Creates a route in the IP routing table.",
    (
        Parameter("DestinationPrefix", position=0, mandatory=True, pipe="P",
                  help="Where it leads to, as 10.1.0.0/16; 0.0.0.0/0 is everywhere else."),
        *OF_INTERFACE,
        Parameter("NextHop", pipe="P", help="Whom it leads by; 0.0.0.0 or :: is nobody, right on the link."),
        Parameter("AddressFamily", "AddressFamily", values=FAMILIES, help="IPv4 or IPv6."),
        Parameter("RouteMetric", "UInt16", support=Support.RECORDED, help="Its metric."),
        Parameter("Publish", values=("No", "Age", "Yes"), support=Support.ACCEPTED),
        Parameter("Protocol", values=("NetMgmt", "Local"), support=Support.ACCEPTED),
        Parameter("ValidLifetime", "TimeSpan", support=Support.ACCEPTED),
        Parameter("PreferredLifetime", "TimeSpan", support=Support.ACCEPTED),
        STORE,
    ),
    default_set="ByInterfaceAlias",
    confirms=True,
    output="MSFT_NetRoute",
    guest=True,
    examples=(
        Example("New-NetRoute -DestinationPrefix 10.2.0.0/24 -InterfaceAlias Ethernet -NextHop 10.1.0.1",
                "Says by whom a network is reached."),
        Example('New-NetRoute 0.0.0.0/0 -InterfaceAlias "vEthernet (Lab)" -NextHop 10.0.0.1',
                "Gives an interface a default gateway."),
    ),
)  # fmt: skip
def new_netroute(call: Call) -> Iterator[object]:
    """Add a route to an interface."""
    destination, hop = _network(call), _next_hop(call)
    if destination is None or hop is None:
        return
    found = one(call, CLASS)
    if found is None:
        return
    if not found.has_ip:
        call.error(no_element(CLASS, f'TCP/IP is not bound to "{found.alias}".'))
    elif hop.version != destination.version:
        call.error(refused(CLASS, f"Invalid parameter NextHop {hop}"))
    elif _is_there(call, found, destination, hop):
        call.error(exists(CLASS))
    else:
        yield from _made(call, found, destination, hop)


def _made(call: Call, on: NetInterface, destination: Network, hop: Address) -> Iterator[object]:
    ref = on.at(call.place, call.machine)
    metric = call.get("RouteMetric", _METRIC)
    edits = [changed_ip(ref, _adding(destination, hop))]
    if "RouteMetric" in call:
        edits.append(_with_metric(ref, on, f"{destination} {hop}", metric))
    route = IpRoute(on, destination, str(hop), metric, interface=ref)
    if call.change(_target(route), both(*edits)):
        if "RouteMetric" in call:
            say_recorded(call, "the metric of a route")
        yield _object(route)
        yield _object(route, "PersistentStore")


def _network(call: Call) -> Network | None:
    text = call.get("DestinationPrefix")
    try:
        return ip_network(text)
    except ValueError:
        call.error(refused(CLASS, f"Invalid parameter DestinationPrefix {text}"))
        return None


def _next_hop(call: Call) -> Address | None:
    text = call.get("NextHop")
    if text is None:
        return ip_address(ON_LINK[6 if ":" in call.get("DestinationPrefix") else 4])
    try:
        return ip_address(text)
    except ValueError:
        call.error(refused(CLASS, f"Invalid parameter NextHop {text}"))
        return None


def _is_there(call: Call, on: NetInterface, destination: Network, hop: Address) -> bool:
    mine = [each for each in routes_of(call.place, call.machine) if each.index == on.index]
    # A lab's interface has one gateway, and one way to each network.
    same = [each for each in mine if each.destination == destination]
    return any(each.next_hop == str(hop) or each.protocol != "Dhcp" for each in same)


def _adding(destination: Network, hop: Address) -> Callable[[IpSettings], IpSettings]:
    def add(ip: IpSettings) -> IpSettings:
        if destination.prefixlen == 0 and not hop.is_unspecified:
            return replace(ip, gateways=(*ip.gateways, hop))
        return replace(ip, routes=(*ip.routes, StaticRoute(destination, hop)))

    return add


def _with_metric(ref: InterfaceRef, on: NetInterface, key: str, metric: int) -> Edit:
    return recorded(ref, RouteMetrics=on.kept("RouteMetrics", {}) | {key: metric})


def _target(each: IpRoute) -> str:
    return (
        f"NetRoute -DestinationPrefix {each.destination} -InterfaceIndex {each.index} "
        f"-NextHop {each.next_hop} -Store Active"
    )


_OBJECT: Final = Parameter(
    "InputObject", "CimInstance[]", sets=(OBJECT_SET,), mandatory=True, pipe="V", help="An object of Get-NetRoute."
)


def _given(call: Call) -> list[IpRoute]:
    """Return the routes that a cmdlet is to change: those that somebody has set, not those that others follow from."""
    if "InputObject" in call:
        found = [each.source for each in listed(call.get("InputObject")) if isinstance(each.source, IpRoute)]
    else:
        found = chosen(call, CLASS, routes_of(call.place, call.machine), _PROPERTIES)
    for each in found:
        if each.protocol != "NetMgmt":
            call.verbose(f"The route to {each.destination} by {each.alias} follows from an address, and stays.")
    return [each for each in found if each.protocol == "NetMgmt"]


@command(
    "Set-NetRoute",
    "NetTCPIP",
    "Modifies an entry or entries in the IP routing table.",
    (
        *_CHOICE,
        _OBJECT,
        Parameter("RouteMetric", "UInt16", support=Support.RECORDED, help="The metric that it is to have."),
        Parameter("Publish", values=("No", "Age", "Yes"), support=Support.ACCEPTED),
        STORE,
        PASSTHRU,
    ),
    default_set=QUERY,
    confirms=True,
    output="MSFT_NetRoute",
    guest=True,
    examples=(Example("Set-NetRoute -DestinationPrefix 0.0.0.0/0 -RouteMetric 10", "Records the metric of a route."),),
)
def set_netroute(call: Call) -> Iterator[object]:
    """Record the metric of routes."""
    for each in _given(call):
        if each.interface is None or each.on is None or "RouteMetric" not in call:
            continue
        metric = call.get("RouteMetric")
        key = f"{each.destination} {each.next_hop}"
        if call.change(_target(each), _with_metric(each.interface, each.on, key, metric)):
            say_recorded(call, "the metric of a route")
            if call.is_on("PassThru"):
                yield _object(replace(each, metric=metric))


@command(
    "Remove-NetRoute",
    "NetTCPIP",
    "Removes IP routes from the IP routing table.",
    (*_CHOICE, Parameter("RouteMetric", "UInt16[]", sets=(QUERY,), help="Its metric."), _OBJECT, STORE, PASSTHRU),
    default_set=QUERY,
    confirms=True,
    impact=Impact.HIGH,
    guest=True,
    examples=(
        Example("Remove-NetRoute -DestinationPrefix 10.2.0.0/24 -Confirm:$false", "Removes a route without asking."),
    ),
)
def remove_netroute(call: Call) -> Iterator[object]:
    """Remove routes that somebody has set; those that follow from addresses stay."""
    for each in _given(call):
        if each.interface is None:
            continue
        edit = changed_ip(each.interface, _removing(each))
        if call.change(_target(each), edit, "Remove", settle=True) and call.is_on("PassThru"):
            yield _object(each)


def _removing(route: IpRoute) -> Callable[[IpSettings], IpSettings]:
    def remove(ip: IpSettings) -> IpSettings:
        everywhere = route.destination.prefixlen == 0
        gone = StaticRoute(route.destination, ip_address(route.next_hop))
        return replace(
            ip,
            gateways=tuple(each for each in ip.gateways if not (everywhere and str(each) == route.next_hop)),
            routes=tuple(each for each in ip.routes if each != gone),
        )

    return remove
