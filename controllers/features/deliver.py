"""The last step to one known receiver.

A frame whose receiver is behind the port it came from is dropped as filtered (8), as every bridge does: both ends are
on the same side already. A receiver that is no port any more is media disconnected (5).
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.registers import VLAN
from controllers.pipeline.values import Consult, Drop, Flow, Group, Output, Owner, PushTag, WriteTag, match
from controllers.spans import in_register, prefixes
from controllers.view import PortView, SwitchView

NAME = "deliver"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Hand frames to their receivers."""
    return tuple(_flows(view)), ()


def _flows(view: SwitchView) -> Iterator[Flow]:
    team = bool(view.team())
    for port in view.sorted_ports():
        number, owner = port.ofport, Owner(NAME, port.ofport)
        back = match(in_port=number, receiver=number)
        yield Flow("isolate", Priority.ABOVE_EXCEPTION, back, (Drop(DropReason.FILTERED),), owner)
        yield from _output(port, owner, out_of(port, team=team))
    yield Flow("output", Priority.FALLBACK, match(), (Drop(DropReason.MEDIA_DISCONNECTED),), Owner(NAME))


def out_of(port: PortView, *, team: bool) -> Output | Consult:
    """Return what hands a frame to a receiver: if that is a team, to one of its members."""
    return Consult("uplink") if team and port.is_external else Output(port.ofport)


def _output(port: PortView, owner: Owner, out: Output | Consult) -> Iterator[Flow]:
    """Tag the frames of the VLANs that the receiver wants tagged."""
    number, plain = port.ofport, (out,)
    if not port.membership.tagged:
        yield Flow("output", Priority.ORDINARY, match(receiver=number), plain, owner)
        return
    yield Flow("output", Priority.ORDINARY, match(receiver=number), (PushTag(), WriteTag(VLAN), *plain), owner)
    for value, mask in prefixes(port.membership.untagged):
        yield Flow("output", Priority.EXCEPTION, match(receiver=number, vlan=in_register(value, mask)), plain, owner)
