"""hvlab: Microsoft Hyper-V's virtual network as a lab on one Linux machine.

``from lab import Lab`` is where a topology begins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.model.acl_builder import allow as allow
    from lab.model.acl_builder import deny as deny
    from lab.model.acl_builder import extended_allow as extended_allow
    from lab.model.acl_builder import extended_deny as extended_deny
    from lab.model.acl_builder import meter as meter
    from lab.model.builder import Lab as Lab
    from lab.model.isolation import isolation as isolation
    from lab.model.kinds import LearningMode as LearningMode
    from lab.model.vlan import access as access
    from lab.model.vlan import community as community
    from lab.model.vlan import isolated as isolated
    from lab.model.vlan import promiscuous as promiscuous
    from lab.model.vlan import trunk as trunk

__all__ = [
    "Lab",
    "LearningMode",
    "access",
    "allow",
    "community",
    "deny",
    "extended_allow",
    "extended_deny",
    "isolated",
    "isolation",
    "meter",
    "promiscuous",
    "trunk",
]

_VLAN_SETTINGS = ("access", "community", "isolated", "promiscuous", "trunk")
_ACL_ENTRIES = ("allow", "deny", "extended_allow", "extended_deny", "meter")


def __getattr__(name: str) -> Any:
    """Import the topology API on first use, so that the command line does not pay for it."""
    if name == "Lab":
        from lab.model.builder import Lab

        return Lab
    if name == "LearningMode":
        from lab.model.kinds import LearningMode

        return LearningMode
    if name == "isolation":
        from lab.model.isolation import isolation

        return isolation
    if name in _VLAN_SETTINGS:
        from lab.model import vlan

        return getattr(vlan, name)
    if name in _ACL_ENTRIES:
        from lab.model import acl_builder

        return getattr(acl_builder, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
