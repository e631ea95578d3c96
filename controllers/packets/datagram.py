"""UDP over IPv4 in an Ethernet frame (RFC 768, RFC 791): what is in one, and the frame for one."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import Enum
from ipaddress import IPv4Address
from typing import Final

BROADCAST_MAC: Final = 0xFFFFFFFFFFFF
BROADCAST: Final = IPv4Address("255.255.255.255")

_ETHERNET: Final = struct.Struct("!6s6sH")
_IP: Final = struct.Struct("!BBHHHBBHII")
_UDP_HEADER: Final = struct.Struct("!HHHH")
_PSEUDO: Final = struct.Struct("!IIBBH")
_IPV4, _UDP, _TTL = 0x0800, 17, 128
_MORE_OR_OFFSET: Final = 0x3FFF
_DO_NOT_FRAGMENT: Final = 0x4000
_SMALLEST: Final = 60
"""The size of the smallest frame of Ethernet, without its checksum."""


class Malformed(Enum):
    """What is wrong with octets that should be a message; the values are shown to the user."""

    NO_DATAGRAM = "no UDP datagram over IPv4"
    CUT_SHORT = "cut short"
    HEADER = "an IPv4 header that is not right"
    FRAGMENT = "a fragment"
    NO_REQUEST = "no request of BOOTP"
    HARDWARE = "a client without a MAC address"
    NO_DHCP = "BOOTP without DHCP"
    OPTION = "an option of a wrong size"
    KIND = "a type of message that no client sends"


@dataclass(frozen=True, slots=True)
class Datagram:
    """A UDP datagram, and the frame that carries it."""

    source_mac: int
    target_mac: int
    source: IPv4Address
    target: IPv4Address
    source_port: int
    target_port: int
    payload: bytes


def read_datagram(frame: bytes) -> Datagram | Malformed:
    """Return the datagram in a frame without a tag.

    Its checksum is not looked at: a machine leaves that to its network adapter, which here is a piece of memory.
    """
    if len(frame) < _ETHERNET.size + _IP.size:
        return Malformed.CUT_SHORT
    target_mac, source_mac, kind = _ETHERNET.unpack_from(frame)
    start = _ETHERNET.size
    first, _, total, _, fragment, _, protocol, _, source, target = _IP.unpack_from(frame, start)
    if kind != _IPV4 or first >> 4 != 4 or protocol != _UDP:
        return Malformed.NO_DATAGRAM
    size = (first & 15) * 4
    if size < _IP.size or total < size + _UDP_HEADER.size:
        return Malformed.HEADER
    if len(frame) < start + total:
        return Malformed.CUT_SHORT
    if _checksum(frame[start : start + size]):
        return Malformed.HEADER
    if fragment & _MORE_OR_OFFSET:
        return Malformed.FRAGMENT
    source_port, target_port, length, _ = _UDP_HEADER.unpack_from(frame, start + size)
    if not _UDP_HEADER.size <= length <= total - size:
        return Malformed.CUT_SHORT
    payload = frame[start + size + _UDP_HEADER.size : start + size + length]
    return Datagram(
        int.from_bytes(source_mac, "big"), int.from_bytes(target_mac, "big"),
        IPv4Address(source), IPv4Address(target), source_port, target_port, payload,
    )  # fmt: skip


def frame_of(datagram: Datagram) -> bytes:
    """Return the frame for a datagram of less than 65,508 octets."""
    source, target = int(datagram.source), int(datagram.target)
    length = _UDP_HEADER.size + len(datagram.payload)
    ports = datagram.source_port, datagram.target_port
    summed = _PSEUDO.pack(source, target, 0, _UDP, length) + _UDP_HEADER.pack(*ports, length, 0) + datagram.payload
    udp = _UDP_HEADER.pack(*ports, length, _checksum(summed) or 0xFFFF)
    fields = 0x45, 0, _IP.size + length, 0, _DO_NOT_FRAGMENT, _TTL, _UDP
    ip = _IP.pack(*fields, _checksum(_IP.pack(*fields, 0, source, target)), source, target)
    ethernet = _ETHERNET.pack(datagram.target_mac.to_bytes(6, "big"), datagram.source_mac.to_bytes(6, "big"), _IPV4)
    return (ethernet + ip + udp + datagram.payload).ljust(_SMALLEST, b"\0")


def _checksum(octets: bytes) -> int:
    """Return the Internet checksum (RFC 1071); that of what holds its own is 0."""
    padded = octets + bytes(len(octets) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
