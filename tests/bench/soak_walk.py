"""Random walks without end: one lab after the other, 1000 changes each. `make soak`; SOAK_SECONDS=3600, HVLAB_SEED."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable

import pytest

from tests.system.conftest import LabOf
from tests.system.faults.wandering import BEGINNING, GOODBYE, PULLED, Walk, returned, wander

SECONDS = float(os.environ.get("SOAK_SECONDS", "3600"))
CHANGES = 1000


@pytest.mark.timeout(0)
def test_one_random_walk_after_the_other(lab: LabOf, announce: Callable[[str], None]) -> None:
    announce(GOODBYE)
    announce(PULLED)
    seed = int(os.environ.get("HVLAB_SEED") or secrets.randbelow(10**6))
    end = time.monotonic() + SECONDS
    walks: list[Walk] = []
    while not walks or time.monotonic() < end:
        with lab(BEGINNING) as running:
            walk = wander(running.pod, seed + len(walks), CHANGES, until=lambda: time.monotonic() >= end)
            assert not walk.wrong, walk.told()
            returned(running)
        walks.append(walk)
        print(f"HVLAB_SEED={walk.seed}: {walk.summary()}", flush=True)
