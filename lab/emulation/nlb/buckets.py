"""How the 60 buckets of a port rule are divided among the members of a cluster.

Every client is in one bucket (:mod:`.hashing`), every bucket belongs to one member, and a member accepts what is in its
buckets. All members work the division out for themselves, from what all of them know of each other, and get the same.
Microsoft tells that there are 60 buckets and that shares follow the load weights; it does not tell how it divides them.
Here the number of buckets of each member follows from the weights by Sainte-Laguë's method, because with it nobody
loses a bucket when somebody goes and nobody gets one when somebody comes; and everybody keeps of the buckets
that he has as many as he may.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Final

BUCKETS: Final = 60
EVERY_BUCKET: Final = frozenset(range(BUCKETS))
EQUAL_WEIGHT: Final = 50
"""What a member has whose load weight is Equal."""

_MULTIPLE: Final = math.prod(range(1, 2 * BUCKETS + 2, 2))

Division = dict[int, frozenset[int]]
"""The buckets of each member, by its host id."""


def numbers(weights: Mapping[int, int], held: Mapping[int, int]) -> dict[int, int]:
    """Return how many buckets each member gets; of equal claims, that of one who has them already goes first."""
    found = dict.fromkeys(sorted(weights), 0)
    if not any(weights.values()):
        return found
    for _ in range(BUCKETS):
        # The quotients weight / (2 n + 1), as whole numbers: all divisors divide the multiple.
        def claim(host: int) -> tuple[int, bool, int]:
            return weights[host] * (_MULTIPLE // (2 * found[host] + 1)), held.get(host, 0) > found[host], -host

        found[max((host for host in found if weights[host]), key=claim)] += 1
    return found


def divide(weights: Mapping[int, int], held: Mapping[int, Collection[int]]) -> Division:
    """Return the buckets of each member, moving no more of those that are held now than the weights ask for.

    ``weights``: the load weight of each member, by host id; one of 0 gets nothing. A bucket that several hold, as after
    a partition, is taken for that of the lowest host id.
    """
    mine = _without_doubles({host: held.get(host, ()) for host in weights})
    wanted = numbers(weights, {host: len(found) for host, found in mine.items()})
    kept = {host: frozenset(sorted(mine[host])[: wanted[host]]) for host in wanted}
    if not any(wanted.values()):
        return kept
    free = iter(sorted(EVERY_BUCKET.difference(*kept.values())))
    return {
        host: found | frozenset(next(free) for _ in range(wanted[host] - len(found))) for host, found in kept.items()
    }


def to_one(host: int | None, hosts: Collection[int]) -> Division:
    """Return the division in which one member, if any, has every bucket."""
    return {each: EVERY_BUCKET if each == host else frozenset() for each in hosts}


def _without_doubles(held: Mapping[int, Collection[int]]) -> Division:
    taken: set[int] = set()
    found: Division = {}
    for host in sorted(held):
        found[host] = frozenset(held[host]) - taken
        taken |= found[host]
    return found


def mask(buckets: Collection[int]) -> int:
    """Return buckets as the bits of a number."""
    return sum(1 << bucket for bucket in buckets)


def unmask(number: int) -> frozenset[int]:
    """Return the buckets that are the bits of a number."""
    return frozenset(bucket for bucket in range(BUCKETS) if number >> bucket & 1)


def spans(buckets: Collection[int]) -> list[tuple[int, int]]:
    """Return buckets as ranges, first and last included."""
    found: list[tuple[int, int]] = []
    for bucket in sorted(buckets):
        if found and found[-1][1] == bucket - 1:
            found[-1] = found[-1][0], bucket
        else:
            found.append((bucket, bucket))
    return found
