"""Conversations with several machines of a lab: as :mod:`conversation` has them, and ``# on dc1`` changes the machine.

All lines of a file that are typed on one machine are one session there; the lab is the same for all.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab.model.objects import LabModel
from lab.shell.formatting import formatted
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Description, machine_of
from tests.unit.shell.cmdlets.conversation import GOLDEN, seen
from tests.unit.shell.cmdlets.labs import services_lab

_WIDTH = 120
_PROMPT, _ON = "PS> ", "# on "


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that is typed on a machine, and what is to be shown."""

    file: Path
    number: int
    on: str
    typed: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file.parent.name}-{self.file.stem}-{self.number}"


class _Screen(BufferedHost):
    """A screen on which errors are between the rest, as they come."""

    def write_error(self, text: str) -> None:
        self.write_line(text)


class Machines:
    """Sessions on the machines of a lab that is only described."""

    def __init__(self, model: LabModel) -> None:
        self.place = Description(model)
        self._sessions: dict[str, tuple[Interpreter, _Screen]] = {}

    def type(self, on: str, text: str) -> str:
        """Run a script on a machine, and return what a reader sees of it."""
        if on not in self._sessions:
            machine, screen = machine_of(self.place.model, on), _Screen(width=_WIDTH)
            assert machine, on
            self._sessions[on] = Interpreter(self.place, machine, screen), screen
        session, screen = self._sessions[on]
        del screen.out[:]
        for line in formatted(session.run(text), _WIDTH):
            screen.write_line(line)
        return seen("".join(screen.out).split("\n"))


@cache
def read(path: Path) -> tuple[Line, ...]:
    """Return what a file consists of."""
    found: list[Line] = []
    on, shown = "hv1", list[str]()
    typed = ""
    for text in [*path.read_text(encoding="utf-8").splitlines(), _PROMPT]:
        if text.startswith(_PROMPT):
            if typed:
                found.append(Line(path, len(found) + 1, on, typed, seen(shown)))
            typed, shown = text.removeprefix(_PROMPT), []
        elif text.startswith(_ON):
            found.append(Line(path, len(found) + 1, on, typed, seen(shown)))
            on, typed = text.removeprefix(_ON), ""
        elif not text.startswith("#"):
            shown.append(text)
    return tuple(each for each in found if each.typed)


def lines(*folders: str) -> Iterator[Line]:
    """Yield what the conversations of some folders consist of."""
    for folder in folders:
        for path in sorted((GOLDEN / folder).glob("*.txt")):
            yield from read(path)


@cache
def answers(path: Path) -> dict[int, str]:
    """Return what is shown for everything that is typed in a file, by its number."""
    machines = Machines(services_lab())
    return {each.number: machines.type(each.on, each.typed) for each in read(path)}
