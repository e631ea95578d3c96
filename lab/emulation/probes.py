"""Measuring who answers whom: one `fping` for each source, all at once, and nothing but real packets."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from lab.emulation.netns import Program, run_programs
from lab.errors import LabFault

_ANSWER: Final = re.compile(r"(?P<target>\S+)\s+:(?P<times>(?: (?:-|\d+\.?\d*))+)")

# Exit codes of fping: 0 all answered, 1 some did not, 2 unknown target, 3 invalid arguments, 4 system call failed.
_MEASURED: Final = (0, 1, 2)


@dataclass(frozen=True, slots=True)
class Ping:
    """A ping from an address of a machine to another address. Addresses as text, without prefix length."""

    node: str
    source: str
    target: str


def ping_all(
    pings: Iterable[Ping], pids: Mapping[str, int], *, tries: int = 2, period_ms: int = 200, timeout_ms: int = 800
) -> dict[Ping, float | None]:
    """Send every ping `tries` times, all side by side, and return the best round-trip time of each in ms, or None.

    ``pids``: a process of each machine, as the caller numbers them.
    """
    by_source: dict[tuple[str, str], list[Ping]] = defaultdict(list)
    for ping in pings:
        by_source[ping.node, ping.source].append(ping)
    programs = [
        Program(pids[node], _command(source, group, tries, period_ms, timeout_ms))
        for (node, source), group in by_source.items()
    ]
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
