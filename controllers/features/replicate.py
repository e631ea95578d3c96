"""Frames for more than one receiver: broadcast, multicast and addresses the switch does not know.

Broadcast and multicast reach every other port, in both learning modes. An unknown unicast address reaches

* mode Learning: every other port;
* mode Pinned: the external port and the adapters with MacAddressSpoofing or AllowTeaming On, as they alone may have
  that address behind them. From the wire it therefore reaches only the latter. If there is nobody, the frame is dropped
  with reason 12, security policy: what keeps it from the other ports is their MacAddressSpoofing setting, which Hyper-V
  keeps in the port's security settings, and changing it is what would let the frame through. (34, destination filter
  mismatch, would say that a receiver refused the frame, but no receiver was ever offered it.)

"Every other port" are those that get frames of the frame's VLAN. A frame for which the sender is the only port left has
no receiver and is dropped as filtered (8), one of a secondary VLAN as PVLAN (13); one in a VLAN that nobody here is in
as VLAN filtered (9).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from controllers.features.deliver import out_of
from controllers.features.mirror import TO_MANY
from controllers.pipeline.fields import GROUP_BIT
from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import MIRRORED, PCP, RECEIVER, VLAN
from controllers.pipeline.values import (
    Action,
    Consult,
    Drop,
    Flow,
    Goto,
    Group,
    Owner,
    PushTag,
    Replicate,
    SetRegister,
    WritePcp,
    WriteTag,
    match,
)
from controllers.spans import in_register, prefixes
from controllers.view import Members, PortView, SwitchView
from lab.model.acl import AclDirection
from lab.model.kinds import PortMirroring
from lab.model.vlan import Span, contains

NAME = "replicate"
_TO_MANY = (GROUP_BIT, GROUP_BIT)
_TO_ONE = (0, GROUP_BIT)


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Replicate within each VLAN; a frame whose receiver is known passes."""
    flows: list[Flow] = []
    groups: list[Group] = []
    primaries, roles = view.primaries(), _Roles.of(view)
    for members in view.members():
        for receivers in _receivers(roles, members, members.span[0] in primaries):
            flows += _frames(receivers)
            groups += [receivers.group] if receivers.ports else []
    unused = (Drop(DropReason.VLAN_FILTERED),)
    others = Flow("replicate", Priority.BELOW_ORDINARY, match(receiver=0), unused, Owner(NAME))
    known = Flow("replicate", Priority.FALLBACK, match(), (Goto("isolate"),), Owner(NAME))
    return (*flows, others, known), tuple({group.group_id: group for group in groups}.values())


@dataclass(frozen=True, slots=True)
class _Roles:
    """What ports are in every VLAN, by number. ``unknown``: who alone may have addresses the switch does not know.

    ``team``: the external port is a team.
    """

    unknown: frozenset[int] | None
    sources: frozenset[int]
    destinations: tuple[int, ...]
    team: bool
    keeping_priority: frozenset[int]

    @classmethod
    def of(cls, view: SwitchView) -> _Roles:
        return cls(
            frozenset(port.ofport for port in view.unknown_unicast_ports()) if view.is_pinned else None,
            frozenset(port.ofport for port in view.mirror_sources()),
            tuple(port.ofport for port in view.mirror_destinations()),
            bool(view.team()),
            view.keeping_priority(),
        )


@dataclass(frozen=True, slots=True)
class _Receivers:
    """Who gets the frames to such addresses in some VLANs, and why nobody does where there is nobody."""

    span: Span
    to: tuple[int, int]
    ports: tuple[PortView, ...]
    group: Group
    reason: DropReason


def _receivers(roles: _Roles, members: Members, private: bool) -> Iterator[_Receivers]:
    ports, span = members.ports, members.span
    nobody = DropReason.PVLAN if private else DropReason.FILTERED
    everyone = _group(roles, span, "everyone", ports)
    yield _Receivers(span, _TO_MANY, ports, everyone, nobody)
    if roles.unknown is None:
        yield _Receivers(span, _TO_ONE, ports, everyone, nobody)
    else:
        some = tuple(port for port in ports if port.ofport in roles.unknown)
        yield _Receivers(span, _TO_ONE, some, _group(roles, span, "unknown", some), DropReason.SECURITY_POLICY)


def _group(roles: _Roles, span: Span, role: str, ports: tuple[PortView, ...]) -> Group:
    """Return one bucket per receiver: a plain output, unless it has access lists, mirrors others or keeps priorities.

    A frame to many reaches every Destination of port mirroring anyway; one to an unknown address, that a Source gets,
    is copied to them.
    """
    numbers = [port.ofport for port in ports]
    buckets = [_bucket(roles, port, span[0]) for port in ports]
    if role == "unknown" and not roles.sources.isdisjoint(numbers):
        copies = (number for number in roles.destinations if number not in numbers)
        buckets += [(SetRegister(RECEIVER, number), Consult("mirror")) for number in copies]
    return Group(span[0], role, tuple(buckets))


def _bucket(roles: _Roles, port: PortView, vlan: int) -> tuple[Action, ...]:
    number, out = port.ofport, out_of(port, team=roles.team)
    if number in roles.destinations or port.has_acls(AclDirection.INBOUND):
        more = (SetRegister(MIRRORED, TO_MANY),) if port.intent.port_mirroring is PortMirroring.SOURCE else ()
        return SetRegister(RECEIVER, number), *more, Consult("acl_mac_in")
    if contains(port.membership.tagged, vlan):
        return PushTag(), WriteTag(VLAN), *((WritePcp(PCP),) if number in roles.keeping_priority else ()), out
    if number in roles.keeping_priority:
        return SetRegister(RECEIVER, number), Consult("output")
    return (out,)


def _frames(receivers: _Receivers) -> Iterator[Flow]:
    """Replicate the frames, or drop them where nobody would get a copy."""
    action: Action = Replicate(receivers.group.group_id) if receivers.ports else Drop(receivers.reason)
    for value, mask in prefixes([receivers.span]):
        vlan = in_register(value, mask)
        anybody = match(vlan=vlan, receiver=0, eth_dst=receivers.to)
        yield Flow("replicate", Priority.ORDINARY, anybody, (action,), Owner(NAME))
        for port in receivers.ports if len(receivers.ports) == 1 else ():
            alone = match(vlan=vlan, receiver=0, eth_dst=receivers.to, in_port=port.ofport)
            yield Flow("replicate", Priority.EXCEPTION, alone, (Drop(receivers.reason),), Owner(NAME, port.ofport))
