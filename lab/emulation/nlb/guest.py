"""The guest that a member is in: its adapter's addresses, the frames that come and go, its connections."""

from __future__ import annotations

import contextlib
import fcntl
import socket
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from . import filter as filters
from .frames import HEARTBEAT, announcement
from .setup import Setup

_SIOCGIFHWADDR, _SIOCSIFHWADDR = 0x8927, 0x8924
_ETHERNET: Final = 1
_SOL_PACKET, _IGNORE_OUTGOING = 263, 23
_TIMEOUT_S: Final = 10.0
_NONE: Final = frozenset(("07", "0A"))
"""The states CLOSE and LISTEN, which are no connections (the kernel's include/net/tcp_states.h)."""
_TIME_WAIT: Final = "06"


def filter_frames(text: str) -> None:
    """Have the kernel use these rules of nftables, all or none; OSError if it does not take them."""
    _run(filters.NFT, text)


def open_wire(device: str) -> socket.socket:
    """Return the socket for heartbeats; it can send any frame."""
    wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    wire.setsockopt(_SOL_PACKET, _IGNORE_OUTGOING, 1)
    wire.bind((device, HEARTBEAT))
    wire.setblocking(False)
    return wire


def waiting(wire: socket.socket) -> Iterator[bytes]:
    """Yield the frames that have arrived."""
    while True:
        try:
            yield wire.recv(2048)
        except BlockingIOError:
            return
        except OSError:  # the adapter was down, which the socket tells once
            continue


def send(wire: socket.socket, frame: bytes) -> None:
    """Send a frame, if the adapter is there and up: nobody hears a member that is unplugged."""
    with contextlib.suppress(OSError):
        wire.send(frame)


def mac_of(device: str) -> str:
    """Return the MAC address that an adapter has now; OSError if it is not there."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        found = fcntl.ioctl(handle, _SIOCGIFHWADDR, struct.pack("16s24x", device.encode()))
    return found[18:24].hex(":")


def set_mac(device: str, mac: str) -> None:
    """Give an adapter another MAC address."""
    request = struct.pack("16sH6s16x", device.encode(), _ETHERNET, bytes.fromhex(mac.replace(":", "")))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        fcntl.ioctl(handle, _SIOCSIFHWADDR, request)


def has_address(address: IPv4Address) -> bool:
    """Tell whether an address is one of the guest's."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as handle:
        try:
            handle.bind((str(address), 0))
        except OSError:
            return False
    return True


def bind(setup: Setup) -> bool:
    """Give the adapter the cluster's addresses, where it has not got them; tell whether it had not.

    The rules must be there before: no frame may leave with the cluster's MAC address as its source.
    """
    wanted = setup.cluster_mac if setup.is_unicast else setup.mac
    changed = mac_of(setup.device) != wanted
    if changed:
        set_mac(setup.device, wanted)
    if not has_address(setup.vip):
        address = f"{setup.vip}/{setup.prefix_length}"
        _run(("ip", "address", "replace", address, "dev", setup.device), "")
        changed = True
    return changed


def unbind(setup: Setup) -> None:
    """Take the cluster's addresses from the adapter, and the rules away."""
    with contextlib.suppress(OSError):  # the adapter has gone
        _run(("ip", "-force", "-batch", "-"), f"address del {setup.vip}/{setup.prefix_length} dev {setup.device}\n")
    with contextlib.suppress(OSError):
        if mac_of(setup.device) == setup.cluster_mac:
            set_mac(setup.device, setup.mac)
    filter_frames(filters.none())


def announce(setup: Setup, wire: socket.socket) -> None:
    """Tell the network where the addresses of the adapter are now."""
    own = setup.cluster_mac if setup.is_unicast else setup.mac
    for address, mac in ((setup.dedicated, own), (setup.vip, setup.cluster_mac)):
        send(wire, announcement(setup.sent_from, address, mac))


@dataclass(frozen=True, slots=True)
class Connection:
    """A TCP connection of the guest to the cluster's address; ``over`` if the guest only waits for stragglers."""

    client: IPv4Address
    client_port: int
    port: int
    over: bool


def connections(vip: IPv4Address) -> list[Connection]:
    """Return the TCP connections of the guest to the cluster's address."""
    own = f"{struct.unpack('=I', vip.packed)[0]:08X}"
    found = []
    for name in ("tcp", "tcp6"):
        with contextlib.suppress(FileNotFoundError):
            for line in Path(f"/proc/thread-self/net/{name}").read_text(encoding="ascii").splitlines()[1:]:
                _, (local, port), (remote, client_port), state = (each.split(":") for each in line.split()[:4])
                # IPv4 addresses are the last part of those of IPv6 that stand for them.
                if local[-8:] == own and state[0] not in _NONE:
                    client = IPv4Address(struct.pack("=I", int(remote[-8:], 16)))
                    found.append(Connection(client, int(client_port, 16), int(port, 16), state[0] == _TIME_WAIT))
    return found


def _run(argv: tuple[str, ...], text: str) -> None:
    """Run a program; OSError with its words if it fails."""
    try:
        done = subprocess.run(argv, input=text, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired as error:
        raise OSError(f"{argv[0]} did not end within {_TIMEOUT_S:g} s") from error
    if done.returncode:
        raise OSError(f"{' '.join(argv)} failed: {' '.join(done.stderr.split())}")
