"""Traffic that goes on while something is killed, and what it loses: pings at a short interval, and a TCP transfer.

Packets are counted by their sequence numbers, times are taken where the answers arrive. The transfer is paced: it is
there to be interrupted, not to load the machine.
"""

from __future__ import annotations

import contextlib
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise

from tests.eventually import eventually
from tests.system.labs import Pinging, RunningLab, pinging

INTERVAL_S = 0.005
_CHUNK = 4096
_PAUSE_S = 0.002
_CYCLE = 251
_PATTERN = bytes(range(_CYCLE)) * (2 + (1 << 16) // _CYCLE)


@dataclass(frozen=True, slots=True)
class Loss:
    """What one path lost meanwhile: packets, and for how long neither answers nor bytes came, at most."""

    packets: int
    silence_s: float
    transfer_silence_s: float

    def __str__(self) -> str:
        return f"{self.packets} packets, {self.silence_s:.2f} s; TCP waited {self.transfer_silence_s:.2f} s"


@dataclass(slots=True)
class Transfer:
    """A TCP transfer from one machine to another; the bytes that arrive must be those that were sent."""

    sender: socket.socket
    receiver: socket.socket
    sent: int = 0
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    trouble: str = ""
    _ending: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def start(self) -> None:
        self._threads = [threading.Thread(target=each) for each in (self._send, self._receive)]
        for thread in self._threads:
            thread.start()

    def _send(self) -> None:
        try:
            while not self._ending.wait(_PAUSE_S):
                self.sender.sendall(_bytes_at(self.sent, _CHUNK))
                self.sent += _CHUNK
            self.sender.shutdown(socket.SHUT_WR)
        except OSError as error:
            self.trouble = f"the sender: {error}"

    def _receive(self) -> None:
        received = 0
        try:
            while piece := self.receiver.recv(1 << 16):
                if piece != _bytes_at(received, len(piece)):
                    self.trouble = f"other bytes than were sent, after {received}"
                received += len(piece)
                self.arrivals.append((time.time(), received))
        except OSError as error:
            self.trouble = f"the receiver: {error}"

    def advance(self) -> None:
        """Wait for bytes that are sent from now on."""
        mark = self.sent + _CHUNK
        eventually(self.arrived, lambda seen: seen > mark or bool(self.trouble), timeout=30)
        assert not self.trouble, self.trouble

    def arrived(self) -> int:
        """Return how many bytes have arrived."""
        return self.arrivals[-1][1] if self.arrivals else 0

    def end(self) -> None:
        """End it, and check that every byte has arrived."""
        self._ending.set()
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()
        assert not self.trouble, self.trouble
        assert self.arrived() == self.sent


def _bytes_at(offset: int, count: int) -> bytes:
    """Return that piece of the bytes that are transferred."""
    return _PATTERN[offset % _CYCLE : offset % _CYCLE + count]


class Path:
    """Pings and a transfer from one machine to another."""

    def __init__(self, ping: Pinging, transfer: Transfer) -> None:
        self._ping = ping
        self._transfer = transfer

    def advance(self) -> None:
        """Wait until both go on."""
        self._ping.advance(20, timeout=30)
        self._transfer.advance()

    def lost(self, since: float) -> Loss:
        """Return what was lost since a time. Call it after :meth:`advance`, or the end of a silence is not there yet."""
        answers = [
            (float(stamp), int(number))
            for stamp, number in re.findall(
                r"^\[(\d+\.\d+)\] \d+ bytes.* icmp_seq=(\d+) ttl=", self._ping.output.read_text(), re.MULTILINE
            )
        ]
        first = max(at for at, (stamp, _) in enumerate(answers) if stamp < since)
        numbers = {number for _, number in answers[first:]}
        packets = max(numbers) - min(numbers) + 1 - len(numbers)
        arrivals = [stamp for stamp, _ in self._transfer.arrivals]
        return Loss(packets, _longest([stamp for stamp, _ in answers], since), _longest(arrivals, since))


def _longest(times: list[float], since: float) -> float:
    """Return the longest time between two events of which the later one is after `since`."""
    pairs = pairwise(times)
    return max((later - earlier for earlier, later in pairs if later > since), default=0.0)


@contextmanager
def path(lab: RunningLab, sender: str, receiver: str, address: str) -> Iterator[Path]:
    """Have traffic between two machines as long as the block lasts; every byte of the transfer must arrive."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(lab.socket(receiver, socket.AF_INET, socket.SOCK_STREAM))
        listener.bind((address, 0))
        listener.listen()
        client = stack.enter_context(lab.socket(sender, socket.AF_INET, socket.SOCK_STREAM))
        client.connect(listener.getsockname())
        server, _ = listener.accept()
        stack.enter_context(server)
        for end in (client, server):
            end.settimeout(30)
        transfer = Transfer(client, server)
        ping = stack.enter_context(pinging(lab, sender, address, interval_s=INTERVAL_S, lossless=False))
        transfer.start()
        stack.callback(transfer.end)
        found = Path(ping, transfer)
        found.advance()
        yield found
        found.advance()
