"""Values that parameters have unless they are given: $PSDefaultParameterValues (about_Parameters_Default_Values)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lab.shell.argument import Argument
from lab.shell.binder import Ask, Binding, common_parameters
from lab.shell.casts import truth
from lab.shell.command import Command
from lab.shell.errors import ShellError
from lab.shell.evaluation import gathered
from lab.shell.flow import NOTHING
from lab.shell.frames import Frame
from lab.shell.objects import Hashtable, ScriptBlock
from lab.shell.text import to_text
from lab.shell.wildcards import matches


def with_defaults(command: Command, arguments: Sequence[Argument], ask: Ask | None, frame: Frame) -> Binding:
    """Return the binding of a command line, with the defaults of what it leaves out; ShellError as :class:`Binding`.

    A default that does not go together with what was given is left away.
    """
    made = Binding(command, arguments, ask)
    given = {name.casefold() for name in (*made.bound, *made.common)}
    more = [each for each in _defaults(command, frame) if each.name and each.name.casefold() not in given]
    if not more:
        return made
    try:
        return Binding(command, [*arguments, *more], ask)
    except ShellError:
        return made


def _defaults(command: Command, frame: Frame) -> Iterator[Argument]:
    table = frame.variable("PSDefaultParameterValues")
    if not isinstance(table, Hashtable) or not table or truth(table.get("Disabled")):
        return
    names = {
        name.casefold(): each.name
        for each in (*command.parameters, *common_parameters(command))
        for name in (each.name, *each.aliases)
    }
    for key, value in table.items():
        pattern, colon, parameter = to_text(key).partition(":")
        name = names.get(parameter.strip().casefold())
        if colon and name and matches(pattern.strip(), command.name):
            yield Argument(name, _value(value, frame))


def _value(value: object, frame: Frame) -> object:
    if not isinstance(value, ScriptBlock):
        return value
    from lab.shell.functions import run_block

    found = gathered(run_block(value, frame))
    return None if found is NOTHING else found
