"""Storm limit: how many frames for many receivers an adapter may send in a second.

StormLimit counts what goes to more than one receiver because of its address: broadcast, multicast, and unknown unicast.
What is over the limit is dropped (30, storm limit) by a meter of the switch, which has the number of the port.
"""

from __future__ import annotations

from controllers.pipeline.priorities import Priority
from controllers.pipeline.values import Flow, Goto, Group, Owner, Police, match
from controllers.view import SwitchView

NAME = "storm"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Send what has no one receiver through the sender's meter."""
    limited = (
        Flow(
            "storm",
            Priority.ORDINARY,
            match(in_port=meter.ofport, receiver=0),
            (Police(meter.ofport), Goto("replicate")),
            Owner(NAME, meter.ofport),
        )
        for meter in view.storm_limits()
    )
    others = Flow("storm", Priority.FALLBACK, match(), (Goto("replicate"),), Owner(NAME))
    return (*limited, others), ()
