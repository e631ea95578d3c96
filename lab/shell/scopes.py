"""Variables, functions and aliases, and where they are found (about_Scopes): in a scope, or in a caller's."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from lab.shell.errors import ErrorRecord, ShellError

Check = Callable[[object], object]
"""What a typed or validated variable does with a value: converts it, or raises."""


@dataclass(slots=True)
class Variable:
    """A variable. ``checks`` are applied to every value that it gets; ``options``: ReadOnly, Constant, Private."""

    name: str
    value: Any = None
    checks: tuple[Check, ...] = ()
    options: frozenset[str] = frozenset()
    description: str = ""

    def set(self, value: object, *, force: bool = False) -> None:
        """Give it another value; ShellError if it takes none, or not that one."""
        if "Constant" in self.options or ("ReadOnly" in self.options and not force):
            raise ShellError(
                ErrorRecord(
                    f"Cannot overwrite variable {self.name} because it is read-only or constant.", "WriteError",
                    "VariableNotWritable", "SessionStateUnauthorizedAccessException", self.name,
                )
            )  # fmt: skip
        for check in self.checks:
            value = check(value)
        self.value = value


@dataclass(slots=True, eq=False)
class Scope:
    """One scope. ``kind`` is ``global``, ``script`` (that of a script file) or empty."""

    parent: Scope | None = None
    kind: str = ""
    variables: dict[str, Variable] = field(default_factory=dict)
    functions: dict[str, Any] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)

    def chain(self) -> Iterator[Scope]:
        """Yield it and the scopes that it sees, the nearest first."""
        scope: Scope | None = self
        while scope:
            yield scope
            scope = scope.parent

    def named(self, name: str) -> Scope:
        """Return the scope that a name or a number means, seen from this one."""
        if name == "global":
            return list(self.chain())[-1]
        if name == "script":
            return next((scope for scope in self.chain() if scope.kind), self)
        if name.isdigit():
            chain = list(self.chain())
            if int(name) >= len(chain):
                raise ShellError(
                    ErrorRecord(f"The scope number '{name}' exceeds the number of active scopes.", "InvalidArgument",
                                "ScopeOutOfRange", "PSArgumentOutOfRangeException", name)
                )  # fmt: skip
            return chain[int(name)]
        return self

    def find(self, name: str) -> Variable | None:
        """Return the variable that a name without a scope means."""
        folded = name.casefold()
        for scope in self.chain():
            found = scope.variables.get(folded)
            if found is not None and (scope is self or "Private" not in found.options):
                return found
        return None

    def set(self, name: str, value: object) -> None:
        """Set a variable of this very scope."""
        folded = name.casefold()
        known = self.variables.get(folded)
        if known is None:
            self.variables[folded] = Variable(name, value)
        else:
            known.set(value)

    def function(self, name: str) -> Any:
        """Return the function of a name; None if there is none."""
        folded = name.casefold()
        return next((scope.functions[folded] for scope in self.chain() if folded in scope.functions), None)

    def alias(self, name: str) -> str | None:
        """Return what an alias stands for; None if there is none of that name."""
        folded = name.casefold()
        return next((scope.aliases[folded] for scope in self.chain() if folded in scope.aliases), None)
