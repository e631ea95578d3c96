"""Other names for commands: Get-Alias, Set-Alias and New-Alias."""

from __future__ import annotations

from collections.abc import Iterator

from lab.shell.command import ALIASES, REGISTERED, Call, Example, Impact, Parameter, command
from lab.shell.commands.variables import DETAILS, SCOPE, scopes, target
from lab.shell.errors import ErrorRecord, ShellError
from lab.shell.objects import PSObject
from lab.shell.views import Column, show
from lab.shell.wildcards import has_wildcards, matches, matches_any

_MODULE = "Microsoft.PowerShell.Utility"
_ALIAS = "System.Management.Automation.AliasInfo"

show(
    _ALIAS, "table",
    Column("CommandType", width=15), Column("Name", "DisplayName", width=50), Column("Version", width=10), "Source",
)  # fmt: skip


def _alias(name: str, definition: str) -> PSObject:
    known = REGISTERED.get(definition.casefold())
    shown = known.name if known else definition
    about = {
        "CommandType": "Alias", "Name": name, "DisplayName": f"{name} -> {shown}", "Definition": shown,
        "ResolvedCommandName": shown, "Version": None, "Source": "", "Options": "None",
    }  # fmt: skip
    return PSObject(_ALIAS, about, text=name)


def _aliases(call: Call) -> dict[str, str]:
    """Return what every alias stands for: those of the script before those of the commands."""
    from lab.shell.registry import commands

    own = {alias: each.name for each in commands() for alias in each.aliases}
    for scope in reversed(scopes(call)):
        own |= scope.aliases
    return own


@command(
    "Get-Alias",
    _MODULE,
    "Gets the aliases for the current session.",
    (
        Parameter("Name", "String[]", sets=("Default",), position=0, pipe="VP", wildcards=True, help="The aliases."),
        Parameter("Definition", "String[]", sets=("Definition",), wildcards=True, help="What they stand for."),
        Parameter("Exclude", "String[]", wildcards=True, help="Leaves these out."),
        SCOPE,
    ),
    default_set="Default",
    aliases=("gal",),
    examples=(Example("Get-Alias -Definition Where-Object", "Gets the short names of a command."),),
)
def get_alias(call: Call) -> Iterator[object]:
    """Output aliases, in the order of their names."""
    known = sorted(_aliases(call).items())
    by_name = "Definition" not in call
    for pattern in call.get("Name", ["*"]) if by_name else call.get("Definition"):
        found = [
            (name, definition)
            for name, definition in known
            if matches(pattern, name if by_name else definition) and not matches_any(call.get("Exclude", ()), name)
        ]
        yield from (_alias(*each) for each in found)
        if not found and not has_wildcards(pattern):
            what = "name" if by_name else "definition"
            call.error(
                ErrorRecord(
                    f"This command cannot find a matching alias because an alias with the {what} '{pattern}' does not "
                    "exist.", "ObjectNotFound", "ItemNotFoundException",
                    "System.Management.Automation.ItemNotFoundException", pattern,
                )
            )  # fmt: skip


_ALIAS_PARAMETERS = (
    Parameter("Name", position=0, mandatory=True, pipe="P", help="The alias."),
    Parameter("Value", position=1, mandatory=True, pipe="P", complete="command", help="The command."),
    *DETAILS,
)


@command(
    "Set-Alias",
    _MODULE,
    "Creates or changes an alias for a cmdlet or other command in the current session.",
    _ALIAS_PARAMETERS,
    aliases=("sal",),
    confirms=True,
    impact=Impact.LOW,
    examples=(Example("Set-Alias vms Get-VM", "Makes a short name."),),
)
def set_alias(call: Call) -> Iterator[object]:
    """Make an alias, or change it."""
    yield from _made_alias(call, "Set Alias")


@command(
    "New-Alias",
    _MODULE,
    "Creates a new alias.",
    _ALIAS_PARAMETERS,
    aliases=("nal",),
    confirms=True,
    impact=Impact.LOW,
    examples=(Example("New-Alias vms Get-VM", "Makes a short name."),),
)
def new_alias(call: Call) -> Iterator[object]:
    """Make an alias; there must be none of that name, unless it is forced."""
    name = call.get("Name")
    if (name.casefold() in ALIASES or call.runtime.frame.scope.alias(name) is not None) and not call.is_on("Force"):
        raise ShellError(
            ErrorRecord(
                f"The alias is not allowed, because an alias with the name '{name}' already exists.", "ResourceExists",
                "AliasAlreadyExists", "System.Management.Automation.SessionStateException", name,
            )
        )  # fmt: skip
    yield from _made_alias(call, "New Alias")


def _made_alias(call: Call, action: str) -> Iterator[object]:
    name, value = call.get("Name"), call.get("Value")
    if call.agreed(f"Name: {name} Value: {value}", action):
        target(call).aliases[name.casefold()] = value
        if call.is_on("PassThru"):
            yield _alias(name, value)
