"""What virtual switches count: the frames they drop, each with its reason, and those that Meter entries ask for.

Every drop is a flow of its own, so the counters are those of the flows, whose cookies say what they mean. The last
frame comes from what the daemon still has by heart of the last ten seconds; nothing is copied to anybody for it. A
daemon that is started again counts from zero. Runs inside the pod.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from controllers.openflow.cookies import CookieMeaning, FlowKind, read
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.values import Limit, limit_of
from controllers.view import ALL_QUESTIONS_PER_S, QUESTIONS_PER_S
from lab.emulation import ovs
from lab.emulation.observe import read_external_ids
from lab.emulation.tallies import intents_at, name_of, tallies, told
from lab.emulation.tracing import control
from lab.engine.resources import Blueprint, Bridge
from lab.engine.trace import remedies
from lab.engine.trace.text import parse
from lab.intent import LearningMode, PortIntent
from lab.intent.leases import IGNORED_KEY, ignored_in
from lab.model.acl import AclEntry
from lab.model.addresses import hyperv_mac
from lab.model.vlan import UNTAGGED

_MOST_FRAMES: Final = 200
"""How many different frames are looked at, the most recent ones."""

_METER: Final = re.compile(r"meter:(\w+) .*\s+bands:\s+0: packet_count:(\d+)")
_CONTROLLER: Final = "controller"
"""The name of the meter of all that a switch gives to its controller."""
_DROPPED: Final = re.compile(
    r"ufid:\S+ (?P<key>.*?), packets:\d+, bytes:\d+, used:(?:(?P<used>[0-9.]+)s|never),.* actions:drop\b"
)
_BY_HEART: Final = ("dpctl/dump-flows", "-m", "netdev@ovs-netdev")
_DATAPATH: Final = "ovs-netdev"
_MASK: Final = re.compile(r"/[0-9a-fx.:]+(?=[,)])")
_PORT: Final = re.compile(r"\bin_port\(([^()]+)\)")
_PART: Final = re.compile(r"(\w+)\(([^()]*)\)")
_TRANSPORTS: Final = {"tcp": "TCP", "udp": "UDP", "sctp": "SCTP"}
_CAUSES: Final = {"guard": "MacAddressSpoofing Off", 17: "DhcpGuard On", 18: "RouterGuard On"}


@dataclass(frozen=True, slots=True)
class Drop:
    """The frames that a switch dropped for one reason.

    ``adapter`` is whose setting it was, empty where it was nobody's in particular; ``setting`` which one, ``remedy``
    what would let them pass. ``last`` is the last of them, ``seconds_ago``, if that was not long ago.
    """

    host: str
    switch: str
    adapter: str
    reason: int
    words: str
    frames: int
    setting: str
    remedy: str
    last: str = ""
    seconds_ago: float | None = None


@dataclass(frozen=True, slots=True)
class Metered:
    """What a Meter entry of an adapter's port ACL has counted."""

    host: str
    switch: str
    adapter: str
    entry: str
    frames: int
    bytes: int


@dataclass(frozen=True, slots=True)
class _Frame:
    text: str
    seconds_ago: float


def drops(blueprint: Blueprint, bridges: Sequence[Bridge], pid: int) -> list[Drop]:
    """Return what some virtual switches have dropped since they were made; ``pid`` is any process of the lab."""
    found: list[Drop] = []
    for bridge, counts in tallies(bridges, FlowKind.DROP, pid):
        intents = intents_at(blueprint, bridge)
        dropped = {cookie: tally.frames for cookie, tally in counts.items() if tally.frames}
        last = _last_frames(blueprint, bridge) if dropped else {}
        for cookie, frames in dropped.items():
            meaning = read(cookie)
            if meaning and meaning.reason:
                found.append(_drop(bridge, intents.get(meaning.ofport), meaning, frames, last.get(cookie)))
    found += over_limits(blueprint, bridges, pid)
    found += unanswered(bridges)
    return sorted(found, key=lambda drop: (drop.host, drop.switch, drop.adapter, drop.reason, drop.setting))


def over_limits(blueprint: Blueprint, bridges: Iterable[Bridge], pid: int) -> Iterator[Drop]:
    """Yield what the meters of storm limits, and of a Default Switch's DHCP, have dropped."""
    wanted = [bridge for bridge in bridges if any(each.storm_limit for each in intents_at(blueprint, bridge).values())]
    wanted += [bridge for bridge in bridges if _leases(bridge) and bridge not in wanted]
    for bridge, output in told(wanted, pid, "meter-stats"):
        intents = intents_at(blueprint, bridge)
        for name, frames in _METER.findall(output):
            limit, ofport = (Limit.CONTROLLER, 0) if name == _CONTROLLER else limit_of(int(name))
            intent = intents.get(ofport)
            if not int(frames):
                continue
            if limit is Limit.STORM and intent:
                remedy = remedies.of_drop(int(DropReason.STORM_LIMIT), intent, None)
                yield _limited(bridge, intent.adapter, int(frames), f"StormLimit {intent.storm_limit}", remedy)
            elif limit is Limit.QUESTIONS and intent:
                setting = f"DHCP of the switch: {QUESTIONS_PER_S} messages a second of each adapter"
                yield _limited(bridge, intent.adapter, int(frames), setting, "")
            elif limit is Limit.CONTROLLER:
                setting = f"DHCP of the switch: {ALL_QUESTIONS_PER_S} messages a second of all adapters"
                yield _limited(bridge, "", int(frames), setting, "")


def _limited(bridge: Bridge, adapter: str, frames: int, setting: str, remedy: str) -> Drop:
    reason = DropReason.STORM_LIMIT
    return Drop(bridge.node, name_of(bridge), adapter, int(reason), reason.words, frames, setting, remedy)


def unanswered(bridges: Iterable[Bridge]) -> Iterator[Drop]:
    """Yield what adapters have sent to the DHCP of a Default Switch that is no message of a client."""
    reason = DropReason.FILTERED
    for bridge in filter(_leases, bridges):
        for each in ignored_in(read_external_ids(bridge.node).get(bridge.device, {}).get(IGNORED_KEY)):
            setting = f"DHCP of the switch: {each.why}"
            yield Drop(bridge.node, name_of(bridge), each.adapter, int(reason), reason.words, each.frames, setting, "")


def _leases(bridge: Bridge) -> bool:
    return bridge.intent is not None and bridge.intent.default_switch is not None


def metered(blueprint: Blueprint, bridges: Iterable[Bridge], pid: int) -> list[Metered]:
    """Return what the Meter entries of some virtual switches' adapters have counted."""
    found: list[Metered] = []
    for bridge, counts in tallies(bridges, FlowKind.COUNT, pid):
        intents = intents_at(blueprint, bridge)
        for cookie, tally in counts.items():
            meaning = read(cookie)
            intent = intents.get(meaning.ofport) if meaning else None
            if meaning and intent and meaning.entry <= len(intent.acls):
                entry = str(intent.acls[meaning.entry - 1])
                found.append(Metered(bridge.node, name_of(bridge), intent.adapter, entry, tally.frames, tally.bytes))
    return found


def _drop(bridge: Bridge, intent: PortIntent | None, meaning: CookieMeaning, frames: int, last: _Frame | None) -> Drop:
    reason, words = (int(meaning.reason), meaning.reason.words) if meaning.reason else (0, "")
    setting, remedy = _cause(bridge, intent, meaning, reason)
    return Drop(
        host=bridge.node,
        switch=name_of(bridge),
        adapter=intent.adapter if intent else "",
        reason=reason,
        words=words,
        frames=frames,
        setting=setting,
        remedy=remedy,
        last=last.text if last else "",
        seconds_ago=last.seconds_ago if last else None,
    )


def _cause(bridge: Bridge, intent: PortIntent | None, meaning: CookieMeaning, reason: int) -> tuple[str, str]:
    """Return the setting that is responsible for a drop, and what would let the frame pass."""
    feature = meaning.owner.feature
    if feature == "team" and reason == remedies.DESTINATION_FILTER_MISMATCH:
        return "team of NICs", "none: it came in by another NIC of the team, too"
    if intent is None:
        pinned = bridge.intent and bridge.intent.learning is LearningMode.PINNED
        return ("learning mode Pinned", "") if pinned and reason == remedies.SECURITY_POLICY else ("", "")
    entry = entry_of(intent, meaning)
    if entry:
        return str(entry), remedies.of_denial(intent, entry)
    if feature == "extension" and bridge.intent:
        extension = bridge.intent.forwarding_extension
        return f"extension {extension}", remedies.of_extension(bridge.intent.switch, extension)
    remedy = remedies.of_drop(reason, intent, intent)
    if feature == "vlan":
        setting = f"isolation {intent.isolation}" if intent.isolation else f"VLAN {intent.vlan or UNTAGGED}"
        return setting, remedy
    return _CAUSES.get(reason, _CAUSES.get(feature, "") if remedy else ""), remedy


def entry_of(intent: PortIntent, meaning: CookieMeaning) -> AclEntry | None:
    """Return the entry of an access list that a drop belongs to, if it does to one."""
    entries: Mapping[str, tuple[AclEntry, ...]] = {"acl": intent.acls, "extended_acl": intent.extended_acls}
    mine = entries.get(meaning.owner.feature, ())
    return mine[meaning.entry - 1] if 0 < meaning.entry <= len(mine) else None


def _last_frames(blueprint: Blueprint, bridge: Bridge) -> dict[int, _Frame]:
    """Return the last frame that each drop, by its cookie, was for."""
    path = str(ovs.directory(bridge.node) / "ovs-vswitchd.ctl")
    devices = {port.device for port in blueprint.ports if (port.node, port.bridge) == (bridge.node, bridge.device)}
    # What was not used again since it was first decided is the most recent, or as good as that.
    heard = [(float(each["used"] or 0), each["key"]) for each in _DROPPED.finditer(control(path, *_BY_HEART))]
    found: dict[int, _Frame] = {}
    for seconds_ago, masked in sorted(heard)[:_MOST_FRAMES]:
        key = _MASK.sub("", masked)
        port = _PORT.search(key)
        if port and port[1] in devices:
            visits = parse(control(path, "ofproto/trace", _DATAPATH, key)).visits
            if visits:
                found.setdefault(visits[-1].cookie, _Frame(frame_text(key), seconds_ago))
    return found


def frame_text(key: str) -> str:
    """Return a frame, given as the key of a datapath flow, in words.

    >>> frame_text("eth(src=00:15:5d:00:00:01,dst=00:15:5d:00:00:02),eth_type(0x88b5)")
    'type 0x88b5 00155D000001 -> 00155D000002'
    """
    parts = {name: _fields(inner) for name, inner in _PART.findall(key)}
    ip = parts.get("ipv4") or parts.get("ipv6")
    tag = f", tagged VLAN {parts['vlan']['vid']}" if "vid" in parts.get("vlan", {}) else ""
    if "arp" in parts:
        return f"ARP {parts['arp'].get('sip')} asks for {parts['arp'].get('tip')}{tag}"
    if ip:
        for name, title in _TRANSPORTS.items():
            if ports := parts.get(name):
                source, target = (_end(ip[end], ports.get(end, "")) for end in ("src", "dst"))
                return f"{title} {source} -> {target}{tag}"
        protocol = "ICMP" if "icmp" in parts or "icmpv6" in parts else f"IP protocol {ip.get('proto')}"
        return f"{protocol} {ip.get('src')} -> {ip.get('dst')}{tag}"
    ends = parts.get("eth", {})
    kind = parts.get("eth_type", {}).get("", "")
    return f"type {kind} {hyperv_mac(ends.get('src', ''))} -> {hyperv_mac(ends.get('dst', ''))}{tag}"


def _fields(text: str) -> dict[str, str]:
    """Return the fields of one part of a key; what is there without a name is the field without one."""
    items = (item.partition("=") for item in text.split(","))
    return {name if named else "": value if named else name for name, named, value in items}


def _end(address: str, port: str) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
