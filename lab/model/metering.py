"""Resource metering: which of a VM's network traffic is counted (Enable-VMResourceMetering).

What counts are Meter entries of the port ACLs. An adapter that has some is counted by these alone: each is a class of
network addresses that is reported by itself. One that has none gets entries for everything, in both directions.
"""

from __future__ import annotations

from ipaddress import ip_network
from itertools import product
from typing import Final

from lab.model.acl import AclAction, AclDirection, AclSide, PortAcl

EVERYTHING: Final = tuple(
    PortAcl(AclAction.METER, direction, AclSide.REMOTE, ip_network(prefix))
    for prefix, direction in product(("0.0.0.0/0", "::/0"), AclDirection)
)


def added_entries(acls: tuple[PortAcl, ...], resource_metering: bool) -> tuple[PortAcl, ...]:
    """Return what resource metering adds to an adapter's port ACL."""
    if not resource_metering or any(entry.action is AclAction.METER for entry in acls):
        return ()
    return EVERYTHING
