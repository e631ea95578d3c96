"""The Default Switch in the model: its subnet, who is its client, what it translates, and that nobody changes it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from ipaddress import IPv4Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as some

from lab import Lab
from lab.codec import dumps, loads
from lab.model.default_subnets import used
from lab.model.default_switch import DEFAULT_SWITCH, SUBNETS, chosen_subnet
from lab.model.leasing import prospects
from lab.model.objects import HypervHost, LabModel
from lab.model.reachability import matrix
from lab.model.rules.transitions import transitions
from lab.model.validate import validate


def laptop(name: str = "lab", *, network: str = "192.168.1.0/24", host: str = "laptop") -> LabModel:
    """Return a lab with a laptop that has a Default Switch, on a network."""
    lab = Lab(name)
    home = lab.physical_network("home", network)
    machine = lab.host(host)
    machine.nic("Wi-Fi", home)
    switch = machine.default_switch()
    machine.vm("vm1", switch)
    return lab.model()


def subnet(host: HypervHost) -> IPv4Network:
    assert host.default_subnet
    return host.default_subnet


@given(some.text("abc", min_size=1, max_size=5), some.lists(some.integers(0, 255), max_size=250))
def test_a_subnet_is_always_the_same_and_free_if_any_is(host: str, numbers: list[int]) -> None:
    taken = [IPv4Network((int(SUBNETS[0]) + number * 4096, 20)) for number in numbers]
    found = chosen_subnet("lab", host, taken)
    assert found.prefixlen == 20 and found.subnet_of(SUBNETS)
    assert found == chosen_subnet("lab", host, reversed(taken))
    if len(set(numbers)) < 256:
        assert found not in taken


def test_labs_and_hosts_have_different_subnets_mostly() -> None:
    """There are 256 for all."""
    names = [(f"lab{at}", f"host{other}") for at in range(8) for other in range(8)]
    assert len({chosen_subnet(lab, host, ()) for lab, host in names}) > 40


def test_the_host_has_the_first_address() -> None:
    host = laptop().hosts[0]
    assert host.default_address and host.default_address.ip == subnet(host)[1]


def test_a_subnet_keeps_off_whatever_the_lab_uses() -> None:
    free = subnet(laptop().hosts[0])
    crowded = laptop(network=str(ip_network(free)))
    assert not subnet(crowded.hosts[0]).overlaps(free)
    everything = laptop(network="172.16.0.0/13")
    assert subnet(everything.hosts[0]).subnet_of(ip_network("172.24.0.0/13"))


def test_two_hosts_have_two_subnets() -> None:
    lab = Lab("lab")
    for number in range(40):
        lab.host(f"hv{number}").default_switch()
    found = [subnet(host) for host in lab.model().hosts]
    assert len(set(found)) == 40
    assert lab.model() == lab.model()


def test_vms_without_addresses_are_clients_and_those_with_some_are_not() -> None:
    lab = Lab("lab")
    host = lab.host("laptop")
    switch = host.default_switch("172.20.16.0/20")
    host.vm("client", switch)
    host.vm("static", switch, "172.20.16.9")
    host.vm("told", switch, "dhcp")
    host.vm("elsewhere")
    found = {vm.name: vm.adapters[0].ip for _, vm in lab.model().vms()}
    assert {name for name, ip in found.items() if ip and ip.dhcp} == {"client", "told"}
    assert str((found["static"] or pytest.fail("no address")).addresses[0]) == "172.20.16.9/20"


def test_it_survives_being_saved() -> None:
    model = laptop()
    assert loads(LabModel, dumps(model)) == model
    assert validate(model) == ()


def reconfigured(host: HypervHost) -> HypervHost:
    (switch,) = host.switches
    return replace(host, switches=(replace(switch, ageing_s=10),))


def in_a_vlan(host: HypervHost) -> HypervHost:
    (adapter,) = host.management_adapters
    return replace(host, management_adapters=(replace(adapter, ieee_priority_tag=True),))


def without_an_adapter(host: HypervHost) -> HypervHost:
    return replace(host, management_adapters=())


def renamed(host: HypervHost) -> HypervHost:
    (switch,), (adapter,) = host.switches, host.management_adapters
    return replace(
        host, switches=(replace(switch, name="Mine"),), management_adapters=(replace(adapter, switch="Mine"),), vms=()
    )


@pytest.mark.parametrize("change", [reconfigured, in_a_vlan, without_an_adapter, renamed])
def test_nobody_reconfigures_it(change: Callable[[HypervHost], HypervHost]) -> None:
    model = laptop()
    changed = replace(model, hosts=tuple(map(change, model.hosts)))
    assert any("nobody can rename, delete or reconfigure it" in each.remedy for each in validate(changed))


def test_nobody_deletes_it() -> None:
    with_it = laptop()
    without = replace(with_it, hosts=tuple(replace(h, switches=(), management_adapters=()) for h in with_it.hosts))
    (found,) = transitions(with_it, without)
    assert found.message == 'the Default Switch of host "laptop" is to go: nobody can delete it'
    assert not [*transitions(without, with_it)]
    assert not [*transitions(with_it, replace(with_it, hosts=()))]


def test_it_translates_beside_a_nat_of_the_host() -> None:
    lab = Lab("lab")
    lab.internet_host("internet", "203.0.113.80/24")
    home = lab.physical_network("home", "192.168.1.0/24", router="192.168.1.1")
    host = lab.host("laptop")
    host.nic("Wi-Fi", home, "192.168.1.20")
    host.default_switch("172.20.16.0/20")
    host.vm("leased", "Default Switch", "172.20.16.9", gateway="172.20.16.1")
    host.internal_switch("Inside", "192.168.100.1/24")
    host.nat("Nat", "192.168.100.0/24")
    host.vm("inside", "Inside", "192.168.100.9", gateway="192.168.100.1")
    model = lab.model()
    assert [nat.name for nat in model.hosts[0].nats] == ["Nat", DEFAULT_SWITCH]
    found = {(one.node, other.node): verdict.reachable for (one, other), verdict in matrix(model).items()}
    assert found["leased", "internet"] and found["inside", "internet"]
    assert not found["internet", "leased"]


def test_it_is_no_prospect_for_those_who_cannot_hear_it() -> None:
    lab = Lab("lab")
    host = lab.host("laptop")
    switch = host.default_switch("172.20.16.0/20")
    host.vm("client", switch)
    host.vm("guarded", switch, dhcp_guard=True)
    host.vm("apart", switch, vlan=10)
    host.private_switch("Private")
    host.vm("alone", "Private", "dhcp")
    found = prospects(lab.model())
    assert {name.partition("/")[0]: [each.server for each in them] for name, them in found.items()} == {
        "client": ["laptop"], "guarded": ["laptop"], "apart": [], "alone": [],
    }  # fmt: skip
    (prospect,) = found["client/Network Adapter"]
    assert ip_address("172.20.16.2") in prospect and ip_address("172.20.31.254") in prospect
    assert ip_address("172.20.16.1") not in prospect and ip_address("172.20.31.255") not in prospect


def test_used_are_all_subnets_of_a_lab() -> None:
    lab = Lab("lab")
    lab.internet_host("internet", "203.0.113.80/24")
    office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
    office.computer("pc", "192.168.1.10")
    host = lab.host("hv1")
    host.nic("Ethernet", lab.physical_network("lan", "10.1.0.0/24"), "10.1.0.1")
    host.internal_switch("Inside", "10.2.0.1/24")
    host.nat("Nat", "10.3.0.0/24")
    host.vm("vm", "Inside", "10.4.0.1/24").vlan_interface(5, "10.5.0.1/24")
    found = {str(each) for each in used(lab.model())}
    assert found == {"203.0.113.0/24", "192.168.1.0/24", *(f"10.{number}.0.0/24" for number in range(1, 6))}
