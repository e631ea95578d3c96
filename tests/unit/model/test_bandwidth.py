"""Who is promised how much of a NIC, in every mode, and what of it a switch keeps as long as it exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from lab import Lab
from lab.errors import TopologyError
from lab.model.bandwidth import promises, rounded
from lab.model.host_builder import HostBuilder
from lab.model.kinds import BandwidthReservationMode, VMState
from lab.model.objects import HypervHost, LabModel
from lab.model.rules.transitions import transitions

GIGABIT = 10**9


def built(add: Callable[[HostBuilder], object], **settings: object) -> LabModel:
    """Return a lab of one host, whose external switch has some settings, with something added."""
    lab = Lab("bandwidth")
    office = lab.physical_network("office", "192.168.1.0/24")
    host = lab.host("hv1")
    host.nic("Ethernet", office, speed=GIGABIT)
    host.external_switch("External", nic="Ethernet", **settings)  # type: ignore[arg-type]
    add(host)
    return lab.model()


def host_of(add: Callable[[HostBuilder], object], **settings: object) -> HypervHost:
    return built(add, **settings).hosts[0]


def of_one_gigabit(host: HypervHost) -> tuple[int, dict[str, int]]:
    return promises(host, host.switches[0], GIGABIT)


def weighted(host: HostBuilder) -> None:
    host.management_adapter("Backup", "External", "192.168.1.2", minimum_bandwidth_weight=49)
    host.vm("web1", "External", minimum_bandwidth_weight=30)
    host.vm("web2", "External")
    host.vm("off", "External", minimum_bandwidth_weight=100, running=False)
    host.vm("unplugged", None, minimum_bandwidth_weight=100)


def test_weights_are_parts_of_all_weights_with_that_of_the_default_flow() -> None:
    rest, shares = of_one_gigabit(host_of(weighted, default_flow_minimum_bandwidth_weight=21))
    assert shares == {"hv1/vEthernet (Backup)": 490_000_000, "web1/Network Adapter": 300_000_000}
    assert rest == 210_000_000


def test_the_default_flow_has_weight_1_unless_it_is_given() -> None:
    rest, shares = of_one_gigabit(host_of(weighted))
    assert shares["web1/Network Adapter"] == GIGABIT * 30 // 80
    assert rest == GIGABIT - sum(shares.values())


def test_a_vm_that_starts_takes_its_part() -> None:
    host = host_of(weighted, default_flow_minimum_bandwidth_weight=21)
    started = tuple(replace(vm, state=VMState.RUNNING) for vm in host.vms)
    _, shares = of_one_gigabit(replace(host, vms=started))
    assert shares["off/Network Adapter"] == GIGABIT * 100 // 200
    assert shares["web1/Network Adapter"] == GIGABIT * 30 // 200


@pytest.mark.parametrize(("given", "rest"), [(0, GIGABIT // 10), (50_000_001, 50_000_008)])
def test_bits_per_second_are_what_was_given_rounded_up(given: int, rest: int) -> None:
    def add(host: HostBuilder) -> None:
        host.vm("web1", "External", minimum_bandwidth_absolute=300_000_001)
        host.vm("web2", "External")

    host = host_of(add, minimum_bandwidth_mode="Absolute", default_flow_minimum_bandwidth_absolute=given)
    assert of_one_gigabit(host) == (rest, {"web1/Network Adapter": 300_000_008})


def test_in_mode_none_nobody_is_promised_anything() -> None:
    host = host_of(lambda host: host.vm("web1", "External"), minimum_bandwidth_mode="None")
    assert of_one_gigabit(host) == (GIGABIT, {})


@pytest.mark.parametrize(("given", "found"), [(0, 0), (1, 8), (8, 8), (9, 16)])
def test_bandwidths_are_multiples_of_8(given: int, found: int) -> None:
    assert rounded(given) == found


@pytest.mark.parametrize(("minimum", "fits"), [(900_000_000, True), (900_000_001, False)])
def test_all_that_is_left_of_a_nic_can_be_promised_and_no_more(minimum: int, fits: bool) -> None:
    def add(host: HostBuilder) -> None:
        host.vm("web1", "External", minimum_bandwidth_absolute=minimum)

    if fits:
        built(add, minimum_bandwidth_mode="Absolute")
        return
    with pytest.raises(TopologyError, match=r"900000000 are left of NIC .* \(reason 50\)"):
        built(add, minimum_bandwidth_mode="Absolute")


def test_a_vm_that_is_off_takes_nothing_until_it_starts() -> None:
    def add(host: HostBuilder, *, running: bool) -> None:
        host.vm("web1", "External", minimum_bandwidth_absolute=500_000_000)
        host.vm("web2", "External", minimum_bandwidth_absolute=500_000_000, running=running)

    built(lambda host: add(host, running=False), minimum_bandwidth_mode="Absolute")
    with pytest.raises(TopologyError, match=r'"web2/Network Adapter" .* 400000000 are left'):
        built(lambda host: add(host, running=True), minimum_bandwidth_mode="Absolute")


MODES = [None, *BandwidthReservationMode]


def in_mode(mode: BandwidthReservationMode | None) -> LabModel:
    return built(lambda _: None, **({} if mode is None else {"minimum_bandwidth_mode": mode}))


@pytest.mark.parametrize("old", MODES)
@pytest.mark.parametrize("new", MODES)
def test_a_switch_keeps_its_mode(old: BandwidthReservationMode | None, new: BandwidthReservationMode | None) -> None:
    same = {None: "Weight", BandwidthReservationMode.DEFAULT: "Weight"}
    found = [str(each) for each in transitions(in_mode(old), in_mode(new))]
    one, other = (same.get(each, each) for each in (old, new))
    if one == other:
        assert found == []
        return
    assert len(found) == 1
    assert f"has the BandwidthReservationMode {one}, which is fixed at its creation" in found[0]
    assert f"cannot become {other}" in found[0]


def test_another_switch_of_another_name_or_host_may_have_another_mode() -> None:
    old = in_mode(None)
    absolute = in_mode(BandwidthReservationMode.ABSOLUTE)
    renamed = replace(absolute.hosts[0], switches=(replace(absolute.hosts[0].switches[0], name="Other"),))
    assert not [*transitions(old, replace(absolute, hosts=(renamed,)))]
    assert not [*transitions(old, replace(absolute, hosts=(replace(absolute.hosts[0], name="hv2"),)))]
    assert not [*transitions(LabModel("new"), absolute)]
    assert not [*transitions(old, LabModel("new"))]
