"""Asking virtual switches for their counters: what each flow has counted, by the cookie that says what the flow means.

The daemons are asked themselves: what they write into their databases is up to five seconds old. Runs inside the pod.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from controllers.openflow.cookies import FlowKind, mask_of
from lab.emulation import ovs
from lab.emulation.netns import Program, run_programs
from lab.engine.resources import Blueprint, Bridge
from lab.errors import LabFault
from lab.intent import PortIntent

_TIMEOUT_S: Final = 10
_FLOW: Final = re.compile(r"cookie=(0x[0-9a-f]+), duration=([0-9.]+)s, table=(\d+), n_packets=(\d+), n_bytes=(\d+),")


@dataclass(frozen=True, slots=True)
class Tally:
    """What the flows with one cookie have counted; the youngest of them is ``age_s`` seconds old."""

    table: int
    frames: int
    bytes: int
    age_s: float


def tallies(bridges: Iterable[Bridge], kind: FlowKind, pid: int) -> Iterator[tuple[Bridge, dict[int, Tally]]]:
    """Yield, for each switch, what flows of a kind have counted, by their cookies."""
    value, mask = mask_of(kind)
    for bridge, output in told(bridges, pid, "dump-flows", f"cookie={value:#x}/{mask:#x}"):
        found: dict[int, Tally] = {}
        for text, age_s, table, frames, size in _FLOW.findall(output):
            cookie = int(text, 16)
            other = found.get(cookie)
            count = int(frames) + other.frames if other else int(frames)
            total = int(size) + other.bytes if other else int(size)
            age = min(float(age_s), other.age_s) if other else float(age_s)
            found[cookie] = Tally(int(table), count, total, age)
        yield bridge, found


def told(bridges: Iterable[Bridge], pid: int, command: str, *arguments: str) -> Iterator[tuple[Bridge, str]]:
    """Yield what each switch answers to a command; all are asked side by side. LabFault if one does not answer."""
    wanted = list(bridges)
    commands = [
        Program(
            pid,
            (
                ovs.binary("ovs-ofctl"), f"--timeout={_TIMEOUT_S}", "-OOpenFlow13", command,
                f"unix:{ovs.directory(bridge.node)}/{bridge.device}.mgmt", *arguments,
            ),
        )
        for bridge in wanted
    ]  # fmt: skip
    for bridge, (code, output) in zip(wanted, run_programs(commands), strict=True):
        if code != 0:
            why = f"no answer within {_TIMEOUT_S} s" if code == -signal.SIGALRM else " ".join(output.split())
            raise LabFault(f'the counters of switch "{name_of(bridge)}" cannot be read: {why}')
        yield bridge, output


def name_of(bridge: Bridge) -> str:
    """Return the user's name of a switch."""
    return bridge.intent.switch if bridge.intent else bridge.device


def intents_at(blueprint: Blueprint, bridge: Bridge) -> dict[int, PortIntent]:
    """Return what the ports of a switch are meant to do, by their numbers."""
    here = (bridge.node, bridge.device)
    return {port.ofport: port.intent for port in blueprint.ports if port.intent and (port.node, port.bridge) == here}
