"""The OpenFlow flows that virtual switches have, each with the feature and the object that it is there for.

The switches are asked themselves: what is shown is what is installed, with what it has counted. Runs inside the pod.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from controllers.openflow.cookies import CookieMeaning, FlowKind, read
from lab.emulation.counters import entry_of
from lab.emulation.flow_text import DumpedFlow, FlowWords, dumped
from lab.emulation.tallies import intents_at, name_of, told
from lab.emulation.tracing import ControllerGlossary
from lab.engine.resources import Blueprint, Bridge
from lab.intent import PortIntent


@dataclass(frozen=True, slots=True)
class InstalledFlow:
    """One flow of a virtual switch.

    ``feature`` is the part of the controller that wants it, ``object`` for whom: an adapter, or the switch as a whole;
    ``setting`` the entry of an access list that it carries out. ``kind`` is what it is for. ``match`` (empty: it fits
    every frame) and ``actions`` are told in the pipeline's words, ``openflow`` is the same as Open vSwitch has it.
    ``reason`` is Hyper-V's number of the reason for which it drops, 0 if it does not.
    """

    host: str
    switch: str
    table: int
    stage: str
    priority: int
    match: str
    actions: str
    feature: str
    object: str
    kind: str
    setting: str
    reason: int
    packets: int
    bytes: int
    age_s: float
    cookie: str
    openflow: str


def flows(blueprint: Blueprint, bridges: Iterable[Bridge], pid: int) -> list[InstalledFlow]:
    """Return the flows of some virtual switches, in the order in which a frame meets them.

    ``pid`` is any process of the lab. All switches are read side by side; LabFault if one does not answer.
    """
    found: list[InstalledFlow] = []
    for bridge, output in told(bridges, pid, "dump-flows"):
        intents = intents_at(blueprint, bridge)
        words = FlowWords({ofport: intent.adapter for ofport, intent in intents.items()})
        mine = [_flow(bridge, intents, words, each) for each in dumped(output)]
        found += sorted(mine, key=lambda each: (each.table, -each.priority, each.openflow))
    return found


def _flow(bridge: Bridge, intents: dict[int, PortIntent], words: FlowWords, flow: DumpedFlow) -> InstalledFlow:
    meaning = read(flow.cookie)
    stage, _ = ControllerGlossary().stage(flow.table)
    intent = intents.get(meaning.ofport) if meaning else None
    return InstalledFlow(
        host=bridge.node,
        switch=name_of(bridge),
        table=flow.table,
        stage=stage,
        priority=flow.priority,
        match=words.match(flow.match),
        actions=words.actions(flow),
        feature=meaning.owner.feature if meaning else "",
        object=_object(bridge, meaning, intent),
        kind=meaning.kind.name.lower().replace("_", " ") if meaning else "",
        setting=_setting(meaning, intent),
        reason=int(meaning.reason) if meaning and meaning.reason else 0,
        packets=flow.packets,
        bytes=flow.bytes,
        age_s=flow.age_s,
        cookie=f"{flow.cookie:#018x}",
        openflow=f"priority={flow.priority}{',' * bool(flow.match)}{flow.match} actions={flow.actions}",
    )


def _object(bridge: Bridge, meaning: CookieMeaning | None, intent: PortIntent | None) -> str:
    if intent:
        return intent.adapter
    if meaning and meaning.ofport:
        return f"port {meaning.ofport}, which is gone"
    return f"switch {name_of(bridge)}"


def _setting(meaning: CookieMeaning | None, intent: PortIntent | None) -> str:
    """Return the entry of an access list that a flow belongs to; what admits answers does not say which it is."""
    if meaning is None or intent is None or meaning.kind not in (FlowKind.DROP, FlowKind.COUNT):
        return ""
    if meaning.kind is FlowKind.COUNT:
        return str(intent.acls[meaning.entry - 1]) if 0 < meaning.entry <= len(intent.acls) else ""
    return str(entry_of(intent, meaning) or "")
