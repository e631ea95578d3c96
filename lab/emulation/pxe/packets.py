"""DHCP messages as they travel, with what PXE adds to them (RFC 2131, 2132, 3396 and 4578), and UDP in IPv4."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address

SERVER_PORT, CLIENT_PORT, PROXY_PORT = 67, 68, 4011

DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
"""The values of option 53."""

MASK, ROUTER, REQUESTED, OVERLOAD, TYPE, SERVER, PARAMETERS, LARGEST = 1, 3, 50, 52, 53, 54, 55, 57
VENDOR_CLASS, CLIENT_ID, BOOT_SERVER, BOOT_FILE, ARCHITECTURE, UNDI, MACHINE = 60, 61, 66, 67, 93, 94, 97

PXE_CLIENT = b"PXEClient"

_COOKIE = b"\x63\x82\x53\x63"
_HEADER = struct.Struct("!4BIHH4s4s4s4s16s64s128s")
_BROADCAST_FLAG = 0x8000
_SMALLEST = 300
_NOWHERE = IPv4Address(0)


class Malformed(ValueError):
    """Not a packet of this kind."""


@dataclass(frozen=True, slots=True)
class Message:
    """A DHCP message. ``op`` is 1 from a client and 2 from a server; ``options`` are those of all its parts."""

    op: int
    xid: int
    mac: bytes
    options: Mapping[int, bytes] = field(default_factory=dict)
    ciaddr: IPv4Address = _NOWHERE
    yiaddr: IPv4Address = _NOWHERE
    siaddr: IPv4Address = _NOWHERE
    giaddr: IPv4Address = _NOWHERE
    server_name: str = ""
    file: str = ""
    secs: int = 0
    broadcast: bool = True

    @property
    def kind(self) -> int:
        """What option 53 says, 0 for a message of BOOTP."""
        return int.from_bytes(self.options.get(TYPE, b""), "big")

    @property
    def is_pxe(self) -> bool:
        """Whether its sender says that it is about PXE."""
        return self.options.get(VENDOR_CLASS, b"").startswith(PXE_CLIENT)

    @property
    def architecture(self) -> int | None:
        """The first architecture of option 93, None without one."""
        value = self.options.get(ARCHITECTURE, b"")
        return int.from_bytes(value[:2], "big") if len(value) >= 2 else None

    @property
    def server(self) -> IPv4Address:
        """Who sent it, by option 54, or else by the field for the next server."""
        return self.address(SERVER) or self.siaddr

    @property
    def boot_file(self) -> str:
        """The name of the boot file, of option 67 or of the header (RFC 2132, 9.5)."""
        return text(self.options.get(BOOT_FILE, b"")) or self.file

    def address(self, option: int) -> IPv4Address | None:
        """Return the first address of an option, None without one."""
        value = self.options.get(option, b"")
        return IPv4Address(value[:4]) if len(value) >= 4 else None


def text(value: bytes) -> str:
    """Return text of the wire: up to the first zero byte."""
    return value.partition(b"\0")[0].decode("utf-8", "replace")


def encode(message: Message) -> bytes:
    """Return a message as it travels."""
    header = _HEADER.pack(
        *(message.op, 1, 6, 0, message.xid, message.secs, _BROADCAST_FLAG if message.broadcast else 0),
        *(each.packed for each in (message.ciaddr, message.yiaddr, message.siaddr, message.giaddr)),
        *(message.mac, message.server_name.encode()[:63], message.file.encode()[:127]),
    )
    options = b"".join(_parts(number, value) for number, value in message.options.items())
    return (header + _COOKIE + options + b"\xff").ljust(_SMALLEST, b"\0")


def _parts(number: int, value: bytes) -> bytes:
    """Return an option; one that is too long is several of the same number (RFC 3396)."""
    pieces = [value[at : at + 255] for at in range(0, len(value), 255)] or [b""]
    return b"".join(bytes((number, len(piece))) + piece for piece in pieces)


def decode(data: bytes) -> Message:
    """Return the message in the bytes; Malformed if they are none."""
    if len(data) < _HEADER.size + len(_COOKIE) or data[_HEADER.size : _HEADER.size + 4] != _COOKIE:
        raise Malformed("no DHCP message")
    op, kind, length, _, xid, secs, flags, *rest = _HEADER.unpack_from(data)
    if (kind, length) != (1, 6):
        raise Malformed("not for Ethernet")
    addresses, (chaddr, name, file) = rest[:4], rest[4:]
    options = dict(_options(data[_HEADER.size + 4 :]))
    overload = options.pop(OVERLOAD, b"\0")[:1]
    for bit, part in ((1, file), (2, name)):
        if overload and overload[0] & bit:
            options = dict(_options(part)) | options
    ciaddr, yiaddr, siaddr, giaddr = (IPv4Address(each) for each in addresses)
    return Message(
        op,
        xid,
        chaddr[:6],
        options,
        ciaddr,
        yiaddr,
        siaddr,
        giaddr,
        server_name="" if overload and overload[0] & 2 else text(name),
        file="" if overload and overload[0] & 1 else text(file),
        secs=secs,
        broadcast=bool(flags & _BROADCAST_FLAG),
    )


def _options(data: bytes) -> Iterator[tuple[int, bytes]]:
    found: dict[int, bytes] = {}
    at = 0
    while at < len(data) and data[at] != 255:
        if data[at] == 0:
            at += 1
            continue
        if at + 2 > len(data) or at + 2 + data[at + 1] > len(data):
            raise Malformed("an option ends too late")
        value = data[at + 2 : at + 2 + data[at + 1]]
        found[data[at]] = found.get(data[at], b"") + value
        at += 2 + len(value)
    yield from found.items()


def datagram(source: IPv4Address, target: IPv4Address, ports: tuple[int, int], payload: bytes) -> bytes:
    """Return a UDP datagram in an IPv4 packet, for who has no address yet."""
    udp = struct.pack("!4H", *ports, 8 + len(payload), 0) + payload
    pseudo = source.packed + target.packed + struct.pack("!HH", 17, len(udp))
    udp = udp[:6] + struct.pack("!H", _checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + source.packed + target.packed
    return header[:10] + struct.pack("!H", _checksum(header)) + header[12:] + udp


def payload_for(packet: bytes, port: int) -> bytes | None:
    """Return what a UDP datagram to a port carries; None for every other packet.

    Checksums are not looked at: between machines on one host nobody fills them in.
    """
    header = (packet[0] & 15) * 4 if packet else 0
    if len(packet) < max(header, 20) + 8 or packet[0] >> 4 != 4 or packet[9] != 17:
        return None
    if int.from_bytes(packet[6:8], "big") & 0x3FFF:  # a fragment
        return None
    target, length = struct.unpack_from("!HH", packet, header + 2)
    return packet[header + 8 : header + length] if target == port and length >= 8 else None


def _checksum(data: bytes) -> int:
    padded = data + b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
