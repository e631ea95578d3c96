"""Runs a VM as a machine with real firmware: QEMU, whose network card is on the wire of the VM's adapter.

The card has the adapter's MAC address, so neither a Linux bridge nor a router can stand between the two: what comes at
the one leaves by the other, here. Frames travel with what the kernel knows of them (checksums and segments that are
still to be made), so that it finishes them where the card, which can do neither, gets them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys

from . import link
from .lookup import program

_TAP = "tap0"
# Numbers of the kernel's uapi headers if_tun.h and if_packet.h.
_TUNSETIFF = 0x400454CA
_IFF_TAP, _IFF_NO_PI = 0x0002, 0x1000
_SOL_PACKET, _PACKET_VNET_HDR, _PACKET_IGNORE_OUTGOING = 263, 15, 23
_ETH_P_ALL = 3
_LARGEST = 65536 + 64


def main(told: str, *argv: str) -> None:
    """Run `argv`, where {fd} and {mac} stand for the card's, on a ``device``; ``ready`` is made when it runs.

    ``copies`` are files that it may change, by path, and what they are copies of.
    """
    found = json.loads(told)
    for path, source in found["copies"].items():
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        shutil.copyfile(source, path)
    device = found["device"]
    tap = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(tap, _TUNSETIFF, struct.pack("16sH22x", _TAP.encode(), _IFF_TAP | _IFF_NO_PI))
    for each in (device, _TAP):
        with open(f"/proc/sys/net/ipv6/conf/{each}/disable_ipv6", "w", encoding="ascii") as setting:
            setting.write("1")
        link.up(each)
    wire, card = _socket(device), _socket(_TAP)
    words = [word.format(fd=tap, mac=link.mac_of(device)) for word in argv]
    machine = subprocess.Popen([program(words[0]), *words[1:]], stdin=subprocess.DEVNULL, pass_fds=(tap,))
    os.close(tap)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(0))
    os.makedirs(os.path.dirname(found["ready"]), mode=0o755, exist_ok=True)
    os.close(os.open(found["ready"], os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    try:
        _relay(wire, card, os.pidfd_open(machine.pid))
    finally:
        machine.kill()
        machine.wait()
    sys.exit(f"{argv[0]} has ended with {machine.returncode}")


def _socket(device: str) -> socket.socket:
    made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    made.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
    made.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
    made.bind((device, _ETH_P_ALL))
    made.setblocking(False)
    return made


def _relay(wire: socket.socket, card: socket.socket, ended: int) -> None:
    """Pass frames on in both directions until a process has ended."""
    other = {wire.fileno(): (wire, card), card.fileno(): (card, wire)}
    events = select.poll()
    for descriptor in (*other, ended):
        events.register(descriptor, select.POLLIN)
    while True:
        for descriptor, _ in events.poll():
            if descriptor == ended:
                return
            here, there = other[descriptor]
            # What a full queue, or a link that is down, does not take is lost, as on every wire.
            with contextlib.suppress(OSError):
                there.send(here.recv(_LARGEST))
