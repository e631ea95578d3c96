"""That a script can set everything that a lab's description has: each field by a cmdlet of Windows, or by one of ours.

Cmdlets of Windows are those that a script would use on a real host, or in a guest.
"""

from __future__ import annotations

import dataclasses

import pytest

from lab.model import addresses, advertising, boot, objects
from lab.shell import registry
from lab.shell.binder import common_parameters
from lab.shell.labs.targets import MODULE

FIELDS: dict[type, dict[str, str]] = {
    objects.LabModel: {
        "name": "",  # that of the lab that the script is run on
        "hosts": "New-LabHost -Name",
        "networks": "New-LabNetwork -Name",
        "internet": "New-LabComputer -Internet",
        "interruption_s": "Set-Lab -Interruption",
    },
    objects.Internet: {"subnets": "New-LabComputer -IPAddress", "hosts": "New-LabComputer -Name"},
    objects.PhysicalNetwork: {
        "name": "New-LabNetwork -Name",
        "subnets": "New-LabNetwork -Subnet",
        "computers": "New-LabComputer -Network",
        "router": "New-LabNetwork -Router",
        "mtu": "New-LabNetwork -Mtu",
        "igmp_snooping": "New-LabNetwork -IgmpSnooping",
    },
    objects.Router: {
        "name": "New-LabNetwork -RouterName",
        "inside": "New-LabNetwork -Router",
        "outside": "New-LabNetwork -OutsideAddress",
        "nat": "New-LabNetwork -Nat",
        "advertisements": "Set-LabRouterAdvertisement -Name",
    },
    objects.Computer: {
        "name": "New-LabComputer -Name",
        "ip": "New-LabComputer -IPAddress",
        "mac": "New-LabComputer -MacAddress",
        "mtu": "New-LabComputer -Mtu",
        "vlan": "New-LabComputer -VlanId",
        "recorded": "Set-DnsClientServerAddress -ServerAddresses",
    },
    objects.HypervHost: {
        "name": "New-LabHost -Name",
        "nics": "New-LabNic -Name",
        "switches": "New-VMSwitch -Name",
        "management_adapters": "Add-VMNetworkAdapter -ManagementOS",
        "vms": "New-VM -Name",
        "forwarding": "Set-LabHost -Forwarding",
        "mac_address_minimum": "Set-VMHost -MacAddressMinimum",
        "mac_address_maximum": "Set-VMHost -MacAddressMaximum",
        "nat": "New-NetNat -InternalIPInterfaceAddressPrefix",
        "router_advertisements": "Set-LabRouterAdvertisement -Name",
        "recorded": "Set-VMHost -VirtualMachinePath",
    },
    objects.PhysicalNic: {
        "name": "New-LabNic -Name",
        "network": "Set-LabNic -Network",
        "ip": "New-LabNic -IPAddress",
        "mac": "Set-LabNic -MacAddress",
        "mtu": "Set-LabNic -Mtu",
        "connected": "Set-LabNic -Connected",
        "speed": "Set-LabNic -Speed",
        "enabled": "Disable-NetAdapter -Name",
        "recorded": "Set-DnsClientServerAddress -ServerAddresses",
    },
    objects.VirtualSwitch: {
        "name": "New-VMSwitch -Name",
        "type": "New-VMSwitch -SwitchType",
        "nics": "New-VMSwitch -NetAdapterName",
        "learning": "Set-LabSwitch -LearningMode",
        "ageing_s": "Set-LabSwitch -AgeingTime",
        "mirror_external_port": "Add-VMSwitchExtensionPortFeature -VMSwitchExtensionFeature",
        "embedded_teaming": "New-VMSwitch -EnableEmbeddedTeaming",
        "load_balancing": "Set-VMSwitchTeam -LoadBalancingAlgorithm",
        "extensions": "Enable-VMSwitchExtension -VMSwitchName",
        "bandwidth_reservation": "New-VMSwitch -MinimumBandwidthMode",
        "default_flow_minimum_bandwidth_weight": "Set-VMSwitch -DefaultFlowMinimumBandwidthWeight",
        "default_flow_minimum_bandwidth_absolute": "Set-VMSwitch -DefaultFlowMinimumBandwidthAbsolute",
        "is_default": "New-LabDefaultSwitch -Subnet",
        "recorded": "Set-VMSwitch -Notes",
    },
    objects.VirtualMachine: {
        "name": "New-VM -Name",
        "adapters": "Add-VMNetworkAdapter -VMName",
        "generation": "New-VM -Generation",
        "state": "Start-VM -Name",
        "integration_services": "Set-LabVM -IntegrationServices",
        "forwarding": "Set-LabVM -Forwarding",
        "resource_metering": "Enable-VMResourceMetering -VMName",
        "team": "New-NetLbfoTeam -Name",
        "dhcp_server": "Add-DhcpServerv4Scope -StartRange",
        "dhcp_relay": "Set-LabVM -DhcpRelay",
        "boot_device": "New-VM -BootDevice",
        "installed": "Set-LabVM -Installed",
        "boot_server": "Set-LabBootServer -VMName",
        "real_machine": "Set-LabVM -RealMachine",
        "router_advertisements": "Set-LabRouterAdvertisement -Name",
        "recorded": "Set-VM -Notes",
    },
    objects.GuestTeam: {
        "name": "New-NetLbfoTeam -Name",
        "adapters": "New-NetLbfoTeam -TeamMembers",
        "ip": "New-NetIPAddress -IPAddress",
        "recorded": "Set-DnsClientServerAddress -ServerAddresses",
    },
    objects.NetworkAdapter: {
        "name": "Add-VMNetworkAdapter -Name",
        "switch": "Connect-VMNetworkAdapter -SwitchName",
        "kind": "Add-VMNetworkAdapter -IsLegacy",
        "mac": "Set-VMNetworkAdapter -StaticMacAddress",
        "ip": "Set-LabAdapter -IPAddress",
        "mac_spoofing": "Set-VMNetworkAdapter -MacAddressSpoofing",
        "mtu": "Set-LabAdapter -Mtu",
        "vlan": "Set-VMNetworkAdapterVlan -VlanId",
        "dhcp_guard": "Set-VMNetworkAdapter -DhcpGuard",
        "router_guard": "Set-VMNetworkAdapter -RouterGuard",
        "acls": "Add-VMNetworkAdapterAcl -RemoteIPAddress",
        "extended_acls": "Add-VMNetworkAdapterExtendedAcl -Weight",
        "port_mirroring": "Set-VMNetworkAdapter -PortMirroring",
        "maximum_bandwidth": "Set-VMNetworkAdapter -MaximumBandwidth",
        "storm_limit": "Set-VMNetworkAdapter -StormLimit",
        "team_mapping": "Set-VMNetworkAdapterTeamMapping -PhysicalNetAdapterName",
        "allow_teaming": "Set-VMNetworkAdapter -AllowTeaming",
        "vlan_interfaces": "Add-LabVlanInterface -VlanId",
        "isolation": "Set-VMNetworkAdapterIsolation -IsolationMode",
        "ieee_priority_tag": "Set-VMNetworkAdapter -IeeePriorityTag",
        "minimum_bandwidth_weight": "Set-VMNetworkAdapter -MinimumBandwidthWeight",
        "minimum_bandwidth_absolute": "Set-VMNetworkAdapter -MinimumBandwidthAbsolute",
        "nlb": "New-NlbCluster -ClusterPrimaryIP",
        "enabled": "Disable-NetAdapter -Name",
        "guest_mac": "Set-NetAdapter -MacAddress",
        "recorded": "Set-VMNetworkAdapter -VmqWeight",
    },
    objects.VlanInterface: {"vlan_id": "Add-LabVlanInterface -VlanId", "ip": "Add-LabVlanInterface -IPAddress"},
    addresses.IpSettings: {
        "addresses": "Set-LabAdapter -IPAddress",
        "gateways": "Set-LabAdapter -DefaultGateway",
        "dhcp": "Set-LabAdapter -Dhcp",
        "auto": "Set-LabAdapter -RouterDiscovery",
        "routes": "New-NetRoute -DestinationPrefix",
    },
    advertising.RouterAdvertisements: {
        "managed": "Set-LabRouterAdvertisement -ManagedAddressConfiguration",
        "other": "Set-LabRouterAdvertisement -OtherStatefulConfiguration",
        "autonomous": "Set-LabRouterAdvertisement -Autonomous",
        "default_route": "Set-LabRouterAdvertisement -AdvertiseDefaultRoute",
        "adapters": "Set-LabRouterAdvertisement -InterfaceAlias",
    },
    boot.BootServer: {
        "files": "Set-LabBootServer -File",
        "programs": "Set-LabBootServer -BootProgram",
        "use_dhcp_ports": "Set-LabBootServer -UseDhcpPorts",
    },
}


def test_every_value_that_a_lab_consists_of_is_looked_at() -> None:
    values = {found for found in vars(objects).values() if dataclasses.is_dataclass(found)}
    mine = {found for found in values if isinstance(found, type) and found.__module__ == objects.__name__}
    assert mine <= FIELDS.keys()


@pytest.mark.parametrize("kind", FIELDS, ids=lambda kind: kind.__name__)
def test_every_field_can_be_set(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    assert {field.name for field in dataclasses.fields(kind)} == FIELDS[kind].keys()


SETTERS = sorted({how for fields in FIELDS.values() for how in fields.values() if how})


@pytest.mark.parametrize("how", SETTERS)
def test_the_cmdlet_has_the_parameter(how: str) -> None:
    name, parameter = how.split(" -")
    command = registry.find(name)
    assert command
    known = {each.name for each in (*command.parameters, *common_parameters(command))}
    assert parameter in known
    assert command.module != MODULE or command.guest
