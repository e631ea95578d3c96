"""Isolation settings in mode Vlan: who can talk to whom, what frames have on the wire, and what is dropped."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST
from tests.system.labs import RunningLab, edited, pinging
from tests.system.tagged import Ears, Fence, Heard, listening, same, tag

pytestmark = [pytest.mark.system, pytest.mark.switching]

SETTINGS = {
    "plain": "",
    "ten": "vlan=10",
    "trunk": 'vlan=trunk("20", native=10)',
    "iso10": "isolation=isolation(allow_untagged_traffic=True, default_isolation_id=10)",
    "iso20": 'isolation=isolation("Vlan", allow_untagged_traffic=True, default_isolation_id=20, multi_tenant_stack=True)',
    "cut": 'isolation=isolation("Vlan")',
}
UNTAGGED_IN = {"plain": 0, "ten": 10, "trunk": 10, "iso10": 10, "iso20": 20, "cut": None}
"""The VLAN that untagged frames of each are in, both ways."""

PLACES = {"a": "hv1", "b": "hv1", "c": "hv2"}
"""Two of each on one switch, one on that of another host, which is a Pinned one."""

TOPOLOGY = """
from lab import Lab, isolation, trunk

lab = Lab("isolation", interruption_s=0)
office = lab.physical_network("office", "10.0.0.0/24")
office.computer("pc10", "10.0.0.100", vlan=10)
for number in (1, 2):
    host = lab.host(f"hv{number}")
    host.nic("Ethernet", office)
    learning = "Pinned" if number == 2 else "Learning"
    host.external_switch("External", nic="Ethernet", learning=learning, allow_management_os=False)
hv1, hv2 = lab._hosts
hv1.management_adapter("Cluster", "External", "10.0.0.101",
                       isolation=isolation("Vlan", allow_untagged_traffic=True, default_isolation_id=20))
hv2.vm("all", "External", vlan=trunk("1-4094", native=0))
""" + "".join(
    f'{host}.vm("{name}-{place}", "External", "10.0.0.{number}"{", " * bool(setting)}{setting})\n'
    for number, (name, setting, place, host) in enumerate(
        ((name, setting, place, host) for name, setting in SETTINGS.items() for place, host in PLACES.items()), start=1
    )
)
ALL = [f"{name}-{place}" for name in SETTINGS for place in PLACES]


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(scope="module")
def ears(running: RunningLab) -> Iterator[Ears]:
    fence = Fence("all", tag(10), len(hearing(10, "all")))
    with listening(running, fence, {"hv1": "hv1/vEthernet (Cluster)", "wire to hv1": "hv1/Ethernet"}) as found:
        yield found


WIRES = {"hv1": "wire to hv1", "hv2": "hv2"}


def test_who_can_talk_to_whom(running: RunningLab) -> None:
    """As the table here says, and as the oracle predicts, which is compared with what is measured."""
    found = running.cells()
    for one, other in permutations(ALL, 2):
        mine, theirs = (UNTAGGED_IN[each.partition("-")[0]] for each in (one, other))
        assert found[one, other] is (mine is not None and mine == theirs), (one, other)
    assert {one for one in ALL if found[one, "pc10"]} == {one for one in ALL if UNTAGGED_IN[one[:-2]] == 10}
    assert {one for one in ALL if found[one, "hv1"]} == {one for one in ALL if UNTAGGED_IN[one[:-2]] == 20}


def hearing(vlan: int, sender: str) -> Heard:
    """Return who gets a frame of a VLAN, with which tag; the NICs of the hosts that it is not sent on tell the wire."""
    computer = {10: ["pc10"], 20: ["hv1"]}.get(vlan, [])
    tagged = [each for each in ALL if vlan == 20 and each.startswith("trunk")]
    host = "hv1" if sender[-2:] in ("-a", "-b") or sender == "hv1" else "hv2" if sender != "pc10" else ""
    wires = [wire for other, wire in WIRES.items() if other != host]
    untagged = same([each for each in ALL if UNTAGGED_IN[each[:-2]] == vlan] + computer)
    found = untagged | same([*tagged, *wires, "all"], tag(vlan) if vlan else None)
    return {name: what for name, what in found.items() if name != sender}


# Sender, tag it sends, the VLAN whose members get it: those of iso10 are the same as those of ten.
BROADCASTS = (
    ("ten-a", None, 10),
    ("iso10-a", None, 10),
    ("iso10-c", None, 10),
    ("iso10-a", tag(0, 5), 10),
    ("iso20-a", None, 20),
    ("iso20-c", None, 20),
    ("hv1", None, 20),
    ("pc10", None, 10),
    ("plain-a", None, 0),
    ("all", tag(10), 10),
    ("all", tag(20), 20),
    ("iso10-a", tag(10), None),
    ("iso10-a", tag(20), None),
    ("iso10-c", tag(20), None),
    ("cut-a", None, None),
    ("cut-a", tag(0, 5), None),
    ("cut-a", tag(10), None),
    ("cut-c", None, None),
    ("cut-c", tag(10), None),
)


@pytest.mark.parametrize(("sender", "what", "vlan"), BROADCASTS)
def test_a_broadcast_reaches_its_vlan_and_nobody_else(
    ears: Ears, sender: str, what: int | None, vlan: int | None
) -> None:
    wanted = {} if vlan is None else hearing(vlan, sender)
    assert ears.reached(sender, BROADCAST, what, wanted) == wanted


@pytest.mark.parametrize("sender", ["ten-a", "iso10-a", "ten-c"])
@pytest.mark.parametrize("target", ["iso10-b", "iso20-b", "iso10-c", "iso20-c", "cut-b", "cut-c"])
def test_a_frame_for_one_reaches_him_in_his_vlan_only(ears: Ears, sender: str, target: str) -> None:
    ears.reached(target, BROADCAST, None)
    got = ears.reached(sender, ears.known[target].mac, None, [target] if "iso10" in target else [])
    assert (target in got) is ("iso10" in target)
    assert got.get(target) is None


@pytest.mark.parametrize(
    ("sender", "what", "reason", "setting", "remedy"),
    [
        ("cut-a", None, 36, "isolation Vlan without untagged traffic",
         'Set-VMNetworkAdapterIsolation -VMName "cut-a" -VMNetworkAdapterName "Network Adapter" -IsolationMode Vlan '
         "-AllowUntaggedTraffic $true -DefaultIsolationID ..."),
        ("cut-b", tag(10), 10, "isolation Vlan without untagged traffic", ""),
        ("iso10-b", tag(20), 10, "isolation Vlan 10", ""),
    ],
    ids=["untagged", "tagged", "another tag"],
)  # fmt: skip
def test_a_drop_is_told_with_its_reason(
    running: RunningLab, ears: Ears, sender: str, what: int | None, reason: int, setting: str, remedy: str
) -> None:
    def rows() -> list[tuple[int, str, str]]:
        found = running("drops", sender, "--json").json()
        return [(each["reason"], each["setting"], each["remedy"]) for each in found]

    ears.reached(sender, BROADCAST, what)
    eventually(rows, lambda seen: (reason, setting, remedy) in seen)


def test_neither_setting_shows_the_other(running: RunningLab) -> None:
    rows = {
        row["machine"]: (row["vlan"], row["isolation"]) for row in running.status()["adapters"] if row["machine"] in ALL
    }
    assert rows["ten-a"] == ("Access 10", "")
    assert rows["iso10-a"] == ("", "Vlan 10")
    assert rows["iso20-a"] == ("", "Vlan 20, MultiTenantStack")
    assert rows["cut-a"] == ("", "Vlan without untagged traffic")
    assert "ISOLATION" in running("status").out


LINE = next(line for line in TOPOLOGY.splitlines() if '"iso10-a"' in line)


def test_both_settings_at_once_are_refused_and_change_nothing(running: RunningLab) -> None:
    before = running.shown()
    told = running.apply(edited(TOPOLOGY, (LINE, f"{LINE[:-1]}, vlan=10)")), check=2).err
    assert 'adapter "iso10-a/Network Adapter" has the isolation Vlan 10 and the VLAN setting Access 10' in told
    assert "(reason 62)" in told
    assert running.shown() == before


def test_the_setting_is_changed_while_others_talk(running: RunningLab) -> None:
    ten = next(line for line in TOPOLOGY.splitlines() if '"ten-a"' in line).partition('"10.0.0.')[2].partition('"')[0]
    with pinging(running, "iso10-b", f"10.0.0.{ten}"):
        for setting, words in (
            (SETTINGS["iso20"], "isolation Vlan 10 -> Vlan 20, MultiTenantStack"),
            (SETTINGS["ten"], "VLAN Untagged -> Access 10"),
            (SETTINGS["cut"], "isolation None -> Vlan without untagged traffic"),
        ):
            assert words in running.apply(edited(TOPOLOGY, (LINE, LINE.replace(SETTINGS["iso10"], setting)))).out
            running.agrees()
        running.apply(TOPOLOGY)
    running.agrees()


TRACED = """
from lab import Lab, isolation, trunk

lab = Lab("apart")
hv1 = lab.host("hv1")
hv1.private_switch("Private")
hv1.vm("plain", "Private", "10.0.0.1/24")
hv1.vm("ten", "Private", "10.0.0.2/24", vlan=10)
hv1.vm("iso10", "Private", "10.0.0.3/24", isolation=isolation(allow_untagged_traffic=True, default_isolation_id=10))
hv1.vm("iso20", "Private", "10.0.0.4/24", isolation=isolation(allow_untagged_traffic=True, default_isolation_id=20))
hv1.vm("cut", "Private", "10.0.0.5/24", isolation=isolation())
"""
NAME = '-VMNetworkAdapterName "Network Adapter"'
TO_TEN = f"{NAME} -IsolationMode Vlan -AllowUntaggedTraffic $true -DefaultIsolationID 10"
CUT = "isolation Vlan without untagged traffic"
OF_CUT, OF_TWENTY = "isolation=isolation()", "isolation=isolation(allow_untagged_traffic=True, default_isolation_id=20)"
IN_TEN = "isolation=isolation(allow_untagged_traffic=True, default_isolation_id=10)"

# Ends; what keeps them apart; the cmdlet for it; the same in the topology, with which they must reach each other.
APART = [
    ("ten", "iso20", "Access 10 and isolation Vlan 20", f'Set-VMNetworkAdapterIsolation -VMName "iso20" {TO_TEN}',
     (OF_TWENTY, IN_TEN)),
    ("iso10", "plain", "isolation Vlan 10 and Untagged", f'Set-VMNetworkAdapterVlan -VMName "plain" {NAME} -Access -VlanId 10',
     ('"10.0.0.1/24"', '"10.0.0.1/24", vlan=10')),
    ("plain", "iso20", "Untagged and isolation Vlan 20",
     f'Set-VMNetworkAdapterIsolation -VMName "iso20" {NAME} -IsolationMode None', (f", {OF_TWENTY}", "")),
    ("iso10", "cut", f"isolation Vlan 10 and {CUT}", f'Set-VMNetworkAdapterIsolation -VMName "cut" {TO_TEN}',
     (OF_CUT, IN_TEN)),
    ("cut", "ten", f"{CUT} and Access 10", f'Set-VMNetworkAdapterIsolation -VMName "cut" {TO_TEN}', (OF_CUT, IN_TEN)),
]  # fmt: skip


@pytest.fixture(scope="module")
def traced(lab: LabOf) -> Iterator[RunningLab]:
    with lab(TRACED) as found:
        yield found


@pytest.mark.parametrize(("source", "target", "why", "remedy", "edit"), APART)
def test_a_trace_says_what_keeps_two_apart_and_the_cmdlet_that_it_names_helps(
    traced: RunningLab, source: str, target: str, why: str, remedy: str, edit: tuple[str, str]
) -> None:
    traced.apply(TRACED)
    told = traced("trace", source, target, check=1).out
    assert why in told
    assert remedy in told
    traced.apply(edited(TRACED, edit))
    assert traced("trace", source, target).out.count("arrives and is answered") == 1
    traced.agrees()


def test_a_trace_tells_where_untagged_traffic_is_dropped(traced: RunningLab) -> None:
    traced.apply(TRACED)
    told = traced("trace", "cut", "ten", check=1).out
    assert "dropped, reason 36: untagged traffic not allowed by isolation" in told
