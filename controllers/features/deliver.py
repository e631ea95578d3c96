"""The last step to one known receiver.

A frame whose receiver is behind the port it came from is dropped as filtered (8), as every bridge does: both ends are
on the same side already. A receiver that is no port any more is media disconnected (5).

A tag has the priority of the frame if the receiver's IeeePriorityTag says that it is kept, and 0 otherwise. Where a
frame is delivered without a tag, one that has a priority other than 0 and keeps it gets a tag that holds nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import PCP, VLAN
from controllers.pipeline.values import (
    Actions,
    Consult,
    Drop,
    Flow,
    Group,
    Output,
    Owner,
    PushTag,
    WritePcp,
    WriteTag,
    match,
)
from controllers.spans import in_register, prefixes
from controllers.view import PortView, SwitchView

NAME = "deliver"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Hand frames to their receivers."""
    return tuple(_flows(view)), ()


def _flows(view: SwitchView) -> Iterator[Flow]:
    team, keeping_priority = bool(view.team()), view.keeping_priority()
    for port in view.sorted_ports():
        number, owner = port.ofport, Owner(NAME, port.ofport)
        back = match(in_port=number, receiver=number)
        yield Flow("isolate", Priority.ABOVE_EXCEPTION, back, (Drop(DropReason.FILTERED),), owner)
        keeps_priority = number in keeping_priority
        yield from _output(port, owner, out_of(port, team=team), keeps_priority=keeps_priority)
    yield Flow("output", Priority.FALLBACK, match(), (Drop(DropReason.MEDIA_DISCONNECTED),), Owner(NAME))


def out_of(port: PortView, *, team: bool) -> Output | Consult:
    """Return what hands a frame to a receiver: if that is a team, to one of its members."""
    return Consult("uplink") if team and port.is_external else Output(port.ofport)


def _output(port: PortView, owner: Owner, out: Output | Consult, *, keeps_priority: bool) -> Iterator[Flow]:
    """Tag the frames of the VLANs that the receiver wants tagged, and those with a priority that it keeps."""
    number, plain = port.ofport, (out,)
    priority = (WritePcp(PCP),) if keeps_priority else ()
    if not port.membership.tagged:
        yield Flow("output", Priority.ORDINARY, match(receiver=number), _with_priority(priority, plain), owner)
        if priority:
            yield Flow("output", Priority.EXCEPTION, match(receiver=number, pcp=0), plain, owner)
        return
    tagged = (PushTag(), WriteTag(VLAN), *priority, *plain)
    yield Flow("output", Priority.ORDINARY, match(receiver=number), tagged, owner)
    for value, mask in prefixes(port.membership.untagged):
        vlan = in_register(value, mask)
        wanted = match(receiver=number, vlan=vlan)
        yield Flow("output", Priority.EXCEPTION, wanted, _with_priority(priority, plain), owner)
        if priority:
            yield Flow("output", Priority.ABOVE_EXCEPTION, match(receiver=number, vlan=vlan, pcp=0), plain, owner)


def _with_priority(priority: tuple[WritePcp, ...], plain: Actions) -> Actions:
    """Return what delivers a frame with a tag that holds its priority only, if it keeps one."""
    return (PushTag(), *priority, *plain) if priority else plain
