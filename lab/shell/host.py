"""Who the console talks to: a terminal, a web page, a test. It shows what it is given, and asks."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from lab.shell.place import Machine


class Host(Protocol):
    """What an interpreter needs of whoever it runs for.

    ``width`` in characters. ``interactive``: there is somebody who can answer; else nothing is ever asked. Colours are
    the names of System.ConsoleColor, empty for the usual one.
    """

    @property
    def width(self) -> int: ...

    @property
    def interactive(self) -> bool: ...

    def write(self, text: str, *, color: str = "", background: str = "") -> None:
        """Show a text as it is, without a new line after it."""

    def write_line(self, text: str, *, color: str = "", background: str = "") -> None:
        """Show a text, which may have several lines, and a new line after it."""

    def write_error(self, text: str) -> None:
        """Show an error, as :func:`lab.shell.error_text.render` writes it."""

    def write_progress(self, activity: str, status: str, percent: int | None, *, completed: bool) -> None:
        """Show how far something is."""

    def read_line(self, prompt: str, *, secret: bool = False) -> str:
        """Ask for a line."""

    def confirm(self, title: str, question: str) -> str:
        """Ask, and return ``Y`` (yes), ``A`` (yes to all), ``N`` (no) or ``L`` (no to all)."""

    def enter(self, machine: Machine | None) -> bool:
        """Go on, from the next prompt, in a session on another machine, or back (None); False without a prompt."""


class BufferedHost:
    """A host that keeps what it is given, and answers with what it was given before."""

    def __init__(self, answers: Iterable[str] = (), *, width: int = 120) -> None:
        self.width = width
        self.out: list[str] = []
        self.errors: list[str] = []
        self.progress: list[str] = []
        self.asked: list[str] = []
        self._answers = list(answers)

    @property
    def interactive(self) -> bool:
        return bool(self._answers)

    @property
    def text(self) -> str:
        """All that was shown, but for errors."""
        return "".join(self.out)

    def write(self, text: str, *, color: str = "", background: str = "") -> None:
        self.out.append(text)

    def write_line(self, text: str, *, color: str = "", background: str = "") -> None:
        self.out.append(f"{text}\n")

    def write_error(self, text: str) -> None:
        self.errors.append(text)

    def write_progress(self, activity: str, status: str, percent: int | None, *, completed: bool) -> None:
        self.progress.append(f"{activity}: {status}")

    def read_line(self, prompt: str, *, secret: bool = False) -> str:
        self.asked.append(prompt)
        return self._answers.pop(0)

    def confirm(self, title: str, question: str) -> str:
        self.asked.append(question)
        return self._answers.pop(0)

    def enter(self, machine: Machine | None) -> bool:
        return False
