"""What Get-Help says of every command: complete, and true of the command itself."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from lab.model.objects import HypervHost, LabModel
from lab.shell import registry, syntax
from lab.shell.about import INTRODUCTION, PAGES
from lab.shell.argument import Argument
from lab.shell.binder import Binding, common_parameters
from lab.shell.calls import is_native
from lab.shell.command import Command, Example, Parameter, Support
from lab.shell.completion import GROUPS
from lab.shell.errors import ShellError
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.parser import parse
from lab.shell.pipelines import arguments_of
from lab.shell.place import Description, Machine

COMMANDS = tuple(registry.commands())
EXAMPLES = [(command, example) for command in COMMANDS for example in command.examples]
MODEL = LabModel(name="lab", hosts=(HypervHost(name="hv1"),))
VERBATIM = frozenset({"ForEach-Object", "Where-Object"})
"""Commands whose parameters begin as operators do (``where State -eq Running``): the names alone say enough."""

every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda each: each.name)


def nodes(node: object) -> Iterator[object]:
    """Yield a syntax tree's nodes, each before those in it."""
    yield node
    if dataclasses.is_dataclass(node) and not isinstance(node, type):
        for field in dataclasses.fields(node):
            yield from nodes(getattr(node, field.name))
    elif isinstance(node, tuple):
        for each in node:
            yield from nodes(each)


def called(text: str) -> Iterator[tuple[str, syntax.Command, bool]]:
    """Yield the commands that a text calls by name, and whether something comes to them through a pipeline."""
    for node in nodes(parse(text)):
        if isinstance(node, syntax.Pipeline):
            for at, each in enumerate(node.elements):
                if isinstance(each, syntax.Command) and isinstance(each.name, syntax.Constant):
                    yield str(each.name.value), each, at > 0


def literal(node: syntax.Command) -> bool:
    """Tell whether nothing has to be run to know a command's arguments."""
    running = (
        syntax.Variable, syntax.SubExpression, syntax.Pipeline, syntax.Splat, syntax.ExpandableString, syntax.Member,
        syntax.MethodCall,
    )  # fmt: skip
    return not any(
        isinstance(each, running)
        for argument in node.arguments
        if not isinstance(argument, syntax.ScriptBlockExpression)
        for each in nodes(argument)
    )


def declared(command: Command, name: str) -> list[Parameter]:
    """Return the parameters that a name in a call means."""
    wanted = name.casefold()
    every = {each.name: each for each in (*command.parameters, *common_parameters(command))}.values()
    exact = [each for each in every if wanted in (known.casefold() for known in (each.name, *each.aliases))]
    return exact or [each for each in every if each.name.casefold().startswith(wanted)]


@every_command
def test_what_it_does_is_said_in_a_sentence(command: Command) -> None:
    assert command.synopsis.endswith(".") and command.synopsis[0].isupper()
    assert not command.remarks or command.remarks.endswith((".", ":", "`"))


@every_command
def test_an_example_shows_it(command: Command) -> None:
    used = {
        found.name
        for example in command.examples
        for name, _, _ in called(example.code)
        if (found := registry.find(name))
    }
    assert command.name in used
    assert all(example.remark.endswith(".") for example in command.examples)


@pytest.mark.parametrize(("command", "example"), EXAMPLES, ids=[f"{each.name}: {text.code}" for each, text in EXAMPLES])
def test_an_example_is_one_that_can_be_written(command: Command, example: Example) -> None:
    frame = Interpreter(Description(MODEL), Machine("hv1", "hv1"), BufferedHost()).session.frame
    for name, node, piped in called(example.code):
        found = registry.find(name)
        assert found is not None or "\\" in name or "/" in name, name
        if found is None or is_native(found):
            continue
        for each in node.arguments:
            if isinstance(each, syntax.CommandParameter) and found.name not in VERBATIM:
                assert len(declared(found, each.name)) == 1, f"{found.name} -{each.name}"
        if literal(node):
            binding = Binding(found, arguments_of(node, frame), ask=answer)
            if not piped:
                binding.complete()


def answer(parameter: Parameter) -> object:
    raise AssertionError(f"-{parameter.name} is mandatory and missing")


@every_command
def test_every_parameter_that_does_something_says_what(command: Command) -> None:
    """One declaration of it does. What is only recorded or accepted is told of by its state."""
    texts: dict[str, str] = {}
    for each in command.parameters:
        state = "" if each.support is Support.WORKS else each.support.value
        texts[each.name] = texts.get(each.name, "") or each.help or state
    assert [name for name, text in texts.items() if not text] == []
    assert [each.name for each in command.parameters if each.help and not each.help.endswith((".", '"', "`"))] == []


AS_DOCUMENTED = {("Connect-VMNetworkAdapter", "Name_SwitchName", 1)}
"""Positions that two parameters of a set have, as their pages on Microsoft Learn say: -Name and -SwitchName."""


@every_command
def test_parameter_sets_are_consistent(command: Command) -> None:
    declared_sets = {name for each in command.parameters for name in each.sets}
    assert not command.default_set or not declared_sets or command.default_set in declared_sets
    assert len(declared_sets) < 2 or command.default_set
    for chosen in command.sets:
        mine = [each for each in command.parameters if not each.sets or chosen in each.sets]
        assert len({each.name for each in mine}) == len(mine), chosen
        positions = Counter(each.position for each in mine if each.position is not None)
        assert {
            at for at, count in positions.items() if count > 1 and (command.name, chosen, at) not in AS_DOCUMENTED
        } == set()
    spelled = {each.name: (each.name, *each.aliases) for each in command.parameters}
    words = Counter(name.casefold() for known in spelled.values() for name in known)
    assert [name for name, count in words.items() if count > 1] == []


@every_command
def test_a_set_is_told_from_the_others(command: Command) -> None:
    """By a parameter that the default one does not have, or which is mandatory there only."""

    def own(chosen: str) -> set[tuple[str, bool]]:
        return {(each.name, each.mandatory) for each in command.parameters if chosen in each.sets}

    seen: list[set[tuple[str, bool]]] = []
    for chosen in command.sets:
        assert own(chosen) not in seen or chosen == "", chosen
        seen.append(own(chosen))


@every_command
def test_what_is_completed_exists(command: Command) -> None:
    for each in command.parameters:
        assert each.complete in {"", *GROUPS}
        assert not (each.complete and each.values), each.name


def shown(script: str) -> str:
    """Return what a script outputs as text, or its errors."""
    host = BufferedHost()
    found = list(Interpreter(Description(MODEL), Machine("hv1", "hv1"), host).run(script))
    return "\n".join(map(str, found)) + "".join(host.errors)


def test_help_without_a_name_introduces() -> None:
    text = shown("Get-Help")
    assert text == INTRODUCTION == shown("help")
    for line in re.findall(r"^    (Get-\S+(?: [-*\w]+)*)  ", text, re.MULTILINE):
        answer = shown(line)
        assert answer and "CategoryInfo" not in answer, line


def test_a_page_tells_what_is_different() -> None:
    text = shown("Get-Help about_hvlab")
    assert text == PAGES["about_hvlab"] == shown("Get-Help About_*")
    assert all(len(line) <= 120 for line in text.splitlines())
    for name in re.findall(r"\b[A-Z][a-z]+-[A-Z]\w+", text):
        assert registry.find(name), name
    assert "Get-Help could not find about_nope" in shown("Get-Help about_nope")


def test_a_pattern_lists_commands_and_no_pages() -> None:
    assert "TOPIC" not in shown("Get-Help *")
    assert shown("Get-Help *-VMSwitch").count("VMSwitch") >= 5


def test_a_question_mark_asks_for_help() -> None:
    assert shown("New-VMSwitch -?") == shown("Get-Help New-VMSwitch")
    assert shown("Get-VM nope -?; gci -?") == shown("Get-Help Get-VM; Get-Help Get-ChildItem")


def test_a_wrong_example_is_found() -> None:
    """The binder refuses what an example must not have."""
    found = registry.find("New-VMSwitch")
    assert found is not None
    with pytest.raises(ShellError):
        Binding(found, [Argument("Nope", given=False)])
