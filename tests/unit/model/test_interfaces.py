"""The effective interfaces of a machine: what an external switch does to its NIC, and what a VM's guest sees."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from lab import Lab, trunk
from lab.engine.allocation import Allocation, allocate, refuse_doubles
from lab.model.acl import UDP
from lab.model.builder import HostBuilder
from lab.model.frames import Content, FrameOracle
from lab.model.interfaces import IpInterface, Segment, host_interfaces, interfaces, takes_over
from lab.model.objects import HypervHost, LabModel
from lab.model.vlan import access


def by_label(host: HypervHost) -> dict[str, IpInterface]:
    return {each.label: each for each in host_interfaces(host)}


def office_host() -> tuple[Lab, HostBuilder]:
    lab = Lab("office")
    office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1", mtu=9000)
    hv1 = lab.host("hv1")
    hv1.nic("Ethernet", office, "192.168.1.20", mac="001122334455")
    return lab, hv1


def only_host(lab: Lab) -> HypervHost:
    return lab.model().hosts[0]


def test_a_free_nic_is_the_management_os_s() -> None:
    lab, _ = office_host()
    nic = by_label(only_host(lab))["Ethernet"]
    assert [str(address) for address in nic.ip.addresses] == ["192.168.1.20/24"]
    assert [str(gateway) for gateway in nic.ip.gateways] == ["192.168.1.1"]
    assert nic.bound_to == ""
    assert nic.segment == Segment(name="office")


def test_an_external_switch_takes_the_nic_and_its_first_adapter_inherits() -> None:
    lab, hv1 = office_host()
    hv1.external_switch("External", nic="Ethernet")
    hv1.management_adapter("Migration", "External", "192.168.1.21")
    found = by_label(only_host(lab))
    nic, first, second = found["Ethernet"], found["vEthernet (External)"], found["vEthernet (Migration)"]
    assert (nic.bound_to, nic.ip.addresses) == ("External", ())
    assert [str(address) for address in first.ip.addresses] == ["192.168.1.20/24"]
    assert (first.mac, first.mtu) == ("00:11:22:33:44:55", 9000)
    assert (second.mac, [str(address) for address in second.ip.addresses]) == ("", ["192.168.1.21/24"])
    assert first.segment == second.segment == Segment("hv1", "External")


def test_without_the_management_os_the_nic_s_settings_rest() -> None:
    lab, hv1 = office_host()
    hv1.external_switch("External", nic="Ethernet", allow_management_os=False)
    host = only_host(lab)
    assert list(by_label(host)) == ["Ethernet"]
    assert by_label(host)["Ethernet"].ip.addresses == ()
    gone = replace(host, switches=())
    assert [str(address) for address in by_label(gone)["Ethernet"].ip.addresses] == ["192.168.1.20/24"]


def test_a_switch_is_given_the_settings_of_the_management_os_s_adapter_on_it() -> None:
    lab = Lab("settings")
    office = lab.physical_network("office", "192.168.1.0/24")
    hv1 = lab.host("hv1")
    hv1.nic("Ethernet", office, "192.168.1.20")
    hv1.external_switch("External", nic="Ethernet", vlan=7, maximum_bandwidth=8_000_000, ageing_s=9)
    hv1.internal_switch("Internal", "10.0.0.1/24", ieee_priority_tag=True)
    host = lab.model().hosts[0]
    external, internal = host.management_adapters
    assert (external.vlan, external.maximum_bandwidth, external.ip) == (access(7), 8_000_000, None)
    assert internal.ieee_priority_tag
    assert host.switches[0].ageing_s == 9


def test_only_the_first_adapter_of_an_external_switch_takes_over() -> None:
    lab, hv1 = office_host()
    hv1.external_switch("External", nic="Ethernet", allow_management_os=False)
    hv1.internal_switch("Internal", "10.0.0.1/24")
    hv1.management_adapter("A", "External", "192.168.1.21")
    hv1.management_adapter("B", "External", "192.168.1.22")
    host = only_host(lab)
    inherits = {adapter.name: takes_over(host, adapter) for adapter in host.management_adapters}
    assert {name: nic.name if nic else None for name, nic in inherits.items()} == {
        "Internal": None,
        "A": "Ethernet",
        "B": None,
    }


def vm_model() -> LabModel:
    lab = Lab("vms")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    vm = hv1.vm("a", "Private", "10.0.0.1/24", generation=1, integration_services=False)
    vm.adapter("Private", "10.0.0.2/24", legacy=True).adapter(None, legacy=True)
    hv1.vm("b", "Private", "10.0.0.3/24", running=False)
    return lab.model()


def test_a_guest_sees_all_its_adapters_and_why_one_is_down() -> None:
    found = list(interfaces(vm_model()))
    assert [(each.device, each.label, each.up, each.has_driver) for each in found] == [
        ("eth0", "Network Adapter", False, False),
        ("eth1", "Legacy Network Adapter", True, True),
        ("eth2", "Legacy Network Adapter 2", False, True),
    ]
    assert [each.segment for each in found] == [Segment("hv1", "Private"), Segment("hv1", "Private"), None]


def test_a_vm_that_is_off_has_no_interfaces() -> None:
    assert {each.node for each in interfaces(vm_model())} == {"a"}


def test_routers_have_two_sides() -> None:
    lab, _ = office_host()
    lab.internet_host("internet", "203.0.113.80/24")
    found = {each.label: each for each in interfaces(lab.model()) if each.node == "office-router"}
    assert found["inside"].segment == Segment(name="office")
    assert str(found["outside"].ip.addresses[0]) == "203.0.113.254/24"


def test_an_interface_that_a_guest_makes_is_on_its_adapter() -> None:
    lab = Lab("stick")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    vm = hv1.vm("gw", "Private", mac="00155D010203", mtu=1400, vlan=trunk("10,20", native=0)).adapter("Private")
    vm.vlan_interface(10, "10.0.10.1/24").vlan_interface(20, adapter="Network Adapter 2")
    found = list(interfaces(lab.model()))
    assert [(each.device, each.label, each.parent, each.tag) for each in found] == [
        ("eth0", "Network Adapter", "eth0", 0),
        ("eth0.10", "Network Adapter, VLAN 10", "eth0", 10),
        ("eth1", "Network Adapter 2", "eth1", 0),
        ("eth1.20", "Network Adapter 2, VLAN 20", "eth1", 20),
    ]
    made = found[1]
    assert (made.mac, made.mtu, made.segment) == ("00:15:5d:01:02:03", 1400, Segment("hv1", "Private"))
    assert (made.adapter_name, made.full_name) == ("gw/Network Adapter", "gw/Network Adapter, VLAN 10")


def test_an_interface_that_a_guest_makes_is_no_adapter_of_its_own() -> None:
    """Neither for single frames, which reach adapters, nor for MAC addresses and ports, which adapters have."""
    lab = Lab("stick")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    hv1.vm("web1", "Private", vlan=10)
    hv1.vm("gw", "Private", vlan=trunk("10", native=0)).vlan_interface(10, "10.0.10.1/24")
    model = lab.model()
    allocation = allocate(model, Allocation())
    refuse_doubles(model, allocation)
    assert sorted(allocation.macs) == sorted(each.full_name for each in adapters(model))
    assert len(allocation.ofports) == len(adapters(model))
    content = Content(ip_address("10.0.10.11"), ip_address("10.0.10.255"), UDP)
    assert FrameOracle(model).receivers("web1/Network Adapter", content) == {"gw/Network Adapter"}


def adapters(model: LabModel) -> list[IpInterface]:
    return [each for each in interfaces(model) if not each.tag]
