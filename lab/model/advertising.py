"""How a router tells the machines beside it that it is one (RFC 4861), and which addresses they make of that.

Names are those of Set-NetIPInterface: Advertising, AdvertiseDefaultRoute, ManagedAddressConfiguration and
OtherStatefulConfiguration.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network
from typing import Final

AUTOCONFIGURED_LENGTH: Final = 64
"""The length of a prefix of which a machine makes itself addresses on an Ethernet (RFC 4862, 5.5.3; RFC 2464)."""


@dataclass(frozen=True, slots=True)
class RouterAdvertisements:
    """How a machine advertises itself as a router: the IPv6 subnets of its adapters, of all unless some are named.

    ``managed``: hosts are to ask a DHCPv6 server for addresses, ``other``: for everything else, such as name servers.
    ``autonomous``: they may make themselves addresses. ``default_route``: it leads to everywhere else
    (Set-NetIPInterface, Advertising; RFC 4861, 4.2 and 4.6.2).
    """

    managed: bool = False
    other: bool = False
    autonomous: bool = True
    default_route: bool = True
    adapters: tuple[str, ...] = ()

    def __str__(self) -> str:
        more = [name for name, on in (("Managed", self.managed), ("Other", self.other)) if on]
        more += ["not autonomous"] * (not self.autonomous) + ["no default route"] * (not self.default_route)
        more += [f"on {each}" for each in self.adapters]
        return f"Enabled ({', '.join(more)})" if more else "Enabled"


def link_local(mac: str) -> IPv6Address:
    """Return the address that an adapter makes itself for its own Ethernet (RFC 4291, appendix A)."""
    return autoconfigured(IPv6Network("fe80::/64"), mac)


def autoconfigured(prefix: IPv6Network, mac: str) -> IPv6Address:
    """Return the address that an adapter makes itself of a prefix of 64 bits (RFC 4862, 5.5.3; RFC 2464, 4)."""
    octets = bytes.fromhex(mac.replace(":", ""))
    identifier = bytes([octets[0] ^ 2]) + octets[1:3] + b"\xff\xfe" + octets[3:]
    return prefix[int.from_bytes(identifier, "big")]
