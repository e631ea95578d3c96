"""Orders to nodes that run: start, stop, drainstop, suspend, resume."""

from __future__ import annotations

from lab.shell.command import Call
from lab.shell.nlb.nodes import NodeRef


def obeyed(call: Call, ref: NodeRef, order: str) -> None:
    """Give a node an order; LabError if it does not obey, or nothing runs."""
    arguments = [order, ref.vm, ref.node.cluster]
    timeout = call.get("Timeout") if order == "drainstop" else None
    if timeout is not None:
        arguments += ["--timeout", str(timeout)]
    call.place.tell("nlb", *arguments)
