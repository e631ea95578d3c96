"""MaximumBandwidth by TCP: what an adapter sends is limited, what it gets is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.system.conftest import LabOf
from tests.system.labs import RunningLab, edited
from tests.system.talking import connected, transfer, where

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab

lab = Lab("qos")
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.vm("slow10", "Private", "10.0.1.1/24", maximum_bandwidth=10_000_000)
hv1.vm("slow100", "Private", "10.0.1.2/24", maximum_bandwidth=100_000_000)
hv1.vm("slow1000", "Private", "10.0.1.3/24", maximum_bandwidth=1_000_000_000)
hv1.vm("free", "Private", "10.0.1.4/24")
"""
SECONDS = 1.5


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


def rate(running: RunningLab, source: str, target: str, expected: float) -> float:
    """Return the goodput of a transfer, in bit/s, without what goes at once at its beginning."""
    content = bytes(int(SECONDS * expected / 8) + (1 << 20))
    with connected(running, where(running, source, 4), where(running, target, 4)) as (near, far):
        return transfer(near, far, content, uncounted=1 << 20, timeout=60)


@pytest.mark.parametrize("megabits", [10, 100, 1000])
def test_what_is_sent_is_limited(running: RunningLab, megabits: int) -> None:
    limit = megabits * 1e6
    assert 0.95 * limit <= rate(running, f"slow{megabits}", "free", limit) <= 1.05 * limit


def test_what_is_received_is_not(running: RunningLab) -> None:
    assert rate(running, "free", "slow10", 100e6) > 50e6


def test_a_limit_is_changed_while_the_vm_runs(running: RunningLab) -> None:
    changed = edited(TOPOLOGY, ("=10_000_000", "=50_000_000"), ("=1_000_000_000", "=0"))
    told = running.apply(changed).out
    assert "MaximumBandwidth in bits per second 10000000 -> 50000000" in told
    assert 0.95 * 50e6 <= rate(running, "slow10", "free", 50e6) <= 1.05 * 50e6
    assert rate(running, "slow1000", "free", 2e9) > 1.2e9
    running.apply(TOPOLOGY)
    running.agrees()
    assert rate(running, "slow10", "free", 10e6) <= 1.05 * 10e6


def test_no_adapter_has_less_than_nothing(running: RunningLab) -> None:
    told = running.apply(edited(TOPOLOGY, ("=10_000_000", "=-1")), check=2).err
    assert 'adapter "slow10/Network Adapter" has the MaximumBandwidth -1' in told
    assert "(reason 52)" in told
