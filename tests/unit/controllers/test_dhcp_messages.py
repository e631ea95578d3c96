"""DHCP messages: read as RFC 2131 and 2132 say, whatever octets come; made as a client expects them."""

from __future__ import annotations

from ipaddress import IPv4Address
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as some

from controllers.packets.datagram import BROADCAST, BROADCAST_MAC, Datagram, Malformed, frame_of, read_datagram
from controllers.packets.dhcp import NOWHERE, Answer, Kind, Option, Question, octets_of, read_question
from tests import dhcp

MAC = "00:15:5d:01:02:03"
MAC_NUMBER = int(MAC.replace(":", ""), 16)
OCTETS = some.binary(max_size=600)
ADDRESSES = some.integers(0, 2**32 - 1).map(IPv4Address)


def question(octets: bytes) -> Question:
    """Return the message in some octets, which must be one."""
    found = read_question(octets)
    assert isinstance(found, Question)
    return found


@given(OCTETS)
def test_no_octets_raise(octets: bytes) -> None:
    for read in (read_datagram, read_question):
        found = read(octets)
        assert isinstance(found, Malformed | Datagram | Question)


@given(OCTETS)
def test_no_options_raise(options: bytes) -> None:
    read_question(dhcp.bootp(MAC, dhcp.COOKIE + options))
    read_question(dhcp.bootp(MAC, dhcp.coded(dhcp.DISCOVER, {52: b"\x03"}), file=options[:128], sname=options[128:192]))


def test_a_message_that_is_changed_at_any_place_does_not_raise() -> None:
    options = {50: bytes([10, 0, 0, 1]), 12: b"web1", 55: bytes([1, 3, 6]), 61: b"\x01" + dhcp.octets(MAC)}
    frame = dhcp.frame(dhcp.message(dhcp.REQUEST, MAC, options), MAC)
    random = Random(1)
    for at in range(len(frame)):
        for value in (0, 255, random.randrange(256)):
            changed = frame[:at] + bytes([value]) + frame[at + 1 :]
            found = read_datagram(changed)
            if isinstance(found, Datagram):
                assert isinstance(read_question(found.payload), Question | Malformed)
        cut = read_datagram(frame[:at])
        assert isinstance(cut, Malformed)


@given(some.builds(Datagram, some.integers(0, 2**48 - 1), some.integers(0, 2**48 - 1), ADDRESSES, ADDRESSES,
                   some.integers(0, 65535), some.integers(0, 65535), some.binary(max_size=1400)))  # fmt: skip
def test_a_datagram_reads_back_from_its_frame(datagram: Datagram) -> None:
    assert read_datagram(frame_of(datagram)) == datagram


@given(
    some.builds(
        Answer, some.sampled_from([Kind.OFFER, Kind.ACK, Kind.NAK]), some.integers(0, 2**32 - 1),
        some.integers(1, 2**48 - 1), some.booleans(), ADDRESSES, ADDRESSES,
        some.lists(some.tuples(some.integers(54, 254), some.binary(max_size=64)), max_size=6).map(tuple),
    )
)  # fmt: skip
def test_an_answer_is_what_a_client_reads(answer: Answer) -> None:
    sent = Datagram(1, BROADCAST_MAC, IPv4Address("10.0.0.1"), BROADCAST, 67, 68, octets_of(answer))
    read = dhcp.reply(frame_of(sent))
    assert read is not None
    assert (read.kind, read.xid, read.flags) == (answer.kind, answer.xid, 0x8000 if answer.broadcast else 0)
    assert (read.ciaddr, read.yiaddr) == (str(answer.address), str(answer.yours))
    assert int(read.chaddr.replace(":", ""), 16) == answer.mac
    assert read.options[1:] == answer.options
    assert read.size >= 300, "a message of BOOTP has that much (RFC 951)"


def test_fields_and_options_of_a_client() -> None:
    options = {
        12: b"web1\0", 50: bytes([172, 27, 48, 9]), 54: bytes([172, 27, 48, 1]), 55: bytes([6, 3, 1]),
        61: b"\xffsome-client",
    }  # fmt: skip
    found = question(dhcp.message(dhcp.REQUEST, MAC, options, xid=7, flags=0x8000, ciaddr="172.27.48.2"))
    assert found == Question(
        Kind.REQUEST, 7, MAC_NUMBER, b"\xffsome-client", True, True, IPv4Address("172.27.48.2"), NOWHERE,
        IPv4Address("172.27.48.9"), IPv4Address("172.27.48.1"), (6, 3, 1), "web1",
    )  # fmt: skip


def test_a_client_without_an_identifier_goes_by_its_address() -> None:
    found = question(dhcp.message(dhcp.DISCOVER, MAC))
    assert (found.client_id, found.said_id) == (b"\x01" + dhcp.octets(MAC), False)
    assert found.wanted is None


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (b"web1", "web1"), (b"web1.example.com", "web1"), (b"web1\0\0", "web1"), (b"", ""), (b"-web", ""),
        (b"a b", ""), (b"\xff\xfe", ""), (b"x" * 64, ""), (b"x" * 63, "x" * 63), (b"a\nb 10.0.0.1", ""),
    ],
)  # fmt: skip
def test_host_names(said: bytes, name: str) -> None:
    assert question(dhcp.message(dhcp.DISCOVER, MAC, {12: said})).host_name == name


def test_one_option_in_several_pieces_is_one() -> None:
    options = dhcp.COOKIE + b"\x35\x01\x01" + b"\x0c\x02we" + b"\x00\x00" + b"\x0c\x02b1" + b"\xff"
    assert question(dhcp.bootp(MAC, options)).host_name == "web1"


def test_options_go_on_in_the_fields_of_file_and_server() -> None:
    options = dhcp.coded(dhcp.DISCOVER, {Option.OVERLOAD: b"\x03"})
    found = question(dhcp.bootp(MAC, options, file=b"\x0c\x02we\xff", sname=b"\x0c\x02b1\xff"))
    assert found.host_name == "web1", "the file's options come before those of the server's name"


def test_options_without_an_end() -> None:
    assert question(dhcp.bootp(MAC, dhcp.COOKIE + b"\x35\x01\x01")).kind is Kind.DISCOVER


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", Malformed.CUT_SHORT),
        (dhcp.message(dhcp.DISCOVER, MAC)[:239], Malformed.CUT_SHORT),
        (dhcp.message(dhcp.DISCOVER, MAC, op=2), Malformed.NO_REQUEST),
        (dhcp.message(dhcp.DISCOVER, "00:00:00:00:00:00"), Malformed.HARDWARE),
        (dhcp.message(dhcp.DISCOVER, "01:00:5e:00:00:01"), Malformed.HARDWARE),
        (dhcp.bootp(MAC, bytes(64)), Malformed.NO_DHCP),
        (dhcp.bootp(MAC, dhcp.COOKIE + b"\xff"), Malformed.NO_DHCP),
        (dhcp.bootp(MAC, dhcp.COOKIE + b"\x35\x04\x01"), Malformed.OPTION),
        (dhcp.bootp(MAC, dhcp.COOKIE + b"\x35\x02\x01\x01\xff"), Malformed.OPTION),
        (dhcp.message(dhcp.REQUEST, MAC, {50: b"\x01"}), Malformed.OPTION),
        (dhcp.message(dhcp.REQUEST, MAC, {54: b"12345"}), Malformed.OPTION),
        (dhcp.message(dhcp.OFFER, MAC), Malformed.KIND),
        (dhcp.message(0, MAC), Malformed.KIND),
        (dhcp.message(200, MAC), Malformed.KIND),
    ],
)
def test_what_is_no_question(octets: bytes, why: Malformed) -> None:
    assert read_question(octets) is why


def test_fragments_are_no_datagrams() -> None:
    frame = dhcp.frame(dhcp.message(dhcp.DISCOVER, MAC), MAC)
    head = frame[14:20] + b"\x20\x00" + frame[22:24] + b"\0\0" + frame[26:34]
    ip = head[:10] + dhcp.checksum(head).to_bytes(2, "big") + head[12:]
    assert read_datagram(frame[:14] + ip + frame[34:]) is Malformed.FRAGMENT
    assert read_datagram(frame[:14] + head + frame[34:]) is Malformed.HEADER, "its checksum is wrong"
