"""Frames for more than one receiver: broadcast, multicast and addresses the switch does not know.

Broadcast and multicast reach every other port, in both learning modes. An unknown unicast address reaches

* mode Learning: every other port;
* mode Pinned: the external port and the adapters with MacAddressSpoofing On, as they alone may have that address
  behind them. From the wire it therefore reaches only the latter. If there is nobody, the frame is dropped with reason
  12, security policy: what keeps it from the other ports is their MacAddressSpoofing setting, which Hyper-V keeps in
  the port's security settings, and changing it is what would let the frame through. (34, destination filter mismatch,
  would say that a receiver refused the frame, but no receiver was ever offered it.)

A frame for which the sender is the only port left has no receiver and is dropped as filtered (8).
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.fields import GROUP_BIT
from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.values import (
    UNTAGGED,
    Action,
    Drop,
    Flow,
    Goto,
    Group,
    Output,
    Owner,
    Replicate,
    match,
)
from controllers.view import PortView, SwitchView

NAME = "replicate"
_TO_MANY = (GROUP_BIT, GROUP_BIT)
_TO_ONE = (0, GROUP_BIT)


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Replicate within VLAN 0; a frame whose receiver is known passes."""
    everyone = _group("everyone", view.sorted_ports())
    unknown = _group("unknown", view.unknown_unicast_ports()) if view.is_pinned else everyone
    reason = DropReason.SECURITY_POLICY if view.is_pinned else DropReason.FILTERED
    flows = (
        *_frames(view, _TO_MANY, everyone, DropReason.FILTERED),
        *_frames(view, _TO_ONE, unknown, reason),
        Flow("replicate", Priority.FALLBACK, match(), (Goto("isolate"),), Owner(NAME)),
    )
    return flows, tuple(dict.fromkeys(group for group in (everyone, unknown) if group.buckets))


def _group(role: str, receivers: tuple[PortView, ...]) -> Group:
    """Return one bucket per receiver. None has settings of its own yet, so each is a plain output."""
    return Group(UNTAGGED, role, tuple((Output(port.ofport),) for port in receivers))


def _frames(view: SwitchView, to: tuple[int, int], group: Group, reason: DropReason) -> Iterator[Flow]:
    """Replicate the frames `to` such addresses, or drop them for `reason` where nobody would get a copy."""
    action: Action = Replicate(group.group_id) if group.buckets else Drop(reason)
    anybody = match(vlan=UNTAGGED, receiver=0, eth_dst=to)
    yield Flow("replicate", Priority.ORDINARY, anybody, (action,), Owner(NAME))
    for port in _only_receiver(view, group):
        alone = match(vlan=UNTAGGED, receiver=0, eth_dst=to, in_port=port.ofport)
        yield Flow("replicate", Priority.EXCEPTION, alone, (Drop(reason),), Owner(NAME, port.ofport))


def _only_receiver(view: SwitchView, group: Group) -> tuple[PortView, ...]:
    """Return the port that would be its own only receiver, if there is one."""
    if len(group.buckets) != 1:
        return ()
    return tuple(port for port in view.ports if group.buckets[0] == (Output(port.ofport),))
