"""What a boot loader needs of its adapter: the MAC address, the link, and for a while an IPv4 address."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address
from pathlib import Path

from .lookup import program

_TIMEOUT_S = 10
_ETH_P_IP = 0x0800


def mac_of(device: str) -> str:
    """Return the MAC address of a device, with colons."""
    return Path(f"/sys/class/net/{device}/address").read_text().strip()


def has_carrier(device: str) -> bool:
    """Tell whether a device is up and has a link."""
    try:
        return Path(f"/sys/class/net/{device}/carrier").read_text().strip() == "1"
    except OSError:  # it is down
        return False


class Wire:
    """IPv4 packets of a device that has no address yet."""

    def __init__(self, device: str, wire: socket.socket) -> None:
        self._device = device
        self._wire = wire

    def broadcast(self, packet: bytes) -> None:
        """Send a packet to everyone."""
        self._wire.sendto(packet, (self._device, _ETH_P_IP, 0, 0, b"\xff" * 6))

    def receive(self, timeout_s: float) -> bytes:
        """Return the next packet; TimeoutError if there is none in time."""
        self._wire.settimeout(timeout_s)
        return self._wire.recv(65536)


@contextmanager
def wire(device: str) -> Iterator[Wire]:
    """Listen to a device."""
    with socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(_ETH_P_IP)) as made:
        made.bind((device, _ETH_P_IP))
        yield Wire(device, made)


def up(device: str) -> None:
    """Switch a device on."""
    _ip("link", "set", "dev", device, "up")


@contextmanager
def address(device: str, interface: str, router: IPv4Address | None) -> Iterator[None]:
    """Have an address (ADDRESS/PREFIX) and a router for as long as it takes."""
    _ip("address", "replace", interface, "dev", device)
    try:
        if router:
            _ip("route", "replace", "default", "via", str(router), "dev", device)
        yield
    finally:
        _ip("address", "flush", "dev", device)


def _ip(*words: str) -> None:
    done = subprocess.run(
        [program("ip"), "-4", *words], check=False, timeout=_TIMEOUT_S, capture_output=True, text=True
    )
    if done.returncode:
        raise OSError(done.returncode, done.stderr.strip() or f"ip {' '.join(words)} ended with {done.returncode}")
