"""Runs script blocks, functions, filters and script files: parameters, scope, begin, process and end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lab.shell import syntax
from lab.shell.argument import Argument
from lab.shell.automatics import cmdlet_object, my_invocation
from lab.shell.binder import Binding
from lab.shell.binding_errors import input_not_bound
from lab.shell.blame import blamed
from lab.shell.declarations import ARGS, Declared, declared
from lab.shell.default_values import with_defaults
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.evaluation import execute
from lab.shell.flow import MAXIMUM_DEPTH, Exit, Return, Thrown, too_deep
from lab.shell.frames import UNSET, Frame
from lab.shell.objects import Hashtable, ScriptBlock
from lab.shell.parameters import Word, asker, bind_values
from lab.shell.reporting import non_terminating
from lab.shell.scopes import Scope, Variable
from lab.shell.syntax import Extent

_PREFERENCES: Final = {
    "erroraction": "ErrorActionPreference", "warningaction": "WarningPreference",
    "informationaction": "InformationPreference", "whatif": "WhatIfPreference",
}  # fmt: skip


def run_block(
    block: ScriptBlock, frame: Frame, item: Any = UNSET, arguments: Iterable[object] = (), *, own_scope: bool = False
) -> Iterator[object]:
    """Run a script block as a command does: in the scope of its caller, or with `own_scope` in one of its own."""
    inner = deeper(frame)
    if item is not UNSET:
        inner = inner.but(item=item)
    given = [Argument(None, each) for each in arguments]
    if own_scope or block.body.parameters or given or block.scope is not None:
        stage = BlockStage("", block, given, inner, Invocation(dot=not own_scope))
        yield from stage.begin(piped=False)
        yield from stage.outputs(None)
        return
    for part in (block.body.begin, block.body.process, block.body.end):
        if part:
            try:
                yield from execute(part, inner)
            except Return:
                pass


def deeper(frame: Frame) -> Frame:
    """Return a frame one call deeper; ShellError if that is too deep."""
    if frame.depth >= MAXIMUM_DEPTH:
        error = too_deep()
        raise Thrown(error.record)
    return frame.but(depth=frame.depth + 1)


@dataclass(frozen=True, slots=True)
class Invocation:
    """How a script block is called. ``dot``: in the scope of its caller; ``file``: it is a script file."""

    dot: bool = False
    file: str = ""
    extent: Extent | None = None


class BlockStage:
    """One call of a function, a script or a script block, as a stage of a pipeline."""

    def __init__(
        self, name: str, block: ScriptBlock, arguments: Sequence[Argument], frame: Frame, how: Invocation
    ) -> None:
        self.failed = False
        self.name = name
        self._body: syntax.ScriptBlock = block.body
        self._how = how
        self._caller = frame
        self._frame = self._inner(block, frame)
        self._declared: Declared = declared(block.body, name, self._frame)
        self._words = list(arguments) if self._declared.advanced else list(_own(self._declared, arguments))
        try:
            command, words = self._declared.command, [_kept(each) for each in self._words]
            ask = asker(frame, command)
            advanced = self._declared.advanced
            self._binding = with_defaults(command, words, ask, frame) if advanced else Binding(command, words, ask)
        except ShellError as error:
            raise self._named(error) from error.__cause__

    @property
    def common(self) -> dict[str, object]:
        """The common parameters that it was given."""
        return self._binding.common if self._declared.advanced else {}

    def _inner(self, block: ScriptBlock, frame: Frame) -> Frame:
        if self._how.dot:
            scope = frame.scope
        else:
            scope = Scope(frame.scope, "script" if self._how.file else "")
            if isinstance(block.scope, Scope):
                scope.variables.update(
                    {name: Variable(each.name, each.value) for name, each in block.scope.variables.items()}
                )
        inner = deeper(frame).but(scope=scope)
        if self.name:
            inner.name, inner.called = self._how.file or self.name, self._how.extent
        return inner

    def begin(self, piped: bool) -> list[object]:
        """Bind what the command line gives, execute the block ``begin`` and return what it outputs."""
        self._preferences()
        if piped and self._declared.piped:
            self._set(self._binding.bound, "")
        else:
            self._complete()
        self._automatic()
        if piped and not (self._body.begin and (self._body.process or self._body.end)):
            return []
        return list(self._run(self._body.begin)) if piped else []

    def outputs(self, upstream: Iterator[object] | None) -> Iterator[object]:
        """Yield what the call outputs."""
        try:
            if upstream is None:
                yield from self._run(self._body.begin)
                yield from self._run(self._body.process)
            elif self._body.process:
                yield from self._each(upstream)
            else:
                yield from self._all(upstream)
            yield from self._run(self._body.end)
            if self._how.file:
                self._caller.session.script_code = None
        except Exit as end:
            if not self._how.file:
                raise
            self._caller.session.exit_code = self._caller.session.script_code = end.code
            self.failed = end.code != 0

    def _each(self, upstream: Iterator[object]) -> Iterator[object]:
        for item in upstream:
            if self._take(item):
                self._frame.item = item
                self._frame.scope.set("input", [item])
                yield from self._run(self._body.process)

    def _all(self, upstream: Iterator[object]) -> Iterator[object]:
        found = []
        for item in upstream:
            if self._take(item):
                found.append(item)
        self._frame.scope.set("input", found)
        if not found and self._declared.piped:
            self._set(self._binding.bound, "")
        yield from ()

    def _take(self, item: object) -> bool:
        """Bind an object from the pipeline; return whether it could be bound."""
        if not self._declared.piped and not self._declared.advanced:
            return True
        try:
            chosen, bound = self._binding.with_input(item)
            self._set(bound, chosen)
        except ShellError as error:
            if error.record.error_id.startswith("ParameterArgumentTransformationError"):
                error = input_not_bound(self._declared.command, item)
            self.failed = True
            non_terminating(self._named(error).record, self._frame)
            return False
        return True

    def _complete(self) -> None:
        try:
            chosen, bound = self._binding.complete()
        except ShellError as error:
            raise self._named(error) from error.__cause__
        self._set(bound, chosen)

    def _named(self, error: ShellError) -> ShellError:
        """Return an error of binding with the name of the function, and the place where it is called."""
        if not error.placed:
            where = blamed(error.record, self._words) or self._how.extent
            error.record = error.record.at(self.name, self.name, where)
            error.placed = True
        return error

    def _run(self, part: syntax.StatementBlock | None) -> Iterator[object]:
        if part is None:
            return
        try:
            yield from execute(part, self._frame)
        except Return:
            return
        except RecursionError:
            raise Thrown(too_deep().record) from None

    # Variables

    def _set(self, bound: dict[str, Any], chosen: str) -> None:
        values = {name: each for name, each in bound.items() if name != ARGS or self._declared.advanced}
        try:
            given = bind_values(self._body.parameters, values, self._frame)
        except ShellError as error:
            raise self._named(error) from error.__cause__
        scope = self._frame.scope
        if not self._how.dot or self._body.parameters:
            scope.variables["psboundparameters"] = Variable("PSBoundParameters", Hashtable(given))
        if self._declared.advanced:
            scope.variables["pscmdlet"] = Variable("PSCmdlet", cmdlet_object(self._frame, self, chosen))
        elif not self._how.dot or self._words:
            rest = [each.value if isinstance(each, Word) else each for each in bound.get(ARGS, [])]
            scope.variables["args"] = Variable("args", rest)

    def _automatic(self) -> None:
        scope = self._frame.scope
        if not self._how.dot or self._how.file:
            scope.variables["myinvocation"] = Variable("MyInvocation", my_invocation(self, self._how, self._frame))
        if self._how.file:
            scope.variables["pscommandpath"] = Variable("PSCommandPath", self._how.file)

    def _preferences(self) -> None:
        """Set the preference variables that the common parameters stand for."""
        scope = self._frame.scope
        for name, value in self.common.items():
            if name in _PREFERENCES:
                scope.set(_PREFERENCES[name], value)
            elif name in ("verbose", "debug"):
                scope.set(f"{name.capitalize()}Preference", "Continue" if value else "SilentlyContinue")
            elif name == "confirm":
                scope.set("ConfirmPreference", "Low" if value else "None")

    @property
    def extent(self) -> Extent | None:
        """Where it is called."""
        return self._how.extent

    @property
    def command(self) -> Any:
        return self._declared.command

    @property
    def bound(self) -> dict[str, Any]:
        return self._binding.bound

    def fail(self, record: ErrorRecord) -> None:
        """Report a non-terminating error of the function itself."""
        self.failed = True
        non_terminating(record.at(self.name, self.name, self._how.extent), self._frame)


def _kept(argument: Argument) -> Argument:
    """Return an argument that remembers how a bare word was written, for parameters that are text."""
    if argument.name is not None or (argument.bare is None and not isinstance(argument.value, list)):
        return argument
    if isinstance(argument.value, str):
        return argument
    return Argument(None, Word(argument.value, argument.bare), argument.given, argument.extent)


def _own(made: Declared, arguments: Sequence[Argument]) -> Iterator[Argument]:
    """Yield the arguments of a simple function: a name that none of its parameters has is a word like any other."""
    names = [
        name.casefold() for each in made.command.parameters if not each.rest for name in (each.name, *each.aliases)
    ]
    for argument in arguments:
        wanted = (argument.name or "").casefold()
        if argument.name is None or wanted in names or any(name.startswith(wanted) for name in names):
            yield argument
            continue
        yield Argument(None, f"-{argument.name}{':' if argument.given else ''}", True, argument.extent)
        if argument.given:
            yield Argument(None, argument.value, True, argument.extent)
