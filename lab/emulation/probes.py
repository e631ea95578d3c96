"""Measuring who answers whom: one `fping` for each source, all at once, and nothing but real packets."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lab.emulation.announce import forget
from lab.emulation.netns import Program, run_programs
from lab.errors import LabFault

_ANSWER: Final = re.compile(r"(?P<target>\S+)\s+:(?P<times>(?: (?:-|\d+\.?\d*))+)")

# Exit codes of fping: 0 all answered, 1 some did not, 2 unknown target, 3 invalid arguments, 4 system call failed.
_MEASURED: Final = (0, 1, 2)

MACHINES_AT_ONCE: Final = 18
"""Twice as many, each a neighbour of half of the others, stay below what Linux keeps: 2 * 18 * 18 = 648 neighbours."""


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping from an address of a machine to another address. Addresses as text, without prefix length."""

    node: str
    source: str
    target: str


def ping_all(
    pings: Iterable[Ping], pids: Mapping[str, int], *, tries: int = 2, period_ms: int = 200, timeout_ms: int = 800
) -> dict[Ping, float | None]:
    """Send every ping `tries` times, many side by side, and return the best round-trip time of each in ms, or None.

    ``pids``: a process of each machine, as the caller numbers them. Of many machines a few at a time ping one another,
    and forget one another afterwards: Linux keeps 1,024 neighbours (``gc_thresh3``), of all namespaces together.
    """
    found: dict[Ping, float | None] = {}
    waves = _waves(list(pings))
    for wave in waves:
        found |= _ping_wave(wave, pids, (tries, period_ms, timeout_ms))
        if len(waves) > 1:
            _forget_neighbours(wave, pids)
    return found


def _waves(pings: Sequence[Ping]) -> list[list[Ping]]:
    """Return the pings in groups, each among at most twice MACHINES_AT_ONCE addresses."""
    addresses = dict.fromkeys(address for ping in pings for address in (ping.source, ping.target))
    block = {address: at // MACHINES_AT_ONCE for at, address in enumerate(addresses)}
    waves: dict[tuple[int, int], list[Ping]] = defaultdict(list)
    for ping in pings:
        one, other = sorted((block[ping.source], block[ping.target]))
        waves[one, other].append(ping)
    return list(waves.values())


def _forget_neighbours(wave: Iterable[Ping], pids: Mapping[str, int]) -> None:
    targets: dict[str, set[str]] = defaultdict(set)
    for ping in wave:
        targets[ping.node].add(ping.target)
    for node, forgotten in targets.items():
        forget(pids[node], forgotten)


def _ping_wave(
    pings: Iterable[Ping], pids: Mapping[str, int], numbers: tuple[int, int, int]
) -> dict[Ping, float | None]:  # fmt: skip
    by_source: dict[tuple[str, str], list[Ping]] = defaultdict(list)
    for ping in pings:
        by_source[ping.node, ping.source].append(ping)
    programs = [Program(pids[node], _command(source, group, *numbers)) for (node, source), group in by_source.items()]
    found: dict[Ping, float | None] = {}
    for group, (code, output) in zip(by_source.values(), run_programs(programs), strict=True):
        if code not in _MEASURED and "cannot bind source address" not in output:
            raise LabFault(f'fping in "{group[0].node}" failed: {" ".join(output.split()) or f"exit code {code}"}')
        times = _times(output)
        found |= {ping: times.get(ping.target) for ping in group}
    return found


def _command(source: str, group: Sequence[Ping], tries: int, period_ms: int, timeout_ms: int) -> list[str]:
    targets = [ping.target for ping in group]
    family = "-6" if ":" in source else "-4"
    numbers = ["-C", str(tries), "-p", str(period_ms), "-t", str(timeout_ms), "-i", "1"]
    return ["fping", family, "-q", *numbers, "-S", source, *targets]


def _times(output: str) -> dict[str, float | None]:
    """Read fping's lines ``192.168.1.32 : 0.76 -``: a time in ms for each try, or a dash."""
    found: dict[str, float | None] = {}
    for line in output.splitlines():
        match = _ANSWER.fullmatch(line.strip())
        if match:
            answered = [float(word) for word in match["times"].split() if word != "-"]
            found[match["target"]] = min(answered, default=None)
    return found
