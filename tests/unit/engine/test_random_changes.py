"""The laws of changing a lab, over random labs and random changes, on a backend that only remembers.

The changes are those of :mod:`tests.walks`, which the system tests make to a running lab.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lab import codec
from lab.engine.plan import Plan
from lab.engine.resources import Interface, Key, Resource
from lab.engine.session import Session
from lab.errors import LabFault
from lab.model.changes import changes
from lab.model.kinds import LearningMode
from lab.model.objects import LabModel
from lab.model.reachability import matrix
from lab.model.validate import validate
from tests.walks import changed, steps, walked

from .conftest import FakeBackend

# Nothing is written (the tree may be another's), and every run tries the same. A seed has nothing smaller to be shrunk to.
LAWS = settings(
    max_examples=25, deadline=None, derandomize=True, database=None, phases=[Phase.generate],
    suppress_health_check=[HealthCheck.too_slow],
)  # fmt: skip
RANDOM = st.builds(Random, st.integers(0, 10**6))
AWAY = st.integers(0, 25)


@contextmanager
def lab_of(model: LabModel) -> Iterator[tuple[Session, FakeBackend]]:
    """Yield a lab that is up. A directory for each example: a fixture would be one for all of them."""
    with TemporaryDirectory() as folder:
        backend = FakeBackend()
        session = Session(backend, lambda step: None, str(Path(folder) / "state.json"))
        session.up(model, "x", {})
        yield session, backend


def apply(session: Session, model: LabModel) -> Plan:
    return session.apply(model, "x", {}).plan


def as_wanted(session: Session, backend: FakeBackend, model: LabModel) -> None:
    """Check that there is what is wanted, that this is all there is, and that nothing is left to be done."""
    state = session.state()
    assert state.model == model
    assert not state.interrupted
    assert backend.resources == session.blueprint().by_key()
    assert session.observe().by_key() == session.blueprint().by_key()
    assert not session.plan(model)


def alike(one: Mapping[Key, Resource], other: Mapping[Key, Resource], *, macs: bool) -> bool:
    """Tell whether two labs are the same but for port numbers, for none is given twice, and maybe MAC addresses."""

    def told(resource: Resource) -> Resource:
        return replace(resource, mac="") if isinstance(resource, Interface) and not macs else resource

    return one.keys() == other.keys() and all(told(one[key]) == told(other[key]) for key in one if key[0] != "port")


def with_addresses(session: Session) -> set[str]:
    """Return who has a dynamic MAC address: a VM that was started once keeps the one that it got while it is off."""
    return set(session.state().allocation.macs)


@LAWS
@given(RANDOM, AWAY)
def test_after_each_change_there_is_what_is_wanted_and_no_more(random: Random, away: int) -> None:
    model = walked(random, away)
    with lab_of(model) as (session, backend):
        for step in islice(steps(random, model), 8):
            apply(session, step.model)
            as_wanted(session, backend, step.model)


@LAWS
@given(RANDOM, AWAY, st.integers(1, 6))
def test_undoing_leads_back(random: Random, away: int, count: int) -> None:
    model = walked(random, away)
    with lab_of(model) as (session, backend):
        before, had = dict(backend.resources), with_addresses(session)
        for step in list(islice(steps(random, model), count)):
            apply(session, step.model)
        apply(session, model)
        as_wanted(session, backend, model)
        assert alike(before, backend.resources, macs=had == with_addresses(session))


@LAWS
@given(RANDOM, AWAY, st.integers(2, 8))
def test_many_small_changes_are_one_large_one(random: Random, away: int, count: int) -> None:
    model = walked(random, away)
    way = list(islice(steps(random, model), count))
    with lab_of(model) as (session, backend), lab_of(model) as (at_once, other):
        for step in way:
            apply(session, step.model)
        apply(at_once, way[-1].model)
        assert backend.resources.keys() == other.resources.keys()


@pytest.mark.parametrize("then", ["completed", "undone", "replaced"])
@LAWS
@given(random=RANDOM, away=AWAY, at=st.integers(0, 40))
def test_an_interrupted_change_converges(then: str, random: Random, away: int, at: int) -> None:
    old = walked(random, away)
    new = changed(random, old)
    target = {"completed": new, "undone": old, "replaced": changed(random, new)}[then]
    with lab_of(old) as (session, backend):
        breaks_down(session, backend, new, at)
        backend.fail_after = None
        apply(session, target)
        as_wanted(session, backend, target)


@LAWS
@given(RANDOM, AWAY, st.lists(st.integers(0, 12), min_size=2, max_size=5))
def test_changes_interrupted_again_and_again_converge(random: Random, away: int, breaks: list[int]) -> None:
    """Each goes somewhere else than the one before, and none is completed but the last."""
    model = walked(random, away)
    with lab_of(model) as (session, backend):
        for at in breaks:
            model = changed(random, model)
            breaks_down(session, backend, model, at)
        backend.fail_after = None
        apply(session, model)
        as_wanted(session, backend, model)


def breaks_down(session: Session, backend: FakeBackend, model: LabModel, at: int) -> None:
    """Start a change that breaks down after some of its steps, one of them at least."""
    total = len(session.plan(model).steps)
    backend.fail_after = at % total if total else None
    if total:
        with pytest.raises(LabFault, match="broke down"):
            apply(session, model)


@LAWS
@given(RANDOM, AWAY, st.integers(1, 8))
def test_what_is_lost_comes_back(random: Random, away: int, lost: int) -> None:
    model = walked(random, away)
    with lab_of(model) as (session, backend):
        for key in random.sample(sorted(backend.resources), min(lost, len(backend.resources))):
            del backend.resources[key]
        apply(session, model)
        as_wanted(session, backend, model)


@LAWS
@given(RANDOM, AWAY)
def test_a_change_has_words_and_is_remembered(random: Random, away: int) -> None:
    old = walked(random, away)
    new = changed(random, old)
    assert old != new
    assert not validate(new)
    assert not changes(new, new)
    # What is told of the way there is told of the way back.
    assert bool(changes(old, new)) == bool(changes(new, old))
    assert codec.loads(LabModel, codec.dumps(new).encode()) == new


@LAWS
@given(RANDOM, AWAY)
def test_a_verdict_has_a_reason_and_names_who_answers(random: Random, away: int) -> None:
    for (source, target), found in matrix(walked(random, away)).items():
        assert found.reason
        assert found.reachable == (found.answered_by == target.node)
        assert found.pings == bool(found.answered_by)
        if found.reachable:
            assert (found.path[0], found.path[-1]) == (source.node, target.node)


@LAWS
@given(RANDOM, AWAY)
def test_what_the_switches_learn_and_how_is_nothing_to_the_oracle(random: Random, away: int) -> None:
    """Learning mode, ageing and the order of VMs and switches decide where copies go, never who answers."""
    model = walked(random, away)
    other = replace(model, hosts=tuple(
        replace(
            host,
            vms=tuple(reversed(host.vms)),
            switches=tuple(replace(each, learning=LearningMode.PINNED, ageing_s=7) for each in reversed(host.switches)),
        )
        for host in model.hosts
    ))  # fmt: skip
    found = matrix(other)
    for pair, verdict in matrix(model).items():
        assert found[pair].answered_by == verdict.answered_by
