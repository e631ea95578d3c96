"""The last step to one known receiver.

A frame whose receiver is behind the port it came from is dropped as filtered (8), as every bridge does: both ends are
on the same side already. A receiver that is no port any more is media disconnected (5).
"""

from __future__ import annotations

from collections.abc import Iterator

from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.values import Drop, Flow, Goto, Group, Output, Owner, match
from controllers.view import SwitchView

NAME = "deliver"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Hand frames to their receivers."""
    return tuple(_flows(view)), ()


def _flows(view: SwitchView) -> Iterator[Flow]:
    for port in view.sorted_ports():
        number, owner = port.ofport, Owner(NAME, port.ofport)
        back = match(in_port=number, receiver=number)
        yield Flow("isolate", Priority.EXCEPTION, back, (Drop(DropReason.FILTERED),), owner)
        yield Flow("output", Priority.ORDINARY, match(receiver=number), (Output(number),), owner)
    yield Flow("isolate", Priority.FALLBACK, match(), (Goto("output"),), Owner(NAME))
    yield Flow("output", Priority.FALLBACK, match(), (Drop(DropReason.MEDIA_DISCONNECTED),), Owner(NAME))
