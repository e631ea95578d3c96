"""The captures that a session has begun: they go on while it does other things, and end with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

from lab.shell.labs.targets import MODULE
from lab.shell.objects import Live
from lab.shell.place import Background, Place
from lab.shell.views import show

READY: Final = "listening on"
"""What tcpdump says when it sees every frame from now on."""

_CAPTURED: Final = re.compile(r"^(\d+) packets? captured", re.MULTILINE)

show(f"{MODULE}.LabCapture", "table", "Id", "State", "Where", "Frames", "Path")


@dataclass(slots=True, eq=False)
class Capture:
    """A capture: what it is called, and the command that carries it out."""

    id: int
    where: str
    path: str
    command: Background

    @property
    def frames(self) -> int | None:
        """How many frames it has captured; None while it goes on."""
        found = _CAPTURED.search(self.command.said)
        return int(found[1]) if found else None


_CAPTURES: Final[WeakKeyDictionary[Place, list[Capture]]] = WeakKeyDictionary()


def captures(place: Place) -> list[Capture]:
    """Return the captures that were begun in a lab, in that order."""
    return _CAPTURES.setdefault(place, [])


def capture_object(capture: Capture) -> Live:
    """Return a capture as the cmdlets output it."""

    def properties() -> Mapping[str, object]:
        running = capture.command.running
        return {
            "Id": capture.id,
            "State": "Running" if running else "Completed",
            "Where": capture.where,
            "Frames": capture.frames,
            "Path": capture.path,
        }

    # What it is doing changes without the model: it is looked at each time.
    return Live(f"{MODULE}.LabCapture", properties, object, source=capture, text=capture.path)
