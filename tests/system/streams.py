"""TCP streams of a lab's machines, all at once: who gets how much of what they share."""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Sequence
from contextlib import ExitStack

from tests.system.labs import RunningLab
from tests.system.talking import connected, where

_CHUNK = bytes(1 << 16)

Pair = tuple[str, str]


def goodputs(running: RunningLab, *pairs: Pair, warm_s: float = 1.5, seconds: float = 2.5) -> dict[Pair, float]:
    """Return what each pair's stream brings, in bit/s, after a time to warm up, while all of them send what they can."""
    with ExitStack() as stack:
        ends = [
            stack.enter_context(connected(running, where(running, source, 4), where(running, target, 4)))
            for source, target in pairs
        ]
        started = time.monotonic()
        _pump(ends, started + warm_s)
        counted_from = time.monotonic()
        arrived = _pump(ends, counted_from + seconds)
        took = time.monotonic() - counted_from
    return {pair: count * 8 / took for pair, count in zip(pairs, arrived, strict=True)}


def _pump(ends: Sequence[tuple[socket.socket, socket.socket]], until: float) -> list[int]:
    """Send on all connections until then, and return how many bytes came by each."""
    number = {far: at for at, (_, far) in enumerate(ends)}
    senders, arrived = [near for near, _ in ends], [0] * len(ends)
    for one in (*senders, *number):
        one.settimeout(0)
    while time.monotonic() < until:
        readable, writable, _ = select.select(list(number), senders, [], 0.1)
        for near in writable:
            near.send(_CHUNK)
        for far in readable:
            arrived[number[far]] += len(far.recv(1 << 20))
    return arrived
