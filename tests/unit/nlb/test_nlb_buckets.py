"""The division of buckets: complete, by the weights, and nothing moves that need not."""

from __future__ import annotations

from collections import Counter
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.emulation.nlb.buckets import BUCKETS, divide, mask, numbers, spans, unmask
from lab.emulation.nlb.hashing import bucket, jhash

WEIGHTS = st.dictionaries(st.integers(1, 32), st.integers(0, 100), min_size=1, max_size=32)
HELD = st.dictionaries(st.integers(1, 32), st.frozensets(st.integers(0, 59)), max_size=32)


@given(WEIGHTS, HELD)
def test_every_bucket_has_one_owner(weights: dict[int, int], held: dict[int, frozenset[int]]) -> None:
    found = divide(weights, held)
    owned = [each for buckets in found.values() for each in buckets]
    assert sorted(owned) == (list(range(BUCKETS)) if any(weights.values()) else [])
    assert set(found) == set(weights)
    assert not any(found[host] for host, weight in weights.items() if not weight)


@given(WEIGHTS, HELD)
def test_shares_are_within_a_bucket_of_the_weights(weights: dict[int, int], held: dict[int, frozenset[int]]) -> None:
    total = sum(weights.values())
    for host, buckets in divide(weights, held).items():
        exact = BUCKETS * weights[host] / total if total else 0
        assert abs(len(buckets) - exact) < 1.5


@given(WEIGHTS, HELD)
def test_everybody_keeps_what_he_may(weights: dict[int, int], held: dict[int, frozenset[int]]) -> None:
    taken: set[int] = set()
    found = divide(weights, held)
    for host in sorted(weights):
        mine = held.get(host, frozenset()) - taken
        taken |= mine
        assert len(found[host] & mine) == min(len(mine), len(found[host]))


@given(WEIGHTS, st.integers(1, 32), st.integers(0, 100))
def test_who_comes_gets_and_who_goes_gives(weights: dict[int, int], host: int, weight: int) -> None:
    """And nothing moves between the others."""
    fewer = {each: value for each, value in weights.items() if each != host}
    before = divide(fewer, {})
    after = divide(fewer | {host: weight}, before)
    if any(fewer.values()):
        assert all(after[each] <= before[each] for each in fewer)
        again = divide(fewer, {each: after[each] for each in fewer})
        assert all(after[each] <= again[each] for each in fewer)


@given(WEIGHTS, HELD)
def test_it_is_the_same_once_it_is_done(weights: dict[int, int], held: dict[int, frozenset[int]]) -> None:
    found = divide(weights, held)
    assert divide(weights, found) == found


def test_of_two_who_hold_one_the_lower_host_keeps_it() -> None:
    both = frozenset(range(BUCKETS))
    assert divide({2: 50, 1: 50}, {1: both, 2: both}) == {1: frozenset(range(30)), 2: frozenset(range(30, 60))}


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ({1: 50, 2: 50, 3: 50}, {1: 20, 2: 20, 3: 20}),
        ({1: 20, 2: 30, 3: 50}, {1: 12, 2: 18, 3: 30}),
        ({1: 0, 2: 1}, {1: 0, 2: 60}),
        ({1: 100, 2: 1}, {1: 59, 2: 1}),
        (dict.fromkeys(range(1, 33), 50), {host: 2 if host <= 28 else 1 for host in range(1, 33)}),
    ],
)
def test_numbers(weights: dict[int, int], expected: dict[int, int]) -> None:
    assert numbers(weights, {}) == expected


@given(st.frozensets(st.integers(0, 59)))
def test_masks_and_spans(buckets: frozenset[int]) -> None:
    assert unmask(mask(buckets)) == buckets
    assert frozenset(each for first, last in spans(buckets) for each in range(first, last + 1)) == buckets


@pytest.mark.parametrize(
    ("key", "expected"),
    [("c0a8010a", 0x43E953FA), ("c0a801", 0x51B87D5F), ("c0a8010ac0000000", 0x92146022)],
    ids=["address", "network", "address and port"],
)
def test_the_hash_is_that_of_the_kernel(key: str, expected: int) -> None:
    """The kernel's jhash.h, compiled, says this; traffic says the same (tests/system/test_nlb.py)."""
    assert jhash(bytes.fromhex(key), 0x2D858A79) == expected


@pytest.mark.parametrize("affinity", ["None", "Single", "Network"])
def test_clients_are_spread_evenly(affinity: str) -> None:
    found = Counter(
        bucket(affinity, IPv4Address((10 << 24) + number * 257), 1024 + number, 42) for number in range(6000)
    )
    assert len(found) == BUCKETS
    assert all(50 < count < 160 for count in found.values()), found


def test_affinity_looks_at_no_more_than_it_should() -> None:
    one, other = IPv4Address("10.0.0.1"), IPv4Address("10.0.0.200")
    assert bucket("Single", one, 1, 5) == bucket("Single", one, 2, 5)
    assert bucket("Network", one, 1, 5) == bucket("Network", other, 2, 5)
    assert len({bucket("None", one, port, 5) for port in range(100)}) > 30
    assert len({bucket("Single", IPv4Address(f"10.0.0.{at}"), 1, 5) for at in range(100)}) > 30
