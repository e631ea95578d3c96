"""Frames of our own between the adapters of a lab, and how many copies of each arrive where.

The packet sockets are made inside the machines, by whose kernels they send and receive, and are used from here: nothing
has to be started, waited for or stopped. That a frame did not arrive is known without waiting either: frames overtake
none that were sent before, so it is too late for it when later ones have passed through every switch a few times.
"""

from __future__ import annotations

import itertools
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.eventually import eventually
from tests.system.labs import RunningLab

ETHERTYPE = 0x88B5  # IEEE 802: for experiments on one's own network
EVERYTHING = 0x0003
BROADCAST = "ff:ff:ff:ff:ff:ff"
ARP = 0x0806

# A frame passes three switches at most; one round of later frames moves it on by one switch at least.
_ROUNDS = 4
_SMALLEST = 60
# Of linux/socket.h and linux/if_packet.h; Python does not name them.
_SOL_PACKET = 263
_IGNORE_OUTGOING = 23

_numbers = itertools.count(1)


def stray_mac() -> str:
    """Return a MAC address that nobody ever had."""
    return f"02:88:b5:00:{next(_numbers).to_bytes(2, 'big').hex(':')}"


def raw(text: str) -> bytes:
    """Return a MAC address, in whatever way it is written, as bytes."""
    return bytes.fromhex(text.replace(":", "").replace("-", ""))


@dataclass(frozen=True, slots=True)
class Adapter:
    """Where an adapter of a lab is, in Linux's words."""

    node: str
    device: str
    mac: str


def adapters(lab: RunningLab) -> dict[str, Adapter]:
    """Return all adapters of all machines that run, as `MACHINE/ADAPTER`; the first of each also as `MACHINE`."""
    found: dict[str, Adapter] = {}
    for row in lab.status()["adapters"]:
        if row["device"]:
            adapter = Adapter(row["machine"], row["device"], raw(row["mac"]).hex(":"))
            found[f"{row['machine']}/{row['name']}"] = adapter
            found.setdefault(row["machine"], adapter)
    return found


def packet_socket(lab: RunningLab, adapter: Adapter, ethertype: int) -> socket.socket:
    """Return a socket for the frames of one type that arrive at an adapter, whoever they are for."""
    made = lab.socket(adapter.node, socket.AF_PACKET, socket.SOCK_RAW)
    made.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    made.bind((adapter.device, ethertype))
    made.settimeout(0)
    return made


@dataclass(slots=True)
class Stations:
    """Adapters that send frames and count copies. ``segments``: which of them hear one another's broadcasts."""

    segments: Sequence[Sequence[str]]
    adapters: Mapping[str, Adapter]
    sockets: Mapping[str, socket.socket]
    heard: dict[str, Counter[bytes]] = field(default_factory=dict)

    def mac(self, name: str) -> str:
        return self.adapters[name].mac

    def send(self, sender: str, target: str, source: str = "") -> bytes:
        """Send a frame, from the sender's own address unless another is given; return what it is recognised by."""
        mark = b"hvlab-test-%08d" % next(_numbers)
        frame = raw(target) + raw(source or self.mac(sender)) + ETHERTYPE.to_bytes(2, "big") + mark
        self.sockets[sender].send(frame.ljust(_SMALLEST, b"\0"))
        return mark

    def copies(self, sender: str, target: str, source: str = "") -> dict[str, int]:
        """Send a frame and return who got it, each with the number of copies."""
        mark = self.send(sender, target, source)
        self.settle()
        return self.received(mark)

    def received(self, mark: bytes) -> dict[str, int]:
        """Return who has received a frame, each with the number of copies."""
        self._listen()
        return {station: counter[mark] for station, counter in self.heard.items() if counter[mark]}

    def settle(self) -> None:
        """Return when everything that was sent before has arrived, or never will."""
        for turn in range(_ROUNDS):
            fences = [(members, members[turn % len(members)]) for members in self.segments]
            sent = [(set(members) - {sender}, self.send(sender, BROADCAST)) for members, sender in fences]
            eventually(lambda sent=sent: self._missing(sent), lambda missing: not missing, timeout=5.0)

    def _missing(self, sent: Sequence[tuple[set[str], bytes]]) -> set[str]:
        self._listen()
        return {station for members, mark in sent for station in members if not self.heard[station][mark]}

    def _listen(self) -> None:
        for station, each in self.sockets.items():
            counter = self.heard.setdefault(station, Counter())
            counter.update(frame[14:].rstrip(b"\0") for frame in waiting(each))


def waiting(open_socket: socket.socket) -> Iterator[bytes]:
    """Yield the frames that have arrived."""
    while True:
        try:
            yield open_socket.recv(65536)
        except BlockingIOError:
            return


@contextmanager
def stations(lab: RunningLab, *segments: Sequence[str]) -> Iterator[Stations]:
    """Yield the adapters of some segments, listening; one may be in several of them."""
    known = adapters(lab)
    names = list(dict.fromkeys(name for members in segments for name in members))
    sockets: dict[str, socket.socket] = {}
    try:
        for name in names:
            sockets[name] = packet_socket(lab, known[name], ETHERTYPE)
        yield Stations(segments, {name: known[name] for name in names}, sockets)
    finally:
        for each in sockets.values():
            each.close()


def once(names: Sequence[str], *but: str) -> dict[str, int]:
    """Return what :meth:`Stations.copies` says if each of these, but not those, got one copy."""
    return {name: 1 for name in names if name not in but}


def soon(copies: Callable[[], Any], wanted: Any, timeout: float = 2.0) -> None:
    """Check that a frame, sent again and again, soon goes where it should."""
    eventually(copies, lambda seen: seen == wanted, timeout=timeout)
