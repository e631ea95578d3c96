"""The header fields flows may match, with their widths and how they are written; registers match like fields.

A value is always a number here, so that equal matches are equal values.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

from controllers.pipeline.registers import REGISTERS


class Kind(Enum):
    """How the values of a field are written."""

    NUMBER = "number"
    HEX = "number in base 16"
    MAC = "MAC address"
    IPV4 = "IPv4 address"
    IPV6 = "IPv6 address"
    TAG = "tag"


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a flow can match. `openflow_name` is what both OpenFlow libraries call it."""

    name: str
    bits: int
    openflow_name: str
    kind: Kind = Kind.NUMBER

    @property
    def full_mask(self) -> int:
        return (1 << self.bits) - 1

    def show(self, value: int) -> str:
        """Return a value of this field as a person writes it."""
        if self.kind is Kind.TAG:
            return str(value & ~TAGGED) if value & TAGGED else "none"
        if self.kind is Kind.HEX:
            return f"{value:#0{self.bits // 4 + 2}x}"
        return str(self.wire(value))

    def wire(self, value: int) -> int | str:
        """Return a value of this field as OpenFlow libraries take it."""
        match self.kind:
            case Kind.MAC:
                return mac_text(value)
            case Kind.IPV4:
                return str(IPv4Address(value))
            case Kind.IPV6:
                return str(IPv6Address(value))
        return value

    def read(self, found: object) -> int:
        """Return the value that an OpenFlow library gives as `found`; ValueError if it is none of this field."""
        if isinstance(found, int):
            return found
        if isinstance(found, str):
            return int(found.replace(":", ""), 16) if self.kind is Kind.MAC else int(ip_address(found))
        raise ValueError(f"{self.name}={found!r}")


TAGGED: Final = 1 << 12
"""The bit beside the VLAN id that says that there is a tag at all (OpenFlow 1.3, OFPVID_PRESENT)."""

_HEADERS = (
    Field("in_port", 32, "in_port"),
    Field("eth_dst", 48, "eth_dst", Kind.MAC),
    Field("eth_src", 48, "eth_src", Kind.MAC),
    Field("tag", 13, "vlan_vid", Kind.TAG),
    Field("eth_type", 16, "eth_type", Kind.HEX),
    Field("ip_proto", 8, "ip_proto"),
    Field("ipv4_src", 32, "ipv4_src", Kind.IPV4),
    Field("ipv4_dst", 32, "ipv4_dst", Kind.IPV4),
    Field("ipv6_src", 128, "ipv6_src", Kind.IPV6),
    Field("ipv6_dst", 128, "ipv6_dst", Kind.IPV6),
    Field("tcp_src", 16, "tcp_src"),
    Field("tcp_dst", 16, "tcp_dst"),
    Field("tcp_flags", 12, "tcp_flags", Kind.HEX),
    Field("udp_src", 16, "udp_src"),
    Field("udp_dst", 16, "udp_dst"),
    Field("icmpv4_type", 8, "icmpv4_type"),
    Field("icmpv6_type", 8, "icmpv6_type"),
)

FIELDS: Final = {
    field.name: field
    for field in (*_HEADERS, *(Field(register.name, 32, register.openflow_name) for register in REGISTERS))
}
FULL_MASKS: Final = {name: field.full_mask for name, field in FIELDS.items()}
BY_OPENFLOW_NAME: Final = {field.openflow_name: field for field in FIELDS.values()}

GROUP_BIT: Final = 1 << 40
"""The bit of a MAC address that says broadcast or multicast."""


def mac_text(value: int) -> str:
    """Return a MAC address given as a number in its usual form."""
    return value.to_bytes(6, "big").hex(":")
