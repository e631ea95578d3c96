"""The reachability matrix: what was measured, and what the oracle says about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from lab.model.objects import LabModel
from lab.model.reachability import Endpoint, Oracle, Verdict, pairs

Pair = tuple[Endpoint, Endpoint]
Measure = Callable[[Iterable[Pair], int], Mapping[Pair, float | None]]
"""Pings pairs with IP version 4 or 6, and returns round-trip times in ms, or None."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One ordered pair. ``time_ms`` is None where no answer came; ``version`` is 0 where there is nothing to ping."""

    source: Endpoint
    target: Endpoint
    version: int
    time_ms: float | None
    verdict: Verdict

    @property
    def measured(self) -> bool:
        return self.time_ms is not None

    @property
    def agrees(self) -> bool:
        """Tell whether the measurement is what the oracle predicts."""
        return self.measured == self.verdict.pings


def measure_matrix(model: LabModel, measure: Measure, version: int | None = None) -> tuple[Cell, ...]:
    """Ping every ordered pair of endpoints of different machines, and clusters, and hold it against the oracle.

    ``version`` 4 or 6; None takes IPv4 where both ends have it, else IPv6. A pair that disagrees with the oracle is
    measured once more, for a packet may be lost on a busy machine.
    """
    oracles = {number: Oracle(model, number) for number in (4, 6)}
    wanted = {pair: version or _common_version(*pair) for pair in pairs(model)}
    cells = _cells(wanted, oracles, measure)
    doubtful = {(cell.source, cell.target): cell.version for cell in cells if not cell.agrees}
    again = {(cell.source, cell.target): cell for cell in _cells(doubtful, oracles, measure)} if doubtful else {}
    return tuple(again.get((cell.source, cell.target), cell) for cell in cells)


def _cells(pairs: Mapping[Pair, int], oracles: Mapping[int, Oracle], measure: Measure) -> list[Cell]:
    times: dict[Pair, float | None] = {}
    for version in (4, 6):
        usable = [pair for pair, number in pairs.items() if number == version and _pingable(pair, version)]
        times |= measure(usable, version)
    return [
        Cell(one, other, number, times.get((one, other)), oracles[number or 4].predict(one, other))
        for (one, other), number in pairs.items()
    ]


def _common_version(one: Endpoint, other: Endpoint) -> int:
    if one.v4 and other.v4:
        return 4
    return 6 if one.v6 and other.v6 else 0


def _pingable(pair: Pair, version: int) -> bool:
    """Tell whether there is an address to ping, and a running machine with an address to ping from."""
    source, target = pair
    return source.up and source.address(version) is not None and target.address(version) is not None
