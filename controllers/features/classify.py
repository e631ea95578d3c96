"""Admission: a frame enters the switch only from a port that has an intent.

Between the moment a port appears and the moment its policy is in force, what it sends is dropped (data flow disabled),
so no frame ever passes without its policy.
"""

from __future__ import annotations

from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.values import Drop, Flow, Goto, Group, Owner, match
from controllers.view import SwitchView

NAME = "classify"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Admit the frames of every port of the view."""
    admitted = (
        Flow(
            "classify",
            Priority.ORDINARY,
            match(in_port=port.ofport),
            (Goto("guard_check"),),
            Owner(NAME, port.ofport),
        )
        for port in view.sorted_ports()
    )
    others = Flow("classify", Priority.FALLBACK, match(), (Drop(DropReason.DATA_FLOW_DISABLED),), Owner(NAME))
    return (*admitted, others), ()
