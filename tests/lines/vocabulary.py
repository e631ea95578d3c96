"""Which commands are typed, and what the lab calls the things that they are about."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from lab.model.objects import LabModel
from lab.shell.command import Command
from lab.shell.place import Machine, vm_of
from lab.shell.registry import commands

_LAB: Final = (
    "Hyper-V", "NetAdapter", "NetTCPIP", "NetNat", "NetLbfo", "NetQos", "DnsClient", "DhcpServer",
    "NetworkLoadBalancingClusters", "ServerManager", "hvlab",
)  # fmt: skip
_CORE: Final = frozenset(
    {
        "Compare-Object", "ConvertTo-Csv", "ConvertTo-Html", "ConvertTo-Json", "ConvertFrom-Json", "ForEach-Object",
        "Format-Custom", "Format-List", "Format-Table", "Format-Wide", "Get-Command", "Get-Member", "Get-Module",
        "Get-Service", "Get-Unique", "Get-Variable", "Group-Object", "Invoke-Command", "Measure-Object", "New-PSSession",
        "Out-Null", "Out-String", "Select-Object", "Sort-Object", "Start-Service", "Stop-Service", "Where-Object",
        "Write-Error", "Write-Host", "Write-Output", "Write-Warning", "Add-Member", "New-Object", "New-TimeSpan",
        "Get-Help", "Test-Connection", "Set-Variable", "Get-Alias",
    }
)  # fmt: skip
_WITH_FILES: Final = frozenset(
    {
        "Backup-DhcpServer", "Export-DhcpServer", "Import-DhcpServer", "Restore-DhcpServer", "Restore-Lab", "Save-Lab",
        "Start-LabCapture", "Stop-LabCapture", "Wait-LabCapture", "Get-LabCapture", "Set-LabBootServer",
    }
)  # fmt: skip
_WAITING: Final = frozenset({"Wait-VM"})
NO_PART_OF_THE_MODEL: Final = frozenset(
    {
        # They wait seconds for answers to frames.
        "Test-Connection", "Test-NetConnection", "Resolve-DnsName", "Test-LabMatrix", "Test-VMNetworkAdapter",
        # They stop nodes of clusters, of which no model says whether they run.
        "nlb", "Resume-NlbCluster", "Resume-NlbClusterNode", "Start-NlbCluster", "Start-NlbClusterNode",
        "Stop-NlbCluster", "Stop-NlbClusterNode", "Suspend-NlbCluster", "Suspend-NlbClusterNode",
        "Disable-NlbClusterPortRule", "Enable-NlbClusterPortRule",
    }
)  # fmt: skip
"""What is not typed where the lab that runs is compared with its model."""


@cache
def lab_commands() -> tuple[Command, ...]:
    """Return the commands that change or show the lab."""
    return tuple(each for each in commands() if each.module in _LAB and each.name not in _WITH_FILES | _WAITING)


@cache
def commands_of(in_vm: bool) -> tuple[Command, ...]:
    """Return those of them that a guest has, or a host."""
    return tuple(each for each in lab_commands() if (each.guest if in_vm else each.host))


@cache
def core_commands() -> tuple[Command, ...]:
    """Return commands of PowerShell itself that do no more than compute."""
    return tuple(each for each in commands() if each.name in _CORE)


@cache
def getters(type_name: str) -> tuple[Command, ...]:
    """Return the commands that output objects of a type, named in short, and change nothing."""
    wanted = _ALSO.get(type_name, (type_name,))
    return tuple(each for each in lab_commands() if each.name.startswith("Get-") and each.output in wanted)


_ALSO: Final[Mapping[str, tuple[str, ...]]] = {
    "VMNetworkAdapterBase": ("VMNetworkAdapter",),
    "CimInstance": ("MSFT_NetAdapter", "MSFT_NetNat", "MSFT_NetRoute", "MSFT_NetIPAddress", "MSFT_NetLbfoTeam"),
    "VMSnapshot": ("VMSnapshot",),
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the lab calls its things, and some names that it does not know yet."""

    vms: tuple[str, ...]
    switches: tuple[str, ...]
    adapters: tuple[str, ...]
    nics: tuple[str, ...]
    hosts: tuple[str, ...]
    machines: tuple[str, ...]
    addresses: tuple[str, ...]
    networks: tuple[str, ...]
    scopes: tuple[str, ...]
    nodes: tuple[str, ...]


def names_of(model: LabModel, machine: Machine) -> Names:
    """Return the names of a lab, as far as a machine of it has to do with them."""
    hosts = [each for each in model.hosts if each.name == machine.host] or list(model.hosts)
    vms = [vm for host in hosts for vm in host.vms]
    adapters = [adapter for vm in vms for adapter in vm.adapters]
    managements = [adapter for host in hosts for adapter in host.management_adapters]
    settings = [each.ip for each in (*adapters, *managements) if each.ip]
    servers = [vm.dhcp_server for _, vm in model.vms() if vm.dhcp_server]
    switches = _few(each.name for host in hosts for each in host.switches)
    nics = _few(nic.name for host in hosts for nic in host.nics)
    virtual = _few(f"vEthernet ({each.name})" for each in managements)
    return Names(
        vms=_few(vm.name for vm in vms),
        switches=switches,
        adapters=_few(each.name for each in (*adapters, *managements)),
        nics=("Ethernet",) if machine.is_vm else (*nics, *virtual),
        hosts=_few(host.name for host in model.hosts),
        machines=_few(model.node_names()),
        addresses=_few(str(address.ip) for ip in settings for address in ip.addresses),
        networks=_few(each.name for each in model.networks),
        scopes=_few(scope.id for server in servers for scope in server.scopes),
        nodes=_few(vm.name for _, vm in model.vms() if any(each.nlb for each in vm.adapters)),
    )


def modules_of(model: LabModel, machine: Machine) -> Mapping[str, float]:
    """Return how much a module is about a machine: what it has no role for is typed there now and then."""
    vm = vm_of(model, machine)
    server, node = vm is not None and vm.dhcp_server is not None, vm and any(each.nlb for each in vm.adapters)
    nodes = any(each.nlb for _, one in model.vms() for each in one.adapters)
    return {
        "Hyper-V": 1.0,
        "DhcpServer": 2.0 if server else 0.05,
        "NetworkLoadBalancingClusters": 2.0 if node else 0.5 if nodes else 0.05,
        "ServerManager": 0.5,
        "hvlab": 0.7,
        "NetLbfo": 0.5,
    }


def _few(found: object) -> tuple[str, ...]:
    assert hasattr(found, "__iter__")
    return tuple(dict.fromkeys(str(each) for each in found))[:6]
