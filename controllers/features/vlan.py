"""VLANs. For now every port is untagged: all frames travel in VLAN 0, and a tag inside a frame is left alone."""

from __future__ import annotations

from controllers.pipeline.priorities import Priority
from controllers.pipeline.registers import VLAN
from controllers.pipeline.values import UNTAGGED, Flow, Goto, Group, Owner, SetRegister, match
from controllers.view import SwitchView

NAME = "vlan"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Put every frame into VLAN 0."""
    untagged = Flow("vlan_in", Priority.FALLBACK, match(), (SetRegister(VLAN, UNTAGGED), Goto("learn")), Owner(NAME))
    return (untagged,), ()
