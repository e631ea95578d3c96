"""The Default Switch of client Windows: an internal switch whose host leases addresses, answers names and translates.

Windows 10 (1709) and later make it by themselves; it cannot be renamed, deleted or reconfigured. Its subnet is one of
172.16.0.0/12 that nothing else here uses (Internet Connection Sharing), and may be another one after a restart.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Final

DEFAULT_SWITCH: Final = "Default Switch"
SUFFIX: Final = "mshome.net"
"""The domain of whatever has an address of it."""

SUBNETS: Final = IPv4Network("172.16.0.0/12")
PREFIX_LENGTH: Final = 20

LEASE_S: Final = 86_400
"""How long an address is leased: a day."""


@dataclass(frozen=True, slots=True)
class LeasedSubnet:
    """What a Default Switch leases addresses of: the host's own ``address`` and subnet, and those that others have."""

    address: IPv4Interface
    reserved: tuple[IPv4Address, ...] = ()

    def leases(self, address: IPv4Address) -> bool:
        """Tell whether an address is one that clients may get."""
        network = self.address.network
        ends = (network.network_address, network.broadcast_address, self.address.ip)
        return address in network and address not in ends and address not in self.reserved


def chosen_subnet(lab: str, host: str, taken: Iterable[object]) -> IPv4Network:
    """Return the subnet of a host's Default Switch: always the same for a lab and a host, unless it is taken."""
    others = [net for net in taken if isinstance(net, IPv4Network)]
    candidates = tuple(SUBNETS.subnets(new_prefix=PREFIX_LENGTH))
    digest = hashlib.blake2s(f"{lab}\0{host}".encode(), digest_size=4).digest()
    first = int.from_bytes(digest, "big") % len(candidates)
    turned = candidates[first:] + candidates[:first]
    return next((each for each in turned if not any(map(each.overlaps, others))), candidates[first])


def host_address(subnet: IPv4Network) -> IPv4Interface:
    """Return the address that the host has in the subnet: the first one, also of a subnet that will be refused."""
    return IPv4Interface(f"{subnet[min(1, subnet.num_addresses - 1)]}/{subnet.prefixlen}")
