"""The frames that a member makes itself: heartbeats, announcements of its addresses, and joins of IGMP.

Heartbeats have the Ethernet type of NLB, 0x886F. What is in them is our own: Microsoft has not published it.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache
from ipaddress import IPv4Address
from typing import Final

from .buckets import mask, unmask

HEARTBEAT: Final = 0x886F
BROADCAST: Final = "ff:ff:ff:ff:ff:ff"

_MAGIC: Final = b"hvlab-nlb\x01"
_HEAD: Final = struct.Struct("!10s4s6sBBBI8s8s8sIB")
_LOAD: Final = struct.Struct("!BBQ")
_LONGEST_NAME: Final = 63
_SMALLEST: Final = 60
_ARP, _IPV4 = 0x0806, 0x0800
_IGMP: Final = 2
_IGMP_V1_REPORT: Final = 0x12


class Phase(IntEnum):
    """Where a member is on the way to convergence."""

    CONVERGING_1 = 1
    STABLE_1 = 2
    CONVERGING_2 = 3
    STABLE_2 = 4
    CONVERGED = 5


@dataclass(frozen=True, slots=True)
class Load:
    """What a member says of one port rule: its load weight, its handling priority, and the buckets that it has."""

    weight: int
    handling: int
    owned: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What a member tells the others every second.

    ``instance`` is the own MAC address of its adapter, ``view`` the host ids of those whom it hears and accepts.
    ``standing``: it has been converged with this ``fingerprint``. ``members`` and ``division`` are digests of what it
    takes for the cluster's members, and of how it divides the buckets. The last of ``loads`` is that of the default
    host. ``refused``: it may not join. ``leaving``: this is its last one.
    """

    vip: IPv4Address
    instance: str
    host: int
    phase: Phase
    epoch: int
    fingerprint: bytes
    members: bytes
    division: bytes
    view: frozenset[int]
    name: str
    loads: tuple[Load, ...]
    standing: bool = False
    draining: bool = False
    refused: bool = False
    leaving: bool = False


def heartbeat(target: str, source: str, told: Heartbeat) -> bytes:
    """Return the frame of a heartbeat."""
    flags = sum(bit << at for at, bit in enumerate((told.standing, told.draining, told.refused, told.leaving)))
    name = told.name.encode()[:_LONGEST_NAME]
    head = _HEAD.pack(
        _MAGIC, told.vip.packed, _raw(told.instance), told.host, told.phase, flags, told.epoch, told.fingerprint,
        told.members, told.division, sum(1 << host - 1 for host in told.view), len(name),
    )  # fmt: skip
    loads = b"".join(_LOAD.pack(load.weight, load.handling, mask(load.owned)) for load in told.loads)
    return _ethernet(target, source, HEARTBEAT) + (head + name + bytes([len(told.loads)]) + loads).ljust(46, b"\0")


@lru_cache(maxsize=128)
def read_heartbeat(frame: bytes) -> Heartbeat | None:
    """Return the heartbeat in a frame; None if it is not one of ours. As long as nothing changes all are alike."""
    try:
        return _read(frame[14:])
    except (struct.error, ValueError, IndexError):
        return None


def _read(body: bytes) -> Heartbeat | None:
    magic, vip, instance, host, phase, flags, epoch, fingerprint, members, division, view, length = _HEAD.unpack_from(
        body
    )
    if magic != _MAGIC or not 1 <= host <= 32:
        return None
    at = _HEAD.size + length
    name, count = body[_HEAD.size : at].decode(), body[at]
    loads = (_LOAD.unpack_from(body, at + 1 + number * _LOAD.size) for number in range(count))
    return Heartbeat(
        vip=IPv4Address(vip),
        instance=instance.hex(":"),
        host=host,
        phase=Phase(phase),
        epoch=epoch,
        fingerprint=fingerprint,
        members=members,
        division=division,
        view=frozenset(number for number in range(1, 33) if view >> (number - 1) & 1),
        name=name,
        loads=tuple(Load(weight, handling, unmask(owned)) for weight, handling, owned in loads),
        standing=bool(flags & 1),
        draining=bool(flags & 2),
        refused=bool(flags & 4),
        leaving=bool(flags & 8),
    )


def announcement(source: str, address: IPv4Address, mac: str) -> bytes:
    """Return the frame that tells everybody that an IP address is at a MAC address (RFC 5227, section 2.3)."""
    body = struct.pack("!HHBBH", 1, _IPV4, 6, 4, 1) + _raw(mac) + address.packed + bytes(6) + address.packed
    return (_ethernet(BROADCAST, source, _ARP) + body).ljust(_SMALLEST, b"\0")


def join(source: str, sender: IPv4Address, group: IPv4Address) -> bytes:
    """Return the frame by which a host says that it is a member of a group (IGMPv1, RFC 1112, appendix I)."""
    report = struct.pack("!BBH", _IGMP_V1_REPORT, 0, 0) + group.packed
    report = report[:2] + struct.pack("!H", _checksum(report)) + report[4:]
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(report), 0, 0, 1, _IGMP, 0) + sender.packed + group.packed
    head = head[:10] + struct.pack("!H", _checksum(head)) + head[12:]
    low = int(group) & 0x7FFFFF
    target = f"01:00:5e:{low >> 16:02x}:{low >> 8 & 0xFF:02x}:{low & 0xFF:02x}"
    return (_ethernet(target, source, _IPV4) + head + report).ljust(_SMALLEST, b"\0")


def _ethernet(target: str, source: str, kind: int) -> bytes:
    return _raw(target) + _raw(source) + struct.pack("!H", kind)


def _raw(mac: str) -> bytes:
    return bytes.fromhex(mac.replace(":", ""))


def _checksum(content: bytes) -> int:
    """Return the Internet checksum (RFC 1071) of content of even length."""
    total: int = sum(struct.unpack(f"!{len(content) // 2}H", content))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
