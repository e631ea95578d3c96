"""What a command can ask of the interpreter while it runs: see :class:`lab.shell.command.Runtime`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, Protocol

from lab.shell.casts import truth
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.frames import DEBUG, INFORMATION, UNSET, VERBOSE, WARNING, Frame, Message, Sink
from lab.shell.objects import PSObject, ScriptBlock
from lab.shell.place import Machine, Place
from lab.shell.reporting import non_terminating, wanted
from lab.shell.scopes import Scope
from lab.shell.syntax import Extent
from lab.shell.text import to_text

_HEIGHT: Final = {"none": 0, "low": 1, "medium": 2, "high": 3}


class Owner(Protocol):
    """The stage of a pipeline that asks."""

    failed: bool

    @property
    def command(self) -> Any: ...

    @property
    def common(self) -> Mapping[str, object]: ...

    @property
    def extent(self) -> Extent | None: ...


class CallRuntime:
    """The interpreter as one call sees it: its preferences are those that it was given, before those of the script."""

    place: Place
    machine: Machine

    def __init__(self, frame: Frame, owner: Owner | None = None) -> None:
        self.place = frame.session.place
        self.machine = frame.session.machine
        self._frame = frame
        self._owner = owner
        self._always: bool | None = None

    @property
    def frame(self) -> Frame:
        """What the call is evaluated in; for commands about the interpreter itself (Get-Variable, Get-Alias)."""
        return self._frame

    def _given(self, name: str) -> object:
        return self._owner.common.get(name) if self._owner else None

    # Streams

    def write_error(self, record: ErrorRecord) -> None:
        if self._owner:
            self._owner.failed = True
            if record.activity == "Write-Error" and self._owner.command.name == "Write-Error":
                record = self._of_caller(record, self._owner.extent)
        shown = non_terminating(record, self._frame, self._given("erroraction"))
        if shown is not None:
            self._collect("errorvariable", shown)

    def _of_caller(self, record: ErrorRecord, extent: Extent | None) -> ErrorRecord:
        """Return what Write-Error reports: it is said to come from the function that calls it, or from the script."""
        name = self._frame.name
        if not name:
            return replace(record, caller=extent.source.strip() if extent else "")
        own = "," in record.error_id or not record.error_id
        return replace(
            record,
            caller=name,
            extent=self._frame.called,
            error_id=record.error_id if own else f"{record.error_id},{name}",
        )

    def write_warning(self, text: str) -> None:
        self._say(WARNING, text, "warningaction", "WarningPreference")
        self._collect("warningvariable", Message(WARNING, text).as_object())

    def write_verbose(self, text: str) -> None:
        verbose = self._given("verbose")
        if wanted(self._frame.variable("VerbosePreference")) if verbose is None else verbose:
            self._frame.streams.write(VERBOSE, Message(VERBOSE, text))

    def write_debug(self, text: str) -> None:
        debug = self._given("debug")
        if wanted(self._frame.variable("DebugPreference")) if debug is None else debug:
            self._frame.streams.write(DEBUG, Message(DEBUG, text))

    def write_information(self, text: str) -> None:
        self._say(INFORMATION, text, "informationaction", "InformationPreference")

    def _say(self, stream: int, text: str, parameter: str, preference: str) -> None:
        given = self._given(parameter)
        action = to_text(given if given is not None else self._frame.variable(preference)).casefold()
        if action == "stop":
            raise ShellError(
                ErrorRecord(
                    "The running command stopped because the preference variable "
                    f'"{preference}" or common parameter is set to Stop: {text}',
                    "OperationStopped", "ActionPreferenceStop", "ActionPreferenceStopException",
                )
            )  # fmt: skip
        if action not in ("silentlycontinue", "ignore"):
            self._frame.streams.write(stream, Message(stream, text))

    def write_host(self, text: str, *, newline: bool = True, color: str = "", background: str = "") -> None:
        self._frame.streams.write(INFORMATION, Message(INFORMATION, text, newline, color, background))

    def write_progress(self, activity: str, status: str, percent: int | None, *, completed: bool = False) -> None:
        if wanted(self._frame.variable("ProgressPreference")):
            self._frame.session.ui.write_progress(activity, status, percent, completed=completed)

    def _collect(self, parameter: str, item: object) -> None:
        """Add to the variable that -ErrorVariable or -WarningVariable names."""
        name = to_text(self._given(parameter)).lstrip("+")
        if name:
            found = self._frame.variable(name)
            items = list(found) if isinstance(found, list) else []
            self._frame.set_variable(name, [*items, item])

    # Questions

    def read_line(self, prompt: str, *, secret: bool = False) -> str:
        ui = self._frame.session.ui
        if not ui.interactive:
            raise ShellError(
                ErrorRecord(
                    "Windows PowerShell is in NonInteractive mode. Read and Prompt functionality is not available.",
                    "InvalidOperation", "InvalidOperation", "PSInvalidOperationException",
                )
            )  # fmt: skip
        return ui.read_line(prompt, secret=secret)

    def confirm(self, title: str, question: str) -> bool:
        if self._always is not None:
            return self._always
        if not self._frame.session.ui.interactive:
            self.read_line(question)
        answer = self._frame.session.ui.confirm(title, question).strip().casefold()[:1] or "y"
        if answer in "al":
            self._always = answer == "a"
        return answer in "ya"

    def agreed(self, target: str, action: str) -> bool:
        """Return whether to go on, as ``$PSCmdlet.ShouldProcess`` says."""
        if truth(self.variable("WhatIfPreference")):
            self.write_host(f'What if: Performing the operation "{action}" on target "{target}".')
            return False
        self.write_verbose(f'Performing the operation "{action}" on target "{target}".')
        preference = to_text(self.variable("ConfirmPreference")).casefold() or "high"
        impact = to_text(self._owner.command.impact).casefold() if self._owner else "medium"
        if not _HEIGHT.get(impact, 2) >= _HEIGHT.get(preference, 3) > 0:
            return True
        question = f'Performing the operation "{action}" on target "{target}".'
        return self.confirm("Are you sure you want to perform this action?", question)

    # Variables, script blocks, other commands

    def variable(self, name: str) -> object:
        scope, colon, rest = name.partition(":")
        return self._frame.variable(rest, scope.casefold()) if colon else self._frame.variable(name)

    def set_variable(self, name: str, value: object, scope: str = "") -> None:
        self._frame.set_variable(name, value, scope.casefold())

    def invoke(
        self, block: ScriptBlock, arguments: Iterable[object] = (), *, item: Any = ..., own_scope: bool = False
    ) -> Iterator[object]:
        from lab.shell.functions import run_block

        return run_block(block, self._frame, UNSET if item is ... else item, arguments, own_scope=own_scope)

    def on(self, machine: Machine, block: ScriptBlock, arguments: Iterable[object] = ()) -> Iterator[object]:
        from lab.shell.functions import run_block
        from lab.shell.session import Session

        there = Session(self.place, machine, self._frame.session.ui, using=self._frame)
        frame = there.frame.but(catching=self._frame.catching, depth=self._frame.depth)
        frame.scope.set("ErrorActionPreference", self._frame.variable("ErrorActionPreference"))
        for found in run_block(block, frame, arguments=arguments, own_scope=True):
            yield _from(found, machine)

    def ended(self, code: int) -> None:
        self._frame.session.exit_code = code
        if self._owner and code:
            self._owner.failed = True

    def enter(self, machine: Machine | None) -> None:
        if not self._frame.session.ui.enter(machine):
            raise ShellError(
                ErrorRecord(
                    "A session on another machine can only be entered from the prompt of an interactive console.",
                    "InvalidOperation", "HostDoesNotSupportPushRunspace", "PSInvalidOperationException",
                    remedy="In a script use Invoke-Command.",
                )
            )  # fmt: skip

    def call(self, name: str, /, *arguments: object, **parameters: object) -> Iterator[object]:
        from lab.shell.argument import Argument
        from lab.shell.calls import stage_of

        given = [Argument(key, value) for key, value in parameters.items()]
        stage = stage_of(name, [*given, *(Argument(None, each) for each in arguments)], self._frame, None)
        yield from stage.begin(piped=False)
        yield from stage.outputs(None)

    @property
    def scope(self) -> Scope:
        """The scope that the call is in."""
        return self._frame.scope

    def watched(self, sinks: Mapping[int, Sink]) -> CallRuntime:
        """Return the same with other places for some streams."""
        return CallRuntime(self._frame.but(streams=self._frame.streams.but(sinks)), self._owner)


def _from(found: object, machine: Machine) -> object:
    """Return an object as it comes from another machine: what it was there, and the name of that."""
    if not isinstance(found, PSObject):
        return found
    made = PSObject(found.type_names, found.items(), source=found.source, methods=found.methods, text=found.text)
    made.set("PSComputerName", machine.name)
    return made
