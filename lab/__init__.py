"""hvlab: Microsoft Hyper-V's virtual network as a lab on one Linux machine.

``from lab import Lab`` is where a topology begins.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lab.model.acl_builder import allow as allow
    from lab.model.acl_builder import deny as deny
    from lab.model.acl_builder import extended_allow as extended_allow
    from lab.model.acl_builder import extended_deny as extended_deny
    from lab.model.acl_builder import meter as meter
    from lab.model.builder import Lab as Lab
    from lab.model.dhcp6_builder import dhcp_reservation6 as dhcp_reservation6
    from lab.model.dhcp6_builder import dhcp_scope6 as dhcp_scope6
    from lab.model.dhcp_builder import dhcp_policy as dhcp_policy
    from lab.model.dhcp_builder import dhcp_reservation as dhcp_reservation
    from lab.model.dhcp_builder import dhcp_scope as dhcp_scope
    from lab.model.isolation import isolation as isolation
    from lab.model.kinds import LearningMode as LearningMode
    from lab.model.nat_builder import nat_mapping as nat_mapping
    from lab.model.nlb_builder import nlb_rule as nlb_rule
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
    "dhcp_policy",
    "dhcp_reservation",
    "dhcp_reservation6",
    "dhcp_scope",
    "dhcp_scope6",
    "extended_allow",
    "extended_deny",
    "isolated",
    "isolation",
    "meter",
    "nat_mapping",
    "nlb_rule",
    "promiscuous",
    "trunk",
]

_ROOMS = {
    "lab.model.acl_builder": ("allow", "deny", "extended_allow", "extended_deny", "meter"),
    "lab.model.builder": ("Lab",),
    "lab.model.dhcp6_builder": ("dhcp_reservation6", "dhcp_scope6"),
    "lab.model.dhcp_builder": ("dhcp_policy", "dhcp_reservation", "dhcp_scope"),
    "lab.model.isolation": ("isolation",),
    "lab.model.kinds": ("LearningMode",),
    "lab.model.nat_builder": ("nat_mapping",),
    "lab.model.nlb_builder": ("nlb_rule",),
    "lab.model.vlan": ("access", "community", "isolated", "promiscuous", "trunk"),
}


def __getattr__(name: str) -> Any:
    """Import the topology API on first use, so that the command line does not pay for it."""
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(room), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
