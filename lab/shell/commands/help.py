"""Get-Help and Get-Command: what there is, and how it is used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell import registry
from lab.shell.about import INTRODUCTION, PAGES
from lab.shell.command import Call, Command, Example, Parameter, command
from lab.shell.errors import ErrorRecord, failure
from lab.shell.help import help_text, parameter_help, syntax
from lab.shell.objects import PSObject
from lab.shell.views import show
from lab.shell.wildcards import has_wildcards, matches

_COMMAND: Final = "System.Management.Automation.CommandInfo"

show(_COMMAND, "table", "CommandType", "Name", "Version", "Source")


@command(
    "Get-Help",
    "Microsoft.PowerShell.Core",
    "Displays information about commands.",
    (
        Parameter("Name", position=0, pipe="P", wildcards=True, complete="command",
                  help="The command, or a page such as about_hvlab."),
        Parameter("Full", "Switch", sets=("AllUsersView",), help="Shows everything."),
        Parameter("Detailed", "Switch", sets=("DetailedView",), mandatory=True, help="Adds parameters and examples."),
        Parameter("Examples", "Switch", sets=("Examples",), mandatory=True, help="Shows the examples only."),
        Parameter("Parameter", "String[]", sets=("Parameters",), mandatory=True, wildcards=True,
                  help="Shows these parameters only."),
        Parameter("Online", "Switch", sets=("Online",), mandatory=True, help="Not here: the lab works offline."),
    ),
    default_set="AllUsersView",
    aliases=("help", "man"),
    guest=True,
    examples=(
        Example("Get-Help New-VMSwitch -Examples", "Shows how switches are created."),
        Example("Get-Help about_hvlab", "Tells what is different from Windows."),
    ),
)  # fmt: skip
def get_help(call: Call) -> Iterator[object]:
    """Output the help of a command, or a list of the commands that a pattern means."""
    if "Name" not in call and not call.bound:
        yield INTRODUCTION
        return
    name = call.get("Name", "Get-Help")
    if name.casefold().startswith("about") and (pages := [PAGES[each] for each in PAGES if matches(name, each)]):
        yield from pages
        return
    if call.is_on("Online"):
        page = f"learn.microsoft.com, {name}"
        raise failure(f"The lab works offline; the page is {page}.", category="InvalidOperation", error_id="Online")
    found = [found] if not has_wildcards(name) and (found := registry.find(name)) else _matching(name)
    if not found:
        raise failure(
            f"Get-Help could not find {name} in a help file in this session.",
            category="ResourceUnavailable", error_id="HelpNotFound", exception="HelpNotFoundException", target=name,
            remedy='To see what there is, type: "Get-Command".',
        )  # fmt: skip
    if len(found) > 1:
        yield from (_info(each) for each in found)
        return
    if "Parameter" in call:
        yield "\n".join(line for pattern in call.get("Parameter") for line in parameter_help(found[0], pattern))
        return
    what = next((each for each in ("full", "detailed", "examples") if call.is_on(each.capitalize())), "")
    yield "\n".join(help_text(found[0], what=what))


def _matching(name: str) -> list[Command]:
    pattern = name if has_wildcards(name) else f"*{name}*"
    return [each for each in registry.commands() if matches(pattern, each.name)]


@command(
    "Get-Command",
    "Microsoft.PowerShell.Core",
    "Gets commands.",
    (
        Parameter("Name", "String[]", sets=("AllCommandSet",), position=0, pipe="VP", wildcards=True,
                  complete="command", help="The names of commands."),
        Parameter("Verb", "String[]", sets=("CmdletSet",), pipe="P", wildcards=True, help="Commands with this verb."),
        Parameter("Noun", "String[]", sets=("CmdletSet",), pipe="P", wildcards=True, help="Commands with this noun."),
        Parameter("Module", "String[]", pipe="P", aliases=("PSSnapin",), wildcards=True, help="Commands of a module."),
        Parameter("Syntax", "Switch", help="Outputs how each is written."),
        Parameter("CommandType", "String", aliases=("Type",), values=("Alias", "Cmdlet", "Function", "All"),
                  help="Commands of this type only."),
        Parameter("TotalCount", "Int32", help="No more than so many."),
    ),
    default_set="AllCommandSet",
    aliases=("gcm",),
    guest=True,
    examples=(
        Example("Get-Command -Module Hyper-V", "Gets all cmdlets of a module."),
        Example("Get-Command New-VMSwitch -Syntax", "Shows how a cmdlet is written."),
    ),
)  # fmt: skip
def get_command(call: Call) -> Iterator[object]:
    """Output the commands that are asked for."""
    number = call.get("TotalCount")
    for count, found in enumerate(_asked_for(call)):
        if number is not None and count >= number:
            return
        yield "\n".join(["", *syntax(found), ""]) if call.is_on("Syntax") else _info(found)


def _asked_for(call: Call) -> Iterator[Command]:
    names = call.get("Name")
    exact = [name for name in names or () if not has_wildcards(name)]
    for name in exact:
        if found := registry.find(name):
            yield found
        else:
            call.error(
                ErrorRecord(
                    f"The term '{name}' is not recognized as the name of a cmdlet, function, script file, or operable "
                    "program. Check the spelling of the name, or if a path was included, verify that the path is "
                    "correct and try again.",
                    "ObjectNotFound", "CommandNotFoundException", "CommandNotFoundException", name,
                )
            )  # fmt: skip
    patterns = [name for name in names or () if has_wildcards(name)]
    if exact and not patterns:
        return
    for each in registry.commands():
        verb, _, noun = each.name.partition("-")
        wanted = (
            (patterns, each.name), (call.get("Verb"), verb), (call.get("Noun"), noun), (call.get("Module"), each.module)
        )  # fmt: skip
        if all(not texts or any(matches(text, value) for text in texts) for texts, value in wanted):
            yield each


def _info(found: Command) -> PSObject:
    return PSObject(
        _COMMAND,
        {
            "CommandType": "Cmdlet",
            "Name": found.name,
            "Version": "2.0.0.0" if found.module == "Hyper-V" else "1.0.0.0",
            "Source": found.module,
            "ModuleName": found.module,
            "Definition": "\n".join(syntax(found)),
        },
        text=found.name,
    )
