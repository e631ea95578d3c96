"""The frames that announce an address, byte for byte as the RFCs have them."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from lab.emulation.announce import checksum, frame

MAC = bytes.fromhex("00155d010203")


def test_a_gratuitous_arp_has_the_address_as_sender_and_target() -> None:
    found = frame(MAC, IPv4Address("192.168.1.5"))
    assert found == bytes.fromhex("ffffffffffff" "00155d010203" "0806" "0001080006040001"
                                  "00155d010203" "c0a80105" "000000000000" "c0a80105")  # fmt: skip


def test_a_neighbour_advertisement_overrides_and_has_a_right_checksum() -> None:
    address = IPv6Address("2001:db8::5")
    found = frame(MAC, address)
    assert found[:14] == bytes.fromhex("333300000001" "00155d010203" "86dd")  # fmt: skip
    header, body = found[14:54], found[54:]
    assert header == bytes.fromhex("6000000000203aff") + address.packed + IPv6Address("ff02::1").packed
    assert body[0] == 136
    assert body[4] == 0x20, "override, neither router nor solicited"
    assert body[8:24] == address.packed
    assert body[24:] == b"\x02\x01" + MAC
    assert checksum(header[8:40] + len(body).to_bytes(4, "big") + (58).to_bytes(4, "big") + body) == 0
