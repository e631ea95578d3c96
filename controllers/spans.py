"""VLAN ids and ports in ranges, as a switch can match them: values and masks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from controllers.pipeline.fields import FIELDS
from lab.model.vlan import Span

_BITS = 12
_FULL = (1 << _BITS) - 1


def in_register(value: int, mask: int) -> tuple[int, int]:
    """Return a part of the VLAN ids as what a register is matched with: its upper bits are 0."""
    return value, mask | FIELDS["vlan"].full_mask & ~_FULL


def prefixes(spans: Iterable[Span], bits: int = _BITS) -> Iterator[tuple[int, int]]:
    """Yield the fewest (value, mask) of `bits` bits that together are exactly some spans.

    >>> list(prefixes([(4, 7), (9, 9)]))
    [(4, 4092), (9, 4095)]
    """
    for first, last in spans:
        at = first
        while at <= last:
            size = at & -at or 1 << bits
            while size > last - at + 1:
                size >>= 1
            yield at, (1 << bits) - size
            at += size
