"""The speed of a NIC and the minimum bandwidths of those who share it, by TCP: all at once, some, and one alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from lab.emulation.net.labnet import attach
from tests.system.conftest import LabOf
from tests.system.labs import RunningLab, edited, pinging
from tests.system.streams import Pair, goodputs

pytestmark = [pytest.mark.system, pytest.mark.switching, pytest.mark.alone]

TOPOLOGY = """
from lab import Lab

lab = Lab("bandwidth", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", "192.168.10.0/24")
office.computer("pc1", "192.168.1.10")
office.computer("pc2", "192.168.10.10/24", vlan=10)

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.19", speed=100_000_000)
hv1.external_switch("Weighted", nic="Ethernet", default_flow_minimum_bandwidth_weight=20)
hv1.vm("half", "Weighted", "192.168.1.11", minimum_bandwidth_weight=50)
hv1.vm("third", "Weighted", "192.168.10.12/24", minimum_bandwidth_weight=30, vlan=10)
hv1.vm("rest1", "Weighted", "192.168.1.13")
hv1.vm("rest2", "Weighted", "192.168.1.14")

hv2 = lab.host("hv2")
hv2.nic("Ethernet", office, "192.168.1.20", speed=100_000_000)
hv2.external_switch("Absolute", nic="Ethernet", minimum_bandwidth_mode="Absolute", allow_management_os=False)
hv2.management_adapter("Backup", "Absolute", "192.168.1.21", minimum_bandwidth_absolute=60_000_000)
hv2.vm("most", "Absolute", "192.168.1.22", minimum_bandwidth_absolute=30_000_000)
hv2.vm("other", "Absolute", "192.168.1.23")

hv3 = lab.host("hv3")
hv3.nic("NIC 1", office, speed=100_000_000)
hv3.nic("NIC 2", office, speed=100_000_000)
hv3.external_switch("Team", nic=["NIC 1", "NIC 2"], default_flow_minimum_bandwidth_weight=10)
hv3.vm("more", "Team", "192.168.1.31", team_mapping="NIC 1", minimum_bandwidth_weight=60)
hv3.vm("less", "Team", "192.168.1.32", team_mapping="NIC 1", minimum_bandwidth_weight=30)
hv3.vm("apart", "Team", "192.168.1.33", team_mapping="NIC 2")
"""
LINK = 100e6
HALF, THIRD, REST1, REST2 = ("half", "pc1"), ("third", "pc2"), ("rest1", "pc1"), ("rest2", "pc1")
BACKUP, MOST, OTHER = ("hv2/vEthernet (Backup)", "pc1"), ("most", "pc1"), ("other", "pc1")
MORE, LESS, APART = ("more", "pc1"), ("less", "pc1"), ("apart", "pc1")


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(autouse=True)
def _busy(announce: Callable[[str], None]) -> None:
    """Between machines that are not limited TCP sends until something is lost, and Open vSwitch complains."""
    announce(r"error sending Ethernet packet on \S+: (Resource temporarily unavailable|No buffer space available)")
    announce(r"netdev_linux\|WARN\|Dropped \d+ log messages")


def shares(found: dict[Pair, float]) -> list[float]:
    """Return what part of the sum each has; the sum is what a link can bring."""
    total = sum(found.values())
    assert 0.9 * LINK <= total <= LINK, found
    return [each / total for each in found.values()]


def near(*promised: float) -> object:
    return pytest.approx(promised, rel=0.1)


def test_weights_divide_a_busy_nic(running: RunningLab) -> None:
    """Also of a VM in a VLAN, whose frames leave with a tag."""
    assert shares(goodputs(running, HALF, THIRD, REST1)) == near(0.5, 0.3, 0.2)


def test_all_that_have_no_minimum_share_the_default_flow(running: RunningLab) -> None:
    half, third, *rest = shares(goodputs(running, HALF, THIRD, REST1, REST2))
    assert (half, third, sum(rest)) == near(0.5, 0.3, 0.2)


def test_bits_per_second_are_kept_and_the_default_flow_has_a_tenth(running: RunningLab) -> None:
    assert shares(goodputs(running, BACKUP, MOST, OTHER)) == near(0.6, 0.3, 0.1)


@pytest.mark.parametrize("pair", [HALF, THIRD, REST1, BACKUP, OTHER], ids=lambda pair: pair[0])
def test_who_is_alone_has_everything(running: RunningLab, pair: Pair) -> None:
    assert shares(goodputs(running, pair)) == [1]


def test_each_nic_of_a_team_is_divided_alike(running: RunningLab, announce: Callable[[str], None]) -> None:
    announce(r"Network is down")
    found = goodputs(running, MORE, LESS, APART)
    assert shares({pair: found[pair] for pair in (MORE, LESS)}) == near(60 / 90, 30 / 90)
    assert shares({APART: found[APART]}) == [1]
    with attach(running.name) as net:
        nic = next(link for link in net.links if {link.intf1.name, link.intf2.name} == {"NIC1", "hv3-NIC1"})
        nic.intf2.plug("down")
        try:
            assert shares(goodputs(running, MORE, LESS, APART)) == near(0.6, 0.3, 0.1)
        finally:
            nic.intf2.plug("up")
    running.healthy()


def test_what_one_leaves_is_divided_among_the_others(running: RunningLab) -> None:
    third, rest = shares(goodputs(running, THIRD, REST1))
    assert third > 0.3 * 0.9
    assert rest > 0.2 * 0.9


def test_a_nic_receives_no_faster_than_it_sends(running: RunningLab) -> None:
    assert shares(goodputs(running, ("pc1", "half"))) == [1]


def test_inside_the_switch_nothing_is_limited_while_the_nic_is_busy(running: RunningLab) -> None:
    inside = ("half", "rest2")
    found = goodputs(running, inside, REST1)
    assert found[inside] > 2 * LINK


def test_weights_are_changed_while_others_talk(running: RunningLab) -> None:
    changed = edited(TOPOLOGY, ("weight=50", "weight=20"), ("weight=30, vlan", "weight=60, vlan"))
    with pinging(running, "rest1", "192.168.1.10"):
        told = running.apply(changed, "-v").out
    assert 'adapter "Network Adapter" of "half": MinimumBandwidthWeight 50 -> 20' in told
    assert "1 step taken" in told
    assert shares(goodputs(running, HALF, THIRD, REST1)) == near(0.2, 0.6, 0.2)
    running.apply(edited(TOPOLOGY, (", minimum_bandwidth_weight=30, vlan", ", vlan")))
    assert shares(goodputs(running, HALF, REST1)) == near(50 / 70, 20 / 70)
    running.apply(TOPOLOGY)
    assert shares(goodputs(running, HALF, THIRD, REST1)) == near(0.5, 0.3, 0.2)


def test_a_nic_gets_another_speed_and_none(running: RunningLab, announce: Callable[[str], None]) -> None:
    announce(r"error receiving .* (on|from) Ethernet: Network is down")  # with and without are two cards
    faster = edited(TOPOLOGY, ('"192.168.1.19", speed=100_000_000', '"192.168.1.19", speed=200_000_000'))
    with pinging(running, "rest1", "192.168.1.10"):
        assert "1 step taken" in running.apply(faster).out
    assert 0.9 * 2 * LINK <= sum(goodputs(running, HALF, REST1).values()) <= 2 * LINK
    running.apply(edited(TOPOLOGY, ('"192.168.1.19", speed=100_000_000', '"192.168.1.19"')))
    running.agrees()
    assert sum(goodputs(running, HALF, REST1).values()) > 3 * LINK
    running.apply(TOPOLOGY)
    running.agrees()
    assert shares(goodputs(running, HALF, THIRD, REST1)) == near(0.5, 0.3, 0.2)


def test_the_mode_of_a_switch_is_fixed_at_its_creation(running: RunningLab) -> None:
    weighted = edited(
        TOPOLOGY,
        ('minimum_bandwidth_mode="Absolute", ', ""),
        (", minimum_bandwidth_absolute=60_000_000", ""),
        (", minimum_bandwidth_absolute=30_000_000", ""),
    )
    for options in ((), ("--dry-run",)):
        told = running.apply(weighted, *options, check=2).err
        assert 'switch "hv2/Absolute" has the BandwidthReservationMode Absolute, which is fixed at its creation' in told
        assert "remove the switch" in told
    assert "nothing to do" in running.apply(TOPOLOGY).out
    without, found, _ = weighted.partition("hv2.external_switch")
    assert found
    for each in (without, weighted, without, TOPOLOGY):
        running.apply(each)
    running.agrees()
    assert shares(goodputs(running, BACKUP, MOST, OTHER)) == near(0.6, 0.3, 0.1)
