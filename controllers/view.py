"""What the compiler looks at: one switch's intent and the ports it has now. Values only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from controllers.pipeline.values import SWITCH, Limit, Meter
from lab.errors import LabFault
from lab.intent import LearningMode, PortIntent, PortKind, SwitchIntent
from lab.model.acl import AclDirection, PortAcl
from lab.model.isolation import VlanPolicy
from lab.model.kinds import PortMirroring
from lab.model.metering import added_entries
from lab.model.vlan import EVERYTHING, LARGEST, NO_VLAN, UNTAGGED, Membership, Span, contains, joined

MAX_OFPORT = 0xFEFF
"""The highest port number the pipeline handles; Open vSwitch assigns lower ones, OpenFlow reserves higher ones."""


QUESTIONS_PER_S = 20
"""How many frames a second an adapter may have for the switch's own service: a client that waits sends fewer."""

ALL_QUESTIONS_PER_S = 1000
"""How many all adapters of a switch may have together."""


_MAC = re.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}")


class ViewError(LabFault):
    """An intent that is well-formed but cannot be carried out, in the user's words."""


@dataclass(frozen=True, slots=True)
class PortView:
    """One port of a switch: its OpenFlow number, its device and what it is meant to do."""

    ofport: int
    device: str
    intent: PortIntent

    @property
    def mac(self) -> int:
        """Return the address assigned to the adapter, as a number; 0 if it has none."""
        return parse_mac(self.intent.mac, self.intent.adapter) if self.intent.mac else 0

    @property
    def teaming_macs(self) -> tuple[int, ...]:
        """Return the addresses of its VM's other adapters, from which it may send; its own is not among them."""
        macs = (parse_mac(mac, self.intent.adapter) for mac in self.intent.teaming_macs)
        return tuple(dict.fromkeys(mac for mac in macs if mac != self.mac))

    @property
    def is_external(self) -> bool:
        return self.intent.kind is PortKind.EXTERNAL

    @property
    def vlan_policy(self) -> VlanPolicy:
        """Return what says in which VLANs an adapter's frames travel: its isolation or its VLAN setting."""
        return self.intent.isolation or self.intent.vlan or UNTAGGED

    @property
    def has_vlan(self) -> bool:
        """Whether an adapter's VLAN setting is another than Untagged, or it has an isolation setting."""
        return self.vlan_policy != UNTAGGED

    @property
    def membership(self) -> Membership:
        """Return what the port's setting means; the external port carries all VLANs."""
        return EVERYTHING if self.is_external else self.vlan_policy.membership()

    @property
    def port_acls(self) -> tuple[PortAcl, ...]:
        """Return the entries of the adapter's port ACL, followed by those that resource metering adds."""
        return self.intent.acls + added_entries(self.intent.acls, self.intent.resource_metering)

    def has_acls(self, direction: AclDirection) -> bool:
        """Tell whether any access list is about what goes in a direction."""
        return any(entry.direction is direction for entry in self.port_acls) or self.has_extended_acl(direction)

    def has_extended_acl(self, direction: AclDirection) -> bool:
        """Tell whether the extended ACL is about what goes in a direction, if only by letting answers pass."""
        return any(entry.direction is direction or entry.stateful for entry in self.intent.extended_acls)

    def admits(self, direction: AclDirection) -> bool:
        """Tell whether the extended ACL lets answers pass in a direction, as a stateful entry of the other does."""
        return any(entry.stateful and entry.direction is not direction for entry in self.intent.extended_acls)

    def accepts(self, vlan: int) -> bool:
        """Tell whether a frame with this tag may come in."""
        return contains(self.membership.accepts, vlan)

    def kept_from(self, primaries: Mapping[int, int]) -> tuple[int, ...]:
        """Return the secondary VLANs of the port's own primary one whose frames it does not get."""
        mine = self.membership
        return tuple(s for s, p in primaries.items() if p == mine.database and not contains(mine.hears, s))

    def databases(self, primaries: Mapping[int, int]) -> tuple[Span, ...]:
        """Return the VLANs in whose MAC tables the port's address is."""
        own = self.database(primaries)
        private = [(p, p) for s, p in primaries.items() if self.accepts(s)]
        mine = [] if own == NO_VLAN else [(own, own)]
        return joined([*mine, *self.membership.accepts, *private])

    def database(self, primaries: Mapping[int, int]) -> int:
        """Return in which VLAN's MAC table is who sends without a tag: all of a private VLAN have one."""
        mine = self.membership
        return primaries.get(mine.sends, mine.sends) if mine.database == mine.sends else mine.database


@dataclass(frozen=True, slots=True)
class Members:
    """The ports that get the frames of some consecutive VLANs, in the order of their numbers."""

    span: Span
    ports: tuple[PortView, ...]


@dataclass(frozen=True, slots=True)
class SwitchView:
    """One switch as the compiler sees it. Ports without a number yet are not part of it."""

    intent: SwitchIntent
    ports: tuple[PortView, ...]

    @property
    def is_pinned(self) -> bool:
        return self.intent.learning is LearningMode.PINNED

    @property
    def forwards_natively(self) -> bool:
        """Whether the switch forwards by itself; otherwise an extension has taken that over."""
        return not self.intent.forwarding_extension

    def sorted_ports(self) -> tuple[PortView, ...]:
        """Return the ports by number, which is the order in which they were connected; of a team its first member."""
        others = {member.ofport for member in self.team()[1:]}
        return tuple(port for port in sorted(self.ports, key=_number) if port.ofport not in others)

    def adapters(self) -> tuple[PortView, ...]:
        """Return the ports of VMs and of the management OS by number."""
        return tuple(port for port in sorted(self.ports, key=_number) if not port.is_external)

    def team(self) -> tuple[PortView, ...]:
        """Return the members of the external port by number, if there are several."""
        external = tuple(port for port in sorted(self.ports, key=_number) if port.is_external)
        return external if len(external) > 1 else ()

    def members_for(self, port: PortView) -> tuple[int, ...]:
        """Return the numbers of the team's members, in the order in which an adapter uses them.

        First the one that it is mapped to. Without a mapping, an adapter that has the MAC address of a member has that
        member, so that the wire never sees the address at two; all others take turns.
        """
        team = self.team()
        mapped = [at for at, member in enumerate(team) if member.intent.adapter == port.intent.team_mapping]
        same = [at for at, member in enumerate(team) if port.mac and member.mac == port.mac]
        first = [*mapped, *same, port.ofport % len(team)][0]
        return tuple(member.ofport for member in (*team[first:], *team[:first]))

    def guarded_ports(self) -> tuple[PortView, ...]:
        """Return the ports that may send from their own address only."""
        if not self.is_pinned:
            return ()
        return tuple(
            port
            for port in self.sorted_ports()
            if port.intent.kind is not PortKind.EXTERNAL and not port.intent.mac_spoofing
        )

    def keeping_priority(self) -> frozenset[int]:
        """Return the ports from and to which frames keep their 802.1p priority: if any does, the wire, too."""
        adapters = {port.ofport for port in self.ports if port.intent.ieee_priority_tag}
        return frozenset(adapters | {port.ofport for port in self.ports if port.is_external} if adapters else ())

    def learning_ports(self) -> tuple[PortView, ...]:
        """Return the ports whose senders' addresses are learned."""
        guarded = {port.ofport for port in self.guarded_ports()}
        return tuple(port for port in self.sorted_ports() if port.ofport not in guarded)

    def unknown_unicast_ports(self) -> tuple[PortView, ...]:
        """Return the ports that receive frames to an address the switch does not know: those that learn any."""
        guarded = {port.ofport for port in self.guarded_ports() if not port.teaming_macs}
        return tuple(port for port in self.sorted_ports() if port.ofport not in guarded)

    def meters(self) -> tuple[Meter, ...]:
        """Return all meters: of the ports that have a storm limit, and of those that may ask the switch's service."""
        questions = tuple(Meter(port.ofport, QUESTIONS_PER_S, Limit.QUESTIONS) for port in self.clients())
        together = (Meter(SWITCH, ALL_QUESTIONS_PER_S, Limit.CONTROLLER),) if questions else ()
        return self.storm_limits() + questions + together

    def storm_limits(self) -> tuple[Meter, ...]:
        """Return the meters of the ports that have a storm limit."""
        limited = (port for port in self.sorted_ports() if port.intent.storm_limit)
        return tuple(Meter(port.ofport, port.intent.storm_limit) for port in limited)

    def server(self) -> PortView | None:
        """Return the port of the management OS in whose name the controller answers; None if there is no service."""
        if self.intent.default_switch is None or not self.forwards_natively:
            return None
        kinds = (port for port in self.adapters() if port.intent.kind is PortKind.MANAGEMENT and port.mac)
        return next(kinds, None)

    def clients(self) -> tuple[PortView, ...]:
        """Return the ports of VMs that may ask the switch's service, if it has one."""
        return tuple(port for port in self.adapters() if port.intent.kind is PortKind.VM) if self.server() else ()

    def mirror_sources(self) -> tuple[PortView, ...]:
        """Return the Sources of port mirroring, if there is any Destination."""
        sources = tuple(port for port in self.sorted_ports() if port.intent.port_mirroring is PortMirroring.SOURCE)
        return sources if self._destinations() else ()

    def mirror_destinations(self) -> tuple[PortView, ...]:
        """Return the Destinations of port mirroring, if there is any Source."""
        return self._destinations() if self.mirror_sources() else ()

    def _destinations(self) -> tuple[PortView, ...]:
        return tuple(port for port in self.sorted_ports() if port.intent.port_mirroring is PortMirroring.DESTINATION)

    def primaries(self) -> Mapping[int, int]:
        """Return the primary VLAN of each secondary one that a port names; of two the lower one."""
        settings = [port.intent.vlan for port in self.ports if port.intent.vlan is not None]
        pairs = [(setting, secondary) for setting in settings for secondary in setting.secondaries()]
        found: dict[int, int] = {}
        for setting, secondary in sorted(pairs, key=lambda pair: (pair[1], -pair[0].primary_vlan_id)):
            found[secondary] = setting.primary_vlan_id
        return found

    def members(self) -> Iterator[Members]:
        """Yield who gets the frames of which VLANs, where that is anybody but the external port, or anybody sends."""
        ports = self.sorted_ports()
        own = {port.membership.sends for port in ports if not port.is_external} - {NO_VLAN}
        edges = {edge for port in ports for first, last in port.membership.hears for edge in (first, last + 1)}
        edges |= {edge for vlan in own for edge in (vlan, vlan + 1)}
        inside = sorted(edge for edge in edges if 0 <= edge <= LARGEST)
        starting: dict[int, list[PortView]] = defaultdict(list)
        ending: dict[int, list[PortView]] = defaultdict(list)
        for port in ports:
            for first, last in port.membership.hears:
                starting[first].append(port)
                ending[last + 1].append(port)
        active: dict[int, PortView] = {}
        for at, first in enumerate(inside):
            for port in ending[first]:
                active.pop(port.ofport, None)
            for port in starting[first]:
                active[port.ofport] = port
            found = tuple(active[number] for number in sorted(active))
            if first in own or any(not port.is_external for port in found):
                last = inside[at + 1] - 1 if at + 1 < len(inside) else LARGEST
                yield Members((first, last), found)

    def pinned_macs(self) -> Mapping[int, PortView]:
        """Return who owns which address on a Pinned switch: of two adapters with one, that connected first."""
        owners: dict[int, PortView] = {}
        if self.is_pinned:
            for port in self.adapters():
                if port.mac:
                    owners.setdefault(port.mac, port)
        return owners

    def check(self) -> None:
        """Raise ViewError for what no program can be made of."""
        if not 1 <= self.intent.ageing_s <= 65535:
            raise ViewError(
                f'ageing time of switch "{self.intent.switch}" is {self.intent.ageing_s} s, expected 1 to 65535'
            )
        seen: dict[int, PortView] = {}
        for port in sorted(self.ports, key=_number):
            if not 1 <= port.ofport <= MAX_OFPORT:
                raise ViewError(
                    f'port number of "{port.intent.adapter}" is {port.ofport}, expected 1 to {MAX_OFPORT}',
                    target=port.intent.adapter,
                )
            if port.ofport in seen:
                other = seen[port.ofport].intent.adapter
                raise ViewError(f'"{other}" and "{port.intent.adapter}" both have port number {port.ofport}')
            seen[port.ofport] = port
            if port.is_external and port.intent.port_mirroring is PortMirroring.DESTINATION:
                raise ViewError(
                    f'the external port "{port.intent.adapter}" is a Destination of port mirroring (reason 9)',
                    remedy="it can only be a Source",
                    target=port.intent.adapter,
                )
            if port.is_external and port.has_vlan:
                setting, reason = ("an isolation", 60) if port.intent.isolation else ("a VLAN", 32)
                raise ViewError(
                    f'the external port "{port.intent.adapter}" has {setting} setting (reason {reason})',
                    remedy="it carries all VLANs",
                    target=port.intent.adapter,
                )
            if port.mac & 1 << 40:
                raise ViewError(
                    f'"{port.intent.mac}" of "{port.intent.adapter}" is a group address', target=port.device
                )
        for port in self.guarded_ports():
            if not port.mac:
                raise ViewError(
                    f'"{port.intent.adapter}" has no MAC address, which learning mode Pinned needs',
                    target=port.intent.adapter,
                )


def _number(port: PortView) -> int:
    return port.ofport


def parse_mac(text: str, adapter: str = "") -> int:
    """Return a MAC address written ``00:15:5d:01:02:00`` as a number; ViewError if it is not one."""
    if not _MAC.fullmatch(text):
        owner = f' of "{adapter}"' if adapter else ""
        raise ViewError(f'"{text}"{owner} is not a MAC address, expected such as 00:15:5d:01:02:00', target=adapter)
    return int(text.replace(":", ""), 16)
