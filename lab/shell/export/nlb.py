"""The nodes of Network Load Balancing clusters, as cmdlets of module NetworkLoadBalancingClusters make them.

In a lab each node has all settings of its cluster itself, and can have others than the first node, which the cmdlets
never leave behind: such a node is lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from lab.model.nlb import FilteringMode, NlbNode, PortRule
from lab.model.objects import LabModel, NetworkAdapter, VirtualMachine
from lab.shell.export.guests import aliases
from lab.shell.export.quoting import Raw
from lab.shell.export.writing import ON, line, lost
from lab.shell.nlb.nodes import NAME

_EVERY = "255.255.255.255"


def cluster_lines(model: LabModel, vm: VirtualMachine) -> Iterator[str]:
    """Yield what makes the clusters whose first node is in a VM, with their other nodes."""
    for adapter in vm.adapters:
        node = adapter.nlb
        if node is None:
            continue
        nodes = _nodes(model, node.cluster)
        alike = [each for each in nodes if _shared(each[1].nlb) == _shared(node)]
        if alike[0][0].name != vm.name or alike[0][1].name != adapter.name:
            continue
        alias = aliases(vm)[adapter.name]
        yield line("Install-WindowsFeature", Name="NLB", IncludeManagementTools=ON)
        if _shared(nodes[0][1].nlb) != _shared(node):
            yield lost(f"the node {vm.name} of cluster {node.cluster}, which has other settings than the first one")
            continue
        yield from _cluster(node, alias, _full_name(adapter))
        for other_vm, other in alike[1:]:
            yield line(
                "Add-NlbClusterNode", InterfaceName=alias, NewNodeName=other_vm.name,
                NewNodeInterface=aliases(other_vm)[other.name],
            )  # fmt: skip
        given = _given_priorities([each.nlb for _, each in alike if each.nlb])
        order = sorted(zip(alike, given, strict=True), key=lambda pair: -(pair[0][1].nlb or node).priority)
        for (of, each), priority in order:
            if each.nlb and each.nlb.priority != priority:
                yield line("Set-NlbClusterNode", HostName=of.name, InterfaceName=aliases(of)[each.name],
                           HostPriority=each.nlb.priority)  # fmt: skip
        for of, each in alike:
            yield from _own(of, each)


def _nodes(model: LabModel, cluster: str) -> list[tuple[VirtualMachine, NetworkAdapter]]:
    """Return the adapters that are nodes of a cluster, by their priorities."""
    found = [(vm, each) for _, vm in model.vms() for each in vm.adapters if each.nlb and each.nlb.cluster == cluster]
    return sorted(found, key=lambda pair: pair[1].nlb.priority if pair[1].nlb else 0)


def _shared(node: NlbNode | None) -> NlbNode | None:
    """Return what a node shares with the others of its cluster."""
    return replace(node, priority=1, load_weight=None, handling_priority=0, shares=()) if node else None


def _full_name(adapter: NetworkAdapter) -> str:
    assert adapter.nlb
    names = (json.loads(each.value) for each in adapter.recorded if each.name == NAME)
    return next(names, adapter.nlb.cluster)


def _given_priorities(nodes: list[NlbNode]) -> list[int]:
    """Return the priorities that nodes get when they are added one after the other."""
    return list(range(1, len(nodes) + 1))


def _cluster(node: NlbNode, alias: str, name: str) -> Iterator[str]:
    yield line(
        "New-NlbCluster", InterfaceName=alias, ClusterName=name, ClusterPrimaryIP=node.address.ip,
        SubnetMask=node.address.netmask, OperationMode=node.mode.value,
    )  # fmt: skip
    if node.rules == (PortRule(),):
        return
    yield "Get-NlbClusterPortRule | Remove-NlbClusterPortRule -Force"
    for rule in node.rules:
        affinity = rule.affinity.value if rule.mode is FilteringMode.MULTIPLE else None
        yield line(
            "Add-NlbClusterPortRule", InterfaceName=alias, StartPort=rule.start_port, EndPort=rule.end_port,
            Protocol=rule.protocol.value, Mode=rule.mode.value, Affinity=affinity,
        )  # fmt: skip


def _own(vm: VirtualMachine, adapter: NetworkAdapter) -> Iterator[str]:
    """Yield what a node has of its own in the port rules."""
    node = adapter.nlb
    assert node
    where: dict[str, object] = {"HostName": vm.name, "InterfaceName": aliases(vm)[adapter.name], "IP": Raw(_EVERY)}
    for rule in node.rules:
        share = node.share(rule)
        at = {**where, "Port": rule.start_port}
        if rule.mode is FilteringMode.MULTIPLE and share.load_weight is not None:
            yield line("Set-NlbClusterPortRuleNodeWeight", **at, LoadWeight=share.load_weight)
        if rule.mode is FilteringMode.SINGLE and share.handling_priority:
            yield line("Set-NlbClusterPortRuleNodeHandlingPriority", **at, HandlingPriority=share.handling_priority)
        if not share.enabled:
            yield line("Disable-NlbClusterPortRule", **at)
    for each in adapter.recorded:
        if each.name.startswith("Nlb") and each.name != NAME:
            words = {each.name.removeprefix("Nlb"): json.loads(each.value)}
            yield line("Set-NlbClusterNode", HostName=vm.name, InterfaceName=where["InterfaceName"], **words)
