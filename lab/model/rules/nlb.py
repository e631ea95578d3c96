"""Clusters of Network Load Balancing that cannot be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

from lab.errors import ErrorRecord
from lab.model.names import NODE_RULE, host_name, is_node_name, quoted
from lab.model.nlb import (
    LARGEST_CLUSTER,
    LARGEST_PORT,
    LARGEST_WEIGHT,
    MOST_RULES,
    FilteringMode,
    NlbMode,
    NlbNode,
    PortRule,
)
from lab.model.objects import LabModel, NetworkAdapter, VirtualMachine
from lab.model.rules.mistakes import mistake


@dataclass(frozen=True, slots=True)
class _Member:
    """A node, and where it was declared."""

    vm: VirtualMachine
    adapter: NetworkAdapter
    node: NlbNode

    @property
    def target(self) -> str:
        return self.vm.adapter_id(self.adapter)

    @property
    def who(self) -> str:
        return f"node {quoted(self.target)} of NLB cluster {quoted(self.node.cluster)}"


def nlb(model: LabModel) -> Iterator[ErrorRecord]:
    """What a node cannot be, and what two nodes of a cluster cannot both be (New-NlbCluster, Add-NlbClusterNode)."""
    clusters: dict[str, list[_Member]] = defaultdict(list)
    for _, vm in model.vms():
        for adapter in vm.adapters:
            if adapter.nlb:
                clusters[adapter.nlb.cluster].append(_Member(vm, adapter, adapter.nlb))
    machines = {each.casefold() for name in model.node_names() for each in (name, host_name(name))}
    for name, members in clusters.items():
        if name.casefold() in machines or not is_node_name(name):
            remedy = f"expected {NODE_RULE}, and no name of a machine"
            yield mistake(f"NLB cluster {name}", f"the NLB cluster name {quoted(name)} is not allowed", remedy)
        seen: set[tuple[PortRule, ...]] = set()
        for member in members:
            yield from _node(member)
            if member.node.rules not in seen:
                yield from _rules(member)
            seen.add(member.node.rules)
        yield from _together(name, members)


def _node(member: _Member) -> Iterator[ErrorRecord]:
    node, adapter, target, who = member.node, member.adapter, member.target, member.who
    for what, value, least, most in (
        ("the host priority", node.priority, 1, LARGEST_CLUSTER),
        ("the load weight", node.weight, 0, LARGEST_WEIGHT),
        ("the handling priority", node.handling, 1, LARGEST_CLUSTER),
    ):
        if not least <= value <= most:
            yield mistake(target, f"{who} has {what} {value}", f"expected {least} to {most}")
    yield from _shares(member)
    ip = adapter.ip
    static = [each for each in ip.addresses if each.version == 4] if ip else []
    if ip and ip.dhcp:
        yield mistake(target, f"{who} has its address from DHCP", "NLB turns DHCP off: give it a static address")
    elif not static:
        yield mistake(target, f"{who} has no IPv4 address of its own", "give it a dedicated address")
    elif not any(each.network == node.address.network for each in static):
        subnets = ", ".join(str(each.network) for each in static)
        what = f"{who} is to have the address {node.address}, which is not of its subnet {subnets}"
        yield mistake(target, what, f"give the cluster an address of {subnets}, with the same prefix length")
    elif any(each.ip == node.address.ip for each in static):
        yield mistake(target, f"{who} has the cluster's address {node.address.ip} as its own", "give it another one")
    network = node.address.network
    if node.address.ip in (network.network_address, network.broadcast_address):
        yield mistake(target, f"{who} is to have the address {node.address.ip}, which is no host's", "give another one")
    if member.vm.team and adapter.name in member.vm.team.adapters:
        yield mistake(target, f"{who} is in the team {quoted(member.vm.team.name)}", "use an adapter of its own")
    if member.vm.forwarding and node.mode is NlbMode.UNICAST:
        what = f"{who} gets all that is for any node, and VM {quoted(member.vm.name)} forwards packets"
        yield mistake(target, what, "use a multicast mode, or a VM that does not forward")


def _shares(member: _Member) -> Iterator[ErrorRecord]:
    for share in member.node.shares:
        if not 0 <= (share.load_weight or 0) <= LARGEST_WEIGHT or not 0 <= share.handling_priority <= LARGEST_CLUSTER:
            what = f"{member.who} has for the port rule {share}"
            yield mistake(member.target, what, f"expected 0 to {LARGEST_WEIGHT}, and 1 to {LARGEST_CLUSTER}")


def _rules(member: _Member) -> Iterator[ErrorRecord]:
    rules = member.node.rules
    if len(rules) > MOST_RULES:
        yield mistake(member.target, f"{member.who} has {len(rules)} port rules", f"expected at most {MOST_RULES}")
    for rule in rules:
        if not 0 <= rule.start_port <= rule.end_port <= LARGEST_PORT:
            what = f"{member.who} has a port rule for the ports {rule.start_port} to {rule.end_port}"
            yield mistake(member.target, what, f"expected a range within 0 to {LARGEST_PORT}")
    for one, other in combinations(rules, 2):
        if one.overlaps(other):
            yield mistake(member.target, f"{member.who} has port rules that overlap: {one} and {other}", _APART)


_APART = "give each port of a protocol one rule"


def _together(name: str, members: list[_Member]) -> Iterator[ErrorRecord]:
    cluster = f"NLB cluster {quoted(name)}"
    if len(members) > LARGEST_CLUSTER:
        what = f"{cluster} has {len(members)} nodes"
        yield mistake(members[LARGEST_CLUSTER].target, what, f"expected at most {LARGEST_CLUSTER}")
    yield from _twice(members, "the host priority", [each.node.priority for each in members])
    single = dict.fromkeys(rule for each in members for rule in each.node.rules if rule.mode is FilteringMode.SINGLE)
    told: dict[ErrorRecord, None] = {}
    for rule in single:
        told |= dict.fromkeys(
            _twice(members, "the handling priority", [each.node.handling_in(rule) for each in members])
        )
    yield from told
    for at, one in enumerate(members):
        if any(other.vm.name == one.vm.name for other in members[:at]):
            what = f"VM {quoted(one.vm.name)} is in {cluster} with two adapters"
            yield mistake(one.target, what, "a host is in a cluster with one")


def _twice(members: list[_Member], what: str, values: list[int]) -> Iterator[ErrorRecord]:
    owners: dict[int, _Member] = {}
    for member, value in zip(members, values, strict=True):
        first = owners.setdefault(value, member)
        if first is not member:
            yield mistake(
                member.target, f"{member.who} has {what} {value}, which {quoted(first.target)} has", "give another one"
            )
