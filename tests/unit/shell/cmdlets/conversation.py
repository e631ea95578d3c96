"""Conversations with the console that are written down: what is typed, after ``PS>``, and what is shown for it.

All lines of a file are typed in one session, on a lab that is only described. Compared is what a reader sees: not the
spaces at the ends of lines, not empty lines around an answer, and not the place of an error in what was typed. An id
that a lab makes up is written ``<id>``. A line that begins with ``#`` says what comes next.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from lab.model.builder import Lab
from lab.model.objects import LabModel
from lab.shell.formatting import formatted
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Description, Machine

GOLDEN = Path(__file__).parents[3] / "golden" / "shell" / "cmdlets"
_PROMPT = "PS> "
_ID = re.compile(r"\{?[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\}?")
_PLACE = ("At line:", "+ ")
_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Exchange:
    """One thing that is typed, and what is to be shown."""

    file: str
    number: int
    typed: str
    expected: str

    def __str__(self) -> str:
        return f"{self.file}-{self.number}"


def exchanges(folder: str) -> list[Exchange]:
    """Return what the conversations of a folder consist of."""
    return [each for path in sorted((GOLDEN / folder).glob("*.txt")) for each in _read(path)]


@cache
def _read(path: Path) -> tuple[Exchange, ...]:
    found: list[Exchange] = []
    for part in path.read_text(encoding="utf-8").split(f"\n{_PROMPT}")[1:]:
        typed, _, rest = part.partition("\n")
        shown = [line for line in rest.split("\n") if not line.startswith("#")]
        found.append(Exchange(path.stem, len(found) + 1, typed, seen(shown)))
    return tuple(found)


class _Screen(BufferedHost):
    """A screen on which errors are between the rest, as they come."""

    def write_error(self, text: str) -> None:
        self.write_line(text)


def classroom() -> LabModel:
    """Return a host with switches of every type, two VMs on one of them, and one of generation 1."""
    lab = Lab("classroom")
    lab.physical_network("lan", "192.168.1.0/24")
    hv1 = lab.host("hv1")
    for number, name in enumerate(("Ethernet", "Ethernet 2", "Ethernet 3")):
        hv1.nic(name, "lan", *(["192.168.1.10/24"] if number == 0 else []))
    hv1.external_switch("External", "Ethernet")
    hv1.external_switch("Team", ["Ethernet 2", "Ethernet 3"], embedded_teaming=True, allow_management_os=False)
    hv1.internal_switch("Lab")
    hv1.private_switch("Private")
    hv1.vm("web1", "Lab", "10.0.0.1/24")
    hv1.vm("web2", "Lab", "10.0.0.2/24")
    hv1.vm("old", "Private", generation=1)
    return lab.model()


class Session:
    """A console on the first host of a lab, the classroom unless another one is given."""

    def __init__(self, place: Description | None = None) -> None:
        self.place = place or Description(classroom())
        self.screen = _Screen(width=_WIDTH)
        self._interpreter = Interpreter(self.place, Machine("hv1", "hv1"), self.screen)

    def type(self, text: str) -> str:
        """Run a script, and return what a reader sees of it."""
        before = len(self.screen.out)
        for line in formatted(self._interpreter.run(text), _WIDTH):
            self.screen.write_line(line)
        return seen("".join(self.screen.out[before:]).split("\n"))


def seen(lines: list[str]) -> str:
    """Return what of some lines is compared."""
    told = [_ID.sub("<id>", line.rstrip()) for line in lines if not line.startswith(_PLACE)]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(told)).strip("\n")


@cache
def answers(folder: str, file: str, start: Callable[[], Session] = Session) -> tuple[str, ...]:
    """Return what is shown for everything that is typed in a file."""
    session = start()
    return tuple(session.type(each.typed) for each in _read(GOLDEN / folder / f"{file}.txt"))
