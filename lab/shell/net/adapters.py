"""Network adapters as objects of the console (Get-NetAdapter)."""

from __future__ import annotations

from typing import Final

from lab.shell.hyperv.refs import identity
from lab.shell.net.cim import full_name, type_names
from lab.shell.net.interfaces import SYNTHETIC, InterfaceRef, Kind, NetInterface, speed_text
from lab.shell.objects import PSObject
from lab.shell.views import Column, show

CLASS: Final = "MSFT_NetAdapter"
TYPE: Final = type_names(CLASS)

show(
    full_name(CLASS), "table",
    Column("Name", width=25), Column("InterfaceDescription", width=39), Column("ifIndex", align="right", width=7),
    Column("Status", width=12), Column("MacAddress", width=17), Column("LinkSpeed", align="right", width=14),
)  # fmt: skip
show(
    full_name(CLASS), "list",
    "Name", "InterfaceDescription", "InterfaceIndex", "MacAddress", "MediaType", "PhysicalMediaType",
    "InterfaceOperationalStatus", "AdminStatus", "LinkSpeed(Gbps)", "MediaConnectionState", "ConnectorPresent",
    "DriverInformation",
)  # fmt: skip


def adapter_object(ref: InterfaceRef) -> PSObject:
    """Return an interface as the cmdlets of module NetAdapter output it: as it is now, as all objects of CIM."""
    found = ref.now
    assert found, "it was there just now"
    text = f'{CLASS} (CreationClassName = "{CLASS}", DeviceID = "{guid_of(ref)}", SystemName = "{ref.machine.name}")'
    return PSObject(TYPE, {**_shown(ref, found), **_more(ref, found)}, source=ref, text=text)


def guid_of(ref: InterfaceRef) -> str:
    """Return an interface's identity, in braces."""
    return f"{{{str(identity(ref.place, ref.machine.name, ref.kind, ref.name, str(ref.tag))).upper()}}}"


def _shown(ref: InterfaceRef, found: NetInterface) -> dict[str, object]:
    guid = guid_of(ref)
    return {
        "Name": found.alias,
        "InterfaceAlias": found.alias,
        "ifAlias": found.alias,
        "InterfaceDescription": found.description,
        "ifDesc": found.description,
        "InterfaceIndex": found.index,
        "ifIndex": found.index,
        "Status": found.status,
        "MacAddress": found.mac,
        "LinkSpeed": speed_text(found.speed_bps),
        "InterfaceGuid": guid,
        "InstanceID": guid,
        "DeviceID": guid,
    }


def _more(ref: InterfaceRef, found: NetInterface) -> dict[str, object]:
    virtual = found.kind in (Kind.MANAGEMENT, Kind.TEAM, Kind.VLAN)
    driver = _driver(found)
    return {
        "SystemName": ref.machine.name,
        "AdminStatus": "Up" if found.enabled else "Down",
        "ifOperStatus": "Up" if found.up else "Down",
        "InterfaceOperationalStatus": "Up" if found.up else "Down",
        "MediaConnectionState": {"Up": "Connected", "Disconnected": "Disconnected"}.get(found.status, "Unknown"),
        "MediaConnectState": {"Up": 1, "Disconnected": 2}.get(found.status, 0),
        "MediaType": "802.3",
        "PhysicalMediaType": "Unspecified" if virtual else "802.3",
        "LinkSpeed(Gbps)": found.speed_bps / 10**9,
        "Speed": found.speed_bps,
        "ReceiveLinkSpeed": found.speed_bps,
        "TransmitLinkSpeed": found.speed_bps,
        "FullDuplex": True,
        "MtuSize": found.mtu,
        "ActiveMaximumTransmissionUnit": found.mtu,
        "PermanentAddress": found.mac.replace("-", ""),
        "NetworkAddresses": [found.mac.replace("-", "")],
        "VlanID": found.tag or None,
        "ConnectorPresent": not virtual,
        "HardwareInterface": found.physical,
        "Virtual": virtual,
        "Hidden": not found.present,
        "DriverInformation": f"Driver Date 2006-06-21 Version 10.0.17763.1 NDIS 6.{50 if not found.legacy else 0}",
        "DriverDescription": SYNTHETIC if found.kind is Kind.ADAPTER and not found.legacy else found.description,
        "DriverFileName": driver,
        "ComponentID": _COMPONENTS.get(found.kind, "hvlab\\nic") if not found.legacy else "PCI\\VEN_1011&DEV_0009",
    }


_COMPONENTS: Final = {
    Kind.MANAGEMENT: "vms_mp",
    Kind.ADAPTER: "VMBUS\\{f8615163-df3e-46c5-913f-f2d2f965ed0e}",
    Kind.TEAM: "COMPOSITEBUS\\MS_IMPLAT_MP",
}


def _driver(found: NetInterface) -> str:
    if found.legacy:
        return "dc21x4vm.sys"
    return {Kind.MANAGEMENT: "VmsProxyHNic.sys", Kind.ADAPTER: "netvsc.sys", Kind.TEAM: "NdisImPlatform.sys"}.get(
        found.kind, "hvlab.sys"
    )
