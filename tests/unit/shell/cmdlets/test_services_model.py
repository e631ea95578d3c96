"""What cmdlets for DHCP servers and Network Load Balancing make of a lab: the same as a topology that says so."""

from __future__ import annotations

import json

import pytest

from lab.engine.nlb_members import members
from lab.engine.services import services
from lab.model.builder import Lab
from lab.model.dhcp import DhcpServer, FailoverMode
from lab.model.dhcp6_builder import dhcp_scope6
from lab.model.dhcp_builder import dhcp_reservation, dhcp_scope
from lab.model.interfaces import interfaces
from lab.model.nlb import NlbNode
from lab.model.nlb_builder import nlb_rule
from lab.model.objects import LabModel, VirtualMachine
from tests.unit.shell.cmdlets.labs import services_lab
from tests.unit.shell.cmdlets.transcripts import Machines


def after(*scripts: str, on: str = "dc1") -> LabModel:
    """Return the lab after scripts, none of which may show anything."""
    machines = Machines(services_lab())
    for script in scripts:
        assert machines.type(on, script) == "", script
    return machines.place.model


def vm(model: LabModel, name: str) -> VirtualMachine:
    return next(each for _, each in model.vms() if each.name == name)


def server(model: LabModel, name: str = "dc1") -> DhcpServer:
    found = vm(model, name).dhcp_server
    assert found
    return found


def node(model: LabModel, name: str) -> NlbNode:
    found = vm(model, name).adapters[0].nlb
    assert found
    return found


INSTALL = "Install-WindowsFeature DHCP | Out-Null; Install-WindowsFeature DHCP -ComputerName dc2 | Out-Null"
SCOPE = "Add-DhcpServerv4Scope -Name Lab -StartRange 10.0.1.100 -EndRange 10.0.1.199 -SubnetMask 255.255.255.0"


def test_a_script_makes_the_server_that_a_topology_describes() -> None:
    lab = Lab("services")
    lab.host("hv1").internal_switch("Internal", "10.0.1.1/24")
    scope = dhcp_scope(
        "10.0.1.0/24", "10.0.1.100", "10.0.1.199", name="Lab", lease_duration_s=4 * 3600, router="10.0.1.1",
        dns_server=["10.0.1.2", "10.0.1.3"], exclusions=[("10.0.1.100", "10.0.1.109")],
        reservations=[dhcp_reservation("10.0.1.105", "00-15-5D-01-02-03", name="printer", router="10.0.1.254")],
    )  # fmt: skip
    six = dhcp_scope6("fd00:1::/64", name="Six", dns_server="fd00:1::2")
    lab._hosts[0].vm("dc1", "Internal", ["10.0.1.2/24", "fd00:1::2/64"]).dhcp_server(
        scope, six, dns_domain="class.example"
    )
    made = after(
        INSTALL,
        f"{SCOPE} -LeaseDuration 4:00:00",
        "Set-DhcpServerv4OptionValue -DnsDomain class.example",
        "Get-DhcpServerv4Scope | Set-DhcpServerv4OptionValue -Router 10.0.1.1 -DnsServer 10.0.1.2, 10.0.1.3",
        "Add-DhcpServerv4ExclusionRange 10.0.1.0 10.0.1.100 10.0.1.109",
        "Add-DhcpServerv4Reservation 10.0.1.0 10.0.1.105 00-15-5d-01-02-03 -Name printer",
        "Set-DhcpServerv4OptionValue -OptionId 3 -Value 10.0.1.254 -ReservedIP 10.0.1.105",
        "Add-DhcpServerv6Scope fd00:1:: Six; Set-DhcpServerv6OptionValue -Prefix fd00:1:: -DnsServer fd00:1::2",
    )
    assert server(made) == server(lab.model())


def test_a_server_needs_no_address_before_it_has_a_scope() -> None:
    model = after("Install-WindowsFeature DHCP | Out-Null", on="client1")
    assert server(model, "client1") == DhcpServer()
    assert not any(each.node == "client1" and "server" in each.title for each in services(model))


@pytest.mark.parametrize(
    ("arguments", "mode", "reserve"),
    [
        pytest.param("", FailoverMode.LOAD_BALANCE, 5, id="default"),
        pytest.param("-ServerRole Standby", FailoverMode.HOT_STANDBY, 5, id="role"),
        pytest.param("-ReservePercent 20", FailoverMode.HOT_STANDBY, 20, id="reserve"),
    ],
)
def test_failover(arguments: str, mode: FailoverMode, reserve: int) -> None:
    model = after(INSTALL, SCOPE, f"Add-DhcpServerv4Failover pair 10.0.1.0 dc2 {arguments}")
    found = server(model).failover
    assert found
    assert (found.partner, found.mode, found.reserve_percent) == ("dc2", mode, reserve)
    assert found.replicated == server(model).scopes


def test_a_copy_is_changed_without_its_origin() -> None:
    model = after(
        INSTALL, SCOPE, "Add-DhcpServerv4Failover pair 10.0.1.0 dc2",
        "Set-DhcpServerv4Scope 10.0.1.0 -State InActive -ComputerName dc2",
    )  # fmt: skip
    found = server(model)
    assert found.failover
    assert [each.active for each in (*found.scopes, *found.failover.replicated)] == [True, False]


@pytest.mark.parametrize(
    "script",
    [
        f"{SCOPE} -WhatIf | Out-Null",
        "Add-DhcpServerv4Scope 10.0.1.200 10.0.1.100 255.255.255.0 Turned -ErrorAction SilentlyContinue",
        "Remove-DhcpServerv4Scope 10.0.9.0 -ErrorAction SilentlyContinue",
        "Set-DhcpServerv4OptionValue 6 here -ErrorAction SilentlyContinue",
        "try { Get-DhcpServerv4Scope 10.0.9.0 -ErrorAction Stop } catch { $null = 1 }",
    ],
)
def test_nothing_is_changed(script: str) -> None:
    machines = Machines(services_lab())
    machines.type("dc1", INSTALL)
    before = machines.place.model
    machines.type("dc1", script)
    assert machines.place.model is before


CLUSTER = "New-NlbCluster -InterfaceName Ethernet -ClusterName www -ClusterPrimaryIP 10.0.1.90 | Out-Null"
JOIN = "Get-NlbCluster | Add-NlbClusterNode -NewNodeName web2 -NewNodeInterface Ethernet | Out-Null"


def test_a_script_makes_the_cluster_that_a_topology_describes() -> None:
    lab = Lab("services")
    hv1 = lab.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    rules = [nlb_rule(80, 80, protocol="Tcp", affinity="None"), nlb_rule(443, 443, mode="Single")]
    www = lab.nlb_cluster("www", "10.0.1.90/24", mode="Multicast", rules=rules)
    for number in (1, 2):
        hv1.vm(f"web{number}", "Internal", f"10.0.1.3{number}/24").nlb_node(www, priority=number)
    made = after(
        CLUSTER, JOIN,
        "Get-NlbClusterPortRule | Remove-NlbClusterPortRule -Force",
        "Get-NlbCluster | Add-NlbClusterPortRule 80 80 -Protocol Tcp -Affinity None | Out-Null",
        "Add-NlbClusterPortRule -InterfaceName Ethernet 443 443 -Mode Single | Out-Null",
        "Get-NlbCluster | Set-NlbCluster -OperationMode Multicast | Out-Null",
        on="web1",
    )  # fmt: skip
    for name in ("web1", "web2"):
        assert node(made, name) == node(lab.model(), name)


def test_a_node_is_told_its_own_weights() -> None:
    model = after(
        CLUSTER, JOIN,
        "Get-NlbClusterPortRule | Set-NlbClusterPortRule -NewEndPort 99 | Out-Null",
        "Get-NlbCluster | Add-NlbClusterPortRule 443 443 | Out-Null",
        "Get-NlbClusterNode web2 | Get-NlbClusterPortRule 80 | Set-NlbClusterPortRuleNodeWeight -LoadWeight 80 | Out-Null",
        "Disable-NlbClusterPortRule 443 -HostName web2 | Out-Null",
        on="web1",
    )  # fmt: skip
    programs = members(interfaces(model), lambda _: "00:15:5d:00:00:01")
    setups = {each.node: json.loads(each.files[0][1]) for each in programs}
    told = {name: [(rule["start"], rule["weight"]) for rule in setup["rules"]] for name, setup in setups.items()}
    assert told["web1"] == [(0, 50), (443, 50)]
    assert told["web2"] == [(0, 80), (443, 0)]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        pytest.param("www", "www", id="plain"),
        pytest.param("www.class.example", "www", id="domain"),
        pytest.param("web1", "web1-nlb", id="machine"),
        pytest.param("", "cluster", id="none"),
    ],
)
def test_the_name_of_a_cluster(given: str, name: str) -> None:
    argument = f"-ClusterName {given}" if given else ""
    script = f"New-NlbCluster Ethernet 10.0.1.90 -HostName web1 {argument} | Out-Null"
    model = (
        after(script, on="web2")
        if not given
        else after(f"New-NlbCluster web1 Ethernet 10.0.1.90 {argument} | Out-Null")
    )
    assert node(model, "web1").cluster == name


def test_removing_the_feature_ends_what_it_did() -> None:
    model = after(CLUSTER, "Uninstall-WindowsFeature NLB | Out-Null", on="web1")
    assert vm(model, "web1").adapters[0].nlb is None
