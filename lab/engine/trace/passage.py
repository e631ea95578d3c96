"""One switch's part of a trace: Open vSwitch's text, told in Hyper-V's words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import dropwhile
from typing import Final, Protocol

from lab.engine.resources import Bridge, Port
from lab.engine.trace.cabling import Cabling
from lab.engine.trace.story import Stage, some
from lab.engine.trace.text import TraceText, Visit
from lab.intent import LearningMode, PortKind
from lab.model.addresses import hyperv_mac

STATIC: Final = "static"
LEARNED: Final = "learned"

_MIRRORS: Final = frozenset({"mirror_out", "mirror_in"})
"""The stages that copy what a Source sends or gets; there only a Source has flows."""

_ANSWERS: Final = "the switch itself answers, in the name of"

_NORMAL: Final = {
    "forwarding to learned port": "its MAC table knows {mac}",
    "no learned MAC for destination, flooding": "its MAC table does not know {mac}, so every other port gets a copy",
    "learned port is input port, dropping": "its MAC table has {mac} at the very port that the frame came in by",
}


@dataclass(frozen=True, slots=True)
class Meaning:
    """What the cookie of a flow says: the feature and the port it belongs to (0 for the switch as a whole).

    ``kind`` is STATIC or LEARNED for an entry of the MAC table, else empty. ``reason`` and ``words`` belong to a drop.
    """

    feature: str
    ofport: int
    kind: str = ""
    reason: int = 0
    words: str = ""


class Glossary(Protocol):
    """The controller's names for tables and cookies."""

    def stage(self, table: int) -> tuple[str, str]:
        """Return the name of a table's stage, and the sentence that says what it does."""

    def meaning(self, cookie: int) -> Meaning | None:
        """Return what a cookie says, None for one that is not the controller's."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What a switch does with a frame. ``tags``: the VLAN ids with which devices get it, where they get it with one.

    ``answered``: the switch itself answers, in the name of the management OS, which does not get it. ``failure`` says
    in words why nobody gets it, empty if somebody does.
    """

    stages: tuple[Stage, ...]
    outputs: tuple[Port, ...]
    decision: str
    tags: Mapping[str, int]
    failure: str = ""
    reason: int = 0
    answered: bool = False


class Interpreter:
    """Tells passages of one lab."""

    def __init__(self, cabling: Cabling, glossary: Glossary) -> None:
        self._cabling = cabling
        self._glossary = glossary

    def passage(self, bridge: Bridge, text: TraceText, target_mac: str) -> Passage:
        """Return what a switch does with a frame to a MAC address, from its trace."""
        found = (self._cabling.port(bridge.node, name) for name in text.outputs)
        outputs = tuple(port for port in found if port and port.bridge == bridge.device)
        asked = next((visit for visit in text.visits if _asks(visit)), None)
        server = self._cabling.management(bridge) if asked and not outputs else None
        if server:
            stages = tuple(self._stage(bridge, visit, (server,)) for visit in text.visits)
            return Passage(stages, (server,), f"{_ANSWERS} {self._cabling.name(server)}", {}, answered=True)
        stages = tuple(self._stage(bridge, visit, outputs) for visit in text.visits) if bridge.intent else ()
        dropped = next((stage for stage in reversed(stages) if stage.reason), None)
        mac = hyperv_mac(target_mac)
        if outputs:
            words = self._decision(bridge, text, mac, outputs)
            return Passage(stages, outputs, words, text.tags)
        if dropped:
            return Passage(stages, (), dropped.detail, {}, dropped.detail, dropped.reason)
        why = text.failure or next(iter(self._physical(text, mac)), "") or ", ".join(text.remarks[-1:])
        why = why or "no port is left for it"
        return Passage(stages, (), why, {}, why)

    def _stage(self, bridge: Bridge, visit: Visit, outputs: tuple[Port, ...]) -> Stage:
        name, does = self._glossary.stage(visit.table)
        meaning = self._glossary.meaning(visit.cookie)
        if meaning is None:
            return Stage(visit.table, name, does, "", self._owner(bridge, 0), " ".join(visit.remarks))
        detail = ""
        if meaning.reason:
            detail = f"dropped, reason {meaning.reason}: {meaning.words}"
        elif meaning.kind:
            detail = f"{_how(meaning.kind)} {self._at(bridge, meaning.ofport)}"
        elif name in _MIRRORS and meaning.ofport:
            detail = "a copy to the Destinations of port mirroring"
        elif _asks(visit):
            detail = "the switch itself answers: DHCP"
        elif any(action.startswith("group:") for action in visit.actions):
            detail = f"a copy to each of {len(outputs)} ports" if len(outputs) != 1 else "to one port"
        owner = self._owner(bridge, meaning.ofport)
        return Stage(visit.table, name, does, meaning.feature, owner, detail, meaning.reason)

    def _decision(self, bridge: Bridge, text: TraceText, mac: str, outputs: tuple[Port, ...]) -> str:
        if bridge.intent is None:
            return next(iter(self._physical(text, mac)), "") or f"to {self._names(outputs)}"
        for meaning in self._looked_up(text):
            if meaning.kind:
                return f"{mac} is {_how(meaning.kind)} {self._at(bridge, meaning.ofport)}"
        if _is_group(mac):
            return "broadcast or multicast: every other port gets a copy"
        if bridge.intent.learning is LearningMode.LEARNING:
            return f"the switch has not learned where {mac} is, so every other port gets a copy"
        return f"no adapter has {mac}: a copy only to the wire and to adapters with MacAddressSpoofing On"

    def _looked_up(self, text: TraceText) -> Iterator[Meaning]:
        """Yield what the flows mean that look for the receiver; before them a team looks for the sender."""
        for visit in dropwhile(lambda visit: self._glossary.stage(visit.table)[0] != "lookup", text.visits):
            meaning = self._glossary.meaning(visit.cookie)
            if meaning:
                yield meaning

    def _physical(self, text: TraceText, mac: str) -> Iterator[str]:
        for remark in text.remarks:
            if remark in _NORMAL:
                told = "broadcast or multicast: every other port gets a copy" if _is_group(mac) else _NORMAL[remark]
                yield told.format(mac=mac)

    def _at(self, bridge: Bridge, ofport: int) -> str:
        port = self._cabling.numbered(bridge, ofport)
        if port is None:
            return f"port {ofport}, which is gone"
        team = self._cabling.team(port) if port.intent and port.intent.kind is PortKind.EXTERNAL else ()
        return f"the team of {self._names(team)}" if len(team) > 1 else f"port {ofport}, {self._cabling.name(port)}"

    def _owner(self, bridge: Bridge, ofport: int) -> str:
        port = self._cabling.numbered(bridge, ofport) if ofport else None
        if port:
            return port.intent.adapter if port.intent else port.device
        return f"port {ofport}, which is gone" if ofport else f"switch {bridge.intent.switch if bridge.intent else ''}"

    def _names(self, ports: tuple[Port, ...]) -> str:
        return some(tuple(self._cabling.name(port) for port in ports))


def _asks(visit: Visit) -> bool:
    """Tell whether a stage gives a frame to what answers in the switch's place."""
    return any(action.startswith("CONTROLLER") for action in visit.actions)


def _how(kind: str) -> str:
    return "assigned to" if kind == STATIC else "learned at"


def _is_group(mac: str) -> bool:
    """Tell whether an address is broadcast or multicast."""
    return bool(int(mac[:2], 16) & 1)
