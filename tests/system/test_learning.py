"""Where a frame goes, counted at everybody who could get a copy: learning, flooding, pinned addresses, groups.

Addresses to be learned are made up, and used by one test each: no machine sends from them by itself.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest

from tests.eventually import eventually
from tests.system.conftest import LabOf
from tests.system.frames import BROADCAST, Stations, once, raw, soon, stations, stray_mac
from tests.system.labs import RunningLab, edited

pytestmark = [pytest.mark.system, pytest.mark.switching]

TOPOLOGY = """
from lab import Lab

lab = Lab("learning", interruption_s=0)
lab.internet_host("internet", "203.0.113.80/24")
office = lab.physical_network("office", "192.168.1.0/24", router="192.168.1.1")
office.computer("pc1", "192.168.1.11")
office.computer("pc2", "192.168.1.12")
store = lab.physical_network("store", "172.16.0.0/24")
store.computer("pc3", "172.16.0.13")

hv1 = lab.host("hv1")
hv1.nic("Ethernet", office, "192.168.1.21")
hv1.nic("Ethernet 2", store, "172.16.0.21")
hv1.external_switch("External", nic="Ethernet")
hv1.management_adapter("Backup", "External", "192.168.1.22")
hv1.vm("a1", "External", "192.168.1.31")
hv1.vm("a2", "External", "192.168.1.32")

hv1.external_switch("Pinned", nic="Ethernet 2", learning="Pinned")
hv1.vm("v1", "Pinned", "172.16.0.31")
hv1.vm("v2", "Pinned", "172.16.0.32")
hv1.vm("v3").adapter("Pinned", "172.16.0.33", name="Spoofer", mac_spoofing=True)

hv1.internal_switch("Internal", "10.0.1.1/24")
hv1.vm("i1", "Internal", "10.0.1.11")
hv1.vm("i2", "Internal", "10.0.1.12")

hv1.private_switch("Private")
hv1.vm("p1", "Private", "10.0.2.11/24")
hv1.vm("p2", "Private", "10.0.2.12/24")
hv1.vm("p3", "Private", "10.0.2.13/24")

hv1.private_switch("Short", ageing_s=1)
hv1.vm("s1", "Short", "10.0.3.11/24")
hv1.vm("s2", "Short", "10.0.3.12/24")
hv1.vm("s3", "Short", "10.0.3.13/24")

hv1.private_switch("Changing")
hv1.vm("g1", "Changing", "10.0.5.11/24")
hv1.vm("g2", "Changing", "10.0.5.12/24")
hv1.vm("g3", "Changing", "10.0.5.13/24")

hv1.private_switch("Closed", learning="Pinned")
hv1.vm("c1", "Closed", "10.0.4.11/24")
hv1.vm("c2", "Closed", "10.0.4.12/24")

hv2 = lab.host("hv2")
hv2.nic("Ethernet", office, "192.168.1.23")
hv2.external_switch("External", nic="Ethernet")
hv2.vm("b1", "External", "192.168.1.41")
"""

HOST, BACKUP, FAR_HOST = "hv1/vEthernet (External)", "hv1/vEthernet (Backup)", "hv2/vEthernet (External)"
PINNED_HOST, SPOOFER, INTERNAL_HOST = "hv1/vEthernet (Pinned)", "v3/Spoofer", "hv1/vEthernet (Internal)"
ROUTER = "office-router/inside"

OFFICE = ("a1", "a2", HOST, BACKUP, "b1", FAR_HOST, "pc1", "pc2", ROUTER)
PINNED = ("v1", "v2", SPOOFER, PINNED_HOST, "pc3")
INTERNAL = ("i1", "i2", INTERNAL_HOST)
PRIVATE = ("p1", "p2", "p3")
SHORT = ("s1", "s2", "s3")
CHANGING = ("g1", "g2", "g3")  # not among the segments: its adapters come and go
CLOSED = ("c1", "c2")
INTERNET = ("internet", "office-router/outside")
SEGMENTS = (OFFICE, PINNED, INTERNAL, PRIVATE, SHORT, CLOSED, INTERNET)


@pytest.fixture(scope="module")
def running(lab: LabOf) -> Iterator[RunningLab]:
    """Every test leaves it as it was, but for what the switches have learned."""
    with lab(TOPOLOGY) as found:
        yield found


@pytest.fixture(scope="module")
def all_of_them(running: RunningLab) -> Iterator[Stations]:
    """All adapters but those of the VMs that come and go in these tests."""
    with stations(running, *SEGMENTS) as found:
        yield found


def segment_of(sender: str) -> tuple[str, ...]:
    """Return who hears the broadcasts of an adapter, with itself."""
    return next(members for members in SEGMENTS if sender in members)


def learned(lab: RunningLab, mac: str) -> list[tuple[str, str]]:
    """Return where an address is in the MAC tables, as `hvlab learned` shows them: host/switch and adapter."""
    rows = lab("learned", "--json").json()
    return [(f"{row['host']}/{row['switch']}", row["adapter"]) for row in rows if raw(row["mac"]) == raw(mac)]


# Learning


@pytest.mark.parametrize("sender", ["a1", HOST, "b1", "pc1", ROUTER, "i1", INTERNAL_HOST, "p1"])
def test_a_frame_to_an_unknown_address_reaches_every_other_adapter(all_of_them: Stations, sender: str) -> None:
    assert all_of_them.copies(sender, stray_mac()) == once(segment_of(sender), sender)


@pytest.mark.parametrize(
    ("sender", "receiver", "third"),
    [
        ("a1", "a2", "pc1"), ("a1", "b1", "pc1"), ("b1", "a1", "a2"), ("a1", "pc1", "b1"), ("pc1", "a1", "pc2"),
        ("a1", HOST, "a2"), (HOST, "a1", "b1"), ("a1", BACKUP, HOST), ("pc2", FAR_HOST, "a2"),
        ("i1", INTERNAL_HOST, "i2"), ("p1", "p2", "p3"),
    ],
)  # fmt: skip
def test_a_frame_to_an_address_that_has_sent_reaches_one_adapter(
    all_of_them: Stations, sender: str, receiver: str, third: str
) -> None:
    mac, segment = stray_mac(), segment_of(sender)
    assert all_of_them.copies(sender, mac) == once(segment, sender)
    assert all_of_them.copies(receiver, BROADCAST, source=mac) == once(segment, receiver)
    soon(lambda: all_of_them.copies(sender, mac), {receiver: 1})
    soon(lambda: all_of_them.copies(third, mac), {receiver: 1})


def test_an_address_is_learned_from_a_frame_to_one_receiver(all_of_them: Stations) -> None:
    mac, other = stray_mac(), stray_mac()
    all_of_them.copies("p2", BROADCAST, source=other)
    assert all_of_them.copies("p1", other, source=mac) == {"p2": 1}
    soon(lambda: all_of_them.copies("p2", mac), {"p1": 1})
    soon(lambda: all_of_them.copies("p3", mac), {"p1": 1})


def test_a_frame_to_its_own_sender_s_side_is_not_sent_back(all_of_them: Stations) -> None:
    mac = stray_mac()
    all_of_them.copies("p1", BROADCAST, source=mac)
    soon(lambda: all_of_them.copies("p2", mac), {"p1": 1})
    assert all_of_them.copies("p1", mac) == {}


def test_an_address_is_learned_per_switch(all_of_them: Stations) -> None:
    mac = stray_mac()
    all_of_them.copies("p2", BROADCAST, source=mac)
    soon(lambda: all_of_them.copies("p1", mac), {"p2": 1})
    assert all_of_them.copies("i1", mac) == once(INTERNAL, "i1")


@pytest.mark.parametrize(
    ("sender", "places"),
    [
        ("p1", ("p2", "p3")),
        ("a1", ("a2", "b1")),
        ("a1", ("b1", "a2")),
        ("pc1", ("a1", "b1")),
        ("b1", ("pc1", "a1", HOST)),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(value),
)
def test_an_address_that_moves_is_learned_at_once_where_it_is(
    all_of_them: Stations, sender: str, places: tuple[str, ...]
) -> None:
    mac = stray_mac()
    for place in places:
        all_of_them.copies(place, BROADCAST, source=mac)
        soon(lambda place=place: all_of_them.copies(sender, mac), {place: 1}, timeout=0.3)


@pytest.mark.parametrize("place", ["a2", "b1"])
def test_an_address_that_comes_back_is_learned_again(all_of_them: Stations, place: str) -> None:
    """Open vSwitch still has the way of its earlier frames at hand, and looks after such ways twice a second."""
    mac, other = stray_mac(), {"a2": "b1", "b1": "a2"}[place]
    for each in (place, other, place):
        all_of_them.copies(each, BROADCAST, source=mac)
        soon(lambda each=each: all_of_them.copies("a1", mac), {each: 1})


def test_an_address_is_forgotten_when_it_has_been_silent(running: RunningLab, all_of_them: Stations) -> None:
    mac = stray_mac()
    all_of_them.copies("s2", BROADCAST, source=mac)
    soon(lambda: all_of_them.copies("s1", mac), {"s2": 1})
    # Frames to an address do not keep it.
    eventually(lambda: all_of_them.copies("s1", mac), lambda seen: seen == once(SHORT, "s1"), timeout=4.0)
    assert learned(running, mac) == []


def test_an_address_that_goes_on_sending_is_not_forgotten(all_of_them: Stations) -> None:
    mac = stray_mac()
    all_of_them.copies("s2", BROADCAST, source=mac)
    soon(lambda: all_of_them.copies("s1", mac), {"s2": 1})
    silent_at = time.monotonic() + 3.0  # three times as long as a silent address is remembered
    while time.monotonic() < silent_at:
        all_of_them.send("s2", BROADCAST, source=mac)
        assert all_of_them.copies("s1", mac) == {"s2": 1}


G3 = 'hv1.vm("g3", "Changing", "10.0.5.13/24")\n'
GOING = {
    "vm-stops": 'hv1.vm("g3", "Changing", "10.0.5.13/24", running=False)\n',
    "vm-is-deleted": "",
    "adapter-is-removed": 'hv1.vm("g3", "Internal", "10.0.1.13/24")\n',
    "adapter-is-disconnected": 'hv1.vm("g3", None, "10.0.5.13/24")\n',
}


@pytest.mark.parametrize("after", GOING.values(), ids=GOING)
def test_what_was_learned_goes_with_the_port(running: RunningLab, after: str) -> None:
    gone, stays = stray_mac(), stray_mac()
    with stations(running, CHANGING) as before:
        before.copies("g3", BROADCAST, source=gone)
        before.copies("g2", BROADCAST, source=stays)
        soon(lambda: before.copies("g1", gone), {"g3": 1})
        soon(lambda: before.copies("g1", stays), {"g2": 1})
        assert learned(running, gone) == [("hv1/Changing", "g3/Network Adapter")]
    running.apply(edited(TOPOLOGY, (G3, after)))
    try:
        assert learned(running, gone) == []
        with stations(running, ("g1", "g2")) as left:
            assert left.copies("g1", gone) == {"g2": 1}
            assert left.copies("g2", gone) == {"g1": 1}
            assert left.copies("g1", stays) == {"g2": 1}
            assert left.copies("g2", stays) == {}
    finally:
        running.apply(TOPOLOGY)
    with stations(running, CHANGING) as again:
        soon(lambda: again.copies("g1", gone), {"g2": 1, "g3": 1})
        assert again.copies("g3", stays) == {"g2": 1}


# The controller is not needed for it


ALONE = """
from lab import Lab

lab = Lab("alone")
hv1 = lab.host("hv1")
hv1.private_switch("Private", ageing_s=2)
for number in (1, 2, 3):
    hv1.vm(f"p{number}", "Private", f"10.0.2.1{number}/24")
"""


def test_switches_learn_move_and_forget_without_a_controller(lab: LabOf, announce: Callable[[str], None]) -> None:
    announce(r"connection (closed|failed|attempt failed)|Connection refused")
    with lab(ALONE) as found, stations(found, PRIVATE) as three:
        early, late = stray_mac(), stray_mac()
        three.copies("p2", BROADCAST, source=early)
        soon(lambda: three.copies("p1", early), {"p2": 1})
        found.pod.stop(["controller"])
        assert three.copies("p1", early) == {"p2": 1}
        assert three.copies("p1", late) == once(PRIVATE, "p1")
        three.copies("p3", BROADCAST, source=late)
        soon(lambda: three.copies("p1", late), {"p3": 1})
        three.copies("p2", BROADCAST, source=late)
        soon(lambda: three.copies("p1", late), {"p2": 1})
        eventually(lambda: three.copies("p1", late), lambda seen: seen == once(PRIVATE, "p1"), timeout=6.0)
        assert "controller" not in found.pod.processes()


def test_what_was_learned_outlives_a_controller(
    running: RunningLab, all_of_them: Stations, announce: Callable[[str], None]
) -> None:
    announce(r"connection (closed|failed|attempt failed)|Connection re(fused|set)")
    macs = {place: stray_mac() for place in ("a2", "b1", "p2")}
    for place, mac in macs.items():
        all_of_them.copies(place, BROADCAST, source=mac)
    soon(lambda: [all_of_them.copies("a1", macs["a2"]), all_of_them.copies("a1", macs["b1"])], [{"a2": 1}, {"b1": 1}])
    before = running.pod.processes()["controller"].restarts
    running.pod.kill(["controller"])
    for _ in range(3):
        assert all_of_them.copies("a1", macs["a2"]) == {"a2": 1}
        assert all_of_them.copies("a1", macs["b1"]) == {"b1": 1}
        assert all_of_them.copies("p1", macs["p2"]) == {"p2": 1}
    eventually(lambda: running.pod.processes()["controller"].restarts, lambda now: now > before)
    running.healthy()
    assert all_of_them.copies("a1", macs["a2"]) == {"a2": 1}
    assert all_of_them.copies("p1", macs["p2"]) == {"p2": 1}


# Pinned


@pytest.mark.parametrize(
    ("sender", "receivers"),
    [
        ("v1", (SPOOFER, "pc3")),
        (PINNED_HOST, (SPOOFER, "pc3")),
        (SPOOFER, ("pc3",)),
        ("pc3", (SPOOFER,)),
        ("c1", ()),
    ],
)
def test_pinned_an_unknown_address_reaches_the_wire_and_those_who_may_spoof(
    all_of_them: Stations, sender: str, receivers: tuple[str, ...]
) -> None:
    assert all_of_them.copies(sender, stray_mac()) == once(receivers)


@pytest.mark.parametrize("target", [BROADCAST, "unknown", "v2", "pc3"])
@pytest.mark.parametrize("sender", ["v1", PINNED_HOST])
def test_pinned_a_foreign_source_address_reaches_nobody(all_of_them: Stations, sender: str, target: str) -> None:
    to = {BROADCAST: BROADCAST, "unknown": stray_mac()}.get(target) or all_of_them.mac(target)
    for source in (stray_mac(), all_of_them.mac("v2"), all_of_them.mac("pc3")):
        assert all_of_them.copies(sender, to, source=source) == {}
    if target in PINNED:
        soon(lambda: all_of_them.copies(sender, to), {target: 1})


def test_pinned_an_adapter_that_may_spoof_sends_from_any_address_and_is_learned_there(
    running: RunningLab, all_of_them: Stations
) -> None:
    mac = stray_mac()
    assert all_of_them.copies(SPOOFER, BROADCAST, source=mac) == once(PINNED, SPOOFER)
    soon(lambda: all_of_them.copies("v1", mac), {SPOOFER: 1})
    soon(lambda: all_of_them.copies("pc3", mac), {SPOOFER: 1})
    assert learned(running, mac) == [("hv1/Pinned", SPOOFER)]


def test_pinned_an_address_of_the_wire_is_learned(running: RunningLab, all_of_them: Stations) -> None:
    mac = stray_mac()
    assert all_of_them.copies("pc3", BROADCAST, source=mac) == once(PINNED, "pc3")
    soon(lambda: all_of_them.copies("v1", mac), {"pc3": 1})
    assert learned(running, mac) == [("hv1/Pinned", "hv1/Ethernet 2")]


@pytest.mark.parametrize("thief", [SPOOFER, "pc3"])
@pytest.mark.parametrize("victim", ["v1", PINNED_HOST])
def test_pinned_an_assigned_address_cannot_be_taken_over(
    running: RunningLab, all_of_them: Stations, thief: str, victim: str
) -> None:
    mac = all_of_them.mac(victim)
    for _ in range(3):
        all_of_them.send(thief, BROADCAST, source=mac)
        assert all_of_them.copies("v2", mac) == {victim: 1}
    owner = {"v1": "v1/Network Adapter"}.get(victim, victim)
    assert [adapter for place, adapter in learned(running, mac) if place == "hv1/Pinned"] == [owner]


def test_learning_lets_an_address_be_taken_over(all_of_them: Stations) -> None:
    """What Pinned is for. The victim's own next frame brings it back."""
    mac = stray_mac()
    all_of_them.copies("a2", BROADCAST, source=mac)
    soon(lambda: all_of_them.copies("pc1", mac), {"a2": 1})
    all_of_them.copies("a1", BROADCAST, source=mac)
    soon(lambda: all_of_them.copies("pc1", mac), {"a1": 1})
    soon(lambda: (all_of_them.copies("a2", BROADCAST, source=mac), all_of_them.copies("pc1", mac))[1], {"a2": 1})


def test_pinned_goes_with_a_setting(running: RunningLab) -> None:
    """A switch of a running lab becomes Pinned, and Learning again."""
    mac = stray_mac()
    with stations(running, CHANGING) as three:
        three.copies("g2", BROADCAST, source=mac)
        soon(lambda: three.copies("g1", mac), {"g2": 1})
        running.apply(edited(TOPOLOGY, ('private_switch("Changing")', 'private_switch("Changing", learning="Pinned")')))
        soon(lambda: three.copies("g1", mac), {})
        assert three.copies("g1", stray_mac()) == {}
        assert three.copies("g1", BROADCAST, source=mac) == {}
        assert three.copies("g1", three.mac("g2")) == {"g2": 1}
        running.apply(TOPOLOGY)
        soon(lambda: three.copies("g1", stray_mac()), once(CHANGING, "g1"))


# To many


GROUPS = {"broadcast": BROADCAST, "ipv4": "01:00:5e:00:00:fb", "ipv6": "33:33:00:00:00:fb"}
SENDERS = ("a1", HOST, BACKUP, "b1", "pc1", ROUTER, "v1", SPOOFER, PINNED_HOST, "pc3", "i1", INTERNAL_HOST, "p1", "c1")


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize("sender", SENDERS)
def test_a_frame_to_a_group_reaches_every_other_adapter_of_its_network_once(
    all_of_them: Stations, group: str, sender: str
) -> None:
    assert all_of_them.copies(sender, GROUPS[group]) == once(segment_of(sender), sender)


@pytest.mark.parametrize("source", ["01:00:5e:00:00:01", BROADCAST, "00:00:00:00:00:00"])
@pytest.mark.parametrize("sender", ["p1", "a1", "v1", SPOOFER])
def test_a_frame_from_a_group_or_from_nobody_reaches_nobody(all_of_them: Stations, sender: str, source: str) -> None:
    assert all_of_them.copies(sender, BROADCAST, source=source) == {}
