"""DHCP in the model: what may be written, what is a mistake, and what a scope is."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv4Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import Lab, dhcp_policy, dhcp_reservation, dhcp_scope
from lab.codec import dumps, loads
from lab.errors import TopologyError
from lab.model.dhcp import DhcpOption, DhcpRange, DhcpScope, encoded
from lab.model.host_builder import HostBuilder
from lab.model.leasing import prospects
from lab.model.objects import LabModel
from lab.model.vm_builder import VmBuilder

Edit = Callable[[HostBuilder, VmBuilder], object]


def scope(start: str = "10.0.1.100", end: str = "10.0.1.199", **more: object) -> object:
    return dhcp_scope("10.0.1.0/24", start, end, **more)  # type: ignore[arg-type]


def model(edit: Edit) -> LabModel:
    lab = Lab("dhcp")
    hv1 = lab.host("hv1")
    hv1.internal_switch("Internal", "10.0.1.1/24")
    edit(hv1, hv1.vm("dhcp1", "Internal", "10.0.1.2"))
    return lab.model()


def mistakes(edit: Edit) -> str:
    with pytest.raises(TopologyError) as found:
        model(edit)
    return "\n".join(f"{each.message}; {each.remedy}" for each in found.value.records)


def test_what_is_written_is_what_is_saved() -> None:
    found = model(
        lambda hv1, vm: vm.dhcp_server(
            scope(
                router="10.0.1.1",
                dns_server=["10.0.1.2", "10.0.1.3"],
                options={42: "10.0.1.4", 252: "http://x"},
                exclusions=[("10.0.1.110", "10.0.1.119"), "10.0.1.150"],
                reservations=[dhcp_reservation("10.0.1.110", "00-15-5D-00-00-01", name="p", boot_file="b")],
                policies=[dhcp_policy("UEFI", architecture=7, boot_file="efi")],
            ),
            wpad="http://y",
        )
    )
    assert loads(LabModel, dumps(found)) == found
    server = found.hosts[0].vms[0].dhcp_server
    assert server
    (mine,) = server.scopes
    assert [option.id for option in mine.options] == [3, 6, 42, 252]
    assert mine.lease_duration_s == 691200
    assert mine.active
    assert [str(each) for each in mine.ranges()] == [
        "10.0.1.100-10.0.1.109", "10.0.1.120-10.0.1.149", "10.0.1.151-10.0.1.199",
    ]  # fmt: skip


MISTAKES: dict[str, tuple[Edit, str]] = {
    "range outside": (lambda h, vm: vm.dhcp_server(scope(end="10.0.2.1")), "leases 10.0.1.100-10.0.2.1"),
    "range of the broadcast address": (lambda h, vm: vm.dhcp_server(scope(end="10.0.1.255")), "expected a range of addresses"),
    "range backwards": (lambda h, vm: vm.dhcp_server(scope(end="10.0.1.99")), "expected a range of addresses"),
    "lease of no length": (lambda h, vm: vm.dhcp_server(scope(lease_duration_s=0)), "leases for 0 s"),
    "exclusion outside": (lambda h, vm: vm.dhcp_server(scope(exclusions=["10.0.1.9"])), "expected a part of"),
    "exclusions overlap": (
        lambda h, vm: vm.dhcp_server(scope(exclusions=["10.0.1.110", ("10.0.1.105", "10.0.1.120")])), "which overlap",
    ),
    "exclusion of three": (lambda h, vm: vm.dhcp_server(scope(exclusions=[("1", "2", "3")])), "an exclusion of"),
    "reservation outside": (
        lambda h, vm: vm.dhcp_server(scope(reservations=[dhcp_reservation("10.0.2.9", "00155D000001")])), "reserves 10.0.2.9",
    ),
    "reservation for two": (
        lambda h, vm: vm.dhcp_server(scope(reservations=[
            dhcp_reservation("10.0.1.9", "00155D000001"), dhcp_reservation("10.0.1.9", "00155D000002")])), "10.0.1.9 2 times",
    ),
    "two reservations for one": (
        lambda h, vm: vm.dhcp_server(scope(reservations=[
            dhcp_reservation("10.0.1.8", "00155D000001"), dhcp_reservation("10.0.1.9", "00155D000001")])), "has reservations for",
    ),
    "client id": (
        lambda h, vm: vm.dhcp_server(scope(reservations=[dhcp_reservation("10.0.1.9", "printer")])), "not a MAC address",
    ),
    "scopes overlap": (lambda h, vm: vm.dhcp_server(scope(), scope()), "which overlap"),
    "no scope": (lambda h, vm: vm.dhcp_server("10.0.1.0/24"), "expected dhcp_scope("),
    "IPv6 scope": (lambda h, vm: vm.dhcp_server(dhcp_scope("fd00::/64", "fd00::1", "fd00::2")), "expected an IPv4 subnet"),
    "role twice": (lambda h, vm: vm.dhcp_server(scope()).dhcp_server(scope()), "the DHCP Server role twice"),
    "no address": (lambda h, vm: h.vm("bare", "Internal").dhcp_server(scope()), "no static IPv4 address"),
    "own option": (lambda h, vm: vm.dhcp_server(scope(options={54: "10.0.1.1"})), "option 54 of"),
    "option twice": (lambda h, vm: vm.dhcp_server(scope(router="10.0.1.1", options={3: "10.0.1.1"})), "is set twice"),
    "option of addresses": (lambda h, vm: vm.dhcp_server(scope(router="here")), "expected one of IPv4"),
    "option of a number": (lambda h, vm: vm.dhcp_server(scope(options={46: 256})), "expected a number of 8 bits"),
    "option without value": (lambda h, vm: vm.dhcp_server(scope(dns_domain="")), "expected 1 to 255 characters"),
    "unknown option": (lambda h, vm: vm.dhcp_server(scope(routers="10.0.1.1")), "which has no such name"),
    "policy for everybody": (lambda h, vm: vm.dhcp_server(scope(), policies=[dhcp_policy("all")]), "is for every client"),
    "policy with a quote": (
        lambda h, vm: vm.dhcp_server(scope(), policies=[dhcp_policy("x", vendor_class="a' or '1'=='1")]), "without '",
    ),
    "policies of one name": (
        lambda h, vm: vm.dhcp_server(scope(), policies=[dhcp_policy("x", architecture=1)] * 2), "has policies called x 2 times",
    ),
    "failover of no server": (lambda h, vm: vm.dhcp_failover("f", "dhcp2"), "it has no DHCP Server role (yet)"),
    "failover with nobody": (lambda h, vm: vm.dhcp_server(scope()).dhcp_failover("f", "x"), "which is no VM of the lab"),
    "failover with itself": (lambda h, vm: vm.dhcp_server(scope()).dhcp_failover("f", "dhcp1"), "is with itself"),
    "failover with no server": (
        lambda h, vm: (vm.dhcp_server(scope()).dhcp_failover("f", "b"), h.vm("b", "Internal", "10.0.1.3")),
        "which has no DHCP Server role",
    ),
    "failover of both": (
        lambda h, vm: (vm.dhcp_server(scope()).dhcp_failover("f", "b"),
                       h.vm("b", "Internal", "10.0.1.3").dhcp_server(scope())), "has already",
    ),
    "failover of no scope": (
        lambda h, vm: (vm.dhcp_server().dhcp_failover("f", "b"), h.vm("b", "Internal", "10.0.1.3").dhcp_server()),
        "is for no scope",
    ),
    "failover of another scope": (
        lambda h, vm: (vm.dhcp_server(scope()).dhcp_failover("f", "b", scope_ids=["10.0.9.0"]),
                       h.vm("b", "Internal", "10.0.1.3").dhcp_server()), "which the server does not have",
    ),
    "failover mode": (
        lambda h, vm: (vm.dhcp_server(scope()).dhcp_failover("f", "b", mode="Half"),
                       h.vm("b", "Internal", "10.0.1.3").dhcp_server()), "expected LoadBalance or HotStandby",
    ),
    "relay agent with the role": (lambda h, vm: vm.dhcp_server(scope()).dhcp_relay("10.0.9.9"), "cannot be a DHCP relay agent"),
    "relay to a name": (lambda h, vm: vm.dhcp_relay("dhcp2"), "expected one of IPv4"),
    "client with an address": (lambda h, vm: h.vm("c", "Internal", "dhcp", "10.0.1.9"), "beside DHCP"),
    "client with a gateway": (lambda h, vm: h.vm("c", "Internal", "dhcp", gateway="10.0.1.1"), "beside DHCP"),
    "management OS": (lambda h, vm: h.internal_switch("Other", "dhcp"), "is to be a DHCP client"),
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_told(name: str) -> None:
    edit, words = MISTAKES[name]
    assert words in mistakes(edit)


NET = ip_network("10.0.0.0/22")
addresses = st.integers(1, 1021).map(lambda number: NET[number])
pairs = st.tuples(addresses, addresses).map(sorted)


@given(pairs, st.lists(pairs, max_size=6))
def test_ranges_are_what_is_not_excluded(whole: list[IPv4Address], excluded: list[list[IPv4Address]]) -> None:
    exclusions = tuple(DhcpRange(*each) for each in excluded)
    found = tuple(DhcpScope(NET, *whole, exclusions=exclusions).ranges())
    for address in NET.hosts():
        allowed = whole[0] <= address <= whole[1] and not any(address in each for each in exclusions)
        assert allowed == any(address in each for each in found)
    assert all(len(each) > 0 for each in found)


def test_options_travel_as_the_rfc_says() -> None:
    assert encoded(DhcpOption(3, ("10.0.1.1", "10.0.1.2"))) == bytes([10, 0, 1, 1, 10, 0, 1, 2])
    assert encoded(DhcpOption(46, ("8",))) == b"\x08"
    assert encoded(DhcpOption(26, ("0x5dc",))) == b"\x05\xdc"
    assert encoded(DhcpOption(15, ("class.example",))) == b"class.example"


def servers_of(edit: Edit, client: str = "client") -> list[str]:
    return [each.server for each in prospects(model(edit))[f"{client}/Network Adapter"]]


def test_prospects_know_guards_vlans_and_rights() -> None:
    def with_client(edit: Edit, **settings: object) -> Edit:
        return lambda h, vm: (edit(h, vm), h.vm("client", "Internal", "dhcp", **settings))  # type: ignore[arg-type]

    serve: Edit = lambda h, vm: vm.dhcp_server(scope())  # noqa: E731
    guarded: Edit = lambda h, vm: h.vm("other", "Internal", "10.0.1.3", dhcp_guard=True).dhcp_server(scope())  # noqa: E731
    assert servers_of(with_client(serve)) == ["dhcp1"]
    assert servers_of(with_client(guarded)) == []
    assert servers_of(with_client(serve, vlan=10)) == []
    assert servers_of(with_client(lambda h, vm: vm.dhcp_server(scope(active=False)))) == []
    reserved = [dhcp_reservation("10.0.1.9", "00155D000001")]
    found = prospects(
        model(with_client(lambda h, vm: vm.dhcp_server(scope(reservations=reserved)), mac="00155D000001"))
    )
    (mine,) = found["client/Network Adapter"]
    assert ip_address("10.0.1.9") in mine
    assert ip_address("10.0.1.100") not in mine
