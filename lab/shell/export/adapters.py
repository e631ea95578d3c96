"""What is set on virtual network adapters, of VMs and of the management OS, as cmdlets of module Hyper-V say it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.model.acl import ALL_PORTS, ANY, DEFAULT_IDLE_S, AclDirection, ExtendedAcl, PortAcl, ports_text, protocol_text
from lab.model.addresses import Network, hyperv_mac
from lab.model.isolation import NO_ISOLATION, IsolationSettings
from lab.model.kinds import PortMirroring
from lab.model.objects import NetworkAdapter
from lab.model.vlan import VlanMode, VlanSettings
from lab.shell.export.quoting import pattern
from lab.shell.export.writing import ON, line, lost
from lab.shell.hyperv.adapters import DYNAMIC, RECORDED
from lab.shell.hyperv.isolation import MAPPINGS

NAME: Final = "Name"
"""The recorded setting of an adapter that has another name in Hyper-V than in the lab."""
FAILOVER: Final = "FailoverConfiguration"

_VLANS: Final = {
    VlanMode.ACCESS: {"VlanId": "access_vlan_id"},
    VlanMode.TRUNK: {"AllowedVlanIdList": "allowed_vlan_id_list", "NativeVlanId": "native_vlan_id"},
    VlanMode.ISOLATED: {"PrimaryVlanId": "primary_vlan_id", "SecondaryVlanId": "secondary_vlan_id"},
    VlanMode.COMMUNITY: {"PrimaryVlanId": "primary_vlan_id", "SecondaryVlanId": "secondary_vlan_id"},
    VlanMode.PROMISCUOUS: {"PrimaryVlanId": "primary_vlan_id", "SecondaryVlanIdList": "secondary_vlan_id_list"},
}


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose adapter it is: of a VM, or of the management OS if ``vm`` is empty; ``alone``: that has no other."""

    adapter: str
    vm: str = ""
    alone: bool = False

    def words(self, parameter: str = "VMNetworkAdapterName") -> dict[str, object]:
        """Return the parameters that select it; what its name is called differs from cmdlet to cmdlet."""
        owner: dict[str, object] = {"VMName": self.vm} if self.vm else {"ManagementOS": ON}
        return owner if self.alone else {**owner, parameter: pattern(self.adapter)}

    @property
    def title(self) -> str:
        return f'adapter "{self.adapter}" of {self.vm or "the management OS"}'


def adapter_settings(adapter: NetworkAdapter, whose: Whose) -> Iterator[str]:
    """Yield what sets everything of an adapter but its name, its switch, and what its guest has set."""
    values = dict(_features(adapter)) | dict(_recorded(adapter))
    if adapter.mac and whose.vm:
        values["StaticMacAddress"] = hyperv_mac(adapter.mac)
    if values:
        yield line("Set-VMNetworkAdapter", **whose.words("Name"), **values)
    if adapter.vlan.mode is not VlanMode.UNTAGGED:
        yield line("Set-VMNetworkAdapterVlan", **whose.words(), **vlan_words(adapter.vlan))
    if adapter.isolation != NO_ISOLATION:
        yield line("Set-VMNetworkAdapterIsolation", **whose.words(), **isolation_words(adapter.isolation))
    for entry, both in _paired(adapter.acls):
        yield line("Add-VMNetworkAdapterAcl", **whose.words(), **_acl_words(entry, both=both))
    for rule in adapter.extended_acls:
        yield line("Add-VMNetworkAdapterExtendedAcl", **whose.words(), **_extended_words(rule))
    if adapter.team_mapping:
        yield line("Set-VMNetworkAdapterTeamMapping", **whose.words(), PhysicalNetAdapterName=adapter.team_mapping)
    yield from _others(adapter, whose)


def _features(adapter: NetworkAdapter) -> Iterator[tuple[str, object]]:
    for name, on in (
        ("MacAddressSpoofing", adapter.mac_spoofing),
        ("DhcpGuard", adapter.dhcp_guard),
        ("RouterGuard", adapter.router_guard),
        ("AllowTeaming", adapter.allow_teaming),
        ("IeeePriorityTag", adapter.ieee_priority_tag),
    ):
        if on:
            yield name, "On"
    if adapter.port_mirroring is not PortMirroring.NONE:
        yield "PortMirroring", adapter.port_mirroring.value
    for name, number in (
        ("StormLimit", adapter.storm_limit),
        ("MaximumBandwidth", adapter.maximum_bandwidth),
        ("MinimumBandwidthWeight", adapter.minimum_bandwidth_weight),
        ("MinimumBandwidthAbsolute", adapter.minimum_bandwidth_absolute),
    ):
        if number:
            yield name, number


def _recorded(adapter: NetworkAdapter) -> Iterator[tuple[str, object]]:
    for each in adapter.recorded:
        if each.name in RECORDED:
            yield each.name, json.loads(each.value)


def _others(adapter: NetworkAdapter, whose: Whose) -> Iterator[str]:
    """Yield what sets the recorded settings for which there are cmdlets of their own."""
    for each in adapter.recorded:
        value: Any = json.loads(each.value)
        if each.name == FAILOVER:
            yield line("Set-VMNetworkAdapterFailoverConfiguration", **whose.words(), **value)
        elif each.name == MAPPINGS:
            for domain in value:
                yield line(
                    "Add-VMNetworkAdapterRoutingDomainMapping", **whose.words(), RoutingDomainID=domain["id"],
                    RoutingDomainName=domain["name"], IsolationID=domain["isolation"],
                    IsolationName=domain["names"] or None,
                )  # fmt: skip
        elif each.name == DYNAMIC and value:
            yield lost(f"the MAC address of {whose.title} is a dynamic one; it is static in this script")


def renaming(adapter: NetworkAdapter, whose: Whose) -> Iterator[str]:
    """Yield what gives an adapter its name in Hyper-V, where that is another than in the lab."""
    for each in adapter.recorded:
        if each.name == NAME:
            yield line("Rename-VMNetworkAdapter", **whose.words("Name"), NewName=json.loads(each.value))


def vlan_words(vlan: VlanSettings) -> dict[str, object]:
    """Return a VLAN setting as parameters; a list is a text, also if it is of one number."""
    return {vlan.mode.value: ON} | {name: getattr(vlan, field) for name, field in _VLANS[vlan.mode].items()}


def isolation_words(isolation: IsolationSettings) -> dict[str, object]:
    """Return an isolation setting as parameters."""
    words: dict[str, object] = {"IsolationMode": isolation.mode.value}
    if isolation.allow_untagged_traffic:
        words["AllowUntaggedTraffic"] = True
    if isolation.default_isolation_id:
        words["DefaultIsolationID"] = isolation.default_isolation_id
    if isolation.multi_tenant_stack:
        words["MultiTenantStack"] = "On"
    return words


def _paired(entries: tuple[PortAcl, ...]) -> Iterator[tuple[PortAcl, bool]]:
    """Yield entries, and whether the next one is the same in the other direction: that one is not yielded then."""
    at = 0
    while at < len(entries):
        entry = entries[at]
        other = replace(entry, direction=AclDirection.OUTBOUND)
        both = entry.direction is AclDirection.INBOUND and entries[at + 1 : at + 2] == (other,)
        yield entry, both
        at += 2 if both else 1


def _acl_words(entry: PortAcl, *, both: bool) -> dict[str, object]:
    kind = "Mac" if entry.mac else "IP"
    address = _address(entry.prefix)
    if entry.mac:
        address = entry.mac if entry.mac == ANY else hyperv_mac(entry.mac)
    direction = "Both" if both else entry.direction.value
    return {f"{entry.side.value}{kind}Address": address, "Direction": direction, "Action": entry.action.value}


def _address(prefix: Network | None) -> str:
    if prefix is None:
        return ANY
    return str(prefix.network_address if prefix.prefixlen == prefix.max_prefixlen else prefix)


def _extended_words(rule: ExtendedAcl) -> dict[str, object]:
    words: dict[str, object] = {
        "Action": rule.action.value,
        "Direction": rule.direction.value,
        "LocalIPAddress": _address(rule.local_ip) if rule.local_ip else None,
        "RemoteIPAddress": _address(rule.remote_ip) if rule.remote_ip else None,
        "LocalPort": ports_text(rule.local_port) if rule.local_port != ALL_PORTS else None,
        "RemotePort": ports_text(rule.remote_port) if rule.remote_port != ALL_PORTS else None,
        "Protocol": protocol_text(rule.protocol) if rule.protocol is not None else None,
        "Weight": rule.weight,
    }
    if rule.stateful:
        words["Stateful"] = True
    if rule.idle_s != DEFAULT_IDLE_S:
        words["IdleSessionTimeout"] = rule.idle_s
    return words
