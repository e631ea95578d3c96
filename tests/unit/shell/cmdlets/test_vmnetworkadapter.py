"""What cmdlets about network adapters make of a lab: the model afterwards."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network, ip_network

import pytest

from lab.model import edit
from lab.model.acl import ANY, TCP, AclAction, AclDirection, AclSide, ExtendedAcl, PortAcl
from lab.model.isolation import IsolationMode, IsolationSettings
from lab.model.kinds import AdapterKind, PortMirroring
from lab.model.names import is_display_name
from lab.model.objects import GuestTeam, NetworkAdapter, VirtualMachine
from lab.model.vlan import access, community, isolated, promiscuous, trunk
from lab.shell.hyperv.adapter_names import free_in_vm, shown
from tests.unit.shell.cmdlets.conversation import Session

DENY, ALLOW, METER = AclAction.DENY, AclAction.ALLOW, AclAction.METER
IN, OUT = AclDirection.INBOUND, AclDirection.OUTBOUND
LOCAL, REMOTE = AclSide.LOCAL, AclSide.REMOTE
EVERYTHING = IPv4Network("0.0.0.0/0")


@pytest.fixture
def session() -> Session:
    return Session()


def vm(session: Session, name: str = "web1") -> VirtualMachine:
    return next(each for _, each in session.place.model.vms() if each.name == name)


def management(session: Session, name: str) -> NetworkAdapter:
    return next(each for each in session.place.model.hosts[0].management_adapters if each.name == name)


SETTINGS = (
    ("MacAddressSpoofing On", "mac_spoofing", True),
    ("DhcpGuard On", "dhcp_guard", True),
    ("RouterGuard on", "router_guard", True),
    ("AllowTeaming On", "allow_teaming", True),
    ("IeeePriorityTag On", "ieee_priority_tag", True),
    ("PortMirroring Destination", "port_mirroring", PortMirroring.DESTINATION),
    ("StormLimit 4294967295", "storm_limit", 4294967295),
    ("MaximumBandwidth 10MB", "maximum_bandwidth", 10 * 2**20),
    ("MaximumBandwidth 50000001", "maximum_bandwidth", 50000008),
    ("MinimumBandwidthWeight 100", "minimum_bandwidth_weight", 100),
    ("IovWeight 50 -WarningAction SilentlyContinue", "mac_spoofing", False),
)


@pytest.mark.parametrize(("given", "field", "value"), SETTINGS, ids=[given for given, _, _ in SETTINGS])
def test_set(session: Session, given: str, field: str, value: object) -> None:
    assert session.type(f"Set-VMNetworkAdapter -VMName web1 -{given}") == ""
    assert getattr(vm(session).adapters[0], field) == value
    assert vm(session, "web2") == vm(Session(), "web2")


VLANS = (
    ("-Access -VlanId 4094", access(4094)),
    ("-a -AccessVlanId 1", access(1)),
    ('-Trunk -AllowedVlanIdList "1-100" -NativeVlanId 0', trunk("1-100", native=0)),
    ("-t -AllowedVlanIdList 30,10 -NativeVlanId 4", None),  # 30,10 is an array, and no text
    ('-t -AllowedVlanIdList "30, 10-12, 11-13" -NativeVlanId 4', trunk("10-13,30", native=4)),
    ("-Isolated -PrimaryVlanId 10 -SecondaryVlanId 200", isolated(10, 200)),
    ("-c -PrimaryVlanId 10 -SecondaryVlanId 201", community(10, 201)),
    ("-p -PrimaryVlanId 10 -SecondaryVlanIdList 200-201", promiscuous(10, "200-201")),
)


@pytest.mark.parametrize(("given", "vlan"), VLANS, ids=[given for given, _ in VLANS])
def test_vlan(session: Session, given: str, vlan: object) -> None:
    before = vm(session)
    said = session.type(f"Set-VMNetworkAdapterVlan web1 {given}")
    if vlan is None:
        assert "not valid" in said or "to the type 'System.String'" in said
        assert vm(session) == before
    else:
        assert said == ""
        assert vm(session).adapters[0].vlan == vlan


def test_vlan_of_nobody_who_is_named_wrong(session: Session) -> None:
    before = session.place.model
    session.type("Set-VMNetworkAdapterVlan web1 -VMNetworkAdapterName Nobody -Access -VlanId 5")
    assert session.place.model == before


def test_isolation(session: Session) -> None:
    session.type("Set-VMNetworkAdapterIsolation web1 -IsolationMode Vlan -AllowUntaggedTraffic $true")
    assert vm(session).adapters[0].isolation == IsolationSettings(), "an id is needed (reason 67)"
    session.type("Set-VMNetworkAdapterIsolation web1 -IsolationMode Vlan -AllowUntaggedTraffic 1 -DefaultIsolationID 7")
    assert vm(session).adapters[0].isolation == IsolationSettings(IsolationMode.VLAN, True, 7)
    session.type("Set-VMNetworkAdapterIsolation web1 -IsolationMode None")
    assert vm(session).adapters[0].isolation == IsolationSettings()


ACLS = (
    ("-RemoteIPAddress ANY -Direction Both -Action Deny", [PortAcl(DENY, IN, REMOTE), PortAcl(DENY, OUT, REMOTE)]),
    ("-RemoteIPAddress 0.0.0.0/0 -Direction Inbound -Action Meter", [PortAcl(METER, IN, REMOTE, EVERYTHING)]),
    (
        "-LocalIPAddress 10.0.0.1, fe80::/10 -Direction Outbound -Action Allow",
        [PortAcl(ALLOW, OUT, LOCAL, ip_network(each)) for each in ("10.0.0.1", "fe80::/10")],
    ),
    ("-RemoteMacAddress 00155d010203 -Direction In -Action Deny", [PortAcl(DENY, IN, REMOTE, mac="00:15:5d:01:02:03")]),
    ("-LocalMacAddress any -Direction Outbound -Action Deny", [PortAcl(DENY, OUT, LOCAL, mac=ANY)]),
    (
        "-RemoteIPAddress 10.0.0.9/24 -LocalIPAddress ANY -Direction Inbound -Action Deny",
        [PortAcl(DENY, IN, LOCAL), PortAcl(DENY, IN, REMOTE, IPv4Network("10.0.0.0/24"))],
    ),
)


@pytest.mark.parametrize(("given", "entries"), ACLS, ids=[given for given, _ in ACLS])
def test_acl(session: Session, given: str, entries: list[PortAcl]) -> None:
    assert session.type(f"Add-VMNetworkAdapterAcl -VMName web1 {given}") == ""
    assert sorted(map(str, vm(session).adapters[0].acls)) == sorted(map(str, entries))
    assert session.type(f"Remove-VMNetworkAdapterAcl -VMName web1 {given}") == ""
    assert vm(session).adapters[0].acls == ()


def test_an_acl_entry_that_is_there_leaves_the_others_out(session: Session) -> None:
    session.type("Add-VMNetworkAdapterAcl web1 -RemoteIPAddress 10.0.0.1 -Direction Inbound -Action Deny")
    before = session.place.model
    session.type("Add-VMNetworkAdapterAcl web1 -RemoteIPAddress 10.0.0.2, 10.0.0.1 -Direction Both -Action Deny")
    assert session.place.model == before


def test_an_acl_entry_of_the_management_os(session: Session) -> None:
    session.type(
        "Add-VMNetworkAdapterAcl -ManagementOS -VMNetworkAdapterName Lab -RemoteIPAddress ANY -Dir In -Ac Deny"
    )
    assert management(session, "Lab").acls == (PortAcl(DENY, IN, REMOTE),)
    assert management(session, "External").acls == ()


EXTENDED = (
    ("Deny Outbound -Weight 0", ExtendedAcl(0, DENY, OUT)),
    (
        "Allow Inbound ANY 10.0.0.0/8 80 49152-65535 TCP 65535 -Stateful 1",
        ExtendedAcl(
            65535, ALLOW, IN, None, ip_network("10.0.0.0/8"), (80, 80), (49152, 65535), protocol=TCP, stateful=True
        ),
    ),
    ("Allow In -Protocol 1 -Weight 3 -IsolationID 0", ExtendedAcl(3, ALLOW, IN, protocol=1)),
)


@pytest.mark.parametrize(("given", "entry"), EXTENDED, ids=[given for given, _ in EXTENDED])
def test_extended_acl(session: Session, given: str, entry: ExtendedAcl) -> None:
    assert session.type(f"Add-VMNetworkAdapterExtendedAcl web1 {given}") == ""
    assert vm(session).adapters[0].extended_acls == (entry,)


REFUSED_EXTENDED = (
    "Allow Inbound -Weight 1 -IsolationID 5",
    "Allow Inbound -Weight 1 -LocalPort 80",
    "Allow Inbound -Weight 1 -Protocol TCP -LocalPort 90-80",
    "Allow Inbound -Weight 1 -Protocol 256",
    "Allow Inbound -Weight 1 -RemoteIPAddress host",
    "Allow Inbound -Weight -1",
    "Allow Inbound -Weight 1 -LocalIPAddress 10.0.0.1 -RemoteIPAddress fe80::1",
    "Allow Inbound -Weight 1 -Protocol TCP -Stateful $true -IdleSessionTimeout 0",
    "Allow Inbound -Weight 1 -Protocol TCP -Stateful",
    "Allow Inbound -Protocol TCP",
)


@pytest.mark.parametrize("given", REFUSED_EXTENDED)
def test_refused_extended_acl(session: Session, given: str) -> None:
    before = session.place.model
    assert "FullyQualifiedErrorId" in session.type(f"Add-VMNetworkAdapterExtendedAcl web1 {given}")
    assert session.place.model == before


def test_a_new_adapter(session: Session) -> None:
    session.type(
        "Stop-VM old -TurnOff; Add-VMNetworkAdapter old -IsLegacy 1 -SwitchName Lab -StaticMacAddress 00155D0A0B0C"
    )
    new = vm(session, "old").adapters[-1]
    assert (new.name, new.kind, new.switch) == ("Legacy Network Adapter", AdapterKind.LEGACY, "Lab")
    assert new.mac == "00:15:5d:0a:0b:0c"
    assert new.ip is not None
    assert new.ip.dhcp


def test_two_of_one_name(session: Session) -> None:
    session.type("Add-VMNetworkAdapter web1; Add-VMNetworkAdapter web1 -Name 'Front: DMZ'")
    names = ["Network Adapter", "Network Adapter 2", "Front_ DMZ"]
    assert [each.name for each in vm(session).adapters] == names
    assert [shown(each) for each in vm(session).adapters] == ["Network Adapter", "Network Adapter", "Front: DMZ"]
    session.type("Rename-VMNetworkAdapter web1 -Name 'Front: DMZ' -NewName LAN")
    assert (vm(session).adapters[-1].name, shown(vm(session).adapters[-1])) == ("LAN", "LAN")


NAMES = ("x", "Ä", "/", "", "a" * 64, "a" * 300, "-a", "Network Adapter", "network adapter", "a,b", "Team", "中")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_that_is_free(session: Session, name: str) -> None:
    machine = replace(vm(session), team=GuestTeam("Team"))
    found = free_in_vm(machine, name)
    assert is_display_name(found)
    assert found.casefold() not in ("network adapter", "team")


def test_what_names_a_renamed_adapter(session: Session) -> None:
    names = ("Network Adapter", "Back")
    session.type(
        "Add-VMNetworkAdapter web1 -Name Back -SwitchName External; Connect-VMNetworkAdapter web1 -Name Back -SwitchName Team"
    )
    session.type("Connect-VMNetworkAdapter -VMName web1 -Name 'Network Adapter' -SwitchName External")
    here = edit.vm_adapter("hv1", "web1", "Network Adapter", lambda each: replace(each, ip=NetworkAdapter("").ip))
    session.place.change(here)
    session.place.change(edit.vm("hv1", "web1", lambda each: replace(each, team=GuestTeam("Team", names))))
    assert session.type("Rename-VMNetworkAdapter web1 -Name Back -NewName Storage") == ""
    team = vm(session).team
    assert team is not None
    assert team.adapters == ("Network Adapter", "Storage")


def test_an_adapter_of_the_management_os(session: Session) -> None:
    session.type("Add-VMNetworkAdapter -ManagementOS -Name Backup -SwitchName External -StaticMacAddress 00155D0A0B0C")
    session.type("Rename-VMNetworkAdapter -ManagementOS -Name Backup -NewName Storage")
    new = management(session, "Backup")
    assert (new.switch, new.mac, shown(new)) == ("External", "00:15:5d:0a:0b:0c", "Storage")
    session.type("Remove-VMNetworkAdapter -ManagementOS -Name Storage")
    assert [each.name for each in session.place.model.hosts[0].management_adapters] == ["External", "Lab"]


def test_what_if_changes_nothing(session: Session) -> None:
    before = session.place.model
    for line in (
        "Add-VMNetworkAdapter web1 -WhatIf",
        "Connect-VMNetworkAdapter web1 -SwitchName Private -WhatIf",
        "Set-VMNetworkAdapter web1 -DhcpGuard On -WhatIf",
        "Set-VMNetworkAdapterVlan web1 -Access -VlanId 5 -WhatIf",
        "Add-VMNetworkAdapterAcl web1 -RemoteIPAddress ANY -Direction Both -Action Deny -WhatIf",
        "Rename-VMNetworkAdapter web1 -NewName LAN -WhatIf",
    ):
        assert session.type(line).startswith("What if: "), line
    assert session.place.model == before
