"""The devices that guests make for VLANs: the kernel's own where it has such, else a TAP device with a program.

Whether the kernel has them is found out by asking it for one, which also makes it load the module that it may need. A
Linux bridge cannot stand in: without VLAN devices a kernel has no bridge that knows VLANs either.
"""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Final

from lab.emulation import netlink, tagger
from lab.emulation.netlink import Conversation, Link, Unsupported
from lab.emulation.netns import network_of
from lab.emulation.ovs import LOGS, RUN
from lab.emulation.pod.process import Process
from lab.engine.resources import VlanDevice
from lab.errors import EnvironmentFault

READY: Final = RUN / "vlans"
"""Where each program says that it has begun."""

CHOICE: Final = "HVLAB_VLAN_DEVICES"
"""An environment variable: with "program" the kernel is not asked."""


def make(devices: Iterable[VlanDevice], pids: Mapping[str, int]) -> list[Process]:
    """Make devices in their machines, and return the programs that are to be started for them, if any.

    ``pids``: a process of each machine. What has the name of one of the devices is removed.
    """
    ask = os.environ.get(CHOICE) != "program"
    return [process(each, pids[each.node]) for each in devices if not _made(each, pids[each.node], ask)]


def remove(devices: Iterable[VlanDevice], pids: Mapping[str, int]) -> None:
    """Remove devices of machines that run, where they are still there, and what their programs have left."""
    for each in devices:
        if each.node in pids:
            with network_of(pids[each.node]), Conversation() as kernel:
                kernel.change([netlink.delete_link(each.device)], absent_is_fine=True)
        forget(each)


def forget(device: VlanDevice) -> None:
    """Remove the files of a device's program."""
    for path in (READY / process_name(device), LOGS / f"{process_name(device)}.log"):
        path.unlink(missing_ok=True)


def _made(device: VlanDevice, pid: int, ask: bool) -> bool:
    """Make a device; False if it needs a program."""
    with network_of(pid), Conversation() as kernel:
        kernel.change([netlink.delete_link(name) for name in _in_the_way(device, kernel)], absent_is_fine=True)
        try:
            if ask:
                kernel.change([netlink.add_vlan(device.device, device.parent, device.vlan_id)])
                return True
        except Unsupported:
            pass
        _make_tap(device.device)
    return False


def _in_the_way(device: VlanDevice, kernel: Conversation) -> list[str]:
    """Return what has the name of a device, or is a device for the same VLAN that the guest has given another name."""
    links = {link.name: link for link in kernel.links()}
    parent = links[device.parent].index if device.parent in links else 0
    same = ("vlan", parent, device.vlan_id)
    found = links.values()
    return [each.name for each in found if each.name == device.device or (each.kind, each.parent, each.vlan_id) == same]


def _make_tap(device: str) -> None:
    """Make a TAP device that stays when nobody has it open."""
    try:
        tap = tagger.open_tap(device)
    except OSError as error:
        raise EnvironmentFault(
            f"the TAP device {device} cannot be made: {error.strerror}", remedy="see `hvlab doctor`"
        ) from error
    try:
        fcntl.ioctl(tap, tagger.TUNSETPERSIST, 1)
    finally:
        os.close(tap)


def process_name(device: VlanDevice) -> str:
    """Return the name of a device's program among the lab's processes."""
    return f"vlan-{device.device}@{device.node}"


def process(device: VlanDevice, pid: int) -> Process:
    """Return the program that tags a device's frames; ``pid`` is the first process of its machine."""
    name = process_name(device)
    READY.mkdir(mode=0o700, exist_ok=True)
    forget(device)
    ready = str(READY / name)
    arguments = (str(pid), device.parent, device.device, str(device.vlan_id), ready)
    return Process(
        name=name,
        argv=(sys.executable, "-I", "-S", "-E", tagger.__file__, *arguments),
        enter={"net": device.node},
        restart=True,
        log=f"{LOGS}/{name}.log",
        ready=ready,
    )


def observed(device: VlanDevice, links: Mapping[str, Link], running: Collection[str]) -> VlanDevice | None:
    """Return what there is of a device, by a machine's links and the names of the lab's processes.

    One that is not what it should be has no VLAN, so that it is made again, or removed.
    """
    link, parent, runs = links.get(device.device), links.get(device.parent), process_name(device) in running
    if link is None and not runs:
        return None
    if link is None or parent is None:
        return replace(device, vlan_id=0)
    if link.kind == "vlan":
        return device if (link.vlan_id, link.parent) == (device.vlan_id, parent.index) else replace(device, vlan_id=0)
    return device if link.kind == "tun" and runs else replace(device, vlan_id=0)
