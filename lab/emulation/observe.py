"""What of a lab is really there: read from the kernel, from the databases and from the pod's first process.

Only what hvlab made is looked for. What a guest did inside itself beyond that (an address added by hand) is the guest's
own business and is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from lab.emulation import ovs
from lab.emulation.links import RULE_PRIORITY, table_of
from lab.emulation.netns import Batch, run_batches
from lab.emulation.ovs import Tables
from lab.emulation.ovsdb import OvsdbClient
from lab.emulation.pod.pod import Pod
from lab.emulation.pod.process import ProcessState
from lab.engine.resources import UNREACHABLE, Blueprint, Bridge, Cable, Instance, Interface, Port, Route
from lab.engine.session import wait_until

_RESTART_TIMEOUT_S: Final = 2.0

Item = TypeVar("Item", Bridge, Port)

_SHOW_ROUTES: Final = "route show table all\nrule show\n"
_SHOW: Final = "link show\naddr show\n" + _SHOW_ROUTES


@dataclass(frozen=True, slots=True)
class Kernel:
    """One network namespace: devices by name, routes as (table, destination, via, device), sources that have rules."""

    devices: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    routes: frozenset[tuple[str, str, str, str]] = frozenset()
    sources: frozenset[str] = frozenset()


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
    ipv6 = any(":" in route.destination for route in known.routes)
    each_kernel = kernels([pids[name] for name in sorted(names)], ipv6_routes=ipv6)
    kernel = dict(zip(sorted(names), each_kernel, strict=True))
    instances = tuple(each for each in known.instances if each.node in names and _both(each, pids))
    tables = {each.node: read_tables(each.node) for each in instances}
    blueprint = Blueprint(
        nodes=nodes,
        cables=tuple(cable for each in known.cables if (cable := _cable(each, kernel))),
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


def kernels(pids: list[int], *, ipv6_routes: bool) -> Iterator[Kernel]:
    """Yield what the kernel knows in the network namespaces of the given processes."""
    texts = run_batches([Batch(pid, ("ip", "-j", "-d", "-batch", "-"), _SHOW) for pid in pids])
    ipv6 = [Batch(pid, ("ip", "-6", "-j", "-batch", "-"), _SHOW_ROUTES) for pid in pids] if ipv6_routes else []
    more = run_batches(ipv6) or [""] * len(pids)
    for text, routes in zip(texts, more, strict=True):
        yield _parse(text, routes)


def _parse(text: str, ipv6: str) -> Kernel:
    links, addresses, *ipv4 = _answers(text)
    settings = {device["ifname"]: device for device in addresses if device.get("ifname")}
    devices = {each["ifname"]: settings.get(each["ifname"], {}) | each for each in links}  # only a link has its alias
    routes: set[tuple[str, str, str, str]] = set()
    sources: set[str] = set()
    for version, (table, rules) in ((4, ipv4), (6, _answers(ipv6) or [[], []])):
        routes |= {(str(each.get("table", "main")), _destination(each, version), *_way(each)) for each in table}
        sources |= {rule["src"] for rule in rules if rule.get("priority") == RULE_PRIORITY}
    return Kernel(devices, frozenset(routes), frozenset(sources))


def _way(route: Mapping[str, Any]) -> tuple[str, str]:
    """Return a route's gateway and device."""
    if route.get("type") == UNREACHABLE:
        return UNREACHABLE, ""
    return route.get("gateway", ""), route.get("dev", "")


def _answers(text: str) -> list[list[dict[str, Any]]]:
    """Return the answers of `ip -j -batch`: one JSON array for each command."""
    decoder = json.JSONDecoder()
    answers: list[list[dict[str, Any]]] = []
    rest = text.strip()
    while rest:
        answer, end = decoder.raw_decode(rest)
        answers.append(answer)
        rest = rest[end:].strip()
    return answers


def _destination(route: Mapping[str, Any], version: int) -> str:
    dst = str(route.get("dst", ""))
    if dst == "default":
        return "0.0.0.0/0" if version == 4 else "::/0"
    return dst if "/" in dst else f"{dst}/{32 if version == 4 else 128}"


def read_tables(node: str) -> Tables:
    """Return the content of a node's database."""
    with OvsdbClient(str(ovs.directory(node) / "db.sock")) as database:
        operations = [{"op": "select", "table": "Open_vSwitch", "where": [], "columns": ["next_cfg", "cur_cfg"]}]
        operations += [{"op": "select", "table": t, "where": [], "columns": c} for t, c in ovs.SELECTED.items()]
        results = database.rows(*operations)
    root = results[0][0]
    bridges, ports, interfaces = ({row["name"]: row for row in rows} for rows in results[1:])
    return Tables(bridges, ports, interfaces, root["next_cfg"], root["cur_cfg"])


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
    if not a or not b or cable.a_device not in a.devices or cable.b_device not in b.devices:
        return None
    end = b.devices[cable.b_device]
    shaped = all(device.get("qdisc") == "tbf" for device in (a.devices[cable.a_device], end))
    plugged = "UP" in end.get("flags", ())
    return replace(cable, mtu=end.get("mtu", 0), plugged=plugged, rate_bps=cable.rate_bps if shaped else 0)


def _interface(interface: Interface, kernel: Mapping[str, Kernel]) -> Interface | None:
    device = kernel[interface.node].devices.get(interface.device) if interface.node in kernel else None
    if device is None:
        return None
    present = {f"{each['local']}/{each['prefixlen']}" for each in device.get("addr_info", ()) if "local" in each}
    return replace(
        interface,
        alias=device.get("ifalias", ""),
        mac=device.get("address", ""),
        mtu=device.get("mtu", 0),
        up="UP" in device.get("flags", ()),
        addresses=tuple(address for address in interface.addresses if address in present),
    )


def _has_route(route: Route, kernel: Mapping[str, Kernel]) -> bool:
    found = kernel.get(route.node)
    table = str(table_of(route.source)) if route.source else "main"
    return found is not None and (table, route.destination, route.via, route.device) in found.routes
