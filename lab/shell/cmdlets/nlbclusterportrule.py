"""Port rules of clusters: which nodes handle which ports."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from lab.model.nlb import LARGEST_CLUSTER, LARGEST_PORT, LARGEST_WEIGHT, Affinity, FilteringMode, PortRule, RuleProtocol
from lab.shell.command import Call, Example, Parameter, command
from lab.shell.dhcp.server import both
from lab.shell.nlb.mistakes import error_class, nlb_error, not_there
from lab.shell.nlb.nodes import NodeRef, cluster_edit, clusters, members, node_of
from lab.shell.nlb.parameters import CLUSTERS, FORCE, HOST, INTERFACE, NON_PIPELINE, RULES
from lab.shell.nlb.rules import (
    RuleRef,
    check_ip,
    check_timeout,
    given_rules,
    rule_object,
    rules_changed,
    share_edit,
)

_MODULE: Final = "NetworkLoadBalancingClusters"
_AFFINITIES: Final = ("None", "Single", "Network")
_MODES: Final = ("Multiple", "Single", "Disabled")
_PROTOCOLS: Final = ("Both", "Tcp", "Udp")
_IP: Final = Parameter("IP", "IPAddress", sets=(NON_PIPELINE,), help="The cluster's address, or 255.255.255.255.")
_PORT: Final = Parameter("Port", "UInt32", sets=(NON_PIPELINE,), position=0, aliases=("P",), maximum=LARGEST_PORT,
                         help="A port that the rule is about.")  # fmt: skip


@command(
    "Get-NlbClusterPortRule",
    _MODULE,
    "Gets the port rules of a cluster.",
    (
        replace(CLUSTERS, type="Object[]", help="Clusters, or nodes."),
        HOST,
        INTERFACE,
        replace(_IP, sets=()),
        replace(_PORT, sets=()),
    ),
    default_set="NonPipeline",
    output="PortRule",
    guest=True,
    error_class=error_class("Get-NlbClusterPortRule"),
    examples=(
        Example("Get-NlbClusterPortRule -HostName web1", "Gets the port rules of the cluster that web1 is a node of."),
        Example("Get-NlbClusterNode | Get-NlbClusterPortRule", "Gets those of each node, with its weights."),
    ),
)  # fmt: skip
def get_rule(call: Call) -> Iterator[object]:
    """Output port rules by port, as each given cluster or node has them."""
    for ref in map(node_of, call.get("InputObject") or [None]) if "InputObject" in call else clusters(call):
        check_ip(ref, call.get("IP"))
        port = call.get("Port")
        found = [each for each in ref.node.rules if port is None or each.start_port <= port <= each.end_port]
        if not found and port is not None:
            what = f"There is no port rule for port {port} in cluster '{ref.full_name}'."
            raise nlb_error(what, "ObjectNotFound", port)
        for each in sorted(found, key=lambda rule: rule.start_port):
            yield rule_object(RuleRef.of(ref, each))


@command(
    "Add-NlbClusterPortRule",
    _MODULE,
    "Adds a port rule to a cluster.",
    (
        CLUSTERS,
        HOST,
        replace(INTERFACE, mandatory=True),
        Parameter("StartPort", "Int32", position=0, mandatory=True, aliases=("S",), minimum=0, maximum=LARGEST_PORT,
                  help="The first port."),
        Parameter("EndPort", "Int32", position=1, mandatory=True, aliases=("E",), minimum=0, maximum=LARGEST_PORT,
                  help="The last port."),
        Parameter("IP", "IPAddress", help="The cluster's address; all of its addresses unless given."),
        Parameter("Protocol", "PortRuleProtocol", aliases=("PTCL",), values=_PROTOCOLS, help="Both unless given."),
        Parameter("Mode", "PortRuleFilteringMode", aliases=("M",), values=_MODES,
                  help="Multiple unless given: several nodes handle it. Single: one does. Disabled: nobody does."),
        Parameter("Affinity", "PortRuleAffinity", aliases=("A",), values=_AFFINITIES,
                  help="What keeps a client at a node: its address (Single, unless given), its network, nothing."),
        Parameter("Timeout", "UInt32", aliases=("T",), help="Extended affinity, which a lab has not: 0."),
    ),
    default_set="NonPipeline",
    output="PortRule",
    guest=True,
    error_class=error_class("Add-NlbClusterPortRule"),
    examples=(
        Example("Get-NlbCluster web1 | Add-NlbClusterPortRule 80 80 -Protocol Tcp -Affinity None",
                "Divides the connections of web clients among all nodes, each by itself."),
    ),
    remarks="A new cluster has a rule for all ports, which has to go first: rules must not overlap.",
)  # fmt: skip
def add_rule(call: Call) -> Iterator[object]:
    """Add a port rule on all nodes; an error if it overlaps with another one."""
    for ref in list(clusters(call)):
        check_ip(ref, call.get("IP"))
        check_timeout(call.get("Timeout"))
        new = PortRule(
            call.get("StartPort"),
            call.get("EndPort"),
            RuleProtocol(call.get("Protocol", "Both")),
            FilteringMode(call.get("Mode", "Multiple")),
            Affinity(call.get("Affinity", "Single")),
        )
        _refuse_overlap(ref, new, None)
        change = cluster_edit(
            ref,
            lambda node, new=new: replace(  # type: ignore[misc]
                node, rules=tuple(sorted((*node.rules, new), key=lambda each: each.start_port))
            ),
        )
        if call.change(ref.full_name, change):
            yield rule_object(RuleRef.of(ref, new))


def _refuse_overlap(ref: NodeRef, new: PortRule, old: PortRule | None) -> None:
    if new.start_port > new.end_port:
        raise nlb_error(f"The port range {new.start_port} to {new.end_port} is invalid.", target=new.start_port)
    for each in ref.node.rules:
        if each != old and each.overlaps(new):
            what = f"The port rule {new} conflicts with an existing port rule of cluster '{ref.full_name}', {each}."
            raise nlb_error(what, "ResourceExists", new.start_port, "Port ranges of a protocol must not overlap.")


@command(
    "Set-NlbClusterPortRule",
    _MODULE,
    "Changes a port rule: on all nodes of its cluster.",
    (
        RULES,
        HOST,
        INTERFACE,
        _IP,
        _PORT,
        Parameter("NewIP", "IPAddress", aliases=("NIP",), help="The cluster's address, or 255.255.255.255."),
        Parameter("NewStartPort", "Int32", aliases=("NSP",), minimum=0, maximum=LARGEST_PORT, help="The first port."),
        Parameter("NewEndPort", "Int32", aliases=("NEP",), minimum=0, maximum=LARGEST_PORT, help="The last port."),
        Parameter("NewProtocol", "PortRuleProtocol", aliases=("NPRTCL",), values=_PROTOCOLS, help="The protocol."),
        Parameter("NewMode", "PortRuleFilteringMode", aliases=("NM",), values=_MODES, help="Who handles it."),
        Parameter("NewAffinity", "PortRuleAffinity", aliases=("NA",), values=_AFFINITIES,
                  help="What keeps a client at a node."),
        Parameter("NewTimeout", "UInt32", aliases=("Timeout", "T"), help="Extended affinity, which a lab has not: 0."),
    ),
    default_set="NonPipeline",
    output="PortRule",
    guest=True,
    error_class=error_class("Set-NlbClusterPortRule"),
    examples=(Example("Get-NlbClusterPortRule | Set-NlbClusterPortRule -NewAffinity None", "Clients stick no more."),),
)  # fmt: skip
def set_rule(call: Call) -> Iterator[object]:
    """Change port rules."""
    for ref in given_rules(call):
        check_ip(ref, call.get("NewIP"))
        check_timeout(call.get("NewTimeout"))
        old = ref.rule
        new = PortRule(
            call.get("NewStartPort", old.start_port),
            call.get("NewEndPort", old.end_port),
            RuleProtocol(call.get("NewProtocol", old.protocol.value)),
            FilteringMode(call.get("NewMode", old.mode.value)),
            Affinity(call.get("NewAffinity", old.affinity.value)),
        )
        _refuse_overlap(ref, new, old)
        change = cluster_edit(ref, lambda node, old=old, new=new: rules_changed(node, old, new))  # type: ignore[misc]
        if call.change(ref.full_name, change):
            yield rule_object(replace(ref, rule=new))


@command(
    "Remove-NlbClusterPortRule",
    _MODULE,
    "Removes a port rule from a cluster.",
    (RULES, HOST, INTERFACE, _IP, replace(_PORT, mandatory=True), FORCE),
    default_set="NonPipeline",
    confirms=True,
    guest=True,
    error_class=error_class("Remove-NlbClusterPortRule"),
    examples=(Example("Get-NlbClusterPortRule | Remove-NlbClusterPortRule -Force", "The default host handles all."),),
)  # fmt: skip
def remove_rule(call: Call) -> None:
    """Remove port rules on all nodes: what no rule is about goes to the default host."""
    for ref in given_rules(call):
        change = cluster_edit(ref, lambda node, old=ref.rule: rules_changed(node, old, None))  # type: ignore[misc]
        call.change(f"{ref.full_name} {ref.rule}", change, settle=True)


_WIDE: Final = Parameter("ClusterWide", "Switch", sets=(NON_PIPELINE,), help="On all nodes; else on one.")


def _enabling(call: Call, enabled: bool) -> Iterator[object]:
    for ref in given_rules(call):
        if ref.rule.mode is not FilteringMode.MULTIPLE:
            raise not_there(
                f"The port rule {ref.rule} cannot be {'enabled' if enabled else 'disabled'}.",
                "In a lab only port rules of mode Multiple can.",
            )
        nodes = members(ref) if call.is_on("ClusterWide") else [ref]
        edits = (share_edit(RuleRef.of(each, ref.rule), enabled=enabled) for each in nodes)
        if call.change(ref.full_name, both(*edits), settle=not enabled):
            yield rule_object(ref)


@command(
    "Enable-NlbClusterPortRule",
    _MODULE,
    "Lets a node handle again what a port rule is about.",
    (RULES, HOST, INTERFACE, _IP, replace(_PORT, mandatory=True), _WIDE),
    default_set="NonPipeline",
    output="PortRule",
    guest=True,
    error_class=error_class("Enable-NlbClusterPortRule"),
    examples=(Example("Enable-NlbClusterPortRule 80 -HostName web1", "The node handles port 80 again."),),
)  # fmt: skip
def enable_rule(call: Call) -> Iterator[object]:
    """Enable a port rule on one node, or on all."""
    yield from _enabling(call, True)


@command(
    "Disable-NlbClusterPortRule",
    _MODULE,
    "Lets a node handle nothing of what a port rule is about.",
    (
        RULES,
        HOST,
        INTERFACE,
        _IP,
        replace(_PORT, mandatory=True),
        _WIDE,
        Parameter("Drain", "Switch", help="Not in a lab: connections end at once."),
        Parameter("Timeout", "UInt32", aliases=("T",), help="Not in a lab."),
    ),
    default_set="NonPipeline",
    output="PortRule",
    guest=True,
    error_class=error_class("Disable-NlbClusterPortRule"),
    examples=(Example("Disable-NlbClusterPortRule 80 -HostName web1", "The other nodes handle port 80."),),
)  # fmt: skip
def disable_rule(call: Call) -> Iterator[object]:
    """Disable a port rule on one node, or on all: then nobody handles it."""
    if call.is_on("Drain"):
        raise not_there("A port rule cannot be drained.", "In a lab whole nodes can: Stop-NlbClusterNode -Drain.")
    yield from _enabling(call, False)


@command(
    "Set-NlbClusterPortRuleNodeWeight",
    _MODULE,
    "Sets how much a node handles of what a port rule is about.",
    (
        RULES,
        HOST,
        replace(INTERFACE, mandatory=True),
        replace(_IP, mandatory=True),
        replace(_PORT, mandatory=True),
        Parameter("Equal", "Switch", help="As much as others that are equal."),
        Parameter("LoadWeight", "Int32", minimum=0, maximum=LARGEST_WEIGHT,
                  help="Its weight: it handles that part of the sum of all weights."),
    ),
    default_set="NonPipeline",
    output="PortRule",
    guest=True,
    error_class=error_class("Set-NlbClusterPortRuleNodeWeight"),
    examples=(
        Example("Get-NlbClusterNode -NodeName web1 | Get-NlbClusterPortRule | Set-NlbClusterPortRuleNodeWeight "
                "-LoadWeight 80", "web1 handles more than the others."),
    ),
)  # fmt: skip
def set_weight(call: Call) -> Iterator[object]:
    """Set the weight of a node in port rules of mode Multiple."""
    if call.is_on("Equal") == ("LoadWeight" in call):
        raise nlb_error("Specify either a load weight, or an equal load.", remedy="Use -LoadWeight, or -Equal.")
    for ref in given_rules(call):
        if ref.rule.mode is not FilteringMode.MULTIPLE:
            what = f"The port rule {ref.rule} has no load weight: its filtering mode is {ref.rule.mode.value}."
            raise nlb_error(what, "InvalidOperation", ref.rule.start_port)
        if call.change(ref.vm, share_edit(ref, load_weight=call.get("LoadWeight"))):
            yield rule_object(ref)


@command(
    "Set-NlbClusterPortRuleNodeHandlingPriority",
    _MODULE,
    "Sets a node's place in a port rule that one node handles.",
    (
        RULES,
        HOST,
        replace(INTERFACE, mandatory=True),
        replace(_IP, mandatory=True),
        replace(_PORT, mandatory=True),
        Parameter("HandlingPriority", "Int32", mandatory=True, minimum=1, maximum=LARGEST_CLUSTER,
                  help="Its place: the lowest of the nodes that run handles all."),
    ),
    default_set="NonPipeline",
    output="PortRule",
    guest=True,
    error_class=error_class("Set-NlbClusterPortRuleNodeHandlingPriority"),
    examples=(
        Example("Get-NlbClusterNode -NodeName web2 | Get-NlbClusterPortRule 443 | "
                "Set-NlbClusterPortRuleNodeHandlingPriority -HandlingPriority 5", "web2 comes after the others."),
    ),
)  # fmt: skip
def set_handling(call: Call) -> Iterator[object]:
    """Set the handling priority of a node in port rules of mode Single."""
    for ref in given_rules(call):
        if ref.rule.mode is not FilteringMode.SINGLE:
            what = f"The port rule {ref.rule} has no handling priority: its filtering mode is {ref.rule.mode.value}."
            raise nlb_error(what, "InvalidOperation", ref.rule.start_port)
        if call.change(ref.vm, share_edit(ref, handling_priority=call.get("HandlingPriority"))):
            yield rule_object(ref)
