"""Frames as no honest program sends them, made from a grammar and damaged at random, always the same for one seed.

Sent in small batches with a fence after each: only when a mark behind the batch has come out of the switch is the next
one sent. Otherwise most frames would be lost in a full socket before the switch has looked at them.
"""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from random import Random

from tests.system.frames import BROADCAST, ETHERTYPE, raw, waiting

ARP, IPV4, IPV6, VLAN, QINQ, LLDP, SLOW, HEARTBEAT = 0x0806, 0x0800, 0x86DD, 0x8100, 0x88A8, 0x88CC, 0x8809, 0x886F
_TYPES = (ARP, IPV4, IPV6, VLAN, QINQ, LLDP, SLOW, HEARTBEAT, 0x0000, 0x05DC, 0x05FF, 0x0600, 0x8847, 0x894F, 0xFFFF)
_PROTOCOLS = (0, 1, 2, 6, 17, 41, 43, 44, 47, 50, 51, 58, 59, 60, 89, 132, 135, 255)
_PORTS = (0, 1, 53, 67, 68, 546, 547, 4789, 6081, 6653, 65535)
_GROUPS = (
    "01:80:c2:00:00:00", "01:80:c2:00:00:02", "01:80:c2:00:00:0e", "01:00:5e:00:00:01", "33:33:00:00:00:01",
    "33:33:ff:00:00:31", "01:00:0c:cc:cc:cc", "03:bf:0a:00:01:01", "01:23:20:00:00:01",
)  # fmt: skip
_SMALLEST = 14
_BATCH = 64
_BATCH_BYTES = 30_000
_FENCE_TYPE = ETHERTYPE
_FENCE_S = 0.1
_FENCES = 200
_BASE = 4_000
_OFTEN = (10, 10, 10, 10, 10, 10, 3, 1)


@dataclass(frozen=True, slots=True)
class Grammar:
    """What frames are made of. ``claims`` are the IP addresses that a frame may say are its sender's."""

    own: str
    sources: Sequence[str]
    targets: Sequence[str]
    claims: Sequence[str]
    addresses: Sequence[str]
    mtu: int

    def frames(self, seed: int, count: int) -> Iterator[bytes]:
        """Yield frames: each one of a stock made by the rules, and four of five of them damaged."""
        random = Random(seed)
        maker = _Maker(self, random)
        stock = [maker.frame() for _ in range(min(count, _BASE))]
        for at in range(count):
            frame = stock[at % len(stock)]
            if at >= len(stock) or random.random() < 0.4:
                frame = self._addressed(random, _damaged(random, frame))
            yield frame[: self.mtu + 14]

    def _addressed(self, random: Random, frame: bytes) -> bytes:
        """Give a frame other MAC addresses: damage must not make it come from somebody by chance."""
        return raw(random.choice(self.targets)) + source(random, self) + frame[12:].ljust(2, b"\0")


def source(random: Random, grammar: Grammar) -> bytes:
    """Return a sender's address: its own, nobody's, another's, or one that no sender can have."""
    kind = random.random()
    if kind < 0.5:
        return raw(grammar.own)
    if kind < 0.6:
        return random.choice((bytes(6), b"\xff" * 6, raw(random.choice(_GROUPS))))
    if kind < 0.8 and grammar.sources:
        return raw(random.choice(grammar.sources))
    return bytes([random.randrange(256) & 0xFC | 2]) + random.randbytes(5)


def everyone(macs: Sequence[str]) -> list[str]:
    """Return receivers: everybody, groups, reserved addresses, those given, and nobody."""
    return [BROADCAST, *_GROUPS, "00:00:00:00:00:00", "02:de:ad:be:ef:00", *macs, *macs]


class _Maker:
    """Makes frames by the rules, some of them with one field that is not."""

    def __init__(self, grammar: Grammar, random: Random) -> None:
        self._grammar = grammar
        self._random = random
        self._kinds: tuple[Callable[[], bytes], ...] = (
            self._arp, self._ipv4, self._ipv6, self._dhcp, self._neighbours, self._fragment, self._tagged, self._other,
            self._ipv4, self._ipv6, self._tunnel,
        )  # fmt: skip

    def frame(self) -> bytes:
        target = raw(self._random.choice(self._grammar.targets))
        frame = target + source(self._random, self._grammar) + self._random.choice(self._kinds)()
        return frame if self._random.random() < 0.9 else frame[: self._random.randrange(_SMALLEST, len(frame) + 1)]

    def _address(self, version: int, known: Sequence[str]) -> bytes:
        fits = [found.packed for each in known if (found := ip_address(each)).version == version]
        return self._random.choice(fits)

    def _payload(self) -> bytes:
        size = self._random.choices((0, 1, 7, 8, 46, 200, 1400, self._grammar.mtu), _OFTEN)[0]
        return self._random.randbytes(size)

    def _wrong(self, right: int, bits: int) -> int:
        """Return a field's value: mostly the right one."""
        chances = (right, right, right, 0, (1 << bits) - 1, right - 1, right + 1, self._random.getrandbits(bits))
        return self._random.choice(chances) % (1 << bits)

    def _arp(self) -> bytes:
        head = struct.pack(
            "!HHHBBH", ARP, self._wrong(1, 16), self._wrong(IPV4, 16), self._wrong(6, 8), self._wrong(4, 8),
            self._wrong(self._random.choice((1, 2)), 16),
        )  # fmt: skip
        sender = source(self._random, self._grammar) + self._address(4, self._grammar.claims)
        target = raw(self._random.choice(self._grammar.targets)) + self._address(4, self._grammar.addresses)
        return head + sender + target

    def _ipv4(self, upper: bytes | None = None, protocol: int | None = None, fragment: int = 0) -> bytes:
        number, body = self._upper(4) if upper is None else (protocol or 0, upper)
        options = self._random.choice(
            (b"", b"", b"\x07\x27\x04" + bytes(37), b"\x83\x03\x04\0", self._random.randbytes(8))
        )
        length = 20 + len(options) + len(body)
        ends = self._address(4, self._grammar.claims) + self._address(4, self._grammar.addresses)
        first = self._wrong(4, 4) << 4 | self._wrong(5 + len(options) // 4, 4)
        head = struct.pack(
            "!BBHHHBBH", first, self._random.getrandbits(8), self._wrong(length, 16), self._random.getrandbits(16),
            fragment, self._random.choice((0, 1, 64, 255)), number, 0,
        )  # fmt: skip
        sum_ = self._wrong(checksum(head + ends + options), 16)
        return struct.pack("!H", IPV4) + head[:10] + struct.pack("!H", sum_) + ends + options + body

    def _ipv6(self, upper: bytes | None = None, protocol: int | None = None) -> bytes:
        ends = self._address(6, self._grammar.claims) + self._address(6, self._grammar.addresses)
        number, body = self._upper(6, ends) if upper is None else (protocol or 0, upper)
        for _ in range(self._random.choice((0, 0, 0, 1, 3, 12))):
            kind = self._random.choice((0, 43, 44, 51, 60))
            body = bytes([number, self._wrong(0, 8)]) + self._random.randbytes(6) + body
            number = kind
        head = struct.pack(
            "!IHBB", self._wrong(6, 4) << 28 | self._random.getrandbits(28), self._wrong(len(body), 16), number,
            self._random.choice((0, 1, 64, 255)),
        )  # fmt: skip
        return struct.pack("!H", IPV6) + head + ends + body

    def _upper(self, version: int, ends: bytes = b"") -> tuple[int, bytes]:
        """Return a protocol's number and what follows the IP header."""
        ports = struct.pack("!HH", self._random.choice(_PORTS), self._random.choice(_PORTS))
        body = self._payload()
        number = self._random.choice(_PROTOCOLS)
        if number == 17:
            return 17, ports + struct.pack("!HH", self._wrong(8 + len(body), 16), self._random.getrandbits(16)) + body
        if number == 6:
            offset = self._wrong(5, 4) << 12 | self._random.getrandbits(9)
            return 6, ports + self._random.randbytes(8) + struct.pack("!H", offset) + self._random.randbytes(6) + body
        if number == 1 and version == 4:
            message = bytes([self._random.choice((0, 3, 4, 5, 8, 9, 11, 13, 255)), self._random.randrange(16), 0, 0])
            return 1, _summed(message + body, 2, checksum(message + body))
        return number, body

    def _dhcp(self) -> bytes:
        kind = bytes([53, self._wrong(1, 8), self._random.randrange(1, 9)])
        options = b"\x63\x82\x53\x63" + kind + self._random.randbytes(self._random.choice((0, 4, 60, 300))) + b"\xff"
        operation = self._random.choice((1, 2))
        body = bytes([operation, 1, self._wrong(6, 8), 0]) + self._random.randbytes(24)
        body += raw(self._grammar.own) + bytes(10 + 192) + options
        ports = (68, 67) if operation == 1 else (67, 68)
        return self._ipv4(struct.pack("!HHHH", *ports, self._wrong(8 + len(body), 16), 0) + body, 17)

    def _neighbours(self) -> bytes:
        """Neighbour discovery, with sums that are right, so that it is looked at."""
        ends = self._address(6, self._grammar.claims) + self._address(6, self._grammar.addresses)
        kind = self._random.choice((133, 135, 135, 136, 137, 130, 143))
        option = bytes([self._random.choice((1, 2, 3, 5, 25, 255)), self._wrong(1, 8)]) + self._random.randbytes(6)
        message = bytes([kind, 0, 0, 0]) + self._random.randbytes(4) + self._address(6, self._grammar.claims) + option
        pseudo = ends + struct.pack("!IxxxB", len(message), 58)
        body = _summed(message, 2, checksum(pseudo + message))
        head = struct.pack("!IHBB", 6 << 28, self._wrong(len(body), 16), 58, 255)
        return struct.pack("!H", IPV6) + head + ends + body

    def _fragment(self) -> bytes:
        """Fragments that overlap, that begin beyond the longest packet, that never end."""
        offset = self._random.choice((0, 1, 2, 0x1FFF, self._random.getrandbits(13)))
        more = self._random.choice((0, 0x2000, 0x8000))
        if self._random.random() < 0.5:
            return self._ipv4(self._payload(), self._random.choice((1, 6, 17)), offset | more)
        extension = struct.pack("!BBHI", self._random.choice((6, 17, 58, 44)), 0, offset << 3 | more >> 13, 7)
        return self._ipv6(extension + self._payload(), 44)

    def _tagged(self) -> bytes:
        tags = b"".join(
            struct.pack("!HH", self._random.choice((VLAN, QINQ, 0x9100)), self._random.getrandbits(16))
            for _ in range(self._random.choice((1, 1, 2, 2, 3, 30)))
        )
        return tags + self._random.choice((self._arp, self._ipv4, self._ipv6, self._other))()

    def _other(self) -> bytes:
        return struct.pack("!H", self._random.choice(_TYPES)) + self._payload()

    def _tunnel(self) -> bytes:
        """VXLAN and Geneve: a switch that ends no tunnels must not look into one."""
        inner = self._random.randbytes(12) + self._arp()
        port = self._random.choice((4789, 6081, 8472))
        body = (
            struct.pack("!II", self._random.choice((0x08000000, 0xFFFFFFFF, 0)), self._random.getrandbits(32)) + inner
        )
        return self._ipv4(struct.pack("!HHHH", 5000, port, 8 + len(body), 0) + body, 17)


def checksum(data: bytes) -> int:
    """Return the internet checksum (RFC 1071)."""
    padded = data + b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def _summed(message: bytes, at: int, found: int) -> bytes:
    return message[:at] + struct.pack("!H", found) + message[at + 2 :]


def _damaged(random: Random, frame: bytes) -> bytes:
    """Return a frame with bytes changed, left out, put in or repeated behind its MAC addresses."""
    body = bytearray(frame)
    for _ in range(random.choice((1, 1, 2, 5))):
        kind = random.random()
        at = (
            random.randrange(12, max(len(body), 13))
            if kind < 0.3
            else random.randrange(12, max(13, min(len(body), 80)))
        )
        if kind < 0.7 and at < len(body):
            body[at] = random.choice((0, 1, 127, 128, 255, random.randrange(256)))
        elif kind < 0.8:
            del body[max(at, _SMALLEST) :]
        elif kind < 0.9:
            body[at:at] = random.randbytes(random.randrange(1, 9))
        else:
            body += body[12:at]
    return bytes(body)


@dataclass(slots=True)
class Sender:
    """Sends frames from a machine's adapter; `fence` hears at another adapter of the switch what has come through."""

    adapter: socket.socket
    fence: socket.socket
    mac: str
    sent: int = 0
    refused: int = 0

    def send(self, frames: Iterator[bytes]) -> None:
        """Send all frames; AssertionError if the switch stops carrying anything."""
        held = size = 0
        for frame in frames:
            self._send(frame)
            held, size = held + 1, size + len(frame)
            if held >= _BATCH or size >= _BATCH_BYTES:
                self._wait()
                held = size = 0
        self._wait()

    def _send(self, frame: bytes) -> None:
        try:
            self.adapter.send(frame)
        except OSError:  # the kernel will not send a frame like this one at all
            self.refused += 1
        else:
            self.sent += 1

    def _wait(self) -> None:
        """Wait until what was sent has passed; a mark may get lost, so that it is sent again."""
        for _ in range(_FENCES):
            mark = b"hvlab-fence-%016d" % (self.sent + 1)
            self._send((raw(BROADCAST) + raw(self.mac) + _FENCE_TYPE.to_bytes(2, "big") + mark).ljust(60, b"\0"))
            if self._heard(mark):
                return
        raise AssertionError(f"no frame came through for {_FENCES * _FENCE_S:g} s, after {self.sent}")

    def _heard(self, mark: bytes) -> bool:
        ends = time.monotonic() + _FENCE_S
        self.fence.settimeout(_FENCE_S)
        try:
            while time.monotonic() < ends:
                if self.fence.recv(2048)[14 : 14 + len(mark)] == mark:
                    return True
        except TimeoutError:
            return False
        return False


def strangers(sniffer: socket.socket, friends: set[bytes]) -> list[str]:
    """Return the frames that came to an adapter from others than those."""
    return [frame.hex() for frame in waiting(sniffer) if frame[6:12] not in friends]


def fakes(network4: str, network6: str) -> list[str]:
    """Return IP addresses of two subnets that nobody there has, and some that nobody can have."""
    four, six = IPv4Address(network4), IPv6Address(network6)
    nobody = [str(four + at) for at in range(200, 230)] + [str(six + at) for at in range(0xF200, 0xF230)]
    return [*nobody, "0.0.0.0", "255.255.255.255", "127.0.0.1", "224.0.0.1", "::", "::1", "ff02::1", "fe80::bad"]
