"""A change is held against the rules as the whole model would be, whatever is left out as it cannot have changed."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from lab.model.objects import LabModel
from lab.model.validate import validate, validate_change
from tests.walks import MOVES, beginning
from tests.walks.picking import Stuck

MOVES_OF_A_WALK = 400


@pytest.mark.parametrize("seed", range(8))
def test_the_same_mistakes_are_found_as_in_the_whole_model(seed: int) -> None:
    random = Random(seed)
    model = beginning().model()
    mistaken = 0
    for _ in range(MOVES_OF_A_WALK):
        try:
            moved = random.choice(MOVES)(random, model)
        except Stuck:
            continue
        expected = validate(moved, whole=False)
        assert validate_change(model, moved) == expected
        mistaken += bool(expected)
        if not expected:
            model = moved
    assert 10 < mistaken < MOVES_OF_A_WALK - 10


def test_what_is_wrong_with_a_vm_that_did_not_change_is_found_when_its_host_did() -> None:
    model = beginning().model()
    host = model.hosts[0]
    assert any(adapter.switch for vm in host.vms for adapter in vm.adapters)
    without = replace(model, hosts=(replace(host, switches=()), *model.hosts[1:]))
    assert validate_change(model, without) == validate(without, whole=False) != ()


def test_a_vm_on_another_host_is_another_vm() -> None:
    """The same value on two hosts: it is the host that does not have its switch."""
    model = beginning().model()
    one, two, *others = model.hosts
    vm = next(each for each in one.vms if any(adapter.switch == "S1" for adapter in each.adapters))
    left = replace(one, vms=tuple(each for each in one.vms if each is not vm))
    bare = replace(two, switches=(), management_adapters=(), vms=())
    before = LabModel(model.name, networks=model.networks, internet=model.internet, hosts=(one, bare, *others))
    moved = replace(before, hosts=(left, replace(bare, vms=(vm,)), *others))
    assert validate_change(before, moved) == validate(moved, whole=False) != ()
