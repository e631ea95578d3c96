"""The oracle for single frames: who gets a copy of one, mirrors included; predicted from the model alone.

:mod:`lab.model.reachability` predicts conversations; here it is one frame of one adapter, sent without a tag, to
everybody or to one adapter whose address the switches know: an offer of a DHCP server, a router's advertisement, a
datagram that a mirror is to show.

>>> oracle = FrameOracle(model)
>>> oracle.receivers("web1/Network Adapter", dhcp_offer())
frozenset({'hv1/vEthernet (External)', 'web2/Network Adapter'})
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lab.model.acl import ICMP, UDP, AclDirection, ExtendedAcl, Packet, PortAcl, denies
from lab.model.addresses import Address
from lab.model.interfaces import IpInterface, Segment, interfaces
from lab.model.kinds import PortMirroring
from lab.model.objects import LabModel
from lab.model.vlan import Membership, contains
from lab.model.wiring import Wiring

_BROADCAST: Final = "ff:ff:ff:ff:ff:ff"
_ADVERTISEMENTS: Final = {4: (5, 9), 6: (134, 137)}
"""The messages of ICMP that only routers send: advertisements and redirects (RFC 1256, RFC 792, RFC 4861)."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a frame holds, as guards and access lists see it; ``icmp_type`` is -1 for all but ICMP."""

    source: Address
    target: Address
    protocol: int
    source_port: int = 0
    target_port: int = 0
    icmp_type: int = -1

    @property
    def is_of_dhcp_server(self) -> bool:
        """Whether it is what only a DHCP server sends (RFC 2131, 4.1; RFC 8415, 7.2)."""
        client, server = (68, 67) if self.source.version == 4 else (546, 547)
        return self.protocol == UDP and (self.target_port == client or self.source_port == server)

    @property
    def is_of_router(self) -> bool:
        """Whether it is what only a router sends."""
        version = self.source.version
        return self.protocol == ICMP[version] and self.icmp_type in _ADVERTISEMENTS[version]


@dataclass(frozen=True, slots=True, eq=False)
class _Station:
    """An adapter, and the settings of the port that it is plugged into."""

    name: str
    segment: Segment
    mac: str
    membership: Membership
    acls: tuple[PortAcl, ...]
    extended_acls: tuple[ExtendedAcl, ...]
    mirroring: PortMirroring
    dhcp_guard: bool
    router_guard: bool

    def lets(self, direction: AclDirection, content: Content, remote_mac: str) -> bool:
        ends = (content.source, content.target), (content.source_port, content.target_port)
        (local, remote), ports = ends if direction is AclDirection.OUTBOUND else (ends[0][::-1], ends[1][::-1])
        packet = Packet(local, remote, self.mac, remote_mac, content.protocol, *ports)
        return denies(self.acls, self.extended_acls, direction, packet) is None

    def hears(self, vlan: int) -> bool:
        return contains(self.membership.hears, vlan)


class FrameOracle:
    """Answers for one model."""

    def __init__(self, model: LabModel) -> None:
        adapters = [each for each in interfaces(model) if not each.made_by_guest]
        live = [each for each in adapters if each.up and not each.bound_to and each.segment]
        wiring = Wiring(model, live, frozenset())
        self._stations = {each.name: each for each in _stations(model, live)}
        self._held_up = {name for name, each in self._stations.items() if wiring.extension(each.segment)}
        self._ethernet = {each.name: wiring.ethernet(each.segment) for each in self._stations.values()}
        self._watched = {
            Segment(host.name, switch.name)
            for host in model.hosts
            for switch in host.switches
            if switch.mirror_external_port and any(nic.name in switch.nics and nic.has_link for nic in host.nics)
        }

    def hear_each_other(self, one: str, other: str) -> bool:
        """Tell whether each of two adapters gets what the other sends, as far as wires and VLANs go."""
        here, there = self._stations[one], self._stations[other]
        if self._ethernet[one] != self._ethernet[other] or not self._held_up.isdisjoint((one, other)):
            return False
        return here.hears(there.membership.sends) and there.hears(here.membership.sends)

    def receivers(self, sender: str, content: Content, target: str = "") -> frozenset[str]:
        """Return the full names of the adapters that get a copy of a frame for `target`, or for everybody."""
        source = self._stations[sender]
        vlan = source.membership.sends
        goal = self._stations[target] if target else None
        if sender in self._held_up:
            return frozenset()
        if (source.dhcp_guard and content.is_of_dhcp_server) or (source.router_guard and content.is_of_router):
            return frozenset()
        if not source.lets(AclDirection.OUTBOUND, content, goal.mac if goal else _BROADCAST):
            return frozenset()
        reached = (each for name, each in self._stations.items() if name not in self._held_up)
        others = [each for each in reached if self._ethernet[each.name] == self._ethernet[sender]]
        meant = [goal] if goal else [each for each in others if each is not source]
        got = [
            each
            for each in meant
            if each in others and each.hears(vlan) and each.lets(AclDirection.INBOUND, content, source.mac)
        ]
        passed = {source.segment, goal.segment} if goal else {each.segment for each in others}
        by_wire = goal is None or goal.segment != source.segment
        watched = {each.segment for each in (source, *got) if each.mirroring is PortMirroring.SOURCE}
        watched |= self._watched if by_wire else set()
        mirrors = [each for each in others if each.mirroring is PortMirroring.DESTINATION]
        copied = [each for each in mirrors if each.segment in watched & passed]
        return frozenset(each.name for each in (*got, *copied) if each is not source and each.hears(vlan))


def _stations(model: LabModel, live: list[IpInterface]) -> Iterator[_Station]:
    adapters = [(vm.adapter_id(each), each) for _, vm in model.vms() for each in vm.adapters]
    guards = {name: (adapter.dhcp_guard, adapter.router_guard) for name, adapter in adapters}
    for each in live:
        assert each.segment, "it is plugged in"
        yield _Station(
            each.full_name, each.segment, each.guest_mac or each.mac or f"({each.full_name})",
            each.tagging.membership(), each.acls, each.extended_acls, each.port_mirroring,
            *guards.get(each.full_name, (False, False)),
        )  # fmt: skip
