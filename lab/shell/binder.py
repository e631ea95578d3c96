"""Which argument of a command line goes to which parameter (about_Parameters, about_Parameter_Binding).

Names first, exact or as a prefix that only one has; then what has no name, by position; then what comes through the
pipeline: by value, by the name of a property, and only then by either with conversion. What is bound decides which
parameter sets are left; the default one wins where several are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from lab.shell import binding_errors as wrong
from lab.shell.argument import Argument, accepts, converted
from lab.shell.command import Command, Parameter
from lab.shell.errors import ShellError
from lab.shell.objects import PSObject

Ask = Callable[[Parameter], object]

COMMON: Final = (
    Parameter("Verbose", "Switch", aliases=("vb",)),
    Parameter("Debug", "Switch", aliases=("db",)),
    Parameter("ErrorAction", "ActionPreference", aliases=("ea",)),
    Parameter("WarningAction", "ActionPreference", aliases=("wa",)),
    Parameter("InformationAction", "ActionPreference", aliases=("infa",)),
    Parameter("ErrorVariable", aliases=("ev",)),
    Parameter("WarningVariable", aliases=("wv",)),
    Parameter("InformationVariable", aliases=("iv",)),
    Parameter("OutVariable", aliases=("ov",)),
    Parameter("OutBuffer", "Int32", aliases=("ob",)),
    Parameter("PipelineVariable", aliases=("pv",)),
)
_CONFIRMING: Final = (
    Parameter("WhatIf", "Switch", aliases=("wi",)),
    Parameter("Confirm", "Switch", aliases=("cf",)),
)
_SESSION: Final = Parameter("CimSession", "Object[]")
_COMPUTER: Final = Parameter("ComputerName", "String[]", aliases=("Cn",), complete="host")
_JOB: Final = (Parameter("ThrottleLimit", "Int32"), Parameter("AsJob", "Switch"))
_REMOTE: Final[dict[str, tuple[Parameter, ...]]] = {
    "Hyper-V": (_SESSION, _COMPUTER, Parameter("Credential", "Object[]")),
    "DhcpServer": (_SESSION, _COMPUTER, *_JOB),
    "hvlab": (_COMPUTER,),
    **dict.fromkeys(
        ("NetAdapter", "NetTCPIP", "NetNat", "NetLbfo", "NetQos", "DnsClient"), (_SESSION, *_JOB)
    ),
}  # fmt: skip


def common_parameters(command: Command) -> tuple[Parameter, ...]:
    """Return the parameters that a command has besides those it declares."""
    more = COMMON + (_CONFIRMING if command.confirms else ()) + _REMOTE.get(command.module, ())
    own = {parameter.name for parameter in command.parameters}
    return tuple(parameter for parameter in more if parameter.name not in own)


@dataclass(frozen=True, slots=True)
class _Bound:
    """What an argument or a pipeline object has been given to: a name, a value, and the sets that leaves."""

    name: str
    value: object
    sets: frozenset[str]


class Binding:
    """The command line of one call. ``common`` has its common parameters, by name in lower case.

    ShellError if an argument fits nowhere, or not into what it is for. `ask` is asked for what is mandatory and
    missing; without it that is an error.
    """

    def __init__(self, command: Command, arguments: Sequence[Argument], ask: Ask | None = None) -> None:
        self._command = command
        self._ask = ask
        self._sets = frozenset(command.sets)
        self._bound: dict[str, Any] = {}
        self.common: dict[str, object] = {}
        self._positional(list(self._named(arguments)))

    # Named arguments

    def _named(self, arguments: Sequence[Argument]) -> Iterator[Argument]:
        """Bind what has a name, and yield the rest."""
        waiting = list(arguments)
        while waiting:
            argument = waiting.pop(0)
            if argument.name is None:
                yield argument
                continue
            found, common = self._parameter(argument)
            value = argument
            if not argument.given and not found.is_switch:
                if not waiting or waiting[0].name is not None:
                    raise wrong.missing_argument(self._command, found)
                value = waiting.pop(0)
            given = True if found.is_switch and not argument.given else converted(found, value)
            if common:
                self._once(found, self.common)
                self.common[found.name.casefold()] = given
            else:
                self._once(found, self._bound)
                self._bind(found.name, given)

    def _once(self, parameter: Parameter, bound: dict[str, Any]) -> None:
        if parameter.name in bound or parameter.name.casefold() in bound:
            raise wrong.given_twice(self._command, parameter)

    def _parameter(self, argument: Argument) -> tuple[Parameter, bool]:
        """Return the parameter that a name means, and whether it is a common one."""
        wanted = (argument.name or "").casefold()
        own, common = self._command.parameters, common_parameters(self._command)
        for parameters, is_common in ((own, False), (common, True)):
            for parameter in parameters:
                if wanted in (name.casefold() for name in (parameter.name, *parameter.aliases)):
                    return parameter, is_common
        found = self._beginning_with(wanted)
        if not found or not wanted:
            raise wrong.unknown_parameter(self._command, argument)
        # A parameter of the command itself wins against a common one, as PowerShell has it.
        mine = [each for each in found.values() if not each[1]] or list(found.values())
        if len(mine) > 1:
            raise wrong.ambiguous_parameter(self._command, argument, found)
        return mine[0]

    def _beginning_with(self, wanted: str) -> dict[str, tuple[Parameter, bool]]:
        """Return the parameters whose names begin so, or, if there are none, one of whose aliases does."""
        own = [(parameter, False) for parameter in self._command.parameters]
        every = [*own, *((parameter, True) for parameter in common_parameters(self._command))]
        return {each[0].name: each for each in every if each[0].name.casefold().startswith(wanted)} or {
            each[0].name: each
            for each in every
            if any(alias.casefold().startswith(wanted) for alias in each[0].aliases)
        }

    def _bind(self, name: str, value: object) -> None:
        left = self._sets_with(name)
        if not left:
            raise wrong.ambiguous_set(self._command)
        self._sets = left
        self._bound[name] = value

    def _sets_with(self, name: str) -> frozenset[str]:
        return self._sets & _sets_of(self._command, name)

    # Positions

    def _positional(self, arguments: list[Argument]) -> None:
        while arguments:
            candidates = self._next_position()
            if not candidates:
                break
            argument = arguments.pop(0)
            self._place(candidates, argument)
        rest = next((each for each in self._command.parameters if each.rest and self._sets_with(each.name)), None)
        if arguments and rest and rest.name not in self._bound:
            values = [each.value for each in arguments]
            if len(values) == 1 and isinstance(values[0], list):
                values = values[0]
            self._bind(rest.name, converted(rest, Argument(None, values, given=True)))
        elif arguments:
            raise wrong.too_many(self._command, arguments[0])

    def _next_position(self) -> list[Parameter]:
        """Return the parameters at the lowest position that is still free, those of the default set first."""
        free = [
            parameter
            for parameter in self._command.parameters
            if parameter.position is not None
            and not parameter.rest
            and parameter.name not in self._bound
            and (not parameter.sets or self._sets & frozenset(parameter.sets))
        ]
        taken = {
            parameter.position
            for parameter in self._command.parameters
            if parameter.name in self._bound and parameter.position is not None
            and (not parameter.sets or self._sets & frozenset(parameter.sets))
        }  # fmt: skip
        free = [parameter for parameter in free if parameter.position not in taken] or free
        lowest = min((parameter.position for parameter in free if parameter.position is not None), default=None)
        return self._default_first(parameter for parameter in free if parameter.position == lowest)

    def _default_first(self, parameters: Iterable[Parameter]) -> list[Parameter]:
        default = self._command.default_set
        return sorted(parameters, key=lambda each: bool(each.sets) and default not in each.sets)

    def _place(self, candidates: list[Parameter], argument: Argument) -> None:
        exact = next((each for each in candidates if accepts(each, argument.value)), None)
        if exact:
            self._bind(exact.name, converted(exact, argument))
            return
        first: ShellError | None = None
        for candidate in candidates:
            try:
                value = converted(candidate, argument)
            except ShellError as error:
                first = first or error
            else:
                self._bind(candidate.name, value)
                return
        assert first is not None
        raise first

    # The end

    @property
    def bound(self) -> dict[str, Any]:
        """What the command line alone has bound."""
        return dict(self._bound)

    def complete(self) -> tuple[str, dict[str, Any]]:
        """Return the parameter set and what is bound, where nothing comes through a pipeline."""
        return self._resolved(self._sets, dict(self._bound))

    def with_input(self, item: object) -> tuple[str, dict[str, Any]]:
        """Return the same for one object from the pipeline; ShellError if nothing can take it."""
        sets, bound, took = self._sets, dict(self._bound), False
        for coerce in (False, True):
            for by_value in (True, False):
                for parameter in self._default_first(self._takers("V" if by_value else "P", sets, bound)):
                    if parameter.name in bound or not sets & (frozenset(parameter.sets) or sets):
                        continue
                    found = _taken(parameter, item, by_value=by_value, coerce=coerce)
                    if found is not _NOTHING:
                        bound[parameter.name], took = found, True
                        sets &= _sets_of(self._command, parameter.name)
        if not took:
            raise wrong.input_not_bound(self._command, item)
        return self._resolved(sets, bound)

    def _takers(self, how: str, sets: frozenset[str], bound: dict[str, Any]) -> Iterator[Parameter]:
        for parameter in self._command.parameters:
            if how in parameter.pipe and parameter.name not in bound and (frozenset(parameter.sets) or sets) & sets:
                yield parameter

    def _resolved(self, sets: frozenset[str], bound: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        chosen = self._chosen(sets, bound)
        for parameter in self._missing(chosen, bound):
            if self._ask is None:
                raise wrong.missing_mandatory(self._command, [each.name for each in self._missing(chosen, bound)])
            bound[parameter.name] = converted(parameter, Argument(None, self._ask(parameter), given=True))
        return chosen, bound

    def _chosen(self, sets: frozenset[str], bound: dict[str, Any]) -> str:
        ordered = [each for each in self._command.sets if each in sets]
        whole = [each for each in ordered if not self._missing(each, bound)]
        default = self._command.default_set
        for candidates in (whole, ordered):
            if default in candidates:
                return default
            if len(candidates) == 1:
                return candidates[0]
        if not whole:
            raise wrong.missing_mandatory(self._command, [each.name for each in self._missing(ordered[0], bound)])
        # Those that have more of what is bound of their own are meant: the others would leave it without effect.
        most = sorted(whole, key=lambda each: -sum(each in _own_sets(self._command, name) for name in bound))
        return most[0]

    def _missing(self, chosen: str, bound: dict[str, Any]) -> list[Parameter]:
        return [
            parameter
            for parameter in self._command.parameters
            if parameter.mandatory and parameter.name not in bound and (not parameter.sets or chosen in parameter.sets)
        ]


_NOTHING: Final = object()


def _sets_of(command: Command, name: str) -> frozenset[str]:
    """Return the sets that a parameter belongs to, which may be declared several times."""
    found = [parameter for parameter in command.parameters if parameter.name == name]
    if any(not parameter.sets for parameter in found):
        return frozenset(command.sets)
    return frozenset(each for parameter in found for each in parameter.sets)


def _own_sets(command: Command, name: str) -> frozenset[str]:
    return frozenset(each for parameter in command.parameters if parameter.name == name for each in parameter.sets)


def _taken(parameter: Parameter, item: object, *, by_value: bool, coerce: bool) -> object:
    """Return what a parameter takes of a pipeline object, `_NOTHING` if it takes nothing of it."""
    if not by_value:
        if not isinstance(item, PSObject):
            return _NOTHING
        name = next((each for each in (parameter.name, *parameter.aliases) if item.has(each)), None)
        if name is None:
            return _NOTHING
        item = item.get(name)
        if item is None:
            return _NOTHING
    if not coerce and not accepts(parameter, item):
        return _NOTHING
    if coerce and by_value and isinstance(item, PSObject) and parameter.type.rstrip("[]") == "String":
        # PowerShell makes a string of anything; of an object that would be its type's name, which no command means.
        return _NOTHING
    try:
        return converted(parameter, Argument(None, item, given=True))
    except ShellError:
        return _NOTHING
