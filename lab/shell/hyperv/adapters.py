"""Virtual network adapters as objects of the console (Get-VMNetworkAdapter)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from lab.model import edit
from lab.model.addresses import hyperv_mac
from lab.model.bandwidth import rounded
from lab.model.edit import Edit
from lab.model.interfaces import host_interfaces, vm_adapters
from lab.model.kinds import AdapterKind
from lab.model.names import hyperv_name, vethernet
from lab.model.objects import HypervHost, LabModel, NetworkAdapter
from lab.shell.hyperv.adapter_names import shown
from lab.shell.hyperv.integration import KEY_VALUE, works
from lab.shell.hyperv.refs import AdapterRef, SwitchRef, VmRef, identity
from lab.shell.objects import Later, Live, PSObject
from lab.shell.recording import kept
from lab.shell.views import show

_BASE: Final = "Microsoft.HyperV.PowerShell.VMNetworkAdapterBase"
VM_TYPE: Final = ("Microsoft.HyperV.PowerShell.VMNetworkAdapter", _BASE)
MANAGEMENT_TYPE: Final = ("Microsoft.HyperV.PowerShell.VMInternalNetworkAdapter", _BASE)
DYNAMIC: Final = "DynamicMacAddressEnabled"
"""The recorded setting of an adapter whose MAC address is kept although it is a dynamic one."""

RECORDED: Final[Mapping[str, Any]] = {
    "IovWeight": 0,
    "IovQueuePairsRequested": 1,
    "IovInterruptModeration": "Default",
    "PacketDirectNumProcs": 0,
    "PacketDirectModerationCount": 64,
    "PacketDirectModerationInterval": 1000000,
    "MandatoryFeatureId": [],
    "VirtualSubnetId": 0,
    "DynamicIPAddressLimit": 0,
    "FixSpeed10G": "Off",
    "VmqWeight": 100,
    "IPsecOffloadMaximumSecurityAssociation": 512,
    "VrssEnabled": True,
    "VmmqEnabled": False,
    "VmmqQueuePairs": 16,
    "NotMonitoredInCluster": False,
    "DeviceNaming": "Off",
    "ResourcePoolName": "",
    "TestReplicaPoolName": "",
    "TestReplicaSwitchName": "",
}
"""What Set-VMNetworkAdapter sets and a lab only records, with what it is in a new adapter."""

show(_BASE, "table", "Name", "IsManagementOs", "VMName", "SwitchName", "MacAddress", "Status", "IPAddresses")


def adapter_object(ref: AdapterRef) -> Live:
    """Return an adapter as the cmdlets output it."""
    return Live(
        VM_TYPE if ref.vm else MANAGEMENT_TYPE,
        lambda: _properties(ref),
        lambda: ref.place.model,
        source=ref,
        text=adapter_text(ref),
    )


def adapter_text(ref: AdapterRef) -> str:
    """Return what an adapter is in a string."""
    if ref.vm is None:
        return f"VMInternalNetworkAdapter, Name = '{ref.shown}'"
    return f"VMNetworkAdapter (Name = '{ref.shown}', VMName = '{ref.vm.name}') [VMId = '{ref.vm.id}']"


def adapter_id(ref: AdapterRef) -> str:
    """Return an adapter's Id."""
    return f"Microsoft:{identity(ref.place, ref.host, ref.title)}"


def adapters_of(ref: VmRef) -> Iterator[AdapterRef]:
    """Yield the adapters of a VM."""
    vm = ref.model
    for each in vm.adapters if vm else ():
        yield AdapterRef(ref.place, ref.host, ref, each.name)


def adapter_edit(ref: AdapterRef, change: Callable[[NetworkAdapter], NetworkAdapter]) -> Edit:
    """Return the change of one adapter."""
    if ref.vm is not None:
        return edit.vm_adapter(ref.host, ref.vm.name, ref.name, change)
    return edit.management_adapter(ref.host, ref.name, change)


def with_fields(ref: AdapterRef, **fields: Any) -> Edit:
    """Return the change of one adapter that sets fields of it."""
    return adapter_edit(ref, lambda adapter: replace(adapter, **fields))


def on_off(value: bool) -> str:
    """Return a flag as Hyper-V's enumeration OnOffState."""
    return "On" if value else "Off"


def own_mac(ref: AdapterRef, adapter: NetworkAdapter) -> str:
    """Return an adapter's MAC address, empty as long as it has none: before its VM has first started."""
    machine, label = (ref.vm.name, adapter.name) if ref.vm else (ref.host, vethernet(adapter.name))
    found = adapter.mac or ref.place.macs.get(f"{machine}/{label}", "")
    if not found and ref.vm is None:
        host = ref.place.model.host(ref.host)
        found = next((each.mac for each in host_interfaces(host) if each.label == label), "") if host else ""
    return found


def mac_of(ref: AdapterRef, adapter: NetworkAdapter) -> str:
    """Return an adapter's MAC address as Hyper-V writes it, without separators; zeros before the VM first started."""
    return hyperv_mac(own_mac(ref, adapter)) or "000000000000"


def is_dynamic(adapter: NetworkAdapter) -> bool:
    """Tell whether an adapter's MAC address is one of its host's pool."""
    return not adapter.mac or bool(kept(adapter.recorded, DYNAMIC, False))


def common_properties(ref: AdapterRef) -> dict[str, object]:
    """Return the properties that the settings of an adapter have at their end."""
    return {
        "ParentAdapter": adapter_object(ref),
        "IsTemplate": False,
        "CimSession": "CimSession: .",
        "ComputerName": ref.host,
        "IsDeleted": False,
        "VMName": ref.vm.name if ref.vm else "",
        "VMNetworkAdapterName": ref.shown,
    }


def _properties(ref: AdapterRef) -> Mapping[str, object] | None:
    host, adapter = ref.place.model.host(ref.host), ref.model
    if host is None or adapter is None:
        return None
    return {**_device(ref, host, adapter), **_policies(ref, adapter), **_offloads(adapter), **_owner(ref, adapter)}


def _device(ref: AdapterRef, host: HypervHost, adapter: NetworkAdapter) -> dict[str, object]:
    running = ref.vm is None or bool(ref.vm.model and ref.vm.model.running)
    switch = host.switch(adapter.switch)
    return {
        "ClusterMonitored": not kept(adapter.recorded, "NotMonitoredInCluster", False),
        "MacAddress": mac_of(ref, adapter),
        "DynamicMacAddressEnabled": is_dynamic(adapter),
        "IsLegacy": adapter.kind is AdapterKind.LEGACY,
        "IPAddresses": Later(lambda: addresses(ref)),
        "DeviceNaming": _recorded(adapter, "DeviceNaming"),
        "PoolName": _recorded(adapter, "ResourcePoolName"),
        "Connected": switch is not None,
        "SwitchName": switch.name if switch else "",
        "TestReplicaPoolName": _recorded(adapter, "TestReplicaPoolName"),
        "TestReplicaSwitchName": _recorded(adapter, "TestReplicaSwitchName"),
        "StatusDescription": ["OK"] if running and switch else [],
        "Status": ["Ok"] if running and switch else [],
        "IsManagementOs": ref.vm is None,
        "IsExternalAdapter": False,
        "Id": adapter_id(ref),
        "SwitchId": SwitchRef(ref.place, host.name, switch.name).id if switch else None,
    }


def _policies(ref: AdapterRef, adapter: NetworkAdapter) -> dict[str, object]:
    from lab.shell.hyperv.acls import acl_objects
    from lab.shell.hyperv.extended_acls import extended_acl_objects
    from lab.shell.hyperv.isolation import isolation_object, mapping_objects
    from lab.shell.hyperv.vlans import vlan_object

    return {
        "AclList": Later(lambda: acl_objects(ref, {})),
        "ExtendedAclList": Later(lambda: extended_acl_objects(ref)),
        "IsolationSetting": Later(lambda: isolation_object(ref)),
        "RoutingDomainList": Later(lambda: mapping_objects(ref)),
        "VlanSetting": Later(lambda: vlan_object(ref)),
        "BandwidthSetting": _bandwidth(adapter),
        "CurrentIsolationMode": adapter.isolation.mode if adapter.isolation.mode != "None" else "Vlan",
        "MacAddressSpoofing": on_off(adapter.mac_spoofing),
        "DhcpGuard": on_off(adapter.dhcp_guard),
        "RouterGuard": on_off(adapter.router_guard),
        "PortMirroringMode": adapter.port_mirroring,
        "IeeePriorityTag": on_off(adapter.ieee_priority_tag),
        "VirtualSubnetId": _recorded(adapter, "VirtualSubnetId"),
        "DynamicIPAddressLimit": _recorded(adapter, "DynamicIPAddressLimit"),
        "StormLimit": adapter.storm_limit,
        "AllowTeaming": on_off(adapter.allow_teaming),
    }


def _offloads(adapter: NetworkAdapter) -> dict[str, object]:
    def of(name: str) -> object:
        return _recorded(adapter, name)

    return {
        "FixSpeed10G": of("FixSpeed10G"),
        "VMQWeight": of("VmqWeight"),
        "IovWeight": of("IovWeight"),
        "IovQueuePairsRequested": of("IovQueuePairsRequested"),
        "IovInterruptModeration": of("IovInterruptModeration"),
        "PacketDirectNumProcs": of("PacketDirectNumProcs"),
        "PacketDirectModerationCount": of("PacketDirectModerationCount"),
        "PacketDirectModerationInterval": of("PacketDirectModerationInterval"),
        "IPsecOffloadMaxSA": of("IPsecOffloadMaximumSecurityAssociation"),
        "VrssEnabled": of("VrssEnabled"),
        "VmmqEnabled": of("VmmqEnabled"),
        "VmmqQueuePairs": of("VmmqQueuePairs"),
        "MandatoryFeatureId": of("MandatoryFeatureId"),
    }


def _owner(ref: AdapterRef, adapter: NetworkAdapter) -> dict[str, object]:
    return {
        "IsTemplate": False,
        "Name": shown(adapter),
        "VMId": ref.vm.id if ref.vm else None,
        "VMName": ref.vm.name if ref.vm else "",
        "CimSession": "CimSession: .",
        "ComputerName": ref.host,
        "IsDeleted": False,
    }


def _recorded(adapter: NetworkAdapter, name: str) -> object:
    return kept(adapter.recorded, name, RECORDED[name])


def _bandwidth(adapter: NetworkAdapter) -> object:
    if not (adapter.maximum_bandwidth or adapter.minimum_bandwidth_absolute or adapter.minimum_bandwidth_weight):
        return None
    return PSObject(
        "Microsoft.HyperV.PowerShell.VMNetworkAdapterBandwidthSetting",
        {
            "MinimumBandwidthAbsolute": rounded(adapter.minimum_bandwidth_absolute),
            "MinimumBandwidthWeight": adapter.minimum_bandwidth_weight,
            "MaximumBandwidth": rounded(adapter.maximum_bandwidth),
        },
    )


def addresses(ref: AdapterRef) -> list[str]:
    """Return the addresses that an adapter's guest has on it; of a VM they come from its integration services."""
    model = ref.place.model
    adapter = ref.model
    if adapter is None or not (ref.vm is None or (ref.vm.model and ref.vm.model.running)):
        return []
    if adapter.switch and adapter.ip is not None and (adapter.ip.dhcp or adapter.ip.auto):
        model = ref.place.leased()
    return list(_addresses(ref, model))


def _addresses(ref: AdapterRef, model: LabModel) -> Iterator[str]:
    host = model.host(ref.host)
    if host is None:
        return
    vm = next((each for each in host.vms if ref.vm and each.name == ref.vm.name), None)
    if vm and not works(vm, KEY_VALUE):
        return
    found = vm_adapters(host, vm) if vm else host_interfaces(host)
    for each in found:
        label = each.label if vm else hyperv_name(each.label)
        if label == ref.name and (vm or each.label != label) and each.up:
            yield from (str(address.ip) for address in each.ip.addresses)
