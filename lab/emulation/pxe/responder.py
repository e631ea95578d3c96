"""Answers PXE clients in place of a DHCP server's options: the PXE side of Windows Deployment Services.

On port 67 an offer without an address tells that there is a boot server (a proxyDHCP offer); asked on port 4011 it
tells the boot file for the client's architecture (PXE 2.1, 2.2.1). Next to a DHCP server it must leave port 67 to that,
whose option 60 then sends clients to port 4011 at once.
"""

from __future__ import annotations

import json
import os
import select
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from .packets import (
    ACK,
    CLIENT_PORT,
    DISCOVER,
    MACHINE,
    OFFER,
    PROXY_PORT,
    PXE_CLIENT,
    REQUEST,
    SERVER,
    SERVER_PORT,
    TYPE,
    VENDOR_CLASS,
    Malformed,
    Message,
    decode,
    encode,
)

_SO_BINDTODEVICE = 25
_EVERYONE = "255.255.255.255"


@dataclass(frozen=True, slots=True)
class Answers:
    """What a boot server answers at one of its addresses; ``programs`` are the boot files by architecture."""

    address: IPv4Address
    name: str
    programs: Mapping[int, str]

    def to(self, asked: Message, port: int) -> Message | None:
        """Return the answer to a message that came to a port; None for what is not for a boot server."""
        program = self.programs.get(-1 if asked.architecture is None else asked.architecture)
        if asked.op != 1 or not asked.is_pxe or program is None:
            return None
        if asked.kind == DISCOVER and port == SERVER_PORT:
            return self._answer(asked, OFFER, "")
        if asked.kind == REQUEST and port == PROXY_PORT:
            return self._answer(asked, ACK, program)
        return None

    def _answer(self, asked: Message, kind: int, file: str) -> Message:
        options = {TYPE: bytes([kind]), SERVER: self.address.packed, VENDOR_CLASS: PXE_CLIENT}
        if MACHINE in asked.options:
            options[MACHINE] = asked.options[MACHINE]
        return Message(
            *(2, asked.xid, asked.mac, options),
            ciaddr=asked.ciaddr,
            siaddr=self.address,
            giaddr=asked.giaddr,
            server_name=self.name if file else "",
            file=file,
            broadcast=asked.broadcast,
        )


def target_of(asked: Message, sender: tuple[str, int], port: int) -> tuple[str, int]:
    """Return where an answer goes: to whom asked, or, if that has no address yet, to its relay agent or to everyone."""
    if port == PROXY_PORT and sender[0] != "0.0.0.0":
        return sender
    if asked.giaddr != IPv4Address(0):
        return str(asked.giaddr), SERVER_PORT
    return _EVERYONE, CLIENT_PORT


def main(told: str) -> None:
    """Answer for ever. ``addresses`` are those of devices; ``ports`` to listen on; ``ready`` is made then."""
    found = json.loads(told)
    programs = {int(number): name for number, name in found["programs"].items()}
    sockets = {}
    for device, address in found["addresses"]:
        for port in found["ports"]:
            sockets[_listen(device, port)] = (Answers(IPv4Address(address), found["name"], programs), port)
    os.makedirs(os.path.dirname(found["ready"]), mode=0o755, exist_ok=True)
    os.close(os.open(found["ready"], os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    while True:
        for wire in select.select(list(sockets), [], [])[0]:
            _answer(wire, *sockets[wire])


def _answer(wire: socket.socket, answers: Answers, port: int) -> None:
    data, sender = wire.recvfrom(65536)
    try:
        asked = decode(data)
    except Malformed:
        return
    answer = answers.to(asked, port)
    if answer:
        target = target_of(asked, sender, port)
        try:
            wire.sendto(encode(answer), target)
        except OSError as error:  # no way to there, or not now: the client asks again
            print(f"cannot answer {target[0]}: {error.strerror}", flush=True)


def _listen(device: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
    made.setsockopt(socket.SOL_SOCKET, _SO_BINDTODEVICE, device.encode())
    made.bind(("", port))
    return made
