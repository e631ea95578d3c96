"""The oracle: who can talk to whom in a lab, and why; predicted from the model alone.

What it predicts is a ping from one endpoint's address to another's, or a question over TCP or UDP: it must get there
and the answer must get back. :mod:`lab.model.wiring` knows the Ethernets, :mod:`lab.model.routing` what the IP stacks
do (its docstring is the contract with the emulation); here the outcome gets a reason in Hyper-V's words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from lab.model.acl import CLIENT_PORT, ICMP
from lab.model.addresses import Address
from lab.model.endpoints import Endpoint, clusters, endpoints, not_shared
from lab.model.interfaces import Segment, interfaces
from lab.model.kinds import SwitchType
from lab.model.objects import LabModel
from lab.model.routing import NAT_OF_HOST, NAT_REFUSES, Attachment, Journey, Stacks

__all__ = ["Endpoint", "Oracle", "Verdict", "clusters", "endpoints", "matrix", "pairs", "predict"]

Matrix = dict[tuple[Endpoint, Endpoint], "Verdict"]


@dataclass(frozen=True, slots=True)
class Talk:
    """What two machines say to each other: ``protocol`` is IP's number, 0 for a ping; ``port`` the target's."""

    protocol: int = 0
    port: int = 0

    @property
    def ports(self) -> tuple[int, int]:
        """The source and the target port of the question."""
        return (CLIENT_PORT, self.port) if self.protocol else (0, 0)


PING: Final = Talk()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the target answers a ping, and the object and setting responsible.

    ``path``: the machines (names) and segments that the request passes, as far as it comes. ``answered_by``: the
    machine whose answer comes back, if any: on separate networks two machines may have one address, and then it is
    another than the target, which is not reachable though a ping to its address succeeds.
    """

    reachable: bool
    reason: str
    path: tuple[Segment | str, ...] = ()
    answered_by: str = ""

    @property
    def pings(self) -> bool:
        """Whether a ping to the target's address is answered, by whomever: what a measurement sees."""
        return bool(self.answered_by)


def predict(model: LabModel, source: Endpoint, target: Endpoint, version: int = 4) -> Verdict:
    """Return whether `source` can talk to `target`. For many pairs use :func:`matrix` or one :class:`Oracle`."""
    return Oracle(model, version).predict(source, target)


def matrix(model: LabModel, version: int = 4) -> Matrix:
    """Return the verdict for every ordered pair of endpoints of different machines."""
    oracle = Oracle(model, version)
    return {(one, other): oracle.predict(one, other) for one, other in pairs(model)}


def pairs(model: LabModel) -> tuple[tuple[Endpoint, Endpoint], ...]:
    """Return who can be asked to talk to whom: all endpoints of different machines to each other and to clusters."""
    found = endpoints(model)
    others = (*found, *clusters(model))
    return tuple((one, other) for one in found for other in others if one.node not in {other.node, *_nodes(other)})


def _nodes(endpoint: Endpoint) -> tuple[str, ...]:
    return tuple(each.node for each in endpoint.members)


class Oracle:
    """Answers for one model and one IP version; what it finds out about a part of the way it remembers."""

    def __init__(self, model: LabModel, version: int = 4, holders: Mapping[str, str] = MappingProxyType({})) -> None:
        """Take a model; of a cluster that ``holders`` name a node of, only that one has the cluster's address."""
        self._model = model
        self._version = version
        self._stacks = Stacks(model, version, holders)
        self._of_holders: dict[tuple[str, str], Oracle] = {}
        self._segments = {(each.node, each.label): each.segment for each in interfaces(model)}
        self._hidden = _hidden(model, self._stacks) if version == 4 else {}
        self._beyond = {net.router.name for net in model.networks if net.router}
        self._beyond |= {computer.name for computer in model.internet.hosts}
        self._words: dict[tuple[Segment | str, ...], str] = {}

    def predict(self, source: Endpoint, target: Endpoint, talk: Talk = PING) -> Verdict:
        """Return whether `source` can talk to `target`: by ping, or over TCP or UDP."""
        asker, asked = source.address(self._version), target.address(self._version)
        if source.why_down or asker is None or asked is None:
            return Verdict(False, self._unusable(source) or self._unusable(target))
        if target.members:
            return self._predict_cluster(source, target, talk)
        return self._predict(source, target, talk, (asker, asked))

    def _predict(self, source: Endpoint, target: Endpoint, talk: Talk, ends: tuple[Address, Address]) -> Verdict:
        asker, asked = ends
        start = self._attachment(source, asker)
        request = self._stacks.send(start, asked)
        path = (source.node, *request.path)
        if target.why_down:
            return self._nobody_or_another(source, target, request, path)
        protocol, ports = talk.protocol or ICMP[self._version], talk.ports
        if request.arrived is None:
            return Verdict(False, self._why(source, target, request), path)
        if denial := self._stacks.denied(request, asker, protocol, ports):
            return Verdict(False, str(denial), path)
        answer = self._stacks.answer(request, asked, asker)
        if answer.arrived is None or answer.node != source.node:
            return Verdict(False, f"no way back: {_lost(answer, asker)}", path)
        if denial := self._stacks.denied(answer, asked, protocol, ports[::-1], reply=True):
            return Verdict(False, f"no way back: {denial}", path)
        if request.node != target.node:
            reason = self._structure(source, target) or "the two are on separate networks"
            return Verdict(False, f"{reason}; {_another(request.node)}", path, request.node)
        return Verdict(True, self._how(source, path, request), path, target.node)

    def _predict_cluster(self, source: Endpoint, target: Endpoint, talk: Talk) -> Verdict:
        """Return whether a cluster can be reached: that is, one of its nodes by the cluster's address."""
        found = []
        for member in target.members:
            key = member.name, member.node
            if key not in self._of_holders:
                self._of_holders[key] = Oracle(self._model, self._version, {member.name: member.node})
            verdict = self._of_holders[key].predict(source, member, talk)
            if verdict.reachable:
                return replace(verdict, reason=f'{verdict.reason}; "{member.node}" is a node of the cluster')
            found.append(verdict)
        return next((each for each in found if each.pings), found[0])

    def _nobody_or_another(
        self, source: Endpoint, target: Endpoint, request: Journey, path: tuple[Segment | str, ...]
    ) -> Verdict:
        """Return the verdict for a target that is down, whose address another machine may have meanwhile."""
        asker, asked = source.address(self._version), target.address(self._version)
        if request.arrived and asker and asked:
            answer = self._stacks.answer(request, asked, asker)
            icmp = ICMP[self._version]
            denial = self._stacks.denied(request, asker, icmp)
            denial = denial or self._stacks.denied(answer, asked, icmp, reply=True)
            if answer.arrived and answer.node == source.node and denial is None:
                return Verdict(False, f"{target.why_down}; {_another(request.node)}", path, request.node)
        return Verdict(False, target.why_down)

    def _unusable(self, endpoint: Endpoint) -> str:
        if endpoint.why_down:
            return endpoint.why_down
        if endpoint.address(self._version) is None:
            return f'"{endpoint.name}" has no IPv{self._version} address'
        return ""

    def _attachment(self, endpoint: Endpoint, address: Address) -> Attachment:
        found = self._stacks.attachment(endpoint.node, address)
        assert found, "an endpoint that is up has an interface that is up"
        return found

    def _why(self, source: Endpoint, target: Endpoint, request: Journey) -> str:
        """Return why a request does not arrive: what separates the two, or else where it got stuck."""
        nat = self._nat_of(target, source)
        if nat:
            return nat
        reason = self._structure(source, target)
        if reason:
            return reason
        at = self._segments[target.node, target.interface]
        router = self._hidden.get(self._stacks.wiring.ethernet(at)) if at else None
        if router and request.node in self._beyond - {router}:
            return NAT_REFUSES.format(router)
        return request.failure

    def _nat_of(self, target: Endpoint, source: Endpoint) -> str:
        """Return that a host's NAT keeps a machine from others than those inside, if it does."""
        at, asked = self._segments[target.node, target.interface], target.address(self._version)
        host = self._model.host(at.host) if at else None
        if host is None or source.node == host.name:
            return ""
        inside = [nat for nat in host.nats if asked and asked.version == 4 and asked in nat.prefix]
        return NAT_OF_HOST.format(inside[0].name, host.name) if inside else ""

    def _structure(self, source: Endpoint, target: Endpoint) -> str:
        """Return which switch's type or setting keeps two endpoints apart, if one does."""
        here = self._segments[source.node, source.interface]
        there = self._segments[target.node, target.interface]
        if not here or not there or self._stacks.wiring.joined(here, there):
            return ""
        for segment in (here, there):
            if self._type(segment) is SwitchType.PRIVATE:
                return f"{segment} is a private switch: it connects its VMs only"
        for host, switch in ((source.node, there), (target.node, here)):
            if self._without_management(host, switch):
                return not_shared(switch)
        if self._type(there) is SwitchType.INTERNAL:
            return f"{there} is an internal switch: it connects its VMs and the management OS only"
        return ""

    def _type(self, segment: Segment) -> SwitchType | None:
        host = self._model.host(segment.host)
        switch = host.switch(segment.name) if host else None
        return switch.type if switch else None

    def _without_management(self, node: str, segment: Segment) -> bool:
        host = self._model.host(node)
        return bool(host and segment.host == node and not host.adapters_on(segment.name))

    def _how(self, source: Endpoint, path: tuple[Segment | str, ...], request: Journey) -> str:
        between = path[1:-1]
        if len(between) == 1 and between[0] == self._segments[source.node, source.interface]:
            return f"both on {between[0]}"
        known = self._words.get(between)
        if known is None:
            known = self._words[between] = _through(between, request)
        return known


def _hidden(model: LabModel, stacks: Stacks) -> dict[int, str]:
    """Return the router that hides each Ethernet."""
    routers = [(net.name, net.router) for net in model.networks if net.router and net.router.nat]
    return {stacks.wiring.ethernet(Segment(name=name)): router.name for name, router in routers}


def _another(node: str) -> str:
    return f'"{node}" has the same address, and answers'


def _lost(answer: Journey, asker: Address) -> str:
    return answer.failure or f'the answer goes to "{answer.node}", which has the address {asker}, too'


def _through(between: tuple[Segment | str, ...], request: Journey) -> str:
    segments = [str(each) for each in between if isinstance(each, Segment)]
    machines = [f'"{each}"' for each in between if isinstance(each, str)]
    if not machines:
        return f"through {', '.join(segments)}"
    routed = f"routed by {' and '.join(machines)}"
    return f"{routed}, which translates addresses" if request.translations else routed
