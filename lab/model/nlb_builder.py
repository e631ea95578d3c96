"""How a topology script writes a cluster of Network Load Balancing (see :mod:`lab.model.nlb`).

>>> web = lab.nlb_cluster("web", "192.168.1.100/24", mode="Multicast", rules=[nlb_rule(80, 80, protocol="Tcp")])
>>> hv1.vm("web1", "External", "192.168.1.31").nlb_node(web, priority=1)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Interface

from lab.model.names import quoted
from lab.model.nlb import Affinity, FilteringMode, NlbMode, NlbNode, PortRule, RuleProtocol
from lab.model.reading import Reader, shown

_EXAMPLE = 'expected nlb_rule(80, 80, protocol="Tcp"), ...'


@dataclass(frozen=True, slots=True)
class WrittenRule:
    """A port rule as somebody wrote it."""

    start_port: object
    end_port: object
    protocol: object
    mode: object
    affinity: object
    timeout: object


def nlb_rule(  # noqa: PLR0913 - settings given by name
    start_port: int,
    end_port: int,
    *,
    protocol: RuleProtocol | str = RuleProtocol.BOTH,
    mode: FilteringMode | str = FilteringMode.MULTIPLE,
    affinity: Affinity | str = Affinity.SINGLE,
    timeout: int = 0,
) -> WrittenRule:
    """Return a port rule for :meth:`Lab.nlb_cluster` (Add-NlbClusterPortRule); extended affinity is not there."""
    return WrittenRule(start_port, end_port, protocol, mode, affinity, timeout)


@dataclass(frozen=True, slots=True)
class ClusterBuilder:
    """A cluster that nodes can be added to. ``node`` is what all of them have; None if it cannot be read."""

    name: str
    node: NlbNode | None


def read_cluster(
    read: Reader, name: str, address: object, mode: object, rules: Iterable[object] | None
) -> ClusterBuilder:
    """Return a cluster; what cannot be read is a mistake."""
    found = read.interfaces(address, ())
    ports = (PortRule(),) if rules is None else read_rules(read, rules)
    kind = read.choice("mode", mode, NlbMode, NlbMode.UNICAST)
    if len(found) != 1 or not isinstance(found[0], IPv4Interface):
        if found:
            read.mistake(f"NLB cluster {quoted(name)} has the address {shown(address)}", "expected one of IPv4")
        return ClusterBuilder(name, None)
    return ClusterBuilder(name, NlbNode(name, found[0], kind, ports))


def read_rules(read: Reader, written: object) -> tuple[PortRule, ...]:
    """Return port rules; what cannot be read is a mistake."""
    if isinstance(written, WrittenRule):
        written = (written,)
    if not isinstance(written, list | tuple):
        read.mistake(f"the port rules of {quoted(read.owner)} are {shown(written)}", _EXAMPLE)
        return ()
    return tuple(rule for each in written if (rule := _rule(read, each)))


def _rule(read: Reader, written: object) -> PortRule | None:
    if not isinstance(written, WrittenRule):
        read.mistake(f"a port rule of {quoted(read.owner)} is {shown(written)}", _EXAMPLE)
        return None
    if written.timeout != 0:
        what = f"a port rule of {quoted(read.owner)} has the timeout {shown(written.timeout)}"
        read.mistake(what, "extended affinity is not there: expected 0")
    return PortRule(
        read.number("start_port", written.start_port, 0),
        read.number("end_port", written.end_port, 0),
        read.choice("protocol", written.protocol, RuleProtocol, RuleProtocol.BOTH),
        read.choice("mode", written.mode, FilteringMode, FilteringMode.MULTIPLE),
        read.choice("affinity", written.affinity, Affinity, Affinity.SINGLE),
    )
