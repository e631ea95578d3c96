"""A team of physical NICs: the members of a switch's external port, by which of them a frame leaves, and what comes in.

To all other stages a team is one port, that of its member with the lowest number: what comes in by another member
enters as if it had come by that one. Every adapter has an order of members; it uses the first that has a link, which
the switch itself looks at, so a member may fail while the controller is away. HyperVPort: all that an adapter sends
leaves by that member. Dynamic: unicast IP leaves by all of them, flow by flow, on the others from the NIC's own MAC
address, so that the wire does not take the adapter for moved; what makes an address known leaves by its own member.

The physical switch knows nothing of the team. It floods to every member what any of them may be meant to get: an
adapter takes that from its own member only, the switch as a whole from the first one. What one member sends to many
comes back by the others: so no frame is taken whose sender is behind a port of this switch.
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.fields import GROUP_BIT
from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import ARRIVED, MEMBER, OWN_MEMBER, RECEIVER
from controllers.pipeline.values import (
    Actions,
    Choose,
    Consult,
    Drop,
    Flow,
    Goto,
    Group,
    Output,
    Owner,
    Pop,
    Push,
    SetRegister,
    SetSource,
    match,
)
from controllers.view import PortView, SwitchView
from lab.model.kinds import LoadBalancing

NAME = "team"

_EXCHANGE: Actions = (Push("eth_src"), Push("eth_dst"), Pop("eth_src"), Pop("eth_dst"))
"""Source and destination address change places."""

_IPV4, _IPV6, _ICMPV6 = 0x0800, 0x86DD, 58
_NEIGHBOUR_DISCOVERY = (135, 136)
_TO_ONE = (0, GROUP_BIT)


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Choose the members by which frames leave, and accept once what comes in by several."""
    flows = (*_enter(view), *_leave(view)) if view.team() else _without_team()
    return tuple(flows), ()


def _without_team() -> Iterator[Flow]:
    for stage in ("team_in", "team_source", "team_member", "team_check"):
        yield _flow(stage, (Goto("mirror_out"),))
    yield from _no_link()


def _no_link() -> Iterator[Flow]:
    for stage in ("uplink", "leave"):
        yield _flow(stage, (Drop(DropReason.MEDIA_DISCONNECTED),))


def _enter(view: SwitchView) -> Iterator[Flow]:
    team = view.team()
    yield _flow("team_in", (*_EXCHANGE, Consult("fdb"), *_EXCHANGE, Goto("team_source")))
    for member in team if view.intent.load_balancing is LoadBalancing.DYNAMIC else ():
        own = (Drop(DropReason.DESTINATION_FILTER_MISMATCH),)
        yield _flow("team_in", own, Priority.ORDINARY, member.ofport, eth_src=member.mac)
    from_wire = SetRegister(RECEIVER, 0), Consult("fdb"), Goto("team_member")
    for known_at in (0, team[0].ofport):
        yield _flow("team_source", from_wire, Priority.ORDINARY, receiver=known_at)
    yield _flow("team_source", (Drop(DropReason.DESTINATION_FILTER_MISMATCH),))
    for port in view.adapters():
        choice = Choose(MEMBER, view.members_for(port)), SetRegister(RECEIVER, 0), Goto("team_check")
        yield _flow("team_member", choice, Priority.ORDINARY, port.ofport, receiver=port.ofport)
    yield from _unknown(view)
    everybody = tuple(member.ofport for member in team)
    yield _flow("team_member", (Choose(MEMBER, everybody), SetRegister(RECEIVER, 0), Goto("team_check")))
    for number in everybody:
        same = {ARRIVED.name: number, MEMBER.name: number}
        yield _flow("team_check", (Goto("mirror_out"),), Priority.ORDINARY, number, **same)
    yield _flow("team_check", (Drop(DropReason.DESTINATION_FILTER_MISMATCH),))


def _unknown(view: SwitchView) -> Iterator[Flow]:
    """What is for an adapter's own address comes by its own member, even if the switch has forgotten the address."""
    owners: dict[int, PortView] = {}
    for port in view.adapters() if not view.is_pinned else ():
        owners.setdefault(port.mac, port)
    for mac, port in sorted(owners.items()):
        choice = Choose(MEMBER, view.members_for(port)), Goto("team_check")
        if mac:
            yield _flow("team_member", choice, Priority.ORDINARY, port.ofport, receiver=0, eth_dst=mac)


def _leave(view: SwitchView) -> Iterator[Flow]:
    team = view.team()[0].ofport
    yield _flow("uplink", (), Priority.ORDINARY, team, in_port=team)  # a copy of what came in by the team itself
    dynamic = view.intent.load_balancing is LoadBalancing.DYNAMIC
    for port in view.adapters():
        order = view.members_for(port)
        own = Choose(MEMBER, order), Goto("leave")
        yield _flow("uplink", own, Priority.ORDINARY, port.ofport, in_port=port.ofport)
        if dynamic:
            yield from _spread(port.ofport, order, own)
    for member in view.team():
        number, out = member.ofport, Output(member.ofport)
        if dynamic:
            for own_member in (0, number):
                wanted = {MEMBER.name: number, OWN_MEMBER.name: own_member}
                yield _flow("leave", (out,), Priority.EXCEPTION, number, **wanted)
        actions: Actions = (SetSource(member.mac), out) if dynamic else (out,)
        yield _flow("leave", actions, Priority.ORDINARY, number, member=number)
    yield from _no_link()


def _spread(number: int, order: tuple[int, ...], own: Actions) -> Iterator[Flow]:
    by_flow = Choose(OWN_MEMBER, order), Choose(MEMBER, order, by_flow=True), Goto("leave")
    for eth_type in (_IPV4, _IPV6):
        wanted = match(in_port=number, eth_type=eth_type, eth_dst=_TO_ONE)
        yield Flow("uplink", Priority.EXCEPTION, wanted, by_flow, Owner(NAME, number))
    for kind in _NEIGHBOUR_DISCOVERY:
        wanted = match(in_port=number, eth_type=_IPV6, ip_proto=_ICMPV6, icmpv6_type=kind)
        yield Flow("uplink", Priority.ABOVE_EXCEPTION, wanted, own, Owner(NAME, number))


def _flow(
    stage: str,
    actions: Actions,
    priority: Priority = Priority.FALLBACK,
    ofport: int = 0,
    **wanted: int,
) -> Flow:
    return Flow(stage, priority, match(**wanted), actions, Owner(NAME, ofport))
