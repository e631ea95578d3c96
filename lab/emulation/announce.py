"""Telling a network that an address is here now: what a Windows machine does when it gets one, and Linux does not.

Without it the neighbours of an address that has moved to another machine go on sending to the old one for up to a
minute. A gratuitous ARP (RFC 5227 section 2.3) for IPv4, an unsolicited neighbour advertisement (RFC 4861 section
7.2.6) for IPv6. An address that is gone cannot be announced: those who know it are made to forget it.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_interface
from itertools import islice
from typing import Final

from lab.emulation.netlink import Conversation, delete_neighbour
from lab.emulation.netns import network_of
from lab.emulation.pod import sockets

_BROADCAST: Final = b"\xff" * 6
_ALL_NODES: Final = IPv6Address("ff02::1")
_ALL_NODES_MAC: Final = bytes.fromhex("333300000001")
_OVERRIDE: Final = 0x20000000
_AT_ONCE: Final = 256
"""How many packet sockets are open before they are closed together."""


@dataclass(frozen=True, slots=True)
class Presence:
    """Addresses, as text with a prefix length, at one device of a machine. ``pid``: a process of the machine."""

    pid: int
    device: str
    mac: str
    addresses: tuple[str, ...]


def announce(presences: Iterable[Presence]) -> None:
    """Send one announcement for each address, from its own device. A device that is down announces nothing."""
    waiting = iter(presences)
    while some := tuple(islice(waiting, _AT_ONCE)):
        links: list[int] = []
        try:
            for presence in some:
                with network_of(presence.pid):
                    link = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
                _say(link, presence)
                links.append(link.detach())
        finally:
            sockets.close(links)


def _say(link: socket.socket, presence: Presence) -> None:
    mac = bytes.fromhex(presence.mac.replace(":", ""))
    try:
        link.bind((presence.device, 0))
        for address in presence.addresses:
            link.send(frame(mac, ip_interface(address).ip))
    except OSError:
        return  # gone or down meanwhile: then there is nothing to tell


def forget(pid: int, addresses: Collection[str]) -> None:
    """Make a machine forget which MAC addresses some neighbours have; ``pid`` is a process of it."""
    with network_of(pid), Conversation() as kernel:
        known = [neighbour for neighbour in kernel.neighbours() if neighbour[1] in addresses]
        kernel.change([delete_neighbour(*neighbour) for neighbour in known], absent_is_fine=True)


def frame(mac: bytes, address: IPv4Address | IPv6Address) -> bytes:
    """Return the Ethernet frame that says: this address is at this MAC address."""
    if isinstance(address, IPv4Address):
        ip = address.packed
        return _BROADCAST + mac + struct.pack("!HHHBBH", 0x0806, 1, 0x0800, 6, 4, 1) + mac + ip + bytes(6) + ip
    option = b"\x02\x01" + mac
    body = struct.pack("!BBHI", 136, 0, 0, _OVERRIDE) + address.packed + option
    pseudo = address.packed + _ALL_NODES.packed + struct.pack("!II", len(body), 58)
    body = body[:2] + struct.pack("!H", checksum(pseudo + body)) + body[4:]
    header = struct.pack("!IHBB", 6 << 28, len(body), 58, 255) + address.packed + _ALL_NODES.packed
    return _ALL_NODES_MAC + mac + struct.pack("!H", 0x86DD) + header + body


def checksum(content: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of content of even length."""
    total: int = sum(struct.unpack(f"!{len(content) // 2}H", content))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
