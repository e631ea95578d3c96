"""Puts lines together: a command, one of its parameter sets, values; then what makes a line a little wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random
from typing import Final

from lab.model.objects import LabModel
from lab.shell.binder import COMMON, common_parameters
from lab.shell.command import Command, Parameter
from lab.shell.place import Machine
from tests.lines.values import Values, quoted
from tests.lines.vocabulary import Names, commands_of, core_commands, getters, modules_of, names_of

_READS: Final = ("Get-", "Test-", "Measure-", "Trace-", "Resolve-")


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``whatif``: all of its changes are asked for with -WhatIf. ``single``: it is one call of one command.

    ``reads``: no command in it changes anything.
    """

    text: str
    whatif: bool = False
    single: bool = False
    reads: bool = False

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class _Word:
    """One argument: the parameter that it is for, its name as typed (empty for a position), its value as typed."""

    parameter: Parameter
    name: str
    value: str

    def __str__(self) -> str:
        if not self.name:
            return self.value
        return f"-{self.name}" + (f" {self.value}" if self.value else "")


class Writer:
    """Writes lines as they are typed on a machine. `wrong`: how often something in one is meant to be.

    It uses none of the commands `without`.
    """

    def __init__(
        self, random: Random, machine: Machine, *, wrong: float = 0.2, without: frozenset[str] = frozenset()
    ) -> None:
        self._random = random
        self._machine = machine
        self._wrong = wrong
        self._without = without
        self._every: tuple[Command, ...] = ()
        self._changing: tuple[Command, ...] = ()
        self._kept_objects: list[tuple[str, str]] = []

    def line(self, model: LabModel) -> Line:
        """Return a line for a lab as it is now."""
        names = names_of(model, self._machine)
        self._meant(model)
        values = Values(self._random, names, self._kept_objects)
        ways: tuple[tuple[float, Callable[[Values, Names], Line]], ...] = (
            (0.55, self._one),
            (0.2, self._pipeline),
            (0.1, self._splatted),
            (0.06, self._core),
            (0.06, self._remote),
            (0.05, self._block),
            (0.08, self._kept),
        )
        made = self._random.choices([way for _, way in ways], [weight for weight, _ in ways])[0]
        return made(values, names)

    def _meant(self, model: LabModel) -> None:
        """Choose commands: those that have to do with the machine come often, the others seldom."""
        weights = modules_of(model, self._machine)
        here = self._here()
        chosen = self._random.choices(here, [weights.get(each.module, 1.0) for each in here], k=24)
        self._every = tuple(chosen)
        self._changing = tuple(each for each in chosen if not each.name.startswith(_READS)) or self._every

    def _here(self) -> tuple[Command, ...]:
        """Return the commands that the machine has."""
        here = commands_of(self._machine.is_vm)
        return tuple(each for each in here if each.name not in self._without)

    # -- kinds of lines -----------------------------------------------------------------------------------------------

    def _one(self, values: Values, _: Names) -> Line:
        command = self._random.choice(self._changing if self._random.random() < 0.75 else self._every)
        words, whatif = self._ended(command, self._words(command, values))
        return Line(self._said(command, words), whatif, single=True, reads=command.name.startswith(_READS))

    def _pipeline(self, values: Values, _: Names) -> Line:
        second = self._random.choice([e for e in self._changing if any(p.pipe for p in e.parameters)] or self._here())
        left = self._source(second, values)
        words, whatif = self._ended(second, self._words(second, values, piped=True))
        middle = self._random.choice(("", "", "", " | Where-Object Name -like '*1'", " | Select-Object -First 1"))
        return Line(f"{left}{middle} | {self._said(second, words)}", whatif)

    def _source(self, command: Command, values: Values) -> str:
        """Return what a command can take from the pipeline, or, now and then, anything."""
        taken = [each for each in command.parameters if "V" in each.pipe]
        for each in self._random.sample(taken, len(taken)):
            found = [each for each in getters(each.type.removesuffix("[]")) if each in self._here()]
            if found:
                first = self._random.choice(found)
                kept = [name for kind, name in values.kept if kind in [each.output for each in found]]
                if kept and self._random.random() < 0.3:
                    return self._random.choice(kept)
                return self._said(first, self._words(first, values, most=1))
            if each.type.startswith(("String", "Int", "UInt")):
                return values.fitting(command, each)
        first = self._random.choice([each for each in self._here() if each.name.startswith("Get-")])
        return self._said(first, self._words(first, values, most=1))

    def _splatted(self, values: Values, _: Names) -> Line:
        command = self._random.choice(self._changing)
        words, whatif = self._ended(command, self._words(command, values, named=True))
        inside = "; ".join(_entry(each) for each in words if each.name)
        return Line(f"$p = @{{ {inside} }}; if ($p) {{ {command.name} @p }}", whatif)

    def _core(self, values: Values, _: Names) -> Line:
        command = self._random.choice([each for each in core_commands() if each.name not in self._without])
        start = self._random.choice([each for each in self._here() if each.name.startswith("Get-")])
        words = " ".join(map(str, self._words(command, values)))
        return Line(f"{start.name} | {command.name} {words}")

    def _remote(self, values: Values, names: Names) -> Line:
        machine = self._random.choice((*names.vms, *names.nodes, *names.hosts, "nobody"))
        how = self._random.choice(("-VMName", "-ComputerName"))
        inner = self._random.choice(
            [e for e in commands_of(True) if e.module != "DhcpServer" and e.name not in self._without]
        )
        said = self._said(inner, self._words(inner, values))
        return Line(f"Invoke-Command {how} {quoted(machine)} -ScriptBlock {{ {said} }}")

    def _kept(self, values: Values, _: Names) -> Line:
        """Keep objects, which may be those of something that is gone when they are used."""
        getter = self._random.choice([each for each in self._here() if each.name.startswith("Get-") and each.output])
        number = len(values.kept) + 1
        values.kept.append((getter.output, f"$kept{number}"))
        return Line(f"$kept{number} = {self._said(getter, self._words(getter, values, most=1))}", reads=True)

    def _block(self, values: Values, names: Names) -> Line:
        inner = self._one(values, names)
        around = self._random.choice(
            ("1..2 | ForEach-Object {{ {0} }}", "try {{ {0} }} catch {{ $_.Exception.Message }}", "$x = {0}; $x",
             "foreach ($vm in Get-VM) {{ {0} }}", "if ({0}) {{ 1 }}", "@({0}).Count", "{0} -ErrorAction Stop; {0}",
             "{0} -ErrorVariable e; $e.Count", "{0} | Format-List *")
        )  # fmt: skip
        return Line(around.format(inner.text), inner.whatif)

    # -- the words of one command -------------------------------------------------------------------------------------

    def _words(
        self, command: Command, values: Values, *, most: int = 4, piped: bool = False, named: bool = False
    ) -> list[_Word]:
        """Return arguments of one parameter set: those that have to be, some others, and mostly no mistake."""
        chosen = self._random.choice(command.sets)
        mine = _once(each for each in command.parameters if not each.sets or chosen in each.sets)
        must = [each for each in mine if each.mandatory and not (piped and each.pipe)]
        may = [each for each in mine if not each.mandatory and not (piped and each.pipe)]
        count = min(len(may), self._random.choice((0, 0, 1, 1, 2, most)))
        words = [self._word(command, each, values) for each in (*must, *self._random.sample(may, count))]
        if not named and self._random.random() < 0.3:
            words = _by_position(words)
        if self._random.random() < self._wrong:
            words = self._random.choice(_MISTAKES)(self._random, command, words, values)
        return words

    def _word(self, command: Command, parameter: Parameter, values: Values) -> _Word:
        hostile = self._random.random() < self._wrong / 3
        name = self._called(command, parameter)
        if parameter.is_switch:
            return _Word(parameter, name, "")
        return _Word(parameter, name, values.hostile() if hostile else values.fitting(command, parameter))

    def _called(self, command: Command, parameter: Parameter) -> str:
        """Return a parameter's name, an alias, or the shortest beginning that only it has."""
        way = self._random.random()
        if way < 0.1 and parameter.aliases:
            return self._random.choice(parameter.aliases)
        if way < 0.2:
            others = [each.name.casefold() for each in (*command.parameters, *common_parameters(command))]
            for length in range(1, len(parameter.name)):
                begun = parameter.name[:length]
                if {each for each in others if each.startswith(begun.casefold())} == {parameter.name.casefold()}:
                    return begun
        return parameter.name.upper() if way > 0.97 else parameter.name

    def _ended(self, command: Command, words: list[_Word]) -> tuple[list[_Word], bool]:
        """Add what is asked, or what is not to be."""
        if not command.confirms:
            return words, False
        if self._random.random() < 0.2:
            return [*words, _Word(_WHATIF, "WhatIf", "")], True
        return ([*words, _Word(_CONFIRM, "Confirm:$false", "")] if self._random.random() < 0.8 else words), False

    def _said(self, command: Command, words: list[_Word]) -> str:
        name = command.name if self._random.random() < 0.95 else command.name.swapcase()
        return " ".join([name, *map(str, words)])


def _entry(word: _Word) -> str:
    """Return an argument as an entry of a hash table."""
    name, _, value = word.name.partition(":")
    said = word.value or value or "$true"
    return f"{quoted(name)} = " + (f"'{said}'" if said.isalnum() and said[0].isalpha() else said)


_WHATIF: Final = Parameter("WhatIf", "Switch")
_CONFIRM: Final = Parameter("Confirm", "Switch")


def _once(parameters: object) -> list[Parameter]:
    """Return parameters, those that are declared several times once."""
    assert hasattr(parameters, "__iter__")
    return list({each.name: each for each in parameters}.values())


def _by_position(words: list[_Word]) -> list[_Word]:
    """Leave out the names of those that have positions."""
    placed = sorted((each for each in words if each.parameter.position is not None), key=lambda e: e.parameter.position)
    rest = [each for each in words if each.parameter.position is None]
    return [*(_Word(each.parameter, "", each.value) for each in placed), *rest]


# -- mistakes ---------------------------------------------------------------------------------------------------------

_Mistake = Callable[[Random, Command, list[_Word], Values], list[_Word]]


def _misspelt(random: Random, _: Command, words: list[_Word], __: Values) -> list[_Word]:
    at = random.randrange(len(words)) if words else None
    return [_Word(each.parameter, f"{each.name}x", each.value) if at == n else each for n, each in enumerate(words)]


def _missing(random: Random, _: Command, words: list[_Word], __: Values) -> list[_Word]:
    return random.sample(words, max(0, len(words) - 1))


def _without_value(_: Random, __: Command, words: list[_Word], ___: Values) -> list[_Word]:
    return [*words[:-1], _Word(words[-1].parameter, words[-1].name, "")] if words else words


def _extra(_: Random, __: Command, words: list[_Word], values: Values) -> list[_Word]:
    return [*words, _Word(_WHATIF, "", values.hostile())]


def _other_set(random: Random, command: Command, words: list[_Word], values: Values) -> list[_Word]:
    if not command.parameters:
        return words
    each = random.choice(command.parameters)
    return [*words, _Word(each, each.name, "" if each.is_switch else values.fitting(command, each))]


def _twice(random: Random, _: Command, words: list[_Word], __: Values) -> list[_Word]:
    return [*words, random.choice(words)] if words else words


def _wrong_values(_: Random, __: Command, words: list[_Word], values: Values) -> list[_Word]:
    return [_Word(each.parameter, each.name, values.hostile() if each.value else "") for each in words]


def _common(random: Random, command: Command, words: list[_Word], values: Values) -> list[_Word]:
    each = random.choice((*COMMON, *common_parameters(command)))
    value = "" if each.is_switch else values.hostile() if random.random() < 0.5 else "SilentlyContinue"
    return [*words, _Word(each, each.name, value)]


def _switch_with_value(random: Random, command: Command, words: list[_Word], values: Values) -> list[_Word]:
    switches = [each for each in command.parameters if each.is_switch]
    return [*words, _Word(_CONFIRM, f"{random.choice(switches).name}:{values.hostile()}", "")] if switches else words


_MISTAKES: Final[tuple[_Mistake, ...]] = (
    _misspelt, _missing, _without_value, _extra, _other_set, _twice, _wrong_values, _wrong_values, _common,
    _switch_with_value,
)  # fmt: skip
