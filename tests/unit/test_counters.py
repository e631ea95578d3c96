"""Frames that Open vSwitch remembers, told in words."""

from __future__ import annotations

import pytest

from lab.emulation.counters import frame_text

ETH = "recirc_id(0),in_port(web1-eth0),packet_type(ns=0,id=0),eth(src=00:15:5d:00:00:01,dst=00:15:5d:00:00:02)"
IP = f"{ETH},eth_type(0x0800),ipv4(src=10.0.1.1,dst=10.0.1.2,proto=%d,tos=0,ttl=64,frag=no)"
SIX = f"{ETH},eth_type(0x86dd),ipv6(src=2001:db8::1,dst=2001:db8::2,label=0,proto=%d,tclass=0,hlimit=64,frag=no)"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (f"{IP % 6},tcp(src=5000,dst=81),tcp_flags(syn)", "TCP 10.0.1.1:5000 -> 10.0.1.2:81"),
        (f"{IP % 17},udp(src=67,dst=68)", "UDP 10.0.1.1:67 -> 10.0.1.2:68"),
        (f"{IP % 1},icmp(type=8,code=0)", "ICMP 10.0.1.1 -> 10.0.1.2"),
        (IP % 47, "IP protocol 47 10.0.1.1 -> 10.0.1.2"),
        (f"{SIX % 6},tcp(src=5000,dst=81)", "TCP [2001:db8::1]:5000 -> [2001:db8::2]:81"),
        (f"{SIX % 58},icmpv6(type=134,code=0)", "ICMP 2001:db8::1 -> 2001:db8::2"),
        (
            f"{ETH},eth_type(0x0806),arp(sip=10.0.1.1,tip=10.0.1.2,op=1,sha=00:15:5d:00:00:01,tha=00:00:00:00:00:00)",
            "ARP 10.0.1.1 asks for 10.0.1.2",
        ),
        (f"{ETH},eth_type(0x88b5)", "type 0x88b5 00155D000001 -> 00155D000002"),
        (
            f"{ETH},eth_type(0x8100),vlan(vid=20,pcp=0),encap(eth_type(0x88b5))",
            "type 0x88b5 00155D000001 -> 00155D000002, tagged VLAN 20",
        ),
    ],
)
def test_a_frame_in_words(key: str, words: str) -> None:
    assert frame_text(key) == words
