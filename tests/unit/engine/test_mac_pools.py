"""Dynamic MAC addresses: where they come from, who keeps which, and what happens when there are none left."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lab import Lab
from lab.engine.allocation import Allocation, allocate, refuse_doubles
from lab.engine.session import Session
from lab.errors import InputError, TopologyError
from lab.model.host_builder import HostBuilder
from lab.model.objects import HypervHost, LabModel

RANGE = {"mac_address_minimum": "00155D020600", "mac_address_maximum": "00155D020601"}


def one_host(add: Callable[[HostBuilder], object], address: str = "192.168.1.20", **settings: str) -> LabModel:
    lab = Lab("pools")
    office = lab.physical_network("office", "192.168.0.0/16")
    host = lab.host("hv1", **settings)  # type: ignore[arg-type]
    host.nic("Ethernet", office, address)
    host.external_switch("External", "Ethernet")
    add(host)
    return lab.model()


def two_hosts(one: str, other: str, **vlan: int) -> LabModel:
    """Return two hosts, with a VM each, whose NICs are in one network."""
    lab = Lab("pools")
    office = lab.physical_network("office", "192.168.0.0/16", "10.0.0.0/8")
    for number, address in enumerate((one, other), start=1):
        host = lab.host(f"hv{number}")
        host.nic("Ethernet", office, address)
        host.external_switch("External", "Ethernet")
        host.vm(f"web{number}", "External", vlan=vlan.get(f"web{number}"))
    return lab.model()


def host_with(model: LabModel, **changes: object) -> LabModel:
    host: HypervHost = replace(model.hosts[0], **changes)  # type: ignore[arg-type]
    return replace(model, hosts=(host, *model.hosts[1:]))


def of_vms(allocation: Allocation) -> dict[str, str]:
    return {name.partition("/")[0]: mac for name, mac in allocation.macs.items() if name.endswith("/Network Adapter")}


def web(count: int = 1, running: bool = True) -> Callable[[HostBuilder], None]:
    def add(host: HostBuilder) -> None:
        for number in range(1, count + 1):
            host.vm(f"web{number}", "External", running=running)

    return add


def test_the_pool_is_made_of_the_first_address_when_the_host_is_made() -> None:
    first = allocate(one_host(web(1)), Allocation())
    assert of_vms(first) == {"web1": "00:15:5d:01:14:00"}
    later = allocate(one_host(web(2), address="192.168.7.77"), first)
    assert of_vms(later) == {"web1": "00:15:5d:01:14:00", "web2": "00:15:5d:01:14:01"}


def test_a_changed_range_is_for_new_adapters() -> None:
    first = allocate(one_host(web(1)), Allocation())
    changed = allocate(one_host(web(2), **RANGE), first)
    assert of_vms(changed) == {"web1": "00:15:5d:01:14:00", "web2": "00:15:5d:02:06:00"}
    back = allocate(one_host(web(3)), changed)
    assert of_vms(back) == of_vms(changed) | {"web3": "00:15:5d:01:14:01"}


def test_a_range_may_be_anywhere() -> None:
    low, high = "0A0000000000", "0AFFFFFFFFFF"
    model = one_host(web(2), mac_address_minimum=low, mac_address_maximum=high)
    first = allocate(model, Allocation())
    assert of_vms(first) == {"web1": "0a:00:00:00:00:00", "web2": "0a:00:00:00:00:01"}
    assert allocate(model, first) == first


def test_static_addresses_of_the_pool_are_not_handed_out() -> None:
    def add(host: HostBuilder) -> None:
        host.vm("web1", "External").adapter("External", mac="00155D011400")

    assert of_vms(allocate(one_host(add), Allocation())) == {"web1": "00:15:5d:01:14:01"}


def test_a_vm_gets_its_address_when_it_is_started_for_the_first_time_and_keeps_it() -> None:
    off, on = one_host(web(1, running=False)), one_host(web(1))
    never = allocate(off, Allocation())
    assert of_vms(never) == {}
    started = allocate(on, never)
    assert of_vms(started) == {"web1": "00:15:5d:01:14:00"}
    assert of_vms(allocate(off, started)) == of_vms(started)


def test_vms_that_were_never_started_use_no_address_up() -> None:
    allocate(one_host(web(5, running=False), **RANGE), Allocation())
    with pytest.raises(InputError) as refusal:
        allocate(one_host(web(3), **RANGE), Allocation())
    assert str(refusal.value.records[0]) == (
        'VM "web3" cannot start: Synthetic Ethernet Port "Network Adapter" cannot power on, its address is invalid: the 2 '
        'dynamic MAC addresses of host "hv1", 00155D020600 to 00155D020601, are all in use; give some adapters a static '
        "MAC address (mac=...), or the host a larger range (mac_address_minimum=..., mac_address_maximum=...)"
    )


def test_an_address_is_free_again_when_its_vm_is_deleted_but_not_when_it_is_off() -> None:
    first = allocate(one_host(web(2), **RANGE), Allocation())
    third = one_host(lambda host: host.vm("web3", "External"), **RANGE)
    assert of_vms(allocate(third, first)) == {"web3": "00:15:5d:02:06:00"}

    def off_and_third(host: HostBuilder) -> None:
        web(2, running=False)(host)
        host.vm("web3", "External")

    with pytest.raises(InputError, match="are all in use"):
        allocate(one_host(off_and_third, **RANGE), first)


def test_hosts_with_equal_pools_give_equal_addresses_which_is_refused_where_they_meet(session: Session) -> None:
    model = two_hosts("192.168.1.20", "10.0.1.20")
    macs = of_vms(allocate(model, Allocation()))
    assert macs["web1"] == macs["web2"]
    with pytest.raises(TopologyError) as refusal:
        session.up(model, "x", {})
    assert str(refusal.value) == (
        '"web2/Network Adapter" has the MAC address 00155D011400, which "web1/Network Adapter" has already on physical '
        'network "office"; give one of them another one, or the hosts pools that differ (mac_address_minimum=, '
        "mac_address_maximum=)"
    )


@pytest.mark.parametrize(
    "model",
    [
        two_hosts("192.168.1.20", "10.0.1.21"),
        two_hosts("192.168.1.20", "10.0.1.20", web1=10, web2=20),
        host_with(two_hosts("192.168.1.20", "10.0.1.20"), **RANGE),
    ],
    ids=["other pools", "other VLANs", "another range"],
)
def test_where_they_do_not_meet_nothing_is_refused(model: LabModel) -> None:
    refuse_doubles(model, allocate(model, Allocation()))


def test_what_a_vm_brings_from_another_host_is_not_given_to_others_there() -> None:
    before = two_hosts("192.168.1.20", "192.168.1.21")
    first = allocate(before, Allocation())
    here, there = before.hosts
    moved = replace(before, hosts=(replace(here, vms=(*here.vms, *there.vms)),))
    second = allocate(moved, first)
    assert of_vms(second) == of_vms(first)
    anew = replace(there, vms=(replace(there.vms[0], name="web3"),))
    third = allocate(replace(moved, hosts=(*moved.hosts, anew)), second)
    assert of_vms(third) == of_vms(first) | {"web3": "00:15:5d:01:15:01"}
