"""A random walk: one lab, hundreds of small changes in a row, after each of which measurement is what was predicted.

`HVLAB_SEED` and `HVLAB_STEPS` choose another walk. A failure prints the seed, the changes so far and the last model.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable

import pytest

from tests.system.conftest import LabOf
from tests.system.faults.wandering import BEGINNING, GOODBYE, PULLED, returned, wander

pytestmark = pytest.mark.system

STEPS = int(os.environ.get("HVLAB_STEPS", "300" if os.geteuid() == 0 else "60"))


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_after_every_change_of_a_random_walk_the_oracle_is_right(lab: LabOf, announce: Callable[[str], None]) -> None:
    announce(GOODBYE)
    announce(PULLED)
    seed = int(os.environ.get("HVLAB_SEED") or secrets.randbelow(10**6))
    print(f"HVLAB_SEED={seed}")
    with lab(BEGINNING) as running:
        walk = wander(running.pod, seed, STEPS)
        assert not walk.wrong, walk.told()
        print(walk.summary())
        assert len(walk.models) == STEPS
        assert walk.pings > 5 * STEPS
        assert 0.05 < walk.answers / walk.pings < 0.95, "a walk among the silent, or the talkative, proves little"
        returned(running)
