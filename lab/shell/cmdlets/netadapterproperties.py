"""What drivers of network adapters say: Get-NetAdapterAdvancedProperty and Get-NetAdapterStatistics."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Final

from lab.model.objects import DEFAULT_MTU
from lab.shell.command import Call, Example, Parameter, Support, command
from lab.shell.hyperv.refs import AdapterRef, VmRef
from lab.shell.net.cim import full_name, type_names
from lab.shell.net.interfaces import InterfaceRef, Kind, NetInterface
from lab.shell.net.targets import BY_DESCRIPTION, BY_NAME, WHICH, adapters, fits
from lab.shell.objects import PSObject
from lab.shell.recording import kept
from lab.shell.views import Column, show

_ADVANCED: Final = "MSFT_NetAdapterAdvancedPropertySettingData"
_STATISTICS: Final = "MSFT_NetAdapterStatisticsSettingData"
_ETHERNET_HEADER: Final = 14

show(
    full_name(_ADVANCED), "table",
    Column("Name", width=25), Column("DisplayName", width=30), Column("DisplayValue", width=30),
    Column("RegistryKeyword", width=15), Column("RegistryValue", width=15),
)  # fmt: skip
show(
    full_name(_STATISTICS), "table",
    Column("Name", width=32), Column("ReceivedBytes", align="right", width=13),
    Column("ReceivedUnicastPackets", align="right", width=22), Column("SentBytes", align="right", width=13),
    Column("SentUnicastPackets", align="right", width=18),
)  # fmt: skip


@command(
    "Get-NetAdapterAdvancedProperty",
    "NetAdapter",
    "Gets the advanced properties for a network adapter.",
    (
        *WHICH,
        Parameter("DisplayName", "String[]", sets=(BY_NAME, BY_DESCRIPTION), wildcards=True,
                  help="The property, by its name in words."),
        Parameter("RegistryKeyword", "String[]", sets=(BY_NAME, BY_DESCRIPTION), wildcards=True,
                  help="The property, by its name in the registry."),
        Parameter("AllProperties", "Switch", support=Support.ACCEPTED),
        Parameter("IncludeHidden", "Switch", help="Also adapters that have no driver."),
    ),
    default_set=BY_NAME,
    output="MSFT_NetAdapterAdvancedPropertySettingData",
    guest=True,
    examples=(
        Example('Get-NetAdapterAdvancedProperty -DisplayName "Hyper-V Network Adapter Name"',
                "Shows in a VM what Hyper-V calls its adapters (Set-VMNetworkAdapter -DeviceNaming On)."),
    ),
)  # fmt: skip
def get_netadapteradvancedproperty(call: Call) -> Iterator[object]:
    """Output the properties of adapters' drivers."""
    for ref in adapters(call, hidden=call.is_on("IncludeHidden"), kind=_ADVANCED):
        interface = ref.now
        for words, shown, keyword, value in _properties(ref, interface) if interface else ():
            if "DisplayName" in call and not fits(words, call.get("DisplayName")):
                continue
            if "RegistryKeyword" in call and not fits(keyword, call.get("RegistryKeyword")):
                continue
            assert interface
            yield PSObject(
                type_names(_ADVANCED),
                {
                    "Name": interface.alias,
                    "InterfaceDescription": interface.description,
                    "DisplayName": words,
                    "DisplayValue": shown,
                    "RegistryKeyword": keyword,
                    "RegistryValue": [value] if value else [],
                },
                source=ref,
            )


def _properties(ref: InterfaceRef, interface: NetInterface) -> Iterator[tuple[str, str, str, str]]:
    large = interface.mtu > DEFAULT_MTU
    size = interface.mtu + _ETHERNET_HEADER
    if not interface.legacy:
        yield "Jumbo Packet", f"{size} Bytes" if large else "Disabled", "*JumboPacket", str(size)
    if interface.kind is Kind.ADAPTER and not interface.legacy:
        name = _device_name(ref)
        yield "Hyper-V Network Adapter Name", name, "HyperVNetworkAdapterName", name
    own = _own_mac(ref)
    yield "Network Address", own or "--", "NetworkAddress", own
    if interface.kind is Kind.ADAPTER and not interface.legacy:
        yield "VLAN ID", "0", "VlanID", "0"


def _device_name(ref: InterfaceRef) -> str:
    """Return what Hyper-V calls the adapter, if it tells (DeviceNaming On)."""
    adapter = AdapterRef(ref.place, ref.machine.host, VmRef(ref.place, ref.machine.host, ref.machine.name), ref.name)
    found = adapter.model
    return ref.name if found and kept(found.recorded, "DeviceNaming", "Off") == "On" else ""


def _own_mac(ref: InterfaceRef) -> str:
    """Return the MAC address that the guest has given the adapter in place of its own."""
    vm = VmRef(ref.place, ref.machine.host, ref.machine.name).model
    adapter = next((each for each in vm.adapters if each.name == ref.name), None) if vm else None
    return adapter.guest_mac.replace(":", "").upper() if adapter else ""


@command(
    "Get-NetAdapterStatistics",
    "NetAdapter",
    "Gets networking statistics from the network adapter.",
    (*WHICH, Parameter("IncludeHidden", "Switch", help="Also adapters that have no driver.")),
    default_set=BY_NAME,
    output="MSFT_NetAdapterStatisticsSettingData",
    guest=True,
    examples=(Example("Get-NetAdapterStatistics -Name Ethernet", "Shows what an adapter has sent and received."),),
)
def get_netadapterstatistics(call: Call) -> Iterator[object]:
    """Output what has gone through adapters, as their machine's kernel counts it."""
    refs = [(ref, found) for ref in adapters(call, kind=_STATISTICS) if (found := ref.now)]
    if not refs:
        return
    said = call.place.run(call.machine, ("ip", "-s", "-j", "link", "show"), timeout_s=10).out
    counts = {each["ifname"]: each["stats64"] for each in json.loads(said or "[]")}
    for ref, found in refs:
        yield _counted(ref, found, counts.get(found.device, {}))


def _counted(ref: InterfaceRef, found: NetInterface, counts: dict[str, Any]) -> PSObject:
    got, sent = counts.get("rx", {}), counts.get("tx", {})
    many = got.get("multicast", 0)
    return PSObject(
        type_names(_STATISTICS),
        {
            "Name": found.alias,
            "InterfaceAlias": found.alias,
            "InterfaceDescription": found.description,
            "ReceivedBytes": got.get("bytes", 0),
            "ReceivedUnicastPackets": got.get("packets", 0) - many,
            "ReceivedMulticastPackets": many,
            "ReceivedDiscardedPackets": got.get("dropped", 0),
            "ReceivedPacketErrors": got.get("errors", 0),
            "SentBytes": sent.get("bytes", 0),
            "SentUnicastPackets": sent.get("packets", 0),
            "OutboundDiscardedPackets": sent.get("dropped", 0),
            "OutboundPacketErrors": sent.get("errors", 0),
        },
        source=ref,
    )
