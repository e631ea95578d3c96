"""IP packets made by hand."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address

TCP, UDP, ICMP, ICMPV6 = 6, 17, 1, 58
SYN, ACK, RST = 0x02, 0x10, 0x04


def checksum(data: bytes) -> int:
    """RFC 1071."""
    total = sum(int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(data), 2))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def packet(source: str, target: str, protocol: int, content: bytes) -> bytes:
    """Return an Ethernet type and an IP packet."""
    one, other = ip_address(source), ip_address(target)
    if isinstance(one, IPv6Address):
        header = b"\x60\0\0\0" + len(content).to_bytes(2, "big") + bytes([protocol, 255])
        return b"\x86\xdd" + header + one.packed + other.packed + content
    header = b"\x45\0" + (20 + len(content)).to_bytes(2, "big") + bytes(4) + bytes([64, protocol, 0, 0])
    header += one.packed + other.packed
    return b"\x08\0" + header[:10] + checksum(header).to_bytes(2, "big") + header[12:] + content


def udp(source: int, target: int, mark: bytes) -> bytes:
    return source.to_bytes(2, "big") + target.to_bytes(2, "big") + (8 + len(mark)).to_bytes(2, "big") + b"\0\0" + mark


def icmp(kind: int, mark: bytes) -> bytes:
    return bytes([kind, 0]) + checksum(bytes([kind, 0, 0, 0]) + mark).to_bytes(2, "big") + mark


def tcp(source: int, target: int, flags: int, mark: bytes) -> bytes:
    """Return a segment without a checksum, which no switch looks at."""
    ports = source.to_bytes(2, "big") + target.to_bytes(2, "big")
    return ports + bytes(8) + bytes([5 << 4, flags]) + b"\xff\xff" + bytes(4) + mark
