"""What makes a device send no faster than it shall, and divide that among those who send: as `tc` commands.

A relay's device to the wire has an HTB tree (tc-htb(8)): one class for the link, and in it one for each adapter with a
minimum bandwidth and one for all others. Each is promised its rate and may have the link's. A classic BPF program
(tc-bpf(8)) tells whose a frame is: it reads the source MAC address at its place in the frame, tagged or not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.engine.resources import Relay, Share

_LARGEST_FRAME: Final = 64 * 1024
"""Where segmentation is offloaded, a frame has up to 64 kB."""
_BURST_BYTES: Final = 2 * _LARGEST_FRAME
_LATE_MS: Final = 1

_TREE, _LINK, _REST, _FIRST = 1, 1, 2, 16
"""The numbers of the tree, of its class of the link, of that of all others, and of that of the first share."""
_LEAST_BPS: Final = 8_000
"""No class of HTB has a rate of 0."""
_QUEUE_MS: Final = 40
_QUEUE_BYTES: Final = (2 * _LARGEST_FRAME, 4 * 1024 * 1024)
_MOST_AT_ONCE: Final = 8
"""How many times as much as another a class may have at once of what others leave, at most."""

_LOAD_WORD, _LOAD_HALF, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x28, 0x15, 0x06  # linux/bpf_common.h
_SOURCE_AT: Final = 6


def shape(device: str, rate_bps: int) -> str:
    """Return the command that limits what a device sends, in bits per second; 0 is no limit any more."""
    if not rate_bps:
        return f"qdisc delete dev {device} root"
    return f"qdisc replace dev {device} root tbf rate {rate_bps}bit burst {_burst(rate_bps)} latency 50ms"


def create_tree(relay: Relay) -> Iterator[str]:
    """Yield the commands that make the tree of a relay's device to the wire, whatever it had before."""
    yield f"qdisc replace dev {relay.far} root pfifo"  # HTB cannot be replaced by HTB
    yield f"qdisc replace dev {relay.far} root handle {_TREE}: htb default {_REST:x}"
    yield from change_tree(relay)


def change_tree(relay: Relay) -> Iterator[str]:
    """Yield the commands that give a tree its present rates and shares; nothing is lost or unlimited meanwhile."""
    rates = {_REST: relay.rest_bps} | {number: share.rate_bps for number, share in enumerate(relay.shares, _FIRST)}
    yield _class(relay, 0, _LINK, relay.speed_bps, _LARGEST_FRAME)
    smallest = max(min(rates.values()), _LEAST_BPS)
    for number, rate in rates.items():
        quantum = min(max(rate // smallest, 1), _MOST_AT_ONCE) * _LARGEST_FRAME
        yield _class(relay, _LINK, number, max(rate, _LEAST_BPS), quantum)
        yield f"qdisc replace dev {relay.far} parent {_TREE}:{number:x} bfifo limit {_queue(relay.speed_bps)}"
    program = list(_program(relay.shares))
    bytecode = ",".join(f"{code} {yes} {no} {value}" for code, yes, no, value in program)
    yield (
        f"filter replace dev {relay.far} parent {_TREE}: prio 1 handle 1 protocol all "
        f'bpf bytecode "{len(program)},{bytecode}"'
    )


def remove_shares(relay: Relay, old: Relay) -> Iterator[str]:
    """Yield the commands that take away the classes of more shares than there are now, which nothing uses any more."""
    for number in range(_FIRST + len(relay.shares), _FIRST + len(old.shares)):
        yield f"class delete dev {relay.far} classid {_TREE}:{number:x}"


def _class(relay: Relay, parent: int, number: int, rate_bps: int, quantum: int) -> str:
    above = f"{_TREE}:{parent:x}" if parent else f"{_TREE}:"
    burst = _burst(relay.speed_bps)
    return (
        f"class replace dev {relay.far} parent {above} classid {_TREE}:{number:x} htb rate {rate_bps}bit "
        f"ceil {relay.speed_bps}bit burst {burst} cburst {burst} quantum {quantum}"
    )


def _burst(rate_bps: int) -> int:
    """Return how many bytes may go at once: the largest frames, and what the machine may be late with."""
    return max(_BURST_BYTES, rate_bps * _LATE_MS // 8000)


def _queue(speed_bps: int) -> int:
    """Return how many bytes of a class may wait, which is how long TCP has others wait behind it."""
    least, most = _QUEUE_BYTES
    return min(max(speed_bps * _QUEUE_MS // 8000, least), most)


def _program(shares: tuple[Share, ...]) -> Iterator[tuple[int, int, int, int]]:
    """Yield the instructions that return the class of a frame's source address, and 0 where it has none of its own."""
    for number, share in enumerate(shares, _FIRST):
        mac = bytes.fromhex(share.mac.replace(":", ""))
        yield _LOAD_WORD, 0, 0, _SOURCE_AT + 2
        yield _JUMP_IF_EQUAL, 0, 3, int.from_bytes(mac[2:])
        yield _LOAD_HALF, 0, 0, _SOURCE_AT
        yield _JUMP_IF_EQUAL, 0, 1, int.from_bytes(mac[:2])
        yield _RETURN, 0, 0, _TREE << 16 | number
    yield _RETURN, 0, 0, 0
