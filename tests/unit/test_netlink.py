"""Messages that no kernel at hand may understand, against what iproute2 says."""

from __future__ import annotations

import struct

from lab.emulation import netlink
from lab.emulation.netlink import add_vlan

# What iproute2 6.1 sends for `ip link add link lo name lo.10 type vlan id 10`: an ifinfomsg, then attributes.
IPROUTE2 = bytes.fromhex(
    "00000000 00000000 00000000 00000000"
    "08000500 01000000"
    "0a000300 6c6f2e31 30000000"
    "18001200 08000100 766c616e 0c000200 06000100 0a000000"
)
HEADER = 16
LINK, NAME, INFO = 5, 3, 18
NESTED = 0x8000


def attributes(body: bytes) -> dict[int, bytes]:
    found = {}
    while body:
        length, kind = struct.unpack_from("=HH", body)
        found[kind & ~NESTED] = body[4:length]
        body = body[length + (-length % 4) :]
    return found


def test_a_vlan_device_is_asked_for_as_iproute2_does() -> None:
    message = add_vlan("lo.10", "lo", 10)
    index = struct.pack("=I", 1)
    body = message.body[: message.index_at] + index + message.body[message.index_at + 4 :]
    assert message.device == "lo"
    assert body[:HEADER] == IPROUTE2[:HEADER]
    ours, theirs = attributes(body[HEADER:]), attributes(IPROUTE2[HEADER:])
    assert (ours[LINK], ours[NAME]) == (theirs[LINK], theirs[NAME])
    our_info, their_info = attributes(ours[INFO]), attributes(theirs[INFO])
    assert our_info.keys() == their_info.keys() == {1, 2}
    assert our_info[1].rstrip(b"\0") == their_info[1] == b"vlan"
    assert attributes(our_info[2]) == attributes(their_info[2]) == {1: b"\x0a\0"}


def test_what_kind_a_link_is() -> None:
    theirs = attributes(IPROUTE2[HEADER:])[INFO]
    assert netlink._kind(theirs) == ("vlan", 10)
    assert netlink._kind(b"") == ("", 0)
    assert netlink._kind(netlink._text(1, "tun") + netlink._attribute(2, b"\x05\0\x01\0\x01\0\0\0")) == ("tun", 0)
