"""What cmdlets leave recorded: nothing that is as it would be anyway, so that a rebuilt lab is the one it was."""

from __future__ import annotations

from lab.model.objects import VirtualMachine
from lab.shell.features.installed import installed
from lab.shell.place import Machine
from tests.unit.shell.export.rooms import worked_on

CLUSTER = """
New-VMSwitch S -SwitchType Internal
New-VM web1 -SwitchName S -Generation 2; Set-VMNetworkAdapter web1 -MacAddressSpoofing On; Start-VM web1
Invoke-Command -VMName web1 {
    New-NetIPAddress 10.0.1.2 -PrefixLength 24 -InterfaceAlias Ethernet
    Install-WindowsFeature NLB -IncludeManagementTools
    New-NlbCluster -InterfaceName Ethernet -ClusterName web -ClusterPrimaryIP 10.0.1.50
    WHAT
}
"""
MAPPINGS = """
New-NetNat N -InternalIPInterfaceAddressPrefix 10.99.0.0/24
80, 81, 82 | ForEach-Object {
    Add-NetNatStaticMapping N -Protocol TCP -ExternalIPAddress 0.0.0.0 -ExternalPort $_ -InternalIPAddress 10.99.0.2
}
"""


def first_vm(script: str) -> VirtualMachine:
    return worked_on(script).hosts[0].vms[0]


def test_a_new_vm_has_nothing_recorded() -> None:
    assert first_vm("New-VM old1 -Generation 1").recorded == ()
    assert first_vm("New-VM new1 -Generation 2").recorded == ()


def test_a_dhcp_server_is_one_without_a_record() -> None:
    script = "New-VM dc1 -Generation 2; Start-VM dc1\nInvoke-Command -VMName dc1 { Install-WindowsFeature DHCP WHAT }"
    for what in ("", "-IncludeManagementTools"):
        vm = first_vm(script.replace("WHAT", what))
        assert vm.dhcp_server is not None
        assert vm.recorded == ()
    vm = first_vm(script.replace("WHAT", "; Uninstall-WindowsFeature DHCP -IncludeManagementTools"))
    assert vm.dhcp_server is None
    assert "DHCP" not in str(vm.recorded)


def test_a_node_has_its_feature_without_a_record_and_keeps_it_without_the_cluster() -> None:
    assert first_vm(CLUSTER.replace("WHAT", "")).recorded == ()
    model = worked_on(CLUSTER.replace("WHAT", "Get-NlbCluster | Remove-NlbCluster -Force"))
    assert model.hosts[0].vms[0].adapters[0].nlb is None
    assert {"NLB", "RSAT-NLB"} <= installed(model, Machine("web1", model.hosts[0].name))


def test_what_a_node_has_in_every_rule_it_has_for_all() -> None:
    share = "Set-NlbClusterPortRuleNodeWeight -HostName web1 -InterfaceName Ethernet -IP 10.0.1.50 -Port"
    rules = "Get-NlbClusterPortRule | Remove-NlbClusterPortRule -Force\n" + "\n".join(
        f"Get-NlbCluster | Add-NlbClusterPortRule {port} {port}" for port in (80, 443)
    )
    node = first_vm(CLUSTER.replace("WHAT", f"{rules}\n{share} 80 -LoadWeight 7")).adapters[0].nlb
    assert node
    assert (node.load_weight, [str(each) for each in node.shares]) == (None, ["80 Both: weight 7, handling 0"])
    both = f"{rules}\n{share} 80 -LoadWeight 7\n{share} 443 -LoadWeight 7"
    node = first_vm(CLUSTER.replace("WHAT", both)).adapters[0].nlb
    assert node
    assert (node.load_weight, node.shares) == (7, ())


def test_static_mappings_keep_their_numbers_without_a_record_until_one_goes() -> None:
    assert worked_on(MAPPINGS).hosts[0].recorded == ()
    left = worked_on(f"{MAPPINGS}\nRemove-NetNatStaticMapping -StaticMappingID 0 -Confirm:$false")
    assert [each.name for each in left.hosts[0].recorded] == ["NetNatStaticMappingID"]
    numbers = f"{MAPPINGS}\nRemove-NetNatStaticMapping -StaticMappingID 0 -Confirm:$false"
    check = "if (((Get-NetNatStaticMapping).StaticMappingID -join ',') -ne '1,2') { throw 'other numbers' }"
    worked_on(f"{numbers}\n{check}")


def test_a_note_gives_the_management_os_no_adapter_back() -> None:
    script = "New-VMSwitch S -SwitchType Internal\nRemove-VMNetworkAdapter -ManagementOS -Name S\nSet-VMSwitch S WHAT"
    assert worked_on(script.replace("WHAT", "-Notes x")).hosts[0].management_adapters == ()
    assert len(worked_on(script.replace("WHAT", "-NetAdapterName Ethernet")).hosts[0].management_adapters) == 1
