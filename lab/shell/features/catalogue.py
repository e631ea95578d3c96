"""The roles and features that scripts for networks install, by the names that Install-WindowsFeature takes.

Not all that Windows Server has: what has nothing to do with networks is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Feature:
    """A role, role service or feature. ``tools``: what -IncludeManagementTools adds; ``restart``: it needs one."""

    name: str
    display_name: str
    kind: str = "Feature"
    parent: str = ""
    tools: tuple[str, ...] = ()
    restart: bool = False

    @property
    def is_tool(self) -> bool:
        """Whether it is for administration only, or a heading of such."""
        return "RSAT" in f"{self.name} {self.parent}"


_ROLE, _SERVICE = "Role", "Role Service"

CATALOGUE: Final[dict[str, Feature]] = {
    each.name.casefold(): each
    for each in (
        Feature("AD-Domain-Services", "Active Directory Domain Services", _ROLE, tools=("RSAT-AD-Tools",)),
        Feature("DHCP", "DHCP Server", _ROLE, tools=("RSAT-DHCP",)),
        Feature("DNS", "DNS Server", _ROLE, tools=("RSAT-DNS-Server",)),
        Feature("FileAndStorage-Services", "File and Storage Services", _ROLE),
        Feature("File-Services", "File and iSCSI Services", _SERVICE, "FileAndStorage-Services"),
        Feature("FS-FileServer", "File Server", _SERVICE, "File-Services"),
        Feature("Hyper-V", "Hyper-V", _ROLE, tools=("RSAT-Hyper-V-Tools",), restart=True),
        Feature("NetworkController", "Network Controller", _ROLE, tools=("RSAT-NetworkController",), restart=True),
        Feature("NPAS", "Network Policy and Access Services", _ROLE, tools=("RSAT-NPAS",)),
        Feature("RemoteAccess", "Remote Access", _ROLE, tools=("RSAT-RemoteAccess",)),
        Feature("DirectAccess-VPN", "DirectAccess and VPN (RAS)", _SERVICE, "RemoteAccess", ("RSAT-RemoteAccess",)),
        Feature("Routing", "Routing", _SERVICE, "RemoteAccess", ("RSAT-RemoteAccess",)),
        Feature("Web-Application-Proxy", "Web Application Proxy", _SERVICE, "RemoteAccess"),
        Feature("Web-Server", "Web Server (IIS)", _ROLE, tools=("Web-Mgmt-Tools",)),
        Feature("Web-WebServer", "Web Server", _SERVICE, "Web-Server"),
        Feature("Web-Mgmt-Tools", "Management Tools", _SERVICE, "Web-Server"),
        Feature("WDS", "Windows Deployment Services", _ROLE, tools=("WDS-AdminPack",)),
        Feature("WDS-Deployment", "Deployment Server", _SERVICE, "WDS"),
        Feature("WDS-Transport", "Transport Server", _SERVICE, "WDS"),
        Feature("Data-Center-Bridging", "Data Center Bridging"),
        Feature("Failover-Clustering", "Failover Clustering", tools=("RSAT-Clustering",), restart=True),
        Feature("IPAM", "IP Address Management (IPAM) Server"),
        Feature("NLB", "Network Load Balancing", tools=("RSAT-NLB",)),
        Feature("NetworkVirtualization", "Network Virtualization"),
        Feature("RSAT", "Remote Server Administration Tools"),
        Feature("RSAT-Feature-Tools", "Feature Administration Tools", parent="RSAT"),
        Feature("RSAT-Clustering", "Failover Clustering Tools", parent="RSAT-Feature-Tools"),
        Feature("RSAT-Clustering-PowerShell", "Failover Cluster Module for Windows PowerShell",
                parent="RSAT-Clustering"),
        Feature("RSAT-Clustering-Mgmt", "Failover Cluster Management Tools", parent="RSAT-Clustering"),
        Feature("RSAT-NLB", "Network Load Balancing Tools", parent="RSAT-Feature-Tools"),
        Feature("RSAT-Role-Tools", "Role Administration Tools", parent="RSAT"),
        Feature("RSAT-AD-Tools", "AD DS and AD LDS Tools", parent="RSAT-Role-Tools"),
        Feature("RSAT-AD-PowerShell", "Active Directory module for Windows PowerShell", parent="RSAT-AD-Tools"),
        Feature("RSAT-Hyper-V-Tools", "Hyper-V Management Tools", parent="RSAT-Role-Tools"),
        Feature("Hyper-V-PowerShell", "Hyper-V Module for Windows PowerShell", parent="RSAT-Hyper-V-Tools"),
        Feature("Hyper-V-Tools", "Hyper-V GUI Management Tools", parent="RSAT-Hyper-V-Tools"),
        Feature("RSAT-DHCP", "DHCP Server Tools", parent="RSAT-Role-Tools"),
        Feature("RSAT-DNS-Server", "DNS Server Tools", parent="RSAT-Role-Tools"),
        Feature("RSAT-NetworkController", "Network Controller Management Tools", parent="RSAT-Role-Tools"),
        Feature("RSAT-NPAS", "Network Policy and Access Services Tools", parent="RSAT-Role-Tools"),
        Feature("RSAT-RemoteAccess", "Remote Access Management Tools", parent="RSAT-Role-Tools"),
        Feature("RSAT-RemoteAccess-PowerShell", "Remote Access module for Windows PowerShell",
                parent="RSAT-RemoteAccess"),
        Feature("WDS-AdminPack", "Windows Deployment Services Tools", parent="RSAT-Role-Tools"),
        Feature("SNMP-Service", "SNMP Service"),
        Feature("Telnet-Client", "Telnet Client"),
        Feature("TFTP-Client", "TFTP Client"),
    )
}  # fmt: skip

EFFECTIVE: Final = frozenset({"DHCP", "NLB", "Hyper-V"})
"""Those whose work the lab does; the tools for administration do nothing on Windows either."""


def depth(feature: Feature) -> int:
    """Return how deep a feature is in the tree, 1 at its root."""
    return 1 + (depth(CATALOGUE[feature.parent.casefold()]) if feature.parent else 0)


def with_parents(features: list[Feature]) -> list[Feature]:
    """Return features with all that they are part of, each once."""
    found: dict[str, Feature] = {}
    for each in features:
        chain = [each]
        while chain[-1].parent:
            chain.append(CATALOGUE[chain[-1].parent.casefold()])
        found.update((one.name, one) for one in chain)
    return list(found.values())


def with_children(features: list[Feature]) -> list[Feature]:
    """Return features with all that is part of them, each once."""
    found = {each.name: each for each in features}
    for each in CATALOGUE.values():  # parents come before their parts
        if each.parent in found:
            found[each.name] = each
    return list(found.values())
