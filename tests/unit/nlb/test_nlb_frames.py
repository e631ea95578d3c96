"""What a member sends, byte for byte, and what it has the kernel accept."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address
from random import Random

import pytest

from lab.emulation.nlb import filter as filters
from lab.emulation.nlb.buckets import EVERY_BUCKET
from lab.emulation.nlb.frames import announcement, heartbeat, join, read_heartbeat
from lab.emulation.nlb.membership import Membership
from lab.emulation.nlb.setup import Rule, igmp_group
from lab.model.nlb import NlbMode, cluster_mac
from tests.unit.nlb.conftest import setup_of

NONE = frozenset[int]()


def test_a_heartbeat_has_the_type_of_nlb() -> None:
    told = Membership(setup_of(1), 0.0).heartbeat(0.0)
    frame = heartbeat("ff:ff:ff:ff:ff:ff", "02:01:c0:a8:01:64", told)
    assert frame[:14] == bytes.fromhex("ffffffffffff" "0201c0a80164" "886f")  # fmt: skip
    assert read_heartbeat(frame) == told


def test_what_is_no_heartbeat_of_ours_is_nothing() -> None:
    frame = heartbeat("ff:ff:ff:ff:ff:ff", "02:01:c0:a8:01:64", Membership(setup_of(1), 0.0).heartbeat(0.0))
    random = Random(7)
    for length in range(len(frame)):
        read_heartbeat(frame[:length])
    for _ in range(5000):
        broken = bytearray(frame)
        for _ in range(random.randint(1, 6)):
            broken[random.randrange(14, len(frame))] = random.randrange(256)
        read_heartbeat(bytes(broken))
    assert read_heartbeat(frame[:14] + bytes(46)) is None
    assert read_heartbeat(frame[:20]) is None


def test_an_announcement_is_a_gratuitous_arp() -> None:
    found = announcement("02:01:c0:a8:01:64", IPv4Address("192.168.1.100"), "02:bf:c0:a8:01:64")
    assert found == bytes.fromhex("ffffffffffff" "0201c0a80164" "0806" "0001080006040001"
                                  "02bfc0a80164" "c0a80164" "000000000000" "c0a80164").ljust(60, b"\0")  # fmt: skip


def test_a_join_is_a_report_of_igmp_version_1() -> None:
    group = igmp_group(IPv4Address("192.168.1.100"))
    assert str(group) == "239.255.1.100"
    found = join("00:15:5d:00:00:01", IPv4Address("192.168.1.31"), group)
    assert found[:14] == bytes.fromhex("01005e7f0164" "00155d000001" "0800")  # fmt: skip
    header, report = found[14:34], found[34:42]
    assert header[8:10] == b"\x01\x02", "a time to live of 1, and IGMP"
    assert header[12:] == bytes.fromhex("c0a8011f" "efff0164")  # fmt: skip
    assert report[:2] + report[4:] == b"\x12\0" + group.packed
    assert _checked(header)
    assert _checked(report)


def _checked(content: bytes) -> bool:
    words = sum(int.from_bytes(content[at : at + 2], "big") for at in range(0, len(content), 2))
    return (words & 0xFFFF) + (words >> 16) == 0xFFFF


@pytest.mark.parametrize(
    ("mode", "mac"),
    [("Unicast", "02:bf:0a:00:00:64"), ("Multicast", "03:bf:0a:00:00:64"), ("IgmpMulticast", "01:00:5e:7f:00:64")],
)
def test_the_mac_addresses_are_those_of_windows(mode: str, mac: str) -> None:
    """The example of `nlb ip2mac 10.0.0.100`; the topology and the guest say the same."""
    address = IPv4Address("10.0.0.100")
    assert setup_of(1, mode=mode, vip=address).cluster_mac == cluster_mac(NlbMode(mode), address) == mac


def test_the_source_is_masked_in_unicast_mode_only() -> None:
    assert setup_of(5).sent_from == "02:05:c0:a8:01:64"
    assert setup_of(5, mode="Multicast").sent_from == "00:15:5d:00:00:05"


def test_who_is_not_started_accepts_nothing() -> None:
    text = filters.cluster(setup_of(1), [EVERY_BUCKET] * 2, [EVERY_BUCKET] * 2, started=False)
    assert "arp daddr ip 192.168.1.100 drop" in text
    assert "icmp" not in text
    assert "goto" not in text
    assert text.rstrip().splitlines()[-3].strip() == "drop"


def test_rules_say_what_is_accepted() -> None:
    rules = (
        Rule(80, 80, "Tcp", "Multiple", "None", 50, 1),
        Rule(53, 54, "Both", "Multiple", "Network", 50, 1),
        Rule(90, 90, "Udp", "Multiple", "Single", 50, 1),
    )
    setup = replace(setup_of(1), rules=rules)
    owned = [frozenset({0, 1, 2, 7}), EVERY_BUCKET, NONE, NONE]
    text = filters.cluster(setup, owned, [EVERY_BUCKET] * 4, started=True)
    assert f"jhash ip saddr . tcp sport mod 60 seed {setup.seed:#x} vmap {{ 0-2 : accept, 7 : accept }}" in text
    assert "tcp dport 53-54 goto rule_1" in text
    assert "udp dport 53-54 goto rule_2" in text
    assert text.count("vmap") == 1
    assert "goto early" not in text
    early = filters.cluster(setup, owned, owned, started=True)
    assert early.count("vmap") == 2
    assert "tcp dport 80-80 goto early_0" in early
    assert "udp dport 90-90 goto early" not in early
    assert "ether saddr 02:bf:c0:a8:01:64 ether saddr set 02:01:c0:a8:01:64" in text
