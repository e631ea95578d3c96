"""What cmdlets about VMs, hosts and switches make of the model."""

from __future__ import annotations

import pytest

from lab.model.builder import Lab
from lab.model.dhcp_builder import dhcp_scope
from lab.model.edit import Edit
from lab.model.kinds import AdapterKind, BootDevice, LoadBalancing, PortMirroring, VMState
from lab.model.objects import HypervHost, LabModel, VirtualMachine
from lab.shell.host import BufferedHost
from lab.shell.interpreter import Interpreter
from lab.shell.place import Description, Machine


@pytest.fixture
def place() -> Description:
    lab = Lab("lab1")
    lab.physical_network("lan", "192.168.1.0/24")
    hv1 = lab.host("hv1")
    for name in ("Ethernet", "Ethernet 2", "Ethernet 3"):
        hv1.nic(name, "lan")
    hv1.external_switch("External", "Ethernet")
    hv1.external_switch("Team", ["Ethernet 2", "Ethernet 3"], embedded_teaming=True)
    hv1.private_switch("Private")
    dc1 = hv1.vm("dc1", "Private", "10.0.0.1/24").dhcp_server(dhcp_scope("10.0.0.0/24", "10.0.0.10", "10.0.0.20"))
    dc2 = hv1.vm("dc2", "Private", "10.0.0.2/24").dhcp_server()
    dc1.dhcp_failover("dc1-dc2", "dc2")
    assert dc2
    return Description(lab.model())


def run(place: Description, script: str) -> str:
    """Run a script on the host; return what it says."""
    screen = BufferedHost()
    for _ in Interpreter(place, Machine("hv1", "hv1"), screen).run(script):
        pass
    return "".join(screen.errors)


def host(place: Description) -> HypervHost:
    return place.model.hosts[0]


def vm(place: Description, name: str) -> VirtualMachine:
    return next(each for each in host(place).vms if each.name == name)


def test_a_new_vm_is_off_and_its_guest_asks_for_an_address(place: Description) -> None:
    assert run(place, "New-VM web1 -SwitchName External") == ""
    made = vm(place, "web1")
    assert (made.state, made.generation, made.boot_device) == (VMState.OFF, 1, BootDevice.VHD)
    (adapter,) = made.adapters
    assert (adapter.name, adapter.switch, adapter.kind, adapter.mac) == (
        "Network Adapter", "External", AdapterKind.SYNTHETIC, "",
    )  # fmt: skip
    assert adapter.ip and adapter.ip.dhcp and not adapter.ip.addresses


@pytest.mark.parametrize(
    ("script", "boots_from"),
    [
        ("New-VM web1 -BootDevice LegacyNetworkAdapter", BootDevice.LEGACY_NETWORK_ADAPTER),
        ("New-VM web1 -BootDevice NetworkAdapter -Generation 2", BootDevice.NETWORK_ADAPTER),
        ("New-VM web1 -BootDevice CD", BootDevice.VHD),
        (
            "New-VM web1 -Generation 2; Set-VMFirmware web1 -FirstBootDevice (Get-VMNetworkAdapter web1)",
            BootDevice.NETWORK_ADAPTER,
        ),
        (
            "New-VM web1 -Generation 2 -BootDevice NetworkAdapter; Add-VMDvdDrive web1 -Path C:\\a.iso;"
            "Set-VMFirmware web1 -BootOrder (Get-VMDvdDrive web1), (Get-VMNetworkAdapter web1)",
            BootDevice.VHD,
        ),
        (
            "New-VM web1 -BootDevice LegacyNetworkAdapter; Set-VMBios web1 -StartupOrder CD, IDE, LegacyNetworkAdapter",
            BootDevice.VHD,
        ),
        ("New-VM web1; Set-VMBios web1 -StartupOrder LegacyNetworkAdapter, IDE", BootDevice.VHD),
    ],
)
def test_what_a_vm_boots_from(place: Description, script: str, boots_from: BootDevice) -> None:
    assert run(place, script) == ""
    assert vm(place, "web1").boot_device is boots_from


@pytest.mark.parametrize("how", ["Save-VM dc2", "Suspend-VM dc2", "Stop-VM dc2", "Stop-VM dc2 -TurnOff"])
def test_a_vm_that_is_saved_or_paused_is_off_for_the_network(place: Description, how: str) -> None:
    assert run(place, how) == ""
    assert vm(place, "dc2").state is VMState.OFF
    assert run(place, "Start-VM dc2") == ""
    assert vm(place, "dc2").running
    assert vm(place, "dc2").recorded == ()


def test_a_failover_partner_that_is_renamed_stays_the_partner(place: Description) -> None:
    assert run(place, "Rename-VM dc2 'DHCP Server 2'") == ""
    server = vm(place, "dc1").dhcp_server
    assert server and server.failover and server.failover.partner == "DHCP Server 2"


def test_the_external_port_is_a_source_before_there_is_a_destination(place: Description) -> None:
    recipe = """
        $f = Get-VMSystemSwitchExtensionPortFeature -FeatureName "Ethernet Switch Port Security Settings"
        $f.SettingData.MonitorMode = 2
        Add-VMSwitchExtensionPortFeature -ExternalPort -SwitchName External -VMSwitchExtensionFeature $f
    """
    assert run(place, recipe) == ""
    assert host(place).switches[0].mirror_external_port
    assert not host(place).switches[1].mirror_external_port
    assert run(place, recipe.replace("Add-", "Remove-")) == ""
    assert not host(place).switches[0].mirror_external_port


def test_a_port_feature_sets_what_the_port_of_an_adapter_does(place: Description) -> None:
    assert run(place, """
        $f = Get-VMSystemSwitchExtensionPortFeature -FeatureName "*Security*"
        $f.SettingData.MonitorMode = 1
        $f.SettingData.AllowMacSpoofing = $true
        $f.SettingData.EnableDhcpGuard = $true
        $f.SettingData.StormLimit = 100
        Add-VMSwitchExtensionPortFeature -VMName dc1 -VMSwitchExtensionFeature $f
    """) == ""  # fmt: skip
    (adapter,) = vm(place, "dc1").adapters
    assert (adapter.port_mirroring, adapter.mac_spoofing, adapter.dhcp_guard, adapter.storm_limit) == (
        PortMirroring.DESTINATION, True, True, 100,
    )  # fmt: skip
    assert not adapter.router_guard


def test_the_members_of_a_team(place: Description) -> None:
    assert run(place, "Remove-VMSwitchTeamMember Team -NetAdapterName 'Ethernet 2'") == ""
    assert host(place).switches[1].nics == ("Ethernet 3",)
    assert run(place, "Add-VMSwitchTeamMember Team -NetAdapterInterfaceDescription '*#2'") != ""
    assert run(place, "Add-VMSwitchTeamMember Team -NetAdapterName 'ethernet 2'") == ""
    assert host(place).switches[1].nics == ("Ethernet 3", "Ethernet 2")
    assert run(place, "Set-VMSwitchTeam Team -NetAdapterName 'Ethernet 2' -LoadBalancingAlgorithm Dynamic") == ""
    assert host(place).switches[1].nics == ("Ethernet 2",)
    assert host(place).switches[1].load_balancing is LoadBalancing.DYNAMIC


def test_a_range_of_mac_addresses_is_set_by_one_end_too(place: Description) -> None:
    assert run(place, "Set-VMHost -MacAddressMinimum 00155D010203 -MacAddressMaximum 00-15-5D-01-02-FF") == ""
    assert run(place, "Set-VMHost -MacAddressMaximum 00155D0102AA") == ""
    assert (host(place).mac_address_minimum, host(place).mac_address_maximum) == (
        "00:15:5d:01:02:03", "00:15:5d:01:02:aa",
    )  # fmt: skip


def test_what_is_only_recorded_changes_nothing_else(place: Description) -> None:
    before = place.model
    run(place, """
        Set-VM dc1 -Notes n; New-VHD C:\\a.vhdx -SizeBytes 1GB; Add-VMHardDiskDrive dc1 -Path C:\\a.vhdx
        Checkpoint-VM dc1; Set-VMProcessor dc1 -RelativeWeight 200; Set-VMKeyProtector dc1 -NewLocalKeyProtector
        Disable-VMIntegrationService -VMName dc1 -Name VSS; Set-VMHost -VirtualMachinePath D:\\
    """)  # fmt: skip
    assert place.model != before
    assert without_records(place.model) == before


def without_records(model: LabModel) -> LabModel:
    from dataclasses import replace

    hosts = (
        replace(each, recorded=(), vms=tuple(replace(one, recorded=()) for one in each.vms)) for each in model.hosts
    )
    return replace(model, hosts=tuple(hosts))


def test_changes_can_be_made_again_on_a_model_that_others_have_changed(place: Description) -> None:
    edits: list[Edit] = []
    change = place.change

    def noted(edit: Edit, *, settle: bool = False) -> None:
        edits.append(edit)
        change(edit, settle=settle)

    place.change = noted  # type: ignore[method-assign]
    start = place.model
    assert run(place, """
        New-VM web1 -SwitchName External | Start-VM; Rename-VM web1 web2; Save-VM web2; Set-VM web2 -Notes x
        Checkpoint-VM web2 -SnapshotName a; Add-VMDvdDrive web2 -Path C:\\a.iso
        Remove-VMSwitchTeamMember Team -NetAdapterName 'Ethernet 2'; New-VM x; Remove-VM x -Force
    """) == ""  # fmt: skip
    again = start
    for edit in edits:
        again = edit(again)
    assert again == place.model
