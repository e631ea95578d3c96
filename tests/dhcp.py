"""DHCP messages as a client sends and reads them: written from RFC 2131 by itself, beside what hvlab makes of it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass

DISCOVER, OFFER, REQUEST, DECLINE, ACK, NAK, RELEASE, INFORM = range(1, 9)
EVERYONE = "ff:ff:ff:ff:ff:ff"
COOKIE = bytes.fromhex("63825363")


@dataclass(frozen=True)
class Reply:
    """What a server has sent: where to, and what."""

    to_mac: str
    from_mac: str
    from_ip: str
    to_ip: str
    kind: int
    xid: int
    flags: int
    ciaddr: str
    yiaddr: str
    chaddr: str
    options: tuple[tuple[int, bytes], ...]
    size: int

    def __getitem__(self, code: int) -> bytes:
        return dict(self.options)[code]

    @property
    def codes(self) -> list[int]:
        return [code for code, _ in self.options]

    @property
    def server(self) -> str:
        return socket.inet_ntoa(self[54])


def octets(mac: str) -> bytes:
    """Return a MAC address as octets."""
    return bytes.fromhex(mac.replace(":", ""))


def bootp(
    mac: str,
    options: bytes,
    *,
    xid: int = 1,
    flags: int = 0,
    ciaddr: str = "0.0.0.0",
    giaddr: str = "0.0.0.0",
    op: int = 1,
    sname: bytes = b"",
    file: bytes = b"",
) -> bytes:
    """Return a message of BOOTP whose options are given as octets, the cookie among them."""
    head = struct.pack("!BBBBIHH", op, 1, 6, 0, xid, 0, flags)
    addresses = socket.inet_aton(ciaddr) + bytes(8) + socket.inet_aton(giaddr)
    return head + addresses + octets(mac).ljust(16, b"\0") + sname.ljust(64, b"\0") + file.ljust(128, b"\0") + options


def coded(kind: int, options: Mapping[int, bytes]) -> bytes:
    """Return the options of a message, with the cookie and the end."""
    parts = b"".join(bytes([code, len(value)]) + value for code, value in options.items())
    return COOKIE + bytes([53, 1, kind]) + parts + b"\xff"


def message(kind: int, mac: str, options: Mapping[int, bytes] | None = None, **fields: int | str) -> bytes:
    """Return a message of DHCP; ``fields`` are those of :func:`bootp`."""
    return bootp(mac, coded(kind, options or {}), **fields)  # type: ignore[arg-type]


def frame(
    payload: bytes,
    mac: str,
    *,
    to_mac: str = EVERYONE,
    source: str = "0.0.0.0",
    target: str = "255.255.255.255",
    port: int = 67,
) -> bytes:
    """Return the frame in which a client sends a message."""
    udp = struct.pack("!HHHH", 68, port, 8 + len(payload), 0) + payload
    ends = socket.inet_aton(source) + socket.inet_aton(target)
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + ends
    ip = ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:]
    return octets(to_mac) + octets(mac) + b"\x08\x00" + ip + udp


def checksum(data: bytes) -> int:
    """Return the Internet checksum."""
    total = sum(int.from_bytes(data[at : at + 2].ljust(2, b"\0"), "big") for at in range(0, len(data), 2))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return total ^ 0xFFFF


def reply(data: bytes) -> Reply | None:
    """Return the answer of a server in a frame, None if it is anything else; both checksums must be right."""
    if len(data) < 282 or data[12:14] != b"\x08\x00" or data[23] != 17 or data[34:38] != b"\x00\x43\x00\x44":
        return None
    assert checksum(data[14:34]) == 0
    length = struct.unpack("!H", data[38:40])[0]
    udp = data[34 : 34 + length]
    assert checksum(data[26:34] + b"\x00\x11" + udp[4:6] + udp) == 0
    body = udp[8:]
    assert body[0] == 2 and body[236:240] == COOKIE
    found, at = [], 240
    while body[at] != 255:
        if body[at]:
            found.append((body[at], body[at + 2 : at + 2 + body[at + 1]]))
            at += 2 + body[at + 1]
        else:
            at += 1
    (kind,) = [value[0] for code, value in found if code == 53]
    xid, _, flags = struct.unpack("!IHH", body[4:12])
    return Reply(
        data[:6].hex(":"), data[6:12].hex(":"), socket.inet_ntoa(data[26:30]), socket.inet_ntoa(data[30:34]),
        kind, xid, flags, socket.inet_ntoa(body[12:16]), socket.inet_ntoa(body[16:20]), body[28:34].hex(":"),
        tuple(found), len(body),
    )  # fmt: skip
