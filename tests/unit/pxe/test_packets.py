"""DHCP messages of PXE clients and servers, as bytes."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lab.emulation.pxe.packets import (
    ACK,
    ARCHITECTURE,
    BOOT_FILE,
    DISCOVER,
    OVERLOAD,
    SERVER,
    TYPE,
    VENDOR_CLASS,
    Malformed,
    Message,
    datagram,
    decode,
    encode,
    payload_for,
)

MAC = bytes.fromhex("00155d010203")
addresses = st.integers(0, 2**32 - 1).map(IPv4Address)
names = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60)
options = st.dictionaries(st.integers(1, 254).filter(lambda number: number != OVERLOAD), st.binary(max_size=600))


@given(
    st.builds(
        Message,
        op=st.sampled_from((1, 2)),
        xid=st.integers(0, 2**32 - 1),
        mac=st.just(MAC),
        options=options,
        ciaddr=addresses,
        yiaddr=addresses,
        siaddr=addresses,
        giaddr=addresses,
        server_name=names,
        file=names,
        secs=st.integers(0, 65535),
        broadcast=st.booleans(),
    )
)
def test_what_is_encoded_is_decoded(message: Message) -> None:
    data = encode(message)
    assert len(data) >= 300, "what is shorter, some relay agents drop (RFC 1542, 2.1)"
    assert decode(data) == message


@given(st.binary(max_size=700))
def test_no_bytes_do_harm(data: bytes) -> None:
    good = encode(Message(2, 1, MAC, {TYPE: bytes([ACK])}))
    for each in (data, good[:240] + data, good[:236] + data):
        try:
            found = decode(each)
        except Malformed:
            continue
        assert found.boot_file is not None and found.server is not None and found.architecture != -1
    for each in (data, b"\x45" + data):
        assert payload_for(each, 68) is None or len(each) >= 28


def test_the_places_of_a_discover_are_those_of_rfc_2131() -> None:
    data = encode(Message(1, 0xDEADBEEF, MAC, {TYPE: bytes([DISCOVER]), ARCHITECTURE: b"\0\7"}))
    assert data[:4] == bytes((1, 1, 6, 0))
    assert data[4:8] == b"\xde\xad\xbe\xef"
    assert data[10:12] == b"\x80\0", "it has no address yet that an answer could be sent to"
    assert data[28:34] == MAC
    assert data[236:247] == b"\x63\x82\x53\x63" + bytes((53, 1, 1, 93, 2, 0, 7))


def test_fields_of_the_header_may_hold_options() -> None:
    data = bytearray(encode(Message(2, 1, MAC, {TYPE: bytes([ACK]), OVERLOAD: b"\3"})))
    data[44:48] = bytes((SERVER, 4, 10, 0)) + b""
    data[48:51] = bytes((1, 3, 255))
    data[108:118] = bytes((BOOT_FILE, 4)) + b"a.ef" + bytes((255, 0, 0, 0))
    found = decode(bytes(data))
    assert found.server == IPv4Address("10.0.1.3")
    assert (found.boot_file, found.file, found.server_name) == ("a.ef", "", "")


def test_option_67_comes_before_the_header_s_boot_file() -> None:
    assert Message(2, 1, MAC, {BOOT_FILE: b"option\0"}, file="header").boot_file == "option"
    assert Message(2, 1, MAC, {}, file="header").boot_file == "header"


@pytest.mark.parametrize(
    ("value", "is_pxe"), [(b"PXEClient", True), (b"PXEClient:Arch:00007", True), (b"MSFT 5.0", False)]
)
def test_what_says_pxe_client_is_pxe(value: bytes, is_pxe: bool) -> None:
    assert Message(1, 1, MAC, {VENDOR_CLASS: value}).is_pxe is is_pxe


@given(st.binary(max_size=1500), addresses, addresses)
def test_a_datagram_has_right_checksums_and_reaches_its_port_only(
    payload: bytes, one: IPv4Address, other: IPv4Address
) -> None:
    packet = datagram(one, other, (68, 67), payload)
    assert payload_for(packet, 67) == payload
    assert payload_for(packet, 68) is None
    assert total(packet[:20]) == 0xFFFF
    udp = packet[20:]
    assert total(one.packed + other.packed + struct.pack("!HH", 17, len(udp)) + udp) == 0xFFFF


def total(data: bytes) -> int:
    """Return the sum of ones' complements that a right checksum makes 0xFFFF (RFC 1071)."""
    found = sum(struct.unpack(f"!{(len(data) + 1) // 2}H", data + b"\0" * (len(data) % 2)))
    while found >> 16:
        found = (found & 0xFFFF) + (found >> 16)
    return found


def test_a_fragment_is_no_datagram() -> None:
    packet = bytearray(datagram(IPv4Address(1), IPv4Address(2), (67, 68), b"x"))
    packet[6] = 0x20
    assert payload_for(bytes(packet), 68) is None
