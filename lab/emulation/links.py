"""Cables and IP settings, as rtnetlink messages; shaping and offloads by the programs that know them.

Names come from :mod:`lab.model.names` and addresses from ``ipaddress``: nothing here can be an option or a second word.
"""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
from array import array
from collections.abc import Iterable, Iterator, Mapping
from ipaddress import ip_address
from typing import Final

from lab.emulation import netlink
from lab.emulation.netlink import Conversation, Message
from lab.emulation.netns import Batch, network_of
from lab.engine.resources import UNREACHABLE, Cable, Interface, Route

TC: Final = ("tc", "-batch", "-")

_FIRST_TABLE: Final = 1000
RULE_PRIORITY: Final = 1000
_SIOCETHTOOL, _ETHTOOL_GLINK = 0x8946, 0x0A


def add_cable(cable: Cable, pids: Mapping[str, int]) -> Message:
    """Return what makes a cable; it is said in any namespace of the lab."""
    near, far = (cable.a_device, pids[cable.a_node]), (cable.b_device, pids[cable.b_node])
    return netlink.add_veth(near, far, cable.mtu)


def remove_cable(cable: Cable) -> Message:
    """Return what removes a cable; it is said at the ``b`` end."""
    return netlink.delete_link(cable.b_device)


def clear(pid: int, devices: Iterable[str]) -> None:
    """Remove what may be left of cables, by their ends in the namespace of `pid`.

    The kernel takes the cables of a machine that has ended away in its own time, and their names with them.
    """
    with network_of(pid), Conversation() as kernel:
        kernel.change([netlink.delete_link(device) for device in devices], absent_is_fine=True)


def plug(cable: Cable) -> Message:
    """Return what plugs a cable in or pulls it out, at the ``b`` end."""
    return netlink.set_link(cable.b_device, mtu=cable.mtu, up=cable.plugged)


def segmentation(interface: Interface, before: Interface | None) -> tuple[str, ...]:
    """Return the command that lets a machine offload segmentation, or keeps it from it; empty if that is so already."""
    if interface.segmentation == (before.segmentation if before else True):
        return ()
    word = "on" if interface.segmentation else "off"
    return ("ethtool", "-K", interface.device, "tso", word, "gso", word)


def set_interface(interface: Interface, before: Interface | None = None) -> Iterator[Message]:
    """Yield what gives an interface its settings; ``before`` are those it has now."""
    device = interface.device
    new_alias = before is None or before.alias != interface.alias
    new_link = before is None or (before.mac, before.mtu) != (interface.mac, interface.mtu)
    new_state = before is None or before.up != interface.up
    if new_alias or new_link or new_state:
        yield netlink.set_link(
            device,
            alias=interface.alias if new_alias else None,
            mac=interface.mac if new_link else None,
            mtu=interface.mtu if new_link else None,
            up=interface.up if new_state else None,
        )
    if new_alias and interface.alias != device and " (" in interface.alias:
        # `ip addr` shows no alias, but an alternative name, which must not have a space.
        yield netlink.add_alternative_name(device, interface.alias.replace(" ", ""))
    same_rank = before is not None and before.rank == interface.rank
    had = before.addresses if before else ()
    for address in had:
        if address not in interface.addresses:
            yield netlink.delete_address(device, address)
    for address in interface.addresses:
        if address not in had or not same_rank:
            yield netlink.set_address(device, address, interface.rank)


def set_route(route: Route) -> Message:
    """Return what makes a route, in the table of its source; one like it is replaced."""
    return netlink.set_route(route.destination, _table(route), _via(route), route.device)


def remove_route(route: Route) -> Message:
    return netlink.delete_route(route.destination, _table(route), _via(route), route.device)


def _via(route: Route) -> str | None:
    return None if route.via == UNREACHABLE else route.via


def _table(route: Route) -> int:
    return table_of(route.source) if route.source else netlink.MAIN_TABLE


def add_rule(source: str) -> Message:
    """Return that after which packets from one address use the routes of that address."""
    return netlink.add_rule(source, table_of(source), RULE_PRIORITY)


def remove_rule(source: str) -> Message:
    return netlink.delete_rule(source, table_of(source), RULE_PRIORITY)


def table_of(source: str) -> int:
    """Return the routing table of the packets from one address: a number that depends on the address alone."""
    return _FIRST_TABLE + int(ip_address(source)) % 1_000_003


def run(changes: Mapping[int, Iterable[Message]]) -> None:
    """Make changes in the namespaces of the given processes; LabFault if the kernel refuses one."""
    for pid, messages in changes.items():
        if wanted := list(messages):
            with network_of(pid), Conversation() as kernel:
                kernel.change(wanted)


def settle(devices: Mapping[int, Iterable[str]]) -> None:
    """Let the kernel notice the carrier of devices that have just come up, in the namespaces of the given processes.

    It may otherwise take a second over that (it collects such news), and has no IPv6 on the device until then.
    ETHTOOL_GLINK makes it look.
    """
    for pid, names in devices.items():
        with network_of(pid), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
            for name in names:
                value = array("B", struct.pack("=II", _ETHTOOL_GLINK, 0))
                request = struct.pack("16sP", name.encode(), value.buffer_info()[0])
                with contextlib.suppress(OSError):  # gone again meanwhile, and no longer our business
                    fcntl.ioctl(handle, _SIOCETHTOOL, request)


def tc_batch(pid: int, lines: Iterable[str], *, may_fail: bool = False) -> Batch:
    """Return a `tc` program for the namespace of `pid`; if it may fail, it goes on after a command that does."""
    return Batch(pid, ("tc", "-force", *TC[1:]) if may_fail else TC, "\n".join(lines) + "\n", may_fail)
