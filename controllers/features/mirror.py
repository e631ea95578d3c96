"""Port mirroring: what Source adapters send and get is copied to every Destination adapter of the switch.

Copied is what its sender's settings let into the switch, and what its receiver's settings let out: what they drop is
not. A Destination gets a copy as it gets other frames: if it hears their VLAN, with a tag where it wants one; its own
access lists have no say. It gets each frame once, however many Sources the frame passes and even if it is for the
Destination itself (a frame has a list of destination ports, to which the switch adds those of the mirror). So a frame
for many receivers needs no copy: every Destination that hears its VLAN is one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from controllers.pipeline.priorities import Priority
from controllers.pipeline.registers import MIRRORED, RECEIVER
from controllers.pipeline.values import Consult, Flow, Goto, Group, Owner, Replicate, SetRegister, match
from controllers.spans import in_register, prefixes
from controllers.view import SwitchView

NAME = "mirror"

BY_SENDER: Final = 1
"""Every Destination has its copy already, as the sender is a Source."""

TO_MANY: Final = 2
"""The frame is for many receivers, Destinations among them."""


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Copy the frames of all Sources."""
    fallbacks = (
        Flow("mirror_out", Priority.FALLBACK, match(), (_onward(view),), Owner(NAME)),
        Flow("mirror_in", Priority.FALLBACK, match(), (Goto("output"),), Owner(NAME)),
        Flow("mirror", Priority.FALLBACK, match(), (), Owner(NAME)),
    )
    destinations = view.mirror_destinations()
    if not destinations:
        return fallbacks, ()
    copies = Group(
        0, "mirrors", tuple((SetRegister(RECEIVER, port.ofport), Consult("mirror")) for port in destinations)
    )
    return (*_copied(view, Replicate(copies.group_id)), *_destinations(view), *fallbacks), (copies,)


def _onward(view: SwitchView) -> Goto:
    return Goto("service" if view.server() else "learn")


def _copied(view: SwitchView, to_each: Replicate) -> Iterator[Flow]:
    for source in view.mirror_sources():
        number, owner = source.ofport, Owner(NAME, source.ofport)
        sent = (to_each, SetRegister(MIRRORED, BY_SENDER), _onward(view))
        yield Flow("mirror_out", Priority.ORDINARY, match(in_port=number), sent, owner)
        got = match(receiver=number, mirrored=0)
        yield Flow("mirror_in", Priority.ORDINARY, got, (to_each, Goto("output")), owner)


def _destinations(view: SwitchView) -> Iterator[Flow]:
    """What reaches a Destination: copies of the VLANs that it hears; not twice what it has got as a copy."""
    for port in view.mirror_destinations():
        number, owner = port.ofport, Owner(NAME, port.ofport)
        for value, mask in prefixes(port.membership.hears):
            wanted = match(receiver=number, vlan=in_register(value, mask))
            yield Flow("mirror", Priority.ORDINARY, wanted, (Goto("output"),), owner)
        has_it = match(receiver=number, mirrored=BY_SENDER)
        yield Flow("mirror", Priority.EXCEPTION, has_it, (), owner)
        yield Flow("acl_mac_in", Priority.ABOVE_EXCEPTION, has_it, (), owner)
