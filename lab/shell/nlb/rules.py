"""Port rules: as objects of the console, and which of them a cmdlet means."""

from __future__ import annotations

from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import Final

from lab.model.edit import Edit
from lab.model.nlb import FilteringMode, NlbNode, PortRule, RuleShare
from lab.shell.command import Call
from lab.shell.nlb.mistakes import PACKAGE, nlb_error, not_there
from lab.shell.nlb.nodes import NodeRef, clusters, node_edit
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

RULE: Final = f"{PACKAGE}.PortRule"
EVERY: Final = IPv4Address("255.255.255.255")
"""What stands for all addresses of a cluster (Get-NlbClusterPortRule, parameter IP)."""

show(
    RULE, "table", "IPAddress", "State", Column("Start", "StartPort", align="left"),
    Column("End", "EndPort", align="left"), "Protocol", "Mode", "Affinity", Column("Timeout", align="left"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RuleRef(NodeRef):
    """A port rule of a cluster, seen from one of its nodes."""

    rule: PortRule

    @classmethod
    def of(cls, ref: NodeRef, rule: PortRule) -> RuleRef:
        return cls(ref.place, ref.vm, ref.adapter, ref.alias, rule)


def rule_object(ref: RuleRef) -> PSObject:
    """Return a port rule as the cmdlets output it."""
    node, rule = ref.node, ref.rule
    share = node.share(rule)
    multiple = rule.mode is FilteringMode.MULTIPLE
    weight = "Equal" if share.load_weight is None else share.load_weight
    return PSObject(
        RULE,
        {
            "IPAddress": "All",
            "State": "Enabled" if share.enabled else "Disabled",
            "StartPort": rule.start_port,
            "EndPort": rule.end_port,
            "Protocol": rule.protocol.value,
            "Mode": rule.mode.value,
            "Affinity": rule.affinity.value if multiple else "",
            "Timeout": 0 if multiple else None,
            "LoadWeight": weight if multiple else None,
            "EqualLoad": share.load_weight is None if multiple else None,
            "HandlingPriority": node.handling_in(rule) if rule.mode is FilteringMode.SINGLE else None,
            "HostName": ref.vm,
            "InterfaceName": ref.alias,
        },
        source=ref,
        text=RULE,
    )


def check_ip(ref: NodeRef, address: object) -> None:
    """Refuse another address than the cluster's, and than the one that stands for all."""
    if address is not None and address not in (EVERY, ref.node.address.ip):
        raise not_there(
            f"The cluster '{ref.full_name}' has no address {address}.",
            f"In a lab a cluster has one address, {ref.node.address.ip}.",
        )


def check_timeout(timeout: object) -> None:
    """Refuse extended affinity."""
    if timeout:
        raise not_there("The time-out of a port rule cannot be set.", "In a lab there is no extended affinity: use 0.")


def given_rules(call: Call) -> list[RuleRef]:
    """Return the port rules of -InputObject, or those of -Port, all if it is not given; an error for a wrong port."""
    if "InputObject" in call:
        return [_still(item.source) for item in call.get("InputObject")]
    found = []
    for ref in clusters(call):
        check_ip(ref, call.get("IP"))
        port = call.get("Port")
        mine = [each for each in ref.node.rules if port is None or each.start_port <= port <= each.end_port]
        if port is not None and not mine:
            what = f"There is no port rule for port {port} in cluster '{ref.full_name}'."
            raise nlb_error(what, "ObjectNotFound", port)
        found += [RuleRef.of(ref, each) for each in mine]
    return found


def _still(ref: RuleRef) -> RuleRef:
    if ref.rule not in ref.node.rules:
        what = f"The port rule {ref.rule} is no longer in cluster '{ref.full_name}'."
        raise nlb_error(what, "ObjectNotFound", ref.rule.start_port)
    return ref


def rules_changed(node: NlbNode, old: PortRule, new: PortRule | None) -> NlbNode:
    """Return a node with a port rule replaced, or removed; what it has of its own in the rule stays with it."""
    rules = tuple(new if each == old and new else each for each in node.rules if new or each != old)
    key = (old.start_port, old.protocol)
    shares = []
    for each in node.shares:
        if (each.start_port, each.protocol) != key:
            shares.append(each)
        elif new:
            shares.append(replace(each, start_port=new.start_port, protocol=new.protocol))
    return replace(node, rules=tuple(sorted(rules, key=lambda each: each.start_port)), shares=tuple(shares))


def share_edit(ref: RuleRef, **values: object) -> Edit:
    """Return the change of what a node has of its own in a port rule."""
    rule = ref.rule

    def changed(node: NlbNode) -> NlbNode:
        new: RuleShare = replace(node.share(rule), **values)  # type: ignore[arg-type]
        key = (rule.start_port, rule.protocol)
        others = [each for each in node.shares if (each.start_port, each.protocol) != key]
        plain = RuleShare(rule.start_port, rule.protocol, node.load_weight, node.handling_priority)
        return _alike(replace(node, shares=(*others, *(() if new == plain else (new,)))))

    return node_edit(ref, changed)


def _alike(node: NlbNode) -> NlbNode:
    """Return a node that has for all rules what it has in each, however it came to have that; apart is what differs."""
    multiple = {node.share(each).load_weight for each in node.rules if each.mode is FilteringMode.MULTIPLE}
    single = {node.share(each).handling_priority for each in node.rules if each.mode is FilteringMode.SINGLE}
    weight = node.load_weight if not multiple else multiple.pop() if len(multiple) == 1 else None
    place = node.handling_priority if not single else single.pop() if len(single) == 1 else 0
    own = (_own(node, each, weight, place) for each in node.rules)
    return replace(node, load_weight=weight, handling_priority=place, shares=tuple(each for each in own if each))


def _own(node: NlbNode, rule: PortRule, weight: int | None, place: int) -> RuleShare | None:
    """Return what a node has of its own in a rule, in place of a weight and a place for all; None if that is all."""
    share = node.share(rule)
    plain = RuleShare(rule.start_port, rule.protocol, weight, place)
    own = replace(
        plain,
        load_weight=share.load_weight if rule.mode is FilteringMode.MULTIPLE else weight,
        handling_priority=share.handling_priority if rule.mode is FilteringMode.SINGLE else place,
        enabled=share.enabled,
    )
    return None if own == plain else own
