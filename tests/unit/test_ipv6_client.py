"""The IPv6 client of guests: what it reads in advertisements, which may come from anybody."""

from __future__ import annotations

import struct
from ipaddress import IPv6Address, IPv6Network

from hypothesis import given
from hypothesis import strategies as st

from lab.emulation.ipv6_client import on_link

HEADER = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0xC0, 1800, 0, 0)


def prefix(text: str, flags: int) -> bytes:
    found = IPv6Network(text)
    return struct.pack("!BBBBIII", 3, 4, found.prefixlen, flags, 9, 9, 0) + found.network_address.packed


def test_prefixes_of_the_link_are_found_among_other_options() -> None:
    link_layer, mtu = struct.pack("!BB6s", 1, 1, b"123456"), struct.pack("!BBHI", 5, 1, 0, 1500)
    content = HEADER + link_layer + prefix("fd00:1::/64", 0xC0) + mtu + prefix("fd00:2::/64", 0x40)
    assert on_link(content) == [IPv6Network("fd00:1::/64")]


def test_a_prefix_with_more_bits_than_its_length_is_cut() -> None:
    content = HEADER + struct.pack("!BBBBIII", 3, 4, 64, 0x80, 9, 9, 0) + IPv6Address("fd00:1::5").packed
    assert on_link(content) == [IPv6Network("fd00:1::/64")]


@given(st.binary(max_size=80))
def test_nonsense_harms_nobody(content: bytes) -> None:
    assert all(each.prefixlen <= 128 for each in on_link(HEADER + content))
