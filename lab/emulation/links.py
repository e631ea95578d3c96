"""Cables and IP settings: `ip -batch` programs, one for each namespace.

pyroute2 was measured against it: importing it takes 160 ms, longer than all `ip` processes of a lab of twelve machines.
Names come from :mod:`lab.model.names` and addresses from ``ipaddress``: nothing here can be an option or a second word.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Final

from lab.emulation.netns import Batch, run_batches
from lab.engine.resources import UNREACHABLE, Cable, Interface, Route

IP: Final = ("ip", "-batch", "-")
TC: Final = ("tc", "-batch", "-")
_SIX: Final = "-6 "

# A shaper must take the largest frame there is: 64 kB where segmentation is offloaded.
_BURST_BYTES: Final = 128 * 1024
_FIRST_TABLE: Final = 1000
RULE_PRIORITY: Final = 1000


def add_cable(cable: Cable, pids: Mapping[str, int]) -> str:
    """Return the command that makes a cable; it runs in any namespace of the lab."""
    return (
        f"link add name {cable.a_device} mtu {cable.mtu} netns {pids[cable.a_node]} type veth "
        f"peer name {cable.b_device} mtu {cable.mtu} netns {pids[cable.b_node]}"
    )


def remove_cable(cable: Cable) -> str:
    """Return the command that removes a cable; it runs at the ``b`` end."""
    return f"link delete dev {cable.b_device}"


def clear(pid: int, devices: Iterable[str]) -> Batch:
    """Return the program that removes what may be left of cables, by their ends in the namespace of `pid`.

    The kernel takes the cables of a machine that has ended away in its own time, and their names with them.
    """
    text = "".join(f"link delete dev {device}\n" for device in devices)
    return Batch(pid, ("ip", "-force", "-batch", "-"), text, may_fail=True)


def plug(cable: Cable) -> str:
    """Return the command that plugs a cable in or pulls it out, at the ``b`` end."""
    return f"link set dev {cable.b_device} mtu {cable.mtu} {'up' if cable.plugged else 'down'}"


def shape(device: str, rate_bps: int) -> str:
    """Return the `tc` command that limits what a device sends, in bits per second."""
    if not rate_bps:
        return f"qdisc delete dev {device} root"
    return f"qdisc replace dev {device} root tbf rate {rate_bps}bit burst {_BURST_BYTES} latency 50ms"


def segmentation(interface: Interface, before: Interface | None) -> tuple[str, ...]:
    """Return the command that lets a machine offload segmentation, or keeps it from it; empty if that is so already."""
    if interface.segmentation == (before.segmentation if before else True):
        return ()
    word = "on" if interface.segmentation else "off"
    return ("ethtool", "-K", interface.device, "tso", word, "gso", word)


def set_interface(interface: Interface, before: Interface | None = None) -> Iterator[str]:
    """Yield the commands that give an interface its settings; ``before`` are those it has now."""
    device = f"dev {interface.device}"
    if before is None or before.alias != interface.alias:
        yield f'link set {device} alias "{interface.alias}"'
        if interface.alias != interface.device and " (" in interface.alias:
            # `ip addr` shows no alias, but an alternative name, which must not have a space.
            yield f'link property add {device} altname "{interface.alias.replace(" ", "")}"'
    if before is None or (before.mac, before.mtu) != (interface.mac, interface.mtu):
        yield f"link set {device} address {interface.mac} mtu {interface.mtu}"
    if before is None or before.up != interface.up:
        yield f"link set {device} {'up' if interface.up else 'down'}"
    had = before.addresses if before else ()
    for address in had:
        if address not in interface.addresses:
            yield f"address delete {address} {device}"
    for address in interface.addresses:
        if address not in had:
            yield f"address add {address} {device}{' nodad' if ':' in address else ' broadcast +'}"


def set_route(route: Route) -> str:
    """Return the command that makes a route, in the table of its source; one like it is replaced."""
    return f"route replace {_route(route)}"


def remove_route(route: Route) -> str:
    return f"route delete {_route(route)}"


def add_rule(source: str) -> str:
    """Return the command after which packets from one address use the routes of that address."""
    return f"{_rule('add', source)} priority {RULE_PRIORITY}"


def remove_rule(source: str) -> str:
    return _rule("delete", source)


def table_of(source: str) -> int:
    """Return the routing table of the packets from one address: a number that depends on the address alone."""
    return _FIRST_TABLE + int(ip_address(source)) % 1_000_003


def _rule(action: str, source: str) -> str:
    family = _SIX if ":" in source else ""
    return f"{family}rule {action} from {source} lookup {table_of(source)}"


def _route(route: Route) -> str:
    table = f" table {table_of(route.source)}" if route.source else ""
    if route.via == UNREACHABLE:
        return f"{UNREACHABLE} {route.destination}{table}"
    via = f" via {route.via}" if route.via else ""
    return f"{route.destination}{via} dev {route.device}{table}"


def run(lines: Mapping[int, Iterable[str]]) -> None:
    """Run `ip` commands in the namespaces of the given processes, all side by side; LabFault if one fails."""
    run_batches([program for pid, each in lines.items() for program in _programs(pid, each)])


def _programs(pid: int, lines: Iterable[str]) -> Iterator[Batch]:
    """Yield the programs for one namespace: what is about rules of IPv6 must be told so by an option."""
    texts: dict[bool, list[str]] = {False: [], True: []}
    for line in lines:
        texts[line.startswith(_SIX)].append(line.removeprefix(_SIX))
    for six, text in texts.items():
        if text:
            yield Batch(pid, ("ip", "-6", "-batch", "-") if six else IP, "\n".join(text) + "\n")


def tc_batch(pid: int, lines: Iterable[str]) -> Batch:
    """Return a `tc` program for the namespace of `pid`."""
    return Batch(pid, TC, "\n".join(lines) + "\n")
