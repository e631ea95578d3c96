"""The terminal as who the console talks to (:class:`lab.shell.host.Host`)."""

from __future__ import annotations

import getpass
import os
import shutil
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from lab.shell.place import Machine

_WIDTH_OF_A_PIPE: Final = 120
_COLORS: Final = {
    "black": 30, "darkred": 31, "darkgreen": 32, "darkyellow": 33, "darkblue": 34, "darkmagenta": 35, "darkcyan": 36,
    "gray": 37, "darkgray": 90, "red": 91, "green": 92, "yellow": 93, "blue": 94, "magenta": 95, "cyan": 96,
    "white": 97,
}  # fmt: skip


class Terminal:
    """Standard output for what commands output, standard error for errors; nobody is asked in a pipe."""

    def __init__(self) -> None:
        self._colors = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self._progress = False
        self.at_prompt = False
        self.entering: list[Machine | None] = []

    @property
    def width(self) -> int:
        return shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDTH_OF_A_PIPE

    @property
    def interactive(self) -> bool:
        return sys.stdin.isatty() and sys.stdout.isatty()

    def write(self, text: str, *, color: str = "", background: str = "") -> None:
        self._clear()
        print(self._painted(text, color, background), end="", flush=True)

    def write_line(self, text: str, *, color: str = "", background: str = "") -> None:
        self._clear()
        print(self._painted(text, color, background), flush=self._colors)

    def write_error(self, text: str) -> None:
        self._clear()
        sys.stdout.flush()
        print(f"\033[91m{text}\033[0m" if self._colors and sys.stderr.isatty() else text, file=sys.stderr, flush=True)

    def write_progress(self, activity: str, status: str, percent: int | None, *, completed: bool) -> None:
        if not sys.stderr.isatty():
            return
        self._clear()
        if not completed:
            done = "" if percent is None else f" {percent} %"
            print(f"{activity}: {status}{done}", end="", file=sys.stderr, flush=True)
            self._progress = True

    def read_line(self, prompt: str, *, secret: bool = False) -> str:
        self._clear()
        return getpass.getpass(prompt) if secret else input(prompt)

    def confirm(self, title: str, question: str) -> str:
        print(f"\nConfirm\n{title}\n{question}")
        while True:
            answer = self.read_line('[Y] Yes  [A] Yes to All  [N] No  [L] No to All  [?] Help (default is "Y"): ')
            letter = (answer.strip() or "y")[0].upper()
            if letter in "YANL":
                return letter
            print("Y - do it.\nA - do it, and everything that follows.\nN - leave it out.\nL - leave all of it out.")

    def enter(self, machine: Machine | None) -> bool:
        if self.at_prompt:
            self.entering.append(machine)
        return self.at_prompt

    def _painted(self, text: str, color: str, background: str) -> str:
        codes = [str(_COLORS[color.casefold()])] if color.casefold() in _COLORS else []
        codes += [str(_COLORS[background.casefold()] + 10)] if background.casefold() in _COLORS else []
        return f"\033[{';'.join(codes)}m{text}\033[0m" if codes and self._colors else text

    def _clear(self) -> None:
        if self._progress:
            print("\r\033[K", end="", file=sys.stderr, flush=True)
            self._progress = False
