"""The port features of virtual switches: of those that Windows has, the security settings of a port.

They are how a script makes the external port a source of port mirroring, for which there is no cmdlet of its own. The
numbers of MonitorMode are those of the class Msvm_EthernetSwitchPortSecuritySettingData.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from lab.model.kinds import PortMirroring
from lab.model.objects import NetworkAdapter
from lab.shell.hyperv.refs import AdapterRef, SwitchRef
from lab.shell.objects import PSObject
from lab.shell.views import show

TYPE: Final = "Microsoft.HyperV.PowerShell.VMSwitchExtensionPortFeature"
SYSTEM_TYPES: Final = (TYPE, "Microsoft.HyperV.PowerShell.VMSystemSwitchExtensionPortFeature")
DATA_TYPE: Final = "Microsoft.Management.Infrastructure.CimInstance#root/virtualization/v2/"
SECURITY: Final = "Ethernet Switch Port Security Settings"
FEATURES: Final = {
    SECURITY: "776e0ba7-94a1-41c8-8f28-951f524251b5",
    "Ethernet Switch Port VLAN Settings": "952c5004-4465-451c-8cb8-fa9ab382b773",
    "Ethernet Switch Port ACL Settings": "998bef4a-5d55-492a-9c43-8b2f5eae9f2b",
    "Ethernet Switch Port Bandwidth Settings": "24ad3ce1-69bd-4978-b2ac-daad389d699c",
    "Ethernet Switch Port Offload Settings": "c885bfd1-abb7-418f-8163-9f379c9f7166",
    "Ethernet Switch Port Profile Settings": "9940cd46-8b06-43bb-b9d5-93d50381fd56",
}
"""The features by their names, with their identifiers."""
MODES: Final = {0: PortMirroring.NONE, 1: PortMirroring.DESTINATION, 2: PortMirroring.SOURCE}

show(TYPE, "list", "Id", "ExtensionId", "ExtensionName", "Name", "ComputerName", "SettingData")

_FLAGS: Final = {
    "AllowIeeePriorityTag": "ieee_priority_tag",
    "AllowMacSpoofing": "mac_spoofing",
    "AllowTeaming": "allow_teaming",
    "EnableDhcpGuard": "dhcp_guard",
    "EnableRouterGuard": "router_guard",
}


@dataclass(slots=True, eq=False)
class FeatureRef:
    """A port feature; ``owner`` is the adapter, or the switch whose external port it is of, None for the host's own."""

    name: str
    owner: AdapterRef | SwitchRef | None = None


def feature_object(ref: FeatureRef, host: str, values: Mapping[str, Any]) -> PSObject:
    """Return a port feature as the cmdlets output it; what scripts set in its SettingData stays there."""
    name = ref.name
    kind = "Msvm_EthernetSwitchPort" + name.removeprefix("Ethernet Switch Port ").replace(" Settings", "SettingData")
    data = PSObject(
        (DATA_TYPE + kind, "Microsoft.Management.Infrastructure.CimInstance"),
        {"Caption": name, "Description": "", "ElementName": name, **values},
        text=f'{kind} (InstanceID = "Microsoft:Definition\\{FEATURES[name].upper()}\\Default")',
    )
    return PSObject(
        SYSTEM_TYPES if ref.owner is None else TYPE,
        {
            "Id": FEATURES[name],
            "ExtensionId": "00000000-0000-0000-0000-000000000000",
            "ExtensionName": "Microsoft Virtual Switch",
            "Name": name,
            "SettingData": data,
            "ComputerName": host,
            "IsDeleted": False,
        },
        source=ref,
        text=f"VMSwitchExtensionPortFeature (Name = '{name}')",
    )


def security_values(adapter: NetworkAdapter | None = None, mode: PortMirroring = PortMirroring.NONE) -> dict[str, Any]:
    """Return the security settings of an adapter's port; without an adapter the defaults, and a mirroring mode."""
    of = adapter or NetworkAdapter("", port_mirroring=mode)
    return {
        **{name: getattr(of, field) for name, field in _FLAGS.items()},
        "DynamicIPAddressLimit": 0,
        "MonitorMode": next(number for number, each in MODES.items() if each is of.port_mirroring),
        "MonitorSession": 0,
        "StormLimit": of.storm_limit,
        "TeamName": "",
        "TeamNumber": 0,
        "VirtualSubnetId": 0,
    }


def with_security(adapter: NetworkAdapter, data: PSObject) -> NetworkAdapter:
    """Return an adapter with the security settings of a feature."""
    flags: dict[str, Any] = {field: bool(data.get(name)) for name, field in _FLAGS.items()}
    return replace(adapter, **flags, storm_limit=_number(data, "StormLimit"), port_mirroring=mode_of(data))


def mode_of(data: PSObject) -> PortMirroring:
    """Return the mirroring mode that security settings have; ValueError if it is none."""
    number = _number(data, "MonitorMode")
    if number not in MODES:
        raise ValueError(number)
    return MODES[number]


def _number(data: PSObject, name: str) -> int:
    value = data.get(name)
    try:
        return int(str(value))
    except ValueError:
        raise ValueError(str(value)) from None
