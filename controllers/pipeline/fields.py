"""The header fields flows may match, with their widths and how they are written; registers match like fields.

A value is always a number here, so that equal matches are equal values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from controllers.pipeline.registers import REGISTERS


@dataclass(frozen=True, slots=True)
class Field:
    """One thing a flow can match. `openflow_name` is what both OpenFlow libraries call it."""

    name: str
    bits: int
    openflow_name: str
    is_mac: bool = False
    is_tag: bool = False

    @property
    def full_mask(self) -> int:
        return (1 << self.bits) - 1

    def show(self, value: int) -> str:
        """Return a value of this field as a person writes it."""
        if self.is_tag:
            return str(value & ~TAGGED) if value & TAGGED else "none"
        return mac_text(value) if self.is_mac else str(value)


TAGGED: Final = 1 << 12
"""The bit beside the VLAN id that says that there is a tag at all (OpenFlow 1.3, OFPVID_PRESENT)."""

_HEADERS = (
    Field("in_port", 32, "in_port"),
    Field("eth_dst", 48, "eth_dst", is_mac=True),
    Field("eth_src", 48, "eth_src", is_mac=True),
    Field("tag", 13, "vlan_vid", is_tag=True),
    Field("eth_type", 16, "eth_type"),
    Field("ip_proto", 8, "ip_proto"),
    Field("udp_src", 16, "udp_src"),
    Field("udp_dst", 16, "udp_dst"),
    Field("icmpv4_type", 8, "icmpv4_type"),
    Field("icmpv6_type", 8, "icmpv6_type"),
)

FIELDS: Final = {
    field.name: field
    for field in (*_HEADERS, *(Field(register.name, 32, register.openflow_name) for register in REGISTERS))
}
BY_OPENFLOW_NAME: Final = {field.openflow_name: field for field in FIELDS.values()}

GROUP_BIT: Final = 1 << 40
"""The bit of a MAC address that says broadcast or multicast."""


def mac_text(value: int) -> str:
    """Return a MAC address given as a number in its usual form."""
    return value.to_bytes(6, "big").hex(":")
