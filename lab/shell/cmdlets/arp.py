"""`arp` and `route`: a machine's neighbours and routes in Windows' words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, ip_address, ip_network
from typing import Final

from lab.model.addresses import Address, IpSettings, Network, StaticRoute
from lab.shell.cmdlets.netneighbor import Neighbor, neighbors
from lab.shell.command import Call, Example, command
from lab.shell.net.addresses import IpRoute, metric_of, routes_of, with_leases
from lab.shell.net.edits import both, changed_ip, recorded
from lab.shell.net.interfaces import NetInterface, interfaces_of, numbered
from lab.shell.net.probes import is_address
from lab.shell.net.usage import ARGUMENTS
from lab.shell.wildcards import matches

_MODULE: Final = "Windows"
_RULE: Final = "=" * 75
_TIMEOUT_S: Final = 5.0
_OK: Final = " OK!"


@command(
    "arp",
    _MODULE,
    "Shows and changes what the machine knows of its neighbours.",
    ARGUMENTS,
    guest=True,
    examples=(Example("arp -a", "Shows the neighbours."), Example("arp -d *", "Forgets them.")),
    remarks="Understands -a -g -d -s.",
)
def arp(call: Call) -> Iterator[str]:
    """Yield the machine's neighbours of IPv4, or change what it knows of them."""
    words = [word.replace("/", "-", 1) for word in call.get("Arguments", [])]
    option, rest = (words[0].lower(), words[1:]) if words else ("", [])
    call.runtime.ended(0)
    match option:
        case "-a" | "-g":
            yield from _neighbours(call, rest[0] if rest else "")
        case "-d":
            yield from _forget(call, rest[0] if rest else "*")
        case "-s" if len(rest) >= 2 and is_address(rest[0]):
            yield from _remember(call, rest[0], rest[1])
        case _:
            call.runtime.ended(1)
            yield from ("", "ARP -s inet_addr eth_addr", "ARP -d inet_addr", "ARP -a [inet_addr]")


def _four(call: Call) -> list[Neighbor]:
    return [each for each in neighbors(call) if each.family == "IPv4" and each.state != "Unreachable"]


def _neighbours(call: Call, wanted: str) -> Iterator[str]:
    found = [each for each in _four(call) if wanted in ("", each.address)]
    if not found:
        call.runtime.ended(1)
        yield "No ARP Entries Found."
    addresses = {own.key: leased for own, leased in with_leases(call.place, call.machine)}
    for index in sorted({each.on.index for each in found}):
        mine = [each for each in found if each.on.index == index]
        own = next((one.ip for one in addresses[mine[0].on.key].own.addresses if one.version == 4), "0.0.0.0")
        yield ""
        yield f"Interface: {own} --- 0x{index:x}"
        yield "  Internet Address      Physical Address      Type"
        for each in sorted(mine, key=lambda one: int(IPv4Address(one.address))):
            kind = "static" if each.state == "Permanent" else "dynamic"
            mac = each.mac.lower() if each.state != "Incomplete" else ""
            yield f"  {each.address:<22}{mac:<22}{kind:<11}"


def _forget(call: Call, wanted: str) -> Iterator[str]:
    found = [each for each in _four(call) if matches(wanted, each.address)]
    if not found and wanted != "*":
        call.runtime.ended(1)
        yield f"The ARP entry deletion failed: The specified entry was not found.: {wanted}"
    for each in found:
        argv = ("ip", "neigh", "del", each.address, "dev", each.on.device)
        call.place.run(call.machine, argv, timeout_s=_TIMEOUT_S)


def _remember(call: Call, address: str, mac: str) -> Iterator[str]:
    on = _towards(call, ip_address(address))
    if on is None:
        call.runtime.ended(1)
        yield "The ARP entry addition failed: The parameter is incorrect."
        return
    argv = ("ip", "neigh", "replace", address, "lladdr", mac.replace("-", ":"), "dev", on.device, "nud", "permanent")
    done = call.place.run(call.machine, argv, timeout_s=_TIMEOUT_S)
    if done.code:
        call.runtime.ended(1)
        yield f"ARP: bad argument: {mac}"


def _towards(call: Call, address: Address) -> NetInterface | None:
    """Return the interface in whose subnet an address is."""
    for own, leased in with_leases(call.place, call.machine):
        if any(address in each.network for each in leased.own.addresses):
            return own
    return None


# -- route ------------------------------------------------------------------------------------------------------------


@command(
    "route",
    _MODULE,
    "Shows and changes the machine's routes.",
    ARGUMENTS,
    guest=True,
    examples=(
        Example("route print -4", "Shows the routes of IPv4."),
        Example("route add 10.2.0.0 mask 255.255.255.0 10.1.0.1", "Says by whom a network is reached."),
    ),
    remarks="Understands print, add, change, delete, -4, -6, -p, mask, metric and if. Routes stay, as with -p.",
)
def route(call: Call) -> Iterator[str]:
    """Yield the machine's routes, or change those that somebody has set."""
    words = [word for word in call.get("Arguments", []) if word.lower() not in ("-p", "/p", "-f")]
    versions = [version for version, name in ((4, "-4"), (6, "-6")) if name in words] or [4, 6]
    words = [word for word in words if word not in ("-4", "-6")]
    verb, rest = (words[0].lower(), words[1:]) if words else ("", [])
    call.runtime.ended(0)
    match verb:
        case "print":
            yield from _print(call, versions, rest[0] if rest else "*")
        case "add" | "change" if rest:
            yield _add(call, rest, change=verb == "change")
        case "delete" if rest:
            yield _delete(call, rest)
        case _:
            call.runtime.ended(1)
            yield from ("", "Manipulates network routing tables.", "",
                        "ROUTE [-f] [-p] [-4|-6] command [destination]",
                        "                  [MASK netmask]  [gateway] [METRIC metric]  [IF interface]", "",
                        "  command      One of these:",
                        "                 PRINT     Prints  a route", "                 ADD       Adds    a route",
                        "                 DELETE    Deletes a route",
                        "                 CHANGE    Modifies an existing route")  # fmt: skip


def _print(call: Call, versions: list[int], pattern: str) -> Iterator[str]:
    yield _RULE
    yield "Interface List"
    for each in interfaces_of(call.place, call.machine):
        if each.present and each.enabled:
            yield f"{each.index:>3}...{each.mac.replace('-', ' ').lower()} ......{each.description}"
    yield "  1...........................Software Loopback Interface 1"
    yield _RULE
    routes = [each for each in routes_of(call.place, call.machine) if matches(f"{pattern}*", str(each.destination))]
    if 4 in versions:
        yield from _four_table(call, [each for each in routes if each.family == "IPv4"])
    if 6 in versions:
        yield from _six_table([each for each in routes if each.family == "IPv6"])


def _metric(each: IpRoute) -> int:
    return each.metric + metric_of(each.on)


def _sources(call: Call) -> dict[int, str]:
    """Return the first IPv4 address of each interface, by its number."""
    found = {1: "127.0.0.1"}
    for own, leased in with_leases(call.place, call.machine):
        address = leased.own.of_version(4)
        found[own.index] = str(address.ip) if address else "0.0.0.0"
    return found


def _four_table(call: Call, routes: list[IpRoute]) -> Iterator[str]:
    yield from ("", "IPv4 Route Table", _RULE)
    if routes:
        yield "Active Routes:"
        yield "Network Destination        Netmask          Gateway       Interface  Metric"
    sources = _sources(call)
    for each in sorted(routes, key=lambda one: (int(one.destination.network_address), one.destination.prefixlen)):
        by = "On-link" if each.next_hop == "0.0.0.0" else each.next_hop
        row = (each.destination.network_address, each.destination.netmask, by, sources[each.index])
        yield "".join(f"{text!s:>17}" for text in row) + f"{_metric(each):>7}"
    yield _RULE
    yield "Persistent Routes:"
    kept = [each for each in routes if each.protocol == "NetMgmt"]
    if not kept:
        yield "  None"
    else:
        yield "  Network Address          Netmask  Gateway Address  Metric"
    for each in kept:
        to = each.destination
        metric = "Default" if to.prefixlen == 0 else str(each.metric)
        by = "On-link" if each.next_hop == "0.0.0.0" else each.next_hop
        yield f"{to.network_address!s:>17}{to.netmask!s:>17}{by:>17}{metric:>9} "
    yield _RULE


def _six_table(routes: list[IpRoute]) -> Iterator[str]:
    yield from ("", "IPv6 Route Table", _RULE, "Active Routes:", " If Metric Network Destination      Gateway")
    for each in sorted(routes, key=lambda one: (one.index, int(one.destination.network_address))):
        by = "On-link" if each.next_hop == "::" else each.next_hop
        yield f"{each.index:>3}{_metric(each):>7} {each.destination!s:<25}{by}"
    yield _RULE
    yield "Persistent Routes:"
    kept = [each for each in routes if each.protocol == "NetMgmt"]
    if not kept:
        yield "  None"
    for each in kept:
        yield f"{each.index:>3}{each.metric:>7} {each.destination!s:<25}{each.next_hop}"
    yield _RULE


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The route that a command line is about: where to (None if that is bad), by whom, by which interface."""

    destination: Network | None
    hop: str
    index: int | None = None
    metric: int | None = None


def _parsed(words: list[str]) -> _Wanted:
    """Return the route that a command line is about."""
    rest = list(words)
    values: dict[str, str] = {}
    for name in ("mask", "metric", "if"):
        at = next((number for number, word in enumerate(rest) if word.lower() == name), None)
        if at is not None:
            values[name] = rest[at + 1] if at + 1 < len(rest) else ""
            del rest[at : at + 2]
    text, hop = rest[0], rest[1] if len(rest) > 1 else ""
    index = _number(values.get("if", ""))
    metric = _number(values.get("metric", ""))
    if ("if" in values and index is None) or ("metric" in values and metric is None):
        return _Wanted(None, hop)
    if text == "default":
        text, values["mask"] = "0.0.0.0", "0.0.0.0"
    try:
        if "/" in text or ":" in text:
            return _Wanted(ip_network(text), hop, index, metric)
        mask = values.get("mask") or ("0.0.0.0" if text == "0.0.0.0" else "255.255.255.255")
        return _Wanted(IPv4Network(f"{text}/{mask}"), hop, index, metric)
    except ValueError:
        return _Wanted(None, hop, index, metric)


def _number(text: str) -> int | None:
    """Read a number, as 12 or 0xc; None if it is none."""
    try:
        return int(text, 0)
    except ValueError:
        return None


_BAD_MASK: Final = "The route addition failed: The parameter is incorrect."
_NOT_THERE: Final = (
    "The route addition failed: Either the interface index is wrong or the gateway does not lie on the same network as "
    "the interface. Check the IP Address Table for the machine."
)


def _add(call: Call, words: list[str], *, change: bool) -> str:
    wanted = _parsed(words)
    destination = wanted.destination
    if destination is None or not is_address(wanted.hop):
        call.runtime.ended(1)
        return _BAD_MASK
    gateway = ip_address(wanted.hop)
    on = _towards(call, gateway)
    if wanted.index is not None:
        on = numbered(call.place, call.machine, wanted.index)
    if on is None or not on.has_ip:
        call.runtime.ended(1)
        return _NOT_THERE
    same = [
        each
        for each in routes_of(call.place, call.machine)
        if each.index == on.index and each.destination == destination
    ]
    if same and not change:
        call.runtime.ended(1)
        return "The route addition failed: The object already exists."

    def added(ip: IpSettings) -> IpSettings:
        routes = tuple(each for each in ip.routes if each.destination != destination)
        if destination.prefixlen == 0:
            kept = tuple(each for each in ip.gateways if each.version != gateway.version)
            return replace(ip, gateways=(*kept, gateway))
        return replace(ip, routes=(*routes, StaticRoute(destination, gateway)))

    ref = on.at(call.place, call.machine)
    edits = [changed_ip(ref, added)]
    if wanted.metric is not None:
        metrics = on.kept("RouteMetrics", {}) | {f"{destination} {gateway}": wanted.metric}
        edits.append(recorded(ref, RouteMetrics=metrics))
        call.verbose("A lab only records the metric of a route.")
    call.place.change(both(*edits))
    return _OK


def _delete(call: Call, words: list[str]) -> str:
    wanted = _parsed(words)
    exact = any(word.lower() == "mask" for word in words) or "/" in words[0] or words[0] == "0.0.0.0"
    found = [
        each
        for each in routes_of(call.place, call.machine)
        if each.protocol == "NetMgmt" and each.interface and wanted.hop in ("", each.next_hop)
        if (
            each.destination == wanted.destination
            if exact
            else matches(words[0], str(each.destination.network_address))
        )
    ]
    for each in found:
        assert each.interface
        gone = each

        def without(ip: IpSettings, gone: IpRoute = gone) -> IpSettings:
            everywhere = gone.destination.prefixlen == 0
            return replace(
                ip,
                gateways=tuple(one for one in ip.gateways if not (everywhere and str(one) == gone.next_hop)),
                routes=tuple(one for one in ip.routes if one.destination != gone.destination),
            )

        call.place.change(changed_ip(each.interface, without))
    if found:
        call.place.settle()
        return _OK
    call.runtime.ended(1)
    return "The route deletion failed: Element not found."
