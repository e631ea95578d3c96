"""What is told about a command, from its declaration: its syntax, its parameters, its examples (Get-Help)."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from lab.shell.binder import common_parameters
from lab.shell.command import Command, Parameter, Support

_TEXT = {
    Support.RECORDED: "The lab keeps the value, and it has no effect on any frame.",
    Support.ACCEPTED: "Accepted, and without effect here.",
}


def syntax(command: Command, *, common: bool = True) -> list[str]:
    """Return a line for each parameter set, as Get-Command -Syntax prints it; without `common` its own parameters."""
    return [_line(command, name, common=common) for name in command.sets]


def _line(command: Command, chosen: str, *, common: bool) -> str:
    mine = parameters_of(command, chosen)
    positional = sorted((each for each in mine if each.position is not None), key=lambda each: each.position or 0)
    words = [command.name, *(_written(each) for each in positional)]
    words += [_written(each) for each in mine if each.position is None and each.mandatory]
    words += [_written(each) for each in mine if each.position is None and not each.mandatory]
    if not common:
        return " ".join(words)
    words += [_written(each) for each in common_parameters(command) if each.name not in _ALWAYS]
    return " ".join([*words, "[<CommonParameters>]"])


_ALWAYS = frozenset(
    {
        "Verbose", "Debug", "ErrorAction", "WarningAction", "InformationAction", "ErrorVariable", "WarningVariable",
        "InformationVariable", "OutVariable", "OutBuffer", "PipelineVariable",
    }
)  # fmt: skip


def parameters_of(command: Command, chosen: str) -> list[Parameter]:
    """Return the parameters of one parameter set, in the order of their declaration."""
    return [each for each in command.parameters if not each.sets or chosen in each.sets]


def _written(parameter: Parameter) -> str:
    name = f"-{parameter.name}"
    if parameter.is_switch:
        return name if parameter.mandatory else f"[{name}]"
    kind = value_text(parameter)
    if parameter.position is not None:
        return f"[{name}] {kind}" if parameter.mandatory else f"[[{name}] {kind}]"
    return f"{name} {kind}" if parameter.mandatory else f"[{name} {kind}]"


def value_text(parameter: Parameter) -> str:
    """Return what a parameter takes: ``<String>``, or the values it can have in braces."""
    return "{" + " | ".join(parameter.values) + "}" if parameter.values else f"<{parameter.type}>"


def help_text(command: Command, *, what: str = "") -> Iterator[str]:
    """Yield the help of a command; `what` is empty, ``detailed``, ``full`` or ``examples``."""
    yield from ("", "NAME", f"    {command.name}", "", "SYNOPSIS", *_wrapped(command.synopsis), "")
    if what != "examples":
        yield from ("", "SYNTAX")
        for line in syntax(command):
            yield from (*_wrapped(line), "")
        yield from ("", "DESCRIPTION", *_wrapped(_description(command)), "")
    if what in ("detailed", "full"):
        yield from ("", "PARAMETERS")
        for parameter in distinct(command):
            yield from _parameter(parameter, full=what == "full")
    if what:
        yield from _examples(command)
    if command.aliases and what != "examples":
        yield from ("", "ALIASES", *(f"    {alias}" for alias in command.aliases), "")
    if not what:
        yield from ("", "REMARKS")
        yield f'    To see the examples, type: "Get-Help {command.name} -Examples".'
        yield f'    For more information, type: "Get-Help {command.name} -Detailed".'
        yield ""


def _description(command: Command) -> str:
    parts = [command.synopsis, command.remarks, _TEXT.get(command.support, "")]
    return " ".join(part for part in parts if part)


def _examples(command: Command) -> Iterator[str]:
    for number, example in enumerate(command.examples, 1):
        yield f"    -------------------------- Example {number} --------------------------"
        yield ""
        for at, line in enumerate(example.code.splitlines()):
            yield f"    PS C:\\>{line}" if at == 0 else f"    {line}"
        yield from ("", *_wrapped(example.remark), "")


def distinct(command: Command) -> list[Parameter]:
    """Return the parameters of a command, each once though it may be declared for several sets apart."""
    return list({parameter.name: parameter for parameter in reversed(command.parameters)}.values())[::-1]


def parameter_help(command: Command, pattern: str) -> list[str]:
    """Return the help of the parameters whose names match a pattern, as Get-Help -Parameter prints it."""
    from lab.shell.wildcards import matches

    found = [each for each in distinct(command) if matches(pattern, each.name)]
    return [line for parameter in found for line in _parameter(parameter, full=True)]


def _parameter(parameter: Parameter, *, full: bool) -> Iterator[str]:
    yield f"    -{parameter.name}" + ("" if parameter.is_switch else f" <{parameter.type}>")
    text = " ".join(part for part in (parameter.help, _TEXT.get(parameter.support, "")) if part)
    yield from (textwrap.indent(line, "    ") for line in _wrapped(text)) if text else ()
    if parameter.values:
        yield from (textwrap.indent(line, "    ") for line in _wrapped("Values: " + ", ".join(parameter.values)))
    yield ""
    if full:
        rows = (
            ("Required?", str(parameter.mandatory).lower()),
            ("Position?", "named" if parameter.position is None else str(parameter.position)),
            ("Default value", "" if parameter.default is None else str(parameter.default)),
            ("Accept pipeline input?", pipeline_input(parameter)),
            ("Accept wildcard characters?", str(parameter.wildcards).lower()),
            *((("Aliases", ", ".join(parameter.aliases)),) if parameter.aliases else ()),
        )
        yield from (f"        {label:<29}{value}" for label, value in rows)
        yield ""


def pipeline_input(parameter: Parameter) -> str:
    """Return how a parameter takes what comes through the pipeline, in Get-Help's words."""
    ways = [way for letter, way in (("V", "ByValue"), ("P", "ByPropertyName")) if letter in parameter.pipe]
    return f"true ({', '.join(ways)})" if ways else "false"


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 100, initial_indent="    ", subsequent_indent="    ", break_long_words=False)
