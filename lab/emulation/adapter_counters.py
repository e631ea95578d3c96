"""What went through each network adapter on a virtual switch, as the adapter sees it (Get-NetAdapterStatistics).

Frames and bytes are those of the switch's ports, which Open vSwitch counts: a VM's adapter has sent what its port got.
At the external port it is the NIC that is looked at: it sends onto the wire. Drops are those of
:mod:`lab.emulation.counters` that are on account of an adapter. Runs inside the pod.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from controllers.openflow.cookies import FlowKind, read
from controllers.pipeline.tables import stage_named
from lab.emulation.counters import over_limits
from lab.emulation.tallies import intents_at, name_of, tallies, told
from lab.engine.resources import Blueprint, Bridge
from lab.intent import PortIntent, PortKind

_PORT: Final = re.compile(
    r"port +(\d+): rx pkts=(\d+), bytes=(\d+),[^\n]*\n +tx pkts=(\d+), bytes=(\d+),",
)
_AT_RECEIVER: Final = stage_named("isolate").number
"""From this stage on it is the receiver on whose account a frame is dropped."""

_Dropped = Counter[tuple[str, bool]]
"""Frames by adapter, and whether the switch was about to hand them to it."""


@dataclass(frozen=True, slots=True)
class AdapterCounters:
    """What an adapter has sent and received, in frames ("packets") and bytes, since it was connected.

    ``sent`` includes what the switch then dropped on account of a setting of the adapter (``dropped_outgoing``);
    ``received`` does not include what it was kept from getting (``dropped_incoming``).
    """

    host: str
    switch: str
    adapter: str
    packets_sent: int
    bytes_sent: int
    packets_received: int
    bytes_received: int
    dropped_outgoing: int
    dropped_incoming: int


def adapter_counters(blueprint: Blueprint, bridges: Sequence[Bridge], pid: int) -> list[AdapterCounters]:
    """Return the counters of all adapters on some virtual switches; ``pid`` is any process of the lab."""
    dropped = _dropped(blueprint, bridges, pid)
    found: list[AdapterCounters] = []
    for bridge, output in told(bridges, pid, "dump-ports"):
        intents = intents_at(blueprint, bridge)
        for number, *counts in _PORT.findall(output):
            intent = intents.get(int(number))
            if intent:
                found.append(_of_adapter(bridge, intent, list(map(int, counts)), dropped))
    return sorted(found, key=lambda each: (each.host, each.switch, each.adapter))


def _of_adapter(bridge: Bridge, intent: PortIntent, counts: list[int], dropped: _Dropped) -> AdapterCounters:
    into, out_of = counts[:2], counts[2:]
    drops = [dropped[intent.adapter, at_receiver] for at_receiver in (False, True)]
    if intent.kind is PortKind.EXTERNAL:
        into, out_of = out_of, into
        drops.reverse()
    return AdapterCounters(bridge.node, name_of(bridge), intent.adapter, *into, *out_of, *drops)


def _dropped(blueprint: Blueprint, bridges: Sequence[Bridge], pid: int) -> _Dropped:
    found: _Dropped = Counter()
    for bridge, counts in tallies(bridges, FlowKind.DROP, pid):
        intents = intents_at(blueprint, bridge)
        for cookie, tally in counts.items():
            meaning = read(cookie)
            intent = intents.get(meaning.ofport) if meaning else None
            if intent:
                found[intent.adapter, tally.table >= _AT_RECEIVER] += tally.frames
    for drop in over_limits(blueprint, bridges, pid):
        found[drop.adapter, False] += drop.frames
    return found
