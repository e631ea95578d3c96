"""What the cmdlets of module hvlab set, read back by themselves and seen in the model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Address, ip_interface
from typing import Any

import pytest

from lab.model.addresses import IpSettings
from lab.model.advertising import RouterAdvertisements
from lab.model.boot import BootFile, BootProgram, BootServer
from lab.model.builder import Lab
from lab.model.kinds import LearningMode
from lab.model.objects import (
    Computer,
    HypervHost,
    LabModel,
    NetworkAdapter,
    PhysicalNetwork,
    PhysicalNic,
    Router,
    VirtualMachine,
    VirtualSwitch,
    VlanInterface,
)
from lab.shell.place import Description
from lab.shell.world import unconfigured
from tests.unit.shell.cmdlets.lab_console import Console, office_lab


def host(model: LabModel, name: str = "hv1") -> HypervHost:
    found = model.host(name)
    assert found
    return found


def switch(model: LabModel, name: str = "External", of: str = "hv1") -> VirtualSwitch:
    found = host(model, of).switch(name)
    assert found
    return found


def nic(model: LabModel, name: str = "Ethernet", of: str = "hv1") -> PhysicalNic:
    found = host(model, of).nic(name)
    assert found
    return found


def vm(model: LabModel, name: str = "web1") -> VirtualMachine:
    return next(each for _, each in model.vms() if each.name == name)


def adapter(model: LabModel, name: str = "web1") -> NetworkAdapter:
    return vm(model, name).adapters[0]


def network(model: LabModel, name: str = "lan") -> PhysicalNetwork:
    found = model.network(name)
    assert found
    return found


def router(model: LabModel, name: str = "lan") -> Router:
    found = network(model, name).router
    assert found
    return found


def computer(model: LabModel, name: str) -> Computer:
    everybody = [each for net in model.networks for each in net.computers] + list(model.internet.hosts)
    return next(each for each in everybody if each.name == name)


def addresses(*texts: str, **more: Any) -> IpSettings:
    return IpSettings(tuple(map(ip_interface, texts)), **more)


_IPV6 = "Set-LabAdapter web1 -IPAddress fd00::1/64 -DefaultGateway @()"

CHANGES: list[tuple[str, Callable[[LabModel], object], object]] = [
    ("Set-Lab -Interruption 0.5", lambda model: model.interruption_s, 0.5),
    ("Set-LabSwitch External -LearningMode Pinned", lambda model: switch(model).learning, LearningMode.PINNED),
    ("Set-LabSwitch * -AgeingTime 10", lambda model: [s.ageing_s for s in host(model).switches], [10, 10]),
    ("Get-VMSwitch Private | Set-LabSwitch -AgeingTime 9", lambda model: switch(model, "Private").ageing_s, 9),
    ("Set-LabSwitch External -AgeingTime 9 -ComputerName hv2", lambda model: switch(model, of="hv2").ageing_s, 9),
    ("Set-LabSwitch External -AgeingTime 9 -ComputerName hv2", lambda model: switch(model).ageing_s, 300),
    ("New-LabDefaultSwitch -Subnet 172.20.16.0/20", lambda model: str(host(model).default_subnet), "172.20.16.0/20"),
    ("New-LabDefaultSwitch", lambda model: bool(host(model).default_subnet), True),
    ("Set-LabNic Ethernet -Connected $false", lambda model: nic(model).connected, False),
    ("Set-LabNic Ethernet -Speed '1 Gbps'", lambda model: nic(model).speed, 10**9),
    ("Set-LabNic Ethernet -Speed 25000000", lambda model: nic(model).speed, 25_000_000),
    ("Set-LabNic Ethernet -Speed 1.5Mbps", lambda model: nic(model).speed, 1_500_000),
    ("Set-LabNic Ethernet -Mtu 9000", lambda model: nic(model).mtu, 9000),
    ("Set-LabNic Ethernet -MacAddress 00155D010203", lambda model: nic(model).mac, "00:15:5d:01:02:03"),
    ("Set-LabNic 'Ethernet 2' -Network ''", lambda model: nic(model, "Ethernet 2").network, ""),
    (
        "Set-LabNic 'Ethernet 2' -IPAddress 192.168.1.21",
        lambda model: nic(model, "Ethernet 2").ip,
        addresses("192.168.1.21/24", gateways=(IPv4Address("192.168.1.1"),)),
    ),
    ("Remove-LabNic 'Ethernet 2'", lambda model: [each.name for each in host(model).nics], ["Ethernet"]),
    (
        "New-LabNic 'Ethernet 3' -Network LAN -Speed 1Gbps -Connected $false",
        lambda model: nic(model, "Ethernet 3"),
        PhysicalNic("Ethernet 3", "lan", connected=False, speed=10**9),
    ),
    ("New-LabNic 'Ethernet 3'", lambda model: nic(model, "Ethernet 3"), PhysicalNic("Ethernet 3", "")),
    ("Set-LabVM web1 -Forwarding $true", lambda model: vm(model).forwarding, True),
    ("Get-VM web* | Set-LabVM -Forwarding $true", lambda model: vm(model, "web2").forwarding, True),
    ("Set-LabVM web3 -Forwarding $true", lambda model: vm(model, "web3").forwarding, True),
    ("Set-LabVM web1 -IntegrationServices $false", lambda model: vm(model).integration_services, False),
    ("Set-LabVM web1 -Installed $true", lambda model: vm(model).installed, True),
    (
        "Set-LabVM web1 -DhcpRelay 192.168.1.32, 192.168.1.10",
        lambda model: vm(model).dhcp_relay,
        (IPv4Address("192.168.1.32"), IPv4Address("192.168.1.10")),
    ),
    ("Set-LabVM web1 -DhcpRelay 192.168.1.32; Set-LabVM web1 -DhcpRelay @()", lambda model: vm(model).dhcp_relay, ()),
    ("Set-LabAdapter web1 -Mtu 1400", lambda model: adapter(model).mtu, 1400),
    ("Set-LabAdapter -ManagementOS -Name External -Mtu 1400", lambda model: host(model).management_adapters[0].mtu, 1400),
    ("Get-VMNetworkAdapter web2 | Set-LabAdapter -Mtu 1400", lambda model: adapter(model, "web2").mtu, 1400),
    (
        "Set-LabAdapter db1 -IPAddress 10.0.2.12/24, fd00::1/64 -DefaultGateway 10.0.2.1",
        lambda model: adapter(model, "db1").ip,
        addresses("10.0.2.12/24", "fd00::1/64", gateways=(IPv4Address("10.0.2.1"),)),
    ),
    (
        "Set-LabAdapter web1 -IPAddress @() -DefaultGateway @() -Dhcp $true -RouterDiscovery $true",
        lambda model: adapter(model).ip,
        IpSettings(dhcp=True, auto=True),
    ),
    (
        "Set-LabAdapter -ManagementOS -IPAddress 192.168.1.77/24",
        lambda model: host(model).management_adapters[0].ip,
        addresses("192.168.1.77/24"),
    ),
    (
        "Set-LabAdapter -ManagementOS -IPAddress 192.168.1.77/24; Set-LabAdapter -ManagementOS -TakesOver",
        lambda model: host(model).management_adapters[0].ip,
        None,
    ),
    (
        "Add-LabVlanInterface web1 -VlanId 10 -IPAddress 10.0.10.1/24; Add-LabVlanInterface web1 -VlanId 20",
        lambda model: adapter(model).vlan_interfaces,
        (VlanInterface(10, addresses("10.0.10.1/24")), VlanInterface(20)),
    ),
    (
        "10, 20, 30 | ForEach-Object { Add-LabVlanInterface web1 -VlanId $_ }; Remove-LabVlanInterface web1 -VlanId 20",
        lambda model: [each.vlan_id for each in adapter(model).vlan_interfaces],
        [10, 30],
    ),
    (
        "Add-LabVlanInterface web1 -VlanId 10; Get-LabVlanInterface web1 | Remove-LabVlanInterface",
        lambda model: adapter(model).vlan_interfaces,
        (),
    ),
    (
        "New-LabComputer pc2 lan -IPAddress 192.168.1.11 -VlanId 7",
        lambda model: computer(model, "pc2"),
        Computer("pc2", addresses("192.168.1.11/24", gateways=(IPv4Address("192.168.1.1"),)), vlan=7),
    ),
    (
        "New-LabComputer pc2 lan -IPAddress 192.168.1.11/24 -DefaultGateway @()",
        lambda model: computer(model, "pc2").ip,
        addresses("192.168.1.11/24"),
    ),
    (
        "New-LabComputer dns -Internet -IPAddress 198.51.100.53/24",
        lambda model: list(map(str, model.internet.subnets)),
        ["203.0.113.0/24", "198.51.100.0/24"],
    ),
    ("Set-LabComputer pc1 -VlanId 10 -Mtu 1400", lambda model: (computer(model, "pc1").vlan, computer(model, "pc1").mtu),
     (10, 1400)),
    ("Set-LabComputer internet -IPAddress 203.0.113.81/24", lambda model: computer(model, "internet").ip,
     addresses("203.0.113.81/24")),
    ("Remove-LabComputer pc1", lambda model: network(model).computers, ()),
    ("Set-LabNetwork lan -IgmpSnooping $true -Nat $false",
     lambda model: (network(model).igmp_snooping, router(model).nat), (True, False)),
    ("Set-LabNetwork lan -Mtu 9000", lambda model: (network(model).mtu, computer(model, "pc1").mtu), (9000, 9000)),
    ("Set-LabNetwork lan -Router @()", lambda model: network(model).router, None),
    ("New-LabNetwork back", lambda model: network(model, "back"), PhysicalNetwork("back")),
    (
        "New-LabNetwork dmz -Subnet 10.9.0.0/24 -Router 10.9.0.1",
        lambda model: router(model, "dmz").outside,
        addresses("203.0.113.253/24"),
    ),
    ("New-LabNetwork back; Remove-LabNetwork back", lambda model: [each.name for each in model.networks], ["lan"]),
    ("Set-LabHost hv1 -Forwarding $true", lambda model: host(model).forwarding, True),
    ("New-LabHost hv3 -Forwarding $true", lambda model: host(model, "hv3"), HypervHost("hv3", forwarding=True)),
    ("Remove-LabHost hv2 -Force", lambda model: [each.name for each in model.hosts], ["hv1"]),
    (
        f"{_IPV6}; Set-LabRouterAdvertisement web1 -Autonomous $false -ManagedAddressConfiguration $true",
        lambda model: vm(model).router_advertisements,
        RouterAdvertisements(managed=True, autonomous=False),
    ),
    (
        "Set-LabAdapter -ManagementOS -IPAddress fd00::2/64; Set-LabRouterAdvertisement hv1 -InterfaceAlias 'vEthernet (External)' -OtherStatefulConfiguration $true",
        lambda model: host(model).router_advertisements,
        RouterAdvertisements(other=True, adapters=("vEthernet (External)",)),
    ),
    (
        "Set-LabRouterAdvertisement lan-router -AdvertiseDefaultRoute $false",
        lambda model: router(model).advertisements,
        RouterAdvertisements(default_route=False),
    ),
    (
        f"{_IPV6}; Set-LabRouterAdvertisement web1; Remove-LabRouterAdvertisement web1",
        lambda model: vm(model).router_advertisements,
        None,
    ),
    (
        "Set-LabBootServer web1 -File @{ 'boot\\a.efi' = 700KB; 'b.txt' = 'text' } -BootProgram @{ 7 = 'boot\\a.efi' } "
        "-UseDhcpPorts $false",
        lambda model: vm(model).boot_server,
        BootServer(
            (BootFile("boot\\a.efi", 700 << 10), BootFile("b.txt", content="text")),
            (BootProgram(7, "boot\\a.efi"),),
            use_dhcp_ports=False,
        ),
    ),
    (
        "Set-LabBootServer web1 -File @{ a = 1 }; Remove-LabBootServer web1",
        lambda model: vm(model).boot_server,
        None,
    ),
]  # fmt: skip


@pytest.mark.parametrize(("script", "read", "wanted"), CHANGES, ids=[script for script, _, _ in CHANGES])
def test_what_a_cmdlet_sets_is_in_the_model(script: str, read: Callable[[LabModel], object], wanted: object) -> None:
    console = Console()
    console.said(script)
    assert read(console.model) == wanted


SILENT = [script for script, _, _ in CHANGES if script.startswith(("Set-", "Add-", "Remove-")) and "|" not in script]


@pytest.mark.parametrize("script", SILENT)
def test_what_sets_or_removes_outputs_nothing(script: str) -> None:
    assert Console().said(script) == []


@pytest.mark.parametrize("script", [script for script, _, _ in CHANGES if ";" not in script and "|" not in script])
def test_with_whatif_it_is_told_and_not_done(script: str) -> None:
    console = Console()
    said = console.said(f"{script} -WhatIf")
    assert said[0].startswith("What if: Performing the operation")
    assert console.model == office_lab()


@pytest.mark.parametrize("machine", ["hv1", "web1"])
def test_it_is_the_same_from_a_host_and_from_a_guest(machine: str) -> None:
    console = Console(machine=machine)
    console.said("Set-LabNic Ethernet -Connected $false; Set-LabSwitch External -AgeingTime 7")
    assert not nic(console.model).connected
    assert switch(console.model).ageing_s == 7


READ: dict[str, list[str]] = {
    "Get-LabSwitch External": [
        "Name     HostName SwitchType LearningMode AgeingTime(s)",
        "External hv1      External   Learning     300",
    ],
    "Get-LabNic": [
        "Name       HostName Network Connected Speed Mtu  IPAddress",
        "Ethernet   hv1      lan     True      0     1500 {192.168.1.20/24}",
        "Ethernet 2 hv1      lan     True      0     1500 {}",
    ],
    "Get-LabComputer pc*": [
        "Name Network IPAddress         DefaultGateway VlanId Mtu",
        "pc1  lan     {192.168.1.10/24} {192.168.1.1}  0      1500",
    ],
    "Get-LabHost hv2": [
        "Name Forwarding Nics       Switches   VMs",
        "hv2  False      {Ethernet} {External} {web3}",
    ],
    "Get-LabAdapter web1": [
        "MachineName Name            Mtu  IPAddress         DefaultGateway Dhcp  RouterDiscovery",
        "web1        Network Adapter 1500 {192.168.1.31/24} {192.168.1.1}  False False",
    ],
    "Get-LabMachine -Kind Computer, Router": [
        "Name       Kind     HostName State   IPAddresses",
        "pc1        Computer          Running {192.168.1.10}",
        "lan-router Router            Running {192.168.1.1, 203.0.113.254}",
    ],
    "Get-LabMachine db1": [
        "Name Kind HostName State IPAddresses",
        "db1  VM   hv1      Off   {}",
    ],
}


@pytest.mark.parametrize("script", READ)
def test_tables_show_what_is_set(script: str) -> None:
    lines = Console().said(script)
    assert [" ".join(line.split()) for line in lines if not line.startswith("-")] == [
        " ".join(line.split()) for line in READ[script]
    ]


def test_the_lab_is_a_short_list() -> None:
    assert Console().said("Get-Lab") == [
        "Name     : office",
        "State    : Described",
        "File     :",
        "Uptime   : 00:00:00",
        "Hosts    : {hv1, hv2}",
        "Switches : {hv1/External, hv1/Private, hv2/External}",
        "VMs      : {web1, web2, db1, web3}",
        "Machines : {hv1, web1, web2, db1...}",
    ]


def test_an_object_follows_the_lab() -> None:
    assert Console().said("$nic = Get-LabNic Ethernet; Set-LabNic Ethernet -Connected $false; $nic.Connected") == [
        "False"
    ]


MISTAKES = {
    "Get-LabMachine nobody": 'No machine of this lab is called "nobody".',
    "Get-LabMachine web9": 'No machine of this lab is called "web9". Did you mean "web3"?',
    "Set-LabSwitch Extern -AgeingTime 1": 'No virtual switch of "hv1" is called "Extern". Did you mean "External"?',
    "Set-LabSwitch External -AgeingTime 0": "has an ageing time of 0 s. Expected 1 to 65535.",
    "Set-LabSwitch External -LearningMode Nix": "Cannot bind parameter 'LearningMode'",
    "Set-LabNic eth9 -Mtu 1500": 'No NIC of "hv1" is called "eth9".',
    "Set-LabNic Ethernet -Mtu 7": "has an MTU of 7 bytes. Expected 576 to 9000.",
    "Set-LabNic Ethernet -Speed fast": '"fast" is no speed. Expected such as "1 Gbps", or 0 for no limit.',
    "Set-LabNic Ethernet -Network nix": 'No physical network is called "nix". Known: lan.',
    "Set-LabNic Ethernet -MacAddress x": '"x" is not a MAC address, expected twelve hexadecimal digits',
    "Set-LabNic Ethernet -IPAddress 1.2.3": '"1.2.3" is no IP address. Expected such as 192.168.1.31/24.',
    "New-LabNic Ethernet lan": 'Host "hv1" has a NIC "Ethernet" already.',
    "Remove-LabNic Ethernet": 'is to use NIC "Ethernet": host "hv1" does not have it.',
    "Set-LabVM web9 -Forwarding $true": 'No VM of this lab is called "web9".',
    "Set-LabVM web1 -RealMachine $true": "has the boot device VHD, and no disk.",
    "Set-LabVM web1 -DhcpRelay fd00::1": "The DHCP server fd00::1 has no IPv4 address. Expected such as 10.0.1.2.",
    "Set-LabAdapter web1 -Name nix -Mtu 1500": 'No adapter of "web1" is called "nix". Known: Network Adapter.',
    "Set-LabAdapter web1 -IPAddress 10.0.0.1": '"10.0.0.1" has no prefix length. Expected such as 10.0.0.1/24.',
    "Set-LabAdapter web1 -TakesOver": "A positional parameter cannot be found that accepts argument 'web1'.",
    "Add-LabVlanInterface web1 -VlanId 10; Add-LabVlanInterface web1 -VlanId 10": "has an interface in VLAN 10 already.",
    "Add-LabVlanInterface web1 -VlanId 5000": "greater than the maximum allowed range of 4094",
    "New-LabComputer web1 lan": '"web1"',
    "New-LabComputer pc2 nix": 'No physical network is called "nix". Known: lan.',
    "Set-LabComputer nix -VlanId 1": 'No physical computer is called "nix".',
    "New-LabNetwork lan": 'There is a physical network "lan" already.',
    "New-LabNetwork two -Subnet 300.0.0.0/8": '"300.0.0.0/8" is no subnet. Expected such as 192.168.1.0/24.',
    "Remove-LabNetwork lan": 'is on a physical network called "lan", which does not exist.',
    "New-LabHost hv1": 'There is a Hyper-V host "hv1" already.',
    "Remove-LabHost hv1 -Force": 'Host "hv1" is the one that this runs on. Do it from another machine.',
    "New-LabDefaultSwitch; New-LabDefaultSwitch": 'Host "hv1" has the Default Switch already.',
    "New-LabDefaultSwitch -Subnet fd00::/64": "The Default Switch has the subnet fd00::/64. Expected IPv4.",
    "Set-LabBootServer web1 -File @{ a = 1.5 }": 'Boot file "a" is neither a size nor a text.',
    "Set-LabBootServer web1 -BootProgram @{ x = 'a' }": 'Boot program "a" is for architecture "x".',
    "Set-LabBootServer web1 -File @{ a = 1 } -BootProgram @{ 7 = 'b' }": 'has the boot program "b", which is none of its',
    "Set-LabRouterAdvertisement pc1": 'No machine that could advertise itself is called "pc1".',
    "Set-Lab -Interruption 99": "Interruption_s is 99.0. Expected 0 to 60 s.",
}


@pytest.mark.parametrize("script", MISTAKES)
def test_a_mistake_is_told_in_words_and_changes_nothing(script: str) -> None:
    console = Console()
    done, _, wrong = script.rpartition("; ")
    if done:
        console.said(done)
    before = console.model
    console._run(wrong)
    assert MISTAKES[script] in " ".join(console.messages())
    assert console.model == before


def test_a_name_that_nothing_has_does_not_keep_the_others_from_being_done() -> None:
    console = Console()
    assert 'called "nix"' in console.error("Set-LabVM nix, web1 -Forwarding $true")
    assert vm(console.model).forwarding


def test_a_pattern_that_fits_nothing_is_no_mistake() -> None:
    assert Console().said("Set-LabVM nix* -Forwarding $true; Get-LabNic x*") == []


def test_a_script_makes_the_hardware_of_a_lab_from_nothing() -> None:
    """What a topology describes of the physical world can be described by these cmdlets, and is the same."""
    console = Console(Description(replace(LabModel("office"), hosts=(HypervHost("hv1"),))))
    console.said(
        """
        New-LabComputer internet -Internet -IPAddress 203.0.113.80/24
        New-LabNetwork lan -Subnet 192.168.1.0/24 -Router 192.168.1.1
        New-LabComputer pc1 lan -IPAddress 192.168.1.10
        New-LabNic Ethernet lan -IPAddress 192.168.1.20
        New-LabNic 'Ethernet 2' lan
        New-LabHost hv2
        New-LabNic Ethernet lan -ComputerName hv2
        """
    )
    assert console.model == unconfigured(office_lab())


def test_several_networks_get_addresses_on_the_internet_as_in_a_topology() -> None:
    lab = Lab("office")
    lab.internet_host("internet", "203.0.113.80/24")
    for number in (1, 2, 3):
        lab.physical_network(f"lan{number}", f"10.0.{number}.0/24", router=f"10.0.{number}.1")
    console = Console(Description(replace(LabModel("office"), hosts=(HypervHost("hv1"),))))
    console.said("New-LabComputer internet -Internet -IPAddress 203.0.113.80/24")
    console.said('1..3 | ForEach-Object { New-LabNetwork "lan$_" -Subnet "10.0.$_.0/24" -Router "10.0.$_.1" }')
    assert console.model.networks == lab.model().networks
