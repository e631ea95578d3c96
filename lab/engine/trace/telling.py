"""A trace in words, line by line: for a terminal, and for the console."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.engine.trace.story import Crossing, Direction, Hop, Trace, some

ARRIVES: Final = "✓"
LOST: Final = "✗"


def told(found: Trace) -> Iterator[str]:
    """Yield the lines of a trace."""
    yield f"{found.request.title}: {found.source} -> {found.target}"
    for note in found.notes:
        yield f"  note: {note}"
    yield ""
    yield from way(found)
    yield ""
    yield f"{ARRIVES if found.arrives else LOST} {found.verdict}"
    if found.remedy:
        yield f"  to change that: {found.remedy}"


def way(found: Trace, *, briefly: bool = False) -> Iterator[str]:
    """Yield the lines that tell of the way alone: from machine to machine, through the stages of each switch.

    `briefly`: of the stages only those where something was decided.
    """
    for at, hop in enumerate(found.request.hops):
        if at:
            yield ""
        yield from _hop(hop, briefly)
    if found.reply:
        yield ""
        yield from _reply(found.reply)


def _hop(hop: Hop, briefly: bool) -> Iterator[str]:
    yield f"{hop.machine}: {hop.decision}"
    if hop.target_mac:
        yield f"  frame from {hop.source_mac} ({hop.interface}) to {hop.target_mac}"
    elif hop.source_mac:
        yield f"  asks for the MAC address of the next hop: a broadcast from {hop.source_mac} ({hop.interface})"
    for crossing in hop.crossings:
        yield from _crossing(crossing, briefly)
    if hop.lost:
        yield f"  {LOST} {hop.lost.why}"
    elif hop.source_mac and not hop.target_mac:
        yield f"  {LOST} nobody answers"
    elif hop.receiver:
        yield f"  -> {hop.receiver}"


def _crossing(crossing: Crossing, briefly: bool) -> Iterator[str]:
    number = f" (port {crossing.port})" if crossing.port else ""
    yield f"  {crossing.place}, in from {crossing.entered}{number}"
    yield from _decided(crossing) if briefly else _stages(crossing)
    if not any(stage.reason for stage in crossing.stages):
        yield f"    {crossing.decision}"
    if len(crossing.receivers) > 1 or (crossing.receivers and not crossing.to):
        yield f"    copies go to {some(crossing.receivers)}"
    if crossing.to:
        yield f"    out to {crossing.to}"


def _stages(crossing: Crossing) -> Iterator[str]:
    owners = [f"{stage.feature}: {stage.object}" if stage.feature else stage.object for stage in crossing.stages]
    names = max((len(stage.name) for stage in crossing.stages), default=0)
    width = max(map(len, owners), default=0)
    for stage, owner in zip(crossing.stages, owners, strict=True):
        yield f"    {stage.table:>2} {stage.name:<{names}}  {owner:<{width}}  {stage.does}"
        if stage.detail:
            yield f"       {'':<{names}}  = {stage.detail}"


def _decided(crossing: Crossing) -> Iterator[str]:
    for stage in crossing.stages:
        if stage.detail:
            yield f"    {stage.name}, for {stage.object}: {stage.detail}"


def _reply(reply: Direction) -> Iterator[str]:
    yield f"{reply.title}: {reply.source} -> {reply.target}"
    places = " -> ".join(reply.places())
    if places:
        yield f"  by {places}"
    if reply.lost:
        yield f"  {LOST} lost at {reply.lost.where}: {reply.lost.why}"
