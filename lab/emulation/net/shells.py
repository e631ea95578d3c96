# ruff: noqa: N802, N803, N815 - the names are Mininet's
"""What every node of a :class:`LabNet` does in another way than Mininet's: its shell, and how programs get inside.

A shell starts with the first command, not with the node, and needs neither `mnexec` nor root. One that has ended, as a
VM's does when the VM stops, is started again by the next command.
"""

from __future__ import annotations

import contextlib
import errno
import os
import pty
import select
import shlex
import weakref
from subprocess import PIPE
from typing import Any

from lab.emulation.net.door import LabProcess, Place
from lab.emulation.net.substrate import is_shell_builtin
from lab.errors import LabFault

_SENTINEL = chr(127)

# What the mixin is mixed into; Mininet's classes have no types.
_Node: Any = object


class Inside(_Node):  # type: ignore[misc]
    """A mixin for Mininet's nodes: their programs run in a :class:`Place` of the lab."""

    shell: LabProcess | None
    master: int

    isSetup = True  # or Mininet looks for programs that we do not need, and ends the process if they are missing

    def __init__(self, name: str, place: Place, **params: Any) -> None:
        self.place = place
        self._started: weakref.WeakSet[LabProcess] = weakref.WeakSet()
        super().__init__(name, **params)

    @property
    def pid(self) -> int | None:
        """The first process of the node as the machine numbers it, for `nsenter`; None if it does not run."""
        return self.place.pid()

    @pid.setter
    def pid(self, _: object) -> None:
        return None

    @property
    def environment(self) -> dict[str, str]:
        """What programs find in their environment besides what the caller's has."""
        return {}

    # Programs

    def popen(self, *args: Any, **kwargs: Any) -> LabProcess:
        """Start a program in the node and return its `Popen`: a list, a string that is split, or words.

        The program ends with this process. With `shell=True` a string goes to a shell inside.
        """
        kwargs.pop("mncmd", None)
        argv = self._words(args, through_shell=kwargs.pop("shell", False))
        streams = {"stdout": PIPE, "stderr": PIPE}
        given = kwargs.pop("env", None)
        env = {**os.environ, **self.environment} if given is None else {**given, **self.environment}
        started = self.place.start(argv, env=env, **{**streams, **kwargs})
        self._started.add(started)
        return started

    def _words(self, args: tuple[Any, ...], *, through_shell: bool) -> list[str]:
        if len(args) == 1 and isinstance(args[0], list | tuple):
            words = [str(word) for word in args[0]]
        elif len(args) == 1 and isinstance(args[0], str):
            words = [args[0]] if through_shell else args[0].split()
        else:
            words = [str(word) for word in args]
        return ["/bin/bash", "-c", " ".join(words)] if through_shell else words

    # The shell

    def startShell(self, mnopts: object = None) -> None:
        """Do nothing: Mininet calls this when the node is made, and a shell starts with the first command."""

    def _open_shell(self) -> None:
        if self.shell and self.shell.poll() is None:
            return
        self._close_shell()
        self.master, slave = pty.openpty()
        environment = {name: value for name, value in os.environ.items() if name not in ("PROMPT_COMMAND", "BASH_ENV")}
        try:
            self.shell = self.place.start(
                ("bash", "--norc", "--noediting", "-is", f"mininet:{self.name}"), terminal=self.master,
                env=environment | self.environment | {"PS1": _SENTINEL},
                stdin=slave, stdout=slave, stderr=slave,
            )  # fmt: skip
        except BaseException:
            os.close(self.master)
            raise
        finally:
            # Only the shell has it, so that its end is seen here.
            os.close(slave)
        self._listen()

    def _listen(self) -> None:
        self.stdin = self.stdout = os.fdopen(self.master, "r")
        self.pollOut = select.poll()
        self.pollOut.register(self.stdout, select.POLLIN)
        self.outToNode[self.stdout.fileno()] = self.inToNode[self.stdin.fileno()] = self
        self.execed = False
        self.lastCmd = self.lastPid = None
        self.readbuf = said = ""
        while not said.endswith(_SENTINEL):
            said += self.read(1024)
        self.waiting = False
        self.cmd("unset HISTFILE; stty -echo; set +m")

    def _close_shell(self) -> None:
        shell, self.shell, self.waiting = self.shell, None, False
        if shell is None:
            return
        self.outToNode.pop(self.stdout.fileno(), None)
        self.inToNode.pop(self.stdin.fileno(), None)
        shell.terminate()  # with everything it started
        shell.wait()
        self.stdin.close()

    def sendCmd(self, *args: Any, printPid: bool = False, **kwargs: Any) -> None:
        """Send a command to the node's shell without waiting; its pid, if asked for, is the one inside the node."""
        self._open_shell()
        words: Any = args[0] if len(args) == 1 and isinstance(args[0], list | tuple) else args
        command = " ".join(map(str, words))
        if printPid and not command.rstrip().endswith("&") and not is_shell_builtin(command):
            command = "sh -c " + shlex.quote(r'printf "\001%d\n" "$$"; exec "$@"') + " sh " + command
        super().sendCmd(command, **kwargs)

    def cmd(self, *args: Any, **kwargs: Any) -> str:
        """Run a command in the node's shell and return what it prints."""
        self._open_shell()
        output: str = super().cmd(*args, **kwargs)
        return output

    def read(self, size: int = 1024) -> str:
        """Read what the shell says; LabFault if it has ended, as it does when its VM stops."""
        try:
            text: str = super().read(size)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            said = self.readbuf.strip()
            self._close_shell()
            raise LabFault(f'the shell in "{self.name}" has ended{f": {said}" if said else ""}') from None
        return text

    # The end

    def terminate(self) -> None:
        """End the shell of the node, and the programs that `popen` started; the node itself runs on."""
        self._close_shell()
        for started in tuple(self._started):
            if started.poll() is None:
                started.kill()
                with contextlib.suppress(ChildProcessError):
                    started.wait()

    cleanup = terminate

    def shell_output(self) -> int:
        """Return the descriptor of what the shell prints, to poll."""
        self._open_shell()
        fd: int = self.stdout.fileno()
        return fd

    def stop(self, deleteIntfs: bool = False) -> None:
        """Leave the node alone: that is all that ending the use of a running lab means for it."""
        self.terminate()

    # What is there already

    def addIntf(self, intf: Any, port: int | None = None, moveIntfFn: object = None) -> None:
        """Make an interface known; it is where it belongs already."""
        super().addIntf(intf, port=port, moveIntfFn=lambda *_: None)
