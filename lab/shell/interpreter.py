"""Evaluates scripts: PowerShell's language on a lab, as seen from one of its machines."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from typing import Final

from lab.shell import expressions, pipelines, statements  # noqa: F401 - they register what they evaluate
from lab.shell.argument import Argument
from lab.shell.error_text import render_parse_error
from lab.shell.errors import ParseError, ShellError
from lab.shell.evaluation import execute
from lab.shell.flow import BreakLoop, Return, Thrown, too_deep
from lab.shell.functions import BlockStage, Invocation
from lab.shell.host import Host
from lab.shell.objects import ScriptBlock
from lab.shell.place import Machine, Place
from lab.shell.reporting import placed, report
from lab.shell.runtime import CallRuntime
from lab.shell.scopes import Scope
from lab.shell.session import Session

_STACK: Final = 9_000
"""How many calls of Python may be nested: a stack of 8 MB holds nearly twice as many."""


class Interpreter(CallRuntime):
    """A session on one machine of a lab. It is the :class:`lab.shell.command.Runtime` of its global scope.

    ``failed``: the script that ran last has ended with an error.
    """

    def __init__(self, place: Place, machine: Machine, ui: Host) -> None:
        self.session = Session(place, machine, ui)
        self.failed = False
        super().__init__(self.session.frame)
        sys.setrecursionlimit(max(sys.getrecursionlimit(), _STACK))

    @property
    def ui(self) -> Host:
        return self.session.ui

    @property
    def exit_code(self) -> int:
        """What a process that ran the last script ends with: 1 if that, or its last command, has gone wrong."""
        return 1 if self.failed or not self.session.ok else 0

    @property
    def global_scope(self) -> Scope:
        return self.session.scope

    def run(self, text: str, file: str = "", arguments: Iterable[object] = ()) -> Iterator[object]:
        """Run what was typed, or with `file` a script file's text, and yield the objects that it outputs.

        Errors are shown and end up in ``$Error``; ``failed`` tells whether one of them has ended the script. Raises
        :class:`lab.shell.flow.Exit` at ``exit``, unless a script file says it: that only sets $LASTEXITCODE.
        """
        self.failed = False
        try:
            yield from self._run(text, file, arguments)
        except (BreakLoop, Return):  # outside of any loop or function: the script ends there
            return
        except ParseError as error:
            self._ended(error)
            self.session.ui.write_error(render_parse_error(error))
        except ShellError as error:
            placed(error, None)
            self._ended(error)
            report(error, self._frame)
        except RecursionError:
            deep = Thrown(too_deep().record)
            self._ended(deep)
            report(deep, self._frame)

    def _run(self, text: str, file: str, arguments: Iterable[object]) -> Iterator[object]:
        from lab.shell.parser import parse

        body = parse(text, file)
        if file or body.parameters:
            given = [Argument(None, each) for each in arguments]
            stage = BlockStage(file, ScriptBlock(body), given, self._frame, Invocation(dot=not file, file=file))
            yield from stage.begin(piped=False)
            yield from stage.outputs(None)
            return
        for part in (body.begin, body.process, body.end):
            if part:
                yield from execute(part, self._frame)

    def _ended(self, error: ShellError) -> None:
        self.failed = True
        self.session.ok = False
