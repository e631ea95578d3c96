"""Roles and features: Install-, Uninstall- and Get-WindowsFeature. DHCP makes a VM a DHCP server of the lab."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.errors import failure
from lab.shell.features.catalogue import CATALOGUE, EFFECTIVE, Feature, depth, with_children, with_parents
from lab.shell.features.installed import installed, installing, removing
from lab.shell.objects import PSObject
from lab.shell.place import Machine, machine_of
from lab.shell.recording import accepted, recorded
from lab.shell.views import Column, show
from lab.shell.wildcards import matches

_COMMANDS: Final = "Microsoft.Windows.ServerManager.Commands"
_FEATURE: Final = f"{_COMMANDS}.Feature"
_RESULT: Final = f"{_COMMANDS}.FeatureOperationResult"


def _tree(feature: PSObject) -> str:
    indent = "    " * (int(str(feature.get("Depth"))) - 1)
    return f"{indent}[{'X' if feature.get('Installed') else ' '}] {feature.get('DisplayName')}"


show(
    _FEATURE, "table", Column("Display Name", _tree, width=55), Column("Name", width=26),
    Column("Install State", "InstallState", align="right", width=14),
)  # fmt: skip
show(
    _RESULT, "table", Column("Success", align="left", width=7), Column("Restart Needed", "RestartNeeded", width=14),
    Column("Exit Code", "ExitCode", width=14), Column("Feature Result", "FeatureResult"),
)  # fmt: skip

_NAME: Final = Parameter("Name", "Feature[]", position=0, mandatory=True, pipe="VP",
                         help="The names of the roles or features, or objects of Get-WindowsFeature.")  # fmt: skip
_SHARED: Final = (
    Parameter("ComputerName", aliases=("Cn",), complete="vm", help="The machine; the one the script runs on if none."),
    Parameter("Credential", "Object", support=Support.ACCEPTED),
    Parameter("LogPath", support=Support.ACCEPTED),
    Parameter("Vhd", support=Support.ACCEPTED),
)
_RESTART: Final = Parameter("Restart", "Switch", support=Support.ACCEPTED, help="Restarts the machine if it has to be.")
_TOOLS: Final = Parameter("IncludeManagementTools", "Switch", help="With the tools for administration, too.")
_INSTALL: Final = (
    Parameter("Name", "Object[]", position=0, mandatory=True, pipe="VP", help=_NAME.help),
    Parameter("IncludeAllSubFeature", "Switch", help="With all that is part of them."),
    _TOOLS,
    Parameter("Source", "String[]", support=Support.ACCEPTED),
    Parameter("ConfigurationFilePath", support=Support.ACCEPTED),
    _RESTART,
    *_SHARED,
)


@command(
    "Get-WindowsFeature",
    "ServerManager",
    "Gets roles, role services and features, and whether a machine has them.",
    (
        Parameter("Name", "String[]", position=0, wildcards=True, help="Their names; wildcards are permitted."),
        *_SHARED,
    ),
    output="Feature",
    guest=True,
    examples=(
        Example("Get-WindowsFeature DHCP", "Shows whether the DHCP Server role is installed."),
        Example("Get-WindowsFeature | Where-Object Installed", "Gets everything that is installed."),
    ),
)  # fmt: skip
def get_windowsfeature(call: Call) -> Iterator[object]:
    """Output features in the order of their names, as trees: roles first."""
    accepted(call)
    machine = _machine(call)
    has = installed(call.place.model, machine)
    for name in call.get("Name", ["*"]):
        yield from (_object(each, has, machine) for each in CATALOGUE.values() if matches(name, each.name))


@command(
    "Install-WindowsFeature",
    "ServerManager",
    "Installs roles, role services and features.",
    _INSTALL,
    aliases=("Add-WindowsFeature",),
    confirms=True,
    output="FeatureOperationResult",
    guest=True,
    error_class=f"{_COMMANDS}.AddWindowsFeatureCommand",
    examples=(
        Example("Install-WindowsFeature DHCP -IncludeManagementTools", "Makes the VM a DHCP server."),
        Example("Install-WindowsFeature NLB -IncludeManagementTools -ComputerName web1", "Installs it on another VM."),
    ),
    remarks="DHCP has an effect in a VM. NLB works without it, too; everything else is only recorded.",
)  # fmt: skip
def install_windowsfeature(call: Call) -> Iterator[object]:
    """Install features, with what they are part of."""
    accepted(call)
    machine = _machine(call)
    wanted = _features(call)
    if call.is_on("IncludeAllSubFeature"):
        wanted = with_children(wanted)
    if call.is_on("IncludeManagementTools"):
        wanted = [*wanted, *(CATALOGUE[tool.casefold()] for each in wanted for tool in each.tools)]
    has = installed(call.place.model, machine)
    new = [each for each in with_parents(wanted) if each.name not in has]
    if any(each.name == "DHCP" for each in new) and not machine.is_vm:
        raise failure(
            f"The request to add or remove features on the specified server failed: in a lab a VM can be a DHCP server,"
            f" '{machine.name}' is none.",
            category="InvalidOperation", error_id="DISMAPI_Error__Cannot_Install", exception="Exception",
            remedy="Install it in a VM: Invoke-Command -VMName NAME { Install-WindowsFeature DHCP }.",
        )  # fmt: skip
    yield from _carried_out(call, machine, new, install=True)


@command(
    "Uninstall-WindowsFeature",
    "ServerManager",
    "Uninstalls roles, role services and features.",
    (
        Parameter("Name", "Object[]", position=0, mandatory=True, pipe="VP", help=_NAME.help),
        _TOOLS,
        Parameter("Remove", "Switch", support=Support.ACCEPTED, help="Deletes their files, too."),
        _RESTART,
        *_SHARED,
    ),
    aliases=("Remove-WindowsFeature",),
    confirms=True,
    output="FeatureOperationResult",
    guest=True,
    error_class=f"{_COMMANDS}.RemoveWindowsFeatureCommand",
    examples=(Example("Uninstall-WindowsFeature DHCP", "The VM is a DHCP server no more; its scopes are gone."),),
)  # fmt: skip
def uninstall_windowsfeature(call: Call) -> Iterator[object]:
    """Uninstall features, with all that is part of them."""
    accepted(call)
    machine = _machine(call)
    wanted = with_children(_features(call))
    if call.is_on("IncludeManagementTools"):
        wanted = [*wanted, *(CATALOGUE[tool.casefold()] for each in wanted for tool in each.tools)]
    has = installed(call.place.model, machine)
    gone = list({each.name: each for each in wanted if each.name in has}.values())
    if machine.is_host and any(each.name == "Hyper-V" for each in gone):
        raise failure(
            "The request to add or remove features on the specified server failed: a host of a lab is a Hyper-V host.",
            category="InvalidOperation", error_id="DISMAPI_Error__Cannot_Remove", exception="Exception",
        )  # fmt: skip
    yield from _carried_out(call, machine, gone, install=False)


def _carried_out(call: Call, machine: Machine, features: list[Feature], *, install: bool) -> Iterator[object]:
    if not features:
        yield _result("NoChangeNeeded", [], restart=False)
        return
    if install and any(each.name not in EFFECTIVE and not each.is_tool for each in features):
        recorded(call, "that the feature is installed")
    change = (installing if install else removing)(machine, features)
    if call.change(machine.name, change, settle=not install):
        restart = any(each.restart or (each.name == "DHCP" and not install) for each in features)
        if restart and not call.is_on("Restart"):
            process = "installation" if install else "removal"
            call.warn(f"You must restart this server to finish the {process} process.")
        yield _result("SuccessRestartRequired" if restart else "Success", features, restart=restart)


def _result(code: str, features: list[Feature], *, restart: bool) -> PSObject:
    results = [
        PSObject(
            f"{_COMMANDS}.FeatureInstallationResult",
            {"Name": each.name, "DisplayName": each.display_name, "Success": True, "RestartNeeded": each.restart},
            text=each.display_name,
        )
        for each in features
    ]
    return PSObject(
        _RESULT,
        {"Success": True, "RestartNeeded": "Yes" if restart else "No", "FeatureResult": results, "ExitCode": code},
    )


def _object(feature: Feature, has: frozenset[str], machine: Machine) -> PSObject:
    parts = [each.name for each in CATALOGUE.values() if each.parent == feature.name]
    there = feature.name in has
    return PSObject(
        _FEATURE,
        {
            "Name": feature.name,
            "DisplayName": feature.display_name,
            "Description": "",
            "Installed": there,
            "InstallState": "Installed" if there else "Available",
            "FeatureType": feature.kind,
            "Path": feature.display_name,
            "Depth": depth(feature),
            "DependsOn": [],
            "Parent": feature.parent or None,
            "ServerComponentDescriptor": None,
            "SubFeatures": parts,
            "PostConfigurationNeeded": False,
            "PSComputerName": machine.name,
        },
        source=feature,
        text=feature.display_name,
    )


def _features(call: Call) -> list[Feature]:
    """Return the features that are named; ShellError for a name that none has."""
    found = []
    for each in call.get("Name"):
        name = str(each.get("Name")) if isinstance(each, PSObject) else str(each)
        feature = CATALOGUE.get(name.casefold())
        if feature is None:
            raise failure(
                f"ArgumentNotValid: The role, role service, or feature name is not valid: '{name}'. The name was not "
                "found.",
                error_id="NameDoesNotExist", exception="Exception", target=name,
            )  # fmt: skip
        found.append(feature)
    return found


def _machine(call: Call) -> Machine:
    name = call.get("ComputerName")
    if not name or name in (".", "localhost"):
        return call.machine
    found = machine_of(call.place.model, name)
    if found is None or not found.host:
        raise failure(
            f"The target of the specified cmdlet cannot be found: '{name}'.",
            category="ConnectionError", error_id="RemoteServerNotFound", exception="Exception", target=name,
        )  # fmt: skip
    return found
