"""Modules: Import-Module, Get-Module and Remove-Module. What is emulated is always there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, Parameter, command
from lab.shell.errors import ErrorRecord
from lab.shell.objects import PSObject, Version
from lab.shell.views import Column, show
from lab.shell.wildcards import has_wildcards, matches

_MODULE = "Microsoft.PowerShell.Core"
_INFO = "System.Management.Automation.PSModuleInfo"

_EMULATED: Final = {
    "DhcpServer": (2, 0, 0, 0),
    "DnsClient": (1, 0, 0, 0),
    "Hyper-V": (2, 0, 0, 0),
    "Microsoft.PowerShell.Core": (3, 0, 0, 0),
    "Microsoft.PowerShell.Host": (3, 0, 0, 0),
    "Microsoft.PowerShell.Management": (3, 1, 0, 0),
    "Microsoft.PowerShell.Security": (3, 0, 0, 0),
    "Microsoft.PowerShell.Utility": (3, 1, 0, 0),
    "NetAdapter": (2, 0, 0, 0),
    "NetLbfo": (2, 0, 0, 0),
    "NetNat": (1, 0, 0, 0),
    "NetQos": (2, 0, 0, 0),
    "NetTCPIP": (1, 0, 0, 0),
    "NetworkLoadBalancingClusters": (2, 0, 0, 0),
    "ServerManager": (2, 0, 0, 0),
}

show(
    _INFO, "table",
    Column("ModuleType", width=10), Column("Version", width=10), Column("Name", width=35),
    Column("ExportedCommands", lambda module: _commands(str(module.get("Name")))),
)  # fmt: skip


def _commands(name: str) -> list[str]:
    from lab.shell.registry import commands

    return [each.name for each in commands() if each.module.casefold() == name.casefold()]


def _module(name: str) -> PSObject:
    about = {
        "ModuleType": "Manifest", "Version": Version(_EMULATED[name]), "Name": name, "Path": "", "Description": "",
    }  # fmt: skip
    return PSObject(_INFO, about, text=name)


def _found(names: list[str]) -> Iterator[tuple[str, list[str]]]:
    for name in names:
        yield name, [each for each in _EMULATED if matches(name, each)]


@command(
    "Import-Module",
    _MODULE,
    "Adds modules to the current session.",
    (
        Parameter("Name", "String[]", sets=("Name",), position=0, mandatory=True, pipe="V", help="The modules."),
        Parameter("ModuleInfo", "PSModuleInfo[]", sets=("ModuleInfo",), position=0, mandatory=True, pipe="V",
                  help="The modules, as Get-Module outputs them."),
        Parameter("Global", "Switch", help="For the whole session, as it is anyway."),
        Parameter("Prefix", help="A prefix for the nouns of its commands; not emulated."),
        Parameter("Function", "String[]", help="The functions to import."),
        Parameter("Cmdlet", "String[]", help="The cmdlets to import."),
        Parameter("Variable", "String[]", help="The variables to import."),
        Parameter("Alias", "String[]", help="The aliases to import."),
        Parameter("Force", "Switch", help="Imports it again."),
        Parameter("PassThru", "Switch", help="Outputs the module."),
        Parameter("AsCustomObject", "Switch", help="Outputs it as an object."),
        Parameter("MinimumVersion", "Version", sets=("Name",), aliases=("Version",), help="The least version."),
        Parameter("MaximumVersion", sets=("Name",), help="The greatest version."),
        Parameter("RequiredVersion", "Version", sets=("Name",), help="The version."),
        Parameter("ArgumentList", "Object[]", aliases=("Args",), help="Arguments for a script module."),
        Parameter("DisableNameChecking", "Switch", help="Does not warn of unusual names."),
        Parameter("NoClobber", "Switch", aliases=("NoOverwrite",), help="Does not replace commands."),
        Parameter("Scope", values=("Local", "Global"), help="Where it is known."),
    ),
    default_set="Name",
    aliases=("ipmo",),
    examples=(Example("Import-Module Hyper-V", "Does nothing: what is emulated is always there."),),
)  # fmt: skip
def import_module(call: Call) -> Iterator[object]:
    """Accept modules that are emulated; any other is an error, as on a machine that does not have it."""
    if "ModuleInfo" in call:
        if call.is_on("PassThru"):
            yield from call.get("ModuleInfo")
        return
    for name, found in _found(call.get("Name")):
        if not found and not has_wildcards(name):
            call.error(
                ErrorRecord(
                    f"The specified module '{name}' was not loaded because no valid module file was found in any "
                    "module directory.", "ResourceUnavailable", "Modules_ModuleNotFound",
                    "System.IO.FileNotFoundException", name,
                )
            )  # fmt: skip
        elif call.is_on("PassThru"):
            yield from (_module(each) for each in found)


@command(
    "Get-Module",
    _MODULE,
    "Gets the modules that have been imported or that can be imported into the current session.",
    (
        Parameter("Name", "String[]", position=0, pipe="V", wildcards=True, help="The modules."),
        Parameter("All", "Switch", help="Gets nested modules, too."),
        Parameter("ListAvailable", "Switch", help="Gets all that are installed."),
        Parameter("Refresh", "Switch", help="Looks for them anew."),
    ),
    aliases=("gmo",),
    examples=(Example("Get-Module -ListAvailable", "Lists the modules that are emulated."),),
)
def get_module(call: Call) -> Iterator[object]:
    """Output the modules that are emulated."""
    seen: set[str] = set()
    for _, found in _found(call.get("Name", ["*"])):
        for name in found:
            if name not in seen:
                seen.add(name)
                yield _module(name)


@command(
    "Remove-Module",
    _MODULE,
    "Removes modules from the current session.",
    (
        Parameter("Name", "String[]", sets=("name",), position=0, mandatory=True, pipe="V", wildcards=True,
                  help="The modules."),
        Parameter("ModuleInfo", "PSModuleInfo[]", sets=("ModuleInfo",), position=0, mandatory=True, pipe="V",
                  help="The modules, as Get-Module outputs them."),
        Parameter("Force", "Switch", help="Removes modules that are read-only, too."),
    ),
    default_set="name",
    aliases=("rmo",),
    confirms=True,
    examples=(Example("Remove-Module Hyper-V", "Does nothing: what is emulated stays."),),
)  # fmt: skip
def remove_module(call: Call) -> None:
    """Accept modules that are emulated; they stay."""
    for name, found in _found(call.get("Name", [])):
        if not found and not has_wildcards(name):
            call.error(
                ErrorRecord(
                    "No modules were removed. Verify that the specification of modules to remove is correct and those "
                    "modules exist in the runspace.", "ResourceUnavailable", "Modules_NoModulesRemoved",
                    "System.InvalidOperationException",
                )
            )  # fmt: skip
