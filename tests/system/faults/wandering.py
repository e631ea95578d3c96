"""Walking through the models of :mod:`tests.walks` with one running lab, with pings held against the oracle."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from random import Random
from statistics import median
from typing import Final

from lab.emulation import running
from lab.emulation.observe import pids
from lab.emulation.pod.pod import Pod
from lab.emulation.probes import Ping, ping_all
from lab.engine.matrix import Cell, Measure, Pair, measure_matrix
from lab.engine.session import Session
from lab.errors import LabError
from lab.model.objects import LabModel
from lab.model.reachability import Oracle, endpoints
from tests.system.labs import RunningLab
from tests.walks import Step, steps

BEGINNING: Final = """
from tests.walks import beginning

lab = beginning()
"""
GOODBYE: Final = r"terminating with signal 15"
"""What the Open vSwitch of a host that is taken away says."""
PULLED: Final = (
    r"\|(netdev_linux|dpif_netdev)\|(WARN|ERR)\|error (sending|receiving) .* (on|from) \S.*: Network is down$"
    r"|\|(netdev_linux\|WARN|dpif_netdev\|ERR)\|Dropped \d+ log messages"
)
"""What it says when a cable is pulled while a frame passes, as for a moment when a switch takes a NIC."""

ALL_PAIRS_EVERY: Final = 25
_CHANGED_PAIRS: Final = 24
_NEAR_PAIRS: Final = 10
_OTHER_PAIRS: Final = 10
# What is expected to answer is asked again, patiently, before silence counts; the rest is expected to be silent.
_QUICK: Final[Mapping[str, int]] = {"tries": 1, "timeout_ms": 80}
# A neighbour that did not answer a moment ago is asked for once a second, three times.
_PATIENT: Final[Mapping[str, int]] = {"tries": 4, "period_ms": 700, "timeout_ms": 1500}


@dataclass(slots=True)
class Walk:
    """A walk so far. ``wrong`` is what was found at the last step; with it the walk ends."""

    seed: int
    models: list[Step] = field(default_factory=list)
    pings: int = 0
    answers: int = 0
    again: int = 0
    times_ms: list[float] = field(default_factory=list)
    steps_ms: list[float] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def summary(self) -> str:
        return (
            f"{len(self.models)} changes, {self.pings} pairs, {self.answers} answer, {self.again} measured again, "
            f"a change took {median(self.times_ms):.0f} ms, with its pings {median(self.steps_ms):.0f} ms"
        )

    def told(self) -> str:
        """Return what somebody needs who looks for the fault."""
        changes = "\n".join(f"  {at:>4} {step.words}" for at, step in enumerate(self.models, 1))
        found = "\n".join(f"  {line}" for line in self.wrong)
        last = self.models[-1].model if self.models else None
        return f"HVLAB_SEED={self.seed}, step {len(self.models)}:\n{found}\nchanges:\n{changes}\nmodel: {last!r}"


def wander(pod: Pod, seed: int, count: int, until: Callable[[], bool] = lambda: False) -> Walk:
    """Walk `count` steps with a running lab, or `until` says that it is enough; stop at the first thing that is wrong."""
    return running.work(pod, lambda step: None, lambda session: _Wanderer(pod, session, seed).go(count, until))


def returned(lab: RunningLab) -> None:
    """Go back to the beginning with one `apply`: all is healthy, and the switches hold exactly what they should."""
    lab.apply(BEGINNING)
    lab.healthy()
    lab.agrees()
    assert len(lab.switches()) == 5


class _Wanderer:
    def __init__(self, pod: Pod, session: Session, seed: int) -> None:
        self._pod = pod
        self._session = session
        # Which pairs are looked at must not change where the walk leads.
        self._random = Random(seed + 1)
        self._walk = Walk(seed)

    def go(self, count: int, until: Callable[[], bool]) -> Walk:
        walk = self._walk
        state = self._session.state()
        model = state.model
        for step in islice(steps(Random(walk.seed), model), count):
            walk.models.append(step)
            begun = time.monotonic()
            try:
                self._session.apply(step.model, state.file, {})
                walk.times_ms.append(1000 * (time.monotonic() - begun))
                self._look(model, step.model)
                walk.steps_ms.append(1000 * (time.monotonic() - begun))
            except LabError as error:
                walk.wrong.append(f"{type(error).__name__}: {error}")
            if walk.wrong or until():
                break
            model = step.model
        return walk

    def _look(self, old: LabModel, new: LabModel) -> None:
        if len(self._walk.models) % ALL_PAIRS_EVERY:
            cells = self._some(old, new)
        else:
            cells = measure_matrix(new, self._measure(pids(self._pod)))
            missing = self._session.plan(new)
            self._walk.wrong += [f"not as wanted: {step.title}: {step.reason}" for step in missing.steps]
        self._walk.pings += len(cells)
        self._walk.answers += sum(cell.measured for cell in cells)
        self._walk.wrong += [_disagreement(cell) for cell in cells if not cell.agrees]

    def _some(self, old: LabModel, new: LabModel) -> list[Cell]:
        """Measure what the change may have affected, and some of the rest. It counts if it is seen twice."""
        version = self._random.choice((4, 4, 6))
        oracle = Oracle(new, version)
        pairs = self._pairs(old, new, oracle, version)
        found = pids(self._pod)
        cells = _cells(pairs, oracle, version, self._measure(found))
        doubtful = [(cell.source, cell.target) for cell in cells if not cell.agrees]
        if not doubtful:
            return cells
        again = {
            (each.source, each.target): each for each in _cells(doubtful, oracle, version, self._measure(found, 1))
        }
        return [again.get((cell.source, cell.target), cell) for cell in cells]

    def _pairs(self, old: LabModel, new: LabModel, oracle: Oracle, version: int) -> list[Pair]:
        before = _verdicts(old, version)
        ends = [each for each in endpoints(new) if each.up and each.address(version)]
        pairs = [(one, other) for one in ends for other in endpoints(new) if one.node != other.node]
        pairs = [pair for pair in pairs if pair[1].address(version)]
        now = {pair: oracle.predict(*pair).pings for pair in pairs}
        changed = [pair for pair in pairs if before.get(_names(pair)) != now[pair]]
        known = set(endpoints(old))
        near = [pair for pair in pairs if pair not in changed and not {*pair} <= known]
        rest = [pair for pair in pairs if pair not in changed and pair not in near]
        groups = ((changed, _CHANGED_PAIRS), (near, _NEAR_PAIRS), (rest, _OTHER_PAIRS))
        return [pair for group, most in groups for pair in self._random.sample(group, min(most, len(group)))]

    def _measure(self, found: Mapping[str, int], asked: int = 0) -> Measure:
        """Return what measures quickly the first time it is called for a version, and patiently from then on."""
        calls: dict[int, int] = {4: asked, 6: asked}

        def measure(pairs: Iterable[Pair], version: int) -> Mapping[Pair, float | None]:
            wanted = {
                pair: Ping(pair[0].node, str(pair[0].address(version)), str(pair[1].address(version))) for pair in pairs
            }
            numbers = _PATIENT if calls[version] else _QUICK
            calls[version] += 1
            self._walk.again += len(wanted) if numbers is _PATIENT else 0
            times = ping_all((each for each in wanted.values() if each.node in found), found, **numbers)
            return {pair: times.get(each) for pair, each in wanted.items()}

        return measure


def _verdicts(model: LabModel, version: int) -> dict[tuple[object, ...], bool]:
    oracle = Oracle(model, version)
    ends = [each for each in endpoints(model) if each.address(version)]
    return {
        _names((one, other)): oracle.predict(one, other).pings
        for one in ends
        for other in ends
        if one.node != other.node
    }


def _names(pair: Pair) -> tuple[object, ...]:
    return tuple(each for end in pair for each in (end.node, end.interface, end.v4, end.v6))


def _cells(pairs: Sequence[Pair], oracle: Oracle, version: int, measure: Measure) -> list[Cell]:
    times = measure(pairs, version)
    return [Cell(*pair, version, times[pair], oracle.predict(*pair)) for pair in pairs]


def _disagreement(cell: Cell) -> str:
    one, other = (f"{end.name} ({end.address(cell.version)})" for end in (cell.source, cell.target))
    measured = "no answer" if cell.time_ms is None else f"an answer after {cell.time_ms:.1f} ms"
    predicted = "an answer" if cell.verdict.pings else "none"
    return f"{one} -> {other}: {measured}, the oracle predicts {predicted}: {cell.verdict.reason}"
