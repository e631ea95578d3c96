"""The IP settings of an interface, as cmdlets of its own operating system make them of those that it had before."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any, Final

from lab.model.addresses import Address, Interface, IpSettings
from lab.model.recorded import Setting
from lab.shell.export.writing import line, unasked
from lab.shell.net.dns import DNS
from lab.shell.net.interfaces import IDLE_GATEWAYS, IDLE_ROUTES

METRIC: Final = "InterfaceMetric"
METRICS: Final = "RouteMetrics"
BINDINGS: Final = "Bindings"

_EVERYWHERE: Final = {4: "0.0.0.0/0", 6: "::/0"}


def can_be_set(wanted: IpSettings) -> bool:
    """Tell whether an operating system can have such settings: with DHCP it keeps no static address."""
    versions = {each.version for each in wanted.addresses}
    return not (wanted.dhcp and 4 in versions) and not (wanted.auto and 6 in versions)


def ip_lines(alias: str, had: IpSettings, wanted: IpSettings, recorded: Iterable[Setting] = ()) -> Iterator[str]:
    """Yield what gives an interface its settings; nothing if it had them."""
    values = {each.name: json.loads(each.value) for each in recorded}
    metrics: dict[str, int] = values.get(METRICS, {})
    if had.addresses != wanted.addresses[: len(had.addresses)] or _lost_ways(had, wanted):
        yield from _cleared(alias, had)
        had = IpSettings(dhcp=had.dhcp, auto=had.auto)
    if had.auto is not wanted.auto and (wanted.auto or not _has(wanted, 6)):
        yield _switched(alias, "RouterDiscovery", wanted.auto, AddressFamily="IPv6")
    if had.dhcp is not wanted.dhcp and (wanted.dhcp or not _has(wanted, 4)):
        yield _switched(alias, "Dhcp", wanted.dhcp)
    new = wanted.addresses[len(had.addresses) :]
    gateways = _gateways(new, wanted, had, metrics)
    for address in new:
        yield _new_address(alias, address, gateways.get(address))
    ways = [(_EVERYWHERE[each.version], str(each)) for each in wanted.gateways if each not in gateways.values()]
    ways = [way for way in ways if way[1] not in map(str, had.gateways)]
    ways += [(str(each.destination), str(each.next_hop)) for each in wanted.routes if each not in had.routes]
    ways += [(_EVERYWHERE[6 if ":" in hop else 4], hop) for hop in values.get(IDLE_GATEWAYS, [])]
    ways += [(destination, hop) for destination, hop in values.get(IDLE_ROUTES, [])]
    for destination, hop in ways:
        yield line(
            "New-NetRoute", DestinationPrefix=destination, InterfaceAlias=alias, NextHop=hop,
            RouteMetric=metrics.get(f"{destination} {hop}"),
        )  # fmt: skip


def _lost_ways(had: IpSettings, wanted: IpSettings) -> bool:
    return had.gateways != wanted.gateways[: len(had.gateways)] or not set(had.routes) <= set(wanted.routes)


def _has(ip: IpSettings, version: int) -> bool:
    return any(each.version == version for each in ip.addresses)


def _cleared(alias: str, had: IpSettings) -> Iterator[str]:
    """Yield what takes from an interface what it must not keep, ways first, as those are of no use afterwards."""
    for route in had.routes:
        yield unasked(line("Remove-NetRoute", DestinationPrefix=route.destination, InterfaceAlias=alias))
    for gateway in had.gateways:
        yield unasked(line("Remove-NetRoute", DestinationPrefix=_EVERYWHERE[gateway.version], InterfaceAlias=alias))
    for address in had.addresses:
        yield unasked(line("Remove-NetIPAddress", IPAddress=address.ip, InterfaceAlias=alias))


def _gateways(
    new: tuple[Interface, ...], wanted: IpSettings, had: IpSettings, metrics: dict[str, int]
) -> dict[Interface, Address]:
    """Return with which address New-NetIPAddress can say each gateway, if they end up in their order like that."""
    left = [each for each in wanted.gateways if each not in had.gateways]
    if any(f"{_EVERYWHERE[each.version]} {each}" in metrics for each in left):
        return {}
    found: dict[Interface, Address] = {}
    for address in new:
        mine = next((each for each in left if each in address.network and each not in found.values()), None)
        if mine is not None:
            found[address] = mine
    return found if list(found.values()) == left[: len(found)] else {}


def _new_address(alias: str, address: Interface, gateway: Address | None) -> str:
    return line(
        "New-NetIPAddress", InterfaceAlias=alias, IPAddress=address.ip, PrefixLength=address.network.prefixlen,
        DefaultGateway=gateway,
    )  # fmt: skip


def _switched(alias: str, parameter: str, on: bool, **more: object) -> str:
    return line("Set-NetIPInterface", InterfaceAlias=alias, **more, **{parameter: "Enabled" if on else "Disabled"})


def interface_lines(alias: str, recorded: Iterable[Setting]) -> Iterator[str]:
    """Yield what records the other settings that an operating system has made on an interface."""
    for each in recorded:
        value: Any = json.loads(each.value)
        if each.name == DNS:
            servers = [text for family in (value or {}).values() for text in family]
            what = {"ServerAddresses": servers} if servers else {}
            reset = "" if servers else " -ResetServerAddresses"
            yield line("Set-DnsClientServerAddress", InterfaceAlias=alias, **what) + reset
        elif each.name == METRIC:
            metric = {"AutomaticMetric": "Enabled"} if value is None else {"InterfaceMetric": value}
            yield line("Set-NetIPInterface", InterfaceAlias=alias, **metric)
        elif each.name == BINDINGS:
            for component, on in value.items():
                verb = "Enable" if on else "Disable"
                yield line(f"{verb}-NetAdapterBinding", Name=alias, ComponentID=component)
