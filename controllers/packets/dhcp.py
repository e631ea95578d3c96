"""Messages of DHCP (RFC 2131) with their options (RFC 2132): what a client asks, and the octets of a server's answer.

Options may go on in the fields of the server's name and of the boot file (option 52), and one option may be given in
several pieces (RFC 3396).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from ipaddress import IPv4Address
from typing import Final

from controllers.packets.datagram import Malformed

SERVER_PORT: Final = 67
CLIENT_PORT: Final = 68


class Kind(IntEnum):
    """The type of a message (option 53)."""

    DISCOVER = 1
    OFFER = 2
    REQUEST = 3
    DECLINE = 4
    ACK = 5
    NAK = 6
    RELEASE = 7
    INFORM = 8


class Option(IntEnum):
    """The options that are read or given here."""

    PAD = 0
    SUBNET_MASK = 1
    ROUTER = 3
    DNS_SERVER = 6
    HOST_NAME = 12
    DOMAIN_NAME = 15
    REQUESTED_ADDRESS = 50
    LEASE_TIME = 51
    OVERLOAD = 52
    KIND = 53
    SERVER = 54
    PARAMETER_LIST = 55
    MESSAGE = 56
    RENEWAL_TIME = 58
    REBINDING_TIME = 59
    CLIENT_ID = 61
    END = 255


@dataclass(frozen=True, slots=True)
class Question:
    """What a client says. ``client_id`` is its option 61, or its hardware address as such an option has it.

    ``wanted``: the options that it asks for, in its order; None if it does not say. ``host_name`` is empty if it says
    none, or none that can be a label of a domain name (RFC 1123, 2.1).
    """

    kind: Kind
    xid: int
    mac: int
    client_id: bytes
    said_id: bool
    broadcast: bool
    address: IPv4Address
    relay: IPv4Address
    requested: IPv4Address | None
    server: IPv4Address | None
    wanted: tuple[int, ...] | None
    host_name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server says: ``yours`` is the client's address, ``options`` in their order."""

    kind: Kind
    xid: int
    mac: int
    broadcast: bool
    address: IPv4Address
    yours: IPv4Address
    options: tuple[tuple[int, bytes], ...]


NOWHERE: Final = IPv4Address(0)

_FIXED: Final = struct.Struct("!BBBBIHHIIII16s64s128s4s")
_COOKIE: Final = b"\x63\x82\x53\x63"
_REQUEST, _REPLY, _ETHERNET, _MAC_SIZE = 1, 2, 1, 6
_BROADCAST_FLAG: Final = 0x8000
_GROUP_BIT: Final = 1 << 40
_FILE, _SERVER_NAME = 1, 2
_SMALLEST: Final = 300
"""How many octets a message of BOOTP has at least (RFC 951); there are relays that insist."""

_CLIENT_SENDS: Final = (Kind.DISCOVER, Kind.REQUEST, Kind.DECLINE, Kind.RELEASE, Kind.INFORM)
_LABEL: Final = re.compile(rb"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_SIZES: Final = {Option.REQUESTED_ADDRESS: 4, Option.KIND: 1, Option.SERVER: 4, Option.OVERLOAD: 1}


def read_question(octets: bytes) -> Question | Malformed:
    """Return the message of a client."""
    if len(octets) < _FIXED.size:
        return Malformed.CUT_SHORT
    fields = _FIXED.unpack_from(octets)
    operation, hardware, size, _, xid, _, flags, address, _, _, relay, chaddr, server_name, file, cookie = fields
    if operation != _REQUEST:
        return Malformed.NO_REQUEST
    mac = int.from_bytes(chaddr[:_MAC_SIZE], "big")
    if (hardware, size) != (_ETHERNET, _MAC_SIZE) or not mac or mac & _GROUP_BIT:
        return Malformed.HARDWARE
    if cookie != _COOKIE:
        return Malformed.NO_DHCP
    options = _options(octets[_FIXED.size :], file, server_name)
    if isinstance(options, Malformed):
        return options
    said_id = len(options.get(Option.CLIENT_ID, b"")) >= 2
    wanted = options.get(Option.PARAMETER_LIST)
    return Question(
        kind=Kind(options[Option.KIND][0]),
        xid=xid,
        mac=mac,
        client_id=options[Option.CLIENT_ID] if said_id else bytes([hardware]) + chaddr[:_MAC_SIZE],
        said_id=said_id,
        broadcast=bool(flags & _BROADCAST_FLAG),
        address=IPv4Address(address),
        relay=IPv4Address(relay),
        requested=_address(options, Option.REQUESTED_ADDRESS),
        server=_address(options, Option.SERVER),
        wanted=None if wanted is None else tuple(wanted),
        host_name=_host_name(options.get(Option.HOST_NAME, b"")),
    )


def _options(octets: bytes, file: bytes, server_name: bytes) -> dict[int, bytes] | Malformed:
    """Return all options; those that are read here have the size they should, and the type is one of a client's."""
    found: dict[int, bytes] = {}
    if not _collect(octets, found):
        return Malformed.OPTION
    overload = found.get(Option.OVERLOAD, b"\0")
    # The file comes before the server's name (RFC 2131, 4.1).
    for bit, field in ((_FILE, file), (_SERVER_NAME, server_name)):
        if overload[:1] and overload[0] & bit and not _collect(field, found):
            return Malformed.OPTION
    if any(len(found[option]) != length for option, length in _SIZES.items() if option in found):
        return Malformed.OPTION
    if Option.KIND not in found:
        return Malformed.NO_DHCP
    return found if found[Option.KIND][0] in _CLIENT_SENDS else Malformed.KIND


def _collect(octets: bytes, found: dict[int, bytes]) -> bool:
    """Add the options in some octets to those that were found; tell whether each is whole."""
    at = 0
    while at < len(octets) and octets[at] != Option.END:
        if octets[at] == Option.PAD:
            at += 1
            continue
        if at + 2 > len(octets) or at + 2 + octets[at + 1] > len(octets):
            return False
        end = at + 2 + octets[at + 1]
        found[octets[at]] = found.get(octets[at], b"") + octets[at + 2 : end]
        at = end
    return True


def _address(options: Mapping[int, bytes], option: Option) -> IPv4Address | None:
    return IPv4Address(options[option]) if option in options else None


def _host_name(octets: bytes) -> str:
    # A client may end it with a zero (RFC 2132, 2), or give its whole domain name.
    label = octets.rstrip(b"\0").partition(b".")[0]
    return label.decode("ascii") if _LABEL.fullmatch(label) else ""


def octets_of(answer: Answer) -> bytes:
    """Return the octets of a server's message; each of its options has 255 octets at most."""
    fixed = _FIXED.pack(
        _REPLY, _ETHERNET, _MAC_SIZE, 0, answer.xid, 0, _BROADCAST_FLAG if answer.broadcast else 0,
        int(answer.address), int(answer.yours), 0, 0, answer.mac.to_bytes(_MAC_SIZE, "big"), b"", b"", _COOKIE,
    )  # fmt: skip
    kind = bytes([Option.KIND, 1, answer.kind])
    options = b"".join(bytes([code, len(value)]) + value for code, value in answer.options)
    return (fixed + kind + options + bytes([Option.END])).ljust(_SMALLEST, b"\0")
