"""Random small changes of a lab, the same ones for the same seed; what unit and system tests take their walks from.

A move edits a model in one place and need not know the rules: what `validate` refuses is not taken. Each module has the
moves of one kind of thing, those to be taken often and those to be taken sometimes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from lab.model.changes import changes
from lab.model.objects import LabModel
from lab.model.validate import validate
from tests.walks import adapters, bandwidth, hosts, networks, switches, vms
from tests.walks.picking import Stuck
from tests.walks.start import beginning

__all__ = ["MOVES", "Step", "beginning", "changed", "steps", "walked"]

_TRIES = 1000
_TWO_AT_ONCE = 0.15
_OFTEN = (*vms.OFTEN, *adapters.OFTEN, *switches.OFTEN)
_SOMETIMES = (
    *vms.SOMETIMES,
    *adapters.SOMETIMES,
    *switches.SOMETIMES,
    *bandwidth.SOMETIMES,
    *hosts.SOMETIMES,
    *networks.SOMETIMES,
)
MOVES = (*_OFTEN, *_OFTEN, *_OFTEN, *_SOMETIMES)


@dataclass(frozen=True, slots=True)
class Step:
    """One change: what it does, in Hyper-V's words, and what it leads to."""

    words: str
    model: LabModel


def steps(random: Random, model: LabModel) -> Iterator[Step]:
    """Yield changes without end, each of what the last one has led to. Sometimes one leads back to where we were."""
    before = model
    while True:
        new = before if before != model and random.random() < 0.08 else changed(random, model)
        yield Step("; ".join(map(str, changes(model, new))) or "another order of things", new)
        before, model = model, new


def changed(random: Random, model: LabModel) -> LabModel:
    """Return a valid model that differs from another in one or two places."""
    edits = 2 if random.random() < _TWO_AT_ONCE else 1
    new = model
    for _ in range(_TRIES):
        try:
            moved = random.choice(MOVES)(random, new)
        except Stuck:
            continue
        if moved == new or validate(moved):
            continue
        new, edits = moved, edits - 1
        if edits <= 0 and new != model:
            return new
    raise AssertionError(f"no valid change of this lab in {_TRIES} tries: {model}")


def walked(random: Random, count: int) -> LabModel:
    """Return a lab that is some changes away from the beginning."""
    model = beginning().model()
    for _ in range(count):
        model = changed(random, model)
    return model
