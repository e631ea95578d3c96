"""What can be typed next: commands, parameters, and values such as the names of this lab's VMs and switches."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from lab.model.objects import HypervHost, LabModel
from lab.shell import registry, syntax
from lab.shell.binder import common_parameters
from lab.shell.command import ALIASES, Command, Parameter
from lab.shell.files import Files
from lab.shell.parser import Typed, at
from lab.shell.place import Machine

PREFERENCES: Final = ("Stop", "Continue", "SilentlyContinue", "Ignore", "Inquire")
_GROUPS: Final = {
    "vmname": "vm", "vm": "vm", "switchname": "switch", "vmswitchname": "switch", "vmswitch": "switch",
    "netadaptername": "nic", "interfacealias": "interface", "vmnetworkadaptername": "adapter",
    "computername": "machine", "hostname": "vm", "nodename": "vm", "newnodename": "vm",
}  # fmt: skip
"""What the values of a parameter are that does not say so, by its name."""

_NOUNS: Final = {"vm": "vm", "vmswitch": "switch", "netadapter": "interface", "vmnetworkadapter": "adapter"}
"""What -Name means by the command's noun."""


GROUPS: Final = frozenset({"vm", "switch", "adapter", "nic", "interface", "host", "machine", "command", "file"})
"""What values can be completed with."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A text that can stand where ``start`` to the cursor is, and what it is, in a word."""

    text: str
    start: int
    what: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where something is typed: the lab, the machine, and the names of variables and functions that there are."""

    model: LabModel
    machine: Machine
    variables: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    files: Files | None = None

    @property
    def host(self) -> HypervHost | None:
        return self.model.host(self.machine.host)


def candidates(text: str, offset: int, around: Surroundings) -> list[Candidate]:
    """Return what can be typed at a place, in the order in which it is offered."""
    typed = at(text, offset)
    makers: dict[str, Callable[[Typed, Surroundings], Iterable[str]]] = {
        "command": _commands,
        "parameter": _parameters,
        "value": _values,
        "variable": _variables,
    }
    maker = makers.get(typed.kind)
    if maker is None:
        return []
    return [Candidate(found, typed.start, typed.kind) for found in dict.fromkeys(maker(typed, around))]


def _commands(typed: Typed, around: Surroundings) -> Iterator[str]:
    word = typed.text.casefold()
    if not word:
        return
    names = [each.name for each in registry.commands() if _can_be_used(each, around.machine)]
    yield from (name for name in sorted((*names, *around.functions), key=str.casefold) if _begins(name, word))
    if "-" not in word:
        yield from sorted(alias for alias in ALIASES if alias.startswith(word))


def _can_be_used(found: Command, machine: Machine) -> bool:
    return found.host if machine.is_host else found.guest


def _begins(name: str, word: str) -> bool:
    """Tell whether a name begins with a word; a cmdlet's may also be meant by its verb's and noun's first letters."""
    return name.casefold().startswith(word)


def _parameters(typed: Typed, around: Surroundings) -> Iterator[str]:
    found = registry.find(typed.command)
    if found is None:
        return
    word = typed.text.lstrip("-").casefold()
    used = {each.name.casefold() for each in typed.arguments if isinstance(each, syntax.CommandParameter)}
    for parameter in (*found.parameters, *common_parameters(found)):
        if parameter.name.casefold().startswith(word) and parameter.name.casefold() not in used:
            yield f"-{parameter.name}"


def _variables(typed: Typed, around: Surroundings) -> Iterator[str]:
    word = typed.text.lstrip("$").casefold()
    yield from sorted(f"${name}" for name in around.variables if name.casefold().startswith(word))


def _values(typed: Typed, around: Surroundings) -> Iterator[str]:
    command = registry.find(typed.command)
    parameter = _parameter(typed, command) if command else None
    word = typed.text.strip("'\"").casefold()
    if command is None or parameter is None:
        return
    if parameter.complete == "file" and around.files:
        yield from map(quoted, around.files.beginning(typed.text.strip("'\"")))
    for value in _offered(command, parameter, around):
        if value.casefold().startswith(word):
            yield quoted(value)


def _parameter(typed: Typed, command: Command) -> Parameter | None:
    """Return the parameter whose value is typed: the one right before, or the next in position."""
    parameters = (*command.parameters, *common_parameters(command))
    if typed.parameter:
        word = typed.parameter.casefold()
        named = [each for each in parameters if word in (name.casefold() for name in (each.name, *each.aliases))]
        named += [each for each in parameters if each.name.casefold().startswith(word)]
        if named and not named[0].is_switch:
            return named[0]
    taken, position = _used(typed, parameters)
    free = [each for each in command.parameters if each.position is not None and each.name.casefold() not in taken]
    places = sorted({each.position for each in free if each.position is not None})
    if position >= len(places):
        return None
    here = [each for each in free if each.position == places[position]]
    return next((each for each in here if not each.sets or command.default_set in each.sets), here[0])


def _used(typed: Typed, parameters: Iterable[Parameter]) -> tuple[set[str], int]:
    """Return the parameters that have been given by name, and how many arguments have no name."""
    switches = {each.name.casefold() for each in parameters if each.is_switch}
    taken: set[str] = set()
    position, waiting = 0, False
    for each in typed.arguments:
        if isinstance(each, syntax.CommandParameter):
            taken.add(each.name.casefold())
            waiting = each.argument is None and each.name.casefold() not in switches
        elif waiting:
            waiting = False
        else:
            position += 1
    return taken, position


def _offered(command: Command, parameter: Parameter, around: Surroundings) -> Iterable[str]:
    if parameter.values:
        return parameter.values
    if parameter.type == "Boolean":
        return ("$true", "$false")
    if parameter.type == "ActionPreference":
        return PREFERENCES
    noun = command.name.partition("-")[2].casefold()
    group = parameter.complete or _GROUPS.get(parameter.name.casefold(), "")
    if not group and parameter.name == "Name":
        group = _NOUNS.get(noun, "")
    return names(group, around)


def names(group: str, around: Surroundings) -> Iterable[str]:
    """Return the names of the things of one of GROUPS; files have no list of names, but begin with what is typed."""
    host = around.host
    if group == "machine":
        return list(around.model.node_names())
    if group == "host":
        return [each.name for each in around.model.hosts]
    if group == "command":
        return [each.name for each in registry.commands()]
    if host is None:
        return ()
    adapters = dict.fromkeys(each.name for vm in host.vms for each in vm.adapters)
    own = [f"vEthernet ({each.name})" for each in host.management_adapters]
    nics = [each.name for each in host.nics]
    found = {
        "vm": [vm.name for vm in host.vms],
        "switch": [switch.name for switch in host.switches],
        "adapter": [*adapters, *(each.name for each in host.management_adapters)],
        "nic": nics,
        "interface": [*nics, *own],
    }
    return found.get(group, ())


def quoted(text: str) -> str:
    """Return a value as it is written as an argument: in quotes only if it needs them."""
    plain = text and all(char.isalnum() or char in "-_.:\\/" for char in text) and text[0] not in "-"
    return text if plain or text.startswith("$") else "'" + text.replace("'", "''") + "'"
