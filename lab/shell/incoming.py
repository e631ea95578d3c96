"""The objects that a command works on: those of the pipeline, or those of its parameter -InputObject."""

from __future__ import annotations

from collections.abc import Iterator

from lab.shell.calculated import Evaluate
from lab.shell.command import Call, Parameter
from lab.shell.objects import ScriptBlock

INPUT = Parameter("InputObject", "PSObject", pipe="V", help="The objects to work on, usually from the pipeline.")


def incoming(call: Call) -> Iterator[object]:
    """Yield the objects of the pipeline; without one, what -InputObject was given, an array as one object."""
    if call.piped:
        yield from call.input
    elif "InputObject" in call:
        yield call.bound["InputObject"]


def unrolled(call: Call) -> Iterator[object]:
    """Yield the same, but the elements of arrays one by one, as commands do that print."""
    for item in incoming(call):
        if isinstance(item, list):
            yield from item
        else:
            yield item


def evaluating(call: Call) -> Evaluate:
    """Return what runs a script block with an object as ``$_``."""

    def evaluate(block: ScriptBlock, item: object) -> Iterator[object]:
        return call.runtime.invoke(block, item=item)

    return evaluate
