"""What a PXE boot loader asks DHCP servers and boot servers, and which of their answers it goes by."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Protocol

from . import packets
from .packets import (
    ACK,
    CLIENT_PORT,
    DISCOVER,
    NAK,
    OFFER,
    PROXY_PORT,
    REQUEST,
    SERVER_PORT,
    Message,
)

_NOWHERE, _EVERYONE = IPv4Address(0), IPv4Address("255.255.255.255")
_DISCOVER_TIMEOUTS_S = (1.0, 1.0, 2.0)
"""The ROMs of real cards wait for 4, 8, 16 and 32 seconds (PXE 2.1, 2.4.1)."""
_REQUEST_TIMEOUTS_S = (1.0, 2.0)
_PROXY_TIMEOUTS_S = (0.5, 1.0, 1.5)
_COMPLETE_AFTER_S = 0.15
"""How long others may offer something after an offer that has all that is needed."""
_MESSAGE_SIZE = 1472
_PARAMETERS = bytes(
    (1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 18, 22, 23, 28, 40, 41, 42, 43, 50, 51, 54, 58, 59, 60, 66, 67, 97)
) + bytes(range(128, 136))


class Failure(Exception):
    """Why it does not boot, in the words that a firmware has for that."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as it is shown: ``address`` is empty in one of a proxyDHCP server."""

    server: str
    address: str
    vendor_class: str
    boot_server: str
    boot_file: str


@dataclass(frozen=True, slots=True)
class Lease:
    """What a DHCP server gives; ``proxy`` is an offer of a boot server that was heard, too."""

    answer: Message
    proxy: Message | None

    @property
    def address(self) -> IPv4Address:
        return self.answer.yiaddr

    @property
    def prefix(self) -> int:
        """The length of the subnet's prefix, by option 1."""
        mask = self.answer.address(packets.MASK)
        return int(mask).bit_count() if mask else 24

    @property
    def router(self) -> IPv4Address | None:
        return self.answer.address(packets.ROUTER)

    @property
    def teller(self) -> Message | None:
        """Whoever tells what to boot: the DHCP server if it says anything of that, or else a boot server."""
        return self.answer if self.answer.is_pxe or self.answer.boot_file else self.proxy


@dataclass(frozen=True, slots=True)
class BootFile:
    """A boot file, and the server that has it."""

    server: IPv4Address
    file: str


class Wire(Protocol):
    """What a conversation needs of a device that has no address: IPv4 packets out to everyone, and in."""

    def broadcast(self, packet: bytes, /) -> None: ...

    def receive(self, timeout_s: float, /) -> bytes:
        """Return the next packet; TimeoutError if there is none in time."""


class Conversation:
    """A boot loader's DHCP on one device, which has no address yet."""

    def __init__(self, wire: Wire, mac: bytes, xid: int, architecture: int, guid: bytes) -> None:
        self.offers: list[Offer] = []
        self._wire = wire
        self._mac = mac
        self._xid = xid
        self._options = {
            packets.PARAMETERS: _PARAMETERS,
            packets.LARGEST: struct.pack("!H", _MESSAGE_SIZE),
            packets.MACHINE: b"\0" + guid,
            packets.UNDI: bytes((1, 3, 16)),
            packets.ARCHITECTURE: struct.pack("!H", architecture),
            packets.VENDOR_CLASS: b"PXEClient:Arch:%05d:UNDI:003016" % architecture,
            packets.CLIENT_ID: b"\1" + self._mac,
        }

    def lease(self) -> Lease:
        """Return an address with what the server gives; Failure without any."""
        heard = self._discover()
        self.offers = [_shown(each) for each in heard]
        with_address = [each for each in heard if each.yiaddr != _NOWHERE]
        proxies = [each for each in heard if each.yiaddr == _NOWHERE and each.is_pxe]
        if not with_address and proxies:
            raise Failure("PXE-E52: proxyDHCP offers were received. No DHCP offers were received")
        if not with_address:
            raise Failure("PXE-E51: No DHCP or proxyDHCP offers were received")
        chosen = min(with_address, key=lambda each: (not each.is_pxe, not each.boot_file))
        return Lease(self._request(chosen), next(iter(proxies), None))

    def boot_file(self, lease: Lease) -> BootFile:
        """Return the boot file of a lease; Failure if nobody tells of one. The device has the lease's address.

        A DHCP server that says PXEClient is asked at its port 4011, whatever else it says (KB259670).
        """
        teller = lease.teller
        if teller is None:
            raise Failure("PXE-E53: No boot filename received")
        if teller.is_pxe and (teller is lease.answer or not teller.boot_file):
            teller = self._ask_proxy(lease, teller.server)
        return _boot_file(teller)

    def _discover(self) -> list[Message]:
        """Return the offers that come, of each server one: as soon as they are enough, or at the last moment."""
        heard: dict[tuple[IPv4Address, IPv4Address], Message] = {}
        for timeout_s in _DISCOVER_TIMEOUTS_S:
            self._broadcast(DISCOVER, {})
            end = time.monotonic() + timeout_s
            while message := self._next(end):
                if message.kind == OFFER:
                    heard[message.server, message.yiaddr] = message
                    if _enough(heard.values()):
                        end = min(end, time.monotonic() + _COMPLETE_AFTER_S)
            if any(each.yiaddr != _NOWHERE for each in heard.values()):
                break
        return list(heard.values())

    def _request(self, offer: Message) -> Message:
        wanted = {packets.REQUESTED: offer.yiaddr.packed, packets.SERVER: offer.server.packed}
        for timeout_s in _REQUEST_TIMEOUTS_S:
            self._broadcast(REQUEST, wanted)
            end = time.monotonic() + timeout_s
            while message := self._next(end):
                if message.kind == ACK and message.server == offer.server:
                    return message
                if message.kind == NAK:
                    raise Failure("PXE-E51: No DHCP or proxyDHCP offers were received (the server took its offer back)")
        raise Failure("PXE-E51: No DHCP or proxyDHCP offers were received (the offer was not acknowledged)")

    def _broadcast(self, kind: int, options: dict[int, bytes]) -> None:
        asked = Message(1, self._xid, self._mac, {packets.TYPE: bytes([kind]), **options, **self._options})
        packet = packets.datagram(_NOWHERE, _EVERYONE, (CLIENT_PORT, SERVER_PORT), packets.encode(asked))
        self._wire.broadcast(packet)

    def _next(self, end: float) -> Message | None:
        """Return the next answer of a server to this client; None if there is none before a moment."""
        while (left := end - time.monotonic()) > 0:
            with suppress(packets.Malformed, TimeoutError):
                payload = packets.payload_for(self._wire.receive(left), CLIENT_PORT)
                if payload and self._is_mine(message := packets.decode(payload)):
                    return message
        return None

    def _is_mine(self, message: Message) -> bool:
        return (message.op, message.xid, message.mac) == (2, self._xid, self._mac)

    def _ask_proxy(self, lease: Lease, server: IPv4Address) -> Message:
        """Ask a boot server at its port 4011."""
        options = {packets.TYPE: bytes([REQUEST]), **self._options}
        asked = Message(1, self._xid, self._mac, options, ciaddr=lease.address, broadcast=False)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as wire:
            wire.bind((str(lease.address), CLIENT_PORT))
            for timeout_s in _PROXY_TIMEOUTS_S:
                wire.sendto(packets.encode(asked), (str(server), PROXY_PORT))
                end = time.monotonic() + timeout_s
                while (left := end - time.monotonic()) > 0:
                    wire.settimeout(left)
                    with suppress(packets.Malformed, TimeoutError):
                        message = packets.decode(wire.recv(65536))
                        if self._is_mine(message) and message.kind == ACK:
                            return message
        raise Failure("PXE-E55: proxyDHCP service did not reply to request on port 4011")


def _enough(heard: Iterable[Message]) -> bool:
    """Tell whether there is an address, and somebody who knows what to boot."""
    offers = list(heard)
    return any(each.yiaddr != _NOWHERE for each in offers) and any(each.is_pxe or each.boot_file for each in offers)


def _shown(offer: Message) -> Offer:
    return Offer(
        str(offer.server),
        "" if offer.yiaddr == _NOWHERE else str(offer.yiaddr),
        packets.text(offer.options.get(packets.VENDOR_CLASS, b"")),
        _boot_server(offer) if offer.boot_file else "",
        offer.boot_file,
    )


def _boot_server(answer: Message) -> str:
    """Return who has the boot file: option 66, or the header's next server, or who says so."""
    named = packets.text(answer.options.get(packets.BOOT_SERVER, b"")) or answer.server_name
    if answer.siaddr != _NOWHERE:
        return str(answer.siaddr)
    return named or str(answer.server)


def _boot_file(answer: Message) -> BootFile:
    if not answer.boot_file:
        raise Failure("PXE-E53: No boot filename received")
    named = _boot_server(answer)
    try:
        return BootFile(IPv4Address(socket.gethostbyname(named)), answer.boot_file)
    except OSError as error:
        raise Failure(f'PXE-E32: TFTP open timeout (the boot server "{named}" is unknown)') from error
