"""What of a lab is really there: read from the kernel, from the databases and from the pod's first process.

Only what hvlab made is looked for. What a guest did inside itself beyond that (an address added by hand) is the guest's
own business and is left alone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from lab.emulation import ovs, team_devices, vlan_devices
from lab.emulation.links import RULE_PRIORITY, table_of
from lab.emulation.netlink import MAIN_TABLE, Conversation, FoundRoute, Link
from lab.emulation.netns import network_of
from lab.emulation.ovs import Tables
from lab.emulation.ovsdb import OvsdbClient
from lab.emulation.pod.pod import Pod
from lab.emulation.pod.process import ProcessState
from lab.engine.resources import UNREACHABLE, Blueprint, Bridge, Cable, Instance, Interface, Port, Relay, Route
from lab.engine.session import wait_until

_RESTART_TIMEOUT_S: Final = 2.0

Item = TypeVar("Item", Bridge, Port)


@dataclass(frozen=True, slots=True)
class Kernel:
    """One network namespace: links by name, the addresses of each, routes as (table, destination, via, device), and
    the sources that have rules."""

    links: Mapping[str, Link]
    addresses: Mapping[str, frozenset[str]]
    routes: frozenset[tuple[int, str, str, str]]
    sources: frozenset[str]


def pids(pod: Pod) -> dict[str, int]:
    """Return the pod's running processes by name, as the pod numbers them.

    One that is just being restarted is waited for: it is not lost.
    """
    states = wait_until(pod.processes, lambda found: not any(map(_restarting, found.values())), _RESTART_TIMEOUT_S)
    return {name: state.pid for name, state in states.items() if state.pid is not None}


def _restarting(process: ProcessState) -> bool:
    return process.state in ("backoff", "queued", "starting", "waiting")


def observe(known: Blueprint, pids: Mapping[str, int]) -> tuple[Blueprint, dict[str, Tables]]:
    """Return what exists of ``known`` and everything that the databases hold, and the databases' content.

    ``pids`` are the processes of the pod by name.
    """
    nodes = tuple(node for node in known.nodes if node.name in pids)
    names = {node.name for node in nodes}
    routed = {(route.node, 6 if ":" in route.destination else 4) for route in known.routes}
    ruled = {(rule.node, 6 if ":" in rule.source else 4) for rule in known.rules}
    kernel = {name: _read_kernel(name, pids[name], routed, ruled) for name in names}
    instances = tuple(each for each in known.instances if each.node in names and _both(each, pids))
    tables = {each.node: read_tables(each.node) for each in instances}
    blueprint = Blueprint(
        nodes=nodes,
        cables=tuple(cable for each in known.cables if (cable := _cable(each, kernel))),
        relays=tuple(relay for each in known.relays if (relay := _relay(each, kernel))),
        vlan_devices=tuple(
            vlan
            for each in known.vlan_devices
            if each.node in kernel and (vlan := vlan_devices.observed(each, kernel[each.node].links, pids))
        ),
        team_devices=tuple(
            team
            for each in known.team_devices
            if each.node in kernel and (team := team_devices.observed(each, kernel[each.node].links, pids))
        ),
        instances=instances,
        bridges=tuple(_in_order(known.bridges, _bridges(tables))),
        ports=tuple(_in_order(known.ports, _ports(tables))),
        interfaces=tuple(found for each in known.interfaces if (found := _interface(each, kernel))),
        routes=tuple(route for route in known.routes if _has_route(route, kernel)),
        rules=tuple(rule for rule in known.rules if rule.node in kernel and rule.source in kernel[rule.node].sources),
    )
    return blueprint, tables


def _both(instance: Instance, pids: Mapping[str, int]) -> bool:
    return f"ovsdb-server@{instance.node}" in pids and f"ovs-vswitchd@{instance.node}" in pids


def _read_kernel(node: str, pid: int, routed: Set[tuple[str, int]], ruled: Set[tuple[str, int]]) -> Kernel:
    """Return what the kernel knows in a node's network namespace; routes and rules as far as the node has any."""
    with network_of(pid), Conversation() as kernel:
        links = {link.index: link for link in kernel.links()}
        addresses: dict[int, set[str]] = defaultdict(set)
        for index, address in kernel.addresses():
            addresses[index].add(address)
        routes = [route for version in (4, 6) if (node, version) in routed for route in kernel.routes(version)]
        sources: set[str] = set()
        for version in (4, 6):
            if (node, version) in ruled:
                sources |= kernel.rule_sources(version, RULE_PRIORITY)
    return Kernel(
        {link.name: link for link in links.values()},
        {link.name: frozenset(addresses[index]) for index, link in links.items()},
        frozenset((route.table, route.destination, *_way(route, links)) for route in routes),
        frozenset(sources),
    )


def _way(route: FoundRoute, links: Mapping[int, Link]) -> tuple[str, str]:
    """Return a route's gateway and device."""
    if route.unreachable:
        return UNREACHABLE, ""
    return route.via, links[route.index].name if route.index in links else ""


def read_tables(node: str) -> Tables:
    """Return the content of a node's database."""
    with OvsdbClient(str(ovs.directory(node) / "db.sock")) as database:
        operations = [{"op": "select", "table": "Open_vSwitch", "where": [], "columns": ["next_cfg", "cur_cfg"]}]
        operations += [{"op": "select", "table": t, "where": [], "columns": c} for t, c in ovs.SELECTED.items()]
        results = database.rows(*operations)
    root = results[0][0]
    bridges, ports, interfaces = ({row["name"]: row for row in rows} for rows in results[1:])
    return Tables(bridges, ports, interfaces, root["next_cfg"], root["cur_cfg"])


def read_external_ids(node: str) -> dict[str, dict[str, str]]:
    """Return the external_ids of each of a node's bridges."""
    with OvsdbClient(str(ovs.directory(node) / "db.sock")) as database:
        select = {"op": "select", "table": "Bridge", "where": [], "columns": ["name", "external_ids"]}
        return {row["name"]: row["external_ids"] for row in database.rows(select)[0]}


def _bridges(tables: Mapping[str, Tables]) -> Iterator[Bridge]:
    for node in sorted(tables):
        yield from ovs.observed_bridges(node, tables[node])


def _ports(tables: Mapping[str, Tables]) -> Iterator[Port]:
    for node in sorted(tables):
        yield from ovs.observed_ports(node, tables[node])


def _in_order(known: tuple[Item, ...], found: Iterator[Item]) -> list[Item]:
    """Return what was found in the order in which it is known, so that plans do not depend on a database's order."""
    place = {each.key: at for at, each in enumerate(known)}
    return sorted(found, key=lambda each: (place.get(each.key, len(place)), each.key))


def _cable(cable: Cable, kernel: Mapping[str, Kernel]) -> Cable | None:
    a, b = kernel.get(cable.a_node), kernel.get(cable.b_node)
    if not a or not b or cable.a_device not in a.links or cable.b_device not in b.links:
        return None
    ends = (a.links[cable.a_device], b.links[cable.b_device])
    sent, received = (end.qdisc == "tbf" for end in ends)
    return replace(
        cable,
        mtu=ends[1].mtu,
        plugged=ends[1].up,
        sent_bps=cable.sent_bps if sent else 0,
        received_bps=cable.received_bps if received else 0,
    )


def _relay(relay: Relay, kernel: Mapping[str, Kernel]) -> Relay | None:
    node = kernel.get(relay.node)
    near, far = (node.links.get(device) if node else None for device in (relay.near, relay.far))
    if not near or not far or (near.qdisc, far.qdisc) != ("tbf", "htb"):
        return None
    return replace(relay, mtu=far.mtu)


def _interface(interface: Interface, kernel: Mapping[str, Kernel]) -> Interface | None:
    node = kernel.get(interface.node)
    link = node.links.get(interface.device) if node else None
    if node is None or link is None:
        return None
    present = node.addresses[interface.device]
    return replace(
        interface,
        alias=link.alias,
        mac=interface.mac if link.mac == interface.cluster_mac else link.mac,
        mtu=link.mtu,
        up=link.up,
        addresses=tuple(address for address in interface.addresses if address in present),
        sent_bps=interface.sent_bps if link.qdisc == "tbf" else 0,
    )


def _has_route(route: Route, kernel: Mapping[str, Kernel]) -> bool:
    found = kernel.get(route.node)
    table = table_of(route.source) if route.source else MAIN_TABLE
    return found is not None and (table, route.destination, route.via, route.device) in found.routes
