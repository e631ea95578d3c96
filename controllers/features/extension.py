"""Forwarding extensions: one that is enabled takes over forwarding, VLANs and security from the switch.

Access lists and guards are still the switch's, and come before. The extension that Windows has forwards what a network
controller tells it; none is there, so it gives a frame no destination port: filtered (8).
"""

from __future__ import annotations

from controllers.pipeline.priorities import Priority
from controllers.pipeline.reasons import DropReason
from controllers.pipeline.values import Drop, Flow, Group, Owner, match
from controllers.view import SwitchView

NAME = "extension"


def build(view: SwitchView) -> tuple[tuple[Flow, ...], tuple[Group, ...]]:
    """Forward nothing while an extension has taken the forwarding over."""
    if view.forwards_natively:
        return (), ()
    nowhere = (Drop(DropReason.FILTERED),)
    of_ports = (
        Flow("vlan_in", Priority.ORDINARY, match(in_port=port.ofport), nowhere, Owner(NAME, port.ofport))
        for port in view.sorted_ports()
    )
    return (*of_ports, Flow("vlan_in", Priority.FALLBACK, match(), nowhere, Owner(NAME))), ()
