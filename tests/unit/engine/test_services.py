"""Services of machines: what is asked of them, what Kea is told, what leases become in words, and what follows when."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from ipaddress import ip_address, ip_interface
from pathlib import Path
from typing import Any

import pytest

from lab.engine.dhcp_report import lease_rows, scope_row
from lab.engine.leased import ClientLease, leased
from lab.engine.resources import Program, Service
from lab.engine.services import carried_over, replicated, services
from lab.errors import UnknownName
from lab.model.kinds import VMState
from lab.model.load import load
from lab.model.objects import LabModel

TOPOLOGIES = Path(__file__).parents[3] / "topologies"


def of(name: str, **parameters: str) -> LabModel:
    return load(TOPOLOGIES / f"{name}.py", parameters=parameters)


def told(model: LabModel, server: str) -> Any:
    """Return what Kea is told for a server."""
    (service,) = (each for each in services(model) if each.node == server and each.program is Program.DHCP_SERVER)
    return json.loads(dict(service.files)["dhcp4.json"])["Dhcp4"]


def test_a_lab_without_services_has_none() -> None:
    assert list(services(of("three_switches"))) == []


def test_each_client_is_told_its_adapter_and_its_place() -> None:
    found = [each for each in services(of("dhcp")) if each.program is Program.DHCP_CLIENT]
    assert [(each.node, each.device) for each in found] == [
        ("client1", "eth0"),
        ("client2", "eth0"),
        ("printer", "eth0"),
    ]
    assert {each.place for each in found} == {'switch "Internal" of "hv1"'}
    assert {each.options["table"] for each in found} == {"0"}
    assert len({each.key for each in found}) == len({each.name for each in found}) == 3


def test_a_vm_that_is_off_has_no_services() -> None:
    model = of("dhcp")
    host = model.hosts[0]
    off = replace(host, vms=tuple(replace(vm, state=VMState.OFF) for vm in host.vms))
    assert list(services(replace(model, hosts=(off,)))) == []


def test_kea_is_told_pools_reservations_and_options() -> None:
    (subnet,) = told(of("dhcp"), "dhcp1")["subnet4"]
    assert [each["pool"] for each in subnet["pools"]] == ["10.0.1.120 - 10.0.1.199"]
    (reservation,) = subnet["reservations"]
    assert (reservation["hw-address"], reservation["ip-address"]) == ("00:15:5d:00:01:10", "10.0.1.110")
    (scope,) = told(of("dhcp"), "dhcp1")["client-classes"]
    assert scope["name"] in subnet["require-client-classes"]
    assert {each["code"]: each["data"] for each in scope["option-data"]} == {
        3: "0A000101", 6: "0A000102", 15: b"class.example".hex().upper(),
    }  # fmt: skip


@pytest.mark.parametrize("mode", ["LoadBalance", "HotStandby"])
def test_two_servers_of_a_relationship_divide_the_pool_only_where_they_share_the_load(mode: str) -> None:
    model = of("dhcp_failover", mode=mode)
    one, other = (told(model, name)["subnet4"] for name in ("dhcp1", "dhcp2"))
    assert one == other
    sizes = [
        int(ip_address(last.strip())) - int(ip_address(first.strip())) + 1
        for first, _, last in (pool["pool"].partition("-") for pool in one[0]["pools"])
    ]
    assert sizes == ([50, 50] if mode == "LoadBalance" else [100])


def failover_of(model: LabModel) -> Any:
    server = model.hosts[0].vms[0].dhcp_server
    assert server
    return server.failover


def shorter(model: LabModel) -> LabModel:
    """Return the model with another lease duration in its first server's scopes, as an edited file gives it."""
    host = model.hosts[0]
    vm = host.vms[0]
    server = vm.dhcp_server
    assert server
    assert server.failover
    scopes = tuple(replace(each, lease_duration_s=600) for each in server.scopes)
    new = replace(vm, dhcp_server=replace(server, scopes=scopes, failover=replace(server.failover, replicated=scopes)))
    return replace(model, hosts=(replace(host, vms=(new, *host.vms[1:])),))


def test_a_partner_gets_a_change_only_by_replication() -> None:
    old = of("dhcp_failover")
    new = carried_over(old, shorter(old))
    assert {each["valid-lifetime"] for each in told(new, "dhcp1")["subnet4"]} == {600}
    assert {each["valid-lifetime"] for each in told(new, "dhcp2")["subnet4"]} == {345600}
    for name in ("dhcp1", "dhcp2"):
        assert {each["valid-lifetime"] for each in told(replicated(new, name), "dhcp2")["subnet4"]} == {600}


def test_a_new_relationship_starts_with_what_there_is() -> None:
    old = of("dhcp_failover")
    host = old.hosts[0]
    vm = host.vms[0]
    assert vm.dhcp_server
    without = replace(
        old, hosts=(replace(host, vms=(replace(vm, dhcp_server=replace(vm.dhcp_server, failover=None)),)),)
    )
    new = shorter(old)
    assert carried_over(without, new) == new
    assert failover_of(carried_over(old, new)).replicated == failover_of(old).replicated


def test_replication_needs_a_relationship() -> None:
    with pytest.raises(UnknownName):
        replicated(of("dhcp"), "dhcp1")
    with pytest.raises(UnknownName):
        replicated(of("dhcp_failover"), "nobody")


@dataclass(frozen=True)
class Found:
    ip: str
    mac: str
    host_name: str
    state: int
    expires: int


def test_leases_in_the_words_of_windows() -> None:
    server = of("dhcp").hosts[0].vms[0].dhcp_server
    assert server
    (scope,) = server.scopes
    found = [
        Found("10.0.1.120", "00:15:5d:00:00:01", "client1", 0, 2000),
        Found("10.0.1.121", "00:15:5d:00:00:02", "client2", 0, 900),
        Found("10.0.1.122", "", "", 1, 2000),
        Found("10.0.1.123", "00:15:5d:00:00:04", "", 2, 2000),
    ]
    rows = list(lease_rows("dhcp1", [scope], found, 1000.0))
    assert [(row.ip, row.state) for row in rows] == [
        ("10.0.1.110", "InactiveReservation"), ("10.0.1.120", "Active"), ("10.0.1.121", "Expired"),
        ("10.0.1.122", "Declined"), ("10.0.1.123", "Expired"),
    ]  # fmt: skip
    assert rows[1].client_id == "00-15-5d-00-00-01"
    counted = scope_row("dhcp1", scope, rows)
    assert (counted.free, counted.in_use, counted.reserved) == (78, 3, 1)
    used = Found("10.0.1.110", "00:15:5d:00:01:10", "printer", 0, 2000)
    assert next(lease_rows("dhcp1", [scope], [used], 1000.0)).state == "ActiveReservation"


def test_a_leased_model_has_the_addresses_in_place_of_dhcp() -> None:
    model = of("dhcp")
    assert leased(model, []) == model
    lease = ClientLease("client1", "eth0", "leased", ip_interface("10.0.1.120/24"), ip_address("10.0.1.1"))  # type: ignore[arg-type]
    found = leased(model, [lease])
    adapter = next(vm for _, vm in found.vms() if vm.name == "client1").adapters[0]
    assert adapter.ip
    assert [str(each) for each in adapter.ip.addresses] == ["10.0.1.120/24"]
    assert not adapter.ip.dhcp
    assert [vm for _, vm in found.vms() if vm.name != "client1"] == [
        vm for _, vm in model.vms() if vm.name != "client1"
    ]


def test_a_service_tells_itself_from_others() -> None:
    one = Service("vm1", Program.DHCP_CLIENT, "DHCP client", "eth0")
    assert one.name == "dhcp-client-eth0@vm1"
    assert one.key != replace(one, device="eth1").key
