"""Does for one VLAN what a VLAN device does, where the kernel has none: puts the tag on and takes it off.

Run by the pod's first process as `python3 -I -S -E …/tagger.py PID PARENT DEVICE VLAN_ID READY`, in the network
namespace of a VM (whose first process has the number PID), and in none of its others: the guest cannot reach it.

Between a TAP device and a packet socket it copies frames as they are, unfinished checksums and segments of 64 kB
included (``struct virtio_net_hdr``): that is what makes it fast. The kernel takes tags off before a packet socket gets
a frame, and a filter in the kernel lets only those of the one VLAN through: what arrives is not even looked at.

It needs both devices and makes neither: it waits until they are there, and ends when one goes, to be started again. The
TAP device stays when the program is killed; with SIGTERM it goes too, whatever name the guest has given it.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import select
import signal
import socket
import struct
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Numbers of the kernel's uapi headers if_tun.h, if_packet.h, filter.h and asm-generic/socket.h.
TUNSETIFF, TUNSETPERSIST, TUNSETOFFLOAD = 0x400454CA, 0x400454CB, 0x400454D0
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x0002, 0x1000, 0x4000
_CHECKSUM, _TSO4, _TSO6, _TSO_ECN = 0x01, 0x02, 0x04, 0x08
_ETH_P_ALL, _TPID = 0x0003, 0x8100
_SOL_PACKET, _PACKET_VNET_HDR, _PACKET_IGNORE_OUTGOING = 263, 15, 23
_SO_ATTACH_FILTER = 26
_LOAD, _AND, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x54, 0x15, 0x06
_VLAN_TAG, _VLAN_TAG_PRESENT, _VLAN_TPID = (0xFFFFF000 + offset for offset in (44, 48, 60))
_WHOLE = 0x40000

# struct virtio_net_hdr: flags, GSO type, header length, segment size, start and offset of an unfinished checksum.
_VNET = struct.Struct("=BBHHHH")
_NEEDS_CHECKSUM = 1
_TAG_BYTES = 4
_ADDRESSES_END = _VNET.size + 12
_LARGEST_FRAME = 1 << 17
_QUEUE_BYTES = 4 << 20
_PAUSE_MS = 100


def open_tap(device: str) -> int:
    """Open a TAP device whose frames have a ``struct virtio_net_hdr`` before them; one that is not there is made."""
    tap = os.open("/dev/net/tun", os.O_RDWR | os.O_CLOEXEC)
    try:
        fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", device.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
    except OSError:
        os.close(tap)
        raise
    return tap


def open_wire(parent: str, vlan_id: int) -> socket.socket:
    """Open a socket that gets the frames that come to a device with the tag of one VLAN, the tag taken off."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    program = (
        (_LOAD, 0, 0, _VLAN_TAG_PRESENT),
        (_JUMP_IF_EQUAL, 6, 0, 0),
        (_LOAD, 0, 0, _VLAN_TPID),
        (_JUMP_IF_EQUAL, 0, 4, _TPID),
        (_LOAD, 0, 0, _VLAN_TAG),
        (_AND, 0, 0, 0xFFF),
        (_JUMP_IF_EQUAL, 0, 1, vlan_id),
        (_RETURN, 0, 0, _WHOLE),
        (_RETURN, 0, 0, 0),
    )
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in program))
    wire.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("HP", len(program), ctypes.addressof(code)))
    wire.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    wire.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _QUEUE_BYTES)
    wire.bind((parent, _ETH_P_ALL))
    return wire


def receive(wire: socket.socket, tap: int, parent_index: int) -> None:
    """Hand what comes from the wire to the guest, until a device is gone."""
    frame = bytearray(_LARGEST_FRAME)
    view = memoryview(frame)
    while True:
        try:
            size = wire.recv_into(frame)
        except OSError as error:
            if error.errno == errno.ENETDOWN and _exists(parent_index):
                continue  # it was switched off, and what comes next comes after it was switched on again
            if error.errno == errno.EINVAL:
                continue  # segments of a kind that the header has no word for
            raise
        try:
            os.write(tap, view[:size])
        except OSError as error:
            if error.errno == errno.EBADFD:
                raise
            # The device is switched off, or no memory is left: the frame is lost.


def transmit(tap: int, wire: socket.socket, vlan_id: int) -> None:
    """Put the tag on what the guest sends, until its device is gone."""
    frame = bytearray(_LARGEST_FRAME)
    view = memoryview(frame)
    tag = struct.pack("!HH", _TPID, vlan_id)
    while True:
        size = os.readv(tap, [frame])
        flags, segments, headers, segment, start, offset = _VNET.unpack_from(frame)
        if flags & _NEEDS_CHECKSUM or segments:
            start += _TAG_BYTES if flags & _NEEDS_CHECKSUM else 0
            headers += _TAG_BYTES if segments else 0
            _VNET.pack_into(frame, 0, flags, segments, headers, segment, start, offset)
        try:
            wire.sendmsg((view[:_ADDRESSES_END], tag, view[_ADDRESSES_END:size]))
        except OSError:
            continue  # a shaper has no room for it, or the adapter is switched off: the frame is lost


def main(machine: int, parent: str, device: str, vlan_id: int, ready: str) -> None:
    """Copy frames until the machine ends."""
    ended = select.poll()
    ended.register(os.pidfd_open(machine), select.POLLIN)
    while not (_index(parent) and _index(device)):
        if ended.poll(_PAUSE_MS):
            return
    tap = open_tap(device)
    fcntl.ioctl(tap, TUNSETOFFLOAD, _CHECKSUM | _TSO4 | _TSO6 | _TSO_ECN)
    signal.signal(signal.SIGTERM, lambda *_: _remove(tap))
    wire, index = open_wire(parent, vlan_id), _index(parent)
    for pump in (lambda: receive(wire, tap, index), lambda: transmit(tap, wire, vlan_id)):
        threading.Thread(target=_to_the_end, args=(pump,), daemon=True).start()
    os.close(os.open(ready, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    ended.poll()


def _to_the_end(pump: Callable[[], None]) -> None:
    try:
        pump()
    except OSError as error:
        print(f"a device is gone: {error.strerror}", file=sys.stderr, flush=True)
    finally:
        os._exit(1)


def _remove(tap: int) -> None:
    fcntl.ioctl(tap, TUNSETPERSIST, 0)
    os._exit(0)


def _index(device: str) -> int:
    try:
        return socket.if_nametoindex(device)
    except OSError:
        return 0


def _exists(index: int) -> bool:
    try:
        return bool(socket.if_indextoname(index))
    except OSError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), sys.argv[5])
