"""Frames with VLAN tags between the adapters of a lab: who gets them, and with which tag."""

from __future__ import annotations

import itertools
import socket
import struct
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.eventually import eventually
from tests.system.frames import BROADCAST, ETHERTYPE, EVERYTHING, Adapter, adapters, packet_socket, raw
from tests.system.labs import RunningLab

# Of linux/socket.h and linux/if_packet.h; Python does not name them.
SOL_PACKET, IGNORE_OUTGOING = 263, 23
_PACKET_AUXDATA, _TP_STATUS_VLAN_VALID = 8, 0x10
_ROUNDS = 3
_numbers = itertools.count(1)

Heard = dict[str, int | None]
"""Who got a frame, and what its tag says: priority and VLAN id (see :func:`tag`); None is without a tag."""


def tag(vlan: int, priority: int = 0) -> int:
    """Return what a tag says (IEEE 802.1Q, 9.6)."""
    return priority << 13 | vlan


class Fence(NamedTuple):
    """A broadcast that so many adapters get, by which it is known that what was sent before it has arrived."""

    sender: str
    tag: int | None
    hearing: int


@dataclass(slots=True)
class Ears:
    """Adapters of a lab, listening."""

    known: Mapping[str, Adapter]
    sockets: Mapping[str, socket.socket]
    fence: Fence
    heard: dict[bytes, Heard] = field(default_factory=dict)

    def send(self, sender: str, target: str, what: int | None) -> bytes:
        """Send a frame with a tag, or without one, and return what it is recognised by."""
        mark = b"hvlab-vlan-%08d" % next(_numbers)
        header = b"" if what is None else struct.pack("!HH", 0x8100, what)
        frame = raw(target) + raw(self.known[sender].mac) + header + ETHERTYPE.to_bytes(2, "big") + mark
        self.sockets[sender].send(frame.ljust(64, b"\0"))
        return mark

    def of(self, mark: bytes) -> Heard:
        """Return who has got a frame."""
        for name, each in self.sockets.items():
            while True:
                try:
                    frame, control, _, _ = each.recvmsg(2048, 64)
                except BlockingIOError:
                    break
                where = frame.find(b"hvlab-vlan-")
                if where >= 0:
                    seen = self.heard.setdefault(frame[where : where + 19], {})
                    assert name not in seen, f"{name} got it twice"
                    seen[name] = _tag(frame, control)
        return self.heard.get(mark, {})

    def reached(self, sender: str, target: str, what: int | None, wanted: Collection[str] = ()) -> Heard:
        """Send a frame and return who gets it, when everybody who should has it and later frames have passed."""
        mark = self.send(sender, target, what)
        eventually(lambda: self.of(mark), lambda seen: seen.keys() >= set(wanted), timeout=5.0)
        for _ in range(_ROUNDS):
            fence = self.send(self.fence.sender, BROADCAST, self.fence.tag)
            eventually(
                lambda fence=fence: self.of(fence), lambda seen: len(seen) >= self.fence.hearing, timeout=5.0
            )  # fmt: skip
        return self.of(mark)


def _tag(frame: bytes, control: list[tuple[int, int, bytes]]) -> int | None:
    """Return what the tag of a frame says; the kernel takes it off what arrives, and not off what is sent."""
    if frame[12:14] == b"\x81\0":
        return int.from_bytes(frame[14:16], "big")
    for _, kind, data in control:
        if kind == _PACKET_AUXDATA:
            status, _, _, _, _, tci, _ = struct.unpack_from("IIIHHHH", data)
            return tci if status & _TP_STATUS_VLAN_VALID else None
    raise AssertionError("the kernel said nothing of a tag")


@contextmanager
def listening(running: RunningLab, fence: Fence, more: Mapping[str, str] | None = None) -> Iterator[Ears]:
    """Yield the first adapters of all machines, listening; `more` are other adapters, by the names to give them."""
    everything = adapters(running)
    known = {name: each for name, each in everything.items() if "/" not in name}
    known |= {name: everything[full] for name, full in (more or {}).items()}
    with ExitStack() as stack:
        sockets = {name: stack.enter_context(packet_socket(running, each, EVERYTHING)) for name, each in known.items()}
        for each in sockets.values():
            each.setsockopt(SOL_PACKET, _PACKET_AUXDATA, 1)
        yield Ears(known, sockets, fence)


def vlans(heard: Mapping[str, int | None]) -> dict[str, int]:
    """Return who got a frame, and the VLAN id of its tag; 0 is without a tag."""
    return {name: (what or 0) & 0xFFF for name, what in heard.items()}


def same(names: Sequence[str], what: int | None = None) -> Heard:
    """Return what is heard if each of some adapters gets a frame with one tag, or without one."""
    return dict.fromkeys(names, what)
