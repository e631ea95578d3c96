"""One hop: a frame's way from the IP stack of one machine to that of the next, across all switches between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from lab.engine.allocation import Allocation
from lab.engine.resources import Port
from lab.engine.trace import remedies
from lab.engine.trace.cabling import Cabling
from lab.engine.trace.legs import Leg, RecordingStacks
from lab.engine.trace.packet import Packet, who_has
from lab.engine.trace.passage import Interpreter
from lab.engine.trace.story import Crossing, Hop, Lost, some
from lab.engine.trace.text import TraceText
from lab.intent import PortIntent
from lab.model.acl import AclDirection, AclEntry, awaits, denial_text, denies
from lab.model.acl import Packet as AclPacket
from lab.model.addresses import hyperv_mac
from lab.model.interfaces import IpInterface, Segment
from lab.model.routing import Attachment

Ports = tuple[Port, ...]

ACLS: Final = frozenset({"acl", "extended_acl"})
"""The features whose drops are an access list's."""


@dataclass(frozen=True, slots=True)
class Device:
    """An interface as it really is inside its machine."""

    mac: str
    up: bool


class RunningLab(Protocol):
    """What a trace needs of the lab that runs."""

    def ask(self, node: str, bridge: str, flow: str, admitted: tuple[AclDirection, ...] = ()) -> TraceText:
        """Return what a switch would do with a frame; the switch itself is not changed.

        ``admitted``: as an answer that extended ACLs let out of the port it comes from, or into the one it is for.
        """

    def device(self, node: str, device: str) -> Device | None:
        """Return an interface, None if it does not exist."""

    def listens(self, node: str, protocol: str, port: int) -> bool:
        """Tell whether a program of a machine has a port open; `protocol` is TCP or UDP."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A packet on an Ethernet, and how it is put to a switch."""

    packet: Packet
    source_mac: str
    target_mac: str
    flow: str

    def seen(self, direction: AclDirection) -> AclPacket:
        """Return what the access lists of its sender (Outbound) or its receiver see of it."""
        return self.packet.seen(direction, self.source_mac, self.target_mac)


class Hops:
    """Makes the hops of one trace."""

    def __init__(
        self,
        cabling: Cabling,
        stacks: RecordingStacks,
        allocation: Allocation,
        lab: RunningLab,
        interpreter: Interpreter,
    ) -> None:
        self._cabling = cabling
        self._stacks = stacks
        self._allocation = allocation
        self._lab = lab
        self._interpreter = interpreter
        self._notes: dict[str, None] = {}
        self._answered = False

    def notes(self) -> Iterator[str]:
        """Yield what was noticed about the machines on the way."""
        yield from self._notes

    def note_silence(self, node: str, protocol: str, port: int) -> None:
        """Note it if no program of the machine that is reached has the port open, and no switch has answered for it."""
        if not self._answered and not self._lab.listens(node, protocol, port):
            refusal = "a TCP reset" if protocol == "TCP" else "ICMP port unreachable"
            self._notes[f"no program of {node} listens on {protocol} port {port}: the answer is {refusal}"] = None

    def hop(self, leg: Leg, packet: Packet, decision: str) -> Hop:
        """Return one hop; ``lost`` if the frame does not get to the receiver."""
        sender = self._interface(leg.out)
        source_mac, lost = self._mac_and_fault(sender)
        if sender.shared_mac and source_mac == sender.shared_mac:
            source_mac = sender.sends_from
        receiver = self._interface(leg.receiver) if leg.receiver else None
        target_mac, deaf = self._mac_and_fault(receiver) if receiver else ("", None)
        if receiver and receiver.virtual and leg.next_hop == receiver.virtual.ip:
            target_mac = receiver.mac_for(leg.next_hop)
        crossings: list[Crossing] = []
        if lost is None and receiver is None:
            crossings.append(self._asking(leg, packet, sender, source_mac))
        elif lost is None and receiver:
            way = self._stacks.wiring.way(leg.out.segment, _segment(receiver))
            entries = {self._cabling.socket(sender): sender.tag}
            for at, segment in enumerate(way):
                last = at == len(way) - 1
                goals = (self._cabling.socket(receiver),) if last else self._cabling.links(segment, way[at + 1])
                crossing, reached, lost = self._cross_by_any(segment, entries, goals, (packet, source_mac, target_mac))
                crossings.append(crossing)
                if lost:
                    break
                following = {self._cabling.behind(goal): tag for goal, tag in reached.items()}
                entries = {port: tag for port, tag in following.items() if isinstance(port, Port)}
        return Hop(
            machine=leg.out.node,
            decision=decision,
            interface=sender.full_name,
            source_mac=hyperv_mac(source_mac),
            target_mac=hyperv_mac(target_mac),
            crossings=tuple(crossings),
            receiver=receiver.full_name if receiver and not lost else "",
            lost=lost or deaf,
        )

    def _asking(self, leg: Leg, packet: Packet, sender: IpInterface, source_mac: str) -> Crossing:
        """Return where the question for the next hop's MAC address goes, which nobody answers."""
        entry = self._cabling.socket(sender)
        flow = who_has(leg.next_hop, packet.source, entry.device, source_mac, sender.tag)
        group = flow.partition("dl_dst=")[2].partition(",")[0]
        return self._cross(leg.out.segment, entry, (), Frame(packet, source_mac, group, flow))[0]

    def _cross_by_any(
        self, segment: Segment, entries: Mapping[Port, int], goals: Ports, what: tuple[Packet, str, str]
    ) -> tuple[Crossing, dict[Port, int], Lost | None]:
        """Return what a switch does with a frame that comes in by several ports, a tag with each: where it is taken."""
        packet, source_mac, target_mac = what
        found = []
        for entry, tag in entries.items():
            frame = Frame(packet, source_mac, target_mac, packet.flow(entry.device, source_mac, target_mac, tag))
            found.append(self._cross(segment, entry, goals, frame))
            if not found[-1][2]:
                return found[-1]
        return found[0]

    def _cross(
        self, segment: Segment, entry: Port, goals: Ports, frame: Frame
    ) -> tuple[Crossing, dict[Port, int], Lost | None]:
        """Return what a switch does with a frame, the goals that get it with their VLAN tags, and why none does."""
        goal = goals[0] if goals else None
        ports = entry, goal
        bridge = self._cabling.bridge(entry)
        text = self._lab.ask(bridge.node, bridge.device, frame.flow, self._admitted(ports, frame))
        found = self._interpreter.passage(bridge, text, frame.target_mac)
        self._answered = self._answered or found.answered
        names = tuple(self._cabling.name(port) for port in found.outputs)
        reached = {port: found.tags.get(port.device, 0) for port in goals if port in found.outputs}
        crossing = Crossing(
            place=str(segment),
            entered=self._cabling.name(entry),
            port=entry.ofport,
            stages=found.stages,
            decision=found.decision,
            receivers=names,
            to=" and ".join(f"{self._cabling.name(port)}{_in_vlan(tag)}" for port, tag in reached.items()),
        )
        if goal is None or reached:
            return crossing, reached, None
        by_list = next((stage for stage in reversed(found.stages) if stage.reason and stage.feature in ACLS), None)
        if by_list and (denied := _denied(ports, frame)):
            why = f"{segment}: {by_list.detail}: {denial_text(denied[0].adapter, denied[1])}"
            return crossing, {}, Lost(str(segment), why, by_list.reason, remedies.of_denial(*denied))
        if found.failure:
            remedy = remedies.of_drop(found.reason, entry.intent, goal.intent)
            return crossing, {}, Lost(str(segment), f"{segment}: {found.failure}", found.reason, remedy)
        why = f"{segment}: {found.decision}; it goes to {some(names)} and not to {self._cabling.name(goal)}"
        remedy = remedies.of_wrong_port(bridge.intent.learning if bridge.intent else None, goal.intent)
        return crossing, {}, Lost(str(segment), why, 0, remedy)

    def _admitted(self, ports: tuple[Port, Port | None], frame: Frame) -> tuple[AclDirection, ...]:
        """Return at which ends extended ACLs let a frame pass because it answers what they let pass before."""
        if not frame.packet.reply:
            return ()
        found = tuple(
            direction
            for direction, intent in _ends(ports)
            if awaits(intent.extended_acls, direction, frame.seen(direction))
        )
        for direction, intent in _ends(ports):
            if direction in found:
                self._notes[f'the answer passes the extended ACL of "{intent.adapter}" as its question did'] = None
        return found

    def _interface(self, attachment: Attachment) -> IpInterface:
        return self._cabling.interface(attachment.node, attachment.label)

    def _mac_and_fault(self, interface: IpInterface) -> tuple[str, Lost | None]:
        """Return the MAC address that an interface has now, and what is wrong with it inside its machine."""
        configured = self._allocation.mac(interface)
        real = self._lab.device(interface.node, interface.device)
        name = interface.full_name
        if real is None:
            return configured, Lost(name, f'"{name}" is missing in the running lab', 0, "see `hvlab status`")
        if real.mac not in (configured, interface.shared_mac):
            self._notes[
                f'the MAC address of "{name}" was changed inside the machine to {hyperv_mac(real.mac)}; '
                f"configured is {hyperv_mac(configured)}"
            ] = None
        if not real.up:
            remedy = f"hvlab exec {interface.node} -- ip link set {interface.device} up"
            return real.mac, Lost(name, f'"{name}" was disabled inside the machine', 0, remedy)
        # An interface that a guest has made on an adapter needs that adapter.
        return real.mac, self._mac_and_fault(self._cabling.adapter(interface))[1] if interface.made_by_guest else None


def _ends(ports: tuple[Port, Port | None]) -> Iterator[tuple[AclDirection, PortIntent]]:
    """Yield the adapters whose access lists see a frame that goes from one port to another."""
    for direction, port in zip((AclDirection.OUTBOUND, AclDirection.INBOUND), ports, strict=True):
        if port and port.intent:
            yield direction, port.intent


def _denied(ports: tuple[Port, Port | None], frame: Frame) -> tuple[PortIntent, AclEntry] | None:
    for direction, intent in _ends(ports):
        seen = frame.seen(direction)
        entry = denies(intent.acls, intent.extended_acls, direction, seen, answer=frame.packet.reply)
        if entry:
            return intent, entry
    return None


def _in_vlan(tag: int) -> str:
    return f", tagged VLAN {tag}" if tag else ""


def _segment(interface: IpInterface) -> Segment:
    assert interface.segment, "a receiver is plugged in"
    return interface.segment
