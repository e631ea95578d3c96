"""Network Load Balancing: VMs that share an IP address and divide its clients among themselves.

Names, defaults and ranges are those of the cmdlets of the module NetworkLoadBalancingClusters (New-NlbCluster,
Add-NlbClusterPortRule, Set-NlbClusterPortRuleNodeWeight, Set-NlbClusterPortRuleNodeHandlingPriority). As in Windows
each node has all settings of its cluster itself: nothing outside makes them alike.

>>> NlbNode("web", ip_interface("192.168.1.100/24"), priority=1).mac
'02:bf:c0:a8:01:64'
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Interface
from typing import Final

LARGEST_CLUSTER: Final = 32
"""How many nodes a cluster has at most; host priorities and handling priorities are numbers up to that."""
MOST_RULES: Final = 32
LARGEST_PORT: Final = 65535
LARGEST_WEIGHT: Final = 100
EQUAL_WEIGHT: Final = 50
"""What a node counts for whose load weight is Equal."""


class NlbMode(StrEnum):
    """Which MAC address a cluster has (New-NlbCluster, parameter OperationMode)."""

    UNICAST = "Unicast"
    MULTICAST = "Multicast"
    IGMP_MULTICAST = "IgmpMulticast"


class RuleProtocol(StrEnum):
    """What a port rule is about (Add-NlbClusterPortRule, parameter Protocol)."""

    BOTH = "Both"
    TCP = "Tcp"
    UDP = "Udp"


class FilteringMode(StrEnum):
    """Who handles what a port rule is about: several nodes, one, or nobody (parameter Mode)."""

    MULTIPLE = "Multiple"
    SINGLE = "Single"
    DISABLED = "Disabled"


class Affinity(StrEnum):
    """What keeps a client at one node: nothing, its address, or its class C network (parameter Affinity)."""

    NONE = "None"
    SINGLE = "Single"
    NETWORK = "Network"


@dataclass(frozen=True, slots=True)
class PortRule:
    """A port rule; the first one of a new cluster is all of its defaults."""

    start_port: int = 0
    end_port: int = LARGEST_PORT
    protocol: RuleProtocol = RuleProtocol.BOTH
    mode: FilteringMode = FilteringMode.MULTIPLE
    affinity: Affinity = Affinity.SINGLE

    def __str__(self) -> str:
        how = f"{self.mode.value} {self.affinity.value}" if self.mode is FilteringMode.MULTIPLE else self.mode.value
        return f"{self.start_port}-{self.end_port} {self.protocol.value} {how}"

    def is_about(self, port: int, protocol: str) -> bool:
        """Tell whether it is about a port of a protocol, Tcp or Udp."""
        return self.start_port <= port <= self.end_port and self.protocol in (RuleProtocol.BOTH, protocol)

    def overlaps(self, other: PortRule) -> bool:
        """Tell whether two rules are about the same port of the same protocol."""
        apart = {self.protocol, other.protocol} == {RuleProtocol.TCP, RuleProtocol.UDP}
        return not apart and self.start_port <= other.end_port and other.start_port <= self.end_port


@dataclass(frozen=True, slots=True)
class RuleShare:
    """What a node has of its own in one port rule, that of a first port and a protocol.

    As :class:`NlbNode` has it for all rules (Set-NlbClusterPortRuleNodeWeight, -NodeHandlingPriority). ``enabled``: it
    handles what the rule is about at all (Disable-NlbClusterPortRule).
    """

    start_port: int
    protocol: RuleProtocol
    load_weight: int | None = None
    handling_priority: int = 0
    enabled: bool = True

    def __str__(self) -> str:
        weight = "Equal" if self.load_weight is None else self.load_weight
        off = "" if self.enabled else ", disabled"
        return f"{self.start_port} {self.protocol.value}: weight {weight}, handling {self.handling_priority}{off}"


@dataclass(frozen=True, slots=True)
class NlbNode:
    """An adapter as a node of a cluster: the cluster's settings, and its own.

    ``priority`` is the host's, its HostID. ``load_weight`` is its share in port rules of mode Multiple, None for Equal;
    ``handling_priority`` its place in those of mode Single, 0 for that of the host. ``shares`` are the rules in which
    it has others.
    """

    cluster: str
    address: IPv4Interface
    mode: NlbMode = NlbMode.UNICAST
    rules: tuple[PortRule, ...] = (PortRule(),)
    priority: int = 1
    load_weight: int | None = None
    handling_priority: int = 0
    shares: tuple[RuleShare, ...] = ()

    @property
    def handling(self) -> int:
        """Its handling priority, whether it was set or not."""
        return self.handling_priority or self.priority

    @property
    def weight(self) -> int:
        """Its load weight as a number."""
        return EQUAL_WEIGHT if self.load_weight is None else self.load_weight

    def share(self, rule: PortRule) -> RuleShare:
        """Return what it has of its own in a port rule."""
        own = (each for each in self.shares if (each.start_port, each.protocol) == (rule.start_port, rule.protocol))
        return next(own, RuleShare(rule.start_port, rule.protocol, self.load_weight, self.handling_priority))

    def weight_in(self, rule: PortRule) -> int:
        """Return its load weight in a port rule as a number; 0 if it handles nothing of it."""
        share = self.share(rule)
        weight = EQUAL_WEIGHT if share.load_weight is None else share.load_weight
        return weight if share.enabled else 0

    def handling_in(self, rule: PortRule) -> int:
        """Return its handling priority in a port rule."""
        return self.share(rule).handling_priority or self.priority

    @property
    def mac(self) -> str:
        """The MAC address of its cluster."""
        return cluster_mac(self.mode, self.address.ip)

    def __str__(self) -> str:
        weight = "Equal" if self.load_weight is None else self.load_weight
        rules = ", ".join(map(str, self.rules)) or "no port rules"
        shares = f"; of its own {', '.join(map(str, self.shares))}" if self.shares else ""
        return (
            f"{self.cluster} ({self.address} {self.mode.value}, host {self.priority}, weight {weight}, "
            f"handling priority {self.handling}; {rules}{shares})"
        )


def cluster_mac(mode: NlbMode, address: IPv4Address) -> str:
    """Return a cluster's MAC address: 02-BF or 03-BF and its IP address, or 01-00-5E-7F and that's last two octets."""
    if mode is NlbMode.IGMP_MULTICAST:
        return f"01:00:5e:7f:{address.packed[2:].hex(':')}"
    return f"{'02' if mode is NlbMode.UNICAST else '03'}:bf:{address.packed.hex(':')}"


def masked_mac(node: NlbNode) -> str:
    """Return the address that frames of a node in unicast mode come from: no switch may learn the cluster's."""
    return f"02:{node.priority:02x}:{node.address.ip.packed.hex(':')}"
