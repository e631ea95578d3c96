"""Services of IPv6: what radvd and Kea are told, what leases become in words, and in a model."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from ipaddress import IPv6Address, IPv6Interface, ip_address, ip_interface
from pathlib import Path
from typing import Any

import pytest

from lab import Lab, dhcp_scope, dhcp_scope6
from lab.engine.dhcp6_config import server_duid
from lab.engine.dhcp6_report import lease6_rows, scope6_row
from lab.engine.leased import ClientLease, ClientLease6, leased
from lab.engine.resources import Program, Service
from lab.engine.services import services
from lab.model.autoconfiguration import prospects6
from lab.model.kinds import BootDevice
from lab.model.load import load
from lab.model.objects import LabModel
from lab.model.serving import scopes6

TOPOLOGIES = Path(__file__).parents[3] / "topologies"


def of(**parameters: str) -> LabModel:
    return load(TOPOLOGIES / "dhcpv6.py", parameters=parameters)


def only(model: LabModel, program: Program) -> Service:
    (found,) = (each for each in services(model) if each.program is program)
    return found


def kea(model: LabModel) -> Any:
    return json.loads(dict(only(model, Program.DHCP6_SERVER).files)["dhcp6.json"])["Dhcp6"]


def test_each_machine_runs_what_it_needs_for_its_version_only() -> None:
    found = {(each.node, each.program) for each in services(of())}
    assert found == {
        ("router1", Program.ROUTER_ADVERTISEMENTS),
        ("dhcp1", Program.DHCP6_SERVER),
        *((name, Program.IPV6_CLIENT) for name in ("client1", "client2", "printer")),
    }


def test_a_server_of_both_versions_is_two_programs() -> None:
    lab = Lab("both")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    four = dhcp_scope("10.0.1.0/24", "10.0.1.100", "10.0.1.199")
    hv1.vm("dhcp1", "Private", "10.0.1.2/24", "fd00:1::2/64").dhcp_server(four, dhcp_scope6("fd00:1::/64"))
    assert [each.program for each in services(lab.model())] == [Program.DHCP_SERVER, Program.DHCP6_SERVER]


def test_a_vm_without_an_operating_system_runs_nothing() -> None:
    model = of()
    bare = tuple(
        replace(host, vms=tuple(replace(vm, boot_device=BootDevice.NETWORK_ADAPTER) for vm in host.vms))
        for host in model.hosts
    )
    assert not any(vm.has_system for _, vm in replace(model, hosts=bare).vms())
    assert list(services6_of(replace(model, hosts=bare))) == []
    assert prospects6(replace(model, hosts=bare)) == {}


def services6_of(model: LabModel) -> list[Service]:
    """Return the services of IPv6."""
    kinds = (Program.ROUTER_ADVERTISEMENTS, Program.DHCP6_SERVER, Program.IPV6_CLIENT)
    return [each for each in services(model) if each.program in kinds]


def test_radvd_is_told_flags_and_the_prefixes_of_the_adapters_that_advertise() -> None:
    text = dict(only(of(), Program.ROUTER_ADVERTISEMENTS).files)["radvd.conf"]
    assert text.count("interface ") == 1
    assert "interface eth0 {" in text
    assert "prefix fd00:1::/64 {" in text
    assert "AdvManagedFlag on;" in text
    assert "AdvManagedFlag off;" in dict(only(of(managed="no"), Program.ROUTER_ADVERTISEMENTS).files)["radvd.conf"]
    assert text.count("{") == text.count("}")


def test_kea_is_told_pools_lifetimes_reservations_and_options() -> None:
    told = kea(of())
    (subnet,) = told["subnet6"]
    assert (subnet["subnet"], subnet["interface"]) == ("fd00:1::/64", "eth0")
    assert (subnet["preferred-lifetime"], subnet["valid-lifetime"]) == (691200, 1036800)
    (pool,) = (each["pool"].split(" - ") for each in subnet["pools"])
    assert ip_address(pool[0]) > ip_address("fd00:1::ff"), "others have the first addresses"
    assert pool[1] == "fd00:1::ffff:ffff:ffff:ffff"
    (reserved,) = subnet["reservations"]
    assert (reserved["duid"], reserved["ip-addresses"]) == ("00:03:00:01:00:15:5d:00:01:10", ["fd00:1::50"])
    assert {each["code"] for each in subnet["option-data"]} == {23, 24}
    assert f"00030001{told['server-id']['identifier']}" == server_duid("dhcp1")
    assert told["server-id"]["persist"] is False


def test_what_is_left_of_a_scope_is_leased_where_its_end_is_excluded() -> None:
    lab = Lab("low")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    low = dhcp_scope6("fd00:1::/64", exclusions=[("fd00:1::1:0", "fd00:1::ffff:ffff:ffff:ffff")])
    hv1.vm("dhcp1", "Private", "fd00:1::2/64").dhcp_server(low)
    (subnet,) = kea(lab.model())["subnet6"]
    assert [each["pool"] for each in subnet["pools"]] == ["fd00:1::1 - fd00:1::ffff"]


@dataclass(frozen=True)
class Found:
    ip: str
    duid: str
    iaid: int
    host_name: str
    state: int
    expires: int


def test_leases_in_the_words_of_windows() -> None:
    scopes = scopes6(of(), "dhcp1")
    used = Found("fd00:1::abc", "00:03:00:01:00:15:5d:00:00:01", 7, "client1", 0, 2000)
    gone = replace(used, ip="fd00:1::abd", expires=500)
    declined = replace(used, ip="fd00:1::abe", state=1)
    rows = list(lease6_rows("dhcp1", scopes, [used, gone, declined], 1000.0))
    assert [(row.ip, row.state) for row in rows] == [
        ("fd00:1::50", "InactiveReservation"),
        ("fd00:1::abc", "Active"),
        ("fd00:1::abd", "Expired"),
        ("fd00:1::abe", "Declined"),
    ]
    assert rows[1].client_duid == "00-03-00-01-00-15-5d-00-00-01"
    counted = scope6_row("dhcp1", scopes[0], rows)
    assert (counted.in_use, counted.reserved, counted.free) == (3, 1, 2**64 - 1 - 255 - 2)


LEASE = ClientLease6(
    "client1",
    "eth0",
    (IPv6Interface("fd00:1::abc/64"), IPv6Interface("fd00:1::215:5dff:fe00:1/64")),
    (IPv6Address("fd00:1::1"), IPv6Address("fd00:1::9")),
    ("router1",),
    managed=True,
    leased=IPv6Address("fd00:1::abc"),
    server="dhcp1",
    heard=1.0,
)


def test_a_leased_model_has_the_addresses_in_place_of_auto() -> None:
    found = next(vm for _, vm in leased(of(), [LEASE]).vms() if vm.name == "client1").adapters[0].ip
    assert found
    assert [str(each) for each in found.addresses] == ["fd00:1::abc/64", "fd00:1::215:5dff:fe00:1/64"]
    assert found.gateways == (ip_address("fd00:1::1"),), "the kernel's first"
    assert not found.auto


def test_both_versions_of_one_adapter() -> None:
    lab = Lab("both")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    hv1.vm("client1", "Private", "dhcp", "auto")
    four = ClientLease("client1", "eth0", "leased", ip_interface("10.0.1.9/24"), ip_address("10.0.1.1"))  # type: ignore[arg-type]
    for order in ((four, LEASE), (LEASE, four)):
        (_, vm) = next(leased(lab.model(), order).vms())
        ip = vm.adapters[0].ip
        assert ip
        assert {each.version for each in ip.addresses} == {4, 6}
        assert {each.version for each in ip.gateways} == {4, 6}
        assert not ip.dhcp
        assert not ip.auto
    (_, vm) = next(leased(lab.model(), [four]).vms())
    assert vm.adapters[0].ip
    assert vm.adapters[0].ip.auto


@pytest.mark.parametrize(
    ("lease", "words"),
    [
        (LEASE, "IPv6 leased from dhcp1, IPv6 of prefixes of router1"),
        (replace(LEASE, leased=None, addresses=LEASE.addresses[1:], managed=False), "IPv6 of prefixes of router1"),
        (replace(LEASE, leased=None, addresses=()), "no lease of a DHCPv6 server yet"),
        (replace(LEASE, addresses=LEASE.addresses[:1]), "IPv6 leased from dhcp1"),
        (ClientLease6("client1", "eth0"), "no router advertises IPv6"),
        (ClientLease6("client1", "eth0", heard=1.0), "IPv6 has no prefix to make addresses of"),
    ],
)
def test_words_of_what_a_client_has(lease: ClientLease6, words: str) -> None:
    assert lease.told == words
