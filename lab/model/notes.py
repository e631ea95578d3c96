"""What a topology script did wrong so far, and where it declared what."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType

from lab.errors import ErrorRecord

_HERE = str(Path(__file__).parent)


@dataclass(slots=True)
class Notes:
    """The mistakes found while the script runs; reading goes on, so that all of them are reported together."""

    mistakes: list[ErrorRecord] = field(default_factory=list)
    places: dict[str, str] = field(default_factory=dict)

    def mistake(self, message: str, *, target: str = "", remedy: str = "", where: str = "") -> None:
        """Note a mistake of the script's present statement, unless `where` names another one."""
        where = where or script_line()
        self.mistakes.append(ErrorRecord(message, "TopologyError", target=target, remedy=remedy, where=where))

    def declare(self, target: str) -> None:
        """Remember that the script's present statement makes `target`; of two with one name, the later is at fault."""
        self.places[target] = script_line()

    def together_with(self, records: Iterable[ErrorRecord]) -> list[ErrorRecord]:
        """Return all mistakes, those found later with the statement that made their target, in the script's order."""
        found = [replace(each, where=each.where or self.places.get(each.target, "")) for each in records]
        return sorted([*self.mistakes, *found], key=_place)


def _place(record: ErrorRecord) -> tuple[str, int]:
    file, _, line = record.where.rpartition(":")
    return file, int(line) if line.isdigit() else 0


def script_line() -> str:
    """Return ``file:line`` of the topology script's own statement."""
    frame: FrameType | None = sys._getframe(1)
    while frame and str(Path(frame.f_code.co_filename).parent) == _HERE:
        frame = frame.f_back
    return f"{Path(frame.f_code.co_filename).name}:{frame.f_lineno}" if frame else ""
