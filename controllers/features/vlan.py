"""VLANs, private ones included: in which VLAN a frame travels, and who gets the frames of which.

Inside the pipeline no frame has a tag; its VLAN is in a register. What an adapter's setting means is in
:mod:`lab.model.vlan`. A tag from an adapter that must not send one is dropped (25, VLAN in Ethernet header; from a
trunk 10, unauthorised VLAN), and so is a frame for a known receiver that is not in its VLAN (9, VLAN filtered; between
ports of one private VLAN 13, PVLAN). A tag with VLAN id 0 holds a priority only, and is taken off.

With an isolation setting (:mod:`lab.model.isolation`) any other tag is an unauthorised VLAN (10); what has no tag is
dropped if that does not allow untagged traffic (36).

The priority of a frame's tag goes with it in a register if the sender's IeeePriorityTag says that it is kept.

All VLANs of a private VLAN have one MAC table, that of the primary one: otherwise no answer would find its way.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from controllers.pipeline.fields import TAGGED
from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import DATABASE, PCP, VLAN
from controllers.pipeline.values import (
    UNTAGGED,
    Action,
    Actions,
    Drop,
    Flow,
    Goto,
    Group,
    Match,
    Owner,
    PopTag,
    ReadPcp,
    ReadTag,
    SetRegister,
    match,
)
from controllers.spans import in_register, prefixes
from controllers.view import PortView, SwitchView
from lab.model.vlan import NO_VLAN

NAME = "vlan"
_NO_TAG = 0
_PRIORITY_ONLY = TAGGED
_ENTERED = Goto("mirror_out")


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Find the VLAN of what comes in; let nobody have what is not for his VLANs."""
    entering = _enter(view) if view.forwards_natively else ()
    return (*entering, *_isolate(view)), ()


def _enter(view: SwitchView) -> Iterator[Flow]:
    primaries = view.primaries()
    team, keeping_priority = bool(view.team()), view.keeping_priority()
    for port in view.sorted_ports():
        noted = (ReadPcp(PCP),) if port.ofport in keeping_priority else ()
        then = Goto("team_in") if team and port.is_external else _ENTERED
        if port.has_vlan or noted or then != _ENTERED:
            yield from _untagged(primaries, port, noted, then)
        if port.has_vlan or port.is_external:
            yield from _tagged(primaries, port, noted, then)
        if port.has_vlan:
            by_id = port.membership.accepts or port.intent.isolation
            reason = DropReason.UNAUTHORISED_VLAN if by_id else DropReason.VLAN_IN_ETHERNET_HEADER
            yield _flow("vlan_in", Priority.ORDINARY, match(in_port=port.ofport), (Drop(reason),), port.ofport)
    untagged = _into(UNTAGGED, UNTAGGED, _ENTERED)
    yield _flow("vlan_in", Priority.BELOW_ORDINARY, match(tag=_NO_TAG), untagged)
    yield _flow("vlan_in", Priority.BELOW_ORDINARY, match(tag=_PRIORITY_ONLY), (PopTag(), *untagged))
    yield _flow("vlan_in", Priority.FALLBACK, match(), (Drop(DropReason.VLAN_IN_ETHERNET_HEADER),))


def _untagged(primaries: Mapping[int, int], port: PortView, noted: tuple[ReadPcp, ...], then: Goto) -> Iterator[Flow]:
    number, sends = port.ofport, port.membership.sends
    untagged, only_priority = (match(in_port=number, tag=tag) for tag in (_NO_TAG, _PRIORITY_ONLY))
    if sends == NO_VLAN:
        for wanted in (untagged, only_priority):
            reason = DropReason.UNTAGGED_NOT_ALLOWED_BY_ISOLATION
            yield _flow("vlan_in", Priority.EXCEPTION, wanted, (Drop(reason),), number)
        return
    actions = _into(sends, port.database(primaries), then)
    yield _flow("vlan_in", Priority.EXCEPTION, untagged, actions, number)
    yield _flow("vlan_in", Priority.EXCEPTION, only_priority, (*noted, PopTag(), *actions), number)


def _tagged(primaries: Mapping[int, int], port: PortView, noted: tuple[ReadPcp, ...], then: Goto) -> Iterator[Flow]:
    number = port.ofport
    for value, mask in prefixes(port.membership.accepts):
        wanted = match(in_port=number, tag=(TAGGED | value, TAGGED | mask))
        actions: Actions = (ReadTag(VLAN), ReadTag(DATABASE), *noted, PopTag(), then)
        yield _flow("vlan_in", Priority.EXCEPTION, wanted, actions, number)
    for secondary, primary in primaries.items():
        if port.accepts(secondary):
            wanted = match(in_port=number, tag=TAGGED | secondary)
            actions = (*noted, PopTag(), *_into(secondary, primary, then))
            yield _flow("vlan_in", Priority.ABOVE_EXCEPTION, wanted, actions, number)


def _into(vlan: int, database: int, then: Goto) -> Actions:
    writes: tuple[Action, ...] = (SetRegister(VLAN, vlan), SetRegister(DATABASE, database)) if vlan else ()
    return *writes, then


def _isolate(view: SwitchView) -> Iterator[Flow]:
    primaries = view.primaries()
    for port in view.sorted_ports():
        number = port.ofport
        if port.is_external:
            yield _flow("isolate", Priority.ORDINARY, match(receiver=number), (Goto("acl_mac_in"),), number)
        elif port.has_vlan:
            for value, mask in prefixes(port.membership.hears):
                wanted = match(receiver=number, vlan=in_register(value, mask))
                yield _flow("isolate", Priority.EXCEPTION, wanted, (Goto("acl_mac_in"),), number)
            for secondary in port.kept_from(primaries):
                wanted = match(receiver=number, vlan=secondary)
                yield _flow("isolate", Priority.EXCEPTION, wanted, (Drop(DropReason.PVLAN),), number)
            yield _flow("isolate", Priority.ORDINARY, match(receiver=number), (Drop(DropReason.VLAN_FILTERED),), number)
    yield _flow("isolate", Priority.BELOW_ORDINARY, match(vlan=UNTAGGED), (Goto("acl_mac_in"),))
    yield _flow("isolate", Priority.FALLBACK, match(), (Drop(DropReason.VLAN_FILTERED),))


def _flow(stage: str, priority: Priority, wanted: Match, actions: Actions, ofport: int = 0) -> Flow:
    return Flow(stage, priority, wanted, actions, Owner(NAME, ofport))
