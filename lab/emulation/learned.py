"""The MAC tables of virtual switches, read from the flows in which they are kept. Runs inside the pod."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from lab.emulation import ovs
from lab.emulation.netns import Program, run_programs
from lab.emulation.tracing import MAC_TABLE, VLAN_REGISTER, ControllerGlossary
from lab.engine.resources import Blueprint, Bridge
from lab.engine.trace.passage import LEARNED
from lab.errors import LabFault
from lab.model.addresses import hyperv_mac

_TIMEOUT_S: Final = 10
_VALUE: Final = re.compile(r"([a-z0-9_]+)=(0x[0-9a-f]+|[0-9a-f:]{17}|[0-9.]+)")


@dataclass(frozen=True, slots=True)
class Entry:
    """One address in a switch's MAC table.

    ``adapter`` is what is connected to the port, ``owner`` whose address it is (empty if the lab did not give it out).
    A static entry belongs to its adapter and does not age: ``age_s``, the seconds since the last frame from the
    address, and ``forgotten_in_s`` are None.
    """

    host: str
    switch: str
    vlan: int
    mac: str
    port: int
    adapter: str
    owner: str
    how: str
    age_s: int | None = None
    forgotten_in_s: int | None = None


def mac_tables(blueprint: Blueprint, bridges: Iterable[Bridge], pid: int) -> list[Entry]:
    """Return the MAC tables of some virtual switches, by switch, VLAN and address.

    ``pid`` is any process of the lab. All switches are read side by side.
    """
    wanted = list(bridges)
    # Only the answer in Nicira's format, which OpenFlow 1.0 carries, tells when a flow was last refreshed.
    commands = [
        Program(
            pid,
            (
                ovs.binary("ovs-ofctl"), f"--timeout={_TIMEOUT_S}", "-OOpenFlow10", "dump-flows",
                f"unix:{ovs.directory(bridge.node)}/{bridge.device}.mgmt", f"table={MAC_TABLE}",
            ),
        )
        for bridge in wanted
    ]  # fmt: skip
    # They have the addresses of their adapters.
    made = {(each.node, each.device) for each in blueprint.vlan_devices}
    made |= {(each.node, each.device) for each in blueprint.team_devices}
    adapters = (each for each in blueprint.interfaces if (each.node, each.device) not in made)
    owners = {interface.mac: f"{interface.node}/{interface.alias}" for interface in adapters}
    entries: list[Entry] = []
    for bridge, (code, output) in zip(wanted, run_programs(commands), strict=True):
        if code != 0:
            why = f"no answer within {_TIMEOUT_S} s" if code == -signal.SIGALRM else " ".join(output.split())
            raise LabFault(f'the MAC table of switch "{_name(bridge)}" cannot be read: {why}')
        entries += sorted(_entries(output, bridge, _adapters(blueprint, bridge), owners), key=_order)
    return entries


def _name(bridge: Bridge) -> str:
    return bridge.intent.switch if bridge.intent else bridge.device


def _order(entry: Entry) -> tuple[int, str]:
    return entry.vlan, entry.mac


def _adapters(blueprint: Blueprint, bridge: Bridge) -> dict[int, str]:
    return {
        port.ofport: port.intent.adapter
        for port in blueprint.ports
        if port.intent and (port.node, port.bridge) == (bridge.node, bridge.device)
    }


def _entries(text: str, bridge: Bridge, adapters: Mapping[int, str], owners: Mapping[str, str]) -> Iterator[Entry]:
    """Yield the entries among the flows that `ovs-ofctl dump-flows` printed."""
    glossary = ControllerGlossary()
    for line in text.splitlines():
        values: dict[str, str] = dict(_VALUE.findall(line.partition(" actions=")[0]))
        meaning = glossary.meaning(int(values.get("cookie", "0"), 16))
        if meaning is None or not meaning.kind:
            continue
        learned = meaning.kind == LEARNED
        # A flow that was never refreshed has no hard_age: then its last frame was its first.
        age = int(float(values.get("hard_age", values["duration"]))) if learned else None
        lifetime = int(values["hard_timeout"]) if learned else None
        yield Entry(
            host=bridge.node,
            switch=_name(bridge),
            vlan=int(values.get(VLAN_REGISTER, "0"), 0),
            mac=hyperv_mac(values["dl_dst"]),
            port=meaning.ofport,
            adapter=adapters.get(meaning.ofport, ""),
            owner=owners.get(values["dl_dst"], ""),
            how=meaning.kind,
            age_s=age,
            forgotten_in_s=None if age is None or lifetime is None else max(0, lifetime - age),
        )
