"""What the VMs with resource metering have sent and got (Measure-VM, property NetworkMeteredTrafficReport).

The counters are those of Meter entries: the adapter's own, or those that :mod:`lab.model.metering` adds. A reset leaves
them as they are, for `hvlab meters` shows them too, and notes where each stood. Runs inside the pod.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from controllers.openflow.cookies import FlowKind, read
from lab import codec
from lab.emulation.tallies import Tally, intents_at, tallies
from lab.engine.resources import Blueprint, Bridge
from lab.errors import LabFault
from lab.intent import PortIntent
from lab.model.acl import ANY, AclSide, PortAcl
from lab.model.metering import added_entries

RESETS: Final = "/run/hvlab/metering.json"
_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Traffic:
    """What an adapter has sent or got, of one class of network addresses. An address is empty where any will do."""

    host: str
    vm: str
    adapter: str
    direction: str
    local: str
    remote: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a counter stood at a reset; ``at_s`` is when (CLOCK_MONOTONIC, as Open vSwitch dates its flows)."""

    at_s: float
    bytes: int


@dataclass(frozen=True, slots=True)
class Resets:
    """The last reset of each counter, by switch, port and entry."""

    marks: Mapping[str, Mark] = field(default_factory=dict)
    version: int = _VERSION


@dataclass(frozen=True, slots=True)
class _Counter:
    key: str
    intent: PortIntent
    host: str
    entry: PortAcl
    tally: Tally


def traffic(blueprint: Blueprint, vms: frozenset[str], pid: int, path: str = RESETS) -> list[Traffic]:
    """Return what some VMs have sent and got since their adapters were connected, or since the last reset."""
    marks = _read(path).marks
    now = time.monotonic()
    found = [_traffic(each, marks.get(each.key), now) for each in _counters(blueprint, vms, pid)]
    return sorted(found, key=lambda each: (each.host, each.vm, each.adapter))


def reset(blueprint: Blueprint, vms: frozenset[str], pid: int, path: str = RESETS) -> None:
    """Let the counters of some VMs begin at zero (Reset-VMResourceMetering); others keep theirs."""
    marks = dict(_read(path).marks)
    found = {each.key: each.tally.bytes for each in _counters(blueprint, vms, pid)}
    now = time.monotonic()
    _write(path, Resets(marks | {key: Mark(now, size) for key, size in found.items()}))


def _traffic(counter: _Counter, mark: Mark | None, now: float) -> Traffic:
    vm, _, adapter = counter.intent.adapter.partition("/")
    entry, size = counter.entry, counter.tally.bytes
    address = str(entry.prefix or ANY)
    local, remote = (address, "") if entry.side is AclSide.LOCAL else ("", address)
    # A flow that is younger than the reset began at zero by itself.
    if mark and now - counter.tally.age_s <= mark.at_s:
        size = max(0, size - mark.bytes)
    return Traffic(counter.host, vm, adapter, entry.direction, local, remote, size)


def _counters(blueprint: Blueprint, vms: frozenset[str], pid: int) -> Iterator[_Counter]:
    metered = {bridge.key: _metered(blueprint, bridge, vms) for bridge in blueprint.bridges if bridge.intent}
    bridges = [bridge for bridge in blueprint.bridges if metered.get(bridge.key)]
    for bridge, counts in tallies(bridges, FlowKind.COUNT, pid):
        for cookie, tally in sorted(counts.items()):
            meaning = read(cookie)
            intent = metered[bridge.key].get(meaning.ofport) if meaning else None
            if meaning and intent:
                entries = intent.acls + added_entries(intent.acls, intent.resource_metering)
                for entry in entries[meaning.entry - 1 : meaning.entry]:
                    key = f"{bridge.node}/{bridge.device}/{meaning.ofport}/{entry}"
                    yield _Counter(key, intent, bridge.node, entry, tally)


def _metered(blueprint: Blueprint, bridge: Bridge, vms: Iterable[str]) -> dict[int, PortIntent]:
    wanted = set(vms)
    found = intents_at(blueprint, bridge).items()
    return {port: each for port, each in found if each.resource_metering and each.adapter.partition("/")[0] in wanted}


def _read(path: str) -> Resets:
    try:
        text = Path(path).read_bytes()
    except FileNotFoundError:
        return Resets()
    return codec.loads(Resets, text)


def _write(path: str, resets: Resets) -> None:
    new = f"{path}.new"
    try:
        Path(new).write_text(codec.dumps(resets), encoding="utf-8")
        os.replace(new, path)
    except OSError as error:
        raise LabFault(
            f'cannot note the reset of resource metering in "{path}": {error.strerror}', remedy="nothing was reset"
        ) from error
