"""What a trace tells: values only. Every text is in Hyper-V's words and complete by itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SHOWN = 8


def some(names: tuple[str, ...]) -> str:
    """Return a list of names for a sentence, cut where it would be long."""
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{', '.join(names[:SHOWN])}{more}"


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage of a virtual switch's pipeline.

    ``object`` is whose flow decided, the switch or an adapter; ``feature`` which part of the switch wanted it.
    ``reason`` is Hyper-V's number of a drop reason, 0 if the frame was not dropped here.
    """

    table: int
    name: str
    does: str
    feature: str
    object: str
    detail: str = ""
    reason: int = 0


@dataclass(frozen=True, slots=True)
class Crossing:
    """A switch that a frame passes. ``stages`` is empty for a physical one, which has a MAC table and nothing else.

    ``to`` names where the frame goes on its way; ``receivers`` are all that get a copy.
    """

    place: str
    entered: str
    port: int
    stages: tuple[Stage, ...]
    decision: str
    receivers: tuple[str, ...]
    to: str


@dataclass(frozen=True, slots=True)
class Lost:
    """Where a frame ends before its goal, and why.

    ``reason`` is Hyper-V's number of a drop reason, 0 where no switch dropped it. ``remedy`` is what would change that.
    """

    where: str
    why: str
    reason: int = 0
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Hop:
    """From one machine's IP stack to the next. ``receiver`` is empty if nobody takes the frame."""

    machine: str
    decision: str
    interface: str
    source_mac: str
    target_mac: str
    crossings: tuple[Crossing, ...]
    receiver: str
    lost: Lost | None = None


@dataclass(frozen=True, slots=True)
class Direction:
    """The request, or its answer."""

    title: str
    source: str
    target: str
    hops: tuple[Hop, ...] = ()
    lost: Lost | None = None

    def places(self) -> Iterator[str]:
        """Yield the switches and machines on the way, after the sender."""
        for hop in self.hops:
            yield from (crossing.place for crossing in hop.crossings)
            if hop.receiver:
                yield hop.receiver


@dataclass(frozen=True, slots=True)
class Trace:
    """A whole trace. ``arrives``: the request gets there and the answer comes back, as the switches are now.

    ``predicted`` is what the model says about it, None where it knows no such address.
    """

    source: str
    target: str
    request: Direction
    reply: Direction | None
    arrives: bool
    verdict: str
    remedy: str = ""
    reason: int = 0
    notes: tuple[str, ...] = ()
    predicted: bool | None = None
