"""A host's own address translation (New-NetNat): what is inside goes out from the host's address, and answers come in.

Only static mappings let anything in unasked (Add-NetNatStaticMapping). A host has one NAT at most (WinNAT).

>>> NatMapping("TCP", 8080, ip_address("192.168.100.2"), 80)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network
from types import MappingProxyType
from typing import Final

PROTOCOLS: Final = ("TCP", "UDP")
ANY_ADDRESS: Final = IPv4Address("0.0.0.0")

TIMEOUTS_S: Final[Mapping[str, int]] = MappingProxyType(
    {
        "IcmpQueryTimeout": 30,
        "TcpEstablishedConnectionTimeout": 1800,
        "TcpTransientConnectionTimeout": 120,
        "UdpIdleSessionTimeout": 120,
    }
)
"""How long a session is remembered without a packet, in seconds, as Get-NetNat shows it."""


@dataclass(frozen=True, slots=True)
class NatMapping:
    """One static mapping: a port of the host, at one of its addresses or (0.0.0.0) at any, that is a port inside."""

    protocol: str
    external_port: int
    internal_ip: IPv4Address
    internal_port: int
    external_ip: IPv4Address = ANY_ADDRESS

    def __str__(self) -> str:
        inside = f"{self.internal_ip}:{self.internal_port}"
        return f"{self.protocol} {self.external_ip}:{self.external_port} -> {inside}"


@dataclass(frozen=True, slots=True)
class NetNat:
    """A host's NAT. ``prefix``: the addresses inside (InternalIPInterfaceAddressPrefix)."""

    name: str
    prefix: IPv4Network
    mappings: tuple[NatMapping, ...] = ()
