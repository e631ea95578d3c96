"""The oracle: each rule of who can talk to whom, one at a time."""

from __future__ import annotations

import subprocess
import sys
import time
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest

from lab import Lab
from lab.model.addresses import IpSettings, StaticRoute
from lab.model.interfaces import Segment
from lab.model.kinds import LearningMode, VMState
from lab.model.objects import LabModel
from lab.model.reachability import Endpoint, Verdict, endpoints, matrix, predict
from lab.model.validate import validate


def verdict(model: LabModel, source: str, target: str, version: int = 4) -> Verdict:
    by_name = {each.name: each for each in endpoints(model)}
    return predict(model, by_name[source], by_name[target], version)


def small_lab(*, nat: bool = True, forwarding: bool = False, shared: bool = True) -> Lab:
    lab = Lab("small")
    lab.internet_host("internet", "203.0.113.80/24", "2001:db8:ffff::80/64")
    office = lab.physical_network(
        "office", "192.168.1.0/24", "2001:db8:1::/64", router=("192.168.1.1", "2001:db8:1::1"), nat=nat
    )
    office.computer("pc1", "192.168.1.10", "2001:db8:1::10")
    hv1 = lab.host("hv1", forwarding=forwarding)
    hv1.nic("Ethernet", office, "192.168.1.20", "2001:db8:1::20")
    hv1.external_switch("External", nic="Ethernet", allow_management_os=shared)
    hv1.vm("web1", "External", "192.168.1.31", "2001:db8:1::31")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    hv1.vm("app1", "Internal", "10.0.1.11", gateway="10.0.1.1")
    hv1.vm("app2", "Internal", "10.0.1.12")
    hv1.private_switch("Private")
    hv1.vm("db1", "Private", "10.0.1.13/24")
    return lab


@pytest.fixture(scope="module")
def small() -> LabModel:
    return small_lab().model()


REASONS = [
    ("web1", "pc1", True, 'through switch "External" of "hv1", physical network "office"'),
    ("web1", "hv1 vEthernet (External)", True, 'both on switch "External" of "hv1"'),
    ("web1", "internet", True, 'routed by "office-router", which translates addresses'),
    ("internet", "web1", False, 'the router "office-router" translates addresses: nothing gets in unasked'),
    ("app2", "pc1", False, 'no route: "app2" has no gateway and 192.168.1.10 is outside its subnet 10.0.1.0/24'),
    ("app1", "pc1", False, '"hv1" does not forward packets (forwarding is off)'),
    (
        "hv1 vEthernet (Internal)",
        "pc1",
        False,
        'no route: "hv1" has no gateway on vEthernet (Internal) and 192.168.1.10 is outside its subnet 10.0.1.0/24',
    ),
    (
        "web1",
        "app1",
        False,
        'switch "Internal" of "hv1" is an internal switch: it connects its VMs and the management OS only',
    ),
    ("app1", "db1", False, 'switch "Private" of "hv1" is a private switch: it connects its VMs only'),
    ("db1", "app1", False, 'switch "Private" of "hv1" is a private switch: it connects its VMs only'),
    ("internet", "db1", False, 'switch "Private" of "hv1" is a private switch: it connects its VMs only'),
]


@pytest.mark.parametrize(
    ("source", "target", "reachable", "reason"), REASONS, ids=[f"{case[0]}-{case[1]}" for case in REASONS]
)
def test_reason(small: LabModel, source: str, target: str, reachable: bool, reason: str) -> None:
    found = verdict(small, source, target)
    assert (found.reachable, found.reason) == (reachable, reason)


def test_path_names_machines_and_segments(small: LabModel) -> None:
    found = verdict(small, "web1", "internet")
    switch, office = Segment("hv1", "External"), Segment(name="office")
    assert found.path == ("web1", switch, office, "office-router", Segment(), "internet")


def test_strong_host_refuses_the_address_of_another_interface(small: LabModel) -> None:
    found = verdict(small, "app1", "hv1 vEthernet (External)")
    assert not found.reachable
    assert "192.168.1.20 at vEthernet (Internal)" in found.reason
    assert "strong host model" in found.reason


def test_a_forwarding_machine_takes_what_is_for_any_of_its_addresses() -> None:
    model = small_lab(forwarding=True).model()
    assert verdict(model, "app1", "hv1 vEthernet (External)").reachable
    assert verdict(model, "app1", "web1").reason == ('no way back: no route: "office-router" knows no way to 10.0.1.11')


def test_ipv6_is_routed_and_never_translated(small: LabModel) -> None:
    assert verdict(small, "internet", "web1", 6).reason == 'routed by "office-router"'
    assert verdict(small, "web1", "internet", 6).reachable
    assert verdict(small, "app1", "pc1", 6).reason == '"app1" has no IPv6 address'


def test_without_nat_the_internet_reaches_the_inside() -> None:
    assert verdict(small_lab(nat=False).model(), "internet", "pc1").reason == 'routed by "office-router"'


def test_management_os_not_on_the_switch() -> None:
    found = verdict(small_lab(shared=False).model(), "web1", "hv1")
    assert found.reason == 'the management OS is not on switch "External" of "hv1" (AllowManagementOS is False)'


def test_management_os_without_any_address_says_why() -> None:
    lab = Lab("cut-off")
    office = lab.physical_network("office", "192.168.1.0/24")
    office.computer("pc1", "192.168.1.10")
    hv1 = lab.host("hv1")
    hv1.nic("Ethernet", office, "192.168.1.20")
    hv1.external_switch("External", nic="Ethernet", allow_management_os=False)
    found = {each.name: each for each in endpoints(lab.model())}["hv1"]
    assert (found.v4, found.interface) == (None, "")
    assert found.why_down == 'the management OS is not on switch "External" of "hv1" (AllowManagementOS is False)'


def test_a_vm_that_is_off_is_shown_as_off(small: LabModel) -> None:
    host = small.hosts[0]
    vms = tuple(replace(vm, state=VMState.OFF) if vm.name == "web1" else vm for vm in host.vms)
    model = replace(small, hosts=(replace(host, vms=vms),))
    assert verdict(model, "pc1", "web1").reason == 'VM "web1" is off'
    assert {each.name: each for each in endpoints(model)}["web1"].v4 is not None


def test_disconnected_and_driverless_adapters() -> None:
    lab = Lab("cables")
    hv1 = lab.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    hv1.vm("a", None, "10.0.1.11/24")
    hv1.vm("b", "Internal", "10.0.1.12", integration_services=False)
    hv1.vm("c", "Internal")
    hv1.vm("d", "Internal", "10.0.1.14", generation=1, integration_services=False, legacy=True)
    model = lab.model()
    assert verdict(model, "hv1", "a").reason == (
        'media disconnected: adapter "a/Network Adapter" is connected to no switch'
    )
    assert "integration services are off" in verdict(model, "hv1", "b").reason
    assert verdict(model, "hv1", "c").reason == '"c" has no IPv4 address'
    assert verdict(model, "hv1", "d").reachable


def test_the_second_path_out_of_one_nic_and_in_through_another() -> None:
    lab = Lab("two-nics")
    office = lab.physical_network("office", "192.168.1.0/24")
    hv1 = lab.host("hv1")
    hv1.nic("Ethernet", office)
    hv1.nic("Ethernet 2", office, "192.168.1.22")
    hv1.external_switch("External", nic="Ethernet", allow_management_os=False, learning=LearningMode.PINNED)
    hv1.vm("web1", "External", "192.168.1.31")
    found = verdict(lab.model(), "web1", "hv1")
    assert found.reachable
    assert found.path == ("web1", Segment("hv1", "External"), Segment(name="office"), "hv1")


def test_one_address_on_two_networks_is_answered_by_the_neighbour() -> None:
    lab = Lab("twins")
    hv1 = lab.host("hv1")
    for name in ("one", "other"):
        hv1.private_switch(name)
        hv1.vm(f"{name}-a", name, "10.0.0.1/24")
        hv1.vm(f"{name}-b", name, "10.0.0.2/24")
    found = verdict(lab.model(), "one-a", "other-b")
    assert (found.reachable, found.pings, found.answered_by) == (False, True, "one-b")
    assert '"one-b" has the same address, and answers' in found.reason
    assert verdict(lab.model(), "one-a", "other-a").answered_by == "one-a"


def test_the_address_of_a_vm_that_is_off_may_be_in_use() -> None:
    lab = Lab("standby")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    hv1.vm("a", "Private", "10.0.0.1/24")
    hv1.vm("b", "Private", "10.0.0.2/24")
    hv1.vm("standby", "Private", "10.0.0.2/24", running=False)
    found = verdict(lab.model(), "a", "standby")
    assert (found.reachable, found.answered_by) == (False, "b")
    assert found.reason == 'VM "standby" is off; "b" has the same address, and answers'


def test_a_routing_vm_joins_two_switches() -> None:
    lab = Lab("router-vm")
    hv1 = lab.host("hv1")
    for number in (1, 2):
        hv1.private_switch(f"Private{number}")
        hv1.vm(f"vm{number}", f"Private{number}", f"10.0.{number}.5/24", gateway=f"10.0.{number}.1")
    hv1.vm("gw", "Private1", "10.0.1.1/24", forwarding=True).adapter("Private2", "10.0.2.1/24")
    assert verdict(lab.model(), "vm1", "vm2").reason == 'routed by "gw"'
    assert verdict(lab.model(), "vm1", "gw Network Adapter 2").reachable


def test_two_routers_that_name_each_other_as_gateway() -> None:
    lab = Lab("circles")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    hv1.private_switch("Other")
    hv1.vm("a", "Private", "10.0.0.1/24", gateway="10.0.0.2", forwarding=True)
    hv1.vm("b", "Private", "10.0.0.2/24", gateway="10.0.0.1", forwarding=True)
    hv1.vm("c", "Other", "10.9.0.1/24", forwarding=True).adapter("Private", "10.0.0.3/24")
    assert "go round in circles" in verdict(lab.model(), "a", "c Network Adapter").reason


def test_internet_hosts_of_two_subnets_meet() -> None:
    lab = Lab("big-internet")
    lab.internet_host("one", "203.0.113.80/24")
    lab.internet_host("two", "198.51.100.80/24")
    lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1").computer("pc1", "192.168.1.10")
    model = lab.model()
    assert verdict(model, "one", "two").reachable
    assert verdict(model, "pc1", "two").reachable


def test_two_public_networks_route_to_each_other() -> None:
    lab = Lab("campus")
    lab.internet_host("internet", "203.0.113.80/24")
    for number in (1, 2, 3):
        net = lab.physical_network(f"net{number}", f"192.0.{number}.0/24", router=f"192.0.{number}.1", nat=number == 3)
        net.computer(f"pc{number}", f"192.0.{number}.10")
    model = lab.model()
    assert verdict(model, "pc1", "pc2").reason == 'routed by "net1-router" and "net2-router"'
    assert verdict(model, "pc3", "pc1").reachable
    assert verdict(model, "pc1", "pc3").reason == (
        'the router "net3-router" translates addresses: nothing gets in unasked'
    )


def test_routers_are_no_endpoints(small: LabModel) -> None:
    assert [each.name for each in endpoints(small)] == [
        "hv1 vEthernet (External)", "hv1 vEthernet (Internal)", "web1", "app1", "app2", "db1", "pc1", "internet",
    ]  # fmt: skip


def big_lab(vms: int) -> LabModel:
    lab = Lab("big")
    lab.internet_host("internet", "203.0.113.80/24")
    office = lab.physical_network("office", "10.0.0.0/16", router="10.0.0.1")
    hv1 = lab.host("hv1")
    hv1.nic("Ethernet", office, "10.0.0.20")
    hv1.external_switch("External", nic="Ethernet")
    hv1.internal_switch("Internal", "10.1.0.1/16")
    for at in range(1, vms + 1):
        hv1.vm(f"e{at}", "External", f"10.0.1.{at}")
        hv1.vm(f"i{at}", "Internal", f"10.1.1.{at}", gateway="10.1.0.1")
    return lab.model()


@pytest.mark.parametrize(("vms", "limit_s"), [(4, 0.1), (98, 4.0)], ids=["12-endpoints", "200-endpoints"])
def test_speed(vms: int, limit_s: float) -> None:
    """Measured on two quiet cores: 3 ms and 0.4 s; the limits leave room for a busy machine."""
    model = big_lab(vms)
    begin = time.process_time()
    matrix(model)
    assert time.process_time() - begin < limit_s


def test_networkx_is_not_imported_by_the_rest_of_the_model() -> None:
    code = (
        "import sys, lab.model.endpoints, lab.model.load, lab.model.changes, lab.model.validate;"
        "sys.exit('networkx' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_endpoint_is_a_key() -> None:
    assert {Endpoint("a", "a"): 1}[Endpoint("a", "a")] == 1


def adapter_of(model: LabModel, name: str, **settings: object) -> LabModel:
    """Return the model with the first adapter of a VM changed."""
    hosts = []
    for host in model.hosts:
        vms = (
            replace(vm, adapters=(replace(vm.adapters[0], **settings), *vm.adapters[1:])) if vm.name == name else vm  # type: ignore[arg-type]
            for vm in host.vms
        )
        hosts.append(replace(host, vms=tuple(vms)))
    return replace(model, hosts=tuple(hosts))


def test_a_disabled_adapter_takes_part_in_nothing(small: LabModel) -> None:
    model = adapter_of(small, "web1", enabled=False)
    found = verdict(model, "web1", "pc1")
    assert (found.pings, found.reason) == (False, 'adapter "web1/Network Adapter" is disabled in its guest')


def test_a_disabled_nic_leaves_its_switch_without_an_uplink(small: LabModel) -> None:
    (hv1,) = small.hosts
    model = replace(small, hosts=(replace(hv1, nics=(replace(hv1.nics[0], enabled=False),)),))
    assert not verdict(model, "web1", "pc1").pings
    assert verdict(model, "web1", "hv1 vEthernet (External)").pings


@pytest.mark.parametrize(
    ("learning", "spoofing", "pings"),
    [
        (LearningMode.PINNED, False, False),
        (LearningMode.PINNED, True, True),
        (LearningMode.LEARNING, False, True),
    ],
)
def test_a_guest_with_another_mac_address_needs_spoofing(
    small: LabModel, learning: LearningMode, spoofing: bool, pings: bool
) -> None:
    model = adapter_of(small, "web1", guest_mac="02:00:00:00:00:09", mac_spoofing=spoofing)
    (hv1,) = model.hosts
    switches = tuple(replace(each, learning=learning) for each in hv1.switches)
    assert verdict(replace(model, hosts=(replace(hv1, switches=switches),)), "web1", "pc1").pings is pings


def routed_lab(route: StaticRoute | None) -> LabModel:
    """Return two subnets with a guest in between that forwards, and one machine of each that knows the way or not."""
    lab = Lab("routed")
    hv1 = lab.host("hv1")
    hv1.private_switch("Red")
    hv1.private_switch("Blue")
    hv1.vm("red", "Red", "10.1.0.2/24")
    hv1.vm("router", "Red", "10.1.0.1/24", forwarding=True).adapter("Blue", "10.2.0.1/24")
    hv1.vm("blue", "Blue", "10.2.0.2/24", gateway="10.2.0.1")
    model = lab.model()
    vm = model.hosts[0].vms[0]
    ip = replace(vm.adapters[0].ip or IpSettings(), routes=(route,) if route else ())
    return adapter_of(model, "red", ip=ip)


@pytest.mark.parametrize(
    ("destination", "pings"), [("10.2.0.0/24", True), ("10.2.0.2/32", True), ("10.3.0.0/24", False), ("", False)]
)
def test_a_static_route_is_the_way_to_its_network(destination: str, pings: bool) -> None:
    route = StaticRoute(ip_network(destination), ip_address("10.1.0.1")) if destination else None
    model = routed_lab(route)
    assert not validate(model)
    assert verdict(model, "red", "blue").pings is pings


def test_the_longest_route_wins() -> None:
    model = routed_lab(StaticRoute(ip_network("10.2.0.0/24"), ip_address("10.1.0.1")))
    ip = model.hosts[0].vms[0].adapters[0].ip
    assert ip
    wrong = StaticRoute(ip_network("10.2.0.0/28"), ip_address("10.1.0.9"))
    assert not verdict(adapter_of(model, "red", ip=replace(ip, routes=(*ip.routes, wrong))), "red", "blue").pings


@pytest.mark.parametrize(
    ("destination", "hop", "words"),
    [
        ("0.0.0.0/0", "10.1.0.1", "which is to everywhere"),
        ("10.1.0.0/24", "10.1.0.1", "which is its own subnet"),
        ("10.2.0.0/24", "10.1.0.2", "which is itself"),
        ("10.2.0.0/24", "10.9.0.1", "which is outside its subnet 10.1.0.0/24"),
        ("10.2.0.0/24", "fd00::1", "two versions of IP"),
        ("fd00:2::/64", "fd00::1", "no IPv6 address of its own"),
    ],
)
def test_routes_that_cannot_be(destination: str, hop: str, words: str) -> None:
    mistakes = validate(routed_lab(StaticRoute(ip_network(destination), ip_address(hop))))
    assert [words in str(each) for each in mistakes] == [True], mistakes
