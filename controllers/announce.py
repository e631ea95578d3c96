"""What tells the wire where the adapters of a switch are, when its team has changed, or the link of one of its members.

A physical switch goes on sending to the member by which it has last seen an address, until it sees the address at
another one. An adapter that only receives might not send for long: so the switch sends one frame for each adapter, by
the member that it uses now, in each VLAN in which the adapter may send: a request of RARP (RFC 903) that nobody
answers, as a broadcast. Other hypervisors send it for a VM that has moved.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from controllers.pipeline.values import Action, Consult, Output
from controllers.view import SwitchView
from lab.model.vlan import NO_VLAN

ANNOUNCE_AFTER_S: Final = 0.05, 0.2, 0.75
"""The pauses before each time that it is sent: a switch tells of a link shortly before it uses it itself."""

MOST_VLANS: Final = 64
"""In how many VLANs of a trunk at most it is sent; in the others the adapter is found when it sends."""

_EVERYBODY: Final = b"\xff" * 6
_RARP, _DOT1Q, _ETHERNET, _IPV4, _REQUEST_REVERSE = 0x8035, 0x8100, 1, 0x0800, 3
_SMALLEST: Final = 60
"""The size of the smallest frame of Ethernet, without its checksum, in bytes."""


def announcements(view: SwitchView) -> Iterator[tuple[int, bytes]]:
    """Yield, for each adapter that has a MAC address, its port number and the frames that it is to send by its NIC."""
    known = ways(view)
    for port in (port for port in view.adapters() if port.ofport in known and port.mac):
        mine = port.membership
        tagged = (vlan for first, last in mine.accepts for vlan in range(first, last + 1))
        for vlan in dict.fromkeys([mine.sends, *islice(tagged, MOST_VLANS)]):
            if vlan != NO_VLAN:
                yield port.ofport, announcement(port.mac, vlan)


def ways(view: SwitchView) -> Mapping[int, tuple[int, ...]]:
    """Return by which external ports each adapter's frames leave, in their order; nothing where none may leave."""
    external = [port.ofport for port in view.ports if port.is_external]
    if not external or not view.forwards_natively:
        return {}
    team = bool(view.team())
    return {port.ofport: view.members_for(port) if team else (external[0],) for port in view.adapters()}


def way_out(view: SwitchView) -> Action:
    """Return what hands a frame of an adapter to its NIC; there must be one."""
    return Consult("uplink") if view.team() else Output(next(port.ofport for port in view.ports if port.is_external))


def have_moved(before: Mapping[int, tuple[int, ...]], now: Mapping[int, tuple[int, ...]]) -> bool:
    """Tell whether an adapter that was there before leaves by another NIC now, or may."""
    return any(before.get(ofport, way) != way for ofport, way in now.items())


def announcement(mac: int, vlan: int) -> bytes:
    """Return the frame that says where a MAC address is; VLAN 0 is untagged."""
    address = mac.to_bytes(6, "big")
    tag = struct.pack("!HH", _DOT1Q, vlan) if vlan else b""
    body = struct.pack("!HHHBBH", _RARP, _ETHERNET, _IPV4, 6, 4, _REQUEST_REVERSE) + 2 * (address + bytes(4))
    return (_EVERYBODY + address + tag + body).ljust(_SMALLEST, b"\0")
