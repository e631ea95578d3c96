"""IPv6 of clients in the model: what may be written, what is a mistake, what a scope is, and who can get what."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import Lab, deny, dhcp_reservation6, dhcp_scope6
from lab.codec import dumps, loads
from lab.errors import TopologyError
from lab.model.advertising import RouterAdvertisements, autoconfigured, link_local
from lab.model.autoconfiguration import Prospect6, prospects6
from lab.model.dhcp6 import DhcpOption6, DhcpRange6, DhcpScope6, encoded
from lab.model.host_builder import HostBuilder
from lab.model.objects import LabModel
from lab.model.vm_builder import VmBuilder

Edit = Callable[[HostBuilder, VmBuilder], object]


def model(edit: Edit) -> LabModel:
    lab = Lab("dhcp6")
    hv1 = lab.host("hv1")
    hv1.internal_switch("Internal", "fd00:1::1/64")
    edit(hv1, hv1.vm("dhcp1", "Internal", "fd00:1::2"))
    return lab.model()


def mistakes(edit: Edit) -> str:
    with pytest.raises(TopologyError) as found:
        model(edit)
    return "\n".join(f"{each.message}; {each.remedy}" for each in found.value.records)


def scope(prefix: str = "fd00:1::/64", **more: object) -> object:
    return dhcp_scope6(prefix, **more)  # type: ignore[arg-type]


def test_what_is_written_is_what_is_saved() -> None:
    written = scope(
        dns_server=["fd00:1::2", "fd00:1::3"],
        domain_search="class.example",
        options={31: "fd00:1::4"},
        exclusions=[("fd00:1::1", "fd00:1::ff"), "fd00:1::1000"],
        reservations=[
            dhcp_reservation6("fd00:1::50", "00-15-5D-00-00-01", name="p"),
            dhcp_reservation6("fd00:1::51", "00-01-00-01-2A-00-00-00-00-15-5D-00-00-02"),
        ],
    )
    found = model(
        lambda hv1, vm: vm.dhcp_server(written).router_advertisements(managed=True, adapters="Network Adapter")
    )  # type: ignore[arg-type]
    assert loads(LabModel, dumps(found)) == found
    vm = found.hosts[0].vms[0]
    assert vm.dhcp_server
    (mine,) = vm.dhcp_server.scopes6
    assert [option.id for option in mine.options] == [23, 24, 31]
    assert (mine.preferred_lifetime_s, mine.valid_lifetime_s) == (691200, 1036800)
    assert [each.duid for each in mine.reservations] == ["0003000100155d000001", "000100012a00000000155d000002"]
    assert vm.router_advertisements == RouterAdvertisements(managed=True, adapters=("Network Adapter",))


MISTAKES: dict[str, tuple[Edit, str]] = {
    "prefix of another length": (lambda h, vm: vm.dhcp_server(scope("fd00:1::/80")), "expected a prefix of 64"),
    "prefix of IPv4": (lambda h, vm: vm.dhcp_server(scope("10.0.0.0/24")), "expected an IPv6 prefix"),
    "prefix that the server is not in": (lambda h, vm: vm.dhcp_server(scope("fd00:2::/64")), "has no address of"),
    "scope twice": (lambda h, vm: vm.dhcp_server(scope(), scope()), "has the scope fd00:1::/64 twice"),
    "lifetimes": (lambda h, vm: vm.dhcp_server(scope(valid_lifetime_s=60)), "preferred lifetime of 691200 s"),
    "lease of no length": (lambda h, vm: vm.dhcp_server(scope(preferred_lifetime_s=0)), "leases for 0 s"),
    "exclusion outside": (lambda h, vm: vm.dhcp_server(scope(exclusions=["fd00:2::1"])), "excludes fd00:2::1"),
    "exclusions that overlap": (
        lambda h, vm: vm.dhcp_server(scope(exclusions=[("fd00:1::1", "fd00:1::9"), "fd00:1::5"])),
        "which overlap",
    ),
    "exclusion of IPv4": (lambda h, vm: vm.dhcp_server(scope(exclusions=["10.0.0.1"])), "expected one of IPv6"),
    "reservation outside": (
        lambda h, vm: vm.dhcp_server(scope(reservations=[dhcp_reservation6("fd00:2::1", "00155D000001")])),
        "expected an address of fd00:1::/64",
    ),
    "reservation twice": (
        lambda h, vm: vm.dhcp_server(scope(reservations=[dhcp_reservation6("fd00:1::9", "00155D000001")] * 2)),
        "2 reservations of fd00:1::9",
    ),
    "reservation for nobody": (
        lambda h, vm: vm.dhcp_server(scope(reservations=[dhcp_reservation6("fd00:1::9", "printer")])),
        "expected a MAC address, or a DUID",
    ),
    "option of the server's own": (lambda h, vm: vm.dhcp_server(scope(options={2: "x"})), "cannot be set"),
    "option without such a name": (lambda h, vm: vm.dhcp_server(scope(router="fd00:1::1")), "no such name"),
    "option twice": (lambda h, vm: vm.dhcp_server(scope(dns_server="fd00::1", options={23: "fd00::2"})), "set twice"),
    "name server by IPv4": (lambda h, vm: vm.dhcp_server(scope(dns_server="10.0.0.1")), "expected one of IPv6"),
    "no domain name": (lambda h, vm: vm.dhcp_server(scope(domain_search="a..b")), "expected what such an option"),
    "address beside auto": (lambda h, vm: h.vm("c", "Internal", "auto", "fd00:1::9"), 'an IPv6 address beside "auto"'),
    "auto of a router": (lambda h, vm: h.vm("c", "Internal", "auto", forwarding=True), "it is a router itself"),
    "auto of the management OS": (lambda h, vm: h.internal_switch("Other", "auto"), "adapters of VMs and physical"),
    "gateway beside auto": (lambda h, vm: h.vm("c", "Internal", "auto", gateway="fd00:1::1"), 'beside "auto"'),
    "router without IPv6": (
        lambda h, vm: h.vm("r", "Internal", "10.0.0.1/24").router_advertisements(),
        "has no IPv6 address",
    ),
    "router by an adapter that is not there": (
        lambda h, vm: vm.router_advertisements(adapters=["Network Adaptor"]),
        "Network Adapter",
    ),
    "flag that is none": (lambda h, vm: vm.router_advertisements(managed="yes"), "expected True or False"),  # type: ignore[arg-type]
    "adapters that are none": (lambda h, vm: vm.router_advertisements(adapters=7), "expected a list of names"),  # type: ignore[arg-type]
}  # fmt: skip


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_told(name: str) -> None:
    edit, words = MISTAKES[name]
    assert words in mistakes(edit)


def test_a_network_without_an_ipv6_router_cannot_advertise_one() -> None:
    lab = Lab("none")
    lab.physical_network("office", "10.0.0.0/24", router="10.0.0.1", router_advertisements=True)
    with pytest.raises(TopologyError, match="no router with an IPv6 address"):
        lab.model()


def test_static_ipv4_and_leased_ipv4_may_stand_beside_auto() -> None:
    found = model(lambda h, vm: h.vm("c", "Internal", "auto", "10.0.0.9/24").adapter("Internal", "dhcp", "AUTO"))
    one, other = (each.ip for each in found.hosts[0].vms[1].adapters)
    assert one
    assert other
    assert (one.auto, one.dhcp, len(one.addresses)) == (True, False, 1)
    assert (other.auto, other.dhcp, len(other.addresses)) == (True, True, 0)


def test_addresses_of_a_machine_s_own_making() -> None:
    # RFC 2464, 4: 34-56-78-9A-BC-DE has the interface identifier 36-56-78-FF-FE-9A-BC-DE.
    made = autoconfigured(IPv6Network("2001:db8::/64"), "34:56:78:9a:bc:de")
    assert made == IPv6Address("2001:db8::3656:78ff:fe9a:bcde")
    assert link_local("02:00:00:00:00:01") == IPv6Address("fe80::ff:fe00:1")


def test_options_as_they_travel() -> None:
    assert encoded(DhcpOption6(23, ("fd00::1", "fd00::2"))).hex() == f"fd{'0' * 29}1fd{'0' * 29}2"
    assert encoded(DhcpOption6(24, ("class.example", "x."))) == b"\5class\7example\0\1x\0"
    assert encoded(DhcpOption6(32, ("600",))) == b"\0\0\2\x58"
    assert encoded(DhcpOption6(59, ("http://x",))) == b"http://x"


PREFIX = ip_network("fd00:1::/120")
ADDRESSES = st.integers(0, 255).map(lambda at: PREFIX[at])


@given(st.lists(st.tuples(ADDRESSES, ADDRESSES), max_size=5))
def test_ranges_are_the_prefix_without_exclusions(pairs: list[tuple[IPv6Address, IPv6Address]]) -> None:
    exclusions = tuple(DhcpRange6(min(pair), max(pair)) for pair in pairs)
    ranges = list(DhcpScope6(PREFIX, exclusions=exclusions).ranges())  # type: ignore[arg-type]
    for at in range(256):
        address = PREFIX[at]
        wanted = at > 0 and not any(address in each for each in exclusions)  # type: ignore[operator]
        assert sum(address in each for each in ranges) == wanted  # type: ignore[operator]
    assert sum(each.size for each in ranges) == sum(
        not any(PREFIX[at] in each for each in exclusions)  # type: ignore[operator]
        for at in range(1, 256)
    )


def lab_of(edit: Callable[[HostBuilder], object]) -> Prospect6:
    """Return what "c" can get on a switch whose management OS advertises itself and where dhcp1 leases addresses."""

    def edits(hv1: HostBuilder, vm: VmBuilder) -> None:
        hv1.router_advertisements(managed=True)
        vm.dhcp_server(scope())  # type: ignore[arg-type]
        edit(hv1)

    return prospects6(model(edits))["c/Network Adapter"]


def test_a_client_hears_the_router_and_is_leased_an_address() -> None:
    found = lab_of(lambda hv1: hv1.vm("c", "Internal", "auto"))
    assert found.routers == found.gateways == ("hv1/vEthernet (Internal)",)
    assert found.prefixes == (ip_network("fd00:1::/64"),)
    assert [each.name for each in found.servers] == ["dhcp1"]


def test_what_keeps_a_client_from_routers_and_servers() -> None:
    assert lab_of(lambda hv1: hv1.vm("c", "Internal", "auto", vlan=7)) == Prospect6()
    denied = lab_of(lambda hv1: hv1.vm("c", "Internal", "auto", acls=[deny(remote="fe80::/10", direction="Inbound")]))
    assert denied == Prospect6(), "a list may stop what comes from a router's own address for its link"


def test_a_reservation_is_for_a_client_of_its_mac_address() -> None:
    found = prospects6(
        model(
            lambda hv1, vm: (
                hv1.router_advertisements(managed=True),
                vm.dhcp_server(scope(reservations=[dhcp_reservation6("fd00:1::50", "00155D0000AA")])),  # type: ignore[arg-type]
                hv1.vm("c", "Internal", "auto", mac="00155D0000AA"),
            )
        )
    )
    (server,) = found["c/Network Adapter"].servers
    assert ip_address("fd00:1::50") in server  # type: ignore[operator]
    assert ip_address("fd00:1::51") not in server  # type: ignore[operator]


@pytest.mark.parametrize(("guarded", "heard"), [(True, 1), (False, 2)])
def test_guards_keep_rogues_from_being_heard(guarded: bool, heard: int) -> None:
    def rogues(hv1: HostBuilder) -> None:
        hv1.vm("r1", "Internal", "fd00:bad::1/64", router_guard=guarded).router_advertisements()
        hv1.vm("r2", "Internal", "fd00:1::66", dhcp_guard=guarded).dhcp_server(scope())  # type: ignore[arg-type]
        hv1.vm("c", "Internal", "auto")

    found = lab_of(rogues)
    assert (len(found.routers), len(found.prefixes), len(found.servers)) == (heard, heard, heard)


def test_flags_prefixes_and_routes_that_are_not_for_clients() -> None:
    def edit(hv1: HostBuilder, vm: VmBuilder) -> None:
        vm.router_advertisements(autonomous=False, default_route=False, other=True)
        hv1.vm("long", "Internal", "fd00:2::1/80").router_advertisements()
        hv1.vm("c", "Internal", "auto")

    found = prospects6(model(edit))["c/Network Adapter"]
    assert (found.prefixes, found.managed, found.other, found.servers) == ((), False, True, ())
    assert found.gateways == ("long/Network Adapter",)
