"""How long the controller waits: in what order, and how attempts become rarer."""

from __future__ import annotations

from itertools import pairwise

import pytest

from controllers.patience import Patience


def test_attempts_become_rarer_up_to_half_a_minute() -> None:
    pauses = [Patience().retry_s(refusals) for refusals in range(1, 20)]
    assert pauses[:4] == [0.5, 1, 2, 4]
    assert all(earlier <= later for earlier, later in pairwise(pauses))
    assert pauses[-1] == 30


@pytest.mark.parametrize("answer_s", [0.5, 1, 10, 60])
def test_what_follows_from_the_time_for_an_answer(answer_s: float) -> None:
    patience = Patience(answer_s)
    assert patience.winding_s < patience.loop_cpu_s < patience.loop_s
    assert patience.device_s < patience.probe_s < patience.answer_s < patience.connection_s


def test_a_switch_may_take_as_long_as_open_vswitch_pauses_between_two_attempts() -> None:
    assert Patience().connection_s > 8
