"""VLANs by frames: who gets what an adapter sends, with which tag; and VLAN settings of a lab that runs."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest

from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST
from tests.system.labs import RunningLab, edited, pinging
from tests.system.tagged import Ears, Fence, listening, vlans

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab, community, isolated, promiscuous, trunk

lab = Lab("vlans", interruption_s=0)
office = lab.physical_network("office", "192.168.1.0/24", "10.0.10.0/24")
office.computer("pc0", "192.168.1.10")
office.computer("pc10", "10.0.10.100", vlan=10)
for number in (1, 2):
    host = lab.host(f"hv{number}")
    host.nic("Ethernet", office)
    host.external_switch("External", nic="Ethernet", learning="Pinned" if number == 2 else "Learning", vlan=20)
hv1, hv2 = lab._hosts
hv1.vm("plain1", "External", "192.168.1.31")
hv1.vm("ten1", "External", "10.0.10.11", vlan=10)
hv1.vm("ten2", "External", "10.0.10.12", vlan=10)
hv1.vm("trunk1", "External", vlan=trunk("10,20-29", native=5))
hv1.vm("five1", "External", vlan=5)
hv1.vm("router1", "External", vlan=promiscuous(100, "101-102"))
hv1.vm("alone1", "External", vlan=isolated(100, 101))
hv1.vm("alone2", "External", vlan=isolated(100, 101))
hv1.vm("team1", "External", vlan=community(100, 102))
hv1.vm("hundred1", "External", vlan=100)
hv2.vm("plain2", "External", "192.168.1.32")
hv2.vm("ten3", "External", "10.0.10.13", vlan=10)
hv2.vm("trunk2", "External", vlan=trunk("1-4094", native=0))
hv2.vm("alone3", "External", vlan=isolated(100, 101))
hv2.vm("team2", "External", vlan=community(100, 102))
hv2.vm("router2", "External", vlan=promiscuous(100, "101"))
"""

Heard = dict[str, int]
"""Who got a frame, and with which VLAN id in its tag; 0 is without a tag."""


def set_of(names: str, tag: int = 0) -> Heard:
    return dict.fromkeys(names.split(), tag)


VLAN_0 = set_of("plain1 plain2 trunk2 pc0")
VLAN_5 = set_of("trunk1 five1") | {"trunk2": 5}
VLAN_10 = set_of("ten1 ten2 ten3 pc10") | {"trunk1": 10, "trunk2": 10}
VLAN_20 = set_of("hv1 hv2") | {"trunk1": 20, "trunk2": 20}
VLAN_100 = set_of("router1 router2 alone1 alone2 alone3 team1 team2 hundred1") | {"trunk2": 100}
VLAN_101 = set_of("router1 router2") | {"trunk2": 101}
VLAN_102 = set_of("router1 team1 team2") | {"trunk2": 102}

# Sender, tag it sends (None: none), who gets the frame.
BROADCASTS: tuple[tuple[str, int | None, Heard], ...] = (
    ("plain1", None, VLAN_0),
    ("plain2", None, VLAN_0),
    ("pc0", None, VLAN_0),
    ("plain1", 0, VLAN_0),  # a tag that holds a priority only
    ("plain1", 10, {}),
    ("ten1", None, VLAN_10),
    ("ten3", None, VLAN_10),
    ("pc10", None, VLAN_10),
    ("ten1", 0, VLAN_10),
    ("ten1", 10, {}),  # even its own: an access port takes no tags
    ("ten1", 20, {}),
    ("trunk1", None, VLAN_5),
    ("five1", None, VLAN_5),
    ("trunk1", 10, VLAN_10),
    ("trunk1", 20, VLAN_20),
    ("trunk1", 29, {"trunk2": 29}),
    ("trunk1", 30, {}),
    ("trunk1", 5, {}),  # the native VLAN is not in the list
    ("trunk2", 10, VLAN_10),
    ("trunk2", 5, VLAN_5),
    ("trunk2", None, VLAN_0),
    ("trunk2", 101, VLAN_101),
    ("trunk2", 4094, {}),
    ("hv1", None, VLAN_20),
    ("router1", None, VLAN_100),
    ("router2", None, VLAN_100),
    ("hundred1", None, VLAN_100),
    ("alone1", None, VLAN_101),
    ("alone3", None, VLAN_101),
    ("team1", None, VLAN_102),
    ("team2", None, VLAN_102),
)


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(scope="module")
def ears(running: RunningLab) -> Iterator[Ears]:
    hosts = {host: f"{host}/vEthernet (External)" for host in ("hv1", "hv2")}
    with listening(running, Fence("trunk2", 10, len(VLAN_10) - 1), hosts) as found:
        yield found


@pytest.mark.parametrize(("sender", "tag", "who"), BROADCASTS, ids=[f"{sender}-{tag}" for sender, tag, _ in BROADCASTS])
def test_a_broadcast_reaches_its_vlan_and_nobody_else(ears: Ears, sender: str, tag: int | None, who: Heard) -> None:
    wanted = {name: number for name, number in who.items() if name != sender}
    assert vlans(ears.reached(sender, BROADCAST, tag, wanted)) == wanted


UNICASTS: tuple[tuple[str, int | None, str, Heard], ...] = (
    ("ten1", None, "ten3", {"ten3": 0}),
    ("ten3", None, "pc10", {"pc10": 0}),
    ("trunk1", 10, "ten2", {"ten2": 0}),
    ("ten2", None, "trunk1", {"trunk1": 10}),
    ("five1", None, "trunk1", {"trunk1": 0}),
    ("alone1", None, "router1", {"router1": 0}),
    ("router1", None, "alone3", {"alone3": 0}),
    ("team2", None, "team1", {"team1": 0}),
    ("team1", None, "alone1", {}),
    ("alone1", None, "alone2", {}),
    ("alone1", None, "alone3", {}),
    (
        "alone1",
        None,
        "hundred1",
        {},
    ),  # who is in the primary VLAN sends to the secondary ones, and hears nothing of them
    ("hundred1", None, "alone1", {"alone1": 0}),
    ("team2", None, "router2", {}),  # its list lacks that community
    ("router2", None, "team2", {"team2": 0}),
    ("ten1", None, "plain1", {}),
    ("plain1", None, "ten1", {}),
)


@pytest.mark.parametrize(
    ("sender", "tag", "target", "who"), UNICASTS, ids=[f"{sender}-{target}" for sender, _, target, _ in UNICASTS]
)
def test_a_frame_to_an_address_that_is_known_reaches_it_or_nobody(
    ears: Ears, sender: str, tag: int | None, target: str, who: Heard
) -> None:
    """The target has just spoken, in the VLANs that it sends in: so every switch knows where it is."""
    for spoken in (None, 10) if target == "trunk1" else (None,):
        ears.reached(target, BROADCAST, spoken)
    got = vlans(ears.reached(sender, ears.known[target].mac, tag, who))
    if who:
        assert got == who
    else:
        assert target not in got


def test_tcp_over_two_hosts_in_a_vlan(running: RunningLab) -> None:
    """With segments larger than a frame, which get their tag on the way."""
    running.exec("ten3", "iperf3", "-s", "-1", "-D")
    done = json.loads(running.exec("ten1", "iperf3", "-c", "10.0.10.13", "-n", "200M", "-J").out)
    assert done["end"]["sum_received"]["bytes"] > 190 << 20


def test_a_vlan_setting_is_changed_while_others_talk(lab: LabOf) -> None:
    with lab(TOPOLOGY) as running:
        running.agrees()
        moved = edited(TOPOLOGY, ('"ten2", "External", "10.0.10.12", vlan=10', '"ten2", "External", "10.0.10.12"'))
        with pinging(running, "ten1", "10.0.10.13"):
            plan = running.apply(moved).out
            assert "VLAN Access 10 -> Untagged" in plan
            running.exec("ten1", "ping", "-c1", "-W1", "10.0.10.12", check=1)
            running.agrees()
            running.apply(TOPOLOGY)
            running.exec("ten1", "ping", "-c1", "-W2", "10.0.10.12")
        running.agrees()


VLANS_OF_HOSTS = """
from lab import Lab, community, isolated

lab = Lab("apart")
hv1 = lab.host("hv1")
hv1.internal_switch("Internal", "10.0.0.1/24", vlan=20)
hv1.vm("ten", "Internal", "10.0.0.10", vlan=10)
hv1.vm("plain", "Internal", "10.0.0.20")
hv1.vm("alone1", "Internal", "10.0.0.31", vlan=isolated(100, 101))
hv1.vm("alone2", "Internal", "10.0.0.32", vlan=isolated(100, 101))
hv1.vm("team", "Internal", "10.0.0.33", vlan=community(100, 102))
"""

# Ends; what keeps them apart; the cmdlet for it; the same in the topology, with which they must reach each other.
APART = [
    ("ten", "plain", "Access 10 and Untagged", '"plain" -VMNetworkAdapterName "Network Adapter" -Access -VlanId 10',
     ('"10.0.0.20"', '"10.0.0.20", vlan=10')),
    ("plain", "ten", "Untagged and Access 10", '"ten" -VMNetworkAdapterName "Network Adapter" -Untagged',
     ('"10.0.0.10", vlan=10', '"10.0.0.10"')),
    ("ten", "hv1", "Access 10 and Access 20", '-ManagementOS -VMNetworkAdapterName "Internal" -Access -VlanId 10',
     ("vlan=20", "vlan=10")),
    ("alone1", "alone2", "private VLAN settings keep the two apart: Isolated 100,101 and Isolated 100,101",
     "-Promiscuous -PrimaryVlanId 100 -SecondaryVlanIdList 101",
     ('"10.0.0.32", vlan=isolated(100, 101)', '"10.0.0.32", vlan=promiscuous(100, "101")')),
    ("team", "alone2", "Community 100,102 and Isolated 100,101",
     "-Community -PrimaryVlanId 100 -SecondaryVlanId 102",
     ('"10.0.0.32", vlan=isolated(100, 101)', '"10.0.0.32", vlan=community(100, 102)')),
]  # fmt: skip


@pytest.fixture(scope="module")
def apart(lab: LabOf) -> Iterator[RunningLab]:
    with lab(VLANS_OF_HOSTS) as found:
        yield found


@pytest.mark.parametrize(("source", "target", "why", "remedy", "edit"), APART)
def test_a_trace_says_what_keeps_two_apart_and_the_cmdlet_that_it_names_helps(
    apart: RunningLab, source: str, target: str, why: str, remedy: str, edit: tuple[str, str]
) -> None:
    apart.apply(VLANS_OF_HOSTS)
    told = apart("trace", source, target, check=1).out
    assert why in told
    assert remedy in told
    text = VLANS_OF_HOSTS.replace("import Lab, community, isolated", "import Lab, community, isolated, promiscuous")
    apart.apply(edited(text, edit))
    assert apart("trace", source, target).out.count("arrives and is answered") == 1
    apart.agrees()


TWINS = """
from lab import Lab

lab = Lab("twins", interruption_s=0)
office = lab.physical_network("office", "10.0.0.0/24")
for number in (1, 2):
    host = lab.host(f"hv{number}")
    host.nic("Ethernet", office)
    host.external_switch("External", nic="Ethernet", allow_management_os=False)
    host.vm(f"ten{number}", "External", f"10.0.0.{number}", vlan=10)
    host.vm(f"twenty{number}", "External", f"10.0.0.{number}", mac=f"02:00:00:00:00:0{number}", vlan=20)
    host.vm(f"thirty{number}", "External", f"10.0.0.{number}", mac=f"02:00:00:00:00:0{number}", vlan=30)
"""


def test_the_same_addresses_in_several_vlans(lab: LabOf) -> None:
    """IP and MAC addresses: every VLAN has a MAC table of its own, in virtual and in physical switches."""
    with lab(TWINS) as running:
        running.agrees()
        for vlan in ("ten", "twenty", "thirty"):
            with pinging(running, f"{vlan}1", "10.0.0.2"):
                pass


SECONDARY = """
from lab import Lab, access, community, trunk

lab = Lab("secondary")
hv1 = lab.host("hv1")
hv1.private_switch("Private", learning="LEARNING")
hv1.vm("plain", "Private", "10.0.0.1/24", vlan=access(11))
hv1.vm("team", "Private", "10.0.0.2/24", vlan=community(10, 11))
hv1.vm("trunk", "Private", "10.0.0.3/24", vlan=trunk("10-11", native=11))
"""


@pytest.mark.parametrize("learning", ["Learning", "Pinned"])
def test_who_is_in_a_secondary_vlan_in_another_mode_talks_to_its_community(lab: LabOf, learning: str) -> None:
    """An access port and a trunk look up addresses where the private VLAN has them."""
    with lab(SECONDARY.replace("LEARNING", learning)) as running:
        cells = running.cells()
        names = ("plain", "team", "trunk")
        assert all(cells[one, other] for one, other in itertools.permutations(names, 2))
