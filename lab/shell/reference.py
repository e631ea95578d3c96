"""The reference of all commands, docs/cmdlets.md, as it follows from their declarations.

``python -m lab.shell.reference`` prints it; ``make docs`` writes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Final

from lab.shell import registry
from lab.shell.command import Command, Parameter, Support
from lab.shell.help import distinct, pipeline_input, syntax, value_text

_INTRODUCTION = """\
# The console's commands

Printed from their declarations (`python -m lab.shell.reference`). Every parameter works unless its state says
otherwise: *recorded* is kept and read back, and has no effect on any frame; *accepted* is taken and has no effect, and
-Verbose says so. Common parameters (-Verbose, -ErrorAction, -WhatIf, …) are those of PowerShell; commands of the
Windows modules also take -ComputerName or -CimSession for another host of the lab. What comes through a pipeline goes
to a parameter by its *value*, or by the *name* of a property.
"""

_MISSING: Final = """\

## Not yet

Cmdlets of Windows that scripts about networks use, and which this console does not have. To call one is an error, as
it is on a machine without its module; no lab pretends to have done what it did not.

| Module | Not here yet |
|---|---|"""

NOT_YET: Final[Mapping[str, str]] = {
    "DcbQos": """
        New-NetQosTrafficClass Get-NetQosTrafficClass Set-NetQosTrafficClass Remove-NetQosTrafficClass
        Enable-NetQosFlowControl Disable-NetQosFlowControl Get-NetQosFlowControl Set-NetQosFlowControl
        Get-NetQosDcbxSetting Set-NetQosDcbxSetting""",
    "DhcpServer": """
        Set-DhcpServerv4OptionDefinition Remove-DhcpServerv4PolicyIPRange Add-DhcpServerv4Filter Get-DhcpServerv4Filter
        Remove-DhcpServerv4Filter Get-DhcpServerv4FilterList Set-DhcpServerv4FilterList Add-DhcpServerv4Superscope
        Get-DhcpServerv4Superscope Rename-DhcpServerv4Superscope Remove-DhcpServerv4Superscope
        Repair-DhcpServerv4IPRecord Add-DhcpServerv4MulticastScope Get-DhcpServerv4MulticastScope
        Set-DhcpServerv4MulticastScope Remove-DhcpServerv4MulticastScope Get-DhcpServerAuditLog Set-DhcpServerAuditLog
        Get-DhcpServerDatabase Set-DhcpServerDatabase Get-DhcpServerDnsCredential Set-DhcpServerDnsCredential
        Remove-DhcpServerDnsCredential Get-DhcpServerVersion Set-DhcpServerv6Reservation Add-DhcpServerv6Lease
        Remove-DhcpServerv6Lease Add-DhcpServerv6OptionDefinition Get-DhcpServerv6OptionDefinition
        Set-DhcpServerv6OptionDefinition Remove-DhcpServerv6OptionDefinition Add-DhcpServerv6Class
        Get-DhcpServerv6Class Set-DhcpServerv6Class Remove-DhcpServerv6Class Get-DhcpServerv6Binding
        Set-DhcpServerv6Binding Get-DhcpServerv6DnsSetting Set-DhcpServerv6DnsSetting Get-DhcpServerv6FreeIPAddress
        Get-DhcpServerv6StatelessStatistics Get-DhcpServerv6StatelessStore Set-DhcpServerv6StatelessStore""",
    "DnsClient": """
        Get-DnsClient Set-DnsClient Get-DnsClientCache Clear-DnsClientCache Get-DnsClientGlobalSetting
        Set-DnsClientGlobalSetting Register-DnsClient""",
    "Hyper-V": """
        Add-VMSwitch Add-VMSwitchExtensionSwitchFeature Add-VMMigrationNetwork Compare-VM Convert-VHD Copy-VMFile
        Debug-VM Disable-VMMigration Dismount-VHD Enable-VMMigration Enable-VMReplication Export-VM Export-VMSnapshot
        Get-VMMigrationNetwork Get-VMSwitchExtensionPortData Get-VMSwitchExtensionSwitchData
        Get-VMSwitchExtensionSwitchFeature Get-VMSystemSwitchExtensionSwitchFeature Import-VM Mount-VHD Move-VM
        Move-VMStorage New-VMResourcePool Remove-VMMigrationNetwork Remove-VMSwitchExtensionSwitchFeature
        Set-VMMigrationNetwork Set-VMSwitchExtensionSwitchFeature""",
    "NetAdapter": """
        Get-NetAdapterHardwareInfo Set-NetAdapterBinding Set-NetAdapterAdvancedProperty
        Reset-NetAdapterAdvancedProperty Get-NetAdapterVmq Set-NetAdapterVmq Enable-NetAdapterVmq Disable-NetAdapterVmq
        Get-NetAdapterVmqQueue Get-NetAdapterRss Set-NetAdapterRss Enable-NetAdapterRss Disable-NetAdapterRss
        Get-NetAdapterSriov Set-NetAdapterSriov Enable-NetAdapterSriov Disable-NetAdapterSriov Get-NetAdapterSriovVf
        Get-NetAdapterRdma Set-NetAdapterRdma Enable-NetAdapterRdma Disable-NetAdapterRdma Get-NetAdapterLso
        Set-NetAdapterLso Enable-NetAdapterLso Disable-NetAdapterLso Get-NetAdapterChecksumOffload
        Set-NetAdapterChecksumOffload Get-NetAdapterQos Set-NetAdapterQos Enable-NetAdapterQos Disable-NetAdapterQos
        Get-NetAdapterRsc Set-NetAdapterRsc Enable-NetAdapterRsc Disable-NetAdapterRsc Get-NetAdapterPowerManagement""",
    "NetConnection": "Get-NetConnectionProfile Set-NetConnectionProfile",
    "NetLbfo": "Remove-NetLbfoTeamNic",
    "NetSecurity": """
        Get-NetFirewallRule New-NetFirewallRule Set-NetFirewallRule Remove-NetFirewallRule Enable-NetFirewallRule
        Disable-NetFirewallRule Get-NetFirewallProfile Set-NetFirewallProfile""",
    "NetSwitchTeam": """
        New-NetSwitchTeam Get-NetSwitchTeam Remove-NetSwitchTeam Rename-NetSwitchTeam Add-NetSwitchTeamMember
        Get-NetSwitchTeamMember Remove-NetSwitchTeamMember""",
    "NetTCPIP": """
        Find-NetRoute New-NetNeighbor Set-NetNeighbor Get-NetUDPEndpoint Get-NetTCPSetting Set-NetTCPSetting
        Get-NetUDPSetting Set-NetUDPSetting Get-NetCompartment Get-NetPrefixPolicy Get-NetIPv4Protocol
        Set-NetIPv4Protocol Get-NetIPv6Protocol Set-NetIPv6Protocol Get-NetOffloadGlobalSetting
        Set-NetOffloadGlobalSetting""",
    "NetWNV": """
        New-NetVirtualizationLookupRecord Get-NetVirtualizationLookupRecord Set-NetVirtualizationLookupRecord
        Remove-NetVirtualizationLookupRecord New-NetVirtualizationCustomerRoute Get-NetVirtualizationCustomerRoute
        Set-NetVirtualizationCustomerRoute Remove-NetVirtualizationCustomerRoute New-NetVirtualizationProviderAddress
        Get-NetVirtualizationProviderAddress Set-NetVirtualizationProviderAddress
        Remove-NetVirtualizationProviderAddress New-NetVirtualizationProviderRoute Get-NetVirtualizationProviderRoute
        Set-NetVirtualizationProviderRoute Remove-NetVirtualizationProviderRoute Get-NetVirtualizationGlobal
        Set-NetVirtualizationGlobal Select-NetVirtualizationNextHop""",
    "NetworkLoadBalancingClusters": "New-NlbClusterIpv6Address",
}
"""What is missing, by module; what has been added here has to be taken out."""


def document() -> str:
    """Return the whole reference as Markdown."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield _INTRODUCTION
    found = sorted(registry.commands(), key=lambda each: (each.module.casefold(), each.name))
    modules = [(module, list(commands)) for module, commands in groupby(found, key=lambda each: each.module)]
    yield from ("| Module | Commands |", "|---|---|")
    yield from (f"| [{module}](#{_anchor(module)}) | {len(commands)} |" for module, commands in modules)
    yield f"| [Not yet](#not-yet) | {sum(len(names.split()) for names in NOT_YET.values())} |"
    for module, commands in modules:
        yield from ("", f"## {module}")
        for each in commands:
            yield from _command(each)
    yield _MISSING
    for module, names in sorted(NOT_YET.items()):
        yield f"| {module} | {', '.join(sorted(names.split(), key=_by_noun))} |"


def _by_noun(name: str) -> tuple[str, str]:
    verb, _, noun = name.partition("-")
    return noun, verb


def _anchor(title: str) -> str:
    return title.casefold().replace(".", "").replace(" ", "-")


def _command(command: Command) -> Iterator[str]:
    yield from ("", f"### {command.name}", "")
    state = "" if command.support is Support.WORKS else f" *{command.support.value.capitalize()}.*"
    yield " ".join(part for part in (command.synopsis, command.remarks) if part) + state
    yield from ("", "```", *syntax(command, common=False), "```")
    if command.aliases:
        yield from ("", "Aliases: " + ", ".join(f"`{alias}`" for alias in command.aliases))
    if command.parameters:
        yield from ("", "| Parameter | Takes | Pipeline | State | |", "|---|---|---|---|---|")
        yield from map(_parameter, distinct(command))
    for example in command.examples:
        yield from ("", example.remark, "", "```powershell", example.code, "```")


def _parameter(parameter: Parameter) -> str:
    kind = "switch" if parameter.is_switch else value_text(parameter).strip("<>")
    names = ", ".join(f"-{name}" for name in (parameter.name, *parameter.aliases))
    ways = pipeline_input(parameter)
    taken = ", ".join(word for way, word in (("ByValue", "value"), ("ByPropertyName", "name")) if way in ways)
    state = "" if parameter.support is Support.WORKS else parameter.support.value
    cells = (names, f"`{kind}`", taken, state, parameter.help)
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |"


if __name__ == "__main__":
    print(document(), end="")
