"""20 labs at once, up and down 200 times: nothing stays behind, and nothing grows. `make soak`; SOAK_ROUNDS=200."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.eventually import eventually
from tests.system.faults.rounds import available_mb, check, measured

LABS = 20
ROUNDS = int(os.environ.get("SOAK_ROUNDS", "200"))
# What the kernel keeps for later and gives back when somebody needs it.
KEPT_MB = 300


@pytest.mark.parametrize("in_user_namespace", [False, True], ids=["on-the-machine", "in-a-user-namespace"])
def test_twenty_labs_two_hundred_times(tmp_path: Path, in_user_namespace: bool) -> None:
    if not in_user_namespace and os.geteuid() != 0:
        pytest.skip("an ordinary user's labs always are in a user namespace")
    before = available_mb()
    found = measured(tmp_path, LABS, ROUNDS, in_user_namespace=in_user_namespace, timeout_s=60.0 * ROUNDS)
    check(found, LABS, ROUNDS)
    eventually(available_mb, lambda now: now > before - KEPT_MB, timeout=60.0)
