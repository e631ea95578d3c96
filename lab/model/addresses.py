"""IP settings and MAC addresses."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network, IPv6Address, IPv6Interface, IPv6Network
from typing import Final

from lab.model.names import quoted

Address = IPv4Address | IPv6Address
Interface = IPv4Interface | IPv6Interface
Network = IPv4Network | IPv6Network

# KB2804678: dynamic addresses are 00-15-5D, two octets of the host's IPv4 address, and a counter.
HYPERV_OUI: Final = "00:15:5d"
MAC_POOL_SIZE: Final = 256

_MAC: Final = re.compile(r"(?:[0-9a-f]{12}|[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5})", re.IGNORECASE)


@dataclass(frozen=True, slots=True, order=True)
class StaticRoute:
    """The way to a network: by a neighbour, or (0.0.0.0, ::) right on the link (New-NetRoute)."""

    destination: Network
    next_hop: Address

    @property
    def on_link(self) -> bool:
        return self.next_hop.is_unspecified

    def __str__(self) -> str:
        return f"{self.destination} by {'the link' if self.on_link else self.next_hop}"


@dataclass(frozen=True, slots=True)
class IpSettings:
    """The addresses of one network adapter, at most one gateway per address family, and the routes to other networks.

    ``dhcp``: IPv4 is what a DHCP server gives (Set-NetIPInterface -Dhcp Enabled). ``auto``: IPv6 is what routers
    advertise, and what a DHCPv6 server gives where they say so (Set-NetIPInterface -RouterDiscovery Enabled).
    """

    addresses: tuple[Interface, ...] = ()
    gateways: tuple[Address, ...] = ()
    dhcp: bool = False
    auto: bool = False
    routes: tuple[StaticRoute, ...] = ()

    def of_version(self, version: int) -> Interface | None:
        """Return the first address of an IP version (4 or 6), if there is one."""
        return next((address for address in self.addresses if address.version == version), None)

    def gateway(self, version: int) -> Address | None:
        """Return the gateway of an IP version (4 or 6), if there is one."""
        return next((gateway for gateway in self.gateways if gateway.version == version), None)


NO_IP: Final = IpSettings()


def parse_mac(text: str) -> str:
    """Return a MAC address in the form ``00:15:5d:01:02:03``; ValueError says what is wrong with `text`.

    Accepts Hyper-V's own form, twelve digits without separators, and dashes or colons (Set-VMNetworkAdapter,
    parameter StaticMacAddress, which takes no multicast address).
    """
    if not _MAC.fullmatch(text):
        name = quoted(text)
        raise ValueError(f"{name} is not a MAC address, expected twelve hexadecimal digits such as 00155D010203")
    digits = re.sub("[:-]", "", text).lower()
    if int(digits[:2], 16) & 1:
        raise ValueError(f'"{text}" is a multicast MAC address, expected a unicast one')
    if digits == "0" * 12:
        raise ValueError('"000000000000" is no address that an adapter can have')
    return ":".join(digits[at : at + 2] for at in range(0, 12, 2))


def hyperv_mac(mac: str) -> str:
    """Return a MAC address as Get-VMNetworkAdapter prints it: ``00155D010203``."""
    return mac.replace(":", "").upper()


def stable_mac(*name: str) -> str:
    """Return a locally administered MAC address that depends on the name of the thing alone."""
    digest = hashlib.blake2s("\0".join(name).encode(), digest_size=5).hexdigest()
    return "02:" + ":".join(digest[at : at + 2] for at in range(0, 10, 2))


def mac_pool(host: str, first: IPv4Address | None) -> str:
    """Return the first five octets of a Hyper-V host's dynamic MAC addresses (KB2804678).

    Without an IPv4 address at hand the two middle octets come from the host's name.
    """
    low = first.packed[2:] if first else hashlib.blake2s(host.encode(), digest_size=2).digest()
    return f"{HYPERV_OUI}:{low[0]:02x}:{low[1]:02x}"
