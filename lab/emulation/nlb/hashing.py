"""In which bucket a client is: what the kernel works out for every first packet, worked out again to explain it.

Microsoft's own hash is not public. The filter uses that of nftables: Bob Jenkins's hash of the parts of the packet that
the affinity names, scaled to the number of buckets (the kernel's include/linux/jhash.h and net/netfilter/nft_hash.c).
"""

from __future__ import annotations

import struct
from ipaddress import IPv4Address
from typing import Final

from .buckets import BUCKETS

_ALL: Final = 0xFFFFFFFF
_INITIAL: Final = 0xDEADBEEF
NETWORK_BYTES: Final = 3
"""What affinity Network looks at: the class C network of the client."""


def bucket(affinity: str, client: IPv4Address, port: int, seed: int) -> int:
    """Return the bucket of a client's connection from a port, by a rule's affinity: None, Single or Network."""
    key = client.packed
    if affinity == "Network":
        key = key[:NETWORK_BYTES]
    elif affinity == "None":
        # Each part has a register of its own: the port is followed by two bytes of nothing.
        key += struct.pack("!HH", port, 0)
    return jhash(key, seed) * BUCKETS >> 32


def jhash(key: bytes, seed: int) -> int:
    """Return the kernel's jhash() of up to 12 bytes, as a machine with its lowest byte first has it."""
    start = _INITIAL + len(key) + seed
    words: tuple[int, ...] = struct.unpack("<3I", key.ljust(12, b"\0"))
    a, b, c = ((start + word) & _ALL for word in words)
    c = ((c ^ b) - _rotated(b, 14)) & _ALL
    a = ((a ^ c) - _rotated(c, 11)) & _ALL
    b = ((b ^ a) - _rotated(a, 25)) & _ALL
    c = ((c ^ b) - _rotated(b, 16)) & _ALL
    a = ((a ^ c) - _rotated(c, 4)) & _ALL
    b = ((b ^ a) - _rotated(a, 14)) & _ALL
    return ((c ^ b) - _rotated(b, 24)) & _ALL


def _rotated(word: int, by: int) -> int:
    return (word << by | word >> (32 - by)) & _ALL
