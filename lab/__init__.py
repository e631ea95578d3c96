"""hvlab: Microsoft Hyper-V's virtual network as a lab on one Linux machine.

``from lab import Lab`` is where a topology begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.model.builder import Lab as Lab
    from lab.model.kinds import LearningMode as LearningMode
    from lab.model.vlan import access as access
    from lab.model.vlan import community as community
    from lab.model.vlan import isolated as isolated
    from lab.model.vlan import promiscuous as promiscuous
    from lab.model.vlan import trunk as trunk

__all__ = ["Lab", "LearningMode", "access", "community", "isolated", "promiscuous", "trunk"]

_VLAN_SETTINGS = ("access", "community", "isolated", "promiscuous", "trunk")


def __getattr__(name: str) -> Any:
    """Import the topology API on first use, so that the command line does not pay for it."""
    if name == "Lab":
        from lab.model.builder import Lab

        return Lab
    if name == "LearningMode":
        from lab.model.kinds import LearningMode

        return LearningMode
    if name in _VLAN_SETTINGS:
        from lab.model import vlan

        return getattr(vlan, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
