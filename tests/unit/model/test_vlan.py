"""VLAN settings: their lists, what they mean for frames, and how they are shown."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab import Lab
from lab.errors import InputError
from lab.model.vlan import (
    LARGEST,
    NO_VLAN,
    UNTAGGED,
    GuestVlan,
    Membership,
    VlanSettings,
    access,
    community,
    contains,
    isolated,
    joined,
    obstacle,
    promiscuous,
    spans,
    trunk,
)

IDS = st.integers(1, LARGEST)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("10", ((10, 10),)),
        ("10,20-29", ((10, 10), (20, 29))),
        (" 20 - 29 , 10 ", ((10, 10), (20, 29))),
        ("1-5,6,4-8", ((1, 8),)),
        ("3,3", ((3, 3),)),
    ],
)
def test_lists(text: str, found: tuple[tuple[int, int], ...]) -> None:
    assert spans(text) == found


@pytest.mark.parametrize("text", ["", ",", "10,", "ten", "10-", "-10", "20-10", "1.5", "1-2-3", "٣"])
def test_what_is_no_list(text: str) -> None:
    with pytest.raises(ValueError):
        spans(text)


@given(st.lists(st.tuples(IDS, IDS).map(lambda pair: (min(pair), max(pair)))), IDS)
def test_joined_spans_hold_the_same_ids_in_order_and_apart(found: list[tuple[int, int]], vlan: int) -> None:
    result = joined(found)
    assert contains(result, vlan) == contains(found, vlan)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(result))


@pytest.mark.parametrize(
    ("setting", "means"),
    [
        (UNTAGGED, Membership(0, ((0, 0),))),
        (access(10), Membership(10, ((10, 10),), database=10)),
        (trunk("10,20-29", native=0), Membership(0, ((0, 0),), ((10, 10), (20, 29)), ((10, 10), (20, 29)))),
        (trunk("9-11", native=10), Membership(10, ((10, 10),), ((9, 9), (11, 11)), ((9, 11),), 10)),
        (isolated(100, 101), Membership(101, ((100, 100),), database=100)),
        (community(100, 102), Membership(102, ((100, 100), (102, 102)), database=100)),
        (promiscuous(100, "101-102"), Membership(100, ((100, 102),), database=100)),
        (promiscuous(100, [105, 103]), Membership(100, ((100, 100), (103, 103), (105, 105)), database=100)),
    ],
    ids=str,
)
def test_what_a_setting_means(setting: VlanSettings, means: Membership) -> None:
    assert setting.membership() == means


@pytest.mark.parametrize(
    ("setting", "shown"),
    [
        (UNTAGGED, "Untagged"),
        (access(10), "Access 10"),
        (trunk("10,20-29", native=1), "Trunk 1,10,20-29"),
        (isolated(100, 101), "Isolated 100,101"),
        (promiscuous(100, "101,102"), "Promiscuous 100,101,102"),
    ],
)
def test_shown_like_get_vmnetworkadaptervlan(setting: VlanSettings, shown: str) -> None:
    assert str(setting) == shown


# Section "private VLAN" of the documentation: rows are senders, columns receivers.
PORTS = {
    "promiscuous": promiscuous(100, "101-103"),
    "isolated": isolated(100, 101),
    "community": community(100, 102),
    "other community": community(100, 103),
    "access on the primary": access(100),
}
DELIVERED = {
    "promiscuous": "promiscuous, isolated, community, other community, access on the primary",
    "isolated": "promiscuous",
    "community": "promiscuous, community",
    "other community": "promiscuous, other community",
    "access on the primary": "promiscuous, isolated, community, other community, access on the primary",
}


@pytest.mark.parametrize("sender", PORTS)
def test_private_vlan_matrix(sender: str) -> None:
    sends = PORTS[sender].membership().sends
    assert DELIVERED[sender].split(", ") == [
        name for name, each in PORTS.items() if contains(each.membership().hears, sends)
    ]


def lab_of(one: VlanSettings, other: VlanSettings) -> Lab:
    """Return a lab in which two adapters of one switch have the same address."""
    lab = Lab("twins")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    hv1.vm("web1", "Private", "10.0.0.1/24", mac="00:15:5d:00:00:01", vlan=one)
    hv1.vm("web2", "Private", "10.0.0.1/24", mac="00:15:5d:00:00:01", vlan=other)
    return lab


@pytest.mark.parametrize(
    ("one", "other"), [(access(10), access(20)), (UNTAGGED, access(10)), (access(10), isolated(100, 101))]
)
def test_two_vlans_may_have_the_same_addresses(one: VlanSettings, other: VlanSettings) -> None:
    model = lab_of(one, other).model()
    assert [each.name for _, each in model.vms()] == ["web1", "web2"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (access(10), access(10)),
        (access(100), community(100, 101)),
        (isolated(100, 101), isolated(100, 101)),  # they do not hear each other, but a promiscuous adapter hears both
        (trunk("10", native=0), access(10)),
    ],
)
def test_one_vlan_may_not(one: VlanSettings, other: VlanSettings) -> None:
    with pytest.raises(InputError, match=r'"web2/Network Adapter" has the address 10\.0\.0\.1, which "web1'):
        lab_of(one, other).model()


def test_nor_may_two_that_somebody_cannot_tell_apart() -> None:
    lab = lab_of(access(10), access(11))
    hv1 = lab._hosts[0]
    hv1.vm("trunk1", "Private", vlan=trunk("10-11", native=0))  # which sees tags
    lab.model()
    hv1.vm("team1", "Private", vlan=community(10, 11))
    with pytest.raises(InputError, match=r'"web2/Network Adapter" has the address 10\.0\.0\.1, which "web1'):
        lab.model()


def test_a_pinned_switch_has_a_mac_address_once_in_all_vlans() -> None:
    lab = Lab("twins")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private", learning="Pinned")
    for number in (1, 2):
        hv1.vm(f"web{number}", "Private", f"10.0.0.{number}/24", mac="00:15:5d:00:00:01", vlan=10 * number)
    with pytest.raises(InputError, match=r'"web2/Network Adapter" has the MAC address 00155D000001, which "web1'):
        lab.model()


# The setting of a port, the tag that its guest puts on, in which VLAN it sends so, and what keeps it from hearing that.
GUESTS = (
    (trunk("10,20-29", native=0), 10, 10, ""),
    (trunk("10,20-29", native=0), 29, 29, ""),
    (trunk("10,20-29", native=0), 30, NO_VLAN, "takes no frames with the tag of VLAN 30"),
    (trunk("10,20-29", native=5), 5, NO_VLAN, "takes no frames with the tag of VLAN 5"),
    (trunk("5,10", native=5), 5, 5, "delivers the frames of VLAN 5 without a tag"),
    (access(10), 10, NO_VLAN, "a port in mode Access 10 takes no frames"),
    (UNTAGGED, 10, NO_VLAN, "a port in mode Untagged takes no frames"),
    (promiscuous(10, "11-12"), 11, NO_VLAN, "takes no frames"),
)


@pytest.mark.parametrize(("port", "tag", "sends", "why"), GUESTS, ids=[f"{port}-{tag}" for port, tag, *_ in GUESTS])
def test_what_a_port_makes_of_the_tags_of_its_guest(port: VlanSettings, tag: int, sends: int, why: str) -> None:
    guest = GuestVlan(port, tag)
    found = guest.membership()
    assert found.sends == sends
    assert found.untagged == (() if why else ((tag, tag),))
    assert (found.tagged, found.accepts) == ((), ())
    assert bool(obstacle(guest)) == bool(why)
    assert why in obstacle(guest)


@pytest.mark.parametrize(("vlan", "refused"), [(10, True), (20, False)])
def test_an_interface_of_a_guest_shares_addresses_with_other_vlans_only(vlan: int, refused: bool) -> None:
    lab = Lab("doubles")
    hv1 = lab.host("hv1")
    hv1.private_switch("Private")
    hv1.vm("web1", "Private", "10.0.0.1/24", vlan=vlan)
    hv1.vm("gw", "Private", vlan=trunk("10", native=0)).vlan_interface(10, "10.0.0.1/24")
    if not refused:
        lab.model()
        return
    with pytest.raises(InputError, match=r'"gw/Network Adapter, VLAN 10" has the address 10\.0\.0\.1'):
        lab.model()
