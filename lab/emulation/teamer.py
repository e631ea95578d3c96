"""Has the team of a guest use one of its members: the first that has a link.

Run by the pod's first process as `python3 -I -S -E …/teamer.py PID DEVICE READY MEMBER...`, in the network namespace of
a VM (whose first process has the number PID), and in none of its others: the guest cannot reach it.

The team is a Linux bridge whose ports are isolated from each other, so that nothing ever passes from one member to
another. All but the member in use are disabled. The kernel tells of links that come and go; after each change a frame
is sent from the team's address (a request of RARP, RFC 903, which nobody answers), so that switches find it there.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import socket
import struct
import sys

# Numbers of the kernel's uapi headers rtnetlink.h, if_link.h, if_bridge.h and sockios.h.
_LINKS = 1
_SETLINK, _ACKNOWLEDGED = 19, 0x05
_AF_BRIDGE, _PROTINFO, _NESTED = 7, 12, 0x8000
_PORT_STATE, _PORT_LEARNING, _PORT_FLUSH, _PORT_ISOLATED = 1, 8, 24, 33
_DISABLED, _FORWARDING = 0, 3
_SIOCGIFFLAGS = 0x8913
_RUNNING = 0x40
_FAMILY_AT = 16
_AFTER_S = 0.05, 0.2, 0.75
"""The pauses before each time that the team says where it is: a switch may not have noticed a link yet."""


class Team:
    """The ports of one team."""

    def __init__(self, device: str, members: list[str]) -> None:
        self._device = device
        self._members = members
        self._kernel = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
        self._used = ""

    def settle(self) -> bool:
        """Use the first member that has a link; tell whether that is another one than before."""
        linked = [member for member in self._members if flags(member) & _RUNNING]
        used = linked[0] if linked else ""
        for member in self._members:
            with contextlib.suppress(OSError):  # gone, or down again meanwhile: the kernel tells of that, too
                self._set(member, _FORWARDING if member == used else _DISABLED)
        changed, self._used = used != self._used, used
        return changed and bool(used)

    def announce(self) -> None:
        """Say on the wire where the team's address is."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0) as wire:
            wire.bind((self._device, 0))
            mac = wire.getsockname()[4]
            body = struct.pack("!HHHBBH", 0x8035, 1, 0x0800, 6, 4, 3)
            wire.send((b"\xff" * 6 + mac + body + 2 * (mac + bytes(4))).ljust(60, b"\0"))

    def _set(self, member: str, state: int) -> None:
        # What was learned at one member would be sought there when another one is in use.
        port = _attribute(_PORT_LEARNING, b"\0") + _attribute(_PORT_FLUSH, b"")
        port += _attribute(_PORT_STATE, bytes([state])) + _attribute(_PORT_ISOLATED, b"\x01")
        header = struct.pack("=BxHiII", _AF_BRIDGE, 0, socket.if_nametoindex(member), 0, 0)
        body = header + _attribute(_PROTINFO | _NESTED, port)
        self._kernel.send(struct.pack("=IHHII", 16 + len(body), _SETLINK, _ACKNOWLEDGED, 0, 0) + body)
        (error,) = struct.unpack_from("=i", self._kernel.recv(65536), 16)
        if error:
            raise OSError(-error, os.strerror(-error))


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def flags(device: str) -> int:
    """Return the flags of a device, 0 if it is not there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        try:
            found = fcntl.ioctl(handle, _SIOCGIFFLAGS, struct.pack("16sH22x", device.encode(), 0))
        except OSError:
            return 0
    number: int = struct.unpack_from("=H", found, 16)[0]
    return number


def main(machine: int, device: str, ready: str, members: list[str]) -> None:
    """Follow the links of the members until the machine ends."""
    news = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    news.bind((0, _LINKS))
    news.setblocking(False)
    events = select.poll()
    ended = os.pidfd_open(machine)
    events.register(ended, select.POLLIN)
    events.register(news, select.POLLIN)
    team, pauses = Team(device, members), list(_AFTER_S)
    team.settle()
    os.close(os.open(ready, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    while True:
        found = dict(events.poll(pauses[0] * 1000 if pauses else None))
        if ended in found:
            return
        if not found:
            pauses.pop(0)
            team.announce()
            continue
        if _links_changed(news) and team.settle():
            pauses = list(_AFTER_S)


def _links_changed(news: socket.socket) -> bool:
    """Take all news; tell whether any is of a link itself, and not of a port's state, which is changed here."""
    changed = False
    while True:
        try:
            message = news.recv(65536)
        except BlockingIOError:
            return changed
        except OSError:
            changed = True  # there was more than the kernel keeps
            continue
        changed = changed or message[_FAMILY_AT] != _AF_BRIDGE


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4:])
