"""Following a packet and its answer through machines and switches, and the verdict at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lab.engine.allocation import Allocation
from lab.engine.blueprint import lower
from lab.engine.trace import remedies
from lab.engine.trace.cabling import Cabling
from lab.engine.trace.hops import Hops, RunningLab
from lab.engine.trace.legs import Leg, RecordingStacks
from lab.engine.trace.names import Ends
from lab.engine.trace.packet import Packet, Protocol
from lab.engine.trace.passage import Glossary, Interpreter
from lab.engine.trace.story import Direction, Hop, Lost, Trace
from lab.model.acl import PROTOCOLS
from lab.model.addresses import Address
from lab.model.endpoints import Endpoint
from lab.model.extensions import forwarding_extension, forwards_nothing
from lab.model.interfaces import Segment
from lab.model.objects import LabModel
from lab.model.reachability import Oracle, Talk, Verdict
from lab.model.routing import Attachment, Journey, vlans_apart
from lab.model.vlan import obstacle


@dataclass(frozen=True, slots=True)
class Question:
    """What to trace: between which ends, with which protocol, and to which TCP or UDP port.

    ``holders`` name the node that stands for a load-balancing cluster; ``refused`` is why none accepts the packet.
    """

    ends: Ends
    protocol: Protocol = Protocol.ICMP
    port: int = 0
    holders: Mapping[str, str] = field(default_factory=dict)
    refused: str = ""


def trace(model: LabModel, allocation: Allocation, lab: RunningLab, glossary: Glossary, question: Question) -> Trace:
    """Return the way of a packet and of its answer in a running lab."""
    cabling = Cabling(model, lower(model, allocation))
    stacks = RecordingStacks(model, question.ends.version, question.holders)
    hops = Hops(cabling, stacks, allocation, lab, Interpreter(cabling, glossary))
    return _Tracer(model, stacks, hops, cabling, question).trace()


class _Tracer:
    def __init__(
        self, model: LabModel, stacks: RecordingStacks, hops: Hops, cabling: Cabling, question: Question
    ) -> None:
        self._model = model
        self._stacks = stacks
        self._hops = hops
        self._cabling = cabling
        self._question = question
        self._ends = question.ends
        self._predicted = self._predict()

    def trace(self) -> Trace:
        ends = self._ends
        why = self._unusable(ends.source) or (self._unusable(ends.target) if ends.address is None else "")
        asker = ends.source.address(ends.version)
        start = self._stacks.attachment(ends.source.node, asker) if asker and not why else None
        if start is None or asker is None or ends.address is None:
            lost = Lost(ends.source.name, why or f'"{ends.source.name}" cannot send', 0, self._remedy_of_ends())
            request = Direction(self._packet(asker, reply=False), self._from(), self._to(), (), lost)
            return self._result(request, None)
        journey = self._stacks.send(start, ends.address)
        legs = self._stacks.take_legs()
        request = self._request(journey, legs, asker, ends.address)
        reply = None
        if journey.arrived and not request.lost and self._question.protocol.is_answered:
            if not self._question.protocol.is_icmp:
                self._hops.note_silence(journey.node, self._question.protocol, self._question.port)
            answer = self._stacks.answer(journey, ends.address, asker)
            reply = self._reply(answer, self._stacks.take_legs(), journey, asker, ends.address)
        return self._result(request, reply)

    # -- the two directions -------------------------------------------------------------------------------------------

    def _request(self, journey: Journey, legs: tuple[Leg, ...], asker: Address, asked: Address) -> Direction:
        hops = tuple(self._walk(legs, asker, reply=False))
        lost = _first_lost(hops) or self._lost_by_ip(journey, legs)
        target = self._ends.target
        if lost is None and target and (journey.node != target.node or not target.up):
            why = target.why_down or f'"{journey.node}" has the address {asked}, too, and answers instead'
            lost = Lost(journey.node, why, 0, self._remedy_of_ends())
        if lost is None and self._question.refused:
            lost = Lost(journey.node, self._question.refused, 0, "hvlab nlb tells how the nodes are")
        if lost is None and not legs:
            hops = (_decided(self._ends.source.node, f"{asked} is its own: nothing leaves the machine"),)
        if lost and journey.failure and journey.node:
            hops += (_decided(journey.node, journey.failure),)
        return Direction(self._packet(asked, reply=False), self._from(), self._to(), hops, lost)

    def _reply(
        self, answer: Journey, legs: tuple[Leg, ...], journey: Journey, asker: Address, asked: Address
    ) -> Direction:
        hops = tuple(self._walk(legs, asked, reply=True))
        lost = _first_lost(hops) or self._lost_by_ip(answer, legs)
        if lost is None and answer.node != self._ends.source.node:
            lost = Lost(answer.node, f'the answer goes to "{answer.node}", which has the address {asker}, too')
        return Direction(self._packet(asker, reply=True), journey.node, self._from(), hops, lost)

    def _walk(self, legs: tuple[Leg, ...], source: Address, *, reply: bool) -> Iterator[Hop]:
        """Yield the hops of a journey, up to the one at which the frame is lost."""
        was: Leg | None = None
        for at, leg in enumerate(legs):
            before = source
            if leg.out.translates and not reply:
                source = leg.out.source_for(leg.next_hop)
            question = self._question
            packet = Packet(source, leg.target, question.protocol, question.port, reply, 64 - at)
            hop = self._hops.hop(leg, packet, self._decision(leg, was, before, source))
            yield hop
            if hop.lost:
                return
            was = leg

    def _decision(self, leg: Leg, was: Leg | None, before: Address, source: Address) -> str:
        """Return what a machine's IP stack decides about a packet."""
        words = f"sends by {leg.out.label}" if was is None else f"routes {leg.target} by {leg.out.label}"
        if leg.next_hop == leg.target:
            words = f"{leg.target} is on its own subnet: {words}" if was is None else f"{words}, straight to it"
        else:
            owner = f" ({leg.receiver.node})" if leg.receiver else ""
            outside = f"{leg.target} is outside its subnet {_subnets(leg.out)}: " if was is None else ""
            words = f"{outside}{words}, to the gateway {leg.next_hop}{owner}"
        if source != before:
            words += f"; translates the source {before} to {source}"
        if was is not None and leg.target != was.target:
            words = f"knows the answer to be for {leg.target}, not {was.target}; {words}"
        return words

    def _lost_by_ip(self, journey: Journey, legs: tuple[Leg, ...]) -> Lost | None:
        if journey.arrived:
            return None
        where = journey.node or (str(legs[-1].out.segment) if legs else self._ends.source.node)
        at = legs[-1].out.label if legs and legs[-1].out.node == journey.node else ""
        at = at if legs else self._ends.source.interface
        reason = self._predicted.reason if self._predicted else journey.failure
        hidden = remedies.HIDDEN in reason  # then it is of no use to join the two
        remedy = "" if hidden else self._remedy_of_ends() or self._remedy_of_vlans(journey.failure, legs)
        remedy = remedy or self._remedy_of_extension(journey.failure)
        remedy = remedy or remedies.of_failure(reason, journey.node, at, self._ends.address)
        return Lost(where, journey.failure, 0, remedy)

    # -- words --------------------------------------------------------------------------------------------------------

    def _from(self) -> str:
        address = self._ends.source.address(self._ends.version)
        return f"{self._ends.source.name} ({address})" if address else self._ends.source.name

    def _to(self) -> str:
        name = self._ends.target.name if self._ends.target else ""
        if not self._ends.address:
            return name
        return f"{name} ({self._ends.address})" if name else str(self._ends.address)

    def _packet(self, address: Address | None, *, reply: bool) -> str:
        question = self._question
        anywhere = address or self._ends.address
        if anywhere is None:
            return question.protocol.value
        return Packet(anywhere, anywhere, question.protocol, question.port, reply).title

    def _unusable(self, endpoint: Endpoint | None) -> str:
        if endpoint is None:
            return ""
        if endpoint.why_down:
            return endpoint.why_down
        if endpoint.address(self._ends.version) is None:
            return f'"{endpoint.name}" has no IPv{self._ends.version} address'
        return ""

    def _predict(self) -> Verdict | None:
        ends = self._ends
        if ends.target is None or ends.target.node == ends.source.node:
            return None
        question = self._question
        talk = Talk(PROTOCOLS.get(question.protocol, 0), question.port)
        return Oracle(self._model, ends.version, question.holders).predict(ends.source, ends.target, talk)

    def _remedy_of_ends(self) -> str:
        """Return what would make both ends usable, or join what separates them."""
        ends = self._ends
        for endpoint in (ends.source, ends.target):
            if endpoint and (found := remedies.of_endpoint(self._model, endpoint, ends.version)):
                return found
        here, there = self._segment(ends.source), self._segment(ends.target) if ends.target else None
        if ends.target is None or here is None or there is None or self._stacks.wiring.joined(here, there):
            return ""
        return remedies.of_separation(self._model, (ends.source, ends.target), here, there)

    def _remedy_of_vlans(self, failure: str, legs: tuple[Leg, ...]) -> str:
        """Return what would help if VLAN settings keep both ends apart, or let nothing out of the last machine."""
        for leg in legs[-1:]:
            out = self._cabling.interface(leg.out.node, leg.out.label)
            if obstacle(out.tagging) == failure:
                return remedies.of_obstacle(out)
        source, target = self._ends.source, self._ends.target
        if not (target and source.interface and target.interface):
            return ""
        one, other = (self._cabling.interface(each.node, each.interface) for each in (source, target))
        return remedies.of_vlans(one, other) if failure == vlans_apart(one.tagging, other.tagging) else ""

    def _remedy_of_extension(self, failure: str) -> str:
        """Return what would let a switch forward that an extension keeps from it."""
        for host in self._model.hosts:
            for switch in host.switches:
                extension = forwarding_extension(switch.extensions)
                if extension and failure == forwards_nothing(str(Segment(host.name, switch.name)), extension):
                    return remedies.of_extension(switch.name, extension)
        return ""

    def _segment(self, endpoint: Endpoint) -> Segment | None:
        return self._cabling.interface(endpoint.node, endpoint.interface).segment if endpoint.interface else None

    def _result(self, request: Direction, reply: Direction | None) -> Trace:
        predicted = self._predicted
        lost = request.lost or (reply.lost if reply else None)
        answered = self._question.protocol.is_answered
        arrives = lost is None and (reply is not None or not predicted or not answered)
        by_switch = bool(lost and lost.reason) or bool(predicted and predicted.reachable)
        why = lost.why if lost else ""
        if predicted and not by_switch:
            why = predicted.reason
        notes = (*self._ends.notes, *self._hops.notes())
        guarded = lost is not None and lost.reason in remedies.GUARDS  # that depends on what is said, not on who
        if predicted and predicted.reachable != arrives and not guarded:
            notes += ("the topology says otherwise: something in the running lab is not what it was made to be",)
        return Trace(
            source=self._from(),
            target=self._to(),
            request=request,
            reply=reply,
            arrives=arrives,
            verdict=_verdict(request, reply, why, predicted, answered=answered),
            remedy=lost.remedy if lost else "",
            reason=lost.reason if lost else 0,
            notes=notes,
            predicted=predicted.reachable if predicted else None,
        )


def _decided(machine: str, decision: str) -> Hop:
    """Return the hop of a machine that sends nothing on."""
    return Hop(machine, decision, "", "", "", (), "")


def _first_lost(hops: tuple[Hop, ...]) -> Lost | None:
    return next((hop.lost for hop in hops if hop.lost), None)


def _subnets(out: Attachment) -> str:
    return " and ".join(map(str, out.networks))


def _verdict(
    request: Direction, reply: Direction | None, why: str, predicted: Verdict | None, *, answered: bool
) -> str:
    if request.lost:
        return f"{request.title} does not arrive: {why}"
    if reply and reply.lost:
        return f"{request.title} arrives, but the answer is lost: {why.removeprefix('no way back: ')}"
    how = f": {predicted.reason}" if predicted else ""
    return f"{request.title} arrives{' and is answered' if answered else ''}{how}"
