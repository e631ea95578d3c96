"""Starting programs inside a lab from any Python program outside, with nothing but a `Popen` in between.

No fork of the caller's own code is needed, so the caller may have threads; and what was started ends with the caller.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.emulation.net import entrance
from lab.emulation.pod import census
from lab.emulation.pod.init.admission import FOLDER
from lab.emulation.pod.init.child import PATH
from lab.emulation.pod.pod import Pod
from lab.errors import InvalidState

_ENTRANCE = str(Path(entrance.__file__).resolve())


class LabProcess(subprocess.Popen[Any]):
    """A `Popen` of a program inside a lab: signals reach the program, and `kill` kills its descendants too."""

    def send_signal(self, sig: int) -> None:
        super().send_signal(entrance.KILL_ALL if sig == signal.SIGKILL else sig)


@dataclass(frozen=True, slots=True)
class Place:
    """Where programs run: in the namespaces of a machine of the lab, or in the lab itself but on a machine's network.

    `machine` is the machine whose namespaces are entered, empty for the lab's own; `network` the one whose network is.
    """

    pod: Pod
    network: str
    machine: str = ""

    def start(self, argv: Sequence[str], *, terminal: int = entrance.NO_TERMINAL, **options: Any) -> LabProcess:
        """Start a program and return its process; `options` are those of `Popen`.

        With the other end of a `terminal`, it becomes the leader of the one that is its standard input.
        """
        given = options.pop("env", None)
        options.setdefault("start_new_session", True)
        if terminal != entrance.NO_TERMINAL:
            options["pass_fds"] = (terminal,)
        cache = ("-B",) if sys.dont_write_bytecode else ()
        program = (
            sys.executable,
            "-I",
            "-S",
            "-E",
            *cache,
            _ENTRANCE,
            str(os.getpid()),
            str(terminal),
            *self._target(),
        )
        return LabProcess(
            (*program, *map(str, argv)), env=environment(os.environ if given is None else given), **options
        )

    def _target(self) -> tuple[str, ...]:
        network = self.process(self.network)
        return (*(network if self.machine else self._first()), *network, self.machine, self.pod.path(FOLDER))

    def _first(self) -> tuple[str, str]:
        return f"/proc/{self.pod.pid}", str(self.pod.start_ticks)

    def pid(self) -> int | None:
        """Return the first process of the machine as this machine numbers it, None if it does not run."""
        state = self.pod.processes((self.network,)).get(self.network)
        return census.outer_pid(self.pod.pid, state.pid) if state and state.pid else None

    def process(self, node: str) -> tuple[str, str]:
        """Return the /proc directory of a machine's first process, as this process sees it, and its start time."""
        state = self.pod.processes((node,)).get(node)
        if state is None or state.pid is None:
            raise InvalidState(f'"{node}" does not run', remedy="start it in the topology and run `hvlab apply`")
        return self.pod.path(f"/proc/{state.pid}"), str(state.start_ticks)


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which the system's programs are found: an ordinary user's may lack their folders."""
    folders = [folder for folder in given.get("PATH", "").split(":") if folder]
    return {**given, "PATH": ":".join([*folders, *(each for each in PATH.split(":") if each not in folders)])}
