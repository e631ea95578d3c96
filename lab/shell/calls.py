"""Calls of commands: which one a name means, and how it runs as a stage of a pipeline (about_Command_Precedence)."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Protocol

from lab.errors import LabError
from lab.shell.argument import Argument
from lab.shell.binder import Binding
from lab.shell.blame import blamed
from lab.shell.command import Call, Command
from lab.shell.default_values import with_defaults
from lab.shell.errors import ErrorRecord, ShellError, refusals
from lab.shell.files import Files
from lab.shell.flow import Thrown
from lab.shell.frames import Frame
from lab.shell.functions import BlockStage, Invocation
from lab.shell.objects import PSObject, ScriptBlock
from lab.shell.parameters import asker
from lab.shell.place import Machine, machine_of, vm_of
from lab.shell.reporting import action_of
from lab.shell.runtime import CallRuntime
from lab.shell.session import Function
from lab.shell.syntax import Extent
from lab.shell.text import to_text

_LONGEST_CHAIN: Final = 20


class Stage(Protocol):
    """One command of a pipeline, with its arguments. ``failed``: it has reported an error."""

    failed: bool

    @property
    def common(self) -> dict[str, object]: ...

    def begin(self, piped: bool) -> list[object]:
        """Do what comes before the first object; return what that outputs."""

    def outputs(self, upstream: Iterator[object] | None) -> Iterator[object]:
        """Yield what it outputs, for what comes from upstream, if anything is."""


def stage_of(
    name: object, arguments: Sequence[Argument], frame: Frame, extent: Extent | None, *, dot: bool = False
) -> Stage:
    """Return the stage that calls what a name means; ShellError (CommandNotFoundException) if it means nothing."""
    if isinstance(name, ScriptBlock):
        return BlockStage("", name, arguments, frame, Invocation(dot=dot, extent=extent))
    if isinstance(name, PSObject):
        name = name.get("Name") or name.text
    text = to_text(name)
    found = resolve(text, frame)
    if isinstance(found, Function):
        return BlockStage(found.name, found.block, arguments, frame, Invocation(dot=dot, extent=extent))
    if isinstance(found, Path):
        file = frame.session.files.shown(found)
        return _script(found, arguments, frame, Invocation(dot=dot, file=file, extent=extent))
    if isinstance(found, Command):
        if not is_native(found) and any(each.name == "?" for each in arguments):
            return stage_of("Get-Help", [Argument(None, found.name)], frame, extent)
        return CommandStage(found, arguments, frame, extent)
    raise _not_found(text)


def resolve(name: str, frame: Frame) -> Function | Command | Path | None:
    """Return what a name means: an alias, a function, a command, a script file; None if it means nothing."""
    for _ in range(_LONGEST_CHAIN):
        meant = frame.scope.alias(name)
        if meant is None:
            break
        name = meant
    folded = name.casefold()
    for prefix in ("global:", "script:", "local:", "function:"):
        if folded.startswith(prefix):
            name = name[len(prefix) :]
    function: Function | None = frame.scope.function(name)
    if function is not None:
        return function
    found = _command(name, frame.session.machine)
    return found or _file(name, frame.session.files) or _unverbed(name, frame.session.machine)


def _unverbed(name: str, machine: Machine) -> Command | None:
    return _command(f"Get-{name}", machine) if "-" not in name else None


def _command(name: str, machine: Machine) -> Command | None:
    from lab.shell.registry import find

    found = find(name.rpartition("\\")[2])
    if found is None:
        return None
    if found.module.startswith("Microsoft.PowerShell") or not machine.host:
        return found
    return found if (found.guest if machine.is_vm else found.host) else None


def _file(name: str, files: Files) -> Path | None:
    """Return the script file that a name with a path means."""
    if "\\" not in name and "/" not in name:
        return None
    for given in (name, f"{name}.ps1"):
        try:
            path = files.path(given)
        except ShellError:
            return None  # what cannot be a path is said to be no command
        if path.suffix.casefold() == ".ps1" and os.path.isfile(path):
            return path if files.is_on_drive(path) else path.resolve()
    return None


def _script(path: Path, arguments: Sequence[Argument], frame: Frame, how: Invocation) -> Stage:
    from lab.shell.parser import parse

    body = parse(read(path), how.file)
    return BlockStage(path.name, ScriptBlock(body), arguments, frame, how)


def read(path: Path) -> str:
    """Return the text of a script file, in whatever encoding Windows wrote it; ShellError if it cannot be read."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ShellError(
            ErrorRecord(
                f"Cannot read {path}: {error.strerror}.", "ReadError", "FileReadError", "System.IO.IOException",
                str(path),
            )
        ) from None  # fmt: skip
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").replace("\r\n", "\n")
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace").replace("\r\n", "\n")


def _not_found(name: str) -> ShellError:
    return ShellError(
        ErrorRecord(
            f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable program. "
            "Check the spelling of the name, or if a path was included, verify that the path is correct and try again.",
            "ObjectNotFound", "CommandNotFoundException", "CommandNotFoundException", name,
        )
    )  # fmt: skip


def _listed(given: object) -> list[object]:
    return given if isinstance(given, list) else [] if given is None else [given]


class CommandStage:
    """One call of a command of :mod:`command`, as a stage of a pipeline."""

    def __init__(self, command: Command, arguments: Sequence[Argument], frame: Frame, extent: Extent | None) -> None:
        self.failed = False
        self.command = command
        self._frame = frame
        self._extent = extent
        self._runtime = CallRuntime(frame, self)
        self._arguments = arguments
        self._bound: tuple[str, dict[str, Any]] | None = None
        self._binding: Binding | None = None
        if is_native(command):
            self._bound = "", {command.parameters[0].name: list(words(arguments))}
        else:
            self._binding = self._checked(lambda: with_defaults(command, arguments, asker(frame, command), frame))

    @property
    def common(self) -> dict[str, object]:
        return self._binding.common if self._binding else {}

    @property
    def extent(self) -> Extent | None:
        """Where it is called."""
        return self._extent

    def _checked(self, act: Callable[[], Any]) -> Any:
        try:
            return act()
        except ShellError as error:
            raise self._named(error) from error.__cause__

    def _named(self, error: ShellError) -> ShellError:
        if not error.placed:
            where = blamed(error.record, self._arguments) or self._extent
            error.record = error.record.at(self.command.name, self.command.class_name, where)
            error.placed = True
        return error

    def begin(self, piped: bool) -> list[object]:
        if self._binding and (self.command.stream or not piped):
            self._bound = self._checked(self._binding.complete)
        return []

    def outputs(self, upstream: Iterator[object] | None) -> Iterator[object]:
        if self._bound is not None:
            yield from self._call(*self._bound, upstream)
            return
        assert self._binding and upstream is not None
        for item in upstream:
            try:
                chosen, bound = self._binding.with_input(item)
            except ShellError as error:
                self._runtime.write_error(self._named(error).record)
                continue
            yield from self._call(chosen, bound, upstream, one=True)

    def _call(
        self, chosen: str, bound: dict[str, Any], upstream: Iterator[object] | None, *, one: bool = False
    ) -> Iterator[object]:
        try:
            for machine in self._machines():
                call = Call(
                    self.command, bound, self._runtime, machine, chosen,
                    input=iter(()) if one or upstream is None else upstream, common=self.common, extent=self._extent,
                    piped=upstream is not None,
                )  # fmt: skip
                results = self.command.run(call)
                if results is not None:
                    yield from results
        except LabError as error:
            self._refused(error)
        except ShellError as error:
            self._stopped(error)
        except RecursionError:
            from lab.shell.flow import too_deep

            raise Thrown(too_deep().record) from None

    def _machines(self) -> Iterator[Machine]:
        """Yield the machines that -ComputerName or -CimSession name, or the one of the session."""
        here = self._frame.session.machine
        named: list[object] = [*_listed(self.common.get("computername")), *_listed(self.common.get("cimsession"))]
        for each in named:
            name = to_text(each.get("ComputerName") if isinstance(each, PSObject) else each)
            found = here if name in (".", "localhost", "") else machine_of(self._runtime.place.model, name)
            if found is not None:
                yield found
                continue
            self._runtime.write_error(
                ErrorRecord(
                    f"The operation on computer '{name}' failed: the server name cannot be resolved.",
                    "ResourceUnavailable", "ComputerNotFound", "VirtualizationException", name,
                    remedy=f"The machines of this lab are {', '.join(self._runtime.place.model.node_names())}.",
                ).at(self.command.name, self.command.class_name, self._extent)
            )  # fmt: skip
        if not named:
            if here.is_vm and not self.command.module.startswith("Microsoft.PowerShell"):
                self._require(here)
            yield here

    def _require(self, machine: Machine) -> None:
        """Refuse to act in a VM that has gone or does not run: its console is still open, on another machine."""
        vm = vm_of(self._runtime.place.model, machine)
        if vm is None or not vm.running:
            raise ShellError(
                ErrorRecord(
                    "The background process reported an error with the following message: The Hyper-V socket target "
                    "process has ended.",
                    "OpenError", "PSSessionStateBroken", "PSRemotingTransportException", machine.name,
                    remedy=f"The virtual machine {machine.name} " + ("is off." if vm else "is no more."),
                )
            )  # fmt: skip

    def _refused(self, error: LabError) -> None:
        """Tell what the lab has against it: all mistakes, the last of which ends the statement."""
        records = [each.at(self.command.name, self.command.class_name, self._extent) for each in refusals(error)]
        for record in records[:-1]:
            self._runtime.write_error(record)
        self._stopped(ShellError(records[-1]))

    def _stopped(self, error: ShellError) -> None:
        """Raise an error that ends the statement, unless the command was told to be quiet about errors.

        The commands of Windows's own modules report such errors without ending anything, so that a quiet
        -ErrorAction applies to them; those of PowerShell itself do not.
        """
        if error.placed:
            raise error
        self._named(error)
        given = self.common.get("erroraction")
        own = not self.command.module.startswith("Microsoft.PowerShell")
        if own and given is not None and action_of(self._frame, given) in ("silentlycontinue", "ignore"):
            self._runtime.write_error(error.record)
            return
        self.failed = True
        if given is not None and action_of(self._frame, given) == "stop" and not isinstance(error, Thrown):
            stopped = Thrown(error.record)
            stopped.placed = True
            raise stopped
        raise error


def is_native(command: Command) -> bool:
    """Tell whether a command is a program: it takes all words of its command line as they are."""
    return len(command.parameters) == 1 and command.parameters[0].rest and "-" not in command.name


def words(arguments: Sequence[Argument]) -> Iterator[str]:
    """Yield the words of a program's command line."""
    for argument in arguments:
        if argument.name is not None:
            yield f"-{argument.name}{':' if argument.given else ''}{to_text(argument.value) if argument.given else ''}"
        elif isinstance(argument.value, list):
            yield from (to_text(each) for each in argument.value)
        else:
            yield argument.bare if argument.bare is not None else to_text(argument.value)
