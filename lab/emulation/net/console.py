"""Mininet's console over a running lab, on a terminal, a pipe or a list of commands."""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import select
import shutil
import sys
import termios
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, TextIO

from lab.emulation.net.labnet import LabNet
from lab.emulation.net.substrate import CLI, error, log, make_terms, output
from lab.errors import LabError

_HISTORY = Path("~/.mininet_history")
# Where things are in what termios.tcgetattr returns.
_INPUT, _LOCAL, _KEYS = 0, 3, 6


class Console(CLI):  # type: ignore[misc]
    """Mininet's commands. A line that is wrong is told so and counted in `mistakes`; the console goes on."""

    # Names of machines may have hyphens, and those of switches a dot.
    identchars = CLI.identchars + "-."

    def __init__(self, net: LabNet, stdin: TextIO | None = None) -> None:
        self.mistakes = 0
        self.net = net
        self._stdin = stdin or sys.stdin
        log.handlers[0].setStream(sys.stdout)
        # Mininet's constructor runs the console until it ends; it only makes this object here.
        self._made = False
        super().__init__(net, stdin=self._stdin)
        self._made = True

    @classmethod
    def initReadline(cls) -> None:  # noqa: N802 - Mininet's name
        """Remember what was typed, as Mininet does, where there is a home to keep it in."""

    def run(self) -> None:
        """Run until the end of the input or `exit`."""
        if not self._made:
            return
        if self.isatty():
            _remember()
        else:
            self.prompt, self.use_rawinput = "", False
        ended = False
        while not ended:
            try:
                self.cmdloop()
                ended = True
            except KeyboardInterrupt:
                output("\nInterrupt\n")

    def run_lines(self, lines: Iterable[str]) -> None:
        """Run these commands, up to an `exit`."""
        for line in lines:
            if self.onecmd(self.precmd(line.rstrip("\n"))):
                return

    def onecmd(self, line: str) -> Any:
        """Run a command; what is wrong with it is one line, and no reason to end."""
        try:
            return super().onecmd(line)
        except LabError as problem:
            for record in problem.records:
                self._complain(str(record))
            return None

    def _complain(self, text: str) -> None:
        self.mistakes += 1
        error(f"*** {text}\n")

    def default(self, line: str) -> None:
        """Run a command in the machine that the line begins with; other names in it become their addresses."""
        name, rest, line = self.parseline(line)
        if line == "EOF":
            return
        if name not in self.net:
            # Says whether it is a machine that is off, or nothing at all.
            problem = self.net.missing(name or line)
            self._complain(f"unknown command: {line}" if isinstance(problem, KeyError) else str(problem))
            return
        if not rest:
            self._complain(f"a command for {name} is missing: {name} COMMAND")
            return
        node = self.net[name]
        command = " ".join(self._address(word) for word in rest.split(" "))
        # There, or the command itself would be echoed too.
        node.sendCmd(f"stty echo; {command}" if self.isatty() else command)
        self.waitForNode(node)

    def _address(self, word: str) -> str:
        return next((host.IP() or word for host in self.net.hosts if host.name == word), word)

    def waitForNode(self, node: Any) -> None:  # noqa: N802 - Mininet's name
        """Print what a command prints until it ends; on a terminal, hand it what is typed meanwhile."""
        if self.isatty():
            with _typing_into(self._stdin.fileno(), node):
                self._converse(node)
        else:
            self._listen(node)

    def _listen(self, node: Any) -> None:
        while node.waiting:
            try:
                output(node.monitor())
            except KeyboardInterrupt:
                node.sendInt()

    def _converse(self, node: Any) -> None:
        keyboard = self._stdin.fileno()
        poll = select.poll()
        poll.register(keyboard, select.POLLIN)
        poll.register(node.stdout, select.POLLIN)
        while node.waiting:
            try:
                for fd, _ in poll.poll():
                    if fd != keyboard:
                        output(node.monitor())
                    elif typed := os.read(keyboard, 1024):
                        os.write(node.stdin.fileno(), typed)
                    else:
                        poll.unregister(keyboard)
            except KeyboardInterrupt:
                node.sendInt()

    def do_EOF(self, _line: str) -> str:  # noqa: N802 - Mininet's name
        "Exit"
        if self.isatty():
            output("\n")
        return "end of input"

    def do_xterm(self, line: str, term: str = "xterm") -> None:
        """Open a terminal window for each of these machines.
        Usage: xterm node1 node2 ..."""
        program = {"gterm": "gnome-terminal"}.get(term, term)
        missing = [
            what
            for what, there in (("a display (DISPLAY is not set)", "DISPLAY" in os.environ),
                                (f"the program {program}", shutil.which(program)))
            if not there
        ]  # fmt: skip
        if missing:
            self._complain(f"{term} needs {' and '.join(missing)}; `hvlab exec NODE` gives a shell in this terminal")
            return
        for name in line.split():
            self.net.terms += make_terms([self.net[name]], term=term)

    def do_x(self, line: str) -> None:
        """Run a program with windows in a machine.
        Usage: x node command {args}"""
        name, _, command = line.partition(" ")
        self.net.terms.append(self.net[name].popen(command))

    def completenames(self, text: str, *ignored: Any) -> list[str]:
        """Complete commands and the names of machines and switches."""
        found: list[str] = super().completenames(text, *ignored)
        return found + [name for name in self.net if name.startswith(text)]

    def completedefault(self, text: str, *_ignored: Any) -> list[str]:
        return [name for name in self.net if name.startswith(text)]


@contextlib.contextmanager
def _typing_into(keyboard: int, node: Any) -> Iterator[None]:
    """Let every key but Ctrl-C go to a node's terminal, which echoes them itself, and has our window's size."""
    before = termios.tcgetattr(keyboard)
    ours = termios.tcgetattr(keyboard)
    ours[_INPUT] &= ~(termios.ICRNL | termios.IXON)
    ours[_LOCAL] &= ~(termios.ICANON | termios.ECHO)
    ours[_KEYS][termios.VMIN], ours[_KEYS][termios.VTIME] = 1, 0
    theirs = node.master
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, fcntl.ioctl(keyboard, termios.TIOCGWINSZ, bytes(8)))
    termios.tcsetattr(keyboard, termios.TCSADRAIN, ours)
    try:
        yield
    finally:
        termios.tcsetattr(keyboard, termios.TCSADRAIN, before)
        if node.shell:
            settings = termios.tcgetattr(theirs)
            settings[_LOCAL] &= ~termios.ECHO
            termios.tcsetattr(theirs, termios.TCSANOW, settings)


def _remember() -> None:
    """Read and, at the end, write the history of Mininet's console; a home that cannot be written to is no mistake."""
    with contextlib.suppress(ImportError):
        import readline

        path = str(_HISTORY.expanduser())
        with contextlib.suppress(OSError):
            readline.read_history_file(path)

        def write() -> None:
            with contextlib.suppress(OSError):
                readline.set_history_length(1000)
                readline.write_history_file(path)

        atexit.register(write)
