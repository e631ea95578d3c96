"""What a team's switch says on the wire after a link has changed."""

from __future__ import annotations

from dataclasses import replace

from controllers.announce import announcement, announcements, have_moved, ways
from lab.model.isolation import isolation
from lab.model.vlan import trunk
from tests.unit.controllers.views import TEAM, VIEWS, in_vlan, vm


def test_an_announcement_is_a_broadcast_of_rarp_from_the_adapter() -> None:
    frame = announcement(0x00155D010203, 0)
    assert frame[:14].hex() == "ffffffffffff" + "00155d010203" + "8035"
    assert frame[14:22].hex() == "0001080006040003"
    assert frame[22:42].hex() == 2 * "00155d01020300000000"
    assert len(frame) == 60


def test_it_is_tagged_with_the_vlan_in_which_the_adapter_sends() -> None:
    assert announcement(0x00155D010203, 20)[12:18].hex() == "8100" + "0014" + "8035"


def test_every_adapter_of_a_team_s_switch_is_announced_and_nobody_else() -> None:
    assert [ofport for ofport, _ in announcements(VIEWS["team"])] == [2, 3, 4, 5]
    assert {ofport: frame[12:16].hex() for ofport, frame in announcements(VIEWS["team-vlans-mirror"])} == {
        2: "81000014",
        3: "80350001",
        4: "8100000a",
        9: "80350001",
    }
    assert [ofport for ofport, _ in announcements(VIEWS["learning"])] == [2, 3, 4]
    assert list(announcements(VIEWS["pinned-private"])) == []


def test_who_may_send_nowhere_is_not_announced() -> None:
    alone = replace(vm(9), intent=replace(vm(9).intent, isolation=isolation("Vlan")))
    assert list(announcements(replace(VIEWS["team"], ports=(*TEAM[:3], alone)))) == []


def test_who_leaves_by_another_nic_has_moved() -> None:
    view = VIEWS["team"]
    before = ways(view)
    assert not have_moved(before, ways(view))
    mapped = replace(TEAM[5], intent=replace(TEAM[5].intent, team_mapping="hv1/Ethernet 12"))
    assert have_moved(before, ways(replace(view, ports=(*TEAM[:5], mapped, TEAM[6]))))
    assert have_moved(before, ways(replace(view, ports=(TEAM[0], *TEAM[3:]))))
    assert not have_moved(before, ways(replace(view, ports=TEAM[:-1])))


def test_a_trunk_is_announced_in_its_vlans_but_not_in_thousands() -> None:
    few = replace(VIEWS["team"], ports=(*TEAM[:3], in_vlan(vm(9), trunk("10,20-21", native=5))))
    assert [frame[12:16].hex() for _, frame in announcements(few)] == ["81000005", "8100000a", "81000014", "81000015"]
    many = replace(VIEWS["team"], ports=(*TEAM[:3], in_vlan(vm(9), trunk("1-4094", native=0))))
    assert len(list(announcements(many))) == 65
