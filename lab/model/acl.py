"""The access lists of a network adapter: what its switch lets in and out of it.

A port ACL entry (Add-VMNetworkAdapterAcl) has one address, and knows nothing of connections. Of the IP entries of one
direction that fit a packet the one with the longest prefix decides, in whatever order they were made; of two with
equal prefixes the one that denies. MAC entries are a list of their own: a frame that either list denies is dropped.
What no entry fits is allowed. Meter entries only count.

An extended entry (Add-VMNetworkAdapterExtendedAcl) looks at addresses, protocol and ports. The entry with the largest
weight that fits a packet decides. A stateful one also lets the answers pass: packets of the same connection in the
other direction, until there has been none for its idle session timeout.

Local is the adapter's side, remote the other. IP entries concern IP packets only: ARP passes, and so does IPv6's
neighbour discovery, which is to IPv6 what ARP is to IPv4.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network
from typing import Final

from lab.model.addresses import Address, Network, hyperv_mac

ANY: Final = "ANY"
TCP: Final = 6
UDP: Final = 17
ICMP: Final = {4: 1, 6: 58}
"""The number of ICMP over each version of IP."""

PROTOCOLS: Final = {"TCP": TCP, "UDP": UDP}
CLIENT_PORT: Final = 49152
"""The port that the asking side is taken to have: the first of those that Windows gives to clients."""

LARGEST_PORT: Final = 65535
LARGEST_WEIGHT: Final = 65535
DEFAULT_IDLE_S: Final = 255
"""IdleSessionTimeout unless given (Msvm_EthernetSwitchPortExtendedAclSettingData)."""

Ports = tuple[int, int]
"""The first and the last of some ports."""

ALL_PORTS: Final = (0, LARGEST_PORT)


class AclAction(StrEnum):
    """What an entry does (Add-VMNetworkAdapterAcl, parameter Action); extended ones do not count."""

    ALLOW = "Allow"
    DENY = "Deny"
    METER = "Meter"


class AclDirection(StrEnum):
    """As the adapter sees it: what it gets is inbound, what it sends outbound."""

    INBOUND = "Inbound"
    OUTBOUND = "Outbound"

    @property
    def other(self) -> AclDirection:
        return AclDirection.OUTBOUND if self is AclDirection.INBOUND else AclDirection.INBOUND


class AclSide(StrEnum):
    """Whose address an entry is about (Msvm_EthernetSwitchPortAclSettingData, property Applicability)."""

    LOCAL = "Local"
    REMOTE = "Remote"


@dataclass(frozen=True, slots=True)
class Packet:
    """What entries look at, from the side of one adapter; a frame that is no IP packet has no IP addresses.

    ``protocol`` is IP's number; the ports are 0 where that has none.
    """

    local: Address | None
    remote: Address | None
    local_mac: str
    remote_mac: str
    protocol: int = 0
    local_port: int = 0
    remote_port: int = 0


@dataclass(frozen=True, slots=True)
class PortAcl:
    """One port ACL entry. It has a prefix, or a MAC address, or neither: then it is for all IP packets.

    ``mac`` is an address like ``00:15:5d:01:02:03``, or ``ANY`` for all frames.
    """

    action: AclAction
    direction: AclDirection
    side: AclSide
    prefix: IPv4Network | IPv6Network | None = None
    mac: str = ""

    def __str__(self) -> str:
        """Return it in the parameters of the cmdlet: ``Deny Inbound RemoteIPAddress ANY``."""
        kind = "Mac" if self.mac else "IP"
        address = (self.mac if self.mac == ANY else hyperv_mac(self.mac)) if self.mac else str(self.prefix or ANY)
        return f"{self.action} {self.direction} {self.side}{kind}Address {address}"

    @property
    def rank(self) -> int:
        """How specific it is; of two entries that fit, the larger one decides."""
        if self.mac:
            return 0 if self.mac == ANY else 48
        return self.prefix.prefixlen if self.prefix else 0

    def fits(self, packet: Packet) -> bool:
        """Tell whether it is about a packet; which direction that takes is for the caller to know."""
        if self.mac:
            return self.mac in (ANY, packet.local_mac if self.side is AclSide.LOCAL else packet.remote_mac)
        return _within(packet.local if self.side is AclSide.LOCAL else packet.remote, self.prefix)


@dataclass(frozen=True, slots=True)
class ExtendedAcl:
    """One extended ACL entry; what is None fits everything. ``idle_s``: IdleSessionTimeout, in seconds."""

    weight: int
    action: AclAction
    direction: AclDirection
    local_ip: IPv4Network | IPv6Network | None = None
    remote_ip: IPv4Network | IPv6Network | None = None
    local_port: tuple[int, ...] = ALL_PORTS
    remote_port: tuple[int, ...] = ALL_PORTS
    protocol: int | None = None
    stateful: bool = False
    idle_s: int = DEFAULT_IDLE_S

    def __str__(self) -> str:
        """Return it in the parameters of the cmdlet, those left out that have their default."""
        parts = [f"{self.action} {self.direction} Weight {self.weight}"]
        parts += [f"LocalIPAddress {self.local_ip}"] if self.local_ip else []
        parts += [f"RemoteIPAddress {self.remote_ip}"] if self.remote_ip else []
        parts += [f"LocalPort {ports_text(self.local_port)}"] if self.local_port != ALL_PORTS else []
        parts += [f"RemotePort {ports_text(self.remote_port)}"] if self.remote_port != ALL_PORTS else []
        parts += [f"Protocol {protocol_text(self.protocol)}"] if self.protocol is not None else []
        parts += ["Stateful"] if self.stateful else []
        return " ".join(parts)

    @property
    def versions(self) -> tuple[int, ...]:
        """The IP versions that it is about."""
        return tuple({each.version for each in (self.local_ip, self.remote_ip) if each}) or (4, 6)

    def fits(self, packet: Packet) -> bool:
        """Tell whether it is about a packet; which direction that takes is for the caller to know."""
        return (
            _within(packet.local, self.local_ip)
            and _within(packet.remote, self.remote_ip)
            and self.protocol in (None, packet.protocol)
            and self.local_port[0] <= packet.local_port <= self.local_port[1]
            and self.remote_port[0] <= packet.remote_port <= self.remote_port[1]
        )


AclEntry = PortAcl | ExtendedAcl


def denial_text(adapter: str, entry: AclEntry) -> str:
    """Say which entry of which adapter denies something."""
    kind = "extended ACL" if isinstance(entry, ExtendedAcl) else "port ACL"
    return f'the {kind} of "{adapter}" denies it: {entry}'


def denies(
    acls: Iterable[PortAcl],
    extended: Sequence[ExtendedAcl],
    direction: AclDirection,
    packet: Packet,
    *,
    answer: bool = False,
) -> AclEntry | None:
    """Return the entry that keeps a packet from passing in a direction, None if it passes.

    ``answer``: it is one, and what it answers has just passed in the other direction.
    """
    mine = [each for each in acls if each.direction is direction and each.action is not AclAction.METER]
    for entries in ([each for each in mine if each.mac], [each for each in mine if not each.mac]):
        fitting = [each for each in entries if each.fits(packet)]
        first = max(fitting, key=lambda each: (each.rank, each.action is AclAction.DENY), default=None)
        if first and first.action is AclAction.DENY:
            return first
    if answer and awaits(extended, direction, packet):
        return None
    found = _first(extended, direction, packet)
    return found if found and found.action is AclAction.DENY else None


def awaits(extended: Sequence[ExtendedAcl], direction: AclDirection, packet: Packet) -> bool:
    """Tell whether a packet passes in a direction if it is an answer, as what it answers took a stateful entry."""
    asked = _first(extended, direction.other, packet)
    return asked is not None and asked.stateful


def _first(extended: Sequence[ExtendedAcl], direction: AclDirection, packet: Packet) -> ExtendedAcl | None:
    fitting = (each for each in extended if each.direction is direction and each.fits(packet))
    return max(fitting, key=lambda each: each.weight, default=None)


def protocol_text(protocol: int | None) -> str:
    """Return a protocol as Get-VMNetworkAdapterExtendedAcl shows it."""
    if protocol is None:
        return ANY
    return next((name for name, number in PROTOCOLS.items() if number == protocol), str(protocol))


def ports_text(ports: tuple[int, ...]) -> str:
    """Return ports as they are written: ``80``, ``49152-49182`` or ``ANY``."""
    if ports == ALL_PORTS:
        return ANY
    first, last = ports
    return str(first) if first == last else f"{first}-{last}"


def _within(address: Address | None, prefix: Network | None) -> bool:
    if address is None:
        return False
    return prefix is None or (address.version == prefix.version and address in prefix)
