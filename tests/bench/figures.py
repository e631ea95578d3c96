"""Figures of the benchmarks: what is ours, what is the peer's, and whether the goal is met. Pure.

A figure is a median; with a peer the goal is about the ratio ours / peer, without one about ours alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any, Literal

_SCALES = {"s": 1.0, "ms": 1e3, "Gbit/s": 1e-9, "kB": 1e-3, "": 1.0}
_DIGITS = {"s": 2, "ms": 2, "Gbit/s": 2, "kB": 0, "": 0}


@dataclass(frozen=True, slots=True)
class Goal:
    """A bound that is itself allowed."""

    bound: float
    side: Literal["at most", "at least"] = "at most"

    def met(self, value: float) -> bool:
        return value <= self.bound if self.side == "at most" else value >= self.bound

    def __str__(self) -> str:
        return f"{'≤' if self.side == 'at most' else '≥'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; values in seconds, bits per second, bytes or plain numbers, shown in `unit`."""

    figure: str
    ours: float
    peer: float | None
    unit: str
    goal: Goal | None

    @property
    def ratio(self) -> float | None:
        return None if not self.peer else self.ours / self.peer

    @property
    def ok(self) -> bool | None:
        """Tell whether the goal is met; None if there is none."""
        judged = self.ours * _SCALES[self.unit] if self.peer is None else self.ratio
        return None if self.goal is None or judged is None else self.goal.met(judged)

    def shown(self, value: float | None) -> str:
        return "-" if value is None else f"{value * _SCALES[self.unit]:.{_DIGITS[self.unit]}f} {self.unit}".strip()

    def as_json(self) -> dict[str, Any]:
        plain = {name: value for name, value in asdict(self).items() if name != "goal"}
        return plain | {"ratio": self.ratio, "goal": str(self.goal) if self.goal else None, "ok": self.ok}


def compare(figure: str, unit: str, ours: Sequence[float], peer: Sequence[float] | None, goal: Goal | None) -> Figure:
    """Return the figure of several measurements."""
    return Figure(figure, median(ours), median(peer) if peer else None, unit, goal)


def table(rows: Iterable[dict[str, Any]]) -> str:
    """Return figures, as they are in bench.json, as a table of Markdown."""
    lines = ["| Figure | hvlab | Peer | Ratio | Goal | |", "|---|---|---|---|---|---|"]
    for row in rows:
        shown = Figure(row["figure"], row["ours"], row["peer"], row["unit"], None)
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        verdict = {True: "ok", False: "miss", None: ""}[row["ok"]]
        cells = (row["figure"], shown.shown(row["ours"]), shown.shown(row["peer"]), ratio, row["goal"] or "", verdict)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def merge(file: Path, figures: Iterable[Figure]) -> list[dict[str, Any]]:
    """Write figures into a file, in place of older ones of the same name, and return all that it holds."""
    rows: dict[str, dict[str, Any]] = {}
    if file.exists():
        rows = {row["figure"]: row for row in json.loads(file.read_text(encoding="utf-8"))}
    rows |= {figure.figure: figure.as_json() for figure in figures}
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(list(rows.values()), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return list(rows.values())
