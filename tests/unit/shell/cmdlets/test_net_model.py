"""What the network cmdlets make of a lab: the model after they were used."""

from __future__ import annotations

from ipaddress import ip_address, ip_interface, ip_network

from lab.model.addresses import IpSettings, StaticRoute
from lab.model.objects import HypervHost, VirtualMachine
from tests.unit.shell.cmdlets.conversation import Session
from tests.unit.shell.cmdlets.test_net_conversations import console


def after(script: str, session: Session | None = None) -> HypervHost:
    """Return the host of a lab after a script that must not show anything."""
    used = session or console()
    assert used.type(script) == ""
    return used.place.model.hosts[0]


def vm(host: HypervHost, name: str) -> VirtualMachine:
    return next(each for each in host.vms if each.name == name)


def test_an_address_and_a_gateway_are_in_the_settings_of_an_adapter() -> None:
    script = """Invoke-Command -VMName web1 {
        New-NetIPAddress 10.5.0.2 -PrefixLength 24 -InterfaceAlias 'Ethernet 2' -DefaultGateway 10.5.0.1 | Out-Null }"""
    found = vm(after(script), "web1").adapters[1].ip
    assert found == IpSettings((ip_interface("10.5.0.2/24"),), (ip_address("10.5.0.1"),))


def test_the_first_change_of_an_adapter_gives_it_settings_of_its_own() -> None:
    host = console().place.model.hosts[0]
    assert host.management_adapters[0].ip is None
    changed = after("New-NetIPAddress 192.168.1.21 -PrefixLength 24 -InterfaceAlias 'vEthernet (External)' | Out-Null")
    assert changed.nics[0].ip == host.nics[0].ip
    own = changed.management_adapters[0].ip
    assert own is not None
    assert own.addresses == (ip_interface("192.168.1.20/24"), ip_interface("192.168.1.21/24"))
    assert own.gateways == host.nics[0].ip.gateways


def test_a_gateway_without_an_address_is_not_in_the_settings_and_comes_back() -> None:
    session = console()
    script = "New-NetIPAddress 10.5.0.2 -PrefixLength 24 -InterfaceAlias 'vEthernet (Lab)' -DefaultGateway 10.5.0.1"
    after(f"{script} | Out-Null", session)
    gone = after("Remove-NetIPAddress 10.5.0.2 -Confirm:$false", session).management_adapters[1]
    assert gone.ip and gone.ip.gateways == ()
    back = after("New-NetIPAddress 10.5.0.3 -PrefixLength 24 -InterfaceAlias 'vEthernet (Lab)' | Out-Null", session)
    ip = back.management_adapters[1].ip
    assert ip and ip.gateways == (ip_address("10.5.0.1"),)
    assert back.management_adapters[1].recorded == ()


def test_a_route_is_in_the_settings_of_its_interface() -> None:
    host = after("New-NetRoute 10.7.0.0/16 -InterfaceAlias 'vEthernet (Lab)' -NextHop 10.0.0.32 | Out-Null")
    ip = host.management_adapters[1].ip
    assert ip and ip.routes == (StaticRoute(ip_network("10.7.0.0/16"), ip_address("10.0.0.32")),)


def test_with_dhcp_an_adapter_has_no_static_address() -> None:
    host = after("Invoke-Command -VMName web2 { Set-NetIPInterface -InterfaceAlias Ethernet -Dhcp Enabled }")
    assert vm(host, "web2").adapters[0].ip == IpSettings(dhcp=True)


def test_a_nic_that_is_renamed_stays_with_its_switch_and_keeps_its_address_and_number() -> None:
    session = console()
    before = session.type("(Get-NetAdapter Ethernet).ifIndex")
    host = after("Rename-NetAdapter Ethernet Uplink", session)
    assert (host.nics[0].name, host.nics[0].mac) == ("Uplink", "02:00:00:00:00:01")
    assert host.switches[0].nics == ("Uplink",)
    assert session.type("(Get-NetAdapter Uplink).ifIndex") == before


def test_a_guest_that_renames_its_interface_renames_no_adapter() -> None:
    host = after("Invoke-Command -VMName web2 { Rename-NetAdapter Ethernet Front }")
    assert vm(host, "web2").adapters[0].name == "Network Adapter"


def test_what_is_disabled_is_so_in_the_model() -> None:
    session = console()
    host = after("Disable-NetAdapter Ethernet -Confirm:$false", session)
    assert not host.nics[0].enabled
    host = after("Invoke-Command -VMName web1 { Disable-NetAdapter Ethernet -Confirm:$false }", session)
    assert [each.enabled for each in vm(host, "web1").adapters] == [False, True]
    host = after("Invoke-Command -VMName web1 { Restart-NetAdapter Ethernet }", session)
    assert [each.enabled for each in vm(host, "web1").adapters] == [True, True]


def test_a_guest_uses_a_vlan_by_itself_and_no_longer() -> None:
    session = console()
    host = after("Invoke-Command -VMName web2 { Set-NetAdapter 'Ethernet 2' -VlanID 7 }", session)
    adapter = vm(host, "web2").adapters[1]
    assert [each.vlan_id for each in adapter.vlan_interfaces] == [7]
    assert adapter.vlan_interfaces[0].ip.addresses == (ip_interface("10.0.0.32/24"),)
    assert adapter.ip == IpSettings()
    host = after("Invoke-Command -VMName web2 { Set-NetAdapter 'Ethernet 2' -VlanID 0 }", session)
    adapter = vm(host, "web2").adapters[1]
    assert adapter.vlan_interfaces == ()
    assert adapter.ip and adapter.ip.addresses == (ip_interface("10.0.0.32/24"),)


def test_members_of_a_team_lose_their_addresses() -> None:
    script = "Invoke-Command -VMName web1 { New-NetLbfoTeam T1 Ethernet, 'Ethernet 2' | Out-Null }"
    web1 = vm(after(script), "web1")
    assert web1.team and web1.team.adapters == ("Network Adapter", "Network Adapter 2")
    assert [each.ip for each in web1.adapters] == [IpSettings(), IpSettings()]


def test_a_nat_and_what_is_recorded_of_it_go_together() -> None:
    session = console()
    after("New-NetNat Lab -InternalIPInterfaceAddressPrefix 10.0.0.0/24 | Out-Null", session)
    script = "Add-NetNatStaticMapping Lab -Protocol TCP -ExternalIPAddress 0.0.0.0 -ExternalPort 80 "
    host = after(f"{script} -InternalIPAddress 10.0.0.32 | Out-Null", session)
    assert host.nat and [each.internal_port for each in host.nat.mappings] == [80]
    host = after("Remove-NetNat Lab -Confirm:$false", session)
    assert (host.nat, host.recorded) == (None, ())
