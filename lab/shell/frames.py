"""What a piece of script is evaluated in: its scope, where its streams go, what ``$_`` is.

All of it is passed along and never kept in one place: the commands of a pipeline run by turns, each in its own frame.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lab.shell.errors import ShellError
from lab.shell.flow import NOTHING
from lab.shell.objects import PSObject
from lab.shell.scopes import Scope
from lab.shell.syntax import Extent

if TYPE_CHECKING:
    from lab.shell.session import Session

ERROR, WARNING, VERBOSE, DEBUG, INFORMATION = 2, 3, 4, 5, 6
STREAMS: Final = (ERROR, WARNING, VERBOSE, DEBUG, INFORMATION)

UNSET: Final[Any] = object()


@dataclass(frozen=True, slots=True)
class Message:
    """What goes through the streams but for errors, which are objects."""

    stream: int
    text: str
    newline: bool = True
    color: str = ""
    background: str = ""

    def as_object(self) -> object:
        """Return it as what is in a pipeline after ``3>&1``."""
        names = {WARNING: "WarningRecord", VERBOSE: "VerboseRecord", DEBUG: "DebugRecord"}
        kind = f"System.Management.Automation.{names.get(self.stream, 'InformationRecord')}"
        key = "MessageData" if self.stream == INFORMATION else "Message"
        return PSObject(kind, {key: self.text}, text=self.text)


Sink = Callable[[object], None]


@dataclass(frozen=True, slots=True)
class Streams:
    """Where each stream goes."""

    sinks: Mapping[int, Sink]

    def write(self, stream: int, item: object) -> None:
        self.sinks[stream](item)

    def but(self, sinks: Mapping[int, Sink]) -> Streams:
        """Return the same with other sinks for some streams."""
        return Streams({**self.sinks, **sinks})

    def watched(self, stream: int, watch: Sink) -> Streams:
        """Return the same with somebody who also sees what goes through a stream."""
        sink = self.sinks[stream]

        def both(item: object) -> None:
            watch(item)
            sink(item)

        return self.but({stream: both})


@dataclass(slots=True, eq=False)
class Frame:
    """See the module. ``caught`` is the error whose catch block this is in, ``name`` the function it is in,
    ``called`` where that was called.

    ``catching``: a ``try`` around it, however far, takes errors. ``overrides`` are preference variables that a command
    was given as parameters.
    """

    session: Session
    scope: Scope
    streams: Streams
    item: Any = UNSET
    catching: bool = False
    caught: ShellError | None = None
    depth: int = 0
    name: str = ""
    called: Extent | None = None
    overrides: Mapping[str, object] = field(default_factory=dict)

    def but(self, **changes: Any) -> Frame:
        """Return a frame that differs in some respects."""
        made = copy(self)
        for name, value in changes.items():
            setattr(made, name, value)
        return made

    def variable(self, name: str, scope: str = "") -> object:
        """Return the value of a variable; None if there is none."""
        found = self.raw_variable(name, scope)
        return None if found is NOTHING else found

    def raw_variable(self, name: str, scope: str = "") -> object:
        """Return the same, but NOTHING for what a pipeline without output has given."""
        folded = name.casefold()
        if scope:
            return self._scoped(folded, scope)
        if self.item is not UNSET and folded in ("_", "psitem"):
            return self.item
        if folded in self.overrides:
            return self.overrides[folded]
        found = self.scope.find(folded)
        if found is not None:
            return found.value
        return self.session.automatic(folded, self)

    def _scoped(self, name: str, scope: str) -> object:
        match scope:
            case "env":
                return self.session.environment.get(name.casefold())
            case "function":
                found = self.scope.function(name)
                return found.block if found else None
            case "alias":
                return self.scope.alias(name)
            case "using":
                return self.session.using.variable(name) if self.session.using else self.variable(name)
            case "variable":
                return self.raw_variable(name)
        where = self.scope.named(scope)
        variable = where.variables.get(name)
        if variable is None and where.kind != "" and scope in ("global", "script"):
            return self.session.automatic(name, self)
        return variable.value if variable else None

    def set_variable(self, name: str, value: object, scope: str = "") -> None:
        """Set a variable of the scope, or of the one that is named; ShellError if it cannot have that value."""
        folded = name.casefold()
        if folded in ("_", "psitem") and self.item is not UNSET and not scope:
            self.item = value
            return
        match scope:
            case "env":
                self.session.set_environment(name, value)
            case "function":
                self.session.set_function(name, value, self.scope)
            case "alias":
                self.scope.aliases[folded] = str(value)
            case "" | "variable":
                self.session.guard(folded)
                self.scope.set(name, value)
            case "private":
                self.scope.set(name, value)
                variable = self.scope.variables[folded]
                variable.options |= {"Private"}
            case _:
                self.session.guard(folded)
                self.scope.named(scope).set(name, value)
